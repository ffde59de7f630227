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

# The policies' sections watch links of their own.
if [ -z "${ARM64_INSIDE:-}" ]; then
    user=
    [ "$(id -u)" = 0 ] || user=--map-root-user
    ARM64_INSIDE=1 exec unshare $user --net --mount -- "$here/$me" "$library"
fi
# shellcheck source=tests/preload/enforce_network.sh
. "$here/enforce_network.sh"
if ! network 2>/dev/null; then
    echo "arm64.sh: cannot make eth0 and tun0 in a network namespace" >&2
    exit 2
fi

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

# Under a policy. qemu's emulation does not know SO_BINDTOIFINDEX, so what is pinned is left out; there the library refuses, as where a kernel
# does not allow the pin.
for section in \
    udp_refusals_are_what_the_rule_says best_loses_a_request_and_refuses_its_repetition sendmmsg_stops_before_a_refused_message \
    every_segment_of_a_train_is_judged a_header_may_lie_in_many_pieces rules_see_server_class_and_method a_corked_datagram_can_hide_nothing \
    media_and_errno_pass memory_that_cannot_be_read_is_the_kernels unknown_descriptors_are_asked_about tcp_messages_are_judged_wherever_they_start \
    tcp_frames_are_judged tcp_behind_a_proxy_is_told_apart tcp_drops_whole_messages_only udp_lite_is_judged_as_udp a_hidden_address_cannot_be_bound \
    probes_tell_nothing_of_other_interfaces getsockname_never_shows_a_hidden_address a_masked_address_is_shown_as_the_decoy \
    a_socket_bound_to_the_decoy_works answers_that_show_a_hidden_address_are_lost answers_in_a_stream_are_lost; do
    network 2>/dev/null
    recorded "enforce ${section//_/ }" "$bin/enforce" "$section"
done

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
