#!/bin/bash
# What a policy hides stays hidden from tools that look at the network, and none of them notices: iproute2, net-tools, psutil, a strict
# reader on libmnl and a program that takes every other road, plain and under `--vpn tun0`, in namespaces of the test's own.
#
#   eth0 192.168.1.23, 2001:db8:1::23 · docker0 (a bridge) 172.17.0.1 · tun0 10.8.0.2, fd00:8::2 · IPv4's default route by tun0, IPv6's by eth0
inside=RTCSHIM_HIDING_INSIDE
if [ -z "${!inside}" ]; then
    PATH=$PATH:/usr/sbin:/sbin
    missing=
    for need in unshare:util-linux ip:iproute2 ss:iproute2 ifconfig:net-tools netstat:net-tools python3:python3; do
        command -v "${need%:*}" >/dev/null || missing="$missing ${need#*:}"
    done
    /usr/bin/python3 -c 'import psutil' 2>/dev/null || missing="$missing python3-psutil"
    if [ -n "$missing" ]; then
        echo "not ok - the test needs: apt-get install$missing"
        echo "0 passed, 1 failed"
        exit 1
    fi
    user=()
    [ "$(id -u)" = 0 ] || user=(--user --map-root-user)
    export "$inside=1" PATH
    exec unshare "${user[@]}" --net --mount --pid --fork --kill-child --mount-proc -- "$0" "$@"
fi
. "$(dirname "$0")/lib.sh"

hidden='eth0|docker0|192\.168\.1\.|2001:0?db8:0?0?0?1|20010db80001|172\.17\.|1701A8C0|0001A8C0|010011AC'
# What iproute2, libmnl and others say of a stream of messages that is not as it should be.
complaint='[Tt]runcat|[Ss]equence|[Mm]alformed|remnant|!!!|EOF on netlink|Interrupted|mismatch|WRONG|Not a |nlmsg_len|[Bb]ad message|Missed'

network() {
    mount -t sysfs sysfs /sys &&
        ip link set lo up &&
        ip link add eth0 type veth peer name eth0peer &&
        ip link add tun0 type veth peer name eth0tun &&
        ip link add docker0 type bridge &&
        ip link set eth0peer master docker0 || return 1
    for link in eth0 eth0peer tun0 eth0tun docker0; do ip link set "$link" up || return 1; done
    ip addr add 192.168.1.23/24 dev eth0 &&
        ip addr add 2001:db8:1::23/64 dev eth0 nodad &&
        ip addr add 172.17.0.1/16 dev docker0 &&
        ip addr add 10.8.0.2/24 dev tun0 &&
        ip addr add fd00:8::2/64 dev tun0 nodad &&
        ip route add default via 10.8.0.1 dev tun0 &&
        ip -6 route add default via 2001:db8:1::1 dev eth0 &&
        ip rule add from 192.168.1.23 lookup 100 &&
        ip route add default via 192.168.1.1 dev eth0 table 100 &&
        ip route add 203.0.113.0/24 nexthop via 10.8.0.1 dev tun0 nexthop via 192.168.1.1 dev eth0 &&
        ip route add 198.51.100.0/24 via 10.8.0.1 dev tun0 src 192.168.1.23 &&
        ip neigh add 192.168.1.1 lladdr 02:00:00:00:00:01 dev eth0 &&
        ip neigh add 10.8.0.1 lladdr 02:00:00:00:00:02 dev tun0 &&
        echo '0 0' >/proc/sys/net/ipv4/ping_group_range
}
if ! network 2>"$tmp/err"; then
    fail "the network of the test stands" "$(cat "$tmp/err")"
    finish
