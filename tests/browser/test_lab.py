#!/usr/bin/python3
"""rtcshim-lab on loopback: the STUN server's answers, the page, its configuration and its results."""

import json
import os
import socket
import struct
import subprocess
import sys
import urllib.error
import urllib.request
import zlib

sys.dont_write_bytecode = True
from checks import Checks
from lab import build_dir, stop

LAB = os.path.join(build_dir(), "rtcshim-lab")
COOKIE = 0x2112A442
TIMEOUT_S = 5


def start(*options):
    process = subprocess.Popen([LAB, *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    return process, json.loads(process.stdout.readline())


def request(kind=1, body=b"", txid=b"rtcshim-lab!"):
    return struct.pack("!HHI12s", kind, len(body), COOKIE, txid) + body


def attributes(message):
    found, pos = {}, 20
    while pos + 4 <= len(message):
        kind, length = struct.unpack("!HH", message[pos:pos + 4])
        found[kind] = message[pos + 4:pos + 4 + length]
        pos += 4 + (length + 3) // 4 * 4
    return found


def mapped(value):
    port, ip = struct.unpack("!HI", value[2:8])
    return socket.inet_ntoa(struct.pack("!I", ip ^ COOKIE)), port ^ COOKIE >> 16


def udp_ask(address, *datagrams):
    """The first answer to the datagrams, and our own address."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(TIMEOUT_S)
        sock.connect(address)
        for datagram in datagrams:
            sock.send(datagram)
        return sock.recv(2048), sock.getsockname()


def tcp_ask(address, pieces, answers):
    with socket.create_connection(address, TIMEOUT_S) as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for piece in pieces:
            sock.sendall(piece)
        data = b""
        while data.count(struct.pack("!I", COOKIE)) < answers or len(data) < 20 + struct.unpack("!H", data[2:4])[0]:
            got = sock.recv(4096)
            if not got:
                break
            data += got
        return data, sock.getsockname()


def http(url, body=None):
    try:
        with urllib.request.urlopen(urllib.request.Request(url, body), timeout=TIMEOUT_S) as reply:
            return reply.status, reply.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def check_stun(checks, address):
    answer, own = udp_ask(address, request())
    found = attributes(answer)
    checks.check(answer[:2] == b"\x01\x01" and answer[8:20] == b"rtcshim-lab!", "a binding request over UDP is answered, same transaction")
    checks.check(mapped(found[0x0020]) == own, "the answer names the asker's address", f"{mapped(found[0x0020])} {own}")
    checks.check(found.get(0x8022, b"").startswith(b"rtcshim-lab"), "the answer carries SOFTWARE")
    crc = struct.pack("!I", zlib.crc32(answer[:-8]) ^ 0x5354554E)
    checks.check(found.get(0x8028) == crc, "the answer's FINGERPRINT is right")
    # What must stay unanswered is sent before a good request: the first answer tells which one it was for.
    silent = {"that is no STUN": b"hello", "that is an indication": request(0x0011), "that is cut": request(body=b"\0" * 8)[:24],
              "with a bad FINGERPRINT": request(body=struct.pack("!HHI", 0x8028, 4, 1))}
    for what, datagram in silent.items():
        answer, _ = udp_ask(address, datagram, request(txid=b"the good one"))
        checks.check(answer[8:20] == b"the good one", f"a datagram {what} is left unanswered")
    answer, _ = udp_ask(address, request(body=struct.pack("!HHI", 0x7F01, 4, 0)))
    found = attributes(answer)
    checks.check(answer[:2] == b"\x01\x11" and found[9][2:4] == b"\x04\x14" and found.get(0x000A) == b"\x7f\x01",
                 "an unknown comprehension-required attribute is answered 420 with its type", answer.hex())
    answer, _ = udp_ask(address, request(kind=3))
    checks.check(answer[:2] == b"\x01\x13" and attributes(answer)[9][2:4] == b"\x04\x00", "an allocate request is answered 400", answer.hex())
    answer, own = tcp_ask(address, [request()], 1)
    checks.check(mapped(attributes(answer)[0x0020]) == own, "a binding request over TCP is answered with the asker's address")
    whole = request()
    checks.check(tcp_ask(address, [whole[i:i + 1] for i in range(len(whole))], 1)[0][:2] == b"\x01\x01", "a request that comes byte by byte is answered")
    checks.check(tcp_ask(address, [request() + request()], 2)[0].count(b"rtcshim-lab!") == 2, "two requests in one segment are answered twice")
    checks.check(tcp_ask(address, [b"GET / HTTP/1.1\r\n\r\n    "], 1)[0] == b"", "a stream that is no STUN is closed")


def check_page(checks, url):
    status, page = http(url)
    checks.check(status == 200 and b"RTCPeerConnection" in page and page.rstrip().endswith(b"</html>"), "the page is served whole")
    config = json.loads(http(url + "config.json")[1])
    checks.check([s["urls"] for s in config["iceServers"]][1:] == ["turn:192.0.2.1"] and config["iceServers"][1]["username"] == "me"
                 and config["microphone"] is True, "the configuration holds the servers, the user and the microphone", config)
    checks.check(http(url + "nowhere")[0] == 404, "another path is 404")
    checks.check(http(url + "result", b"[1]")[0] == 400 and http(url + "result", b"{")[0] == 400, "a result that is no JSON object is 400")
    checks.check(http(url + "result", b'{"a":"' + b"x" * (1 << 20) + b'"}')[0] == 413, "a result of more than 1 MiB is 413")
    checks.check(http(url + "result", '{"text":"\u001b[31m\u202e"}'.replace("\x1b", "\\u001b").encode())[0] == 200, "a result is taken")


def main():
    checks = Checks()
    process, ready = start("--http", "127.0.0.1:0", "--stun", "127.0.0.1:0", "--ice", "turn:192.0.2.1", "--user", "me", "--password", "pw",
                           "--microphone", "--once", "--timeout", "60")
    try:
        host, port = ready["stun"].rsplit(":", 1)
        check_stun(checks, (host, int(port)))
        check_page(checks, ready["http"])
        line = process.stdout.readline()
        checks.check(json.loads(line) == {"text": "\x1b[31m\u202e"} and line.isascii() and "\x1b" not in line,
                     "the result is printed as one line without control characters", line)
        checks.check(process.wait(timeout=TIMEOUT_S) == 0, "--once ends with status 0 after the first result")
    finally:
        stop(process)
    process, _ = start("--once", "--timeout", "1")
    checks.check(process.wait(timeout=TIMEOUT_S) == 124 and "1 s" in process.stderr.read(), "--timeout ends with status 124 and a message")
    for options in (["--http", "nonsense"], ["--stun", "::1:3478"], ["--mode", "dance"], ["--timeout", "0"], ["stray"], ["--unknown"]):
        done = subprocess.run([LAB, *options], capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
        checks.check(done.returncode == 125 and done.stderr, f"{' '.join(options)} is refused with status 125 and a message", done)
    return checks.finish()


if __name__ == "__main__":
    sys.exit(main())
