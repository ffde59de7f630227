#!/bin/bash
# Under `--vpn tun0` the tunnel is renamed, taken away and made again with the same index, another one stands beside it, addresses come and
# go on both links, and another interface takes the tunnel's name or its index. All the while a process sends and looks as fast as it can:
# not one packet of its leaves by another way, and nothing that is hidden shows. In a network namespace of its own; the wire is the judge.
set -u
inside=RTCSHIM_CHURN_INSIDE
if [ -z "${!inside:-}" ]; then
    for need in unshare:util-linux ip:iproute2 python3:python3; do
        command -v "${need%:*}" >/dev/null || {
            echo "not ok - needs ${need%:*}: apt-get install ${need#*:}"
            exit 1
        }
    done
    /usr/bin/python3 -c 'import psutil' 2>/dev/null || {
        echo "not ok - needs psutil: apt-get install python3-psutil"
        exit 1
    }
    user=()
    [ "$(id -u)" = 0 ] || user=(--user --map-root-user)
    export "$inside=1"
    exec unshare "${user[@]}" --net --mount --pid --fork --kill-child --mount-proc -- "$0" "$@"
fi
# shellcheck source=tests/run/lib.sh
. "$(dirname "$0")/lib.sh"
cd "$tmp" || exit 1

neighbours() { # NAME: nobody answers on these links
    ip neigh replace 192.168.1.1 lladdr 02:00:00:00:00:01 dev "$1" 2>/dev/null
    ip neigh replace 10.8.0.1 lladdr 02:00:00:00:00:02 dev "$1" 2>/dev/null
    ip -6 neigh replace 2001:db8:1::1 lladdr 02:00:00:00:00:01 dev "$1" 2>/dev/null
    ip -6 neigh replace fd00:8::1 lladdr 02:00:00:00:00:02 dev "$1" 2>/dev/null
    ip neigh replace 10.9.0.1 lladdr 02:00:00:00:00:03 dev "$1" 2>/dev/null
    ip -6 neigh replace fd00:9::1 lladdr 02:00:00:00:00:03 dev "$1" 2>/dev/null
}
tunnel() { # NAME INDEX NET METRIC
    ip link add name "$1" index "$2" type veth peer name "far$2" && ip addr add "10.$3.0.2/24" dev "$1" && ip addr add "fd00:$3::2/64" dev "$1" nodad &&
        ip link set "far$2" up && ip link set "$1" up && neighbours "$1" &&
        ip route add default via "10.$3.0.1" dev "$1" metric "$4" && ip -6 route add default via "fd00:$3::1" dev "$1" metric "$4"
}
network() {
    ip link set lo up && ip link add eth0 index 11 type veth peer name uplink && ip link set uplink up && ip link set eth0 up &&
        ip addr add 192.168.1.23/24 dev eth0 && ip addr add 2001:db8:1::23/64 dev eth0 nodad &&
        ip route add default via 192.168.1.1 dev eth0 metric 500 && ip -6 route add default via 2001:db8:1::1 dev eth0 metric 500 &&
        neighbours eth0 && tunnel tun0 20 8 50
}
if ! network 2>err; then
    fail "the network of the test stands" "$(cat err)"
    finish
fi

# What leaves on the uplink and has the marks of the process: STUN, or media of a socket that sent STUN.
cat >wire.py <<'END'
import socket, sys
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
print('ready', flush=True)
counts = {}
while True:
    data, (link, _, kind, *_) = s.recvfrom(2048)
    if kind == socket.PACKET_OUTGOING:
        continue  # what arrives at the far end is what left
    what = 'stun' if b'\x21\x12\xa4\x42churn' in data else 'media' if b'media of a call' in data else 'end' if b'end of it' in data else None
    if what:
        counts[link, what] = counts.get((link, what), 0) + 1
        if (link, what) == ('lo', 'end'):
            break
for (link, what), count in counts.items():
    print(link, what, count)
END
# Sends and looks, in the words of a browser: a socket of a call, fresh sockets, probes, enumerations.
cat >busy.py <<'END'
import os, psutil, select, socket, sys
message = bytes.fromhex('000100002112a442') + b'churn' + bytes(7)
sent = refused = rounds = 0
seen = set()
def send(s, data, to):
    global sent, refused
    try:
        s.sendto(data, to)
        sent += 1
    except OSError:
        refused += 1
servers = (socket.AF_INET, ('203.0.113.10', 3478)), (socket.AF_INET6, ('2001:db8:ffff::10', 3478))
calls = {}
def call(family, to):
    calls[family] = socket.socket(family, socket.SOCK_DGRAM)
    send(calls[family], message, to)
for family, to in servers:
    call(family, to)
