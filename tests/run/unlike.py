#!/usr/bin/python3
"""Captures of STUN where it is rarely looked for, each with every field of what `rtcshim decode -j` has to say of it.

    unlike.py RTCSHIM          prints a line for each capture, and how many passed and failed
"""
import json
import struct
import subprocess
import sys

import captures as c

CLIENT, SERVER, OTHER = "192.168.1.23", "198.51.100.10", "203.0.113.5"
CLIENT6, SERVER6 = "2001:db8:1::23", "2001:db8:ffff::10"
CASES = []


def case(function):
    CASES.append(function)
    return function


# --- what is expected ------------------------------------------------------------------------------------------------------------
def attribute(kind, name, length, **value):
    return {"type": f"0x{kind:04x}", "name": name, "length": length, **value}


def event(frame, src, sport, dst, dport, proto="UDP", label="direct", confidence="exact", vlan=None, wire=None, **what):
    """An event with all of its fields; what: stun or channel_data."""
    out = {"event_type": "stun", "witness": "wire", "pcap_cnt": frame, "src_ip": src, "src_port": sport, "dest_ip": dst,
           "dest_port": dport, "proto": proto, "in_iface": None, "iface_source": "unknown", **what,
           "wire": {"label": label, "interface_id": 0, **(wire or {})}}
    if confidence:
        out["wire"]["confidence"] = confidence
    if vlan:
        out["vlan"] = [vlan]
    return out


def told(cls="request", method="binding", number=1, length=0, attributes=(), **facts):
    return {"class": cls, "method": method, "txid": c.txid(number).hex(), "length": length, "attributes": list(attributes), **facts}


def told_classic(cls="request", number=1, length=0, attributes=(), method="binding", **facts):
    return {"class": cls, "method": method, "txid": (bytes(range(100, 115)) + bytes([number])).hex(), "length": length,
            "classic": True, "attributes": list(attributes), **facts}


def learned(ip, port=4000, number=1):
    return told("success", number=number, length=12 if ":" not in ip else 24, mapped={"ip": ip, "port": port},
                attributes=[attribute(0x20, "XOR-MAPPED-ADDRESS", 8 if ":" not in ip else 20, ip=ip, port=port)])


UP, DOWN = (CLIENT, 5000, SERVER, 3478), (SERVER, 3478, CLIENT, 5000)
REQUEST = c.udp(*UP, c.stun(1))
ANSWER = c.udp(*DOWN, c.stun(0x101, 1, c.mapped("203.0.113.7")))


# --- ports and types -------------------------------------------------------------------------------------------------------------
@case
def ports_that_other_protocols_own():
    packets, events = [], []
    for number, port in enumerate((53, 67, 80, 123, 443, 500, 1194, 1900, 2152, 3544, 4500, 4789, 5004, 5060, 5353, 6081, 8801, 51820), 1):
        packets += [c.udp(CLIENT, port, SERVER, 3478, c.stun(1, number)), c.udp(CLIENT, 5000, SERVER, port, c.stun(1, number))]
        events += [event(len(packets) - 1, CLIENT, port, SERVER, 3478, stun=told(number=number)),
                   event(len(packets), CLIENT, 5000, SERVER, port, stun=told(number=number))]
    return c.pcap(packets), events


@case
def types_0x0800_to_0x0805_with_the_cookie():
    """WhatsApp's: by the bits of RFC 8489 requests of the methods 0x200 to 0x205, that nobody registered."""
    packets, events = [], []
    for kind in range(0x0800, 0x0806):
        way, number = (UP, DOWN)[kind & 1], kind - 0x07FF
        packets.append(c.udp(*way, c.stun(kind, number, c.attr(0x4000, b"\x01\x02\x03\x04"))))
        events.append(event(len(packets), *way, stun=told(method=f"0x{kind - 0x600:04x}", number=number, length=8, attributes=[
            attribute(0x4000, None, 4, bytes="01020304")])))
    return c.pcap(packets), events


