#!/usr/bin/python3
"""
`rtcshim run --capture` with a real browser, as the ordinary user and with its sandbox on: every STUN message that the capture shows is one
that the library told, the joined report confirms them, and nobody is called a stranger. Where the lab's user can't be given the capability
(the lab itself is an ordinary user's), that nothing is started.

usage: test_run_capture.py [firefox|chromium]...
"""

import json
import os
import shutil
import subprocess
import sys

sys.dont_write_bytecode = True
import lab
from browsers import BROWSERS, find, visit
from checks import Checks, fail_early, note
from events import Events

PROGRAMS = ("rtcshim", "rtcshim-analyzer", "librtcshim.so")
SECCOMP_FILTER = 2
ENDED_BY_TERM = 128 + 15
RTCSHIM_FAILED = 125


def wire_messages(program, folder):
    """Those that this machine sent or got, as such on a link."""
    out = subprocess.run([program, "decode", "-j", f"{folder}/wire.pcapng"], check=True, stdout=subprocess.PIPE).stdout
    lines = [json.loads(line) for line in out.splitlines()]
    return [e for e in lines if e["wire"]["label"] == "direct" and "stun" in e]


def out_of_here(messages):
    own = {lab.CLIENT_ETH0, lab.CLIENT_TUN0, lab.CLIENT_ETH0_V6}
    return {(e["stun"]["txid"], e["stun"]["class"]) for e in messages if e["src_ip"] in own}


def check_browser(checks, lab_, name, program):
    folder = []

    def wrap(command, home):
        folder.append(f"{home}/run-folder")
        return [program, "run", "--quiet", "--capture", "-o", folder[0], "--", *command]
    outcome = visit(lab_, name, wrap=wrap)
    if not checks.check(outcome.result is not None, f"{name}: the page reported", outcome.stderr[-2000:]):
        return
    checks.check(all(p.seccomp == SECCOMP_FILTER for p in outcome.renderers() if p.pid in outcome.alive_at_result), f"{name}: its sandbox is on")
    with open(f"{folder[0]}/run.json", encoding="utf-8") as file:
        run = json.load(file)
    events = Events(folder[0])
    sent = out_of_here(wire_messages(program, folder[0]))
    told = {(e["stun"]["txid"], e["stun"]["class"]) for e in events.stun() if e["direction"] == "out"}
    report = json.loads(subprocess.run([program, "report", "-j", folder[0]], check=True, stdout=subprocess.PIPE).stdout)
    confirmed = report["outcomes"]["confirmed"]["messages"]
    note(f"{name}: {len(sent)} messages left, {len(told)} were told, {confirmed} are confirmed, clocks {report['clock']['median_us']} us apart")
    checks.check(outcome.status in (ENDED_BY_TERM, -15, 0), f"{name}: the run ends as the browser does", f"{outcome.status}\n{outcome.stderr[-2000:]}")
    checks.check(run["capture"]["status"] == "complete" and run["capture"]["dropped"] == 0, f"{name}: the capture is whole", run["capture"])
    checks.check({"eth0", "tun0"} <= set(run["capture"]["interfaces"]), f"{name}: both links are captured", run["capture"])
    stat = os.stat(f"{folder[0]}/wire.pcapng")
    checks.check((stat.st_uid, stat.st_mode & 0o777) == (lab_.uid, 0o600), f"{name}: the capture is the user's and private", stat)
    checks.check(bool(sent) and sent <= told, f"{name}: the library told of every message that left", sent - told)
    checks.check(not events.of("owner"), f"{name}: nobody went around the library", events.of("owner")[:3])
    checks.check(confirmed >= len(sent) and report["outcomes"]["unseen"]["messages"] == 0, f"{name}: the report confirms them", report["outcomes"])
    checks.check(not report["strangers"], f"{name}: and knows no stranger", report["strangers"])
    checks.check(not any("rtcshim" in (p["name"] or "") for p in run["processes"]), f"{name}: the capture is no process of the run")


def main(names):
    if shutil.which("setcap") is None:
        fail_early("this test needs: apt-get install libcap2-bin")
    lab.enter(seconds=600)
    checks = Checks()
    with lab.Lab() as lab_:
        program = f"{lab_.stage(*PROGRAMS)}/rtcshim"
        if not lab_.as_root:
            _, environment = lab_.home()
            plain = subprocess.run(lab_.as_user([program, "run", "--capture", "-o", f"{lab_.dir}/none", "touch", f"{lab_.dir}/was-run"]), env=environment,
                                   check=False, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            checks.check(plain.returncode == RTCSHIM_FAILED and "setcap" in plain.stderr and not os.path.exists(f"{lab_.dir}/was-run"),
                         "without the capability nothing is started, and what helps is said", plain.stderr)
            return checks.finish()
        subprocess.run(["setcap", "cap_net_raw=ep", f"{lab_.dir}/bin/rtcshim-analyzer"], check=True)
        for name in names or BROWSERS:
            if checks.check(find(name), f"{name} is installed", f"apt-get install {BROWSERS[name][0][0]}"):
                check_browser(checks, lab_, name, program)
    return checks.finish()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
