"""
Watches the lab's links while a browser runs: every STUN message and every TCP connection that is opened, by the link that carried it.

with Wire() as wire: ...; then wire.stun("out"), wire.links(...). It reads packet sockets in the client namespace, so it sees what leaves
whoever sent it and however: it is the judge, and knows nothing of rtcshim.
"""

import ipaddress
import select
import socket
import struct
import threading
import time
from collections import Counter, namedtuple

ETH_P_ALL, ETH_P_IPV4, ETH_P_IPV6 = 0x0003, 0x0800, 0x86DD
TCP, UDP = 6, 17
IPV6_HEADER_BYTES, ETHERNET_BYTES = 40, 14
TCP_SYN, TCP_ACK = 0x02, 0x10
SOL_PACKET, PACKET_STATISTICS = 263, 6
STUN_COOKIE, STUN_HEADER_BYTES = b"\x21\x12\xa4\x42", 20
BUFFER_BYTES = 16 << 20

# kind: "stun" a STUN or TURN message, "syn" a TCP connection that is opened, "channel" TURN ChannelData, "udp" other datagrams
Packet = namedtuple("Packet", "time link direction kind proto src sport dst dport type txid")


def _transport(data):
    """(protocol, source, destination, payload of IP) of a frame without its Ethernet header; None where it is neither TCP nor UDP."""
    version = data[0] >> 4
    if version == 4:
        start, proto = (data[0] & 15) * 4, data[9]
        if struct.unpack("!H", data[6:8])[0] & 0x1FFF:
            return None     # a later fragment has no ports
        end = struct.unpack("!H", data[2:4])[0]
        src, dst = data[12:16], data[16:20]
    elif version == 6:
        start, proto, src, dst = IPV6_HEADER_BYTES, data[6], data[8:24], data[24:40]
        end = start + struct.unpack("!H", data[4:6])[0]
    else:
        return None
    if proto not in (TCP, UDP):
        return None
    return proto, str(ipaddress.ip_address(src)), str(ipaddress.ip_address(dst)), data[start:end]


def _is_stun(payload, at=0):
    return (len(payload) >= at + STUN_HEADER_BYTES and payload[at] & 0xC0 == 0 and payload[at + 3] % 4 == 0
            and payload[at + 4:at + 8] == STUN_COOKIE)


def stun_starts(payload):
    """Where STUN messages start in a TCP segment, whatever stands before them."""
    at = payload.find(STUN_COOKIE, 4)
    while at >= 0:
        if _is_stun(payload, at - 4):
            yield at - 4
        at = payload.find(STUN_COOKIE, at + 1)


def packets_of(frame, link, direction, when=0.0):
    """What one Ethernet frame holds."""
    if len(frame) < ETHERNET_BYTES + 20 or struct.unpack("!H", frame[12:14])[0] not in (ETH_P_IPV4, ETH_P_IPV6):
        return
    found = _transport(frame[ETHERNET_BYTES:])
    if found is None:
        return
    proto, src, dst, segment = found
    if len(segment) < (8 if proto == UDP else 20):
        return
    sport, dport = struct.unpack("!HH", segment[:4])

    def packet(kind, message=b""):
        kind_of, txid = (struct.unpack("!H", message[:2])[0], message[8:20].hex()) if message else (None, None)
        return Packet(when, link, direction, kind, "UDP" if proto == UDP else "TCP", src, sport, dst, dport, kind_of, txid)

    if proto == UDP:
        payload = segment[8:]
        if _is_stun(payload):
            yield packet("stun", payload)
        elif len(payload) >= 4 and payload[0] & 0xF0 == 0x40 and 3478 in (sport, dport):
            yield packet("channel")
        else:
            yield packet("udp")
        return
    if segment[13] & (TCP_SYN | TCP_ACK) == TCP_SYN:
        yield packet("syn")
    payload = segment[(segment[12] >> 4) * 4:]
    for at in stun_starts(payload):
        yield packet("stun", payload[at:])


class Wire:
    def __init__(self, links=("eth0", "tun0")):
        self.packets = []
        self.dropped = 0        # frames that the kernel had no room for: a test must want 0
        self._sockets = {}
        for link in links:
            sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER_BYTES)
            sock.bind((link, ETH_P_ALL))
            sock.setblocking(False)
            self._sockets[sock] = link
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._loop, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._end.set()
        self._thread.join()
        for sock in self._sockets:
            self._drain(sock)
            self.dropped += struct.unpack("II", sock.getsockopt(SOL_PACKET, PACKET_STATISTICS, 8))[1]
            sock.close()

    def _loop(self):
        while not self._end.is_set():
            for sock in select.select(list(self._sockets), [], [], 0.1)[0]:
                self._drain(sock)

    def _drain(self, sock):
        while True:
            try:
                frame, (_, _, kind, _, _) = sock.recvfrom(65536)
            except BlockingIOError:
                return
            direction = "out" if kind == socket.PACKET_OUTGOING else "in"
            self.packets.extend(packets_of(frame, self._sockets[sock], direction, time.monotonic()))

    # ---- questions ----

    def of(self, kind, **wanted):
        return [p for p in self.packets if p.kind == kind and all(getattr(p, name) == value for name, value in wanted.items())]

    def stun(self, **wanted):
        return self.of("stun", **wanted)

    def count(self, kind="stun", direction="out"):
        """How many of a kind left (or came) by link."""
        return Counter(p.link for p in self.of(kind, direction=direction))
