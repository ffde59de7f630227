#!/bin/bash
# Four processes send STUN at full speed for FLOOD_SECONDS (10): what was told and what was lost add up to what was sent.
# shellcheck source=tests/run/lib.sh
. "$(dirname "$0")/lib.sh"

cc -O2 -o "$tmp/flood" "$here/flood.c" || fail "flood.c compiles"
expect_status "rtcshim run ends with the flood's status" 0 \
    "$rtcshim" run -q -o "$tmp/run" -- "$tmp/flood" 4 "${FLOOD_SECONDS:-10}"
sent=$(cat "$tmp/out")
told=$(grep -c '"event_type":"stun"' "$tmp/run/events.ndjson")
lost=$(sed -n 's/^Events: [0-9]* told, \([0-9]*\) lost.*/\1/p' "$tmp/err")
echo "sent $sent, told $told, lost $lost"
check "the flood sent something" test "${sent:-0}" -gt 1000
check "told and lost add up to sent" test $((told + ${lost:-0})) -eq "${sent:-0}"
check "no message is told twice" test \
    "$(grep -o '"txid":"[0-9a-f]*"' "$tmp/run/events.ndjson" | sort | uniq -d | wc -l)" -eq 0
check "seq has no gap and losses are in the events" awk -v lost="${lost:-0}" '
    match($0, /"seq":[0-9]+/) { n++; if (substr($0, RSTART + 6, RLENGTH - 6) != n) bad = 1 }
    /"event_type":"stats"/ && match($0, /"lost":[0-9]+/) { told += substr($0, RSTART + 7, RLENGTH - 7) }
    END { exit bad || n == 0 || told != lost }' "$tmp/run/events.ndjson"

finish
