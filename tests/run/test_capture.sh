#!/bin/bash
# `rtcshim capture`: real STUN over links of this script's own, taken on each, on "any", to a file and as rows; what it may do
# while it runs, and how it ends. As root in a network namespace, as an ordinary user in a user namespace too.
if [ -z "${RTCSHIM_CAPTURE_INSIDE:-}" ]; then
    user=()
    [ "$(id -u)" = 0 ] || user=(--user --map-root-user)
    RTCSHIM_CAPTURE_INSIDE=1 exec unshare "${user[@]}" --net --mount -- "$0" "$@"
fi
export PATH=$PATH:/usr/sbin:/sbin
# shellcheck source=tests/run/lib.sh
. "$(dirname "$0")/lib.sh"
analyzer=$(dirname "$rtcshim")/rtcshim-analyzer
capture="$rtcshim capture"

# link NAME ADDRESS NEIGHBOUR: a veth with a far end that takes what comes.
link() {
    ip link add "$1" type veth peer name "far-$1" && ip address add "$2/24" dev "$1" &&
        ip link set "far-$1" address 02:00:00:00:00:09 up && ip link set "$1" up &&
        ip neighbour add "$3" lladdr 02:00:00:00:00:09 dev "$1"
}
quiet_ipv6() { for f in /proc/sys/net/ipv6/conf/*/disable_ipv6; do echo 1 >"$f"; done; }
ip link set lo up
quiet_ipv6
link eth0 192.0.2.1 192.0.2.9 && link tun0 198.51.100.1 198.51.100.9 || {
    fail "the links are there"
    finish
}

# send COUNT ADDRESS [BYTES]: binding requests, numbered in their transaction ids, with padding up to that many bytes.
send() {
    python3 - "$@" <<'PYTHON'
import socket, struct, sys
count, address = int(sys.argv[1]), sys.argv[2]
padding = bytes(int(sys.argv[3])) if len(sys.argv) > 3 else b""
attribute = struct.pack(">HH", 0x8022, len(padding)) + padding if padding else b""
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for i in range(count):
    s.sendto(struct.pack(">HHI", 1, len(attribute), 0x2112A442) + bytes(8) + struct.pack(">I", i) + attribute, (address, 3478))
PYTHON
}

# start NAME OPTION...: a capture in the background ($pid), its output in $tmp/NAME.out and .err, once it says that it captures.
start() {
    local name=$1
    shift
    $capture "$@" >"$tmp/$name.out" 2>"$tmp/$name.err" &
    pid=$!
    wait_for 10 grep -q 'capturing on' "$tmp/$name.err" || fail "the capture '$name' starts" "$(cat "$tmp/$name.err")"
}
# stop NAME STATUS [SIGNAL]
stop() {
    kill "-${3:-INT}" "$pid" 2>/dev/null
    ended "$1" "$2"
}
ended() {
    wait "$pid"
    local status=$?
    check "the capture '$1' ends with $2" [ "$status" = "$2" ] || cat "$tmp/$1.err"
}
lines() { grep -c -- "$1" "$2"; }
rows() { # rows FILE INTERFACE: binding requests over it
    grep -c " $2 .*binding request" "$1"
}

# --- two interfaces, a file and rows --------------------------------------------------------------------------------------------
start two -i eth0,tun0 -w "$tmp/two.pcapng" -P
send 3 192.0.2.9
send 2 198.51.100.9
check "rows are shown while it runs" wait_for 5 sh -c "[ \$(grep -c 'binding request' $tmp/two.out) = 5 ]"
check "the file can be read while it is written" [ "$($rtcshim decode -j "$tmp/two.pcapng" | wc -l)" = 5 ]
check "it holds no capability" [ "$(lines '^Cap.*:[[:space:]]*0000000000000000$' "/proc/$pid/status")" = 5 ]
check "it can gain none" grep -q '^NoNewPrivs:[[:space:]]*1$' "/proc/$pid/status"
threads=0
for t in "/proc/$pid/task"/*; do
    threads=$((threads + 1))
    grep -q '^Seccomp:[[:space:]]*2$' "$t/status" || fail "the thread ${t##*/} is under a seccomp filter"
    [ "$(lines '^Cap.*:[[:space:]]*0000000000000000$' "$t/status")" = 5 ] || fail "the thread ${t##*/} holds no capability"
