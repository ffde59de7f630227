#!/bin/bash
# Run every suite and add up what they say: check.sh BUILD. A suite that ends without a count, or without a test, has failed.
set -u
build=$(realpath "$1")
cd "$(dirname "$0")/.." || exit 1
passed=0 failed=0
log=$(mktemp)
trap 'rm -f "$log"' EXIT

# suite NAME SECONDS COMMAND...: its last line "N passed, N failed" counts; cmocka's closing lines do too.
suite() {
    local name=$1 seconds=$2 p f status
    shift 2
    echo "== $name"
    timeout --kill-after=20 "$seconds" "$@" 2>&1 | tee "$log"
    status=${PIPESTATUS[0]}
    p=$(sed -n 's/^\([0-9]*\) passed, [0-9]* failed$/\1/p; s/^\[  PASSED  \] \([0-9]*\) test(s)\.$/\1/p' "$log" | tail -n 1)
    f=$(sed -n 's/^[0-9]* passed, \([0-9]*\) failed$/\1/p; s/^\[  FAILED  \] \([0-9]*\) test(s).*$/\1/p' "$log" | tail -n 1)
    p=${p:-0} f=${f:-0}
    if [ "$p" = 0 ] && [ "$f" = 0 ]; then
        echo "not ok - $name ran no test (exit status $status)"
        f=1
    elif [ "$status" != 0 ] && [ "$f" = 0 ]; then
        echo "not ok - $name ended with status $status"
        f=1
    fi
    passed=$((passed + p)) failed=$((failed + f))
}

for test in "$build"/tests/unit/test_*; do
    suite "${test##*/}" 300 "$test"
done
suite preload 900 tests/preload/run.sh "$build"
suite enforce 600 tests/preload/enforce.sh "$build"
for test in tests/run/test_*.sh; do
    suite "run ${test##*/test_}" 300 env RTCSHIM="$build/rtcshim" "$test"
done
suite golden 120 tests/golden/run.sh "$build"
suite fuzz 900 tests/fuzz/run.sh "$build/fuzz" "${FUZZ_SECONDS:-15}"
suite browser 2700 tests/browser/run.sh "$build"

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
