#!/bin/bash
# `rtcshim report --pcapng`: tshark lists packets and records in the order of time and its filters find what they should, tcpdump
# reads what it read before, nothing of the capture has changed, and with --redact nothing names anybody.
# shellcheck source=tests/run/lib.sh
. "$(dirname "$0")/lib.sh"
for tool in tshark tcpdump; do
    command -v "$tool" >/dev/null || {
        fail "$tool is installed: apt-get install $tool"
        finish
    }
done
run=$here/noted_run.py
report="$(dirname "$rtcshim")/rtcshim-analyzer report --vpn tun0"
folder=$tmp/run noted=$tmp/noted.pcapng redacted=$tmp/redacted.pcapng

# shown FILE OPTION...: what tshark prints; it says nothing else, but that it is root.
shown() {
    local file=$1
    shift
    tshark -r "$file" "$@" 2>"$tmp/tshark.err"
    ! grep -v 'Running as user' "$tmp/tshark.err" >&2
}
count() { shown "$1" -Y "$2" | grep -c .; }
# found FILE FILTER NUMBER
found() { [ "$(count "$1" "$2")" = "$3" ]; }
times() { shown "$1" -T fields -e frame.time_epoch | grep .; }

python3 "$run" make "$folder"
before=$(sha256sum <"$folder/wire.pcapng")
expect_status "a run's capture gets its notes" 0 $report --pcapng "$noted" "$folder"
[ -s "$noted" ] || finish
check "the capture itself stays as it was" [ "$(sha256sum <"$folder/wire.pcapng")" = "$before" ]
check "without the notes the new one is the same file, byte for byte" python3 "$run" strip "$folder/wire.pcapng" "$noted"
check "tshark reads it to its end" shown "$noted" -q
check "and lists the records between the packets, in the order of time" cmp -s <(times "$noted") <(times "$noted" | sort -n)
check "thirteen of both" [ "$(shown "$noted" | wc -l)" = 13 ]
check "there are five of what is no packet" found "$noted" 'systemd_journal.syslog_id == "rtcshim"' 5
check "a refused message" found "$noted" 'systemd_journal.message contains "blocked_absent"' 1
check "one that the system took and that did not leave" found "$noted" 'systemd_journal.message contains "not_on_wire"' 1
check "an enumeration, a probe and a name that was looked up" \
    found "$noted" 'systemd_journal.message matches "enumeration|probe of 8.8.8.8:53|getaddrinfo, DNS answer"' 3
check "each STUN packet has a comment" found "$noted" 'stun and not frame.comment contains "rtcshim: "' 0
check "five are confirmed" found "$noted" 'frame.comment contains "confirmed (event"' 5
check "the filter for leaks finds the two packets of eth0" found "$noted" 'frame.comment contains "LEAK 203.0.113.23"' 2
check "and no other" found "$noted" 'frame.comment contains "LEAK"' 2
check "which are eth0's" found "$noted" 'frame.comment contains "LEAK" and frame.interface_name == "eth0"' 2
check "what went around the shim is found" found "$noted" 'frame.comment contains "UNSEEN"' 1
check "what a process sent and received is found" found "$noted" 'frame.comment contains "[117 socket]"' 5
check "comments name the frame of wire.pcapng" \
    [ "$(shown "$noted" -Y 'frame.comment contains "frame 5)"' -T fields -e ip.src -e udp.srcport)" = "$(shown "$folder/wire.pcapng" -Y 'frame.number == 5' -T fields -e ip.src -e udp.srcport)" ]
check "a comment that was there still is" found "$noted" 'frame.comment == "a comment that was there"' 2
check "the process of each section stands in a process block of macOS' form" \
    [ "$(tshark -r "$noted" -X 'read_format:MIME Files Format' -T fields -e pcapng.darwin.process_id 2>/dev/null)" = "117,117" ]
check "a name with line breaks and controls makes no field and no control of its own" \
    sh -c "! grep -aqP '^__REALTIME_TIMESTAMP=1\x1b|\x1b|\xe2\x80\xae' '$noted'"
