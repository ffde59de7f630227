#!/bin/bash
# What goes around the library is told, with the process that owns the socket: by raw system calls, from a static program, by every kind
# of socket; a bystander as such; what had ended before it was asked about as unknown. What the library has seen is nobody's surprise.
# As root in a network namespace, as an ordinary user in a user namespace too.
if [ -z "${RTCSHIM_CAPTURED_INSIDE:-}" ]; then
    user=()
    [ "$(id -u)" = 0 ] || user=(--user --map-root-user)
    RTCSHIM_CAPTURED_INSIDE=1 exec unshare "${user[@]}" --net --mount -- "$0" "$@"
fi
# shellcheck source=tests/run/captured.sh
. "$(dirname "$0")/captured.sh"
build_around || { fail "the program that goes around the library is built"; finish; }
ip link set lo up
link eth0 192.0.2 && quiet_far_ends || { fail "the link is there"; finish; }
run() { "$rtcshim" run -q "$@"; }

# owned NAME FOLDER FILE OF_RUN PROGRAM: the message whose "PID PORT TXID" is in FILE has one owner event, with that pid.
owned() {
    local pid port txid got
    read -r pid port txid <"$3"
    got=$("$facts" owner "$2" "$txid")
    if [ -n "$port" ] && [ "$got" = "$pid $4 $5" ]; then pass "$1"; else fail "$1" "said '$got', not '$pid $4 $5'"; fi
}

# --- all kinds of sockets, in one run ---------------------------------------------------------------------------------------------
cat >"$tmp/kinds.sh" <<END
"$tmp/around" udp 192.0.2.9 3478 400 >"$tmp/udp"
"$tmp/around" connected 192.0.2.9 3478 400 >"$tmp/connected"
"$tmp/around" mapped 192.0.2.9 3478 400 >"$tmp/mapped"
"$tmp/around" pinned 192.0.2.9 3478 400 >"$tmp/pinned"
"$tmp/around" udp 2001:db8:0::9 3478 400 >"$tmp/udp6"
"$tmp/around" connected 2001:db8:0::9 3478 400 >"$tmp/connected6"
"$tmp/around" sibling 192.0.2.9 3478 400 >"$tmp/child"
"$tmp/around-static" udp 192.0.2.9 3478 400 >"$tmp/static"
"$tmp/around-static" connected 2001:db8:0::9 3478 400 >"$tmp/static6"
"$tmp/around" udp 192.0.2.9 3478 0 >"$tmp/ended"
END
expect_status "a run with a capture has the command's status" 0 run --capture -o "$tmp/kinds" sh "$tmp/kinds.sh"
for how in udp connected mapped pinned udp6 connected6; do
    owned "a raw system call's message is told with its process: $how" "$tmp/kinds" "$tmp/$how" true around
done
owned "that of a child, too" "$tmp/kinds" "$tmp/child" true around
owned "and a static program's" "$tmp/kinds" "$tmp/static" true around-static
owned "over IPv6 as well" "$tmp/kinds" "$tmp/static6" true around-static
read -r _ _ txid <"$tmp/ended"
check "what had ended before it was asked about is told as unknown" [ "$("$facts" owner "$tmp/kinds" "$txid")" = "None null None" ]
check "the library has seen none of them" [ -z "$("$facts" stun "$tmp/kinds" shim)" ]
check "the events are in their schema" "$here/check_schema.py" "$tmp/kinds/events.ndjson"
check "the capture itself is no process of the run" sh -c "! grep -q rtcshim-analyzer '$tmp/kinds/run.json'"
"$rtcshim" report -j "$tmp/kinds" >"$tmp/report.json"
"$facts" strangers "$tmp/report.json" >"$tmp/strangers"
# named NAME FILE WHAT: the report names the pid that is in FILE.
named() {
    read -r pid _ <"$2"
    check "$1" grep -qx "$pid $3" "$tmp/strangers"
}
named "the report names the pid that made raw system calls" "$tmp/udp" "true false 1"
named "and that of the static program, as uncovered" "$tmp/static" "true true 1"
"$rtcshim" report "$tmp/kinds" >"$tmp/report.txt"
check "which is said once of each" [ "$(grep -c 'is statically linked' "$tmp/report.txt")" = 2 ]
check "and one that nobody knows, of ten" [ "$(grep -c . "$tmp/strangers") $(grep -c '^None null' "$tmp/strangers")" = "10 1" ]
check "no message is called confirmed" [ "$("$facts" report "$tmp/report.json" outcomes.confirmed.messages) $("$facts" report "$tmp/report.json" outcomes.unseen.messages)" = "0 10" ]
expect_status "with --require-coverage a static program that used a socket ends the run with 125" 125 \
    run --capture --require-coverage -o "$tmp/strict" sh -c "'$tmp/around-static' udp 192.0.2.9 3478 400; true"
