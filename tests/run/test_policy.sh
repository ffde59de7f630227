#!/bin/bash
# rtcshim policy and rtcshim sessions; run under a policy, and a policy that changes while processes run.
# shellcheck source=tests/run/lib.sh
. "$(dirname "$0")/lib.sh"

cd "$tmp" || exit 1
policy() { "$rtcshim" policy "$@"; }
printed() { grep -qF -- "$1" "$tmp/out"; }

# --- check
printf 'deny stun via !lo\nhide interface !lo\n' >good.policy
printf '# one\nallow dns\n\tdeny stnu via lo\n' >bad.policy
expect_status "check says 0 for a policy without mistakes" 0 policy check good.policy
check "says what it means in words" printed "line 1    STUN and TURN messages through any interface but lo: refused"
expect_status "check says 1 for a policy with one" 1 policy check bad.policy
check "names file, line and column" said '^bad.policy:3:7: error: '
check "points at the place" grep -qx '          ^' "$tmp/err"
check "guesses what was meant" said "hint: did you mean 'stun'?"
check "says nothing on standard output then" test ! -s "$tmp/out"
expect_status "check says 2 for a file that is not there" 2 policy check nothere.policy
expect_status "check says 2 for a folder" 2 policy check .
expect_status "check guesses a built-in policy" 2 policy check no-sutn
check "and names it" said "did you mean 'no-stun'?"
expect_status "check reads standard input" 1 policy check - <bad.policy
check "and calls it so" said '^stdin:3:7: error'
expect_status "check -q is quiet where there is nothing to say" 0 policy check -q good.policy
check "entirely" test ! -s "$tmp/out" -a ! -s "$tmp/err"
printf 'deny stun port 1-2,%s\n' "$(seq -s, 3 200)" >many.policy
sed 'p' many.policy >too-many.policy
expect_status "check says 0 for what fits" 0 policy check -q many.policy
expect_status "check says 1 for what does not" 1 policy check -q too-many.policy
check "and which line is too much" said "line 2: .* more than 256 rules"
printf 'deny stun "\033[31m\n' >ansi.policy
expect_status "check shows a policy that acts on terminals" 1 policy check ansi.policy
check "as escapes" grep -q 'x1b' "$tmp/err"
check "only" test "$(grep -c $'\033' "$tmp/err")" -eq 0

# --- list, show
expect_status "list lists" 0 policy list
cp "$tmp/out" listed
for name in observe vpn no-stun no-webrtc rfc8828-1 rfc8828-2 rfc8828-3 rfc8828-4; do
    check "list has $name" grep -q "^$name " listed
    "$rtcshim" policy show "$name" >"$name.shown"
    check "show $name is the text of examples/policies" cmp -s "$name.shown" "$here/../../examples/policies/$name.policy"
    expect_status "and is without mistakes: $name" 0 policy check -q - <"$name.shown"
    check "and without a warning: $name" test ! -s "$tmp/err"
done
for file in "$here"/../../examples/policies/*.policy; do
    expect_status "check finds nothing in ${file##*/}" 0 policy check -q "$file"
done
expect_status "show says 2 for what is nothing" 2 policy show nothing
expect_status "says 2 for an unknown subcommand" 2 policy chekc x
check "and guesses" said "did you mean 'policy check'"
expect_status "says 2 for no subcommand" 2 policy
expect_status "has a help" 0 policy --help