@case
def a_length_that_is_no_multiple_of_four():
    message = c.stun(0x0802, 1, struct.pack(">HH", 0x4002, 8) + bytes(8) + struct.pack(">HH", 0x4004, 9) + b"unpadded!")
    return c.pcap([c.udp(*DOWN, message), c.udp(*DOWN, message + b"\0")]), [
        event(1, *DOWN, confidence="loose", stun=told(method="0x0202", length=25, attributes=[
            attribute(0x4002, None, 8, bytes="00" * 8), attribute(0x4004, None, 9, bytes=b"unpadded!".hex())]))]


@case
def goog_ping_and_every_class_of_a_method():
    packets, events = [], []
    for kind, cls, method in ((0x0200, "request", "goog-ping"), (0x0300, "success", "goog-ping"), (0x0310, "error", "goog-ping"),
                              (0x0009, "request", "channel-bind"), (0x0016, "indication", "send"), (0x0017, "indication", "data"),
                              (0x3FFF, "error", "0x0fff")):
        packets.append(c.udp(*UP, c.stun(kind)))
        events.append(event(len(packets), *UP, stun=told(cls, method)))
    return c.pcap(packets), events


@case
def a_fingerprint_is_the_surest_and_a_bad_one_is_said():
    good = c.with_fingerprint(c.stun(1))
    crc = struct.unpack(">I", good[-4:])[0]
    bad = good[:-1] + bytes([good[-1] ^ 1])
    both = lambda value: [attribute(0x8028, "FINGERPRINT", 4, value=f"0x{value:08x}")]
    return c.pcap([c.udp(*UP, good), c.udp(*UP, bad)]), [
        event(1, *UP, confidence="fingerprint", stun=told(length=8, attributes=both(crc), fingerprint="ok")),
        event(2, *UP, stun=told(length=8, attributes=both(crc ^ 1), fingerprint="bad"))]


@case
def bytes_behind_a_message_and_a_message_that_was_cut():
    request = c.udp(*UP, c.stun(1, 1, c.attr(0x8022, b"software")))
    return c.pcap([c.udp(*UP, c.stun(1) + b"more"), (request[:-4], len(request))]), [
        event(1, *UP, confidence="loose", wire={"trailing": 4}, stun=told()),
        event(2, *UP, confidence="loose", stun=told(length=12, cut=True))]


# --- TCP -------------------------------------------------------------------------------------------------------------------------
def allocation(method="allocate"):
    """TURN's first four messages, and what is to be told of each."""
    ask, refused, again = (c.stun(3, 1, c.attr(0x19, b"\x11\0\0\0")), c.stun(0x113, 1, c.attr(9, b"\0\0\4\1Unauthorized")),
                           c.stun(3, 2, c.attr(0x19, b"\x11\0\0\0") + c.attr(6, b"user")))
    granted = c.stun(0x103, 2, c.attr(0x16, c.xor_address("198.51.100.77", 50000, 2)) + c.mapped("203.0.113.7", 4000, 2))
    transport = attribute(0x19, "REQUESTED-TRANSPORT", 4, protocol="UDP")
    error = {"code": 401, "reason": "Unauthorized"}
    return (ask, refused, again, granted), (
        told("request", method, 1, 8, [transport]),
        told("error", method, 1, 20, [attribute(9, "ERROR-CODE", 16, **error)], error=error),
        told("request", method, 2, 16, [transport, attribute(6, "USERNAME", 4, text="user")], username="user"),
        told("success", method, 2, 24, [attribute(0x16, "XOR-RELAYED-ADDRESS", 8, ip="198.51.100.77", port=50000),
                                        attribute(0x20, "XOR-MAPPED-ADDRESS", 8, ip="203.0.113.7", port=4000)],
             mapped={"ip": "203.0.113.7", "port": 4000}, xor_relayed={"ip": "198.51.100.77", "port": 50000}))


