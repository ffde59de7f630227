#!/usr/bin/python3
"""
Five networks in which WebRTC walks past a VPN, in real browsers with their sandboxes on: without rtcshim the page or the wire shows it, with
`rtcshim run --vpn tun0` neither does, and calls over the tunnel carry 10 MB all the same.

usage: test_vpn.py [firefox|chromium [SCENE]...]
"""

import contextlib
import json
import sys

sys.dont_write_bytecode = True
import lab
from abreast import run_abreast
from browsers import BROWSERS, find
from calls import CALL_BYTES, CALLS, carry, turn
from candidates import address_kind
from checks import Checks, fail_early, note
from dumped import Dump, is_stun, kind, line, names, tally
from events import Events
from puppets import SHOW_ADDRESSES, Puppet, plain, under_rtcshim
from scenes import OUTSIDE, PAGE_PORT, PROXY, SCENES, STUN_SPLIT, VPN, SceneLab
from stage import Stage

PATIENCE = {"quiet_ms": 2000, "cap_ms": 8000}
STUN = {"urls": [f"stun:{lab.SERVER_NAME}:{lab.TURN_PORT}", f"stun:[{lab.SERVER_V6}]:{lab.TURN_PORT}", f"stun:{STUN_SPLIT}:{lab.TURN_PORT}"]}
KINDS = ("STUN", "mDNS", "DNS", "UDP", "TCP", "other")
GATHER = {"iceServers": [STUN, turn("udp"), turn("tcp")]}


class Run:
    """What one browser session showed."""

    def __init__(self):
        self.reports = {}       # page -> what gather returned
        self.calls = {}         # label -> (what was sent, what came, the pair in use)
        self.failures = {}      # label -> why
        self.dump = None
        self.renderers = []
        self.events = None
        self.proxied = False


def gather(puppet, result):
    numbers = {key: page.start("gather", config=GATHER, **PATIENCE) for key, page in puppet.pages.items()}
    for key, number in numbers.items():
        result.reports[key] = puppet.pages[key].wait(number)


def session(lab_, stage, ports, name, scene, vpn, callee):
    result = Run()
    urls = {"plain page": f"http://127.0.0.1:{ports['near']}", "microphone page": f"http://127.0.0.1:{ports['microphone']}"}
    if scene.far:
        urls["far page"] = scene.far
    wrap = under_rtcshim(lab_, "--vpn", VPN) if vpn else plain
    with Dump(lab_, scene.links) as result.dump:
        with Puppet(lab_, stage, name, urls, microphone=urls["microphone page"], proxy=scene.proxy, wrap=wrap) as puppet:
            if scene.proxy:
                result.proxied = puppet.pages["far page"].proxied
            puppet.pages["microphone page"].do("microphone")
            gather(puppet, result)
            if vpn:
                caller, patience = puppet.pages["plain page"], dict(PATIENCE, quiet_ms=500)
                result.calls, result.failures = carry(caller, callee.pages["callee"], patience, result.reports)
            result.renderers = puppet.renderers()
    if vpn:
        result.events = Events(f"{puppet.home}/run-folder")
    return result


# ---- what is shown ----

def shown(report):
    """A page's candidates in one line."""
    if isinstance(report, list) or not report["candidates"]:
        return "none"
    found = {(c["type"], c["protocol"], c["address"] if address_kind(c["address"]) != "mDNS" else "(mDNS)", c["relatedAddress"] or "")
             for c in report["candidates"]}
    return ", ".join(f"{t} {p} {a}{' from ' + r if r and t != 'host' and r not in ('0.0.0.0', '::') else ''}" for t, p, a, r in sorted(found))


def print_table(title, scene, before, after):
    note(title)
    for page in [p for p in before.reports if p in after.reports]:
        note(f"  {page}, plain:      {shown(before.reports[page])}")
        note(f"  {page}, --vpn {VPN}: {shown(after.reports[page])}")
    note(f"  {'packets':16s} {'':6s}" + "".join(f"{k:>8s}" for k in KINDS))
    for link in scene.links:
        for what, result in (("plain", before), (f"--vpn {VPN}", after)):
            counts = tally(result.dump.packets(link))
            note(f"  {link:16s} {what:10s}" + "".join(f"{counts[k]:8d}" for k in KINDS))


# ---- judging ----

def page_leaks(scene, reports):
    """(page, address) of other interfaces that the page could read."""
    return [(page, address) for page, report in reports.items() for address in scene.hidden if address in json.dumps(report)]


def stun_elsewhere(scene, dump):
    return [p for link in scene.links if link != VPN for p in dump.packets(link) if is_stun(p)]


def may_pass_outside(packet):
    """The page itself and the names that a browser asks for may take other links; and what no browser sends (ARP, ICMPv6)."""
    return kind(packet) in ("DNS", "other") or (packet.proto == "TCP" and PAGE_PORT in (packet.sport, packet.dport))


def judge_plain(checks, title, name, scene, result):
    page, wire = page_leaks(scene, result.reports), stun_elsewhere(scene, result.dump)
    if scene.leak == "page":
        # Firefox leaves IPv6 alone where it may not look at every interface.
        open_page = "microphone page" if scene.mic_only or name == "firefox" else "plain page"
        told = {address for where, address in page if where == open_page}
        checks.check(told - set(lab.NAT.values()), f"{title}, plain: the {open_page} reads other interfaces' addresses", page)
    else:
        checks.check(wire, f"{title}, plain: STUN leaves on {OUTSIDE}", page)
        checks.check(not scene.exits or any(a in scene.hidden for _, a in page), f"{title}, plain: and a page reads what that tells", page)
    if scene.proxy:
        checks.check(result.proxied, f"{title}, plain: the far page came by way of the proxy")


