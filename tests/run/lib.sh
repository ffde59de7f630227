#!/bin/bash
# Shared by the scripts in this folder: where the program is, what a check prints, and a place for files.
#
# Each script needs the built programs only, prints "ok - ..." or "not ok - ..." for each check and "N passed, N failed" at the end,
# and exits non-zero if a check failed. RTCSHIM names the program, by default build/rtcshim of this tree.

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck disable=SC2034 # the scripts use it
rtcshim=$(realpath -m "${RTCSHIM:-$here/../../build/rtcshim}")
if [ ! -x "$rtcshim" ] || [ ! -r "$(dirname "$rtcshim")/librtcshim.so" ]; then
    printf 'not ok - %s and librtcshim.so beside it are built; run make first\n' "$rtcshim"
    exit 1
fi
passed=0
failed=0
tmp=$(mktemp -d)
# A session and a state folder of the test's own, so that it meets nobody else's.
export XDG_RUNTIME_DIR="$tmp/runtime" XDG_STATE_HOME="$tmp/state"
unset RTCSHIM_LIBRARY RTCSHIM_SESSION LD_PRELOAD
mkdir -m 0700 "$XDG_RUNTIME_DIR" "$XDG_STATE_HOME"
cleanup_commands=()

on_exit() {
    for c in "${cleanup_commands[@]}"; do eval "$c"; done
    rm -rf "$tmp"
}
trap on_exit EXIT

pass() {
    passed=$((passed + 1))
    printf 'ok - %s\n' "$1"
}

fail() {
    failed=$((failed + 1))
    printf 'not ok - %s\n' "$1"
    [ $# -lt 2 ] || printf '%s\n' "$2" | sed 's/^/    /'
}

# check NAME CONDITION...: the condition is a command.
check() {
    local name=$1
    shift
    if "$@"; then pass "$name"; else fail "$name" "failed: $*"; fi
}

# expect_status NAME STATUS COMMAND...: standard error is kept in $tmp/err, standard output in $tmp/out.
expect_status() {
    local name=$1 wanted=$2 got
    shift 2
    "$@" >"$tmp/out" 2>"$tmp/err"
    got=$?
    if [ "$got" -eq "$wanted" ]; then
        pass "$name"
    else
        fail "$name" "exit status $got, not $wanted: $(cat "$tmp/err")"
    fi
}

said() { grep -q -- "$1" "$tmp/err"; }
said_out() { grep -q -- "$1" "$tmp/out"; }

# wait_for SECONDS COMMAND...: until the command succeeds; false when the time is over.
wait_for() {
    local end=$((SECONDS + $1))
    shift
    until "$@" 2>/dev/null; do
        [ "$SECONDS" -lt "$end" ] || return 1
        sleep 0.02
    done
}

finish() {
    printf '%d passed, %d failed\n' "$passed" "$failed"
    [ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
    exit
}