# --- explain
expect_status "explain says which rule a message meets" 0 policy explain --vpn tun77 vpn --stun binding --to 198.51.100.10:3478 --via eth77
check "by its line and text" printed 'vpn:7: deny stun via !$vpn,!lo'
check "and the outcome" printed "refused"
expect_status "explain allows in the tunnel" 0 policy explain --vpn tun77 vpn --stun binding --to 198.51.100.10:3478 --via tun77
check "and says so" printed "allowed"
expect_status "explain says what is hidden" 0 policy explain no-webrtc --topic enumeration
check "and what is not" printed "lo: shown"
cat >events.ndjson <<'END'
{"event_type":"stun","direction":"out","proto":"TCP","dest_ip":"198.51.100.10","dest_port":3478,"src_ip":"10.8.0.2","in_iface":"tun77","iface_source":"pinned","process":{"role":"socket"},"stun":{"class":"request","method":"allocate"}}
{"event_type":"probe","proto":"UDP","probe":{"target":{"ip":"8.8.8.8","port":53},"answer":null}}
{"event_type":"connect","dest_ip":"198.51.100.10","dest_port":3478,"proto":"TCP","connect":{"target":{"ip":"198.51.100.10","port":3478}}}
{"event_type":"network","network":{}}
{"event_type":"stun","direction":"in","stun":{"class":"success","method":"binding"}}
END
printf 'allow stun method allocate over tcp by socket via tun77\ndeny stun\ndeny probe port 53 with drop\ndeny connect port 3478\n' >events.policy
expect_status "explain reads events" 0 policy explain events.policy events.ndjson
check "takes method, transport, role and interface from them" printed "events:1: allow stun method allocate"
check "takes a probe's target" printed "events:3: deny probe port 53"
check "takes a refused connection" printed "events:4: deny connect port 3478"
check "says where no rule speaks of an event" printed "network event: no rule speaks of such events"
check "says what comes in is not judged" printed "stun event: it came in"
expect_status "explain reads standard input" 0 policy explain events.policy - <events.ndjson
expect_status "explain says 2 for no event" 2 policy explain events.policy /dev/null
expect_status "explain says 2 for no JSON" 2 policy explain events.policy good.policy
expect_status "explain says 1 for a policy with mistakes" 1 policy explain bad.policy events.ndjson
expect_status "explain wants --vpn where the policy does" 2 policy explain vpn events.ndjson

# --- run
expect_status "run refuses a policy with mistakes" 125 "$rtcshim" run -p bad.policy touch was-run
check "points at the mistake" said '^bad.policy:3:7: error'
expect_status "run refuses a policy that is not there" 125 "$rtcshim" run -p nothere.policy touch was-run
expect_status "run -p vpn wants --vpn" 125 "$rtcshim" run -p vpn touch was-run
expect_status "run refuses a name that no interface can have" 125 "$rtcshim" run --vpn an/iface touch was-run
check "and runs nothing of that" test ! -e was-run -a ! -e "$XDG_STATE_HOME/rtcshim/runs"
# shellcheck disable=SC2016 # the command's own shell expands it
session_is() { expect_status "$1" 0 "$rtcshim" run -q -o "$tmp/r$((++runs))" "${@:3}" sh -c 'case $RTCSHIM_SESSION in *.enforce) echo enforce ;; *) echo plain ;; esac'; check "$1: its folder says so" test "$(cat "$tmp/out")" = "$2"; }
runs=0
session_is "a session that observes" plain
session_is "a session that allows" plain -p rfc8828-1
session_is "a session with --vpn for an interface that does not exist" enforce --vpn tun77
check "warns that the interface is not there" said "there is no interface 'tun77' now"
session_is "a session with a policy file" enforce -p "$tmp/good.policy"
check "run.json has the policy as it was written and as it compiled" /usr/bin/python3 -c "import json
p = json.load(open('$tmp/r4/run.json'))['policy']
assert p['name'] == 'good' and p['source'] == open('$tmp/good.policy').read() and p['generation'] == 1, p
assert p['rules'] == [{'line': 1, 'rule': 'deny stun via !lo with best'}] and p['default'] == 'allow', p
assert set(p['enforced']) == {'stun', 'enumeration'}, p"

# --- a session that runs
cat >talks.py <<'END'
# Sends a STUN message to an address off this machine whenever asked, and says what became of it.
import os, socket, sys
target = (sys.argv[1], 3478)
message = bytes.fromhex('000100002112a442') + bytes(12)
print(os.getpid(), flush=True)
for line in sys.stdin:
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        s.sendto(message, target)
        print('sent', flush=True)
    except OSError as e:
        print('refused', e.errno, flush=True)
    s.close()
