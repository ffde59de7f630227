#!/bin/bash
# `rtcshim decode`: its options, its exit statuses, and what it prints of captures that this script makes.
# shellcheck source=tests/run/lib.sh
. "$(dirname "$0")/lib.sh"

# eth0 (Ethernet) and tun0 (raw IP) with a request and an answer on each, and ChannelData on the first.
python3 -B "$here/captures.py" "$tmp/two.pcapng"
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
check "in its schema" "$here/check_schema.py" --summary "$tmp/out"
# A packet cut inside its IP header, one whose lengths contradict each other, and the first of two fragments.
python3 - "$here" "$tmp/unread.pcap" <<'PYTHON'
import sys

sys.path.insert(0, sys.argv[1])
import captures as c

whole = c.ip("192.0.2.1", "192.0.2.2", 17, bytes(104))
first = c.ip("192.0.2.1", "192.0.2.2", 17, bytes(104), fragment=0x2000)
open(sys.argv[2], "wb").write(c.pcap([(whole[:15], len(whole)), b"\x42" + whole[1:], first]))
PYTHON
expect_status "--summary counts packets that hold who knows what" 0 "$rtcshim" decode --summary "$tmp/unread.pcap"
check "by reason" grep -q '^packets not decoded: 1 malformed, 1 cut by the snapshot length, 1 fragmented and never whole$' "$tmp/out"
expect_status "and as JSON" 0 "$rtcshim" decode --summary -j "$tmp/unread.pcap"
check "by reason too" grep -q '"not_decoded":{"malformed":1,"cut":1,"fragments_refused":0,"datagrams_unfinished":1,"too_deep":0,"unknown_link_type":0}' "$tmp/out"

for capture in "$here"/../golden/*.pcapng; do
    expect_status "--summary -j of ${capture##*/}" 0 "$rtcshim" decode --summary -j "$capture"
    check "is in its schema" "$here/check_schema.py" --summary "$tmp/out"
done

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
expect_status "so is an output that is closed" 2 sh -c "\"\$0\" decode \"\$1\" >&-" "$rtcshim" "$tmp/two.pcapng"
# A message a packet, without end; the decoder ignores SIGPIPE, as a child of many programs does.
PYTHONPATH=$here expect_status "a reader that went away ends it, though the input has no end" 0 timeout 20 python3 -B -c '
import captures, subprocess, sys
p = subprocess.Popen([sys.argv[1], "decode", "-j", "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, restore_signals=False)
p.stdout.close()
one = captures.pcap_record(captures.udp("192.0.2.1", 5000, "192.0.2.2", 5001, captures.stun(1)))
try:
    p.stdin.write(captures.pcap_header())
    while True:
        p.stdin.write(one)
        p.stdin.flush()
except BrokenPipeError:
    sys.exit(p.wait() != 2)' "$rtcshim"
expect_status "standard input that is closed is damage, not an empty file" 1 sh -c "\"\$0\" decode - <&-" "$rtcshim"
check "and says so" said 'Bad file descriptor'

python3 -c 'import struct, sys
sys.stdout.buffer.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 105) + 3 * (struct.pack("<IIII", 0, 0, 4, 4) + bytes(4)))' >"$tmp/wlan.pcap"
expect_status "packets of a link type that is not decoded are no failure" 0 "$rtcshim" decode -f 'udp' "$tmp/wlan.pcap"
check "but it is said, once" [ "$(grep -c 'link type 105 are not decoded' "$tmp/err")" = 1 ]

cp "$rtcshim" "$tmp/rtcshim"
PATH="$tmp" expect_status "without the analyzer it is rtcshim that fails" 125 "$tmp/rtcshim" decode "$tmp/two.pcapng"
finish
