#!/usr/bin/python3
"""
`rtcshim policy set` on the session of a running browser changes what leaves and what pages read: the last packet that the new policy
forbids leaves within 100 ms, and the first one that it allows again is as soon. Told by the wire, while a page gathers without pause.

usage: test_policy_set.py [firefox|chromium]
"""

import statistics
import sys
import time

sys.dont_write_bytecode = True
import lab
from abreast import run_abreast
from browsers import BROWSERS, find
from calls import turn
from checks import Checks, fail_early, note
from dumped import Dump, is_stun
from puppets import Puppet, under_rtcshim
from scenes import OUTSIDE, STUN_SPLIT, VPN, SceneLab
from stage import Stage

# With a microphone granted, so that both browsers look at every interface.
GATHER = {"iceServers": [{"urls": f"stun:{STUN_SPLIT}:{lab.TURN_PORT}"}]}
EVERYTHING = {"iceServers": [*GATHER["iceServers"], turn("udp"), turn("tcp")]}
GIVE_UP_MS = 11_000     # Firefox's unplugged time, the shorter one: docs/browsers.md
PATIENCE = {"quiet_ms": 700, "cap_ms": 4000}
ROUNDS = 7              # the median counts: another process may hold up one of them
ROUND_S = 0.7
EVERY_MS = 40
WITHIN_S = 0.1


def reflexive(page):
    return {c["address"] for c in page.do("gather", config=GATHER, **PATIENCE)["candidates"] if c["type"] == "srflx"}


def switch(puppet, *words):
    """When the command started, and for how long it ran."""
    started = time.time()
    puppet.policy_set(*words)
    ran = time.time() - started
    time.sleep(ROUND_S)
    return started, ran


def measure(lab_, puppet):
    """Seconds from the command's start to the last forbidden packet, and to the first one that is allowed again, of each round."""
    page, rounds = puppet.pages["page"], []
    with Dump(lab_, [OUTSIDE]) as dump:
        number = page.start("keep_gathering", config=GATHER, every_ms=EVERY_MS)
        time.sleep(2 * ROUND_S)
        for _ in range(ROUNDS):
            rounds.append((switch(puppet, "--vpn", VPN, "vpn"), switch(puppet, "observe")))
        page.do("stop_gathering")
        page.wait(number)
    sent = [p.at for p in dump.packets(OUTSIDE) if is_stun(p) and p.dst == STUN_SPLIT]
    stops, starts = [], []
    for (vpn, _), (observe, _) in rounds:
        between = [at for at in sent if vpn < at < observe]
        after = [at for at in sent if observe < at < observe + ROUND_S]
        stops.append(between[-1] - vpn if between else 0.0)
        starts.append(after[0] - observe if after else ROUND_S)
    return stops, starts, sent, rounds


def in_ms(values):
    return ", ".join(f"{value * 1000:.0f}" for value in values)


def main(arguments):
    if not arguments:
        return run_abreast(BROWSERS)
    name = arguments[0]
    lab.enter(seconds=300)
    checks = Checks()
    if not find(name):
        fail_early(f"this test needs: apt-get install {BROWSERS[name][0][0]}")
    with SceneLab() as lab_, Stage() as stage, lab_.scene("split"):
        near = f"http://127.0.0.1:{stage.open('127.0.0.1', 0)}"
        outside = lab.NAT[lab.CLIENT_ETH0] if lab_.nat else lab.CLIENT_ETH0
        inside = lab.NAT[lab.CLIENT_TUN0] if lab_.nat else lab.CLIENT_TUN0
        with Puppet(lab_, stage, name, {"page": near}, microphone=near, wrap=under_rtcshim(lab_, "--policy", "observe")) as puppet:
            page = puppet.pages["page"]
            page.do("microphone")
            checks.check(outside in reflexive(page), f"{name}: while the policy is observe the page reads the uplink's exit address")
            puppet.policy_set("--vpn", VPN, "vpn")
            checks.check(reflexive(page) == {inside}, f"{name}: once it is vpn the same page reads the tunnel's and no other")
            puppet.policy_set("observe")
            checks.check(outside in reflexive(page), f"{name}: and after observe again the uplink's")
            puppet.policy_set("no-stun")
            found = page.do("gather", config=EVERYTHING, cap_ms=GIVE_UP_MS)
            checks.check(found["gathering"] == "complete" and not [c for c in found["candidates"] if c["type"] != "host"],
                         f"{name}: while it is no-stun gathering ends before it does with the cables pulled", found)
            note(f"{name}: refused gathering took {found['ms']} ms")
            puppet.policy_set("observe")
            stops, starts, sent, rounds = measure(lab_, puppet)
    note(f"{name}: {len(sent)} STUN requests left on {OUTSIDE}; the command ran for {in_ms(ran for pair in rounds for _, ran in pair)} ms")
    note(f"{name}: last forbidden request after the command's start, ms: {in_ms(stops)}")
    note(f"{name}: first allowed one, ms (a page gathers every {EVERY_MS}): {in_ms(starts)}")
    checks.check(len(sent) > 5 * ROUNDS, f"{name}: while the policy is observe requests leave on {OUTSIDE}", len(sent))
    checks.check(statistics.median(stops) < WITHIN_S, f"{name}: policy vpn holds within 100 ms of the command's start", in_ms(stops))
    checks.check(statistics.median(starts) < WITHIN_S, f"{name}: policy observe holds within 100 ms of the command's start", in_ms(starts))
    return checks.finish()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
