#!/usr/bin/python3
"""
The five networks of scenes.py in real browsers, without a policy and with `--vpn tun0`, the wire captured: `rtcshim report` names each leak,
with address, interface, process and reason, and names nothing where nothing leaks. A table of what was expected and what was found is printed.

usage: test_verdict.py [firefox|chromium [SCENE]...]
"""

import collections
import json
import os
import subprocess
import sys

sys.dont_write_bytecode = True
import lab
from abreast import run_abreast
from browsers import BROWSERS, find
from checks import Checks, fail_early, note
from puppets import Puppet, under_rtcshim
from scenes import CLEAN, PAGE_PORT, PROXY, SCENES, STUN_SPLIT, VPN, SceneLab
from stage import Stage
from test_vpn import GATHER, PATIENCE

# role that a browser's process has while it does WebRTC over UDP, over TCP
ROLES = {"firefox": {"socket", "browser"}, "chromium": {"network"}}
EXIT = "the exit of eth0"
Wanted = collections.namedtuple("Wanted", "address who iface reasons")
WANTED = {
    "ipv6": [Wanted(lab.CLIENT_ETH0_V6, "server", "eth0", {"no_ipv6_in_tunnel"})],
    "uplink": [Wanted(EXIT, "server", "eth0", {"bound_address"})],
    "split": [Wanted(EXIT, "server", "eth0", {"more_specific_route"})],
    "proxy": [Wanted(EXIT, "server", "eth0", {"default_route_elsewhere"})],
    "many": [Wanted("172.17.0.1", "page", "docker0", {"host_candidate"}), Wanted("172.20.0.1", "page", "br-lan", {"host_candidate"}),
             Wanted("10.9.0.2", "page", "tun1", {"host_candidate"})],
}


class Capture:
    """`rtcshim-analyzer capture` on the links, beside the run: who may not capture himself runs browsers here."""

    def __init__(self, lab_, links):
        self.path = f"{lab_.dir}/wire.pcapng"
        self.command = [f"{lab.build_dir()}/rtcshim-analyzer", "capture", "-q", "-w", self.path, "-i", ",".join(links)]

    def __enter__(self):
        read, write = os.pipe()
        self.process = subprocess.Popen([*self.command, "--ready-fd", str(write)], pass_fds=[write], stdin=subprocess.DEVNULL)
        os.close(write)
        if not os.read(read, 1):
            raise RuntimeError(f"the capture ended with {self.process.wait()}")
        os.close(read)
        return self

    def __exit__(self, *_):
        lab.stop(self.process)


def pages_of(scene, ports):
    urls = {"plain page": f"http://127.0.0.1:{ports['near']}"}
    if scene is not CLEAN:
        urls["microphone page"] = f"http://127.0.0.1:{ports['microphone']}"
    if scene.far:
        urls["far page"] = scene.far
    return urls


def run_folder(lab_, stage, ports, name, scene, options):
    """A run with its capture; returns the folder and what the pages read."""
    urls = pages_of(scene, ports)
    with Capture(lab_, scene.links) as capture:
        with Puppet(lab_, stage, name, urls, microphone=urls.get("microphone page"), proxy=scene.proxy, wrap=under_rtcshim(lab_, *options)) as puppet:
            if "microphone page" in urls:
                puppet.pages["microphone page"].do("microphone")
            numbers = {key: page.start("gather", config=GATHER, **PATIENCE) for key, page in puppet.pages.items()}
            reports = {key: puppet.pages[key].wait(number) for key, number in numbers.items()}
    folder = f"{puppet.home}/run-folder"
    os.rename(capture.path, f"{folder}/wire.pcapng")
    return folder, reports


def report(folder):
    done = subprocess.run([f"{lab.build_dir()}/rtcshim", "report", "--vpn", VPN, "-j", folder], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"report ended with {done.returncode}: {done.stderr}")
    return json.loads(done.stdout)


def words(leak, document):
    process = document["processes"][leak["process"]] if leak["process"] is not None else {"name": "?", "role": "?"}
    return (f"{leak['address'] or '(unknown)'} learned by {leak['learned_by']['who']}, {leak['iface']}, {process['name']} [{process['role']}], "
            f"{leak['reason']}, {leak['certainty']}")


