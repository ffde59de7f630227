"""The lab's DNS server: answers A and AAAA for the names it is given, NXDOMAIN for all others. `dns_server.py ADDRESS NAME=IP...`"""

import ipaddress
import socket
import struct
import sys

TYPE_A, TYPE_AAAA, CLASS_IN = 1, 28, 1
FLAGS_ANSWER, NXDOMAIN = 0x8580, 3
TTL_S = 60


def read_question(query):
    """(name, type, bytes of the question section) of a query with one question; ValueError where it is none."""
    labels, pos = [], 12
    while pos < len(query) and query[pos] != 0:
        labels.append(query[pos + 1:pos + 1 + query[pos]])
        pos += 1 + query[pos]
    if len(query) < pos + 5 or struct.unpack("!H", query[4:6])[0] != 1:
        raise ValueError("not a query with one question")
    kind, klass = struct.unpack("!HH", query[pos + 1:pos + 5])
    if klass != CLASS_IN:
        raise ValueError("not an internet question")
    return b".".join(labels).decode("ascii", "replace").lower(), kind, query[12:pos + 5]


def answer(query, names):
    name, kind, question = read_question(query)
    wanted = {TYPE_A: 4, TYPE_AAAA: 6}.get(kind)
    known = names.get(name)
    records = [struct.pack("!HHHIH", 0xC00C, kind, CLASS_IN, TTL_S, len(ip.packed)) + ip.packed
               for ip in known or () if ip.version == wanted]
    flags = FLAGS_ANSWER | (NXDOMAIN if known is None else 0)
    return query[:2] + struct.pack("!5H", flags, 1, len(records), 0, 0) + question + b"".join(records)


def main(address, *entries):
    names = {}
    for entry in entries:
        name, ip = entry.split("=", 1)
        names.setdefault(name, []).append(ipaddress.ip_address(ip))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind((address, 53))
        while True:
            query, client = sock.recvfrom(2048)
            try:
                sock.sendto(answer(query, names), client)
            except ValueError:
                continue


if __name__ == "__main__":
    main(*sys.argv[1:])
