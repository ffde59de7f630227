#!/bin/bash
# Run the browser suite and add up: run.sh [BUILD-FOLDER]. Takes about a quarter of an hour; the lab's servers and the strace parser come first.
set -u
BUILD=$(realpath "${1:-build}") || exit 1
export BUILD
cd "$(dirname "$0")" || exit 1
python=/usr/bin/python3
[ -x "$python" ] || python=python3

log=$(mktemp)
trap 'rm -f "$log"' EXIT
passed=0 failed=0
for test in test_strace_stun test_lab test_dumpcap test_candidates test_nothing_missed test_killed test_rfc8828 test_vpn test_verdict test_run_capture test_tunnel_down test_policy_set test_report_html; do
    echo "= $test"
    "$python" "$test.py" 2>&1 | tee "$log"
    status=${PIPESTATUS[0]}
    read -r p f < <(sed -n 's/^\([0-9]*\) passed, \([0-9]*\) failed$/\1 \2/p' "$log" | tail -n 1) || p=0 f=1
    # A script that broke off has no sums, or a status that they do not explain.
    if [ "$status" != 0 ] && [ "$f" = 0 ]; then
        echo "not ok - $test ended with status $status"
        f=1
    fi
    passed=$((passed + p)) failed=$((failed + f))
done
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