done
check "both threads are closed in" [ "$threads" = 2 ]
stop two 0
check "each message is shown at its interface" [ "$(rows "$tmp/two.out" eth0),$(rows "$tmp/two.out" tun0)" = 3,2 ]
check "and the counts are said" grep -Eq '[0-9]+ packets captured, 0 dropped by the kernel' "$tmp/two.err"
$rtcshim decode "$tmp/two.pcapng" >"$tmp/two.rows"
check "decode reads the file, with the same rows" cmp -s "$tmp/two.rows" "$tmp/two.out"
check "the file is private" [ "$(stat -c %a "$tmp/two.pcapng")" = 600 ]
times() { $rtcshim decode -j "$1" | python3 -c 'import json,sys; t=[json.loads(l)["timestamp"] for l in sys.stdin]; sys.exit(t!=sorted(t))'; }

# The kernel shows what has come in blocks, of each interface at other moments.
start order -i eth0,tun0 -w "$tmp/order.pcapng"
python3 - <<'PYTHON'
import socket, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for i in range(200):
    s.sendto(bytes.fromhex("000100002112a442") + bytes(8) + i.to_bytes(4, "big"), (("192.0.2.9", "198.51.100.9")[i % 2], 3478))
    time.sleep(0.001)
PYTHON
stop order 0
check "packets of several interfaces are all there" [ "$($rtcshim decode -j "$tmp/order.pcapng" | wc -l)" = 200 ]
check "and in order of time" times "$tmp/order.pcapng"
if command -v tshark >/dev/null; then
    check "tshark finds each at its interface" [ "$(tshark -r "$tmp/two.pcapng" -Y stun -T fields -e frame.interface_name 2>/dev/null | sort | uniq -c | xargs)" = "3 eth0 2 tun0" ]
fi

# --- any, and an interface that comes later -------------------------------------------------------------------------------------
start any -i any -w "$tmp/any.pcapng" -P
send 3 192.0.2.9
link tun1 203.0.113.1 203.0.113.9
send 4 203.0.113.9
check "an interface that comes up later is captured with its name" wait_for 5 sh -c "[ \$(grep -c ' tun1 .*binding request' $tmp/any.out) = 4 ]"
stop any 0 TERM
check "any gives each message to its interface" [ "$(rows "$tmp/any.out" eth0),$(rows "$tmp/any.out" far-eth0),$(rows "$tmp/any.out" tun1)" = 3,3,4 ]
$rtcshim decode "$tmp/any.pcapng" >"$tmp/any.rows"
check "and so does its file" cmp -s "$tmp/any.rows" "$tmp/any.out"
$rtcshim decode -j "$tmp/any.pcapng" >"$tmp/any.json"
check "which knows what went out" [ "$(grep '"in_iface":"eth0"' "$tmp/any.json" | grep -c '"direction":"out"')" = 3 ]
check "and what came in" [ "$(grep '"in_iface":"far-eth0"' "$tmp/any.json" | grep -c '"direction":"in"')" = 3 ]
ip link delete tun1

