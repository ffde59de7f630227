#!/usr/bin/python3
"""Captures that are cut or overwritten: what stands before the damage is told, with the file, the place and the reason.

    damage.py RTCSHIM          prints a line for each check, and how many passed and failed
"""
import bz2
import gzip
import json
import lzma
import os
import random
import re
import subprocess
import sys
import tempfile

import captures as c

CLIENT, SERVER = "192.168.1.23", "198.51.100.10"
MESSAGES = 8


def messages(number):
    return c.udp(CLIENT, 5000, SERVER, 3478, c.stun(1, number, c.attr(0x8022, b"software")))


def pcap():
    """The file, and where each packet of it ends."""
    out, ends = c.pcap_header(), []
    for number in range(MESSAGES):
        out += c.pcap_record(messages(number), number)
        ends.append(len(out))
    return out, ends


def pcapng():
    out, ends = c.section() + c.interface(c.RAW_IP, b"tun0"), []
    for number in range(MESSAGES):
        out += c.enhanced_packet(0, number, messages(number))
        ends.append(len(out))
    return out, ends


class Checks:
    def __init__(self, rtcshim):
        self.rtcshim, self.passed, self.failed = rtcshim, 0, 0

    def say(self, good, name, why=""):
        self.passed, self.failed = self.passed + bool(good), self.failed + (not good)
        print(f"{'' if good else 'not '}ok - {name}" + ("" if good else f": {why}"))

    def decode(self, data, *options):
        """Status, standard output's lines, standard error."""
        run = subprocess.run([self.rtcshim, "decode", *options, "-"], input=data, capture_output=True)
        return run.returncode, run.stdout.splitlines(), run.stderr.decode(errors="replace")


def every_prefix(checks, name, data, ends, heads):
    """heads: where the headers in front of the packets end; a file of nothing else is one too."""
    for cut in range(len(data) + 1):
        status, lines, said = checks.decode(data[:cut], "-j")
        whole = sum(end <= cut for end in ends)
        sound = cut in heads or cut in ends
        place = re.match(r"rtcshim-analyzer: standard input: damaged at byte (\d+): \S", said)
        starts = max([0] + [end for end in heads + ends if end <= cut])
        good = (len(lines) == whole and all(json.loads(line) for line in lines) and status == (0 if sound else 1)
                and (said == "" if sound else place and int(place[1]) == starts))
        if not good:
            return checks.say(False, f"every prefix of a {name} file", f"{cut} bytes: {len(lines)} of {whole}, status {status}, {said}")
    return checks.say(True, f"every prefix of a {name} file tells the packets before its end, and where that is")


def flipped_bytes(checks, name, data, ends):
    """Nothing before the wrong byte is lost, and whatever follows, the program ends as it should."""
    r = random.Random(name)
    for at in range(len(data)):
        wrong = data[:at] + bytes([data[at] ^ r.randrange(1, 256)]) + data[at + 1:]
        status, lines, said = checks.decode(wrong, "-j")
        before = sum(end <= at for end in ends)
        # A byte of the link type may be the wrong one: that is no damage, and said.
        whole = said == "" or "are not decoded" in said
        good = status in (0, 1) and len(lines) >= before and (status == 0) == whole and len(lines) <= MESSAGES
        try:
            good = good and all(json.loads(line) for line in lines)
        except ValueError:
            good = False
        if not good:
            return checks.say(False, f"every byte of a {name} file may be wrong", f"byte {at}: {len(lines)} lines, {before} before, {status} {said}")
    return checks.say(True, f"every byte of a {name} file may be wrong")


def every_output(checks, data, ends):
    """Text, JSON, both summaries; a file, standard input; alone, beside a good one."""
    cut = data[:ends[4] + 7]
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "cut.pcapng")
        with open(path, "wb") as out:
            out.write(cut)
        for options, lines in (([], 6), (["-j"], 5), (["--summary"], None), (["--summary", "-j"], 1)):
            for source, said_name in ((path, path), ("-", "standard input")):
                run = subprocess.run([checks.rtcshim, "decode", *options, source], input=cut, capture_output=True, text=False)
                said = run.stderr.decode()
                out = run.stdout.splitlines()
                told = (f"rtcshim-analyzer: {said_name}: damaged at byte {ends[4]}: the file ends 7 bytes into a block header of 8" in said
                        and said.count("damaged") == 1)
                count = (lines is None or len(out) == lines) and (options != ["--summary", "-j"] or json.loads(out[0])["messages"] == 5)
                count = count and (options != ["--summary"] or b"5 STUN messages" in run.stdout)
                checks.say(run.returncode == 1 and told and count, f"a cut file is told by decode {' '.join(options)} from "
                           + ("a file" if source == path else "standard input"), f"{run.returncode} {said} {run.stdout[:300]}")


def compressed(checks, data, ends):
    """Any prefix tells as many messages as a longer one at most, and says that it is one."""
    for name, pack in (("gzip", gzip.compress), ("xz", lzma.compress), ("bzip2", bz2.compress)):
        packed = pack(data)
        last, why = 0, ""
        for cut in range(8, len(packed) + 1):
            status, lines, said = checks.decode(packed[:cut], "-j")
            if len(lines) < last or status != (0 if cut == len(packed) else 1) or (status == 1) != ("damaged at byte" in said):
                why = f"{cut} of {len(packed)} bytes: {len(lines)} lines after {last}, status {status}, {said}"
                break
            last = len(lines)
        checks.say(not why and last == MESSAGES, f"every prefix of a file in {name} tells what its bytes hold", why)
    # What gzip has put out is in the file, to the last packet.
    r = random.Random(1)
    noise = c.pcap([c.udp(CLIENT, 5000, SERVER, 3478, c.stun(1, n, c.attr(0x8022, r.randbytes(400)))) for n in range(200)])
    packed = gzip.compress(noise)
    status, lines, said = checks.decode(packed[:len(packed) // 2], "-j")
    checks.say(status == 1 and 98 <= len(lines) <= 101, "half of a gzip file of noise tells half of its packets", f"{len(lines)} {said}")


def main(rtcshim):
    checks = Checks(rtcshim)
    for name, make, head in (("pcap", pcap, [c.pcap_header()]), ("pcapng", pcapng, [c.section(), c.interface(c.RAW_IP, b"tun0")])):
        data, ends = make()
        every_prefix(checks, name, data, ends, [sum(map(len, head[:n])) for n in range(1, len(head) + 1)])
        flipped_bytes(checks, name, data, ends)
    every_output(checks, *pcapng())
    compressed(checks, *pcap())
    print(f"{checks.passed} passed, {checks.failed} failed")
    return checks.failed > 0 or checks.passed == 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
