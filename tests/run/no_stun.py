#!/usr/bin/python3
"""Hundreds of captures without STUN, in which nothing may be found, and the same with one message, which must be.

    no_stun.py RTCSHIM          prints a line for each kind of traffic, and how many passed and failed

Other protocols, what looks like STUN but for one thing, echoes, noise. The seed is fixed: every run makes the same captures.
"""
import collections
import json
import os
import random
import struct
import subprocess
import sys
import tempfile

import captures as c

CAPTURES_A_KIND, PACKETS = 25, 80
COOKIE = struct.pack(">I", c.COOKIE)
KINDS = {}


def kind(function):
    KINDS[function.__name__.replace("_", " ")] = function
    return function


class Traffic:
    """Two hosts and some randomness."""

    def __init__(self, seed):
        self.r = random.Random(seed)
        self.packets = []
        self.six = self.r.random() < 0.3
        host = lambda: f"2001:db8::{self.r.randrange(1, 9):x}" if self.six else f"192.0.2.{self.r.randrange(1, 250)}"
        self.a, self.b = host(), host()

    def port(self):
        return self.r.choice((self.r.randrange(1024, 65536), 53, 443, 3478, 5349, 19302))

    def both(self, port, ask, answer, sport=None):
        sport = sport or self.r.randrange(1024, 65536)
        self.packets += [c.udp(self.a, sport, self.b, port, ask), c.udp(self.b, port, self.a, sport, answer)]

    def one(self, payload, port=None):
        self.packets.append(c.udp(self.a, self.r.randrange(1024, 65536), self.b, port or self.port(), payload))

    def some(self, least, most):
        return self.r.randbytes(self.r.randrange(least, most))


