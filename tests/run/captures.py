"""Captures that tests make: STUN and what it travels in, packet by packet, and the files around them.

Every function returns bytes; a header stands in front of what it is given. Nothing is random unless a test asks for it.
"""
import binascii
import ipaddress
import struct

COOKIE = 0x2112A442
MS_COOKIE_ATTR = struct.pack(">HHI", 0x000F, 4, 0x72C64BC6)
ETHERNET, RAW_IP = 1, 101


# --- STUN ------------------------------------------------------------------------------------------------------------------------
def attr(kind, value, pad=True):
    return struct.pack(">HH", kind, len(value)) + value + (bytes(-len(value) % 4) if pad else b"")


def txid(number):
    return bytes(11) + bytes([number]) if number < 256 else number.to_bytes(12, "big")


def stun(kind, number=1, attributes=b""):
    return struct.pack(">HHI", kind, len(attributes), COOKIE) + txid(number) + attributes


def with_fingerprint(message):
    """The message with FINGERPRINT at its end."""
    message = message[:2] + struct.pack(">H", len(message) - 20 + 8) + message[4:]
    return message + attr(0x8028, struct.pack(">I", binascii.crc32(message) ^ 0x5354554E))


def classic(kind, number=1, attributes=b""):
    """RFC 3489: sixteen bytes of transaction id."""
    return struct.pack(">HH", kind, len(attributes)) + bytes(range(100, 115)) + bytes([number]) + attributes


def address(ip, port, mask=bytes(16)):
    ip = ipaddress.ip_address(ip)
    plain = struct.pack(">H", port) + ip.packed
    key = mask[:2] + mask[: len(ip.packed)]
    return bytes([0, 1 if ip.version == 4 else 2]) + bytes(a ^ b for a, b in zip(plain, key))


def xor_address(ip, port, number=1):
    return address(ip, port, struct.pack(">I", COOKIE) + txid(number))


def mapped(ip, port=4000, number=1):
    return attr(0x0020, xor_address(ip, port, number))


def channel_data(channel, payload):
    return struct.pack(">HH", channel, len(payload)) + payload


# --- IP --------------------------------------------------------------------------------------------------------------------------
def ip(src, dst, protocol, payload, **fields):
    """IPv4 or IPv6, by the addresses. fields: ident, fragment (IPv4's flags and offset)."""
    src, dst = ipaddress.ip_address(src), ipaddress.ip_address(dst)
    if src.version == 4:
        return struct.pack(">BBHHHBBH", 0x45, 0, (20 + len(payload)) & 0xFFFF, fields.get("ident", 0), fields.get("fragment", 0),
                           64, protocol, 0) + src.packed + dst.packed + payload
    return struct.pack(">IHBB", 6 << 28, len(payload) & 0xFFFF, protocol, 64) + src.packed + dst.packed + payload


def udp(src, sport, dst, dport, payload):
    return ip(src, dst, 17, struct.pack(">HHHH", sport, dport, (8 + len(payload)) & 0xFFFF, 0) + payload)


SYN, ACK, FIN, PSH = 2, 16, 1, 8


def tcp(src, sport, dst, dport, seq, payload=b"", flags=ACK, ack=0):
    head = struct.pack(">HHIIBBHHH", sport, dport, seq & 0xFFFFFFFF, ack & 0xFFFFFFFF, 0x50, flags, 65535, 0, 0)
    return ip(src, dst, 6, head + payload)


class Connection:
    """A TCP connection between two ends; what it makes is added to packets."""

    def __init__(self, packets, client, cport, server, sport, seq=1000):
        self.ends = ((client, cport), (server, sport))
        self.seq = [seq, seq + 5000000]
        self.packets = packets
        self.put(0, b"", SYN)
        self.put(1, b"", SYN | ACK)

    def put(self, way, payload=b"", flags=ACK | PSH):
        self.packets.append(tcp(*self.ends[way], *self.ends[1 - way], self.seq[way], payload, flags, self.seq[1 - way]))
        self.seq[way] += len(payload) + (1 if flags & (SYN | FIN) else 0)

    def client(self, *payloads):
        for payload in payloads:
            self.put(0, payload)

    def server(self, *payloads):
        for payload in payloads:
            self.put(1, payload)


def ethernet(packet, vlan=()):
    kind = 0x86DD if packet[0] >> 4 == 6 else 0x0800
    tags = b"".join(struct.pack(">HH", 0x8100, number) for number in vlan)
    return bytes(12) + tags + struct.pack(">H", kind) + packet


def icmp_error(src, dst, quoted):
    """The error that dst's packet `quoted` gave: port unreachable."""
    if ipaddress.ip_address(src).version == 4:
        return ip(src, dst, 1, struct.pack(">BBHI", 3, 3, 0, 0) + quoted)
    return ip(src, dst, 58, struct.pack(">BBHI", 1, 4, 0, 0) + quoted)


# --- files -----------------------------------------------------------------------------------------------------------------------
def pcap_header(link=RAW_IP, nano=False):
    return struct.pack("<IHHIIII", 0xA1B23C4D if nano else 0xA1B2C3D4, 2, 4, 0, 0, 262144, link)


def pcap_record(data, time_us=0, full=None, seconds=1700000000):
    return struct.pack("<IIII", seconds + time_us // 1000000, time_us % 1000000, len(data), full or len(data)) + data


def pcap(packets, link=RAW_IP):
    """A file of packets a millisecond apart; one may be (captured bytes, length on the wire)."""
    out = [pcap_header(link)]
    for number, packet in enumerate(packets):
        data, full = packet if isinstance(packet, tuple) else (packet, None)
        out.append(pcap_record(data, number * 1000, full))
    return b"".join(out)


def block(kind, body):
    body += bytes(-len(body) % 4)
    return struct.pack("<II", kind, 12 + len(body)) + body + struct.pack("<I", 12 + len(body))


def option(code, value):
    return struct.pack("<HH", code, len(value)) + value + bytes(-len(value) % 4)


def section():
    return block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1))


def interface(link, name):
    return block(1, struct.pack("<HHI", link, 0, 0) + option(2, name) + option(0, b""))


def enhanced_packet(number, time_us, data):
    time = 1700000000 * 1000000 + time_us
    return block(6, struct.pack("<IIIII", number, time >> 32, time & 0xFFFFFFFF, len(data), len(data)) + data)


def two_interfaces():
    """A pcapng of eth0 (Ethernet) and tun0 (raw IP): a request and an answer on each, and ChannelData on the first."""
    here, vpn, server = "192.168.1.23", "10.8.0.2", "198.51.100.10"
    return (section() + interface(ETHERNET, b"eth0") + interface(RAW_IP, b"tun0")
            + enhanced_packet(0, 0, ethernet(udp(here, 5000, server, 3478, stun(1, 1))))
            + enhanced_packet(1, 100, udp(vpn, 5001, server, 3478, stun(1, 2)))
            + enhanced_packet(0, 20000, ethernet(udp(server, 3478, here, 5000, stun(0x101, 1, mapped("203.0.113.7", 4000, 1)))))
            + enhanced_packet(1, 60100, udp(server, 3478, vpn, 5001, stun(0x101, 2, mapped("203.0.113.99", 4000, 2))))
            + enhanced_packet(0, 70000, ethernet(udp(here, 5000, server, 3478, channel_data(0x4001, b"abcd")))))


if __name__ == "__main__":
    import sys
    open(sys.argv[1], "wb").write(two_interfaces())
