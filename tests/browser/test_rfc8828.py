#!/usr/bin/python3
"""
The modes of RFC 8828, section 5.2, as policies from outside and as the browsers' own settings: what pages get, and what is on each link.

Every policy must give what its mode allows and nothing more, and what it allows must still be there. The rows of the table in
docs/browsers.md come out of it.

usage: test_rfc8828.py [--only WORD] [firefox|chromium]...    (WORD: cases whose name has it; no browser: both, side by side)
"""

import subprocess
import sys
import tempfile
from collections import namedtuple

sys.dont_write_bytecode = True
import lab
from address_owner import PROXY_PORT, candidates, cell, related, relays_over
from browsers import BROWSERS, find, visit
from candidates import describe
from checks import Checks, note
from test_candidates import check_visit
from wire import Wire

GATHER_S = 4    # Chromium often never says that it is done
ICE = "media.peerconnection.ice."
PROXY = f"{lab.SERVER_V4}:{PROXY_PORT}"
# A proxy as a user would set it, for both ways of talking to one.
PROXIES = {
    "firefox": {
        "http": {"network.proxy.type": 1, "network.proxy.http": lab.SERVER_V4, "network.proxy.http_port": PROXY_PORT,
                 "network.proxy.ssl": lab.SERVER_V4, "network.proxy.ssl_port": PROXY_PORT},
        "socks": {"network.proxy.type": 1, "network.proxy.socks": lab.SERVER_V4, "network.proxy.socks_port": PROXY_PORT,
                  "network.proxy.socks_version": 5},
    },
    "chromium": {"http": [f"--proxy-server=http://{PROXY}"], "socks": [f"--proxy-server=socks5://{PROXY}"]},
}


def chromium_policy(name):
    return [f"--webrtc-ip-handling-policy={name}"]


# The browsers' own settings for a mode: (what it is called, the setting). Firefox has none that is mode 4 as the RFC has it.
OWN = {
    "chromium": {
        1: ("default", chromium_policy("default")),
        2: ("default_public_and_private_interfaces", chromium_policy("default_public_and_private_interfaces")),
        3: ("default_public_interface_only", chromium_policy("default_public_interface_only")),
        4: ("disable_non_proxied_udp", chromium_policy("disable_non_proxied_udp")),
    },
    "firefox": {
        1: ("(no preference)", {}),
        2: ("ice.default_address_only", {ICE + "default_address_only": True}),
        3: ("ice.default_address_only, ice.no_host", {ICE + "default_address_only": True, ICE + "no_host": True}),
        4: ("ice.proxy_only", {ICE + "proxy_only": True}),
    },
}

# mode: the number, 0 for the policies that are no mode; proxy: "http", "socks", None
Case = namedtuple("Case", "name mode policy proxy settings microphones")
Got = namedtuple("Got", "result wire")


def cases(browser):
    """All visits. The browser's own settings come first: the policies are held against them."""
    both, no, yes = (False, True), (False,), (True,)
    proxies = PROXIES[browser]

    def with_proxy(setting, kind):
        extra = proxies[kind]
        return {**setting, **extra} if browser == "firefox" else setting + extra

    empty = {} if browser == "firefox" else []
    for mode, (title, setting) in OWN[browser].items():
        yield Case(f"own mode {mode}: {title}", mode, None, None, setting, both)
    yield Case(f"own mode 4, HTTP proxy: {OWN[browser][4][0]}", 4, None, "http", with_proxy(OWN[browser][4][1], "http"), both)
    for mode in (1, 2, 3):
        yield Case(f"rfc8828-{mode}", mode, f"rfc8828-{mode}", None, empty, both)
    yield Case("rfc8828-4", 4, "rfc8828-4", None, empty, no)
    yield Case("rfc8828-4, HTTP proxy", 4, "rfc8828-4", "http", with_proxy(empty, "http"), both)
    yield Case("rfc8828-4, SOCKS proxy", 4, "rfc8828-4", "socks", with_proxy(empty, "socks"), yes)
    yield Case("no-stun", 0, "no-stun", None, empty, both)
    yield Case("no-webrtc", 0, "no-webrtc", None, empty, both)


# ---- what a mode allows ----

# The owners that the default route has in the lab: tun0 for IPv4, eth0 for IPv6. An IPv6 address is nobody's private one here: a STUN
# server sees the same.
DEFAULT_ROUTE_HOSTS = {"tun0", "eth0 IPv6", "mDNS name"}
DEFAULT_ROUTE_MAPPED = {"VPN exit", "eth0 IPv6"}
# Host candidates that tell nothing. RFC 8828 has none in modes 3 and 4; what browsers make without an address is told in docs/browsers.md.
EMPTY_HOSTS = {"mDNS name", "decoy"}