check "and says why" said "require-coverage: 1 process that may have used"

expect_status "a static program as the command itself" 0 run --capture -o "$tmp/alone" "$tmp/around-static" udp 192.0.2.9 3478 600
cp "$tmp/out" "$tmp/alone.txt"
owned "is told with its process" "$tmp/alone" "$tmp/alone.txt" true around-static
check "and listed once" [ "$(grep -c 'around-static\[' "$tmp/err")" = 1 ]

# --- TCP, to a server in a namespace of its own ------------------------------------------------------------------------------------
far_link tcp0 198.51.100 0 tcp || fail "the TCP server listens"
expect_status "a run over TCP" 0 run --capture -o "$tmp/tcp-run" sh -c "'$tmp/around-static' tcp 198.51.100.9 3478 500 >'$tmp/tcp'"
owned "a static program's message over TCP is told with its process" "$tmp/tcp-run" "$tmp/tcp" true around-static

# --- what the library sees, and what has nothing to do with the run -----------------------------------------------------------------
cat >"$tmp/both.sh" <<END
"$tmp/around" udp 192.0.2.9 3478 600 >"$tmp/inside" &
/usr/bin/python3 "$tmp/ask.py" 192.0.2.9 5 0.5 >"$tmp/asked"
: >"$tmp/now"
wait
END
(
    wait_for 20 test -e "$tmp/now"
    "$tmp/around" udp 192.0.2.9 3478 600 >"$tmp/bystander"
) &
expect_status "a run beside a bystander" 0 run --capture -o "$tmp/both" sh -c ". '$tmp/both.sh'; sleep 0.5"
wait $!
owned "a bystander's message is told as such" "$tmp/both" "$tmp/bystander" false around
owned "and the run's own as the run's" "$tmp/both" "$tmp/inside" true around
"$rtcshim" report -j "$tmp/both" >"$tmp/report.json"
"$facts" strangers "$tmp/report.json" >"$tmp/strangers"
named "the report calls the bystander none of the run's" "$tmp/bystander" "false false 1"
check "and confirms what the library has seen" [ "$("$facts" report "$tmp/report.json" outcomes.confirmed.messages)" = 5 ]
sort "$tmp/asked" >"$tmp/asked.sorted"
check "the library has seen what went through it" sh -c "'$facts' stun '$tmp/both' shim | cmp -s - '$tmp/asked.sorted'"
known=0
while read -r txid; do
    [ "$("$facts" owner "$tmp/both" "$txid")" = none ] && known=$((known + 1))
done <"$tmp/asked"
check "and nobody is asked about that" [ "$known" = 5 ]

# --- a flow is told once; a flood is bounded and counted -----------------------------------------------------------------------------
expect_status "a run of many messages" 0 run --capture -o "$tmp/many" sh -c "'$tmp/around' udp 192.0.2.9 3478 500 200 >'$tmp/200'"
check "a flow of 200 messages is told once" [ "$(grep -c '"event_type":"owner"' "$tmp/many/events.ndjson")" = 1 ]
finish
