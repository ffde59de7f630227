#!/usr/bin/env python3
"""A run's folder with a capture that holds one of everything, and a look at what became of it.

noted_run.py make DIR              write DIR/run.json, events.ndjson, wire.pcapng
noted_run.py strip ORIGINAL NOTED  remove records, comments and processes that rtcshim added: exit 0 if the rest is ORIGINAL
noted_run.py secrets FILE          print each address or name of the run that FILE still holds, in any form
"""
import ipaddress
import json
import os
import struct
import sys

START = 1795263811  # 2026-11-21T12:23:31Z
SERVER, TUN, ETH, MAPPED, EXIT = "198.51.100.10", "10.8.0.2", "192.168.1.23", "203.0.113.23", "203.0.113.8"
NAME = "alices-browser\n__REALTIME_TIMESTAMP=1\x1b[31m\u202e"
MACS = bytes.fromhex("5e0102030405"), bytes.fromhex("5e0a0b0c0d0e")
HOST = "stun.alice.example.org"
COOKIE = 0x2112A442


class Section:
    """Blocks of one byte order."""

    def __init__(self, order):
        self.order = order
        self.out = b""

    def pack(self, form, *values):
        return struct.pack(self.order + form, *values)

    def block(self, kind, body):
        body += bytes(-len(body) % 4)
        self.out += self.pack("II", kind, len(body) + 12) + body + self.pack("I", len(body) + 12)

    def option(self, code, value):
        return self.pack("HH", code, len(value)) + value + bytes(-len(value) % 4)

    def header(self, application):
        options = self.option(4, application) + self.option(0, b"")
        self.block(0x0A0D0D0A, self.pack("IHHq", 0x1A2B3C4D, 1, 0, -1) + options)

    def interface(self, name, resolution):
        options = self.option(2, name) + self.option(9, bytes([resolution])) + self.option(0, b"")
        self.block(1, self.pack("HHI", 1, 0, 262144) + options)

    def packet(self, interface, microseconds, data, options=b""):
        units = (START * 10**6 + microseconds) * (1000 if interface else 1)
        head = self.pack("IIIII", interface, units >> 32, units & 0xFFFFFFFF, len(data), len(data))
        self.block(6, head + data + bytes(-len(data) % 4) + options)


def checksum(data):
    data += bytes(len(data) % 2)
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return 0xFFFF - total


def udp(source, destination, payload):
    (src, sport), (dst, dport) = source, destination
    src, dst = ipaddress.ip_address(src).packed, ipaddress.ip_address(dst).packed
    length = 8 + len(payload)
    head = struct.pack(">HHHH", sport, dport, length, 0)
    pseudo = src + dst + struct.pack(">HH", 17, length)
    head = head[:6] + struct.pack(">H", checksum(pseudo + head + payload) or 0xFFFF)
    ip = struct.pack(">BBHHHBBH", 0x45, 0, 20 + length, 1, 0, 64, 17, 0) + src + dst
    ip = ip[:10] + struct.pack(">H", checksum(ip)) + ip[12:]
    return MACS[0] + MACS[1] + b"\x08\x00" + ip + head + payload


def stun(kind, number, attributes=b""):
    return struct.pack(">HHI", kind, len(attributes), COOKIE) + number.to_bytes(12, "big") + attributes


def attribute(kind, value):
    return struct.pack(">HH", kind, len(value)) + value + bytes(-len(value) % 4)


def xor_mapped(ip, port):
    ip = int(ipaddress.ip_address(ip)) ^ COOKIE
    return attribute(0x20, struct.pack(">BBHI", 0, 1, port ^ (COOKIE >> 16), ip))


def stun_event(number, source, destination, out, kind, iface, action, seq, error=None):
    return {
        "event_type": "stun", "witness": "shim", "seq": seq, "src_ip": source[0], "src_port": source[1],
        "dest_ip": destination[0], "dest_port": destination[1], "proto": "UDP", "direction": "out" if out else "in",
        "in_iface": iface, "iface_source": "address",
        "process": {"pid": 117, "tid": 118, "name": NAME, "thread": None, "role": "socket"},
        "hook": {"call": "sendto" if out else "recvfrom", "fd": 3, "result": -1 if error else 20, "errno": error, "caller": None},
        "stun": {"class": kind, "method": "binding", "txid": f"{number:024x}", "length": 0, "attributes": [],
                 **({"mapped": {"ip": MAPPED if iface == "eth0" else EXIT, "port": source[1]}} if kind == "success" else {})},
        "verdict": {"action": action, "rule": "observe:default"},
    }


