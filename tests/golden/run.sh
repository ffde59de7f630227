#!/bin/bash
# Decode every golden capture and compare with what is expected beside it; then truth.py asks others than ourselves whether that is true.
#   run.sh [--update] [BUILD-FOLDER]     --update writes the expected files anew: read what changed before it is committed
set -u
update=
[ "${1-}" != --update ] || { update=1 && shift; }
BUILD=$(realpath "${1:-$(dirname "$0")/../../build}") || exit 1
export BUILD
cd "$(dirname "$0")" || exit 1
python=/usr/bin/python3
[ -x "$python" ] || python=python3
# The time zone and language of the machine must not show.
export TZ=Pacific/Kiritimati LC_ALL=C

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
passed=0 failed=0

# compare EXPECTED OPTION...: the output of decode with these options for EXPECTED's capture
compare() {
    local expected=$1 status
    shift
    "$BUILD/rtcshim-analyzer" decode "$@" "${expected%.*}.pcapng" >"$tmp/out" 2>"$tmp/err"
    status=$?
    [ -z "$update" ] || cp "$tmp/out" "$expected"
    if [ "$status" = 0 ] && [ ! -s "$tmp/err" ] && [ -s "$tmp/out" ] && cmp -s "$expected" "$tmp/out"; then
        passed=$((passed + 1))
        echo "ok - $expected is what decode${*:+ $*} says"
    else
        failed=$((failed + 1))
        echo "not ok - $expected is what decode${*:+ $*} says"
        { [ "$status" = 0 ] || echo "exit status $status"; cat "$tmp/err"; diff -u "$expected" "$tmp/out" 2>&1; } | cut -c1-300 | head -n 30 | sed 's/^/#   /'
    fi
}

for capture in *.pcapng; do
    name=${capture%.pcapng}
    compare "$name.out"
    compare "$name.ndjson" -j
    compare "$name.summary" --summary
done

"$python" truth.py >"$tmp/truth" 2>&1
status=$?
grep -v '^[0-9]* passed, [0-9]* failed$' "$tmp/truth"
read -r p f < <(sed -n 's/^\([0-9]*\) passed, \([0-9]*\) failed$/\1 \2/p' "$tmp/truth" | tail -n 1) || p=0 f=1
if [ "$status" != 0 ] && [ "$f" = 0 ]; then
    echo "not ok - truth.py ended with status $status"
    f=1
fi
passed=$((passed + p)) failed=$((failed + f))
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