# --- ends ---------------------------------------------------------------------------------------------------------------------
start count -i eth0 -c 4 -w "$tmp/count.pcapng" -f 'udp port 3478'
send 10 192.0.2.9
ended count 0
check "-c ends after so many packets" [ "$($rtcshim decode -j "$tmp/count.pcapng" | wc -l)" = 4 ]
start filter -i eth0,tun0 -j udp dst port 3478 and dst host 198.51.100.9
send 2 192.0.2.9
send 2 198.51.100.9
check "words after the options are a filter" wait_for 5 sh -c "[ \$(wc -l <$tmp/filter.out) = 2 ]"
stop filter 0 HUP
check "-j writes events in the schema" "$here/check_schema.py" "$tmp/filter.out"
start last -i eth0 -w "$tmp/last.pcapng"
send 1 192.0.2.9
stop last 0
check "what came just before the end is in the file" [ "$($rtcshim decode -j "$tmp/last.pcapng" | wc -l)" = 1 ]
before=$(date +%s%N)
start duration -i eth0 --duration 1 --summary
send 2 192.0.2.9
ended duration 0
check "--duration ends after that time, and not before" [ $((($(date +%s%N) - before) / 1000000)) -ge 1000 ]
check "--summary is written at the end" grep -q '192.0.2.9:3478' "$tmp/duration.out"
start autostop -i eth0 -a packets:1
send 1 192.0.2.9
ended autostop 0

# --- losses -------------------------------------------------------------------------------------------------------------------
start slow -i tun0 -B 1 -w "$tmp/slow.pcapng"
kill -STOP "$pid"
send 4000 198.51.100.9 1200
kill -CONT "$pid"
stop slow 0
lost=$(sed -n 's/.*captured, \([0-9]*\) dropped by the kernel.*/\1/p' "$tmp/slow.err")
got=$($rtcshim decode -j "$tmp/slow.pcapng" | wc -l)
check "what the kernel dropped is said" [ "${lost:-0}" -gt 0 ]
check "and all others are there" [ "$((lost + got))" = 4000 ]

# --- interfaces that go --------------------------------------------------------------------------------------------------------
link wg0 203.0.113.1 203.0.113.9
start gone -i wg0,eth0 -P -w "$tmp/gone.pcapng"
send 1 203.0.113.9
wait_for 5 grep -q ' wg0 .*binding request' "$tmp/gone.out"
ip link set wg0 down
check "an interface that goes down is told" wait_for 5 grep -q 'wg0 went down' "$tmp/gone.err"
ip link set wg0 up
ip neighbour replace 203.0.113.9 lladdr 02:00:00:00:00:09 dev wg0
send 1 203.0.113.9
check "and is captured again when it is up" wait_for 5 sh -c "[ \$(grep -c ' wg0 .*binding request' $tmp/gone.out) = 2 ]"
ip link delete wg0
check "one that vanishes is told" wait_for 5 grep -q 'wg0 is no longer captured.*the others go on' "$tmp/gone.err"
send 2 192.0.2.9
check "and the others go on" wait_for 5 sh -c "[ \$(grep -c ' eth0 .*binding request' $tmp/gone.out) = 2 ]"
link wg0 203.0.113.1 203.0.113.9
check "that it came back and is not captured is told" wait_for 5 grep -q 'wg0 came up and is not captured' "$tmp/gone.err"
stop gone 0
check "the file holds both" [ "$($rtcshim decode -j "$tmp/gone.pcapng" | wc -l)" = 4 ]
start alone -i wg0
ip link delete wg0
ended alone 2
check "without an interface there is nothing left to do" grep -q 'no interface is left' "$tmp/alone.err"