def turn_over_tcp(client, server, port, before=(), unsynced=False):
    packets = []
    (ask, refused, again, granted), told_all = allocation()
    connection = c.Connection(packets, client, 40000, server, port)
    for way, payload in before:
        connection.put(way, payload)
    first = len(packets)
    connection.client(ask)
    connection.server(refused)
    connection.client(again)
    connection.server(granted)
    connection.client(c.channel_data(0x4000, c.stun(1, 9)) + c.channel_data(0x4000, b"media") + bytes(3))
    up, down = (client, 40000, server, port), (server, port, client, 40000)
    events = []
    for number, stun in enumerate(told_all):
        stun = {**stun, "unsynced": True} if unsynced and number < 2 else stun
        events.append(event(first + 1 + number, *(up, down)[number & 1], proto="TCP", stun=stun))
    events.append(event(first + 5, *up, proto="TCP", confidence=None,
                        channel_data={"channel": "0x4000", "packets": 1, "bytes": 20, "nested": told(number=9)}))
    events.append(event(first + 5, *up, proto="TCP", confidence=None, channel_data={"channel": "0x4000", "packets": 1, "bytes": 5}))
    return c.pcap(packets), events


@case
def turn_over_tcp_port_80():
    return turn_over_tcp(CLIENT, SERVER, 80)


@case
def turn_over_tcp_and_ipv6():
    return turn_over_tcp(CLIENT6, SERVER6, 443)


@case
def turn_behind_http_connect():
    return turn_over_tcp(CLIENT, SERVER, 8080, [(0, b"CONNECT turn.example.org:80 HTTP/1.1\r\n\r\n"), (1, b"HTTP/1.1 200 OK\r\n\r\n")], True)


@case
def turn_behind_socks():
    return turn_over_tcp(CLIENT, SERVER, 1080, [(0, b"\5\1\0"), (1, b"\5\0"), (0, b"\5\1\0\1\xc6\x33\x64\x0a\x0d\x96"),
                                                (1, b"\5\0\0\1\0\0\0\0\0\0")], True)


@case
def turn_behind_a_pseudo_tls_handshake():
    """As MS-TURN section 2.1.1 and libwebrtc's ssltcp have it."""
    return turn_over_tcp(CLIENT, SERVER, 443, [(0, b"\x16\3\1\0\x2d\1\0\0\x29\3\1" + bytes(39)), (1, b"\x16\3\1\0\x4e\2\0\0\x46\3\1" + bytes(72))], True)


@case
def ice_tcp_frames_with_media_between():
    packets = []
    connection = c.Connection(packets, CLIENT, 40000, OTHER, 9)
    frame = lambda payload: struct.pack(">H", len(payload)) + payload
    rtp = b"\x80\x60" + bytes(30)
    connection.client(frame(c.stun(1)) + frame(rtp)[:7], frame(rtp)[7:] + frame(c.stun(1, 2))[:1], frame(c.stun(1, 2))[1:])
    up = (CLIENT, 40000, OTHER, 9)
    return c.pcap(packets), [event(3, *up, proto="TCP", stun=told(framed=True)),
                             event(5, *up, proto="TCP", stun=told(number=2, framed=True))]


@case
def a_byte_a_segment_backwards_across_the_end_of_sequence_numbers():
    message = c.stun(1, 1, c.attr(0x8022, b"software"))
    packets = [c.tcp(CLIENT, 40000, SERVER, 80, 0xFFFFFFEF, b"", c.SYN)]
    packets += [c.tcp(CLIENT, 40000, SERVER, 80, 0xFFFFFFF0 + n, message[n:n + 1]) for n in reversed(range(len(message)))]
    # The packet that completed it is the one that brought its last byte.
    return c.pcap(packets), [event(2, CLIENT, 40000, SERVER, 80, proto="TCP", stun=told(
        length=12, software="software", attributes=[attribute(0x8022, "SOFTWARE", 8, text="software")]))]


