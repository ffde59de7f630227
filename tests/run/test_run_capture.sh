#!/bin/bash
# `rtcshim run --capture`: what is captured, what it takes, how it ends, what becomes of it where it can't go on, and the verdict in the
# end. As root in a network namespace, where an ordinary user with file capabilities is tried too; as an ordinary user in a user namespace.
if [ -z "${RTCSHIM_CAPTURED_INSIDE:-}" ]; then
    user=()
    [ "$(id -u)" = 0 ] || user=(--user --map-root-user)
    RTCSHIM_CAPTURED_INSIDE=1 RTCSHIM_CAPTURED_UID=$(id -u) exec unshare "${user[@]}" --net --mount -- "$0" "$@"
fi
# shellcheck source=tests/run/captured.sh
. "$(dirname "$0")/captured.sh"
for need in tshark:tshark nft:nftables setpriv:util-linux pgrep:procps setcap:libcap2-bin; do
    command -v "${need%:*}" >/dev/null || { fail "${need%:*} is there: apt-get install ${need#*:}"; finish; }
done
build_around || { fail "the program that goes around the library is built"; finish; }
ip link set lo up
link eth0 192.0.2 && far_link eth1 198.51.100 150 && quiet_far_ends || { fail "the links are there"; finish; }
run() { "$rtcshim" run -q "$@"; }
python=/usr/bin/python3
ask="$python $tmp/ask.py"
field() { "$facts" capture "$@"; }
# in_wire FOLDER INTERFACE: messages captured there
in_wire() {
    "$rtcshim" decode -j "$1/wire.pcapng" | grep '"label":"direct"' | grep "\"in_iface\":\"$2\"" | grep -c "\"class\":\"${3:-request}\""
}
# same_ids FILE FOLDER WITNESS
same_ids() { sort "$1" | cmp -s - <("$facts" stun "$2" "$3"); }

# --- the default: all that is up, and what comes up later ----------------------------------------------------------------------------
cat >"$tmp/later.sh" <<END
$ask 192.0.2.9 3 >"$tmp/ids"
: >"$tmp/first"
while [ ! -e "$tmp/second" ]; do sleep 0.05; done
$ask 203.0.113.9 2 >>"$tmp/ids"
exit 7
END
(
    wait_for 20 test -e "$tmp/first"
    link tun0 203.0.113 && quiet_far_ends
    : >"$tmp/second"
) &
expect_status "the command's status is passed on" 7 run --capture -o "$tmp/later" sh "$tmp/later.sh"
wait $!
check "each message is on the wire once" [ "$(in_wire "$tmp/later" eth0) $(in_wire "$tmp/later" tun0)" = "3 2" ]
check "the shim has the same messages" same_ids "$tmp/ids" "$tmp/later" shim
check "run.json names the interfaces of the start" sh -c "'$facts' capture '$tmp/later' interfaces | grep '\"eth0\"' | grep -qv tun0"
check "and says that later ones are captured too" [ "$(field "$tmp/later" later)" = true ]
check "and that the capture is complete" [ "$(field "$tmp/later" status) $(field "$tmp/later" dropped)" = '"complete" 0' ]
check "the loopback interface is not captured" [ "$(in_wire "$tmp/later" lo)" = 0 ]
check "the file is private" [ "$(stat -c '%a %u' "$tmp/later/wire.pcapng")" = "600 $(id -u)" ]
check "nobody else was asked about what the library saw" sh -c "! grep -q '\"event_type\":\"owner\"' '$tmp/later/events.ndjson'"
check "the verdict follows the summary" said "^UNKNOWN:"
check "the annotated capture has each packet's process" sh -c "[ \$(tshark -r '$tmp/later/annotated.pcapng' -Y stun -T fields -e frame.comment 2>'$tmp/err' | grep -c 'python.*sendto') = 5 ]"