# Names and indexes that change while it runs: a message stands under the interface that carried it.
link wg0 203.0.113.1 203.0.113.9
index=$(ip -o link show wg0 | cut -d: -f1)
start names -i any -P -w "$tmp/names.pcapng"
send 1 203.0.113.9
check "an interface has its name" wait_for 5 grep -q ' wg0 .*binding request' "$tmp/names.out"
ip link delete wg0
ip link add wg1 index "$index" type veth peer name far-wg1
ip address add 203.0.113.1/24 dev wg1
ip link set far-wg1 address 02:00:00:00:00:09 up && ip link set wg1 up
ip neighbour add 203.0.113.9 lladdr 02:00:00:00:00:09 dev wg1
send 2 203.0.113.9
check "another one that got its index has its own" wait_for 5 sh -c "[ \$(grep -c ' wg1 .*binding request' $tmp/names.out) = 2 ]"
rename() { ip link set wg1 down && ip link set wg1 name wg2 && ip link set wg2 up && ip neighbour replace 203.0.113.9 lladdr 02:00:00:00:00:09 dev wg2; }
rename
send 3 203.0.113.9
check "and one that was renamed the new one" wait_for 5 sh -c "[ \$(grep -c ' wg2 .*binding request' $tmp/names.out) = 3 ]"
stop names 0
$rtcshim decode "$tmp/names.pcapng" >"$tmp/names.rows"
check "also in the file" cmp -s "$tmp/names.rows" "$tmp/names.out"
start renamed -i wg2,eth0
ip link set wg2 down && ip link set wg2 name wg3
check "a new name is told" wait_for 5 grep -q 'wg2 is called wg3 now' "$tmp/renamed.err"
check "and that it can't be captured any more once it went down" wait_for 5 grep -q 'wg2 is no longer captured: it was renamed' "$tmp/renamed.err"
stop renamed 0
ip link delete wg3

# --- output -------------------------------------------------------------------------------------------------------------------
mkdir "$tmp/small"
mount -t tmpfs -o size=64k none "$tmp/small"
cleanup_commands+=('umount "$tmp/small"')
start full -i eth0 -w "$tmp/small/full.pcapng"
send 100 192.0.2.9 1200
ended full 2
check "a full disk is said" grep -q 'full.pcapng: No space left' "$tmp/full.err"
expect_status "and the file is whole" 0 "$rtcshim" decode -j "$tmp/small/full.pcapng"
check "up to there" [ "$(wc -l <"$tmp/out")" -gt 30 ]
$capture -i eth0 >/dev/full 2>"$tmp/devfull.err" &
pid=$!
wait_for 10 grep -q 'capturing on' "$tmp/devfull.err"
send 1 192.0.2.9
ended devfull 2
# limited OPTION...: in a shell that lets files grow to 20 KiB.
limited() { (
    ulimit -f 20
    exec $capture "$@"
); }
limited -i eth0 -w "$tmp/limit.pcapng" 2>"$tmp/limit.err" &
pid=$!
wait_for 10 grep -q 'capturing on' "$tmp/limit.err"
send 100 192.0.2.9 1200
ended limit 2
check "a limit on file size is said, and kills nothing" grep -q 'limit.pcapng: File too large' "$tmp/limit.err"
expect_status "and the file is whole" 0 "$rtcshim" decode -j "$tmp/limit.pcapng"
check "up to there, too" [ "$(wc -l <"$tmp/out")" -gt 10 ]
mkfifo "$tmp/rows"
head -1 <"$tmp/rows" >/dev/null &
$capture -i eth0 -w "$tmp/left.pcapng" -P >"$tmp/rows" 2>"$tmp/left.err" &
pid=$!
wait_for 10 grep -q 'capturing on' "$tmp/left.err"
until ! kill -0 "$pid" 2>/dev/null; do send 1 192.0.2.9; done
ended left 2
check "where the reader of the rows leaves, that is said" grep -q 'cannot write the output: Broken pipe' "$tmp/left.err"
check "and the file is complete" [ "$(python3 -c 'import sys; print(open(sys.argv[1], "rb").read().count(bytes.fromhex("0500000064000000")))' "$tmp/left.pcapng")" = 1 ]
# Nobody reads, and the pipe is full. One signal waits for the reader, in case that it is slow; one more does not.
for option in -w- -j; do
    rm -f "$tmp/stalled"
    mkfifo "$tmp/stalled"
    exec 7<>"$tmp/stalled"
    $capture -i eth0 "$option" >"$tmp/stalled" 2>"$tmp/stalled.err" &
    pid=$!
    wait_for 10 grep -q 'capturing on' "$tmp/stalled.err"
    send 2000 192.0.2.9 1000
    kill -TERM "$pid"
    sleep 1.1
    check "with $option a signal waits for who reads" kill -0 "$pid"
    kill -TERM "$pid"
    gone() { ! kill -0 "$pid"; }
    check "and another one does not" wait_for 5 gone
    kill -KILL "$pid" 2>/dev/null
    ended "stalled $option" 2
    check "which is said" grep -q 'ended at once' "$tmp/stalled.err"
    exec 7<&-
