#!/bin/bash
# `rtcshim report`: what it says of runs that report_cases.py makes, its options, exit statuses, files, and damaged folders.
# shellcheck source=tests/run/lib.sh
. "$(dirname "$0")/lib.sh"

if cases=$(python3 -B "$here/report_cases.py" "$rtcshim" "$tmp" 2>&1); then
    pass "the verdicts of the runs that are made are as expected"
else
    fail "the verdicts of the runs that are made are as expected" "$(grep -A2 '^not ok\|Error' <<<"$cases")"
fi
grep -E '^    |^[0-9]+ passed' <<<"$cases"
if doubts=$(python3 -B "$here/report_doubts.py" "$rtcshim" "$tmp" 2>&1); then
    pass "a verdict holds where the network changes, the record is not whole, or others send too"
else
    fail "a verdict holds where the network changes, the record is not whole, or others send too" "$(grep -A2 '^not ok\|Error' <<<"$doubts")"
fi

# make_run NAME CODE: a run in $tmp/NAME; the code fills `run`.
make_run() {
    python3 -B - "$here" "$tmp/$1" "$2" <<'PYTHON'
import sys
sys.path.insert(0, sys.argv[1])
from report_runs import *
run = Run()
exec(sys.argv[3])
run.write(sys.argv[2])
PYTHON
}
leaking='run.exchange(1000, TUN, EXIT)
run.exchange(5000, ETH6, ETH6, left="eth0", remote=(STUN6, 3478), bound="::", source="route")'
make_run leak "$leaking"
make_run clean 'run.exchange(1000, TUN, EXIT)'

# --- options and statuses ---
expect_status "a report is made" 0 "$rtcshim" report --vpn tun0 "$tmp/leak"
check "that begins with the verdict" [ "$(head -1 "$tmp/out")" = "LEAK: 1 address leaked outside tun0." ]
check "names the address and the interface" grep -q "2001:db8:1::23 (global IPv6) of eth0" "$tmp/out"
check "the evidence" grep -q "events 3, 4; frames 3, 4" "$tmp/out"
check "how much both witnesses confirm" grep -q "(4 packets); 4 STUN messages are confirmed" "$tmp/out"
check "and what to do" grep -q "rtcshim run --vpn tun0 /usr/bin/firefox-esr" "$tmp/out"
check "without colour, since it is no terminal" sh -c "! grep -q \"\$(printf '\\033')\" \"\$0\"" "$tmp/out"
expect_status "--brief is the verdict alone" 0 "$rtcshim" report --brief --vpn tun0 "$tmp/leak"
check "without sections" sh -c '! grep -qx "Interfaces" "$0"' "$tmp/out"
expect_status "--fail-on-leak exits 3 where an address surely leaked" 3 "$rtcshim" report --fail-on-leak --vpn tun0 "$tmp/leak"
expect_status "and 0 where none did" 0 "$rtcshim" report --fail-on-leak --vpn tun0 "$tmp/clean"
check "which it says" [ "$(head -1 "$tmp/out")" = "CLEAN: Nothing leaked outside tun0." ]
make_run likely 'run.exchange(1000, TUN, EXIT); run.exchange(5000, ETH, None)'
expect_status "a likely leak does not count for it" 0 "$rtcshim" report --fail-on-leak --vpn tun0 "$tmp/likely"
check "but is told" [ "$(head -1 "$tmp/out")" = "LEAK: 1 address likely leaked outside tun0; none surely did." ]
expect_status "-j writes one object" 0 "$rtcshim" report -j --vpn tun0 "$tmp/leak"
check "in the schema" "$here/check_schema.py" --report "$tmp/out"
expect_status "without a wanted path nothing is called a leak" 0 "$rtcshim" report "$tmp/leak"
check "and it says how to name one" grep -q -- "--vpn IFACE" "$tmp/out"
check "and what servers learned" grep -q "2001:db8:1::23, over eth0" "$tmp/out"
for both in "--html=- --pcapng -" "-j --html=-" "--pcapng - --json"; do
    # shellcheck disable=SC2086 # they are several
    expect_status "standard output takes one thing ($both)" 2 "$rtcshim" report $both "$tmp/clean"
    check "which is said, with nothing on it" sh -c 'grep -q "standard output takes one" "$0" && [ ! -s "$1" ]' "$tmp/err" "$tmp/out"
done
expect_status "a folder is needed" 2 "$rtcshim" report
expect_status "one is enough" 2 "$rtcshim" report "$tmp/leak" "$tmp/clean"
expect_status "it must be there" 2 "$rtcshim" report "$tmp/nowhere"
check "which is said" said "cannot read .*nowhere: No such file"
expect_status "a file is no folder" 2 "$rtcshim" report "$tmp/leak/run.json"
expect_status "an unknown option is told" 2 "$rtcshim" report --frobnicate "$tmp/leak"
check "by name" said "unknown option '--frobnicate'"
expect_status "an interface's name has at most 15 letters" 2 "$rtcshim" report --vpn 0123456789abcdef "$tmp/leak"
expect_status "--help is no error" 0 "$rtcshim" report --help
mkdir "$tmp/empty"
expect_status "a folder with nothing in it is trouble" 2 "$rtcshim" report "$tmp/empty"
check "and said to be none of a run's" said "is no run's folder"
expect_status "a database that is none is trouble" 2 "$rtcshim" report --geo "$tmp/leak/run.json" "$tmp/leak"

