#!/bin/sh
# Run every fuzzer in a folder for some seconds each, from the corpora beside this file: run.sh FOLDER SECONDS.
set -u
folder=$1 seconds=$2
here=$(dirname "$0")
passed=0 failed=0
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT

for fuzzer in "$folder"/fuzz_*; do
    [ -x "$fuzzer" ] || continue
    name=$(basename "$fuzzer")
    mkdir "$scratch/$name"
    if "$fuzzer" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
        -artifact_prefix="$scratch/" "$scratch/$name" "$here/corpus/${name#fuzz_}" >"$scratch/log" 2>&1; then
        echo "ok - $name finds nothing in $(sed -n 's/stat::number_of_executed_units: *//p' "$scratch/log") inputs"
        passed=$((passed + 1))
    else
        echo "not ok - $name"
        tail -n 40 "$scratch/log"
        for input in "$scratch"/crash-* "$scratch"/oom-* "$scratch"/timeout-*; do
            [ -f "$input" ] && { echo "the input, in base64:"; base64 "$input"; }
        done
        failed=$((failed + 1))
    fi
done
[ $((passed + failed)) -gt 0 ] || { echo "not ok - no fuzzer in $folder"; failed=1; }
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
