#!/usr/bin/python3
"""
A page gets the same kinds of candidates under `rtcshim run` as without it, the sandbox lives, and events.ndjson holds what the browser did.

usage: test_candidates.py [--plain] [firefox|chromium]...     (--plain: what the browsers do without rtcshim, nothing else)
"""

import sys

sys.dont_write_bytecode = True
import lab
from browsers import BROWSERS, find, visit
from candidates import describe, kinds
from checks import Checks, note
from events import Events

ENUMERATED = {("eth0", lab.CLIENT_ETH0), ("tun0", lab.CLIENT_TUN0), ("eth0", lab.CLIENT_ETH0_V6)}
# The process and, for Firefox, the thread that speaks STUN over UDP; Chromium's threads there are numbered workers.
STUN_ROLE = {"firefox": "socket", "chromium": "network"}


def check_visit(checks, title, visit_):
    checks.check(visit_.result is not None, f"{title}: the page reported", visit_.stderr[-2000:])
    checks.check("seccomp" not in visit_.stderr.lower(), f"{title}: no message about seccomp",
                 "\n".join(line for line in visit_.stderr.splitlines() if "seccomp" in line.lower()))
    checks.check(not visit_.renderers_died(), f"{title}: no renderer died", visit_.renderers_died())
    loose = [p.pid for p in visit_.renderers() if p.pid in visit_.alive_at_result and p.seccomp != 2]
    checks.check(visit_.renderers() and not loose, f"{title}: every renderer runs under a seccomp filter", loose)
    home = visit_.processes[1]
    shared = [p.pid for p in visit_.renderers() if p.user_ns == home.user_ns or p.net_ns == home.net_ns]
    checks.check(not shared, f"{title}: every renderer has a user and a network namespace of its own", shared)


def check_processes(checks, title, events, processes):
    """Events name processes and threads as the kernel knew them."""
    # A "process" event may be of one that lived too briefly for the lab to see.
    wrong_pid = [e for e in events.all if e["event_type"] != "process" and e.get("process") and e["process"].get("pid") not in processes]
    checks.check(not wrong_pid, f"{title}: every event's pid is one that the lab saw run", wrong_pid[:5])
    wrong_thread = []
    for event in events.stun():
        who = event["process"]
        names = processes[who["pid"]].threads.get(who["tid"], set()) if who["pid"] in processes else set()
        if who["thread"] not in names:
            wrong_thread.append((who, sorted(names)))
    checks.check(not wrong_thread, f"{title}: every STUN event's thread is one that the lab saw, by that name", wrong_thread[:5])


def check_enumeration(checks, title, name, events):
    missing = ENUMERATED - events.shown("netlink")
    checks.check(not missing, f"{title}: the netlink enumeration is there, with eth0 and tun0 and their addresses", missing)
    if name == "chromium":
        missing = ENUMERATED - events.shown("getifaddrs")
        checks.check(not missing, f"{title}: getifaddrs is there, with eth0 and tun0 and their addresses", missing)


def check_probes(checks, title, name, events, microphone):
    answers = {(str(e["probe"].get("target")), str(e["probe"].get("answer"))) for e in events.of("probe")}
    if name == "chromium" or not microphone:    # Firefox probes only where it may not look at every interface
        checks.check(any("8.8.8.8" in t and lab.CLIENT_TUN0 in a for t, a in answers),
                     f"{title}: the IPv4 probe is there and was answered {lab.CLIENT_TUN0}", answers)
    if name == "chromium":      # Firefox asks for IPv4 alone: docs/browsers.md
        checks.check(any("2001:4860:4860::8888" in t and lab.CLIENT_ETH0_V6 in a for t, a in answers),
                     f"{title}: the IPv6 probe is there and was answered {lab.CLIENT_ETH0_V6}", answers)


