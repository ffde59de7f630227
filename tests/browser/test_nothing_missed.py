#!/usr/bin/python3
"""
Every STUN message that `strace -f` sees a browser send or receive, from outside and in the same run, is in events.ndjson, once.

usage: test_nothing_missed.py [firefox|chromium]...
"""

import collections
import shutil
import sys

sys.dont_write_bytecode = True
import lab
from browsers import BROWSERS, find, visit
from checks import Checks, fail_early, note
from events import Events
from strace_stun import STRING_LIMIT, TRACE, read_trace

# Gathering with and without a microphone, and a call through relays, whose data and keep-alives travel beside ChannelData.
VISITS = (("gather", False), ("gather", True), ("call", False))


def traced(lab_, name, mode, microphone):
    paths = {}

    def wrap(command, home):
        paths.update(trace=f"{home}/trace", folder=f"{home}/run-folder")
        strace = ["strace", "-f", "-ttt", "-yy", "-xx", "-s", str(STRING_LIMIT), "-e", f"trace={TRACE}", "-e", "signal=none",
                  "-o", paths["trace"], "--"]
        rtcshim = [f"{lab_.stage('rtcshim', 'librtcshim.so')}/rtcshim", "run", "--quiet", "-o", paths["folder"], "--"]
        return [*strace, *rtcshim, *command]
    return visit(lab_, name, microphone, mode, wrap, signal_depth=1, seconds=90), paths


def from_strace(messages):
    return collections.Counter((m.tid, m.direction, m.proto, m.cls, m.txid) for m in messages)


def from_events(events):
    return collections.Counter((e["process"]["tid"], e["direction"], e["proto"], e["stun"]["class"], e["stun"]["txid"])
                               for e in events.stun())


def listing(difference):
    return "\n".join(f"{count} x tid {tid} {direction} {proto} {cls} {txid}"
                     for (tid, direction, proto, cls, txid), count in sorted(difference.items()))


def check_visit(checks, lab_, name, mode, microphone):
    title = f"{name}, {mode}, {'fake' if microphone else 'no'} microphone"
    outcome, paths = traced(lab_, name, mode, microphone)
    if not checks.check(outcome.result is not None, f"{title}: the page reported", outcome.stderr[-2000:]):
        return
    if mode == "call":
        checks.check(outcome.result["call"]["echoed"] > 0, f"{title}: data came back through the relays", outcome.result)
    owners = {tid: p.pid for p in outcome.processes.values() for tid in p.threads}
    trace = read_trace(paths["trace"], owners)
    events = Events(paths["folder"])
    seen, told = from_strace(trace.messages), from_events(events)
    note(f"{title}: strace saw {sum(seen.values())} STUN messages, events.ndjson holds {sum(told.values())}")
    checks.check(sum(seen.values()) > 0, f"{title}: strace saw STUN messages")
    checks.check(not trace.unexplained, f"{title}: no bytes with the cookie are left unexplained", "\n".join(trace.unexplained))
    checks.check(not seen - told, f"{title}: every message that strace saw is in the events", listing(seen - told))
    checks.check(not told - seen, f"{title}: every message in the events was seen by strace, once", listing(told - seen))
    strangers = [e["process"] for e in events.stun() if owners.get(e["process"]["tid"], e["process"]["pid"]) != e["process"]["pid"]]
    checks.check(not strangers, f"{title}: every thread is told to belong to the process that it does", strangers[:5])
    checks.check(not events.problems, f"{title}: events.ndjson is whole", "\n".join(events.problems))


def main(names):
    if shutil.which("strace") is None:
        fail_early("this test needs: apt-get install strace")
    lab.enter(seconds=900)
    checks = Checks()
    with lab.Lab() as lab_:
        for name in names or BROWSERS:
            if not checks.check(find(name), f"{name} is installed", f"apt-get install {BROWSERS[name][0][0]}"):
                continue
            for mode, microphone in VISITS:
                check_visit(checks, lab_, name, mode, microphone)
    return checks.finish()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