done
exec 9> >(cat >"$tmp/pipe.pcapng")
start pipe -i eth0 -w /dev/fd/9
send 2 192.0.2.9
wait_for 5 sh -c "[ \$('$rtcshim' decode -j '$tmp/pipe.pcapng' | wc -l) = 2 ]"
stop pipe 0
exec 9>&-
check "a descriptor takes the packets" [ "$($rtcshim decode -j "$tmp/pipe.pcapng" | wc -l)" = 2 ]
$capture -i eth0 -c 1 -w - udp >"$tmp/stdout.pcapng" 2>"$tmp/stdout.err" &
pid=$!
wait_for 10 grep -q 'capturing on' "$tmp/stdout.err"
send 1 192.0.2.9
ended stdout 0
check "standard output takes the packets" [ "$($rtcshim decode -j "$tmp/stdout.pcapng" | wc -l)" = 1 ]
mkfifo "$tmp/ready"
$capture -i eth0 -q --ready-fd 8 >"$tmp/ready.out" 2>"$tmp/ready.err" 8>"$tmp/ready" &
pid=$!
check "--ready-fd tells that it captures" [ "$(timeout 10 wc -l <"$tmp/ready")" = 1 ]
stop ready 0
check "-q says nothing" [ ! -s "$tmp/ready.err" ]
mkfifo "$tmp/ready-slow"
$capture -i tun0 -B 1 -q --ready-fd 8 -w "$tmp/quiet.pcapng" 2>"$tmp/quiet.err" 8>"$tmp/ready-slow" &
pid=$!
timeout 10 cat "$tmp/ready-slow" >/dev/null
kill -STOP "$pid"
send 4000 198.51.100.9 1200
kill -CONT "$pid"
stop quiet 0
check "but for losses" grep -q 'dropped by the kernel' "$tmp/quiet.err"
ln -s "$tmp/target" "$tmp/link.pcapng"
expect_status "a symbolic link is not followed with root's rights" 2 $capture -i eth0 -c 1 -w "$tmp/link.pcapng"
check "and its target is not made" [ ! -e "$tmp/target" ]
touch "$tmp/open.pcapng"
chmod 666 "$tmp/open.pcapng"
start again -i eth0 -w "$tmp/open.pcapng"
stop again 0
check "a file that was there becomes private" [ "$(stat -c %a "$tmp/open.pcapng")" = 600 ]
for f in "$tmp/two.pcapng" "$tmp/any.pcapng" "$tmp/gone.pcapng"; do
    command -v capinfos >/dev/null || break
    check "capinfos reads ${f##*/}" sh -c "capinfos '$f' >/dev/null 2>&1"
done