# --- interfaces by name -----------------------------------------------------------------------------------------------------------------
expect_status "an interface is named" 0 run --capture=eth0 -o "$tmp/named" sh -c "$ask 192.0.2.9 1; $ask 203.0.113.9 1"
check "it alone is captured" [ "$(in_wire "$tmp/named" eth0) $(in_wire "$tmp/named" tun0)" = "1 0" ]
check "run.json says so" [ "$(field "$tmp/named" interfaces) $(field "$tmp/named" later)" = '["eth0"] false' ]
expect_status "several are" 0 run -weth0,tun0 -o "$tmp/two" sh -c "$ask 192.0.2.9 1; $ask 203.0.113.9 1"
check "they are captured" [ "$(in_wire "$tmp/two" eth0) $(in_wire "$tmp/two" tun0)" = "1 1" ]
expect_status "an interface that is not there is refused" 125 run --capture=nosuch0 -o "$tmp/refused" touch "$tmp/was-run"
check "by name" said "no interface 'nosuch0'"
expect_status "an empty name is refused" 125 run --capture= touch "$tmp/was-run"
check "nothing was run, and no folder is left" [ ! -e "$tmp/was-run" ] && [ ! -e "$tmp/refused" ]

# --- privilege ----------------------------------------------------------------------------------------------------------------------------
expect_status "without the capability nothing is started" 125 setpriv --bounding-set=-net_raw --inh-caps=-net_raw \
    "$rtcshim" run -q --capture -o "$tmp/refused" touch "$tmp/was-run"