@case
def keepalives_and_retransmissions_with_other_bytes():
    first, second, other = c.stun(1), c.stun(1, 2), c.stun(1, 3)
    up = (CLIENT, 40000, SERVER, 80)
    return c.pcap([c.tcp(*up, 999, b"", c.SYN), c.tcp(*up, 1000, first), c.tcp(*up, 1019, b"\0"), c.tcp(*up, 1000, other),
                   c.tcp(*up, 1000, other + second), c.tcp(*up, 1039, b"")]), [
        event(2, *up, proto="TCP", stun=told()), event(5, *up, proto="TCP", stun=told(number=2))]


@case
def a_capture_that_ends_within_a_message():
    up, message = (CLIENT, 40000, SERVER, 80), c.stun(3, 1, c.attr(0x8022, b"software"))
    return c.pcap([c.tcp(*up, 999, b"", c.SYN), c.tcp(*up, 1000, message[:12]), c.tcp(*up, 1012, message[12:24])]), [
        event(2, *up, proto="TCP", confidence="loose", stun=told(method="allocate", length=12, cut=True))]


# --- quoted, nested, tunnelled -----------------------------------------------------------------------------------------------------
@case
def quoted_in_icmp_and_icmpv6_errors():
    request6 = c.udp(CLIENT6, 5000, SERVER6, 3478, c.stun(1, 2))
    tcp = c.tcp(CLIENT, 40000, SERVER, 80, 7, c.stun(3))
    return c.pcap([c.icmp_error(OTHER, CLIENT, REQUEST), c.icmp_error(SERVER6, CLIENT6, request6), c.icmp_error(OTHER, CLIENT, tcp)]), [
        event(1, *UP, label="quoted", stun=told()), event(2, CLIENT6, 5000, SERVER6, 3478, label="quoted", stun=told(number=2)),
        event(3, CLIENT, 40000, SERVER, 80, proto="TCP", label="quoted", confidence="loose", stun=told(method="allocate"))]


@case
def a_quotation_that_was_cut():
    """With the header it is told as cut; of eight bytes nothing can be said but that they look like STUN."""
    message = c.udp(*UP, c.stun(1, 1, c.attr(0x8022, b"software")))
    return c.pcap([c.icmp_error(OTHER, CLIENT, message[:28 + n]) for n in (0, 4, 8, 19, 20, 31)]), [
        event(5, *UP, label="quoted", confidence="loose", stun=told(length=12, cut=True)),
        event(6, *UP, label="quoted", confidence="loose", stun=told(length=12, cut=True))]


@case
def a_quoted_classic_request():
    request = c.udp(*UP, c.classic(1))
    return c.pcap([request, c.icmp_error(OTHER, CLIENT, request)]), [
        event(1, *UP, confidence="unanswered", stun=told_classic()),
        event(2, *UP, label="quoted", confidence="unanswered", stun=told_classic())]


@case
def nested_in_send_data_and_channel_data():
    inner, peer = c.stun(1, 7), c.attr(0x12, c.xor_address(OTHER, 6000))
    at_peer = attribute(0x12, "XOR-PEER-ADDRESS", 8, ip=OTHER, port=6000)
    deep = c.stun(0x16, 8, c.attr(0x13, inner))
    holds = lambda nested, length: attribute(0x13, "DATA", length, nested=nested)
    return c.pcap([c.udp(*UP, c.stun(0x16, 1, peer + c.attr(0x13, inner))), c.udp(*DOWN, c.stun(0x17, 1, peer + c.attr(0x13, inner))),
                   c.udp(*UP, c.stun(0x16, 2, c.attr(0x13, deep))), c.udp(*UP, c.channel_data(0x4FFE, inner))]), [
        event(1, *UP, stun=told("indication", "send", 1, 36, [at_peer, holds(told(number=7), 20)])),
        event(2, *DOWN, stun=told("indication", "data", 1, 36, [at_peer, holds(told(number=7), 20)])),
        event(3, *UP, stun=told("indication", "send", 2, 48, [holds(told("indication", "send", 8, 24, [holds(told(number=7), 20)]), 44)])),
        event(4, *UP, confidence=None, channel_data={"channel": "0x4ffe", "packets": 1, "bytes": 20, "nested": told(number=7)})]


