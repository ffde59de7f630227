#!/bin/sh
# Measure what docs/performance.md records: bench.sh [BUILD]. ONLY=analyzer leaves the library out, ONLY=library the analyzer.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
build=${1:-$root/build}
library=$(readlink -f "$build/librtcshim.so") || library=
if [ ! -e "$library" ]; then
    echo "bench.sh: no $build/librtcshim.so: build it first with make" >&2
    exit 1
fi
echo "machine: $(nproc) processors, $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1), Linux $(uname -r)"
if [ "${ONLY:-}" = analyzer ]; then
    exec "$here/analyzer.sh" "$build"
fi
work=$(mktemp -d "${TMPDIR:-/tmp}/rtcshim-bench.XXXXXX")
trap 'rm -rf "$work"' EXIT
compile() {
    out=$1
    shift
    ${CC:-cc} -std=c17 -D_GNU_SOURCE "-I$root/core" -O2 -g -pthread -o "$out" "$@"
}
compile "$work/bench_hooks" "$here/bench_hooks.c" "$root/core/ring.c" "$root"/core/policy*.c "$root/core/netaddr.c"
compile "$work/bench_policy" "$here/bench_policy.c" "$root"/core/policy*.c "$root/core/netaddr.c"
compile "$work/bench_ring" "$here/bench_ring.c" "$root/core/ring.c" "$root/core/ring_reader.c"

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
"$work/bench_policy"
echo
echo "the ring alone"
"$work/bench_ring"
[ "${ONLY:-}" != library ] || exit 0

echo
"$here/analyzer.sh" "$build"

echo
"$here/report_run.py" "$build"

echo
if command -v chromium >/dev/null || command -v chromium-browser >/dev/null; then
    "$here/report_page.py" "$build"
else
    echo "the report's page is not measured: apt-get install chromium"
fi