def fits(leak, wanted, address, document, name):
    process = document["processes"][leak["process"]] if leak["process"] is not None else None
    return (leak["address"] == address and leak["learned_by"]["who"] == wanted.who and leak["iface"] == wanted.iface
            and leak["reason"] in wanted.reasons and process is not None and process["role"] in ROLES[name])


def judge_leaking(checks, title, name, scene, document, reports):
    exit_address = scene.exits[0] if scene.exits else lab.CLIENT_ETH0
    note(f"{title}")
    for wanted in WANTED[scene.name]:
        address = exit_address if wanted.address == EXIT else wanted.address
        found = [leak for leak in document["leaks"] if fits(leak, wanted, address, document, name)]
        note(f"  expected  {address} learned by {wanted.who}, {wanted.iface}, {'/'.join(sorted(ROLES[name]))}, {'/'.join(wanted.reasons)}")
        checks.check(found, f"{title}: the verdict names {address}, {wanted.iface}, the process and why",
                     "\n".join(words(leak, document) for leak in document["leaks"]))
        if wanted.who == "server":
            sure = [leak for leak in found if leak["certainty"] == "sure" and leak["outcome"] == "confirmed"]
            checks.check(sure, f"{title}: and is sure, with both witnesses", found)
            checks.check(all(leak["evidence"]["events"] and leak["evidence"]["frames"] for leak in found), f"{title}: by event and frame", found)
        checks.check(all(leak["advice"] for leak in found), f"{title}: and says what to do about it")
    for leak in document["leaks"]:
        note(f"  found     {words(leak, document)}")
    text = json.dumps(reports)
    named = {leak["address"] for leak in document["leaks"]}
    unnamed = [a for a in scene.hidden if f'"{a}"' in text and a not in named]
    checks.check(not unnamed, f"{title}: no address that a page read is left out", unnamed)
    others = named - set(scene.hidden) - {None}
    checks.check(not others, f"{title}: no address is called a leak that belongs to the tunnel", others)
    checks.check(document["verdict"]["result"] == "leak", f"{title}: the verdict is: leak", document["verdict"])


def judge_clean(checks, title, document):
    checks.check(document["leaks"] == [], f"{title}: nothing is called a leak", "\n".join(words(leak, document) for leak in document["leaks"]))
    checks.check(document["verdict"]["result"] == "clean", f"{title}: the verdict is: clean", document["verdict"])
    note(f"{title}: expected nothing, found {len(document['leaks'])} leaks")


def judge_both(checks, title, document):
    checks.check(document["faults"] == [], f"{title}: nothing refused is on the wire", document["faults"])
    checks.check(document["strangers"] == [], f"{title}: nothing went around the shim", document["strangers"])
    checks.check(document["outcomes"]["confirmed"]["messages"] > 0, f"{title}: messages are confirmed by both witnesses", document["outcomes"])
    checks.check(document["clock"]["agrees"], f"{title}: the two clocks agree", document["clock"])
    lost = document["outcomes"]["not_on_wire"]["messages"]
    checks.check(lost == 0, f"{title}: all that was sent is on the wire", document["outcomes"])


def main(arguments):
    if not arguments:
        return run_abreast(BROWSERS)
    name, *wanted = arguments
    if not find(name):
        fail_early(f"this test needs: apt-get install {BROWSERS[name][0][0]}")
    lab.enter(seconds=600)
    checks = Checks()
    with SceneLab() as lab_, Stage() as stage:
        ports = {"near": stage.open("127.0.0.1", 0), "microphone": stage.open("127.0.0.1", 0)}
        stage.open(STUN_SPLIT, PAGE_PORT, lab_.server_namespace)
        stage.open(*PROXY, lab_.server_namespace)
        for scene_name in wanted or [*SCENES, CLEAN.name]:
            with lab_.scene(scene_name) as scene:
                for options in ((), ("--vpn", VPN)):
                    title = f"{name}, {scene.title}, {' '.join(options) or 'observe'}"
                    folder, reports = run_folder(lab_, stage, ports, name, scene, options)
                    document = report(folder)
                    judge_both(checks, title, document)
                    if options or scene is CLEAN:
                        judge_clean(checks, title, document)
                    else:
                        judge_leaking(checks, title, name, scene, document, reports)
    return checks.finish()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