def gre(packet):
    return struct.pack(">HH", 0, 0x86DD if packet[0] >> 4 == 6 else 0x0800) + packet


@case
def inside_tunnels():
    outer, request6 = (OTHER, "203.0.113.6"), c.udp(CLIENT6, 5000, SERVER6, 3478, c.stun(1, 2))
    gtp = lambda packet: struct.pack(">BBHI", 0x30, 255, len(packet), 1) + packet
    vxlan = lambda packet: bytes([8, 0, 0, 0, 0, 0, 1, 0]) + c.ethernet(packet)
    geneve = lambda packet: bytes([0, 0, 0x65, 0x58, 0, 0, 1, 0]) + c.ethernet(packet)
    udp = lambda port, payload: c.udp(OTHER, port, "203.0.113.6", port, payload)
    four = [c.ip(*outer, 4, REQUEST), c.ip(SERVER6, CLIENT6, 4, REQUEST), c.ip(*outer, 47, gre(REQUEST)), udp(4789, vxlan(REQUEST)),
            udp(2152, gtp(REQUEST)), udp(6081, geneve(REQUEST)), c.ip(*outer, 4, c.ip(*outer, 47, gre(REQUEST)))]
    six = [c.ip(*outer, 41, request6), udp(3544, request6), udp(3544, bytes(8) + request6)]
    return c.pcap(four + six), (
        [event(n, *UP, label="tunnelled", stun=told()) for n in range(1, len(four) + 1)]
        + [event(len(four) + n, CLIENT6, 5000, SERVER6, 3478, label="tunnelled", stun=told(number=2)) for n in range(1, len(six) + 1)])


@case
def in_vlans_and_in_fragments():
    datagram = REQUEST[20:]
    parts = [c.ip(CLIENT, SERVER, 17, datagram[:16], ident=9, fragment=0x2000), c.ip(CLIENT, SERVER, 17, datagram[16:], ident=9, fragment=2)]
    return c.pcap([c.ethernet(REQUEST, (7, 8)), *map(c.ethernet, reversed(parts))], c.ETHERNET), [
        event(1, *UP, vlan=7, stun=told()), event(3, *UP, wire={"reassembled": True}, stun=told())]


# --- without the cookie --------------------------------------------------------------------------------------------------------------
@case
def classic_answers_from_where_change_request_sent_them():
    """RFC 3489 section 8.1: another address, another port."""
    change = c.attr(3, b"\0\0\0\6")
    answer = c.attr(1, c.address("203.0.113.7", 4000)) + c.attr(4, c.address(OTHER, 3479)) + c.attr(5, c.address(OTHER, 3479))
    back = (OTHER, 3479, CLIENT, 5000)
    at = {"ip": OTHER, "port": 3479}
    return c.pcap([c.udp(*UP, c.classic(1, 1, change)), c.udp(*UP, c.classic(1, 1, change)), c.udp(*back, c.classic(0x101, 1, answer))]), [
        event(n, *UP, confidence="matched", stun=told_classic(length=8, attributes=[attribute(3, "CHANGE-REQUEST", 4, value=6)]))
        for n in (1, 2)] + [
        event(3, *back, confidence="matched", stun=told_classic("success", length=36, mapped={"ip": "203.0.113.7", "port": 4000}, attributes=[
            attribute(1, "MAPPED-ADDRESS", 8, ip="203.0.113.7", port=4000), attribute(4, "SOURCE-ADDRESS", 8, **at),
            attribute(5, "CHANGED-ADDRESS", 8, **at)]))]


