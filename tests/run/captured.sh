#!/bin/bash
# For tests of `rtcshim run --capture`: a network namespace with the links eth0 and tun0, the program that goes around the library,
# and a sender that does not. Sources lib.sh itself.
export PATH=$PATH:/usr/sbin:/sbin
# shellcheck source=tests/run/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck disable=SC2034 # the scripts use it
facts=$here/facts.py
ANALYZER=$(dirname "$rtcshim")/rtcshim-analyzer
export ANALYZER

# Two of them, one of which loads no library.
build_around() {
    "${CC:-cc}" -O1 -o "$tmp/around" "$here/around.c" && "${CC:-cc}" -O1 -static -o "$tmp/around-static" "$here/around.c"
}

# link NAME NET: a veth whose far end takes what comes and answers nothing; NET.1 here, NET.9 there, the same for IPv6.
link() {
    local net=$2 net6=2001:db8:${1//[^0-9]/}::
    ip link add "$1" type veth peer name "far-$1" && ip address add "$net.1/24" dev "$1" && ip address add "${net6}1/64" dev "$1" nodad &&
        ip link set "far-$1" address 02:00:00:00:00:09 up && ip link set "$1" up &&
        ip neighbour add "$net.9" lladdr 02:00:00:00:00:09 dev "$1" && ip neighbour add "${net6}9" lladdr 02:00:00:00:00:09 dev "$1"
}
quiet_far_ends() { for f in /proc/sys/net/ipv6/conf/far-*/disable_ipv6; do echo 1 >"$f"; done; }

cat >"$tmp/ask.py" <<'END'
# Binding requests through libc: ask.py ADDRESS COUNT [SECONDS]; prints their ids. Errors of a send are printed, and the next is tried.
import os, socket, sys, time
s = socket.socket(socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET, socket.SOCK_DGRAM)
for i in range(int(sys.argv[2])):
    txid = os.urandom(12)
    try:
        s.sendto(bytes.fromhex("000100002112a442") + txid, (sys.argv[1], 3478))
    except OSError as e:
        print(e.strerror, file=sys.stderr)
    print(txid.hex(), flush=True)
if len(sys.argv) > 3:
    time.sleep(float(sys.argv[3]))
END

cat >"$tmp/server.py" <<'END'
# A STUN server: server.py ADDRESS DELAY_MS READY_FILE [tcp]; over TCP it only listens.
import socket, struct, sys, time
address, delay = sys.argv[1], float(sys.argv[2]) / 1000
tcp = sys.argv[4:] == ["tcp"]
s = socket.create_server((address, 3478)) if tcp else socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
if not tcp:
    s.bind((address, 3478))
open(sys.argv[3], "w").close()
while tcp:
    kept = s.accept()
while True:
    data, (ip, port) = s.recvfrom(2000)
    time.sleep(delay)
    mapped = struct.pack(">HHBBH4s", 1, 8, 0, 1, port, socket.inet_aton(ip))
    s.sendto(struct.pack(">HH", 0x0101, len(mapped)) + data[4:20] + mapped, (ip, port))
END

# far_link NAME NET DELAY_MS [tcp]: a link to another namespace, where a STUN server has NET.9.
far_link() {
    local far
    mkfifo "$tmp/hold-$1"
    unshare --net sh -c "read -r x <'$tmp/hold-$1'; exec sleep 280" &
    far=$!
    cleanup_commands+=("kill $far 2>/dev/null")
    # It is in its namespace once that is another one than this.
    wait_for 10 sh -c "[ \"\$(readlink /proc/$far/ns/net)\" != \"\$(readlink /proc/self/ns/net)\" ]" || return 1
    ip link add "$1" type veth peer name "far-$1" netns "$far" && ip address add "$2.1/24" dev "$1" && ip link set "$1" up || return 1
    nsenter --net="/proc/$far/ns/net" sh -c "ip address add $2.9/24 dev far-$1 && ip link set far-$1 up" || return 1
    echo go >"$tmp/hold-$1"
    nsenter --net="/proc/$far/ns/net" python3 "$tmp/server.py" "$2.9" "$3" "$tmp/listens-$1" "${@:4}" &
    cleanup_commands+=("kill $! 2>/dev/null")
    wait_for 10 test -e "$tmp/listens-$1"
}
