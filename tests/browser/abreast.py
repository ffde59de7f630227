"""Runs a test script once for each browser, two at a time, and adds up what they say."""

import re
import subprocess
import sys
import tempfile


def run_abreast(names):
    """sys.argv[0] with each of the names; prints what each wrote when all have ended, and the sums. Returns the exit status."""
    children = []
    for name in names:
        output = tempfile.TemporaryFile("w+", encoding="utf-8")
        children.append((name, output, subprocess.Popen([sys.executable, sys.argv[0], name], stdout=output, stderr=subprocess.STDOUT)))
    passed = failed = 0
    for name, output, process in children:
        status = process.wait()
        output.seek(0)
        with output:
            text = output.read()
        print(text, end="", flush=True)
        sums = re.findall(r"^(\d+) passed, (\d+) failed$", text, re.MULTILINE)
        good, bad = map(int, sums[-1]) if sums else (0, 1)
        if status != 0 and bad == 0:
            print(f"not ok - {name} ended with status {status}", flush=True)
            bad = 1
        passed, failed = passed + good, failed + bad
    print(f"{passed} passed, {failed} failed", flush=True)
    return 0 if failed == 0 and passed > 0 else 1