END
printf 'refuse with ECONNREFUSED\ndeny stun to 127.0.0.9\n' >refuse.policy
printf 'deny stun to 127.0.0.9 with EPERM\n' >other.policy
mkfifo to back
exec 8<>to 9<>back
"$rtcshim" run -o "$tmp/live" /usr/bin/python3 "$tmp/talks.py" 127.0.0.9 <to >back 2>"$tmp/live.err" 8<&- 9<&- &
launcher=$!
read -r -t 20 -u 9 inner
ask() {
    echo x >&8
    read -r -t 10 -u 9 said
}
says() { ask && [ "$said" = "$1" ]; }
check "a process may send before" says sent
expect_status "sessions lists the session" 0 "$rtcshim" sessions
id=python3-$launcher
check "by an id of command and pid" grep -q "^$id  *$launcher  *observe " "$tmp/out"
expect_status "sessions -j lists it as JSON" 0 "$rtcshim" sessions -j
check "with what there is to know" /usr/bin/python3 -c "import json
(s,) = [json.loads(line) for line in open('$tmp/out')]
assert s['id'] == '$id' and s['pid'] == $launcher and s['policy'] == 'observe' and s['watched'] is True and s['processes'] >= 1, s
assert s['run'] == '$tmp/live' and s['command'].startswith('/usr/bin/python3 '), s"
expect_status "set puts a policy in force" 0 policy set "$id" refuse.policy
check "says so" printed "policy 'refuse' is in force in session $id"
check "a process that runs is refused at once" says "refused 111"
expect_status "set finds the session by the start of its id" 0 policy set python observe
check "and the process may send again" says sent
expect_status "set finds it by the pid of a process in it" 0 policy set "$inner" other.policy
check "and refuses as the other policy says" says "refused 1"
check "the session tells of the other policy" wait_for 10 grep -q '"policy":{"name":"other","generation":[0-9]*,"reason":"set"' live/events.ndjson
expect_status "set finds it by the run's folder" 0 policy set "$tmp/live" refuse.policy
expect_status "set finds the only one by nothing" 0 policy set refuse.policy
expect_status "set keeps the policy where the new one has mistakes" 1 policy set bad.policy
check "the old one holds" says "refused 111"
expect_status "set wants the VPN's interface where the policy does" 2 policy set vpn
expect_status "set says 2 for a session that is not there" 2 policy set nosuch observe
expect_status "show shows the policy of a session" 0 policy show "$id"
check "as it was written" printed "deny stun to 127.0.0.9"
slow=0
for i in {1..20}; do
    wanted=$([ $((i % 2)) = 0 ] && echo "refused 111" || echo sent)
    file=$([ $((i % 2)) = 0 ] && echo refuse.policy || echo observe)
    before=${EPOCHREALTIME/./}
    "$rtcshim" policy set "$id" "$file" >/dev/null 2>&1
    ask
    took=$((${EPOCHREALTIME/./} - before))
    [ "$said" = "$wanted" ] || slow=$((slow + 100))
    [ "$took" -le 100000 ] || slow=$((slow + 1))
done
check "what set says holds in the next call, twenty times" test "$slow" -lt 100
named() { grep '"event_type":"stun"' live/events.ndjson | grep -q '"action":"deny","rule":"refuse:2"'; }
check "events name the line of the rule" wait_for 10 named
check "and of the other policy" grep -q '"action":"deny","rule":"other:1"' live/events.ndjson
check "a live line tells a refusal" wait_for 10 grep -q "refuse:2" live.err

# --- the launcher has died
kill -KILL "$launcher"
wait "$launcher" 2>/dev/null
check "the process lives on" kill -0 "$inner"
expect_status "sessions lists what goes on without rtcshim" 0 "$rtcshim" sessions
check "and says so" printed "goes on without rtcshim"
expect_status "set works all the same" 0 policy set "$id" observe
check "the process may send" says sent
expect_status "and set again" 0 policy set "$id" other.policy
check "is refused again" says "refused 1"
exec 8>&-
gone() { ! kill -0 "$inner"; }
check "the process ends when it is told to" wait_for 10 gone
expect_status "sessions lists nothing then" 0 "$rtcshim" sessions
check "at all" test ! -s "$tmp/out"
expect_status "set says 2 where there is no session" 2 policy set observe
check "and says so" said "there is no session"
finish
