#!/usr/bin/python3
"""
The tunnel ends in the middle of calls, and the system's routes fall back to the uplink: with `rtcshim run --vpn tun0` not one packet of the
calls follows them. Without rtcshim they do, which the test shows first.

usage: test_tunnel_down.py [firefox|chromium]
"""

import contextlib
import sys
import time

sys.dont_write_bytecode = True
import lab
from abreast import run_abreast
from browsers import BROWSERS, find
from calls import CALLS, connect
from checks import Checks, fail_early, note, wait_for
from dumped import Dump, kind, line, tally
from puppets import SHOW_ADDRESSES, Puppet, plain, under_rtcshim
from scenes import OUTSIDE, VPN, SceneLab
from stage import PageFailed, Stage

PATIENCE = {"quiet_ms": 500, "cap_ms": 4000}
# Both browsers notice within 5 s that nothing comes back (consent, RFC 7675), and then try again.
AFTERWARDS_S = 10
ENDS = {"goes down": f"link set {VPN} down", "is deleted": f"link delete {VPN}"}
COMES_BACK = (f"link set {VPN} up", f"route add default via 10.8.0.1 dev {VPN}")


class TunnelEndsLab(SceneLab):
    """A default route by the uplink stands behind the tunnel's, so that the system goes on without it. No IPv6."""

    def __enter__(self):
        super().__enter__()     # whose servers are asked over IPv6 too
        lab.run("ip", "route", "add", "default", "via", "192.168.1.1", "dev", OUTSIDE, "metric", "100")
        lab.run("ip", "-6", "route", "flush", "default")
        lab.run("ip", "-6", "addr", "delete", f"{lab.CLIENT_ETH0_V6}/64", "dev", OUTSIDE)
        return self


def talk(caller, callee):
    """Open all calls and let both ends send without pause; returns the labels."""
    for label, config in CALLS.items():
        connect(caller, callee, label, config, PATIENCE)
    for label in CALLS:
        for end in (caller, callee):
            end.do("stream", call=label)
    for label in CALLS:
        wait_for(lambda wanted=label: callee.do("state", call=wanted)["bytes"] > 20_000, 20, f"the {label} call to flow")


def try_again(caller):
    """What a page does that wants its call back: ICE restart; and another gathering."""
    pending = [caller.start("offer", call=label, restart=True, **PATIENCE) for label in CALLS]
    pending.append(caller.start("gather", config={"iceServers": [c for config in CALLS.values() for c in config["iceServers"]]}, **PATIENCE))
    for number in pending:
        with contextlib.suppress(PageFailed):   # Firefox makes no connection "when the network is down", which is all that it is shown
            caller.wait(number)


def session(lab_, stage, ports, name, callee, end, shimmed):
    """Returns all that a browser may have sent on the uplink but for names, the STUN that rtcshim-analyzer finds there, and how the calls ended."""
    wrap = under_rtcshim(lab_, "--vpn", VPN) if shimmed else plain
    with Dump(lab_, [OUTSIDE]) as dump:
        with Puppet(lab_, stage, name, {"caller": f"http://127.0.0.1:{ports['near']}"}, wrap=wrap) as puppet:
            caller = puppet.pages["caller"]
            talk(caller, callee)
            lab.run("ip", *end.split())
            ended = time.time()
            time.sleep(AFTERWARDS_S / 2)
            try_again(caller)
            time.sleep(max(0, ended + AFTERWARDS_S - time.time()))
            states = {label: caller.do("state", call=label)["ice"] for label in CALLS}
            for label in CALLS:
                callee.do("close", call=label)
    return [p for p in dump.packets(OUTSIDE) if kind(p) in ("STUN", "mDNS", "UDP", "TCP")], dump.decoded(OUTSIDE), states


def counted(packets):
    return ", ".join(f"{count} {what}" for what, count in sorted(tally(packets).items())) or "none"


def run(checks, lab_, stage, ports, name, callee, how, shimmed):
    title = f"{name}, the tunnel {how}, {'--vpn' if shimmed else 'plain'}"
    try:
        found, decoded, states = session(lab_, stage, ports, name, callee.pages["callee"], ENDS[how], shimmed)
    except (PageFailed, TimeoutError) as error:
        checks.check(False, f"{title}: the calls flow", error)
        return
    note(f"{title}: packets on {OUTSIDE}: {counted(found)}; the calls end as {states}")
    if shimmed:
        checks.check(not found, f"{title}: not one packet of the calls leaves on {OUTSIDE}", "\n".join(map(line, found)))
        checks.check(not decoded, f"{title}: nor does rtcshim-analyzer find STUN there", decoded[:3])
        checks.check("connected" not in states.values() and "completed" not in states.values(), f"{title}: no call goes on", states)
    else:
        checks.check(any(kind(p) == "STUN" for p in found), f"{title}: the calls' packets leave on {OUTSIDE}", counted(found))


def main(arguments):
    if not arguments:
        return run_abreast(BROWSERS)
    lab.enter(seconds=400)
    checks = Checks()
    for browser in BROWSERS:
        if not find(browser):
            fail_early(f"this test needs: apt-get install {BROWSERS[browser][0][0]}")
    name = arguments[0]
    other = next(browser for browser in BROWSERS if browser != name)
    with TunnelEndsLab() as lab_, Stage() as stage:
        ports = {"near": stage.open("127.0.0.1", 0)}
        away = stage.open("127.0.0.1", 0, lab_.peer_namespace)
        with Puppet(lab_, stage, other, {"callee": f"http://127.0.0.1:{away}"}, place=lab_.in_peer, settings=SHOW_ADDRESSES[other]) as callee:
            for how, shimmed in (("goes down", False), ("goes down", True), ("is deleted", True)):
                run(checks, lab_, stage, ports, name, callee, how, shimmed)
                if how == "goes down":
                    for command in COMES_BACK:
                        lab.run("ip", *command.split())
    return checks.finish()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
