"""Just enough of pcapng (little endian, one section) to wash a capture of what tells of its maker, and to look at its packets."""

import struct

SECTION, INTERFACE, ENHANCED_PACKET = 0x0A0D0D0A, 1, 6
MAGIC = 0x1A2B3C4D
IF_NAME, IF_TSRESOL = 2, 9
OPTION_END = 0


def blocks(content):
    """(type, body) of each block; ValueError where one is damaged."""
    pos = 0
    while pos < len(content):
        kind, length = struct.unpack_from("<II", content, pos)
        if length < 12 or length % 4 or pos + length > len(content) or struct.unpack_from("<I", content, pos + length - 4) != (length,):
            raise ValueError(f"damaged at byte {pos}")
        if kind == SECTION and struct.unpack_from("<I", content, pos + 8) != (MAGIC,):
            raise ValueError("not little endian")
        yield kind, content[pos + 8:pos + length - 4]
        pos += length


def options(data):
    pos = 0
    while pos + 4 <= len(data):
        code, length = struct.unpack_from("<HH", data, pos)
        if code == OPTION_END:
            return
        yield code, data[pos + 4:pos + 4 + length]
        pos += 4 + (length + 3) // 4 * 4


def packets(content):
    """(link type, interface's name, bytes) of each packet."""
    links = []
    for kind, body in blocks(content):
        if kind == INTERFACE:
            names = [value.decode() for code, value in options(body[8:]) if code == IF_NAME]
            links.append((struct.unpack_from("<H", body)[0], names[0] if names else ""))
        elif kind == ENHANCED_PACKET:
            number, _, _, captured = struct.unpack_from("<IIII", body)
            yield *links[number], body[20:20 + captured]


def _block(kind, body):
    length = struct.pack("<I", 12 + len(body))
    return struct.pack("<I", kind) + length + body + length


def _option(code, value):
    return struct.pack("<HH", code, len(value)) + value + bytes(-len(value) % 4)


def wash(content):
    """The capture with its packets as they are and nothing else of where it was made: no hardware, system, program, filter or statistics."""
    washed = b""
    for kind, body in blocks(content):
        if kind == SECTION:
            washed += _block(kind, body[:8] + struct.pack("<q", -1))
        elif kind == INTERFACE:
            kept = b"".join(_option(code, value) for code, value in options(body[8:]) if code in (IF_NAME, IF_TSRESOL))
            washed += _block(kind, body[:8] + kept + bytes(4))
        elif kind == ENHANCED_PACKET:
            washed += _block(kind, body)
    return washed


def of_interface(content, name):
    """The same capture with the packets of one interface alone, and the number that each of them has in the whole one, from 1."""
    links, kept, numbers, number = [], b"", [], 0
    for kind, body in blocks(content):
        if kind == INTERFACE:
            links += [value.decode() for code, value in options(body[8:]) if code == IF_NAME]
        if kind == ENHANCED_PACKET:
            number += 1
            if links[struct.unpack_from("<I", body)[0]] != name:
                continue
            numbers.append(number)
        kept += _block(kind, body)
    return kept, numbers