fi
for program in netlink_strict:-lmnl hiding_roads: hiding_detours:; do
    # shellcheck disable=SC2086 # no library is no word
    if ! ${CC:-cc} -std=c17 -D_GNU_SOURCE -O1 -o "$tmp/${program%:*}" "$here/${program%:*}.c" ${program#*:} 2>"$tmp/err"; then
        fail "${program%:*} builds" "$(cat "$tmp/err")"
        finish
    fi
done

# NAME|COMMAND, each run plain and under the policy.
cat >"$tmp/looks" <<END
ip addr|ip addr
ip -j addr|ip -j addr
ip -s -d link|ip -s -d link
ip -4 route|ip -4 route show table all
ip -6 route|ip -6 route show table all
ip rule|ip rule
ip neigh|ip neigh
ip maddr|ip maddr
ip netconf|ip netconf
ip route get|ip route get 198.51.100.9
tc qdisc|tc qdisc show
bridge fdb|bridge fdb
ifconfig -a|ifconfig -a
netstat -rn|netstat -rn
netstat -in|netstat -in
netstat -gn|netstat -gn
ss|ss -uanp
ls /sys/class/net|ls -l /sys/class/net
psutil|/usr/bin/python3 -c 'import psutil as p; print(p.net_if_addrs(), p.net_if_stats(), p.net_io_counters(pernic=True), p.net_connections("udp"))'
python's socket|/usr/bin/python3 -c 'import socket; print(socket.if_nameindex())'
libmnl, dumps|$tmp/netlink_strict dump
libmnl, single questions|$tmp/netlink_strict ask
libmnl, peeking first|$tmp/netlink_strict peek
libmnl, recvmmsg|$tmp/netlink_strict mmsg
every other road|$tmp/hiding_roads wlan7 tun0
detours|$tmp/hiding_detours wlan7 192.168.1.23 192.168.1.1
END
cat >"$tmp/look.sh" <<'END'
folder=$1 n=0
mkdir "$folder"
while IFS='|' read -r name command; do
    n=$((n + 1))
    timeout 20 bash -c "$command" >"$folder/$n" 2>"$folder/$n.err" </dev/null
    echo $? >"$folder/$n.status"
done <"$2"
END
# A socket on a hidden address, for the tables of sockets.
/usr/bin/python3 -c 'import socket, time
hidden, shown = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
hidden.bind(("192.168.1.23", 5001)); shown.bind(("10.8.0.2", 5002)); time.sleep(600)' &
cleanup_commands+=("kill $! 2>/dev/null")
wait_for 10 sh -c 'ss -uan | grep -q 10.8.0.2:5002'

bash "$tmp/look.sh" "$tmp/plain" "$tmp/looks"
expect_status "the tools run under --vpn tun0" 0 \
    "$rtcshim" run -q --vpn tun0 -o "$tmp/run" -- bash "$tmp/look.sh" "$tmp/vpn" "$tmp/looks"

n=0
while IFS='|' read -r name _; do
    n=$((n + 1))
    # What is not seen without a policy, a policy can't be shown to hide. What speaks of the shown alone is shown either way.
    case $name in
    "ip route get" | "netstat -gn" | ss) ;;
    *) check "$name sees what is hidden later" grep -qE "$hidden" "$tmp/plain/$n" ;;
    esac
    if grep -nE "$hidden" "$tmp/vpn/$n" "$tmp/vpn/$n.err" >"$tmp/found"; then
        fail "$name sees nothing hidden under the policy" "$(head -n 5 "$tmp/found")"
    else
        pass "$name sees nothing hidden under the policy"
    fi
    case $name in
    "ip rule") wanted='lookup main' ;;
    "ip -6 route") wanted='fd00:8::' ;;
    ss) wanted='10.8.0.2:5002' ;;
    *) wanted='tun0|link 5 |route [0-9]|10\.8\.0\.' ;;
    esac
    check "$name sees what is shown" grep -qE "$wanted" "$tmp/vpn/$n"
    if grep -nE "$complaint" "$tmp/vpn/$n" "$tmp/vpn/$n.err" >"$tmp/found"; then
        fail "$name finds nothing wrong" "$(head -n 5 "$tmp/found")"
    else
        pass "$name finds nothing wrong"
    fi
    check "$name ends as without a policy" cmp -s "$tmp/plain/$n.status" "$tmp/vpn/$n.status"
done <"$tmp/looks"

# --- hidden things asked for by name ---
cat >"$tmp/asks" <<END
ip link show eth0|ip link show eth0
ip route get by eth0|ip route get 192.168.1.77
ip -6 route get by eth0|ip -6 route get 2001:db8:1::99
ifconfig eth0|ifconfig eth0
cat of its address|cat /sys/class/net/eth0/address
a tree of routes|cat /proc/net/fib_trie
END
bash "$tmp/look.sh" "$tmp/asks-plain" "$tmp/asks"
"$rtcshim" run -q --vpn tun0 -o "$tmp/run2" -- bash "$tmp/look.sh" "$tmp/asks-vpn" "$tmp/asks" 2>"$tmp/err"
"$rtcshim" run -q --vpn tun0 -o "$tmp/run3" -- sh -c '"$0/hiding_roads" eth0 tun0; "$0/hiding_detours" eth0 192.168.1.23 192.168.1.1' "$tmp" >"$tmp/roads" 2>"$tmp/err"
n=0
for answer in 'does not exist' 'Network is unreachable' 'Network is unreachable' 'not found|No such device' 'No such file' 'Permission denied'; do
    n=$((n + 1))
    name=$(sed -n "${n}s/|.*//p" "$tmp/asks")
    check "$name works plain" grep -qx 0 "$tmp/asks-plain/$n.status"
    check "$name is answered '$answer' under the policy" grep -qE "$answer" "$tmp/asks-vpn/$n.err"
