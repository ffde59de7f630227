#!/bin/sh
# Measure the analyzer beside others: analyzer.sh [BUILD]. `make bench` runs it.
#
# GROWTH=1 adds the capture of 20 million packets (13 GB, or a pipe where the disk has no room) and the ones with ten
# million flows (4 GB). BENCH_REALTIME=1 puts what is measured before all other work of the machine; needs privilege.
# ROUNDS (11) is how often the quick ones are run.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
build=$(readlink -f "${1:-$root/build}")
rounds=${ROUNDS:-11}
analyzer=$build/rtcshim-analyzer
"$analyzer" --version >/dev/null || {
    echo "analyzer.sh: no $analyzer: build it first with make" >&2
    exit 1
}
work=$(mktemp -d "${TMPDIR:-/tmp}/rtcshim-bench.XXXXXX")
trap 'rm -rf "$work"' EXIT
cd "$work"

compile() {
    out=$1
    shift
    ${CC:-cc} -std=c17 -D_GNU_SOURCE "-I$root/core" "-I$root/analyzer/input" "-I$root/analyzer/layers" \
        "-I$root/analyzer/flow" -O2 -g -o "$out" "$@"
}
compile take_turns "$here/take_turns.c"
compile mmap_walk "$here/mmap_walk.c"
compile zero_key.so -shared -fPIC "$here/zero_key.c"
compile gen_capture "$here/gen_capture.c" "$here/collide.c" "$root/analyzer/flow/flow_key.c" "$root/core/stun.c" \
    "$root/core/stun_table.c" "$root/core/stun_value.c" "$root/core/stun_encode.c" "$root/core/stun_integrity.c" \
    "$root/core/netaddr.c" -lnettle -lz

# room_for MEGABYTES, here
room_for() {
    [ "$(df -Pm . | awk 'NR == 2 { print $4 }')" -gt "$1" ]
}

# generate FILE OPTION...: what was put in, and the page cache warm.
generate() {
    file=$1
    shift
    printf '%s: ' "$file"
    ./gen_capture "$@" "$file" 2>&1
    cat "$file" >/dev/null
}

# found FILE PACKETS: every message that was put in is told, in its order: the first packet of each ten.
found() {
    "$analyzer" decode -j "$1" | sed 's/.*"pcap_cnt":\([0-9]*\).*/\1/' | awk -v packets="$2" -v file="$1" '
        $1 != 10 * (NR - 1) + 1 { wrong++ }
        END {
            printf "%s: %d messages found, %d of them not where they were put, %d put in\n", file, NR, wrong, packets / 10
            exit wrong > 0 || NR != packets / 10
        }' || {
        echo "analyzer.sh: $1: found is not what was put in" >&2
        exit 1
    }
}

room_for 3000 || {
    echo "analyzer.sh: needs 3 GB in ${TMPDIR:-/tmp}; TMPDIR=... takes another folder" >&2
    exit 1
}
echo "the analyzer; output goes to /dev/null; ratio: to the first line, median of the rounds; MiB: resident, libraries included"
generate 200k.pcap -n 200000
generate 2m.pcap
found 200k.pcap 200000
found 2m.pcap 2000000
echo
set -- cat "exec cat 2m.pcap" "mmap, a look at each packet" "exec ./mmap_walk 2m.pcap"
# -w -, not -w /dev/null: as root tcpdump gives the file that it writes to another user.
if command -v tcpdump >/dev/null; then
    set -- "$@" "tcpdump -w -, the cookie" "exec tcpdump -r 2m.pcap -w - 'udp[12:4] = 0x2112a442 or ip6[52:4] = 0x2112a442'"
else
    echo "tcpdump is not installed and not measured: apt-get install tcpdump"
fi
./take_turns "$rounds" "$@" \
    "rtcshim-analyzer decode -j" "exec $analyzer decode -j 2m.pcap" \
    "rtcshim-analyzer decode" "exec $analyzer decode 2m.pcap" \
    "rtcshim-analyzer decode --summary" "exec $analyzer decode --summary 2m.pcap"
echo
if command -v tshark >/dev/null; then
    # A minute with real-time priority would stop the machine.
    BENCH_REALTIME='' ./take_turns 1 "rtcshim-analyzer decode -j" "exec $analyzer decode -j 2m.pcap" \
        "tshark -Y stun -T fields" "exec tshark -n -r 2m.pcap -Y stun -T fields -e frame.number -e stun.type -e stun.id"
else
    echo "tshark is not installed and not measured: apt-get install tshark"
fi

echo
echo "flows that would share one bucket of a table without a secret key, beside as many others; then the same without the key"
generate others.pcap -n 500000 -f 8192 -k stun
generate collide.pcap -n 500000 -f 8192 -k collide
./take_turns 5 others "exec $analyzer decode -j others.pcap" collide "exec $analyzer decode -j collide.pcap"
./take_turns 1 others "LD_PRELOAD=./zero_key.so exec $analyzer decode -j others.pcap" \
    collide "LD_PRELOAD=./zero_key.so exec $analyzer decode -j collide.pcap"
rm others.pcap collide.pcap

echo
echo "growth, beside cat"
for size in 200k 2m; do
    ./take_turns "$rounds" "cat $size" "exec cat $size.pcap" "decode -j $size" "exec $analyzer decode -j $size.pcap"
done
if [ "${GROWTH:-}" != 1 ]; then
    echo "20 million packets and ten million flows: GROWTH=1"
    exit 0
fi
rm 200k.pcap 2m.pcap
if room_for 16000; then
    generate 20m.pcap -n 20000000
    found 20m.pcap 20000000
    ./take_turns 3 "cat 20m" "exec cat 20m.pcap" "decode -j 20m" "exec $analyzer decode -j 20m.pcap"
    rm 20m.pcap
else
    echo "no room for 13 GB: 20 million packets through a pipe; the generator is the slower end of it"
    ./take_turns 1 "gen_capture 20m | cat" "./gen_capture -n 20000000 - | cat" \
        "gen_capture 20m | decode -j" "./gen_capture -n 20000000 - | $analyzer decode -j -"
fi

echo
echo "ten million flows: STUN on 4,000 flows, on ten million, and as many TCP connections"
room_for 5000 || {
    echo "analyzer.sh: needs 5 GB more for that" >&2
    exit 1
}
generate few.pcap -n 10000000 -k stun
generate new.pcap -n 10000000 -k new
generate syn.pcap -n 10000000 -k syn
for how in -j --summary; do
    ./take_turns 3 "decode $how, 4,000 flows" "exec $analyzer decode $how few.pcap" \
        "decode $how, 10,000,000 flows" "exec $analyzer decode $how new.pcap" \
        "decode $how, 10,000,000 SYNs" "exec $analyzer decode $how syn.pcap"
done