def judge_vpn(checks, title, lab_, scene, result):
    leaks = page_leaks(scene, result.reports)
    checks.check(not leaks, f"{title}, --vpn: no page reads an address of another interface", leaks)
    stun = stun_elsewhere(scene, result.dump)
    checks.check(not stun, f"{title}, --vpn: no STUN on another link", "\n".join(map(line, stun)))
    second = [event for link in scene.links if link != VPN for event in result.dump.decoded(link)]
    # The kernel answers what comes in too late for a closed socket, by whatever route it has, and quotes it: docs/browsers.md.
    quoted = [e for e in second if e["wire"]["label"] == "quoted" and e["stun"]["class"] != "request" and e["dest_ip"] == lab.CLIENT_TUN0]
    checks.check(len(second) == len(quoted), f"{title}, --vpn: nor does rtcshim-analyzer find any there", "\n".join(map(json.dumps, second)))
    if quoted:
        note(f"{title}: {len(quoted)} ICMP errors of the kernel quote an answer that came through {VPN} too late")
    others = [p for link in scene.links if link != VPN for p in result.dump.packets(link) if not may_pass_outside(p)]
    checks.check(not others, f"{title}, --vpn: no other packet that a call or a probe sends there", "\n".join(map(line, others)))
    inside = result.dump.packets(VPN)
    foreign = [p for p in inside if p.src in scene.hidden and kind(p) != "other"]
    checks.check(not foreign, f"{title}, --vpn: nothing in the tunnel comes from another interface's address", "\n".join(map(line, foreign)))
    telling = [p for p in inside if kind(p) in ("STUN", "mDNS") and any(names(p, a) for a in scene.hidden)]
    checks.check(not telling, f"{title}, --vpn: no STUN or mDNS in the tunnel tells another interface's address", "\n".join(map(line, telling)))
    wanted = lab.NAT[lab.CLIENT_TUN0] if lab_.nat else lab.CLIENT_TUN0
    for page in [p for p in result.reports if p.endswith("page")]:
        reflexive = {c["address"] for c in result.reports[page]["candidates"] if c["type"] == "srflx"}
        relays = {c["address"] for c in result.reports[page]["candidates"] if c["type"] == "relay"}
        if lab_.nat:
            checks.check(reflexive == {wanted}, f"{title}, --vpn: the {page} learns the tunnel's exit address and no other", reflexive)
        checks.check(relays == {lab.SERVER_V4}, f"{title}, --vpn: the {page} gets a relay", relays)
    judge_calls(checks, title, result)
    checks.check(result.renderers and all(mode == 2 for _, mode in result.renderers), f"{title}, --vpn: every renderer has its sandbox",
                 result.renderers)
    checks.check(not result.events.problems, f"{title}, --vpn: events.ndjson is whole", "\n".join(result.events.problems))


def judge_calls(checks, title, result):
    for label in CALLS:
        if not checks.check(label in result.calls, f"{title}, --vpn: the {label} call ends well", result.failures.get(label)):
            continue
        sent, came, (local, remote) = result.calls[label]
        checks.check(sent["bytes"] == came["bytes"] == CALL_BYTES and sent["sha256"] == came["sha256"],
                     f"{title}, --vpn: the {label} call carries {CALL_BYTES} bytes and they are the same", f"{sent} {came}")
        wanted = ("relay", label[5:]) if label.startswith("turn") else (None, None)
        kind_of = (local["candidateType"], local.get("relayProtocol"))
        fits = kind_of == wanted if wanted[0] else local["candidateType"] in ("host", "srflx", "prflx")
        checks.check(fits, f"{title}, --vpn: the {label} call uses such a pair", f"{local} {remote}")
        note(f"{title}: {label} call, {came['ms']} ms, {local['candidateType']} {local.get('relayProtocol') or local['protocol']}")


def run_scene(checks, lab_, stage, ports, name, scene_name, callee):
    with lab_.scene(scene_name) as scene:
        title = f"{name}, {scene.title}"
        before = session(lab_, stage, ports, name, scene, False, None)
        after = session(lab_, stage, ports, name, scene, True, callee)
        print_table(title, scene, before, after)
        judge_plain(checks, title, name, scene, before)
        judge_vpn(checks, title, lab_, scene, after)
        before.dump.delete()
        after.dump.delete()


def main(arguments):
    if not arguments:
        return run_abreast(BROWSERS)
    name, *wanted = arguments
    lab.enter(seconds=900)
    checks = Checks()
    other = next(browser for browser in BROWSERS if browser != name)
    for browser in BROWSERS:
        if not find(browser):
            fail_early(f"this test needs: apt-get install {BROWSERS[browser][0][0]}")
    with SceneLab() as lab_, Stage() as stage:
        ports = {"near": stage.open("127.0.0.1", 0), "microphone": stage.open("127.0.0.1", 0)}
        there = lab_.server_namespace
        stage.open(STUN_SPLIT, PAGE_PORT, there)
        stage.open(*PROXY, there)
        away = stage.open("127.0.0.1", 0, lab_.peer_namespace)
        with Puppet(lab_, stage, other, {"callee": f"http://127.0.0.1:{away}"}, place=lab_.in_peer, settings=SHOW_ADDRESSES[other]) as callee:
            for scene in wanted or SCENES:
                run_scene(checks, lab_, stage, ports, name, scene, callee)
    return checks.finish()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