done
for answer in 'if_nametoindex of eth0: ENODEV' 'ioctl 8913 of eth0: ENODEV' 'ioctl of the alias of eth0: ENODEV' 'ioctl 8946 of eth0: ENODEV' \
    'ioctl 8b01 of eth0: ENODEV' 'ioctl 8913 of tun0: known' 'SIOCGIFCONF: bytes 80' 'SIOCGIFCONF, how much: bytes 80' \
    'SIOCGIFCONF, room for two: bytes 80' 'stat of eth0: ENOENT' 'lstat of eth0: ENOENT' 'statx of eth0: ENOENT' 'access of eth0: ENOENT' \
    'readlink of eth0: ENOENT' 'realpath of eth0: ENOENT' 'opendir of eth0: ENOENT' 'open below eth0: ENOENT' \
    'open of the device of eth0: ENOENT' 'open of the settings of eth0: ENOENT' 'fstatat of eth0: ENOENT' '/proc/net/fib_trie: EACCES' \
    'socket for diagnosis: EPROTONOSUPPORT' 'socket for generic netlink: EPROTONOSUPPORT' 'readdir: tun0' 'glob: /sys/class/net/tun0' \
    'a passed socket: tun0' 'what only looks like netlink: whole' 'euidaccess of eth0: ENOENT' 'eaccess of eth0: ENOENT' 'scandirat: tun0' \
    'wordexp: /sys/class/net/tun0' 'ping: has the address 10.8.0.2' 'ping, bind: EADDRNOTAVAIL' 'raw, bind: EADDRNOTAVAIL' \
    'the old packet socket: EPERM'; do
    check "$answer" grep -qxF "$answer" "$tmp/roads"
done

# --- notifications, while things change ---
cat >"$tmp/watch.sh" <<END
ip monitor all >"$tmp/monitor" 2>"$tmp/monitor.err" &
ip=\$!
"$tmp/netlink_strict" monitor <"$tmp/end" >"$tmp/strict"
kill \$ip
END
mkfifo "$tmp/end"
"$rtcshim" run -q --vpn tun0 -o "$tmp/run4" -- bash "$tmp/watch.sh" 2>"$tmp/err" &
exec 9>"$tmp/end"
wait_for 10 grep -q ready "$tmp/strict"
# The last change is a shown one: when it is told, all before have come.
ip addr add 192.168.1.24/24 dev eth0
ip addr add 10.8.0.3/24 dev tun0
ip link set docker0 mtu 1400
ip link set eth0 down
ip link set eth0 up
ip link add veth7 type veth peer name veth8
ip addr add 192.168.1.99/32 dev veth7
ip link del veth7
ip route add 192.0.2.0/24 via 10.8.0.1
wait_for 10 grep -q 192.0.2.0 "$tmp/monitor"
exec 9>&-
wait %2 2>/dev/null
for watcher in monitor strict; do
    check "$watcher is told of the shown change" grep -q '10.8.0.3' "$tmp/$watcher"
    check "$watcher is told of the shown route" grep -q '192.0.2.0' "$tmp/$watcher"
    if grep -nE "$hidden|veth[78]|^link [^15]" "$tmp/$watcher" >"$tmp/found"; then
        fail "$watcher is told of nothing hidden, nor of an interface that is new" "$(head -n 5 "$tmp/found")"
    else
        pass "$watcher is told of nothing hidden, nor of an interface that is new"
    fi
done
if grep -nE "$complaint" "$tmp/monitor" "$tmp/monitor.err" "$tmp/strict" >"$tmp/found"; then
    fail "no watcher finds anything wrong" "$(cat "$tmp/found")"
else
    pass "no watcher finds anything wrong"
fi
check "the strict reader comes to its end" grep -qx end "$tmp/strict"

# --- what the events say ---
cat "$tmp"/run*/events.ndjson >"$tmp/events"
# told VIA IFACE KEY: an event with that key tells it
told() {
    /usr/bin/python3 - "$@" "$tmp/events" <<'END'
import json, sys
via, iface, key, path = sys.argv[1:]
for line in open(path, encoding="utf-8"):
    look = json.loads(line).get("enumeration", {})
    if look.get("via") == via and key in look and any(entry["iface"] == iface for entry in look["hidden"]):
        sys.exit(0)
sys.exit(1)
END
}
for via in getifaddrs if_nameindex if_nametoindex if_indextoname ioctl; do
    check "an event says that eth0 was hidden from $via" told "$via" eth0 hidden
done
check "an event says that eth0 was hidden from an answer by netlink" told netlink eth0 request
check "an event says that eth0 was hidden from a notification" told netlink eth0 notification
for run in "$tmp/run" "$tmp"/run[0-9]; do
    check "the events of ${run##*/} keep their schema" python3 "$here/check_schema.py" "$run/events.ndjson"
done
finish
