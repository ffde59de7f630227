"""Counts and prints what a test script checks: `ok - ...` and `not ok - ...` lines and a last line with the sums."""

import sys
import time


class Checks:
    def __init__(self):
        self.passed = 0
        self.failed = 0

    def check(self, holds, sentence, detail=""):
        """One claim. detail is printed only where the claim does not hold."""
        if holds:
            self.passed += 1
            print(f"ok - {sentence}", flush=True)
        else:
            self.failed += 1
            print(f"not ok - {sentence}", flush=True)
            for line in str(detail).splitlines()[:40]:
                print(f"#   {line}", flush=True)
        return bool(holds)

    def finish(self):
        """Print the sums and return the exit status. A script that checked nothing has failed."""
        print(f"{self.passed} passed, {self.failed} failed", flush=True)
        return 0 if self.failed == 0 and self.passed > 0 else 1


def note(text):
    print(f"# {text}", flush=True)


def wait_for(condition, seconds, what):
    """Ask until condition() is true and return its answer; a TimeoutError that says what was awaited."""
    deadline = time.monotonic() + seconds
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {seconds} s for {what}")
        time.sleep(0.05)


def fail_early(error):
    print(f"Bail out! {error}", file=sys.stderr, flush=True)
    sys.exit(1)
