# shellcheck shell=bash
# Sourced by the scripts that run `enforce`, inside a network namespace of their own: network() makes its links, anew each time.

# Two links of one machine. Their far ends stay in this namespace, without addresses: what a packet socket sees leave on eth0 or tun0
# is all that is asked. Neighbours are written down, since nobody answers.
link() {
    local name=$1 mac=$2
    ip link add "$name" type veth peer name "$name-far" || return 1
    ip link set "$name-far" up
    ip link set "$name" up
    shift 2
    ip addr add "$1" dev "$name"
    ip neigh add "$2" lladdr "$mac" nud permanent dev "$name"
}
network() {
    ip link del eth0 2>/dev/null
    ip link del tun0 2>/dev/null
    ip link set lo up
    link eth0 02:00:00:00:01:01 192.168.1.23/24 192.168.1.1 || return 1
    link tun0 02:00:00:00:02:01 10.8.0.2/24 10.8.0.1 || return 1
    ip -6 addr add 2001:db8:1::23/64 dev eth0 nodad
    ip -6 neigh add 2001:db8:1::1 lladdr 02:00:00:00:01:01 nud permanent dev eth0
    ip route add default via 10.8.0.1 dev tun0
    ip route add 198.51.100.0/24 via 192.168.1.1 dev eth0
    ip -6 route add default via 2001:db8:1::1 dev eth0
}