# --- who it is while it runs, where there are several users ----------------------------------------------------------------------
uid_is() { [ "$(awk '/^Uid:/ {print $2,$3,$4,$5}' "/proc/$pid/status")" = "$1 $1 $1 $1" ]; }
if grep -Eq '^ *0 +0 +4294967295$' /proc/self/uid_map; then
    start nobody -i eth0
    check "root becomes nobody" uid_is "$(id -u nobody)"
    stop nobody 0
    chmod 755 "$tmp"
    SUDO_UID=61234 SUDO_GID=61235 start sudo -i eth0 -w "$tmp/sudo.pcapng"
    check "under sudo it becomes who called it" uid_is 61234
    check "and keeps no group" [ "$(awk '/^Groups:/ {print NF}' "/proc/$pid/status")$(awk '/^Gid:/ {print $2,$3,$4,$5}' "/proc/$pid/status")" = "161235 61235 61235 61235" ]
    stop sudo 0
    check "who owns the file" [ "$(stat -c %u:%g:%a "$tmp/sudo.pcapng")" = 61234:61235:600 ]
    cp "$tmp/sudo.pcapng" "$tmp/others.pcapng"
    chown 61236 "$tmp/others.pcapng"
    SUDO_UID=61234 SUDO_GID=61235 expect_status "another user's file is not overwritten with root's rights" 2 $capture -i eth0 -c 1 -w "$tmp/others.pcapng"
    check "and stays as it was" cmp -s "$tmp/sudo.pcapng" "$tmp/others.pcapng"
    mkdir -m 1777 "$tmp/free"
    setpriv --reuid 61236 --clear-groups mkfifo -m 666 "$tmp/free/trap"
    setpriv --reuid 61236 --clear-groups cat "$tmp/free/trap" >"$tmp/trapped" &
    SUDO_UID=61234 SUDO_GID=61235 expect_status "and another user's pipe does not get the packets" 2 timeout 5 $capture -i eth0 --duration 1 -w "$tmp/free/trap"
    wait "$!"
    check "none of them" [ ! -s "$tmp/trapped" ]
    mkdir -m 0755 "$tmp/bin"
    cp "$analyzer" "$tmp/bin/" && setcap cap_net_raw=ep "$tmp/bin/rtcshim-analyzer"
    as_user=(setpriv --reuid 61234 --regid 61234 --clear-groups)
    capture="${as_user[*]} $tmp/bin/rtcshim-analyzer capture"
    start setcap -i eth0 -w "$tmp/free/user.pcapng"
    check "with file capabilities a user captures" uid_is 61234
    check "and holds none while it does" [ "$(grep -Ec '^Cap(Inh|Prm|Eff|Amb):[[:space:]]*0000000000000000$' "/proc/$pid/status")" = 4 ]
    stop setcap 0
    expect_status "a user may be named that it is" 0 setpriv --reuid nobody --regid "$(id -g nobody)" --clear-groups "$tmp/bin/rtcshim-analyzer" capture -i eth0 -Z nobody --duration 1
    expect_status "but no other" 2 "${as_user[@]}" "$tmp/bin/rtcshim-analyzer" capture -i eth0 -Z nobody --duration 1
    expect_status "it writes where the user may write, and nowhere else" 2 $capture -i eth0 -c 1 -w "$tmp/bin/not.pcapng"
    mkfifo "$tmp/input"
    "${as_user[@]}" "$tmp/bin/rtcshim-analyzer" decode - <"$tmp/input" >/dev/null 2>&1 &
    pid=$!
    exec 7>"$tmp/input"
    no_caps() { [ "$(grep -Ec '^Cap(Inh|Prm|Eff|Amb):[[:space:]]*0000000000000000$' "/proc/$pid/status")" = 4 ] && grep -q '^NoNewPrivs:[[:space:]]*1$' "/proc/$pid/status"; }
    check "decode gives file capabilities up" wait_for 5 no_caps
    exec 7>&-
    wait "$pid"
    setcap -r "$tmp/bin/rtcshim-analyzer"
    chown root "$tmp/bin/rtcshim-analyzer" && chmod u+s "$tmp/bin/rtcshim-analyzer"
    start setuid -i eth0 -w "$tmp/free/setuid.pcapng"
    check "as a setuid program it is the user too" uid_is 61234
    check "without any capability" [ "$(lines '^Cap.*:[[:space:]]*0000000000000000$' "/proc/$pid/status")" = 5 ]
    stop setuid 0
    check "and so is the file's owner" [ "$(stat -c %u "$tmp/free/setuid.pcapng")" = 61234 ]
    expect_status "it writes nowhere else either" 2 $capture -i eth0 -c 1 -w "$tmp/bin/not.pcapng"
    capture="$rtcshim capture"
