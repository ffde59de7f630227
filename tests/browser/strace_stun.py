"""
Finds STUN messages in the output of `strace -f -ttt -yy -xx`: the second witness for what a browser sent and received.

A line of strace is a call as one thread made it; -yy says that a descriptor is an internet socket (a browser also passes STUN bytes between
its own processes over Unix sockets, which is no traffic), -xx writes every byte as \\xNN. Only calls that succeeded count.
"""

import collections
import re

COOKIE = b"\x21\x12\xa4\x42"
CLASSES = ("request", "indication", "success", "error")
CALLS_OUT = {"send", "sendto", "sendmsg", "sendmmsg", "write", "writev", "pwritev2"}
CALLS_IN = {"recv", "recvfrom", "recvmsg", "recvmmsg", "read", "readv", "preadv2"}
TRACE = ",".join(sorted((CALLS_OUT | CALLS_IN) - {"send", "recv"}) + ["connect", "close"])
STRING_LIMIT = 4096

Message = collections.namedtuple("Message", "time pid tid direction proto cls txid length")

LINE = re.compile(r"^(\d+)\s+(\d+\.\d+) (.*)$")
UNFINISHED = re.compile(r"\s*<unfinished \.\.\.>$")
RESUMED = re.compile(r"^<\.\.\. (\w+) resumed>(.*)$")
CALL = re.compile(r"^(\w+)\((\d+)<(TCP|UDP)(?:v6)?:\[(.*?)\]>(.*)\)\s+= (-?\d+)")
# Descriptors that carry no traffic: files, pipes, sockets between processes of one machine.
LOCAL = re.compile(r"^\w+\(\d+<(?:/|pipe:|anon_inode:|UNIX|NETLINK)")
COOKIE_TEXT = "".join(f"\\x{byte:02x}" for byte in COOKIE)
STRING = re.compile(r'"((?:\\x[0-9a-f]{2})*)"(\.\.\.)?')
IOV = re.compile(r'iov_base="((?:\\x[0-9a-f]{2})*)"(\.\.\.)?')


def unhex(text):
    return bytes.fromhex(text.replace("\\x", ""))


def complete_lines(lines):
    """(tid, time, call) for each call, its two halves joined where another thread's line came between."""
    started = {}
    for line in lines:
        match = LINE.match(line.rstrip("\n"))
        if not match:
            continue
        tid, time, text = int(match[1]), float(match[2]), match[3]
        resumed = RESUMED.match(text)
        if UNFINISHED.search(text):
            started[tid] = (time, UNFINISHED.sub("", text))
        elif resumed:
            begun = started.pop(tid, None)
            if begun:
                yield tid, begun[0], begun[1] + resumed[2]
        else:
            yield tid, time, text


def stun_at(data):
    """(class, txid, length of the whole message) where a STUN message begins, None elsewhere. data may end before the message does."""
    if len(data) < 20 or data[0] & 0xC0 or data[4:8] != COOKIE or data[3] & 3:
        return None
    kind = int.from_bytes(data[:2], "big")
    cls = CLASSES[(kind >> 4 & 1) | (kind >> 7 & 2)]
    return cls, data[8:20].hex(), 20 + int.from_bytes(data[2:4], "big")


class Stream:
    """One direction of a TCP connection: STUN and ChannelData messages, plain or behind RFC 4571 lengths."""

    def __init__(self):
        self.data = b""
        self.other = False      # not STUN from its first bytes on: HTTP, TLS

    def _next(self):
        """(bytes of the next unit, STUN or None), None to wait for more; sets other."""
        data = self.data
        if len(data) < 4:
            return None
        if 0x40 <= data[0] <= 0x4F:
            return 4 + (int.from_bytes(data[2:4], "big") + 3) // 4 * 4, None
        stun = stun_at(data)
        if stun:
            return stun[2], stun
        framed = 2 + int.from_bytes(data[:2], "big")
        stun = stun_at(data[2:])
        if stun and stun[2] <= framed - 2:
            return framed, stun
        if len(data) < 22 and (COOKIE.startswith(data[4:8]) or COOKIE.startswith(data[6:10])):
            return None     # a header that is still arriving
        self.other = True
        return None

    def feed(self, chunk):
        """STUN messages that chunk completes."""
        found = []
        self.data += chunk
        while not self.other:
            unit = self._next()
            if unit is None or len(self.data) < unit[0]:
                break
            if unit[1]:
                found.append(unit[1])
            self.data = self.data[unit[0]:]
        if self.other:
            self.data = b""
        return found


def split_messages(name, arguments, result):
    """The bytes of each datagram (or of the one chunk) that a successful call moved, and whether strace cut any short."""
    if name in ("sendmmsg", "recvmmsg"):
        parts = arguments.split("{msg_hdr=")[1:][:result]
        sizes = [int(size[1]) if (size := re.search(r"msg_len=(\d+)", part)) else None for part in parts]
    else:
        parts, sizes = [arguments], [result]
    pattern = STRING if name in ("send", "sendto", "write", "recv", "recvfrom", "read") else IOV
    messages, cut = [], False
    for part, size in zip(parts, sizes):
        pieces = pattern.findall(part)
        if pattern is STRING:
            pieces = pieces[:1]     # a socket address follows, also as a string
        data = b"".join(unhex(text) for text, _ in pieces)
        cut |= any(dots for _, dots in pieces)
        messages.append(data if size is None else data[:size])
    return messages, cut


class Trace:
    """What a trace holds. owners: tid -> pid, for threads; a tid that is not in it stands for itself."""

    def __init__(self, lines, owners=None):
        self.messages = []
        self.unexplained = []   # calls that moved the cookie over an internet socket and gave no message: the parser's own gaps
        self._owners = owners or {}
        self._streams = {}
        for tid, time, text in complete_lines(lines):
            self._take(tid, time, text)

    def _take(self, tid, time, text):
        match = CALL.match(text)
        if not match:
            if COOKIE_TEXT in text and not LOCAL.match(text) and ") = -1 " not in text:
                self.unexplained.append(text[:200])
            return
        name, fd, proto, arguments, result = match[1], int(match[2]), match[3], match[5], int(match[6])
        pid = self._owners.get(tid, tid)
        if name in ("connect", "close"):
            for direction in ("in", "out"):
                self._streams.pop((pid, fd, direction), None)
            return
        direction = "out" if name in CALLS_OUT else "in" if name in CALLS_IN else None
        if direction is None or result <= 0 or "MSG_PEEK" in arguments:
            return
        chunks, cut = split_messages(name, arguments, result)
        found = []
        for chunk in chunks:
            found += self._look(proto, chunk, (pid, fd, direction))
        for cls, txid, length in found:
            self.messages.append(Message(time, pid, tid, direction, proto, cls, txid, length))
        if not found and self._cookie_unexplained(proto, chunks, cut, (pid, fd, direction)):
            self.unexplained.append(text[:200])

    def _look(self, proto, chunk, key):
        if proto == "TCP":
            return self._streams.setdefault(key, Stream()).feed(chunk)
        stun = stun_at(chunk)
        return [stun] if stun and stun[2] <= len(chunk) else []

    def _cookie_unexplained(self, proto, chunks, cut, key):
        if not any(COOKIE in chunk for chunk in chunks):
            return False
        if proto == "TCP" and not cut:
            return self._streams[key].other     # else a part of a message, or inside ChannelData
        return not all(0x40 <= chunk[0] <= 0x4F for chunk in chunks if COOKIE in chunk)


def read_trace(path, owners=None):
    with open(path, encoding="utf-8", errors="replace") as file:
        return Trace(file, owners)
