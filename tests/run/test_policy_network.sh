#!/bin/bash
# A policy follows the network: the VPN's interface comes and goes and changes its index while a process runs. In a network
# namespace of its own, where pairs of veth stand for the uplink and for the tunnel.
set -u
if [ -z "${RTCSHIM_IN_NAMESPACE:-}" ]; then
    for need in unshare:util-linux ip:iproute2; do
        command -v "${need%:*}" >/dev/null || {
            echo "not ok - needs ${need%:*}: apt-get install ${need#*:}"
            exit 1
        }
    done
    user=()
    [ "$(id -u)" = 0 ] || user=(--user --map-root-user)
    export RTCSHIM_IN_NAMESPACE=1
    exec unshare "${user[@]}" --net -- "$0" "$@"
fi
# shellcheck source=tests/run/lib.sh
. "$(dirname "$0")/lib.sh"
cd "$tmp" || exit 1

# The other ends are in this namespace too: what matters is where a packet is sent, not whether it arrives.
link() { # NAME ADDRESS
    ip link add "$1" type veth peer name "$1-peer" && ip addr add "$2/24" dev "$1" && ip link set "$1" up && ip link set "$1-peer" up
}
ip link set lo up
link eth0 192.0.2.2 || { fail "has a network of its own"; finish; }
ip route add default via 192.0.2.1 dev eth0
ip neigh add 192.0.2.1 lladdr 02:00:00:00:00:01 dev eth0

cat >talks.py <<'END'
import socket, sys
message = bytes.fromhex('000100002112a442') + bytes(12)
print('here', flush=True)
for line in sys.stdin:
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        s.sendto(message, ('198.51.100.10', 3478))
        pinned = s.getsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, 16).rstrip(b'\0').decode()
        print('sent', pinned or 'anywhere', flush=True)
    except OSError as e:
        print('refused', e.errno, flush=True)
    s.close()
END
mkfifo to back
exec 8<>to 9<>back
printf 'deny stun via !$vpn with EPERM\nhide interface !$vpn,!lo\n' >p.policy
"$rtcshim" run -q -o "$tmp/run" -p p.policy --vpn tun0 /usr/bin/python3 talks.py <to >back 2>err 8<&- 9<&- &
launcher=$!
read -r -t 20 -u 9 said
ask() {
    echo x >&8
    read -r -t 10 -u 9 said
}
says() { ask && [ "$said" = "$1" ]; }
check "nothing leaves while the interface is not there" says "refused 1"
link tun0 10.8.0.2
ip route replace default dev tun0
check "sockets are pinned to it as soon as it is" wait_for 5 says "sent tun0"
tells() { grep '"event_type":"policy"' run/events.ndjson | tail -n 1 | grep -q "$1"; }
check "the change is told" wait_for 5 tells '"reason":"network".*"hidden":.*"iface":"eth0","what":"interface"'
ip link del tun0
ip route replace default via 192.0.2.1 dev eth0
gone() { ! ip link show tun0 >/dev/null 2>&1; }
check "the tunnel is gone" wait_for 5 gone
check "nothing leaves without it, though the uplink is there" says "refused 1"
link tun0 10.9.0.2
ip route replace default dev tun0
check "the tunnel comes back under another index" wait_for 5 says "sent tun0"

# How long: from the moment that the kernel has the address to the moment that a send goes through.
slowest=0
for _ in {1..10}; do
    ip link del tun0
    link tun0 10.8.0.2
    before=${EPOCHREALTIME/./}
    until says "sent tun0"; do :; done
    took=$((${EPOCHREALTIME/./} - before))
    [ "$took" -le "$slowest" ] || slowest=$took
done
echo "# the slowest of ten changes was in force after $((slowest / 1000)) ms"
check "is in force again each time" says "sent tun0"

# --- from another network namespace the launcher compiles
printf 'allow any via nowhere\ndeny stun via tun0 with EPERM\n' >q.policy
expect_status "set from another namespace" 0 unshare --net "$rtcshim" policy set q.policy
check "means this one's interfaces" says "sent eth0"
ip route replace default via 192.0.2.1 dev eth0
kill -KILL "$launcher"
wait "$launcher" 2>/dev/null
expect_status "set from there says 2 where the launcher has died" 2 unshare --net "$rtcshim" policy set q.policy
check "and how to go on" said "nsenter"
expect_status "set works from here" 0 "$rtcshim" policy set observe
check "and is in force" says "sent anywhere"
exec 8>&-
finish
