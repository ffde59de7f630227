#!/usr/bin/python3
"""How long the report's page takes to open and draw in headless Chromium: report_page.py [BUILD]. ROUNDS (7) is how often each is opened."""

import json
import os
import statistics
import subprocess
import sys
import time

sys.dont_write_bytecode = True
if len(sys.argv) > 1:
    os.environ["BUILD"] = os.path.abspath(sys.argv[1])
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "browser"))
import lab
import report_documents as documents
from steering import Chromium, Desk

ROUNDS = int(os.environ.get("ROUNDS", "7"))
SIZE = (1320, 1000)


def measure(desk, page):
    """Milliseconds from the start of the navigation to the frame after the drawing, each in a browser that has opened nothing before."""
    with Chromium(desk) as chromium:
        chromium.size(*SIZE)
        chromium.open(chromium.put(page))
        while True:
            marks = chromium.run("return performance.getEntriesByName('report-drawn').map((mark) => mark.startTime)")
            if marks:
                return marks[0]
            time.sleep(0.05)


def main():
    lab.enter(seconds=600)
    print(f"| the report's page, first opening, {ROUNDS} rounds | MiB | ms | range |\n|---|---:|---:|---:|")
    with Desk() as desk:
        for name, document in (("a short run, 54 exchanges", documents.small()), ("100,000 events, 20,000 exchanges", documents.many()),
                               ("1,000,000 events, 20,000 exchanges", documents.many(events=1_000_000))):
            page = subprocess.run([f"{lab.build_dir()}/tests/report/page"], input=json.dumps(document).encode(), stdout=subprocess.PIPE, check=True).stdout
            times = [measure(desk, page) for _ in range(ROUNDS)]
            print(f"| {name} | {len(page) / 2**20:.1f} | {statistics.median(times):.0f} | {min(times):.0f} to {max(times):.0f} |", flush=True)


if __name__ == "__main__":
    main()
