#!/usr/bin/python3
"""Captures that are made to fill every table: all that can be told is told, and memory stays below 256 MiB.

    bounds.py RTCSHIM FLOWS          FLOWS is flows.c, compiled

BOUNDS_PACKETS (300000) packets of each kind come through a pipe. Time is measured by `make bench`, not here.
"""
import collections
import os
import re
import subprocess
import sys

PACKETS = int(os.environ.get("BOUNDS_PACKETS", 300000))
MEMORY_MAX_MIB = 256
LINES = {
    "one": PACKETS, "flows": PACKETS, "ports": PACKETS, "answered": PACKETS, "classic": PACKETS, "quoted": PACKETS,
    "streams": PACKETS // 2,  # of each message its first bytes, cut
    "fragments": 0, "pieces": 0,
    "acks": None, "channels": None, "mix": None,
    "interfaces": PACKETS,
}
# Of channels each first one is told, and what was counted when it had to make room.
MESSAGES_OF_CHANNELS = 16 + sum(1 for n in range(16, PACKETS) if n % 4096 == 0)


def run(rtcshim, flows, kind, *options):
    """Status, lines, bytes of channel data told, MiB."""
    maker = subprocess.Popen([flows, kind, str(PACKETS)], stdout=subprocess.PIPE)
    reader = subprocess.Popen([rtcshim, "decode", *options, "-"], stdin=maker.stdout, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    maker.stdout.close()
    counts = collections.Counter()
    for line in reader.stdout:
        counts["lines"] += 1
        if b'"channel_data"' in line:
            counts["channel packets"] += int(re.search(rb'"packets":(\d+)', line)[1])
        elif b'"cut":true' in line:
            counts["cut"] += 1
    _, status, usage = os.wait4(reader.pid, 0)
    maker.wait()
    return os.waitstatus_to_exitcode(status), counts, usage.ru_maxrss / 1024


def main(rtcshim, flows):
    passed = failed = 0

    def check(good, name, why=""):
        nonlocal passed, failed
        passed, failed = passed + bool(good), failed + (not good)
        print(f"{'' if good else 'not '}ok - {name}" + ("" if good else f": {why}"))

    for kind, lines in LINES.items():
        status, counts, memory = run(rtcshim, flows, kind, "-j")
        if kind == "channels":
            good = counts["channel packets"] == PACKETS - MESSAGES_OF_CHANNELS
        elif lines is None:
            good = counts["lines"] > 0
        else:
            good = counts["lines"] == lines
        if kind == "streams":
            good = good and counts["cut"] == lines
        check(status == 0 and good, f"{PACKETS} packets of {kind} are all told", f"status {status}, {dict(counts)}")
        check(memory < MEMORY_MAX_MIB, f"in {MEMORY_MAX_MIB} MiB", f"{memory:.0f}")
    for kind in ("flows", "answered", "channels", "interfaces", "mix"):
        status, counts, memory = run(rtcshim, flows, kind, "--summary")
        check(status == 0 and counts["lines"] > 0 and memory < MEMORY_MAX_MIB, f"a summary of {kind} too", f"status {status}, {memory:.0f} MiB")
    print(f"{passed} passed, {failed} failed")
    return failed > 0 or passed == 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2]))