def check_stun(checks, title, name, events, result, nat, microphone):
    learned = {e["stun"]["mapped"]["ip"] for e in events.stun(**{"class": "success"}) if e["stun"].get("mapped")}
    reflexive = {c["address"].strip("[]") for c in result["candidates"] if c["type"] == "srflx"}
    checks.check(reflexive and reflexive <= learned, f"{title}: every mapped address that the page got is in a response",
                 f"page {reflexive}, responses {learned}")
    if nat:
        checks.check(lab.NAT[lab.CLIENT_TUN0] in learned, f"{title}: the VPN's exit address was learned", learned)
    relayed = {(r["ip"], r["port"]) for e in events.stun(**{"class": "success"}) if (r := e["stun"].get("xor_relayed"))}
    wanted = {(c["address"].strip("[]"), c["port"]) for c in result["candidates"] if c["type"] == "relay"}
    checks.check(wanted and wanted <= relayed, f"{title}: every relayed address that the page got is in a response",
                 f"page {wanted}, responses {relayed}")
    tcp = [e for e in events.stun(method="allocate") if e["proto"] == "TCP"]
    checks.check({e["direction"] for e in tcp} == {"in", "out"}, f"{title}: TURN over TCP is there in both directions", len(tcp))
    requests = {e["stun"]["txid"] for e in events.stun(**{"class": "request"}) if e["direction"] == "out"}
    orphans = events.answered() - requests
    checks.check(not orphans, f"{title}: every response answers a request that is there", orphans)
    bad = [e["stun"]["txid"] for e in events.stun() if len(e["stun"]["txid"]) != 24]
    checks.check(not bad, f"{title}: every transaction id has 96 bits", bad)
    roles = {e["process"]["role"] for e in events.stun() if e["proto"] == "UDP"}
    checks.check(roles == {STUN_ROLE[name]}, f"{title}: STUN over UDP comes from the {STUN_ROLE[name]} process", roles)
    carriers = {(e["src_ip"], e["in_iface"]) for e in events.stun() if e["direction"] == "out"}
    if name == "chromium" or microphone:        # without a grant Firefox speaks IPv4 alone
        checks.check((lab.CLIENT_ETH0_V6, "eth0") in carriers, f"{title}: the IPv6 request is told to have left through eth0", carriers)
    checks.check(any(e["in_iface"] == "tun0" for e in events.stun()), f"{title}: IPv4 is told to have used tun0", carriers)


def check_names(checks, title, name, events, result):
    asked = {e["dns"].get("question") for e in events.of("dns") if e.get("dns")}
    checks.check(any(lab.SERVER_NAME in str(question) for question in asked), f"{title}: the question for {lab.SERVER_NAME} is there", asked)
    # Firefox hands its page .local names too, and sent no multicast DNS for them: docs/browsers.md
    if name == "chromium" and any(c["address"].endswith(".local") for c in result["candidates"]):
        checks.check(events.of("mdns"), f"{title}: multicast DNS is there")


def under_rtcshim(lab_, name, microphone):
    folder = []

    def wrap(command, home):
        folder.append(f"{home}/run-folder")
        return [f"{lab_.stage('rtcshim', 'librtcshim.so')}/rtcshim", "run", "--quiet", "-o", folder[0], "--", *command]
    return visit(lab_, name, microphone, wrap=wrap), folder[0]


def compare(checks, lab_, name, microphone, plain_only):
    title = f"{name}, {'fake' if microphone else 'no'} microphone"
    plain = visit(lab_, name, microphone)
    check_visit(checks, f"{title}, plain", plain)
    if plain.result is None:
        return
    checks.check(plain.result["microphone"] == microphone, f"{title}, plain: the microphone was granted as asked", plain.result["failure"])
    note(f"{title}: {plain.result['gathering']} after {plain.result['ms']} ms: {describe(plain.result)}")
    if plain_only:
        return
    shimmed, folder = under_rtcshim(lab_, name, microphone)
    check_visit(checks, title, shimmed)
    if shimmed.result is None:
        return
    checks.check(kinds(shimmed.result) == kinds(plain.result), f"{title}: the same kinds of candidates as without rtcshim",
                 f"plain:   {describe(plain.result)}\nshimmed: {describe(shimmed.result)}")
    events = Events(folder)
    note(f"{title}: {len(events.all)} events, {len(events.stun())} STUN messages, {len(events.unanswered())} requests unanswered")
    checks.check(not events.problems, f"{title}: events.ndjson is whole, seq has no gaps", "\n".join(events.problems))
    lost = [e for e in events.of("stats") if e.get("stats", {}).get("lost")]
    checks.check(not lost, f"{title}: no event was lost", lost)
    check_processes(checks, title, events, shimmed.processes)
    check_enumeration(checks, title, name, events)
    check_probes(checks, title, name, events, microphone)
    check_stun(checks, title, name, events, shimmed.result, lab_.nat, microphone)
    check_names(checks, title, name, events, shimmed.result)


def main(arguments):
    plain_only = "--plain" in arguments
    names = [a for a in arguments if a != "--plain"] or list(BROWSERS)
    lab.enter(seconds=600)
    checks = Checks()
    with lab.Lab() as lab_:
        note(f"browsers run as uid {lab_.uid}, {'from root' if lab_.as_root else 'in user namespaces'}, NAT {'on' if lab_.nat else 'off'}")
        for name in names:
            if not checks.check(find(name), f"{name} is installed", f"apt-get install {BROWSERS[name][0][0]}"):
                continue
            for microphone in (False, True):
                compare(checks, lab_, name, microphone, plain_only)
    return checks.finish()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
