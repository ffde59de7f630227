#!/usr/bin/env python3
"""Write small MaxMind DB files for the tests of --geo: mmdb.py FOLDER.

The format (MaxMind DB specification 2.0): a binary tree over the bits of IPv6 addresses, IPv4 below ::/96; each node two
records of 24 bits. A record below the number of nodes is the next node, the number of nodes itself means "nothing known", and
what is above is an offset into the data section, plus the number of nodes and 16. Then 16 zero bytes, the data section, a
marker, and the metadata. A value is a control byte (type, length) and its bytes; maps are keys and values in turn.
"""
import ipaddress
import os
import struct
import sys

MARKER = b"\xab\xcd\xefMaxMind.com"
STRING, UINT16, UINT32, MAP, UINT64, ARRAY = 2, 5, 6, 7, 9, 11


def control(kind, length):
    if length < 29:
        first, more = length, b""
    elif length < 285:
        first, more = 29, bytes([length - 29])
    else:
        first, more = 30, struct.pack(">H", length - 285)
    if kind > 7:  # an extended type stands in a byte of its own
        return bytes([first, kind - 7]) + more
    return bytes([kind << 5 | first]) + more


class Number(int):
    """An unsigned number with its type."""

    def __new__(cls, value, kind=UINT32):
        self = super().__new__(cls, value)
        self.kind = kind
        return self


def encode(value):
    if isinstance(value, (str, bytes)):
        data = value.encode() if isinstance(value, str) else value
        return control(STRING, len(data)) + data
    if isinstance(value, Number):
        data = value.to_bytes(8, "big").lstrip(b"\0")
        return control(value.kind, len(data)) + data
    if isinstance(value, list):
        return control(ARRAY, len(value)) + b"".join(encode(v) for v in value)
    return control(MAP, len(value)) + b"".join(encode(k) + encode(v) for k, v in value.items())


def write(path, kind, networks, version=6, built=1793491200, wild=False):
    nodes = [[None, None]]
    data = b""
    for text, record in networks.items():
        network = ipaddress.ip_network(text)
        width = 128 if version == 6 else 32
        value = int(network.network_address)
        bits = network.prefixlen + (96 if version == 6 and network.version == 4 else 0)
        node = 0
        for depth in range(bits):
            bit = value >> (width - 1 - depth) & 1
            if depth == bits - 1:
                nodes[node][bit] = ("data", len(data))
            else:
                if nodes[node][bit] is None:
                    nodes.append([None, None])
                    nodes[node][bit] = ("node", len(nodes) - 1)
                node = nodes[node][bit][1]
        data += encode(record)
    count = len(nodes)

    def record(entry):
        if wild:  # past the data: found when an address is looked up, not when the file is opened
            return 0xfffff0
        if entry is None:
            return count
        return entry[1] if entry[0] == "node" else count + 16 + entry[1]

    tree = b"".join(record(entry).to_bytes(3, "big") for node in nodes for entry in node)
    metadata = {"node_count": Number(count), "record_size": Number(24, UINT16), "ip_version": Number(version, UINT16),
                "database_type": kind, "languages": ["en"], "binary_format_major_version": Number(2, UINT16),
                "binary_format_minor_version": Number(0, UINT16), "build_epoch": Number(built, UINT64),
                "description": {"en": "made for a test"}}
    with open(path, "wb") as out:
        out.write(tree + bytes(16) + data + MARKER + encode(metadata))


def country(code, name):
    return {"country": {"iso_code": code, "names": {"de": "-", "en": name}}}


def main(folder):
    write(os.path.join(folder, "country.mmdb"), "Test-Country", {
        "203.0.113.0/28": country("DE", "Germany"),
        "203.0.113.16/28": country("NL", "Netherlands"),
        "198.51.100.0/24": {"registered_country": {"iso_code": "SE", "names": {"en": "Sweden"}}},
        "192.168.0.0/16": country("XX", "never asked"),
        "2001:db8::/32": country("FR", "France")})
    write(os.path.join(folder, "asn.mmdb"), "Test-ASN", {
        "203.0.113.0/24": {"autonomous_system_number": Number(64500),
                           "autonomous_system_organization": "Example \u00e4 \x1b[31m<script>"},
        "198.51.100.0/25": {"autonomous_system_number": Number(64501)},
        "198.51.100.128/25": {"autonomous_system_organization": b"bad \xff bytes"},
        "192.0.2.0/24": {"autonomous_system_organization": "\u00e4" * 400},
        "2001:db8::/32": {"autonomous_system_number": "a text", "country": "a text"}})
    write(os.path.join(folder, "ipv4.mmdb"), "Test-IPv4", {"203.0.113.0/24": country("DK", "Denmark")}, version=4)
    whole = open(os.path.join(folder, "country.mmdb"), "rb").read()
    with open(os.path.join(folder, "cut.mmdb"), "wb") as out:
        out.write(whole[:-40])
    write(os.path.join(folder, "wild.mmdb"), "Test-Wild", {"203.0.113.0/24": country("DE", "Germany")}, wild=True)


if __name__ == "__main__":
    main(sys.argv[1])