tcpdump -nr "$folder/wire.pcapng" >"$tmp/before" 2>/dev/null
before_status=$?
tcpdump -nr "$noted" >"$tmp/after" 2>/dev/null
check "tcpdump ends as it did without the notes" [ $? = "$before_status" ]
check "and prints the same packets" cmp -s "$tmp/before" "$tmp/after"
check "there are some" [ "$(wc -l <"$tmp/after")" -ge 6 ]

gzip -c "$folder/wire.pcapng" >"$tmp/wire.gz" && cp "$tmp/wire.gz" "$folder/wire.pcapng"
expect_status "a capture that is compressed" 0 $report --pcapng "$tmp/from-gz.pcapng" "$folder"
check "gives the same file" cmp -s "$noted" "$tmp/from-gz.pcapng"
gunzip -c "$tmp/wire.gz" | head -c -30 >"$folder/wire.pcapng"
expect_status "a damaged one is told" 1 $report --pcapng "$tmp/damaged.pcapng" "$folder"
check "and tshark reads all up to the damage, with its notes" found "$tmp/damaged.pcapng" 'frame.comment contains "confirmed (event"' 4
gunzip -c "$tmp/wire.gz" >"$folder/wire.pcapng"

expect_status "with --redact" 0 $report --redact --pcapng "$redacted" "$folder"
[ -s "$redacted" ] || finish
secrets=$(python3 "$run" secrets "$redacted")
check "no address and no name is left, in any form" [ -z "$secrets" ] || printf '    %s\n' "$secrets"
check "that would have been found in the other" [ "$(python3 "$run" secrets "$noted" | wc -l)" -gt 10 ]
checked=(-o ip.check_checksum:TRUE -o udp.check_checksum:TRUE -o tcp.check_checksum:TRUE)
check "tshark decodes six STUN packets" found "$redacted" stun 6
check "none is malformed" [ -z "$(shown "$redacted" "${checked[@]}" -Y '_ws.malformed or _ws.expert.severity >= 0x600000')" ]
check "their checksums are right" \
    [ "$(shown "$redacted" "${checked[@]}" -Y 'udp.checksum.status == 1 and ip.checksum.status == 1' | wc -l)" = 6 ]
check "the notes are there" found "$redacted" 'frame.comment contains "LEAK" or systemd_journal.message contains "blocked_absent"' 3
check "tcpdump reads it" [ "$(tcpdump -nr "$redacted" 2>/dev/null | wc -l)" = 6 ]

ln -s wire.pcapng "$folder/link"
for own in wire.pcapng link run.json events.ndjson; do
    expect_status "nothing is written over what the report is made of: $own" 2 $report --pcapng "$folder/$own" "$folder"
    expect_status "nor is the page" 2 $report --html="$folder/$own" "$folder"
done
check "the capture is still as it was" [ "$(sha256sum <"$folder/wire.pcapng")" = "$before" ]

# A capture of which nothing is shown: no packet in it, or, with --redact, no STUN. libpcap refuses a file that has no interface.
opened() { tcpdump -nr "$1" >"$tmp/after" 2>"$tmp/tcpdump.err" && [ ! -s "$tmp/after" ]; }
tshark -r "$folder/wire.pcapng" -Y 'frame.number < 1' -w "$tmp/none.pcapng" 2>/dev/null
printf '\xd4\xc3\xb2\xa1\x02\0\x04\0\0\0\0\0\0\0\0\0\xff\xff\0\0\x01\0\0\0' >"$tmp/none.pcap"
for none in none.pcapng none.pcap; do
    cp "$tmp/$none" "$folder/wire.pcapng"
    check "tcpdump opens a capture without a packet: $none" opened "$folder/wire.pcapng"
    expect_status "it gets notes" 0 $report --pcapng "$noted" "$folder"
    check "and is opened still" opened "$noted"
    check "tshark lists its records" [ "$(count "$noted" systemd_journal)" -ge 5 ]
    expect_status "redacted" 0 $report --redact --pcapng "$redacted" "$folder"
    check "too" opened "$redacted"
done
finish