def dns_message(t, answer):
    ident = t.r.choice((1, 2, 0x101, 0x111, 0x102, 0x112, t.r.randrange(65536)))
    name = b"".join(bytes([len(p)]) + p for p in (b"stun", t.r.choice((b"example", b"rtc")), b"org")) + b"\0"
    head = struct.pack(">HHHHHH", ident, 0x8180 if answer else 0x0100, 1, answer, 0, 0)
    return head + name + b"\0\1\0\1" + (b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\x21\x12\xa4\x42" if answer else b"")


@kind
def dns(t):
    """With identifiers that are STUN's types, and an address that is its cookie."""
    t.both(53, dns_message(t, 0), dns_message(t, 1))


@kind
def dhcp_and_bootp(t):
    """It starts with 0x0101, which is a classic answer's type; some are as long as their third and fourth byte claim."""
    body = bytes([1, 1, 6, 0]) + t.r.randbytes(4) + bytes(228) + b"\x63\x82\x53\x63\x35\1\1\xff"
    t.both(67, body.ljust(t.r.choice((300, 1556)), b"\0"), (b"\2" + body[1:]).ljust(300, b"\0"), 68)


@kind
def ntp_tftp_radius_snmp(t):
    t.both(123, b"\x23" + t.r.randbytes(47), b"\x24" + t.r.randbytes(47))
    t.both(69, b"\0\1file\0octet\0", b"\0\3\0\1" + t.some(0, 512))
    size = t.r.randrange(20, 200)
    t.both(1812, struct.pack(">BBH", 1, 1, size) + t.r.randbytes(size - 4), struct.pack(">BBH", 2, 1, 20) + t.r.randbytes(16))
    t.both(161, b"\x30\x26\2\1\1\4\6public" + t.some(10, 60), b"\x30\x26\2\1\1\4\6public" + t.some(10, 60))


@kind
def rtp_rtcp_dtls_zrtp(t):
    t.both(5004, b"\x80\x60" + t.r.randbytes(170), b"\x90\xe0" + t.r.randbytes(170))
    t.both(5005, b"\x80\xc8\0\6" + t.r.randbytes(24), b"\x81\xc9\0\7" + t.r.randbytes(28))
    t.both(5004, b"\x16\xfe\xff" + bytes(8) + b"\0\x20" + t.r.randbytes(32), b"\x17\xfe\xfd" + bytes(8) + b"\0\x20" + t.r.randbytes(32))
    t.one(b"\x10\0" + t.r.randbytes(2) + b"ZRTP" + t.some(8, 60))


@kind
def quic_wireguard_openvpn_ike(t):
    t.both(443, b"\xc3\0\0\0\1\x08" + t.some(40, 1200), b"\x40" + t.some(40, 1200))
    t.both(51820, b"\1\0\0\0" + t.r.randbytes(144), b"\2\0\0\0" + t.r.randbytes(88))
    t.both(51820, b"\4\0\0\0" + t.r.randbytes(28), b"\3\0\0\0" + t.r.randbytes(60))
    t.both(1194, b"\x38" + t.r.randbytes(41), b"\x40" + t.r.randbytes(25))
    t.both(500, t.r.randbytes(8) + bytes(8) + b"\x21\x20\x22\x08" + t.some(30, 300), t.r.randbytes(16) + b"\x21\x20\x22\x20" + t.some(30, 300))


@kind
def sip_ssdp_mdns_syslog_text(t):
    for line in (b"OPTIONS sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1\r\n\r\n", b"M-SEARCH * HTTP/1.1\r\nMAN: \"ssdp:discover\"\r\n\r\n",
                 b"<34>1 2026-11-21T00:00:00Z host app - - - text", b"d1:ad2:id20:" + t.r.randbytes(20) + b"e1:q4:ping1:y1:qe"):
        t.one(line)


@kind
def games_coap_utp_gtp_vxlan(t):
    t.both(27015, b"\xff\xff\xff\xffTSource Engine Query\0", b"\xff\xff\xff\xffI" + t.some(20, 100))
    t.both(5683, b"\x40\1" + t.some(4, 60), b"\x60\x45" + t.some(4, 60))
    t.both(6881, b"\1\0" + t.r.randbytes(18), b"\x21\0" + t.r.randbytes(18))
    t.both(2152, b"\x30\xff" + t.some(8, 90), b"\x32\1\0\4" + t.r.randbytes(8))
    t.both(4789, b"\x08\0\0\0" + t.some(8, 90), b"\x08\0\0\0\0\0\1\0" + t.some(8, 90))
    t.both(3544, t.some(8, 90), b"\0\0" + t.some(8, 90))


@kind
def the_cookie_in_another_place(t):
    """Or in its own, with a type or a length that no message has."""
    size = t.r.randrange(0, 100) * 4
    message = struct.pack(">HH", t.r.choice((1, 0x101, 3)), size) + COOKIE + t.r.randbytes(12 + size)
    at = t.r.choice((0, 1, 2, 3, 5, 6, 7, 8, 12, 16))
    noise = bytearray(t.r.randbytes(20 + size))
    noise[at:at + 4] = COOKIE
    if noise[4:8] != COOKIE:
        t.one(bytes(noise))
    t.one(bytes([message[0] | t.r.choice((0x40, 0x80, 0xC0))]) + message[1:])
    t.one(message[:-t.r.randrange(1, len(message) + 1)][: len(message) - 1])
    t.one(message[:2] + struct.pack(">H", size + t.r.choice((1, 2, 3, 4))) + message[4:])
    t.one(message[:2] + struct.pack(">H", max(size - t.r.choice((1, 2, 3)), 1)) + message[4:] + b"\0")
    t.one(message[:4] + bytes([message[4] ^ 1 << t.r.randrange(8)]) + message[5:])


@kind
def near_classic(t):
    """Its types, its length, and nobody who answers; or an answer that nobody asked for; or attributes that do not add up."""
    port = t.r.randrange(10000, 60000)
    t.one(struct.pack(">HH", t.r.choice((1, 2)), 0) + t.r.randbytes(16), port)
    t.one(struct.pack(">HH", t.r.choice((0x101, 0x111, 0x102, 0x112)), 8) + t.r.randbytes(16) + c.attr(1, b"\0\1" + t.r.randbytes(6)), port)
    t.one(struct.pack(">HH", 1, 8) + t.r.randbytes(16) + struct.pack(">HH", 3, 5) + bytes(4), 3478)
    t.one(struct.pack(">HH", 1, 8) + t.r.randbytes(16) + c.attr(0x0777, bytes(4)), port)
    t.one(struct.pack(">HH", 1, 7) + t.r.randbytes(16 + 7), 3478)
    t.one(struct.pack(">HH", 3, 8) + t.r.randbytes(16) + struct.pack(">HHI", 0x0F, 4, 0x72C64BC7))


@kind
def echoes(t):
    """Everything comes back as it was, and STUN's own types too."""
    body = t.some(0, 10) * 4
    message = struct.pack(">HH", t.r.choice((1, 2)), len(body)) + t.r.randbytes(16) + body
    port = t.r.randrange(10000, 60000)
    t.both(port, message, message)
    noise = t.some(1, 200)
    t.both(7, noise, noise)


@kind
def channel_data_without_stun(t):
    payload = t.some(0, 200)
    t.both(3478, c.channel_data(0x4000 + t.r.randrange(0xFFF), payload), c.channel_data(0x4001, payload))
    t.one(struct.pack(">HHQ", 0xFF10, 8 + len(payload), 5) + payload)


@kind
def noise(t):
    t.one(t.some(0, 1400))
    t.packets.append(t.some(0, 200))
    packet = bytearray(c.udp(t.a, 1, t.b, 2, t.some(0, 60)))
    for _ in range(t.r.randrange(1, 6)):
        packet[t.r.randrange(len(packet))] = t.r.randrange(256)
    t.packets.append(bytes(packet))


@kind
def quotations_and_fragments(t):
    t.packets.append(c.icmp_error(t.b, t.a, c.udp(t.a, 5, t.b, 53, dns_message(t, 0))[:t.r.randrange(20, 80)]))
    if not t.six:
        ident = t.r.randrange(65536)
        t.packets += [c.ip(t.a, t.b, 17, t.r.randbytes(64), ident=ident, fragment=0x2000 | 8 * n) for n in range(3)]


@kind
def tcp(t):
    """Web, TLS, a shell, and files that hold STUN messages, but not at a segment's beginning."""
    connection = c.Connection(t.packets, t.a, t.r.randrange(1024, 65536), t.b, t.r.choice((22, 25, 80, 443, 3478)), t.r.randrange(1 << 32))
    for _ in range(6):
        connection.client(t.r.choice((b"GET / HTTP/1.1\r\n\r\n", b"\x16\3\1\2\0\1\0\1\xfc\3\3" + t.some(20, 400), t.some(1, 900))))
        connection.server(t.r.choice((b"HTTP/1.1 200 OK\r\n\r\n" + c.stun(1) * 3, b"\x17\3\3" + t.some(2, 900), b"x" + c.stun(0x101, 2))))
        connection.client(struct.pack(">HH", 1, t.r.choice((1, 2, 3, 5))) + COOKIE + t.r.randbytes(12))
        connection.server(bytes([t.r.choice((0x40, 0x80))]) + c.stun(1)[1:], b"\0\x15" + c.stun(1), b"\2\0\0\x14" + t.some(20, 40))


def make(name, number, with_message):
    t = Traffic(f"{name} {number}")
    while len(t.packets) < PACKETS:
        KINDS[name](t)
    if with_message:
        t.packets.insert(t.r.randrange(len(t.packets)), c.udp("198.51.100.1", 5000, "198.51.100.2", 6000, c.stun(1, 77)))
    return c.pcap(t.packets)


def found(rtcshim, folder, with_message):
    """How many messages are found in each kind's captures; and the status."""
    files = []
    for name in KINDS:
        for number in range(CAPTURES_A_KIND):
            files.append(os.path.join(folder, f"{name}-{number}.pcap"))
            with open(files[-1], "wb") as out:
                out.write(make(name, number, with_message))
    run = subprocess.run([rtcshim, "decode", "-j", *files], capture_output=True)
    events = [json.loads(line) for line in run.stdout.splitlines()]
    if run.returncode != 0:
        print(run.stderr.decode(errors="replace"))
    return run.returncode, collections.Counter(os.path.basename(e["pcap_filename"]).split("-")[0] for e in events), events


def main(rtcshim):
    passed = failed = 0

    def check(good, name, event=""):
        nonlocal passed, failed
        passed, failed = passed + bool(good), failed + (not good)
        print(f"{'' if good else 'not '}ok - {name}" + ("" if good else f": {event}"))

    with tempfile.TemporaryDirectory() as folder:
        status, counts, events = found(rtcshim, folder, False)
        check(status == 0, f"{CAPTURES_A_KIND * len(KINDS)} captures without STUN are read")
        for name in KINDS:
            first = next((e for e in events if os.path.basename(e["pcap_filename"]).startswith(name + "-")), None)
            check(counts[name] == 0, f"nothing is found in {name}", json.dumps(first))
        status, counts, events = found(rtcshim, folder, True)
        one = all(e["pcap_filename"] and e["stun"]["txid"] == c.txid(77).hex() for e in events if "stun" in e)
        check(status == 0 and one and all(counts[name] == CAPTURES_A_KIND for name in KINDS if name != "channel data without stun"),
              "one message among them is found in each", counts)
    print(f"{passed} passed, {failed} failed")
    return failed > 0 or passed == 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
