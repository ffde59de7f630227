#!/bin/bash
# `policy explain` says what the library does: random policies, random calls under each, the verdicts of the run's events held against what
# explain says of the same things described. In a network namespace of its own. SEED=N draws others.
set -u
inside=RTCSHIM_EXPLAIN_INSIDE
if [ -z "${!inside:-}" ]; then
    for need in unshare:util-linux ip:iproute2 python3:python3; do
        command -v "${need%:*}" >/dev/null || {
            echo "not ok - needs ${need%:*}: apt-get install ${need#*:}"
            exit 1
        }
    done
    user=()
    [ "$(id -u)" = 0 ] || user=(--user --map-root-user)
    export "$inside=1"
    exec unshare "${user[@]}" --net --pid --fork --kill-child --mount-proc -- "$0" "$@"
fi
# shellcheck source=tests/run/lib.sh
. "$(dirname "$0")/lib.sh"

# eth0 has IPv6's default route and tun0 IPv4's: `default` is another interface for each family.
network() {
    ip link set lo up && ip link add eth0 type veth peer name far0 && ip link add tun0 type veth peer name far1 || return 1
    for link in eth0 far0 tun0 far1; do ip link set "$link" up || return 1; done
    ip addr add 192.168.1.23/24 dev eth0 && ip addr add 2001:db8:1::23/64 dev eth0 nodad &&
        ip addr add 10.8.0.2/24 dev tun0 && ip addr add fd00:8::2/64 dev tun0 nodad &&
        ip route add default via 10.8.0.1 dev tun0 && ip -6 route add default via 2001:db8:1::1 dev eth0
}
if ! network 2>"$tmp/err"; then
    fail "the network of the test stands" "$(cat "$tmp/err")"
    finish
fi
printf 'deny probe via !tun0\n' >"$tmp/probe.policy"
expect_status "explain reads a probe" 0 "$rtcshim" policy explain "$tmp/probe.policy" --topic probe --to 203.0.113.7:53
check "and speaks of no pin, which it never gets" said_out '^  allowed where the route leads through tun0, else answered as if it did$'
if /usr/bin/python3 "$here/explain_differs.py" "$rtcshim" "$tmp" "${SEED:-20261121}" 40 60 >"$tmp/out" 2>&1; then
    pass "explain and the library say the same of $(($(sed -n 's/^agreed: .* \([0-9]*\)$/\1/p' "$tmp/out" | paste -sd+ -))) random calls"
else
    fail "explain and the library say the same" "$(grep -v '^agreed' "$tmp/out" | head -n 20)"
fi
# Enough of each kind for that to mean something.
for kind in "stun allow" "stun deny" "stun pin" "tcp deny" "connect deny" "connect not refused" "dns deny" "mdns deny" "mdns pin" "device allow" "device deny"; do
    check "$kind was among them" grep -q "^agreed: $kind [0-9]" "$tmp/out"
done
finish
