#!/bin/sh
# Measure what docs/performance.md records: bench.sh [BUILD]
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
build=${1:-$root/build}
library=$(readlink -f "$build/librtcshim.so") || library=
if [ ! -e "$library" ]; then
    echo "bench.sh: no $build/librtcshim.so: build it first with make" >&2
    exit 1
fi
work=$(mktemp -d "${TMPDIR:-/tmp}/rtcshim-bench.XXXXXX")
trap 'rm -rf "$work"' EXIT
compile() {
    out=$1
    shift
    ${CC:-cc} -std=c17 -D_GNU_SOURCE "-I$root/core" -O2 -g -pthread -o "$out" "$@"
}
compile "$work/bench_hooks" "$here/bench_hooks.c" "$root/core/ring.c" "$root/core/policy.c" "$root/core/netaddr.c"
compile "$work/bench_ring" "$here/bench_ring.c" "$root/core/ring.c" "$root/core/ring_reader.c"

echo "machine: $(nproc) processors, $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1), Linux $(uname -r)"
set --
for one in torsocks=torsocks/libtorsocks.so proxychains4=libproxychains.so.4; do
    file=
    for folder in /usr/lib/*-linux-gnu /usr/lib; do
        if [ -e "$folder/${one#*=}" ]; then
            file=$folder/${one#*=}
            break
        fi
    done
    if [ -n "$file" ]; then
        set -- "$@" "${one%%=*}=$file"
    else
        echo "${one%%=*} is not installed and not measured: apt-get install ${one%%=*}"
    fi
done
command -v strace >/dev/null || echo "strace is not installed and not measured: apt-get install strace"
mkdir "$work/session"
"$work/bench_hooks" "$library" "$work/session" "$@"
echo
echo "the ring alone"
"$work/bench_ring"

echo
echo "the analyzer: 2,000,000 packets, 10% STUN, page cache warm; best of five, seconds"
"$build"/rtcshim-analyzer --version >/dev/null
compile "$work/gen_capture" "$here/gen_capture.c" "$root/core/stun.c" "$root/core/stun_table.c" "$root/core/stun_value.c" \
    "$root/core/stun_encode.c" "$root/core/stun_integrity.c" "$root/core/netaddr.c" -lnettle -lz
"$work/gen_capture" "$work/bench.pcap"
# best NAME COMMAND...: output goes nowhere, and its length is asked for once.
best() {
    name=$1
    shift
    least=
    for _ in 1 2 3 4 5; do
        begin=$(date +%s%N)
        "$@" >/dev/null 2>&1
        took=$((($(date +%s%N) - begin) / 1000000))
        [ -n "$least" ] && [ "$least" -le "$took" ] || least=$took
    done
    printf '%-34s %d.%03d\n' "$name" $((least / 1000)) $((least % 1000))
}
best "cat" cat "$work/bench.pcap"
# -w -, not -w /dev/null: as root tcpdump gives the file that it writes to another user.
if command -v tcpdump >/dev/null; then
    best "tcpdump -w, filter for the cookie" tcpdump -r "$work/bench.pcap" -w - \
        'udp[12:4] = 0x2112a442 or ip6[52:4] = 0x2112a442'
else
    echo "tcpdump is not installed and not measured: apt-get install tcpdump"
fi
best "rtcshim-analyzer decode -j" "$build/rtcshim-analyzer" decode -j "$work/bench.pcap"
best "rtcshim-analyzer decode" "$build/rtcshim-analyzer" decode "$work/bench.pcap"
best "rtcshim-analyzer decode --summary" "$build/rtcshim-analyzer" decode --summary "$work/bench.pcap"
echo "messages found: $("$build/rtcshim-analyzer" decode -j "$work/bench.pcap" | wc -l)"
