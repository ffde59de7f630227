#!/usr/bin/python3
"""The parser of strace output finds each STUN message once, and nothing else."""

import sys

sys.dont_write_bytecode = True
from checks import Checks
from strace_stun import COOKIE, Trace

TXID = bytes(range(12))


def stun(kind=0x0001, body=b"", txid=TXID):
    return kind.to_bytes(2, "big") + len(body).to_bytes(2, "big") + COOKIE + txid + body


def quoted(data):
    return '"' + "".join(f"\\x{byte:02x}" for byte in data) + '"'


def sendto(data, tid=7, fd="26<UDP:[10.8.0.2:59361]>", result=None, name="sendto"):
    peer = '{sa_family=AF_INET, sin_port=htons(3478), sin_addr=inet_addr("\\x31\\x2e\\x31\\x2e\\x31\\x2e\\x31")}, 16'
    return f"{tid}   12.500000 {name}({fd}, {quoted(data)}, {len(data)}, 0, {peer}) = {len(data) if result is None else result}"


def tcp(data, name="write", tid=7, fd=30):
    return f"{tid}   13.000000 {name}({fd}<TCP:[10.8.0.2:40000->198.51.100.10:3478]>, {quoted(data)}, {len(data)}) = {len(data)}"


def vector(name, messages, tid=7):
    parts = ", ".join(f"{{msg_hdr={{msg_name=NULL, msg_namelen=0, msg_iov=[{{iov_base={quoted(data[:8])}, iov_len=8}}, "
                      f"{{iov_base={quoted(data[8:])}, iov_len={len(data) - 8}}}], msg_iovlen=2, msg_controllen=0, msg_flags=0}}, "
                      f"msg_len={len(data)}}}" for data in messages)
    return f"{tid}   14.000000 {name}(26<UDPv6:[[2001:db8:1::23]:37263]>, [{parts}], {len(messages)}, 0) = "


def kinds(lines, **options):
    return [(m.direction, m.proto, m.cls, m.length) for m in Trace(lines, **options).messages]


CASES = []


def case(sentence):
    return lambda function: CASES.append((sentence, function))


@case("finds a request sent over UDP, with its thread, process, transaction and time")
def _():
    message = Trace([sendto(stun())], {7: 5}).messages[0]
    return message == (12.5, 5, 7, "out", "UDP", "request", TXID.hex(), 20)


@case("tells the four classes apart")
def _():
    return [k[2] for k in kinds([sendto(stun(kind)) for kind in (0x0001, 0x0011, 0x0101, 0x0111)])] == [
        "request", "indication", "success", "error"]


@case("joins a call that another thread's line cut in two")
def _():
    whole = sendto(stun(), name="recvfrom")
    head, tail = whole.split(", 0, {", 1)
    lines = [head.split('"')[0].rstrip() + " <unfinished ...>", sendto(b"other", tid=8),
             "7   12.600000 <... recvfrom resumed>" + '"' + head.split('"')[1] + '"' + f", 20, 0, {{{tail}"]
    return kinds(lines) == [("in", "UDP", "request", 20)]


@case("leaves out a call that failed")
def _():
    return kinds([sendto(stun(), result="-1 ECONNREFUSED (Connection refused)")]) == []


@case("leaves out bytes that only went between processes over a Unix socket")
def _():
    return kinds([sendto(stun(), fd="7<UNIX-STREAM:[1->2]>")]) == []


@case("leaves out a look ahead with MSG_PEEK")
def _():
    return kinds([sendto(stun(), name="recvfrom").replace(", 0, {", ", MSG_PEEK, {", 1)]) == []


@case("leaves out a datagram that is cut before its message ends")
def _():
    return kinds([sendto(stun(body=b"\0" * 8)[:24])]) == []


@case("reads only as many bytes as the call returned")
def _():
    return kinds([sendto(stun(body=b"\0" * 8), result=24)]) == []


@case("finds every message of sendmmsg, from several pieces each, and none past where it stopped")
def _():
    line = vector("sendmmsg", [stun(), stun(0x0101), stun(0x0111)])
    return [k[2] for k in kinds([line + "2"])] == ["request", "success"]


@case("finds a message in recvmsg on IPv6")
def _():
    line = ("9   1.0 recvmsg(31<UDPv6:[[2001:db8:1::23]:48750]>, {msg_name={sa_family=AF_INET6, sin6_port=htons(3478), "
            "inet_pton(AF_INET6, \"\\x3a\\x3a\", &sin6_addr), sin6_scope_id=0}, msg_namelen=128 => 28, "
            f"msg_iov=[{{iov_base={quoted(stun(0x0101))}, iov_len=65536}}], msg_iovlen=1, msg_controllen=0, msg_flags=0}}, 0) = 20")
    return kinds([line]) == [("in", "UDP", "success", 20)]


@case("finds two messages in one TCP segment")
def _():
    return len(kinds([tcp(stun() + stun(0x0101))])) == 2


@case("finds a message split over TCP segments at every place, once")
def _():
    whole = stun(body=b"\0\x06\0\4rtc1")
    return all(kinds([tcp(whole[:at]), tcp(whole[at:])]) == [("out", "TCP", "request", 28)] for at in range(1, len(whole)))


@case("finds messages behind RFC 4571 lengths")
def _():
    framed = b"\0\x14" + stun()
    return len(kinds([tcp(framed + framed)])) == 2


@case("passes over ChannelData with its padding on a TCP stream")
def _():
    return len(kinds([tcp(b"\x40\0\0\5hello\0\0\0" + stun())])) == 1


@case("is not misled by the cookie inside ChannelData")
def _():
    inner = stun()
    trace = Trace([sendto(b"\x40\0" + len(inner).to_bytes(2, "big") + inner)])
    return trace.messages == [] and trace.unexplained == []


@case("gives up a stream that is something else, and starts afresh when its descriptor is used again")
def _():
    lines = [tcp(b"GET / HTTP/1.1\r\n\r\n"), tcp(stun()), "7   13.5 close(30<TCP:[1.1.1.1:1->2.2.2.2:2]>) = 0", tcp(stun())]
    return len(kinds(lines)) == 1


@case("keeps the directions of a stream apart")
def _():
    half = stun()[:10]
    return kinds([tcp(half), tcp(stun(0x0101), name="read"), tcp(stun()[10:])]) == [
        ("in", "TCP", "success", 20), ("out", "TCP", "request", 20)]


@case("owns up to a cookie that it could not explain")
def _():
    return len(Trace([sendto(b"\xff" + stun())]).unexplained) == 1


@case("owns up to a cookie on a descriptor that strace could not name")
def _():
    lines = [sendto(stun(), fd=fd) for fd in ("26", "26<socket:[123]>", "7<UNIX-STREAM:[1->2]>", "8</tmp/x>")]
    return len(Trace(lines).unexplained) == 2


checks = Checks()
for title, test in CASES:
    try:
        checks.check(test(), title)
    except Exception as error:  # a crash is a failed check, and the others still run
        checks.check(False, title, repr(error))
sys.exit(checks.finish())
