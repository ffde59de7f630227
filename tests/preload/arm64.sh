#!/bin/bash
# The library on arm64, under qemu's user-mode emulation: the same programs plain and with a session, and the records that they must leave.
#
#   arm64.sh LIBRARY    librtcshim.so for arm64; PREFIX=/usr/aarch64-linux-gnu, CC=aarch64-linux-gnu-gcc
set -u
library=$1
PREFIX=${PREFIX:-/usr/aarch64-linux-gnu}
CC=${CC:-aarch64-linux-gnu-gcc}
export CC
# shellcheck source=tests/preload/checks.sh
. "$(dirname "$0")/checks.sh"

if ! qemu=$(command -v qemu-aarch64); then
    echo "arm64.sh: qemu-aarch64 is missing: apt-get install qemu-user" >&2
    exit 2
fi
build_programs
emulate() {
    timeout 60 "$qemu" -L "$PREFIX" "$@"
}
# recorded NAME COMMAND...: run it in a new session; its expectations must be met
recorded() {
    local name=$1
    shift
    rm -rf "$work/session"
    mkdir "$work/session"
    # The emulator itself is of this machine: its ld.so says that it can't take the library, and goes on.
    if emulate "$bin/ring_dump" -e "$work/expected" "$library" "$work/session" "$qemu" -L "$PREFIX" "$@" >"$work/wrong" 2>&1; then
        ok "$name: $(grep -c '^EXPECT' "$work/expected") records expected, each found once, no other"
    else
        not_ok "$name" "$work/wrong"
    fi
}

recorded "vfork, exec, fork, syscall()" "$bin/arm64" "$qemu" -L "$PREFIX"
emulate "$bin/arm64" "$qemu" -L "$PREFIX" >"$work/plain" 2>/dev/null
if [ -s "$work/plain" ] && diff "$work/plain" "$work/expected" >"$work/diff"; then
    ok "they give the same $(wc -l <"$work/plain") lines plain and with a session"
else
    not_ok "they give the same lines plain and with a session" "$work/diff"
fi

# Left out is what the emulator does not do: memory wiped on fork (raw clones), openat2, pwritev2, programs of another machine in exec, and what it stops at
# by itself. The name __send is x86-64's alone.
same() {
    local program=$1 section=$2
    emulate "$bin/$program" "$section" >"$work/plain" 2>/dev/null </dev/null
    echo "status $?" >>"$work/plain"
    rm -rf "$work/session"
    mkdir "$work/session"
    emulate "$bin/ring_dump" "$library" "$work/session" /bin/true >/dev/null 2>&1
    emulate -E "LD_PRELOAD=$library" -E "RTCSHIM_SESSION=$work/session" "$bin/$program" "$section" >"$work/under" 2>/dev/null </dev/null
    echo "status $?" >>"$work/under"
    if diff -a "$work/plain" "$work/under" >"$work/diff"; then
        ok "$program $section is the same under the library with a session"
    else
        not_ok "$program $section is the same under the library with a session" "$work/diff"
    fi
}
for section in early send recv recv-flags sendmmsg recvmmsg socket tcp fd fcntl close-range netlink file name bad-fd page-end syscall lookup absurd-option; do
    same calls "$section"
done
for section in fork vfork vfork-nested clone exec-fails threads cancel signal passed bare abort; do
    same lives "$section"
done
for section in udp-recv udp-segments udp-failed udp-addresses copies passed tcp-whole tcp-split tcp-joined tcp-framed tcp-channel tcp-partial tcp-many tcp-race \
    channel dns probe netlink enum file file-roads file-names resolver vfork stun-ports unspec sendmmsg-fails quiet quiet-files quiet-tcp; do
    recorded "events $section" "$bin/events" "$section"
done

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