def allowed(case):
    """{type: owners} of the candidates that a page may get, under a policy of ours."""
    relay = {"server"}
    if case.policy == "no-webrtc":
        return {}
    if case.policy == "no-stun":
        return {"host": {"tun0", "eth0", "eth0 IPv6", "mDNS name"}}
    return {
        1: {"host": {"tun0", "eth0", "eth0 IPv6", "mDNS name"}, "srflx": {"VPN exit", "home router", "eth0 IPv6"}, "relay": relay},
        2: {"host": DEFAULT_ROUTE_HOSTS, "srflx": DEFAULT_ROUTE_MAPPED, "relay": relay},
        3: {"host": EMPTY_HOSTS, "srflx": DEFAULT_ROUTE_MAPPED, "relay": relay},
        4: {"host": EMPTY_HOSTS, "relay": relay if case.proxy else set()},
    }[case.mode]


def required(case, browser, microphone):
    """The candidates that must be there: what the mode allows is not lost."""
    clear = {("host", "tun0"), ("host", "eth0 IPv6")}
    if case.policy == "no-webrtc":
        return set()
    if case.policy == "no-stun":
        return clear | {("host", "eth0")} if microphone else {("host", "mDNS name")}
    if case.mode == 4:
        return {("relay", "server")} if case.proxy else set()
    wanted = {("srflx", "VPN exit"), ("relay", "server")}
    if case.mode < 3:
        wanted |= clear if microphone else {("host", "mDNS name")}
    if case.mode == 1 and microphone:
        wanted |= {("host", "eth0"), ("srflx", "home router")}
    # Without a grant Firefox speaks IPv4 alone. Where a host candidate is in clear, browsers leave out a reflexive one that is the same.
    if case.mode == 3 and (browser == "chromium" or microphone):
        wanted.add(("srflx", "eth0 IPv6"))
    return wanted


def check_page(checks, title, case, browser, microphone, got):
    may, seen = allowed(case), candidates(got.result)
    over = {(kind, who) for kind, who in seen if who not in may.get(kind, set())}
    checks.check(not over, f"{title}: the page gets nothing that the mode does not allow", f"{sorted(map(str, over))}\n{describe(got.result)}")
    lost = required(case, browser, microphone) - seen
    checks.check(not lost, f"{title}: what the mode allows is there", f"{sorted(lost)}\n{describe(got.result)}")
    tells = related(got.result) - {"no address", "decoy"} - set().union(*may.values())
    checks.check(not tells, f"{title}: no related address tells more", tells)
    wanted = {1: {"UDP", "TCP"}, 2: {"UDP", "TCP"}, 3: {"UDP", "TCP"}, 4: {"TCP"} if case.proxy else set()}.get(case.mode, set())
    checks.check(relays_over(got.result, got.wire) == wanted, f"{title}: TURN is reached over {' and '.join(sorted(wanted)) or 'nothing'}",
                 relays_over(got.result, got.wire))


def check_wire(checks, title, case, got):
    out = got.wire.stun(direction="out")
    opened = {(p.link, p.dst, p.dport) for p in got.wire.of("syn", direction="out")}
    checks.check(got.wire.dropped == 0, f"{title}: the capture is whole", got.wire.dropped)
    if case.mode in (2, 3):
        stray = {p for p in out if (p.link, p.src) not in {("tun0", lab.CLIENT_TUN0), ("eth0", lab.CLIENT_ETH0_V6)}}
        checks.check(out and not stray, f"{title}: STUN leaves by the default routes, from their addresses", stray)
    if case.mode == 4:
        to = {(p.proto, p.dst, p.dport) for p in out}
        wanted = {("TCP", lab.SERVER_V4, PROXY_PORT)} if case.proxy else set()
        checks.check(to == wanted, f"{title}: STUN goes {'to the proxy' if case.proxy else 'nowhere'}", to)
    if case.mode in (0, 4):
        turn = {o for o in opened if o[2] == lab.TURN_PORT}
        checks.check(not turn, f"{title}: no connection to the TURN server is opened", turn)
    if case.mode == 0:
        checks.check(not out, f"{title}: no STUN leaves", {(p.link, p.proto, p.dst) for p in out})
    if case.mode in (2, 3, 4):
        mdns = [p for p in got.wire.of("udp", direction="out") if p.dport == 5353 and (case.mode > 2 or p.link != "tun0" and ":" not in p.src)]
        checks.check(not mdns, f"{title}: no multicast DNS leaves where it may not", mdns[:5])


