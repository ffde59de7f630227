"""
What passed on the links: a capture of each by dumpcap, and every packet of it taken apart here, apart from the analyzer of this tree.

with Dump(lab, ["eth0", "tun0"]) as dump: ...; then dump.packets("eth0"). A link may go down or away while it is watched. wire.py watches without
files, for visits that send little.
"""

import collections
import contextlib
import ipaddress
import json
import os
import re
import shutil
import socket
import struct
import subprocess
import tempfile

import lab
from checks import fail_early, wait_for

COOKIE = b"\x21\x12\xa4\x42"
MARK_ETHERTYPE = 0x88B5     # for experiments within one's own network
ETH_P_IP, ETH_P_IPV6 = 0x0800, 0x86DD
TCP, UDP = 6, 17
PCAP_MAGIC, LINKTYPE_ETHERNET = 0xA1B2C3D4, 1
DNS_PORT, MDNS_PORT = 53, 5353

# at: seconds; proto "UDP", "TCP" or "other"
Packet = collections.namedtuple("Packet", "at link proto src sport dst dport payload")


def _transport(link, at, whole):
    kind, = struct.unpack_from("!H", whole, 12)
    if kind == ETH_P_IP:
        protocol, start = whole[23], 14 + (whole[14] & 15) * 4
        src, dst = (str(ipaddress.ip_address(whole[a:a + 4])) for a in (26, 30))
        end = 14 + struct.unpack_from("!H", whole, 16)[0]
    elif kind == ETH_P_IPV6:
        protocol, start = whole[20], 54
        src, dst = (str(ipaddress.ip_address(whole[a:a + 16])) for a in (22, 38))
        end = 54 + struct.unpack_from("!H", whole, 18)[0]
    else:
        return Packet(at, link, "other", "", 0, "", 0, b"")
    if protocol not in (TCP, UDP) or start + 8 > len(whole):
        return Packet(at, link, "other", src, 0, dst, 0, whole[start:end])
    sport, dport = struct.unpack_from("!HH", whole, start)
    data = start + (8 if protocol == UDP else (whole[start + 12] >> 4) * 4)
    return Packet(at, link, "UDP" if protocol == UDP else "TCP", src, sport, dst, dport, whole[data:max(end, data)])


def read_pcap(path, link):
    with open(path, "rb") as file:
        content = file.read()
    magic, linktype = struct.unpack_from("<I16xI", content)
    if magic != PCAP_MAGIC or linktype != LINKTYPE_ETHERNET:
        raise ValueError(f"{path}: not a capture of Ethernet that dumpcap -P wrote here")
    pos = 24
    while pos + 16 <= len(content):
        seconds, micros, captured, _ = struct.unpack_from("<IIII", content, pos)
        whole = content[pos + 16:pos + 16 + captured]
        pos += 16 + captured
        if whole[12:14] != struct.pack("!H", MARK_ETHERTYPE):
            yield _transport(link, seconds + micros / 1e6, whole)


class Dump:
    def __init__(self, lab_, links):
        self.lab, self.links = lab_, links
        self.processes = {}
        self._packets = {}

    def delete(self):
        """The files; what was read of them stays."""
        shutil.rmtree(self.dir)

    def path(self, link):
        return f"{self.dir}/{link}.pcap"

    def __enter__(self):
        if shutil.which("dumpcap") is None:
            fail_early("this test needs: apt-get install wireshark-common")
        self.dir = tempfile.mkdtemp(prefix="dump-", dir=self.lab.dir)
        for link in self.links:
            self.processes[link] = subprocess.Popen(["dumpcap", "-P", "-q", "-B", "32", "-i", link, "-w", self.path(link)],
                                                    stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        for link, process in self.processes.items():
            said = ""
            for line in process.stderr:
                said += line
                if line.startswith("File:"):
                    break
            else:
                raise RuntimeError(f"dumpcap on {link} ended: {said}")
        return self

    def __exit__(self, failed, *_):
        try:
            for link, process in self.processes.items():
                if failed is None and process.poll() is None:
                    with contextlib.suppress(OSError):      # a link that is down or gone carries no last packet
                        self._await_all(link)
        finally:
            for process in self.processes.values():
                lab.stop(process)
                process.stderr.close()

    def _await_all(self, link):
        """Send a packet of our own last, and wait until the capture has it."""
        mark = b"rtcshim last" + os.urandom(16)
        with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as sock:
            sock.bind((link, 0))
            sock.send(bytes(12) + struct.pack("!H", MARK_ETHERTYPE) + mark + bytes(32))

        def written():
            with open(self.path(link), "rb") as file:
                file.seek(max(0, os.path.getsize(self.path(link)) - (1 << 20)))
                return mark in file.read()
        wait_for(written, 30, f"dumpcap on {link} to write the last packet")

    def packets(self, link):
        if link not in self._packets:
            self._packets[link] = list(read_pcap(self.path(link), link))
        return self._packets[link]

    def decoded(self, link):
        """The STUN messages that this tree's analyzer finds there."""
        done = subprocess.run([f"{lab.build_dir()}/rtcshim-analyzer", "decode", "-j", self.path(link)], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"decode of {link} ended with {done.returncode}: {done.stderr}")
        return [json.loads(line) for line in done.stdout.splitlines()]


def is_stun(packet):
    """The cookie where a message over UDP has it; anywhere in TCP, where messages start anywhere."""
    return packet.payload[4:8] == COOKIE if packet.proto == "UDP" else packet.proto == "TCP" and COOKIE in packet.payload


def kind(packet):
    ports = (packet.sport, packet.dport)
    if is_stun(packet):
        return "STUN"
    if packet.proto == "UDP" and MDNS_PORT in ports:
        return "mDNS"
    if DNS_PORT in ports:
        return "DNS"
    return packet.proto


def line(packet):
    return f"{packet.link} {kind(packet)} {packet.src}:{packet.sport} > {packet.dst}:{packet.dport} {packet.payload[:24].hex()}"


def tally(packets):
    return collections.Counter(kind(p) for p in packets)


def names(packet, address):
    """
    Does the packet tell the address: its text, its bytes, or as STUN masks them? An IPv4 address in STUN counts where an attribute of RFC 8489
    has it, behind family and port: a call carries millions of random bytes, and any four of them are found there sooner or later.
    """
    ip = ipaddress.ip_address(address)
    masks = [COOKIE] if ip.version == 4 else [COOKIE + packet.payload[8:20]]
    forms = [ip.packed] + [bytes(a ^ b for a, b in zip(ip.packed, mask)) for mask in masks if len(mask) == len(ip.packed)]
    if ip.version == 4 and is_stun(packet):
        pattern = rb"\x00\x01..(?:" + b"|".join(map(re.escape, forms)) + rb")"
        return address.encode() in packet.payload or re.search(pattern, packet.payload, re.DOTALL) is not None
    return any(form in packet.payload for form in [address.encode(), *forms])