def other_event(kind, seq, call, rest):
    return {
        "event_type": kind, "witness": "shim", "seq": seq,
        "process": {"pid": 117, "tid": 118, "name": NAME, "thread": None, "role": "socket"},
        "hook": {"call": call, "fd": 4, "result": 0, "errno": None, "caller": None}, kind: rest,
        "verdict": {"action": "allow", "rule": "observe:default"},
    }


def make(folder):
    os.makedirs(folder, 0o700, exist_ok=True)
    server = (SERVER, 3478)
    events = []

    def event(microseconds, what):
        events.append({"timestamp": f"2026-11-21T12:23:31.{microseconds:06d}+0000", **what})

    first = Section("<")
    first.header(b"rtcshim-analyzer 0.1.0")
    first.interface(b"eth0", 6)
    first.interface(b"tun0", 9)
    # What else a capture may hold: a name, secrets, a custom block, something not invented yet.
    first.block(4, first.pack("HH", 1, 4 + 12) + ipaddress.ip_address(SERVER).packed + b"stun.exampl\0" + first.pack("HH", 0, 0))
    first.block(10, first.pack("II", 0x544C534B, 8) + b"CLIENT_R")
    first.block(0xBAD, first.pack("I", 32473) + b"custom data.")
    first.block(0x0BADF00D, b"from the future.")

    def exchange(at, number, iface, mine, mapped):
        """A request and its answer, each captured 10 us before the shim tells of it."""
        event(at + 10, stun_event(number, mine, server, True, "request", iface, "allow", len(events) + 1))
        first.packet(iface == "tun0", at, udp(mine, server, stun(1, number, attribute(6, b"alice:bob"))))
        answer = stun(0x101, number, xor_mapped(mapped, mine[1]) + attribute(0x8022, b"Server of alice"))
        first.packet(iface == "tun0", at + 500, udp(server, mine, answer),
                     first.option(1, b"a comment that was there") + first.option(0, b""))
        event(at + 520, stun_event(number, server, mine, False, "success", iface, "allow", len(events) + 1))

    first.packet(0, 0, MACS[0] + MACS[1] + b"\x08\x06" + bytes(28))
    event(100, other_event("enumeration", 1, "getifaddrs", {
        "via": "getifaddrs", "request": None, "answered": True, "complete": True,
        "shown": [{"iface": "eth0", "ip": ETH}, {"iface": "tun0", "ip": TUN}], "hidden": []}))
    event(200, other_event("dns", 2, "getaddrinfo", {
        "type": "answer", "question": HOST, "answers": [{"type": "A", "data": SERVER}], "via": "getaddrinfo"}))
    exchange(1000, 1, "tun0", (TUN, 5000), EXIT)
    exchange(3000, 2, "eth0", (ETH, 5001), MAPPED)
    event(5000, stun_event(3, (TUN, 5000), server, True, "request", "tun0", "deny", len(events) + 1, "ENETUNREACH"))
    event(5200, stun_event(4, (TUN, 5000), server, True, "request", "tun0", "allow", len(events) + 1))  # nothing of it is captured
    event(5500, other_event("probe", len(events) + 1, "connect", {
        "target": {"ip": "8.8.8.8", "port": 53}, "answer": {"ip": TUN, "port": 0}}))
    first.packet(1, 7000, udp((TUN, 5002), (SERVER, 3478), stun(1, 9)))  # nobody tells of this one
    first.block(5, first.pack("III", 0, 0, 0))
    second = Section(">")
    second.header(b"rtcshim-analyzer 0.1.0")
    second.interface(b"eth0", 6)
    second.interface(b"tun0", 9)
    second.packet(1, 9000, udp((TUN, 5000), server, stun(1, 5)))
    event(9010, stun_event(5, (TUN, 5000), server, True, "request", "tun0", "allow", len(events) + 1))
    with open(f"{folder}/wire.pcapng", "wb") as out:
        out.write(first.out + second.out)
    with open(f"{folder}/events.ndjson", "w", encoding="utf-8") as out:
        out.writelines(json.dumps(e) + "\n" for e in events)
    interface = {"up": True, "running": True, "loopback": False, "mtu": 1500}
    run = {
        "schema": 1, "rtcshim": "0.1.0", "command": ["/opt/alice/browser"], "start": "2026-11-21T12:23:31.000000Z",
        "end": "2026-11-21T12:23:32.000000Z", "complete": True, "exit_status": 0,
        "host": {"kernel": "6.1", "machine": "x86_64", "libc": "2.36"}, "browser": None,
        "policy": {"name": "observe", "generation": 1, "vpn": None, "source": "default allow\n", "enforced": [], "hidden": [],
                   "rules": [], "default": "allow", "changes": [], "changes_left_out": 0},
        "network": {"start": {
            "interfaces": [{"iface": "eth0", "index": 2, "kind": "veth", **interface}, {"iface": "tun0", "index": 3, "kind": "tun", **interface}],
            "addresses": [{"iface": "eth0", "ip": ETH, "prefix": 24}, {"iface": "tun0", "ip": TUN, "prefix": 24}],
            "routes": [{"to": "0.0.0.0/0", "via": "10.8.0.1", "iface": "tun0", "src": None, "table": 254, "metric": 0}]}, "changes": []},
        "processes": [{"pid": 117, "name": NAME, "role": "socket", "coverage": "covered"}],
        "capture": {"file": "wire.pcapng", "interfaces": ["eth0", "tun0"], "started": "2026-11-21T12:23:30.900000Z",
                    "ended": "2026-11-21T12:23:32.000000Z", "packets": 7, "dropped": 0, "status": "complete", "reason": None},
        "events": len(events), "events_lost": 0,
    }
    with open(f"{folder}/run.json", "w", encoding="utf-8") as out:
        json.dump(run, out)