def check_against_own(checks, title, case, microphone, got, own):
    """A policy tells a page no address of this machine's that the browser's own setting for the mode does not tell."""
    ours, theirs = ({who for _, who in candidates(one.result)} & {"tun0", "eth0", "eth0 IPv6", "home router"} for one in (got, own))
    checks.check(ours <= theirs, f"{title}: no address of this machine's is told that Chromium's own policy keeps", f"{ours} and {theirs}")
    if case.mode == 3:
        reflexive = [{c for c in candidates(one.result) if c[0] != "host"} for one in (got, own)]
        checks.check(reflexive[0] == reflexive[1], f"{title}: the reflexive and relayed candidates are those of Chromium's own policy", reflexive)


# ---- visits ----

def go(lab_, browser, case, microphone):
    def wrap(command, home):
        if not case.policy:
            return command
        return [f"{lab_.stage('rtcshim', 'librtcshim.so')}/rtcshim", "run", "--quiet", "--policy", case.policy, "-o", f"{home}/run",
                "--", *command]
    with Wire() as wire:
        seen = visit(lab_, browser, microphone, wrap=wrap, settings=case.settings, gather_seconds=GATHER_S)
    return seen, Got(seen.result, wire)


def row(browser, case, cells):
    setting = f"`--policy {case.policy}`" if case.policy else f"its own, {case.name.split(': ')[-1]}"
    proxy = f", {'HTTP' if case.proxy == 'http' else 'SOCKS'} proxy" if case.proxy else ""
    note(f"row | {case.mode or ''} | {browser.capitalize()} | {setting}{proxy} | {cells.get(False, '')} | {cells.get(True, '')} |")


def run_case(checks, lab_, browser, case, own):
    cells = {}
    for microphone in case.microphones:
        title = f"{browser}, {case.name}, {'fake' if microphone else 'no'} microphone"
        seen, got = go(lab_, browser, case, microphone)
        if got.result is None:
            checks.check(False, f"{title}: the page reported", seen.stderr[-2000:])
            continue
        cells[microphone] = cell(got.result, got.wire)
        checks.check(None not in {who for _, who in candidates(got.result)} | related(got.result),
                     f"{title}: every address is one of the lab's", describe(got.result))
        checks.check(got.result["microphone"] == microphone, f"{title}: the microphone was granted as asked", got.result["failure"])
        if not case.policy:
            own[case.mode, microphone] = got
            continue
        check_visit(checks, title, seen)
        check_page(checks, title, case, browser, microphone, got)
        check_wire(checks, title, case, got)
        if browser == "chromium" and case.mode and not case.proxy and (case.mode, microphone) in own:
            check_against_own(checks, title, case, microphone, got, own[case.mode, microphone])
    row(browser, case, cells)


def run_browser(browser, only):
    checks, own = Checks(), {}
    with lab.Lab() as lab_:
        lab_.start(lab_.in_server(sys.executable, f"{lab.TREE}/tests/browser/proxy_server.py", lab.SERVER_V4, str(PROXY_PORT)))
        if checks.check(find(browser), f"{browser} is installed", f"apt-get install {BROWSERS[browser][0][0]}"):
            for case in cases(browser):
                if only in case.name:
                    run_case(checks, lab_, browser, case, own)
    return checks


def side_by_side(only):
    """Each browser in a lab of its own, at the same time: a visit is waiting for the most part."""
    started = []
    for browser in BROWSERS:
        out = tempfile.TemporaryFile("w+", encoding="utf-8")
        started.append((subprocess.Popen([sys.executable, __file__, "--only", only, browser], stdout=out, stderr=subprocess.STDOUT), out))
    checks = Checks()
    for process, out in started:
        status = process.wait()
        out.seek(0)
        text = out.read()
        lines = text.splitlines()
        sys.stdout.write("".join(line + "\n" for line in lines[:-1]))
        passed, failed = (int(word) for word in lines[-1].replace(",", "").split()[::2]) if lines else (0, 1)
        checks.passed += passed
        checks.failed += failed if failed or status == 0 else 1
    return checks


def main(arguments):
    only = arguments[arguments.index("--only") + 1] if "--only" in arguments else ""
    browsers = [a for a in arguments if a in BROWSERS]
    if len(browsers) != 1:
        return side_by_side(only).finish()
    lab.enter(seconds=580)
    return run_browser(browsers[0], only).finish()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