def ms_allocation():
    """MS-TURN's messages, and what is to be told of each: without STUN's cookie, with its own in the first attribute."""
    cookie = attribute(0x0F, "MAGIC-COOKIE", 4, value=0x72C64BC6)
    mask = bytes(range(100, 115)) + b"\2"
    inner = c.stun(1, 7)
    refused = c.attr(9, b"\0\0\4\1Unauthorized") + c.attr(0x14, b"a-nonce!") + c.attr(0x15, b"\"realm\"")
    granted = c.attr(1, c.address("198.51.100.77", 50000)) + c.attr(0x8020, c.address("203.0.113.7", 4000, mask))
    data = c.attr(0x12, c.address(OTHER, 6000)) + c.attr(0x13, inner)
    error = {"code": 401, "reason": "Unauthorized"}
    remote = attribute(0x12, "REMOTE-ADDRESS", 8, ip=OTHER, port=6000)
    return [
        (0, c.classic(3, 1, c.MS_COOKIE_ATTR + c.attr(0x8008, b"\0\0\0\4")),
         told_classic(method="allocate", length=16, attributes=[cookie, attribute(0x8008, "MS-VERSION", 4, value=4)])),
        (1, c.classic(0x113, 1, c.MS_COOKIE_ATTR + refused),
         told_classic("error", method="allocate", length=52, error=error, attributes=[
             cookie, attribute(9, "ERROR-CODE", 16, **error), attribute(0x14, "NONCE", 8, text="a-nonce!"),
             attribute(0x15, "REALM", 7, text="\"realm\"")])),
        (1, c.classic(0x103, 2, c.MS_COOKIE_ATTR + granted),
         told_classic("success", 2, method="allocate", length=32, mapped={"ip": "203.0.113.7", "port": 4000},
                      xor_relayed={"ip": "198.51.100.77", "port": 50000}, attributes=[
                          cookie, attribute(1, "MAPPED-ADDRESS", 8, ip="198.51.100.77", port=50000),
                          attribute(0x8020, "MS-XOR-MAPPED-ADDRESS", 8, ip="203.0.113.7", port=4000)])),
        # The relay's own address alone is no mapped one.
        (1, c.classic(0x103, 2, c.MS_COOKIE_ATTR + c.attr(1, c.address("198.51.100.77", 50000))),
         told_classic("success", 2, method="allocate", length=20, xor_relayed={"ip": "198.51.100.77", "port": 50000},
                      attributes=[cookie, attribute(1, "MAPPED-ADDRESS", 8, ip="198.51.100.77", port=50000)])),
        (0, c.classic(4, 3, c.MS_COOKIE_ATTR + c.attr(0x11, c.address(OTHER, 6000))),
         told_classic(number=3, method="send", length=20, attributes=[cookie, attribute(0x11, "DESTINATION-ADDRESS", 8, ip=OTHER, port=6000)])),
        (1, c.classic(0x115, 4, c.MS_COOKIE_ATTR + data),
         told_classic("indication", 4, method="data", length=44, attributes=[cookie, remote, attribute(0x13, "DATA", 20, nested=told(number=7))])),
        (0, c.classic(6, 5, c.MS_COOKIE_ATTR), told_classic(number=5, method="set-active-destination", length=8, attributes=[cookie])),
    ]


@case
def ms_turn_over_udp():
    messages = ms_allocation()
    return c.pcap([c.udp(*(UP, DOWN)[way], payload) for way, payload, _ in messages]), [
        event(n, *(UP, DOWN)[way], stun=stun) for n, (way, _, stun) in enumerate(messages, 1)]


@case
def ms_turn_over_tcp():
    """Each message behind a type, a zero and a length; data has the type 3. Split so that a header is in two segments."""
    packets = []
    connection = c.Connection(packets, CLIENT, 40000, SERVER, 443)
    events = []
    frame = lambda kind, payload: struct.pack(">BBH", kind, 0, len(payload)) + payload
    for way, payload, stun in ms_allocation():
        whole = frame(2, payload) + frame(3, b"media, end to end")
        connection.put(way, whole[:3])
        connection.put(way, whole[3:])
        ends = ((CLIENT, 40000, SERVER, 443), (SERVER, 443, CLIENT, 40000))[way]
        events.append(event(len(packets), *ends, proto="TCP", stun={**stun, "framed": True}))
    return c.pcap(packets), events