# --- a terminal ---
terminal() { script -qec "stty cols $1; exec $2" /dev/null </dev/null; }
escape=$(printf '\033')
if command -v script >/dev/null; then
    terminal 80 "$rtcshim report --brief --vpn tun0 $tmp/leak" >"$tmp/tty"
    check "on a terminal there is colour" grep -q "$escape\[1;31mLEAK:" "$tmp/tty"
    check "in at most 24 lines" [ "$(wc -l <"$tmp/tty")" -le 24 ]
    check "of at most 80 columns" sh -c "sed 's/$escape\[[0-9;]*m//g; s/\r//' \"\$0\" | awk 'length > 80 { bad = 1 } END { exit bad }'" "$tmp/tty"
    NO_COLOR=1 terminal 80 "$rtcshim report --vpn tun0 $tmp/leak" >"$tmp/tty"
    check "and none with NO_COLOR" sh -c "! grep -q '$escape' \"\$0\"" "$tmp/tty"
else
    fail "a terminal could be tried" "needs script (apt install bsdutils)"
fi

# --- files ---
expect_status "--html writes into the folder" 0 "$rtcshim" report --html --vpn tun0 "$tmp/leak"
check "a page" grep -qi "<!doctype html>" "$tmp/leak/report.html"
check "for its owner alone" [ "$(stat -c %a "$tmp/leak/report.html")" = 600 ]
expect_status "or to where it is told" 0 "$rtcshim" report --html="$tmp/page.html" --pcapng "$tmp/notes.pcapng" --vpn tun0 "$tmp/leak"
check "and the capture with notes too" [ -s "$tmp/page.html" ] && check "which is a capture" [ "$("$rtcshim" decode "$tmp/notes.pcapng" | tail -n +2 | wc -l)" = 4 ]
expect_status "a page can go to standard output" 0 "$rtcshim" report --html=- --vpn tun0 "$tmp/leak"
check "with nothing else on it" sh -c 'head -c 15 "$0" | grep -qi "^<!doctype html>"' "$tmp/out"
expect_status "a place that can't be written is trouble" 2 "$rtcshim" report --html="$tmp/nowhere/x.html" "$tmp/leak"
check "which is said" said "cannot write .*nowhere/x.html: No such file"
rm -f "$tmp"/leak/report.html
check "nothing half-written is left" [ -z "$(find "$tmp" -name '*.html.??????' -o -name '*.pcapng.??????')" ]
expect_status "a full disk is trouble" 2 sh -c "\"\$0\" report \"\$1\" >/dev/full" "$rtcshim" "$tmp/leak"
check "and said" said "cannot write to standard output: No space"
expect_status "a page to a full disk is trouble too" 2 "$rtcshim" report --html=/dev/full "$tmp/leak"
check "and the device is still one" [ -c /dev/full ]

# --- redaction ---
expect_status "--redact replaces what names a person" 0 "$rtcshim" report --redact --vpn tun0 -j "$tmp/leak"
check "so that no address of the network is left" sh -c '! grep -q "2001:db8:1::23\|203.0.113.8\|192.168.1.23" "$0"' "$tmp/out"
check "and the document is still in its schema" "$here/check_schema.py" --report "$tmp/out"
expect_status "the text is redacted too" 0 "$rtcshim" report --redact --vpn tun0 "$tmp/leak"
check "as a whole" sh -c '! grep -q "2001:db8:1::23\|203.0.113.8\|192.168.1.23" "$0"' "$tmp/out"

# --- damage ---
cp -r "$tmp/leak" "$tmp/cut"
head -c -40 "$tmp/leak/events.ndjson" >"$tmp/cut/events.ndjson"
expect_status "a run that was killed in the middle of a line is damaged" 1 "$rtcshim" report --vpn tun0 "$tmp/cut"
check "in that line" said "events.ndjson: damaged at line 4"
check "and the rest is reported" grep -q "2001:db8:1::23 (global IPv6) of eth0" "$tmp/out"
cp -r "$tmp/leak" "$tmp/short"
head -c -10 "$tmp/leak/wire.pcapng" >"$tmp/short/wire.pcapng"
expect_status "so is one whose capture is cut" 1 "$rtcshim" report --vpn tun0 "$tmp/short"
check "which is said" said "wire.pcapng: damaged at byte"
cp -r "$tmp/leak" "$tmp/nojson"
rm "$tmp/nojson/run.json"
expect_status "and one without run.json" 1 "$rtcshim" report --vpn tun0 "$tmp/nojson"
check "whose verdict is not clean" sh -c 'head -1 "$0" | grep -q "^LEAK:\|^UNKNOWN:"' "$tmp/out"
cp -r "$tmp/leak" "$tmp/link"
rm "$tmp/link/events.ndjson"
ln -s "$tmp/leak/events.ndjson" "$tmp/link/events.ndjson"
expect_status "a symbolic link in a folder is not followed" 1 "$rtcshim" report --vpn tun0 "$tmp/link"
cp -r "$tmp/leak" "$tmp/binary"
head -c 20000 /dev/urandom >"$tmp/binary/events.ndjson"
expect_status "noise for events is damage" 1 "$rtcshim" report -j --vpn tun0 "$tmp/binary"
check "and the document is still in its schema" "$here/check_schema.py" --report "$tmp/out"
for field in network processes policy capture start browser command; do
    cp -r "$tmp/leak" "$tmp/odd-$field"
    python3 -c 'import json,sys; p=sys.argv[1]+"/run.json"; r=json.load(open(p)); r[sys.argv[2]]=[{"x":[7]},3,None]; json.dump(r,open(p,"w"))' "$tmp/odd-$field" "$field"
    "$rtcshim" report -j --vpn tun0 "$tmp/odd-$field" >"$tmp/out" 2>"$tmp/err"
    check "a run.json whose $field is something else is reported on (status $?)" "$here/check_schema.py" --report "$tmp/out"
done

finish
