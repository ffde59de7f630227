#!/usr/bin/python3
"""
rtcshim is killed with SIGKILL while a browser under it starts its first page: the browser goes on, and the page gets what it gets without rtcshim.

usage: test_killed.py [firefox|chromium]...
"""

import contextlib
import os
import signal
import sys
import threading
import time

sys.dont_write_bytecode = True
import lab
from browsers import BROWSERS, find, visit
from candidates import describe, kinds
from checks import Checks
from processes import alive


def _cmdline(pid):
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            return file.read().replace(b"\0", b" ")
    except OSError:
        return b""


class Killer(threading.Thread):
    """Waits for the first renderer, which starts before it loads the page, and kills rtcshim then."""

    DEADLINE_S = 40

    def __init__(self, program):
        super().__init__(daemon=True)
        self.before = alive()
        self.program = f"{program} run".encode()
        self.killed = 0
        self.at = 0.0

    def _look(self):
        lines = {int(entry): _cmdline(entry) for entry in os.listdir("/proc") if entry.isdigit()}
        lines = {pid: line for pid, line in lines.items() if pid not in self.before}
        if not any(b"--type=renderer" in line or b"-isForBrowser" in line for line in lines.values()):
            return False
        for pid, line in lines.items():
            if line.startswith(self.program):
                os.kill(pid, signal.SIGKILL)
                self.killed, self.at = pid, time.monotonic()
        return self.killed != 0

    def end_rest(self):
        """The browser is an orphan now, and what it leaves would look like the next one."""
        while alive() - self.before:
            for pid in alive() - self.before:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.05)

    def run(self):
        deadline = time.monotonic() + self.DEADLINE_S
        while not self._look() and time.monotonic() < deadline:
            time.sleep(0.01)


def check_browser(checks, lab_, name):
    program = f"{lab_.stage('rtcshim', 'librtcshim.so')}/rtcshim"
    plain = visit(lab_, name)
    if not checks.check(plain.result is not None, f"{name}, plain: the page reported", plain.stderr[-2000:]):
        return
    killer = Killer(program)
    killer.start()
    outcome = visit(lab_, name, wrap=lambda command, home: [program, "run", "-q", "-o", f"{home}/run-folder", "--", *command])
    reported = time.monotonic()
    killer.join()
    killer.end_rest()
    checks.check(killer.killed and killer.at < reported, f"{name}: rtcshim was killed before the page reported")
    checks.check(outcome.status == -signal.SIGKILL, f"{name}: rtcshim died of SIGKILL", outcome.status)
    if checks.check(outcome.result is not None, f"{name}: the page reported all the same", outcome.stderr[-2000:]):
        checks.check(kinds(outcome.result) == kinds(plain.result), f"{name}: the page got the same kinds of candidates",
                     f"plain: {describe(plain.result)}\nafter the kill: {describe(outcome.result)}")
    checks.check(not outcome.renderers_died(), f"{name}: no renderer died", outcome.renderers_died())


def main(names):
    lab.enter(seconds=300)
    checks = Checks()
    with lab.Lab() as lab_:
        for name in names or BROWSERS:
            if checks.check(find(name), f"{name} is installed", f"apt-get install {BROWSERS[name][0][0]}"):
                check_browser(checks, lab_, name)
    return checks.finish()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
