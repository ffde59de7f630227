#!/usr/bin/python3
"""How long `rtcshim report` takes over a run of a million events, alone and with a captured packet for each: report_run.py [BUILD]. EVENTS and
ROUNDS (3) may be set. Half of the exchanges leave over another interface than the tunnel: all that is counted, joined and judged is there."""

import datetime
import json
import os
import statistics
import struct
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "run"))
import captures as c
from report_runs import ETH, EXIT, HOME, START, STUN, TUN, Run, route

EVENTS = int(os.environ.get("EVENTS", "1000000"))
ROUNDS = int(os.environ.get("ROUNDS", "3"))
GAP_US, PORTS, OF_A_FLOW = 3, 40000, 100


def exchange(number):
    """Its link, socket, mapped address."""
    flow = number // OF_A_FLOW
    outside = flow % 2
    return ("eth0" if outside else "tun0"), (ETH if outside else TUN), 20000 + flow % PORTS, (HOME if outside else EXIT)


def line(event, seq):
    """One event, made from a template by hand: a million of them through json takes a minute."""
    link, ip, port, mapped = exchange(seq // 2)
    us = START * 1000000 + seq * GAP_US
    stamp = (datetime.datetime(1970, 1, 1) + datetime.timedelta(microseconds=us)).strftime("%Y-%m-%dT%H:%M:%S.%f+0000")
    return event.replace("TIME", stamp).replace('"SEQ"', str(seq + 1)).replace("LINK", link).replace("OWN", ip).replace('"PORT"', str(port)) \
        .replace("MAPPED", mapped).replace("TXID", f"{seq // 2:024x}")


def templates():
    run = Run()
    run.message(0, True, ("OWN", "PORT"), (STUN, 3478), 1, iface="LINK")
    run.message(0, False, ("OWN", "PORT"), (STUN, 3478), 1, ("MAPPED", "PORT"), iface="LINK")
    for event in run.events:
        event.update(timestamp="TIME", seq="SEQ")
        event["stun"]["txid"] = "TXID"
    return [json.dumps(event, separators=(",", ":")) for event in run.events]


def packet(seq):
    link, ip, port, mapped = exchange(seq // 2)
    txid = (seq // 2).to_bytes(12, "big")
    key = struct.pack(">I", c.COOKIE) + txid
    body = c.attr(0x0020, c.address(mapped, port, key)) if seq % 2 else b""
    message = struct.pack(">HHI", 0x101 if seq % 2 else 1, len(body), c.COOKIE) + txid + body
    ends = (ip, port, STUN, 3478)
    return 0 if link == "eth0" else 1, c.udp(*(ends[2:] + ends[:2] if seq % 2 else ends), message)


def fill(folder, captured):
    run = Run()
    run.routes.append(route("0.0.0.0/0", "eth0", "192.168.1.1", table=100))
    if captured:
        run.capture(("eth0", "tun0"))
    run.write(folder)
    request, answer = templates()
    with open(f"{folder}/events.ndjson", "w", encoding="ascii") as file:
        for seq in range(EVENTS):
            file.write(line(answer if seq % 2 else request, seq) + "\n")
    if captured:
        with open(f"{folder}/wire.pcapng", "wb") as file:
            file.write(c.section() + c.interface(c.RAW_IP, b"eth0") + c.interface(c.RAW_IP, b"tun0"))
            for seq in range(EVENTS):
                file.write(c.enhanced_packet(packet(seq)[0], seq * GAP_US - 1, packet(seq)[1]))


def measure(command):
    """Seconds of wall and of processor, MiB at most."""
    begin = time.monotonic()
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        sys.exit(f"{' '.join(command)} ended with {child.returncode}")
    return time.monotonic() - begin, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def main():
    build = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else "build")
    print(f"| report of {EVENTS:,} events, {ROUNDS} rounds | s | of processors | MiB |\n|---|---:|---:|---:|")
    with tempfile.TemporaryDirectory() as work:
        for name, captured, options in (("events alone, text", False, ()), ("and as many packets, text", True, ()),
                                        ("and as many packets, HTML and JSON", True, ("-j", f"--html={work}/report.html"))):
            folder = f"{work}/{'wire' if captured else 'events'}"
            if not os.path.exists(folder):
                fill(folder, captured)
            rounds = [measure([f"{build}/rtcshim-analyzer", "report", "--vpn", "tun0", *options, folder]) for _ in range(ROUNDS)]
            print(f"| {name} | {' | '.join(f'{statistics.median(r[i] for r in rounds):.1f}' for i in range(3))} |", flush=True)


if __name__ == "__main__":
    main()