print('busy', flush=True)
while not select.select([sys.stdin], [], [], 0)[0]:
    rounds += 1
    for family, to in servers:
        # No call comes about whose STUN was refused; a socket whose STUN left is pinned.
        if calls[family].getsockopt(socket.SOL_SOCKET, 62): # SO_BINDTOIFINDEX
            send(calls[family], b'\x80media of a call, and more of it', to)
        if rounds % 5 == 0:
            send(calls[family], message, to)
        if rounds % 60 == 0: # as browsers do when the network changes
            calls[family].close()
            call(family, to)
        with socket.socket(family, socket.SOCK_DGRAM) as s:
            send(s, message, to)
        with socket.socket(family, socket.SOCK_DGRAM) as s:
            try:
                s.connect((to[0], 443))
                seen.add('probe ' + s.getsockname()[0])
            except OSError:
                pass
    seen.update('name ' + name for _, name in socket.if_nameindex())
    for name, addresses in psutil.net_if_addrs().items():
        seen.add('name ' + name)
        seen.update('address ' + a.address for a in addresses if a.family in (socket.AF_INET, socket.AF_INET6))
    seen.update('name ' + name for name in os.listdir('/sys/class/net'))
    with open('/proc/net/dev') as f:
        seen.update('name ' + line.split(':')[0].strip() for line in f if ':' in line)
print('rounds', rounds, 'sent', sent, 'refused', refused)
for what in sorted(seen):
    print(what)
END
mount -t sysfs sysfs /sys
/usr/bin/python3 wire.py >wire &
watcher=$!
wait_for 10 grep -q ready wire
mkfifo stop
"$rtcshim" run -q --vpn tun0 -o "$tmp/run" -- /usr/bin/python3 busy.py <stop >busy 2>err &
launcher=$!
exec 9>stop
wait_for 20 grep -q busy busy
pause() { sleep 0.3; } # for the process to make some rounds; decides no result
pause
for _ in 1 2 3; do
    ip addr add 192.168.1.99/24 dev eth0 # privacy addresses come later
    ip -6 addr add 2001:db8:1::99/64 dev eth0 nodad
    pause
    ip link set tun0 down && ip link set tun0 name old0 && ip link set old0 up # the name goes
    neighbours old0
    pause
    ip link set old0 down && ip link set old0 name tun0 && ip link set tun0 up
    ip addr add fd00:8::2/64 dev tun0 nodad
    ip route add default via 10.8.0.1 dev tun0 metric 50
    ip -6 route add default via fd00:8::1 dev tun0 metric 50
    neighbours tun0
    pause
    tunnel tun1 30 9 10 # another one, preferred
    pause
    ip addr add 10.8.0.77/24 dev tun0
    ip addr del 10.8.0.2/24 dev tun0
    neighbours tun0
    pause
    ip link del tun0
    pause
    ip link add name wwan0 index 20 type veth peer name far20 # another interface with its index
    ip addr add 10.10.0.2/24 dev wwan0
    ip link set far20 up
    ip link set wwan0 up
    ip route add default dev wwan0 metric 5
    ip neigh replace 203.0.113.10 lladdr 02:00:00:00:00:03 dev wwan0
    pause
    ip link del wwan0
    ip link del tun1
    tunnel tun0 20 8 50 # the tunnel is back as it was
    ip addr del 192.168.1.99/24 dev eth0
    ip -6 addr del 2001:db8:1::99/64 dev eth0
    pause
done
exec 9>&-
wait "$launcher"
check "the process comes to its end" test $? -eq 0
/usr/bin/python3 -c 'import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"end of it", ("127.0.0.1", 9))'
wait "$watcher"
check "it made rounds enough to meet every change: $(sed -n 's/^rounds \([0-9]*\).*/\1/p' busy)" test "$(sed -n 's/^rounds \([0-9]*\).*/\1/p' busy)" -ge 100
check "its packets left through the tunnel: $(grep far20 wire | tr '\n' ' ')" grep -q '^far20 stun' wire
check "and its media" grep -q '^far20 media' wire
if grep -E '^(uplink|far30|eth0|wwan0)' wire >found; then
    fail "nothing left anywhere else" "$(cat found)"
else
    pass "nothing left anywhere else"
fi
# What may be seen: the tunnel, by its name or while it has another, and what is on it.
if grep -E '^(name|address|probe) ' busy | grep -vE '^(name (lo|tun0|old0)|(address|probe) (127\.0\.0\.1|::1|10\.8\.0\.(2|77)|fd00:8::2|fe80:.*|0\.0\.0\.0|::))$' >found; then
    fail "nothing hidden showed" "$(cat found)"
else
    pass "nothing hidden showed"
fi
finish
