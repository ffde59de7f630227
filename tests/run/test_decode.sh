#!/bin/bash
# `rtcshim decode`: its options, its exit statuses, and what it prints of captures that this script makes.
# shellcheck source=tests/run/lib.sh
. "$(dirname "$0")/lib.sh"

# make_capture FILE: a pcapng of eth0 (Ethernet) and tun0 (raw IP) with a request and an answer on each, and ChannelData on the first.
make_capture() {
    python3 - "$1" <<'PYTHON'
import struct, sys

def block(kind, body):
    body += bytes(-len(body) % 4)
    return struct.pack("<II", kind, 12 + len(body)) + body + struct.pack("<I", 12 + len(body))

def option(code, value):
    return struct.pack("<HH", code, len(value)) + value + bytes(-len(value) % 4)

def iface(link, name):
    return block(1, struct.pack("<HHI", link, 0, 0) + option(2, name) + option(0, b""))

def packet(number, micros, data):
    time = 1700000000 * 1000000 + micros
    return block(6, struct.pack("<IIIII", number, time >> 32, time & 0xFFFFFFFF, len(data), len(data)) + data)

def udp(src, dst, sport, dport, payload):
    head = struct.pack(">HHHH", sport, dport, 8 + len(payload), 0)
    ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 28 + len(payload), 0, 0, 64, 17, 0, bytes(src), bytes(dst))
    return ip + head + payload

def stun(kind, number, attributes=b""):
    return struct.pack(">HHI", kind, len(attributes), 0x2112A442) + bytes(11) + bytes([number]) + attributes

def mapped(last):
    ip = struct.unpack(">I", bytes([203, 0, 113, last]))[0] ^ 0x2112A442
    return struct.pack(">HHBBHI", 0x20, 8, 0, 1, 4000 ^ 0x2112, ip)

ether = bytes(12) + b"\x08\x00"
here, vpn, server = (192, 168, 1, 23), (10, 8, 0, 2), (198, 51, 100, 10)
out = block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1)) + iface(1, b"eth0") + iface(101, b"tun0")
out += packet(0, 0, ether + udp(here, server, 5000, 3478, stun(1, 1)))
out += packet(1, 100, udp(vpn, server, 5001, 3478, stun(1, 2)))
out += packet(0, 20000, ether + udp(server, here, 3478, 5000, stun(0x101, 1, mapped(7))))
out += packet(1, 60100, udp(server, vpn, 3478, 5001, stun(0x101, 2, mapped(99))))
out += packet(0, 70000, ether + udp(here, server, 5000, 3478, b"\x40\x01\x00\x04abcd"))
open(sys.argv[1], "wb").write(out)
PYTHON
}

make_capture "$tmp/two.pcapng"
head -c -10 "$tmp/two.pcapng" >"$tmp/damaged.pcapng"

expect_status "a capture is decoded" 0 "$rtcshim" decode "$tmp/two.pcapng"
check "with a line for each message under the names of the columns" [ "$(wc -l <"$tmp/out")" = 6 ]
check "and the interface that carried it" grep -q 'tun0.*10\.8\.0\.2:5001.*binding request' "$tmp/out"

expect_status "-j writes events" 0 "$rtcshim" decode -j "$tmp/two.pcapng"
check "that are in the schema of a run's" "$here/check_schema.py" "$tmp/out"
check "and name the interface" [ "$(grep -c '"in_iface":"tun0","iface_source":"capture"' "$tmp/out")" = 2 ]
cp "$tmp/out" "$tmp/events"
expect_status "standard input is read" 0 sh -c "\"\$0\" decode -j - <\"\$1\"" "$rtcshim" "$tmp/two.pcapng"
check "with the same events" cmp -s "$tmp/out" "$tmp/events"
expect_status "a pipe is read" 0 sh -c "cat \"\$1\" | \"\$0\" decode -j -" "$rtcshim" "$tmp/two.pcapng"
check "with the same events too" cmp -s "$tmp/out" "$tmp/events"
gzip -k "$tmp/two.pcapng"
expect_status "a compressed file is read" 0 "$rtcshim" decode -j "$tmp/two.pcapng.gz"
check "with the same events again" cmp -s "$tmp/out" "$tmp/events"

expect_status "--summary says what each server learned" 0 "$rtcshim" decode --summary "$tmp/two.pcapng"
check "through the VPN" sh -c "sed -n '/^  tun0/,\$p' \"\$0\" | grep -q 'learned 203.0.113.99 (public)'" "$tmp/out"
check "and through the network card" sh -c "sed -n '/^  eth0/,/^  tun0/p' \"\$0\" | grep -q 'learned 203.0.113.7 (public)'" "$tmp/out"
expect_status "--summary -j writes one object" 0 "$rtcshim" decode --summary -j "$tmp/two.pcapng"
check "of JSON" python3 -c "import json,sys; s=json.load(open(sys.argv[1])); assert s['messages'] == 4 and len(s['servers']) == 2" "$tmp/out"

expect_status "-f keeps what passes on each link type" 0 "$rtcshim" decode -j -f 'src port 3478' "$tmp/two.pcapng"
check "and nothing else" [ "$(wc -l <"$tmp/out")" = 2 ]
expect_status "a filter that is wrong is a wrong usage" 2 "$rtcshim" decode -f 'no such filter' "$tmp/two.pcapng"
expect_status "a filter that a link type can't have leaves that one out" 0 "$rtcshim" decode -j -f 'ether src 00:00:00:00:00:00' "$tmp/two.pcapng"
check "and says so" said 'link type 101'

expect_status "a damaged file ends with 1" 1 "$rtcshim" decode -j "$tmp/damaged.pcapng"
check "after all up to the damage" [ "$(wc -l <"$tmp/out")" = 4 ]
check "with the file and the place" said 'damaged.pcapng: damaged at byte [0-9]'
expect_status "several files are decoded, damaged or not" 1 "$rtcshim" decode -j "$tmp/damaged.pcapng" "$tmp/two.pcapng"
check "one after the other" [ "$(wc -l <"$tmp/out")" = 9 ]
check "with numbers without gaps and the files' names" "$here/check_schema.py" "$tmp/out"
expect_status "a file that is not there is trouble" 2 "$rtcshim" decode "$tmp/none"
expect_status "no file is a wrong usage" 2 "$rtcshim" decode
expect_status "an unknown option too" 2 "$rtcshim" decode --no-such "$tmp/two.pcapng"
expect_status "--help is none" 0 "$rtcshim" decode --help
expect_status "output that can't be written is trouble" 2 sh -c "\"\$0\" decode \"\$1\" >/dev/full" "$rtcshim" "$tmp/two.pcapng"
check "and says so" said 'No space left'

cp "$rtcshim" "$tmp/rtcshim"
PATH="$tmp" expect_status "without the analyzer it is rtcshim that fails" 125 "$tmp/rtcshim" decode "$tmp/two.pcapng"
finish