check "the command that helps is named, with the program" said "sudo setcap cap_net_raw=ep $(realpath "$ANALYZER")"
check "nothing was run without it, and no folder is left" [ ! -e "$tmp/was-run" ] && [ ! -e "$tmp/refused" ]
if [ "$RTCSHIM_CAPTURED_UID" = 0 ]; then
    mkdir -m 0755 "$tmp/installed" && chmod 0711 "$tmp" && mkdir -m 0777 "$tmp/theirs" &&
        cp "$rtcshim" "$ANALYZER" "$(dirname "$rtcshim")/librtcshim.so" "$tmp/installed/" && chmod 0755 "$tmp/installed"/* &&
        chmod 0644 "$tmp/ask.py" && setcap cap_net_raw=ep "$tmp/installed/rtcshim-analyzer"
    theirs() { env -u XDG_RUNTIME_DIR HOME="$tmp/theirs" setpriv --reuid=65534 --regid=65534 --clear-groups "$@"; }
    "$tmp/around-static" udp 192.0.2.9 3478 1500 >"$tmp/roots" &
    expect_status "an ordinary user captures where the analyzer has the capability" 0 theirs "$tmp/installed/rtcshim" run -q --capture \
        -o "$tmp/theirs/run" sh -c "grep CapEff /proc/self/status >'$tmp/theirs/caps'; $ask 192.0.2.9 2 1 >'$tmp/theirs/ids'"
    check "the file is the user's and private" [ "$(stat -c '%a %u' "$tmp/theirs/run/wire.pcapng")" = "600 65534" ]
    check "it has the messages" [ "$(in_wire "$tmp/theirs/run" eth0)" -ge 2 ]
    check "the command has no capability" grep -q 'CapEff:.0*$' "$tmp/theirs/caps"
    "$tmp/around-static" udp 192.0.2.9 3478 2500 >"$tmp/roots" &
    theirs "$tmp/installed/rtcshim" run -q --capture -o "$tmp/theirs/beside" sh -c "sleep 0.7; $ask 192.0.2.9 2 0.2" >"$tmp/out" 2>"$tmp/err" &
    pid=$!
    wait_for 10 test -s "$tmp/theirs/beside/wire.pcapng"
    sleep 0.3
    "$tmp/around-static" udp 192.0.2.9 3478 1000 >"$tmp/roots"
    wait "$pid"
    read -r _ _ txid <"$tmp/roots"
    check "another user's message is told with the user, and as none of the run's" \
        sh -c "grep '\"event_type\":\"owner\"' '$tmp/theirs/beside/events.ndjson' | grep '$txid' | grep -q '\"process\":null.*\"uid\":0.*\"of_run\":false'"
fi

# --- how it ends --------------------------------------------------------------------------------------------------------------------------
expect_status "the answer to the last question is waited for" 0 run --capture -o "$tmp/answer" $ask 198.51.100.9 1
check "and captured" [ "$(in_wire "$tmp/answer" eth1 success)" = 1 ]

cat >"$tmp/interrupted.py" <<'END'
import os, signal, socket, sys, time
def last(*_):
    txid = os.urandom(12)
    time.sleep(0.3)
    socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(bytes.fromhex("000100002112a442") + txid, ("192.0.2.9", 3478))
    print(txid.hex(), flush=True)
    sys.exit(0)
signal.signal(signal.SIGINT, last)
open(sys.argv[1], "w").close()
while True:
    time.sleep(1)
END
setsid "$rtcshim" run -q --capture -o "$tmp/interrupted" "$python" "$tmp/interrupted.py" "$tmp/waits" >"$tmp/last" 2>"$tmp/err" &
pid=$!
wait_for 20 test -e "$tmp/waits" || fail "the command waits" "$(cat "$tmp/err")"
kill -INT -- "-$pid"
wait "$pid"
check "Ctrl-C ends the command, not the capture" same_ids "$tmp/last" "$tmp/interrupted" wire
check "which ends well" [ "$(field "$tmp/interrupted" status)" = '"complete"' ]

capture_of() { pgrep -P "$1" -f 'rtcshim-analyzer capture'; }
"$rtcshim" run -q --capture -o "$tmp/killed" sh -c "while [ ! -e '$tmp/go' ]; do sleep 0.05; done; $ask 192.0.2.9 1; exit 0" >"$tmp/out" 2>"$tmp/err" &
pid=$!
wait_for 20 test -s "$tmp/killed/wire.pcapng"
check "the capture has a process group of its own" [ "$(ps -o pgid= -p "$(capture_of "$pid")" | tr -d ' ')" = "$(capture_of "$pid")" ]
kill -KILL "$(capture_of "$pid")"
wait_for 10 said "capture failed" && : >"$tmp/go"
wait "$pid"
status=$?
check "where the capture dies the command goes on, and that is said" said "the command goes on"
check "the library's events go on too" [ "$("$facts" stun "$tmp/killed" shim | wc -l)" = 1 ]
check "the run fails" [ "$status" = 125 ]
check "and run.json says why" sh -c "'$facts' capture '$tmp/killed' status | grep -q failed && '$facts' capture '$tmp/killed' reason | grep -q 'signal 9'"

"$rtcshim" run -q --capture -o "$tmp/orphan" sleep 30 >"$tmp/out" 2>"$tmp/err" &
pid=$!
wait_for 20 test -s "$tmp/orphan/wire.pcapng"
wait_for 10 capture_of "$pid" >"$tmp/capture"
read -r captures <"$tmp/capture"
left=$(pgrep -P "$pid" sleep)
kill -KILL "$pid"
wait "$pid" 2>/dev/null
gone() { ! kill -0 "$captures" 2>/dev/null; }
check "where rtcshim is killed the capture ends by itself" wait_for 10 gone
expect_status "and its file can be read" 0 "$rtcshim" decode "$tmp/orphan/wire.pcapng"
kill "$left" 2>/dev/null

# --- around it ------------------------------------------------------------------------------------------------------------------------------
"$rtcshim" run -q --capture -o "$tmp/closed" $ask 192.0.2.9 1 <&- >&- 2>&-
check "closed standard descriptors do no harm" [ "$? $(field "$tmp/closed" status) $(in_wire "$tmp/closed" eth0)" = '0 "complete" 1' ]
LD_PRELOAD=$(dirname "$rtcshim")/librtcshim.so "$rtcshim" run -q --capture -o "$tmp/preloaded" sh -c "while [ ! -e '$tmp/seen' ]; do sleep 0.05; done" >"$tmp/out" 2>"$tmp/err" &
pid=$!
wait_for 20 test -s "$tmp/preloaded/wire.pcapng"
grep -c librtcshim "/proc/$(capture_of "$pid")/maps" >"$tmp/maps"
: >"$tmp/seen"
wait "$pid"
check "the library is not in the capture, even where it is preloaded into everything" grep -qx 0 "$tmp/maps"
expect_status "standard output has the events alone with --json" 0 "$rtcshim" run --capture -jq -o "$tmp/json" $ask 192.0.2.9 1
check "all in their schema" "$here/check_schema.py" "$tmp/out"

mkdir "$tmp/small" && mount -t tmpfs -o size=400k none "$tmp/small"
cleanup_commands+=("umount '$tmp/small'")
cat >"$tmp/fill.py" <<'END'
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for i in range(600):
    s.sendto(bytes(1400), ("192.0.2.9", 9))
END
expect_status "on a full disk the run fails" 125 run --capture -o "$tmp/small/run" sh -c "$python '$tmp/fill.py'; sleep 0.5; : >'$tmp/went-on'"
check "the file is named" said "small/run/wire.pcapng: No space left"
check "the command has gone on" [ -e "$tmp/went-on" ]

# --- the verdict -------------------------------------------------------------------------------------------------------------------------------
expect_status "a leak makes exit status 3" 3 run --capture -p observe --vpn tun0 --fail-on-leak --html -o "$tmp/leak" $ask 198.51.100.9 1 0.3
check "which run.json has too" [ "$("$facts" run "$tmp/leak" exit_status) $("$facts" run "$tmp/leak" command_status)" = "3 0" ]
check "the page is written" grep -q '</html>' "$tmp/leak/report.html"
check "with nobody else's eyes on it" [ "$(stat -c %a "$tmp/leak/report.html")" = 600 ]
expect_status "the command's own failure comes first" 9 run --capture -p observe --vpn tun0 --fail-on-leak -o "$tmp/leak9" sh -c "$ask 198.51.100.9 1 0.3; exit 9"
expect_status "no leak, no 3" 0 run --capture -p observe --vpn tun0 --fail-on-leak -o "$tmp/clean" $ask 203.0.113.9 1
expect_status "the shim's word is enough where nothing is captured" 3 run -p observe --vpn tun0 --fail-on-leak -o "$tmp/word" \
    "$python" -c "
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.sendto(bytes.fromhex('000100002112a442') + bytes(12), ('198.51.100.9', 3478))
s.settimeout(5)
print(s.recvfrom(2000))"
check "and then there is no capture in the folder" [ ! -e "$tmp/word/wire.pcapng" ]

# --- what the system dropped before the wire ------------------------------------------------------------------------------------------------------
report() { "$rtcshim" report -j "$1" >"$tmp/report.json"; "$facts" report "$tmp/report.json" "$2"; }
    nft add table netdev t && nft add chain netdev t out '{ type filter hook egress device eth0 priority 0; }' &&
    nft add rule netdev t out udp length ">=" 28 @th,96,32 0x2112a442 drop || fail "packets are dropped behind the program's back"
expect_status "a message that the system takes and drops" 0 run --capture -o "$tmp/dropped" $ask 192.0.2.9 2
check "was taken without an error" sh -c "! grep -q 'not permitted' '$tmp/err'"
check "is not on the wire" [ "$(in_wire "$tmp/dropped" eth0)" = 0 ]
check "is not called confirmed" [ "$(report "$tmp/dropped" outcomes.confirmed.messages)" = 0 ]
check "but not on the wire" [ "$(report "$tmp/dropped" outcomes.not_on_wire.messages)" = 2 ]
nft delete table netdev t
nft add table ip t && nft add chain ip t out '{ type filter hook output priority 0; }' &&
    nft add rule ip t out udp length ">=" 28 @th,96,32 0x2112a442 drop || fail "packets are dropped with an error"
expect_status "a message that the system refuses" 0 run --capture -o "$tmp/filtered" $ask 192.0.2.9 2
check "is refused" said "not permitted"
check "is not on the wire, either" [ "$(in_wire "$tmp/filtered" eth0)" = 0 ]
check "and not called confirmed" [ "$(report "$tmp/filtered" outcomes.confirmed.messages)" = 0 ]
check "but the calls as failed" [ "$(report "$tmp/filtered" outcomes.not_captured.failed)" = 2 ]
"$rtcshim" report "$tmp/filtered" >"$tmp/out"
check "with the error, in the text too" grep -q "the call failed (EPERM), and nothing was sent" "$tmp/out"
nft delete table ip t

# --- in another network namespace -------------------------------------------------------------------------------------------------------------------
cat >"$tmp/elsewhere.sh" <<END
ip link set lo up
ip link add eth0 type veth peer name far && ip address add 192.0.2.1/24 dev eth0 && ip link set eth0 up && ip link set far up
$ask 192.0.2.9 2 0.5
END
expect_status "a program in a network namespace of its own" 0 run --capture -o "$tmp/elsewhere" unshare --net sh "$tmp/elsewhere.sh"
"$rtcshim" report --vpn eth1 "$tmp/elsewhere" >"$tmp/out"
check "is not said to be clean" grep -q "^UNKNOWN: .*2 STUN exchanges were made in another network namespace" "$tmp/out"
check "nor its messages to be dropped" [ "$(report "$tmp/elsewhere" outcomes.not_on_wire.messages)" = 0 ]
finish