def blocks(data):
    order, at = "<", 0
    while at < len(data):
        if data[at:at + 4] == b"\x0a\x0d\x0d\x0a":
            order = "<" if data[at + 8:at + 12] == b"\x4d\x3c\x2b\x1a" else ">"
        kind, total = struct.unpack_from(order + "II", data, at)
        yield order, kind, data[at:at + total]
        at += total


def without_notes(order, block):
    """A packet's block without the options that rtcshim put in front of its own."""
    captured, = struct.unpack_from(order + "I", block, 20)
    start = at = 28 + captured + -captured % 4
    while at < len(block) - 4:
        code, size = struct.unpack_from(order + "HH", block, at)
        ours = code == 0x8001 or (code == 1 and block[at + 4:at + 13] == b"rtcshim: ")
        if not ours:
            break
        at += 4 + size + -size % 4
    rest = block[at:-4]
    if at > start and rest == bytes(4):
        rest = b""  # an end of options that was not needed before
    total = struct.pack(order + "I", start + len(rest) + 4)
    return block[:4] + total + block[8:start] + rest + total


def strip(original, noted):
    left = b""
    with open(noted, "rb") as file:
        for order, kind, block in blocks(file.read()):
            if kind == 0x80000001 or (kind == 9 and b"SYSLOG_IDENTIFIER=rtcshim\n" in block):
                continue
            left += without_notes(order, block) if kind == 6 else block
    with open(original, "rb") as file:
        return left == file.read()


def secrets(path):
    with open(path, "rb") as file:
        data = file.read()
    found = []
    for address in (SERVER, TUN, ETH, MAPPED, EXIT):
        packed = ipaddress.ip_address(address).packed
        masked = bytes(a ^ b for a, b in zip(packed, struct.pack(">I", COOKIE)))
        found += [f"{address} ({form})" for form, what in
                  (("packed", packed), ("little-endian", packed[::-1]), ("masked", masked), ("text", address.encode()),
                   ("hexadecimal", packed.hex().encode())) if what in data]
    found += [name for name in ("alice", "bob", "Server of") if name.encode() in data]
    found += [mac.hex() for mac in MACS if mac in data or mac.hex(":").encode() in data]
    return found


if __name__ == "__main__":
    if sys.argv[1] == "make":
        make(sys.argv[2])
    elif sys.argv[1] == "strip":
        sys.exit(not strip(sys.argv[2], sys.argv[3]))
    else:
        print("\n".join(secrets(sys.argv[2])))
