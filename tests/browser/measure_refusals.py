#!/usr/bin/python3
"""
How long candidate gathering takes when STUN is refused, by the form of the refusal, beside a network that is unplugged. Prints a table for
docs/browsers.md; it judges nothing. Each group of rows is one browser session, in which `rtcshim policy set` changes the form.

usage: measure_refusals.py [--cap SECONDS] firefox|chromium [GROUP|BUILT-IN|unplugged]...
"""

import sys
import time

sys.dont_write_bytecode = True
import lab
from browsers import BROWSERS
from calls import turn
from checks import note
from puppets import Puppet, under_rtcshim
from scenes import SceneLab
from stage import PageFailed, Stage

STUN = {"urls": [f"stun:{lab.SERVER_V4}:{lab.TURN_PORT}", f"stun:[{lab.SERVER_V6}]:{lab.TURN_PORT}"]}
# What the page asks for, a column each; gathered side by side.
SERVERS = {"none": [], "STUN": [STUN], "TURN over UDP": [turn("udp")], "TURN over TCP": [turn("tcp")], "all": [STUN, turn("udp"), turn("tcp")]}
SETTLE_S = 2        # browsers wait for a network to settle
PAGES = ("plain page", "microphone page")
FORMS = ("best", "drop", "EPERM", "EACCES", "EINVAL", "ENETUNREACH", "EHOSTUNREACH", "ECONNREFUSED", "ECONNRESET", "EADDRNOTAVAIL", "ENETDOWN", "ENODEV",
         "ENOBUFS", "EPIPE", "EBADF")
REFUSE_STUN = "refuse with {form}\ndeny stun via !lo\ndefault allow\n"
REFUSE_ALL = "refuse with {form}\ndeny stun via !lo\ndeny probe via !lo\ndeny connect port 3478 via !lo\ndefault allow\n"
HIDE_ALL = "refuse with {form}\ndeny stun via !lo\ndeny probe via !lo\ndeny connect port 3478 via !lo\nhide interface !lo\ndefault allow\n"
DECOY = "refuse with {form}\ndeny stun via !lo\ndeny mdns via !lo\ndeny connect port 3478 via !lo\nhide address !lo\ndefault allow\n"
GROUPS = {"STUN": REFUSE_STUN, "STUN, probes, TCP": REFUSE_ALL, "and interfaces hidden": HIDE_ALL,
          "STUN, TCP, a decoy shown": DECOY}
BUILT_INS = {"no-stun": ("--policy", "no-stun"), "no-webrtc": ("--policy", "no-webrtc"), "vpn": ("--vpn", "tun0"),
             "vpn, no such link": ("--vpn", "tun9")}


def gather(puppet, cap_s):
    """{page: {column: what happened}}"""
    numbers = {}
    for page in PAGES:
        for column, servers in SERVERS.items():
            numbers[page, column] = puppet.pages[page].start("gather", config={"iceServers": servers}, cap_ms=int(cap_s * 1000))
    cells = {}
    for (page, column), number in numbers.items():
        try:
            found = puppet.pages[page].wait(number, cap_s + 20)
            kinds = "".join(sorted({c["type"][0] for c in found["candidates"]}))
            late = f"{found['ms'] / 1000:.1f} s" if found["gathering"] == "complete" else f"> {cap_s:g} s"
            cells[page, column] = f"{late}{' ' + kinds if kinds else ''}"
        except PageFailed as error:
            cells[page, column] = "no connection" if "network is down" in str(error) else str(error)[-40:]
    return cells


def row(title, cells):
    for page in PAGES:
        print(f"| {title} | {page} | " + " | ".join(cells[page, column] for column in SERVERS) + " |", flush=True)


def baseline(lab_, puppet, cap_s):
    row("nothing refused", gather(puppet, cap_s))
    for link in ("eth0", "tun0"):
        lab_.server_run("ip", "link", "set", f"s_{link}", "down")
    time.sleep(SETTLE_S)
    row("cables pulled", gather(puppet, cap_s))
    for link in ("eth0", "tun0"):
        lab.run("ip", "link", "set", link, "down")
    time.sleep(SETTLE_S)
    row("links down", gather(puppet, cap_s))


def measure(lab_, stage, name, what, cap_s):
    urls = {page: f"http://127.0.0.1:{stage.open('127.0.0.1', 0)}" for page in PAGES}
    policy = f"{lab_.dir}/policy"
    if what in GROUPS:
        with open(policy, "w", encoding="ascii") as file:
            file.write(GROUPS[what].format(form=FORMS[0]))
    options = BUILT_INS.get(what, ("--policy", policy if what in GROUPS else "observe"))
    with Puppet(lab_, stage, name, urls, microphone=urls["microphone page"], wrap=under_rtcshim(lab_, *options)) as puppet:
        puppet.pages["microphone page"].do("microphone")
        if what in BUILT_INS:
            row(f"`{what}`", gather(puppet, cap_s))
        elif what not in GROUPS:
            baseline(lab_, puppet, cap_s)
        else:
            for form in FORMS:
                with open(policy, "w", encoding="ascii") as file:
                    file.write(GROUPS[what].format(form=form))
                puppet.policy_set(policy)
                row(f"{what}: {form}", gather(puppet, cap_s))


def main(arguments):
    cap_s = 15.0
    if arguments[:1] == ["--cap"]:
        cap_s = float(arguments[1])
        arguments = arguments[2:]
    name, *wanted = arguments or [""]
    if name not in BROWSERS:
        sys.exit(__doc__)
    lab.enter(seconds=3000)
    with SceneLab() as lab_, Stage() as stage:
        note(f"{name}; h host, s srflx, r relay candidates")
        print("| refused | page | " + " | ".join(SERVERS) + " |")
        # What unplugs comes last: nothing plugs in again.
        for what in wanted or (*BUILT_INS, *GROUPS, "unplugged"):
            measure(lab_, stage, name, what, cap_s)


if __name__ == "__main__":
    main(sys.argv[1:])