else
    start same -i eth0
    check "where there is one user, it stays that one" uid_is 0
    stop same 0
fi

# --- wrong usage ----------------------------------------------------------------------------------------------------------------
expect_status "an interface that is not there is trouble" 2 $capture -i none0
check "and is named" said "no interface 'none0'"
expect_status "what libpcap has names for besides interfaces is none" 2 timeout 5 $capture -i nflog --duration 1
check "and that is said" said "no interface 'nflog'"
if ip link property add dev eth0 altname uplink 2>/dev/null; then
    start altname -i uplink
    send 1 192.0.2.9
    check "by its alternative name an interface is captured under its own" wait_for 5 grep -q ' eth0 .*binding request' "$tmp/altname.out"
    stop altname 0
    expect_status "and is not captured twice" 2 timeout 5 $capture -i eth0,uplink --duration 1
fi
expect_status "'any' with another interface would show its messages twice" 2 timeout 5 $capture -i any -i eth0 --duration 1
expect_status "in whatever order" 2 timeout 5 $capture -i eth0,any --duration 1
ip link add down0 type veth peer name far-down0
expect_status "one that is down is trouble" 2 $capture -i down0
check "and that is said" said 'down0 is down'
expect_status "a wrong filter is wrong usage" 2 $capture -i eth0 -f 'no such filter'
check "which leaves no file" sh -c "! '$rtcshim' capture -i eth0 -w '$tmp/nofile' -f 'no such' 2>/dev/null && [ ! -e '$tmp/nofile' ]"
expect_status "packets and messages don't both go to standard output" 2 $capture -i eth0 -w - -j
expect_status "an unknown option is wrong usage" 2 $capture --no-such
expect_status "an unknown letter is wrong usage" 2 $capture -qXP
check "and it is the letter that is named" said "unknown option '-X'"
expect_status "-c takes a number" 2 $capture -c many
for option in "-c 0" "--duration 0" "-a duration:0" "-a packets:0" "-B 0" "-c -1" "-s 262145"; do
    # shellcheck disable=SC2086 # two words
    expect_status "$option has no meaning" 2 timeout 5 $capture -i eth0 $option
done
for path in /dev/stdout /dev/fd/1; do
    expect_status "packets and messages don't both go to $path either" 2 timeout 5 $capture -i eth0 -P -w "$path" --duration 1
done
expect_status "--ready-fd takes a descriptor that is open" 2 timeout 5 $capture -i eth0 --ready-fd 3 --duration 1 3<&-
check "and says when it is not" said 'ready-fd 3: it is not open for writing'
expect_status "for writing" 2 timeout 5 $capture -i eth0 --ready-fd 3 --duration 1 3</dev/null
expect_status "and is no standard one" 2 timeout 5 $capture -i eth0 --ready-fd 1 --duration 1
ip link add $'e\e[1mx' type veth peer name far-ex
expect_status "a name may have control characters" 0 $capture -D
check "which the list makes visible" said_out 'e.x1b.1mx'
expect_status "there is no such user" 2 $capture -i eth0 -Z no-such-user
expect_status "-D lists the interfaces" 0 $capture -D
check "all of them" sh -c "grep -q '^eth0 *up' $tmp/out && grep -q '^lo .*loopback' $tmp/out && grep -q '^any' $tmp/out"
expect_status "--help is none" 0 $capture --help
no_raw=(setpriv --bounding-set -net_raw --inh-caps -net_raw)
expect_status "without the capability it fails" 2 "${no_raw[@]}" "$analyzer" capture -i eth0
check "and says what to do" said 'setcap cap_net_raw=ep /'
finish