@case
def ms_turn_with_unpadded_attributes():
    body = c.MS_COOKIE_ATTR + c.attr(6, b"user1", pad=False) + c.attr(0x8008, b"\0\0\0\1")
    return c.pcap([c.udp(*UP, c.classic(3, 1, body))]), [
        event(1, *UP, confidence="loose", stun=told_classic(method="allocate", length=25, username="user1", attributes=[
            attribute(0x0F, "MAGIC-COOKIE", 4, value=0x72C64BC6), attribute(6, "USERNAME", 5, text="user1"),
            attribute(0x8008, "MS-VERSION", 4, value=1)]))]


@case
def ms_turn_multiplexed():
    """MS-TURN section 2.2.3: 0xff10, a length, a session's number of eight bytes, the payload."""
    wrap = lambda payload: struct.pack(">HHQ", 0xFF10, 8 + len(payload), 0x1122334455667788) + payload
    return c.pcap([c.udp(*UP, wrap(c.stun(1, 1))), c.udp(*UP, c.stun(1, 2)), c.udp(*UP, wrap(c.stun(1, 3))), c.udp(*UP, wrap(b"media"))]), [
        event(2, *UP, stun=told(number=2)),
        event(3, *UP, confidence=None, channel_data={"channel": "0xff10", "packets": 1, "bytes": 20, "nested": told(number=3)}),
        event(4, *UP, confidence=None, channel_data={"channel": "0xff10", "packets": 1, "bytes": 5})]


@case
def messages_of_a_dialect_that_answers_with_another_type():
    """Zoom's: type 1 is answered by type 2, and the attributes are its own."""
    ask, answer = c.attr(0x101, b"1234567890"), c.attr(0x103, b"\0\1\xff\x75")
    return c.pcap([c.udp(*UP, c.classic(1, 1, ask)), c.udp(*DOWN, c.classic(2, 1, answer))]), [
        event(1, *UP, confidence="matched", stun=told_classic(length=16, attributes=[attribute(0x101, None, 10, bytes=b"1234567890".hex())])),
        event(2, *DOWN, confidence="matched", stun=told_classic(method="shared-secret", length=8, attributes=[
            attribute(0x103, None, 4, bytes="0001ff75")]))]


# --- clocks ----------------------------------------------------------------------------------------------------------------------
@case
def times_of_zero_and_times_that_go_backwards():
    records = [c.pcap_record(REQUEST, seconds=n) for n in (1700000000, 0, 0xFFFFFFFF, 5)]
    return c.pcap_header() + b"".join(records), [event(n, *UP, stun=told()) for n in range(1, 5)]


# --- running -------------------------------------------------------------------------------------------------------------------------
def decoded(rtcshim, capture):
    """Status, complaints, and the events without what is the same in all captures: times, numbers, offsets."""
    run = subprocess.run([rtcshim, "decode", "-j", "-"], input=capture, capture_output=True)
    events = [json.loads(line) for line in run.stdout.splitlines()]
    for number, one in enumerate(events, 1):
        assert one.pop("seq") == number
        del one["timestamp"], one["wire"]["offset"]
    return run.returncode, run.stderr.decode(errors="replace"), events


def main(rtcshim):
    passed = failed = 0
    for function in CASES:
        capture, expected = function()
        status, said, events = decoded(rtcshim, capture)
        name = function.__name__.replace("_", " ")
        if status == 0 and said == "" and events == expected:
            passed += 1
            print(f"ok - {name}")
            continue
        failed += 1
        print(f"not ok - {name}: status {status} {said}")
        for number in range(max(len(events), len(expected))):
            got, wanted = ([*events, *[None] * 99][number], [*expected, *[None] * 99][number])
            if got != wanted:
                print(f"    wanted {json.dumps(wanted)}\n    got    {json.dumps(got)}")
                break
    print(f"{passed} passed, {failed} failed")
    return failed > 0 or passed == 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
