#!/bin/bash
# Programs that the library can't come into are listed with the reason, and --require-coverage minds them.
# shellcheck source=tests/run/lib.sh
. "$(dirname "$0")/lib.sh"

run() { rm -rf "$tmp/run"; "$rtcshim" run -q -o "$tmp/run" "$@"; }
# listed NAME COVERAGE: run.json has a process of that name with that coverage.
listed() {
    /usr/bin/python3 -c "import json,sys
found = [p for p in json.load(open('$tmp/run/run.json'))['processes'] if p['name'] == sys.argv[1]]
assert found, 'no such process'
assert {p['coverage'] for p in found} == {sys.argv[2]}, found" "$@"
}

cat >"$tmp/exits.c" <<'END'
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
int main(int argc, char **argv)
{
    if (argc > 2)
        socket(AF_INET, SOCK_DGRAM, 0);
    if (argc > 1)
        usleep((unsigned)atoi(argv[1]) * 1000);
    return 5;
}
END
cc -o "$tmp/dynamic" "$tmp/exits.c" || exit 1
cc -static -o "$tmp/static" "$tmp/exits.c" || exit 1
cc -static-pie -o "$tmp/staticpie" "$tmp/exits.c" || exit 1

expect_status "runs a static program with its own exit status" 5 run "$tmp/static"
check "warns of a static program before it runs" said "warning: NOT COVERED: '$tmp/static' is statically linked"
check "lists a static command, however short it lives" listed static static
check "names it in the summary" said "^ *static\[[0-9]*\]"
expect_status "lists a static-pie program" 5 run "$tmp/staticpie"
check "knows a static-pie program from a dynamic one" listed staticpie static
expect_status "runs a program that starts a static one" 5 run sh -c "'$tmp/static' 600; exit 5"
check "lists a static child that lives a while" listed static static
check "lists its parent as covered" listed sh covered
expect_status "runs a program that starts a short static one" 5 run sh -c "'$tmp/static'; exit 5"
check "lists a static child that is gone at once" listed static static
printf '#!%s\n' "$tmp/static" >"$tmp/script"
chmod +x "$tmp/script"
expect_status "runs a script with a static interpreter" 5 run "$tmp/script"
check "warns of the interpreter" said "NOT COVERED: '$tmp/static'"

expect_status "runs a dynamic program" 5 run "$tmp/dynamic"
check "lists a dynamic program as covered" listed dynamic covered
check "says that every process was covered" said "Every process was covered"
expect_status "covers a program whose environment was cleared" 5 run env -i "$tmp/dynamic"
check "lists it as covered" listed dynamic covered
for i in 1 2 3 4 5; do
    run sh -c 'for i in 1 2 3 4 5 6 7 8 9 10; do /bin/true; (:); done; ls | cat >/dev/null' 2>"$tmp/err"
    said "Every process was covered" || fail "finds nothing uncovered in many short programs, round $i" "$(cat "$tmp/err")"
done
pass "looked at 65 short programs"

expect_status "refuses a static command under --require-coverage" 125 run --require-coverage "$tmp/static"
check "has not run it" test ! -s "$tmp/run/events.ndjson"
expect_status "accepts a covered command under --require-coverage" 5 run --require-coverage "$tmp/dynamic"
expect_status "minds an uncovered child with a socket" 125 run --require-coverage sh -c "'$tmp/static' 800 socket"
check "says why the status is 125" said "require-coverage: 1 process"
expect_status "lets an uncovered child without a socket pass" 0 run --require-coverage sh -c "'$tmp/static' 800; exit 0"
check "lists that child all the same" listed static static
expect_status "counts an uncovered child that nobody could look at" 125 run --require-coverage sh -c "'$tmp/static'; exit 0"

if [ "$(id -u)" -eq 0 ]; then
    # Set to another user, so that running it changes the effective one; on a file system that honours it.
    place=$(mktemp -d /usr/local/rtcshim-test.XXXXXX)
    cleanup_commands+=("rm -rf '$place'")
    chmod 755 "$place"
    cp "$tmp/dynamic" "$place/asnobody"
    chown nobody "$place/asnobody"
    chmod 4755 "$place/asnobody"
    expect_status "runs a setuid program" 5 run "$place/asnobody" 500
    check "warns of a setuid program" said "NOT COVERED: .*asnobody.* is setuid"
    check "lists a setuid program" listed asnobody setuid
    expect_status "runs a program that starts a setuid one" 5 run sh -c "'$place/asnobody' 500; exit 5"
    check "lists a setuid child" listed asnobody setuid
    expect_status "runs a program that starts a short setuid one" 5 run sh -c "'$place/asnobody'; exit 5"
    check "lists a setuid child that is gone at once" listed asnobody setuid
    expect_status "covers a setuid program that raises nothing" 5 sh -c "chown root '$place/asnobody'; chmod 4755 '$place/asnobody'; '$rtcshim' run -q -o '$tmp/run2' '$place/asnobody'"
    check "says that it was covered" said "Every process was covered"
else
    expect_status "runs a setuid program" 0 run su --version
    check "warns of a setuid program" said "NOT COVERED: .*su' is setuid"
fi

if command -v musl-gcc >/dev/null; then
    musl-gcc -o "$tmp/musl" "$tmp/exits.c"
    # Without musl's loader installed it can't be run, but looking at it is enough.
    run "$tmp/musl" 2>"$tmp/err"
    check "warns of a program for another libc" said "NOT COVERED: '$tmp/musl' uses another C library"
fi
cp "$tmp/dynamic" "$tmp/arm"
printf '\xb7\x00' | dd of="$tmp/arm" bs=1 seek=18 conv=notrunc 2>/dev/null
run "$tmp/arm" 2>"$tmp/err"
check "warns of a program for another machine" said "NOT COVERED: '$tmp/arm' is built for another machine"

# --- what a hostile process of the run writes about others
cc -I"$here/../../core" -D_GNU_SOURCE -o "$tmp/forge" "$here/forge.c" "$here/../../core/ring.c" || exit 1
expect_status "is not taken in by a report that another process wrote" 125 run --require-coverage sh -c "'$tmp/static' 2500 x & '$tmp/forge' report 1 \$! ; wait; exit 0"
check "lists the static process all the same" listed static static
cat >"$tmp/crowd.py" <<'END'
import subprocess, sys, time
forge, events = sys.argv[1:]
def settle(least):
    """Until the launcher has told of that many, and then of no more for a while."""
    told = []
    for _ in range(240):
        time.sleep(0.25)
        told.append(open(events).read().count('"state":"running"'))
        if told[-1] >= least and told[-8:] == [told[-1]] * 8: break
subprocess.run([forge, 'look', '66000'], check=True)
settle(64000)
crowd = subprocess.Popen([forge, 'crowd', '1200'], stdin=subprocess.PIPE)
settle(64600)
crowd.stdin.close()
crowd.wait()
END
expect_status "does not call a run covered whose processes it could not list" 125 run --require-coverage /usr/bin/python3 "$tmp/crowd.py" "$tmp/forge" "$tmp/run/events.ndjson"
check "says that it could not list them" said "more processes than can be listed"
check "does not say that every process was covered" sh -c "! grep -q 'Every process was covered' '$tmp/err'"

# --- programs whose /proc is that of a pid namespace of their own
if unshare -Urpf --mount-proc true 2>/dev/null; then
    expect_status "covers a program in a pid namespace with a /proc of its own" 0 run --require-coverage unshare -Urpf --mount-proc /usr/bin/python3 -c 'import socket, time; socket.if_nameindex(); time.sleep(1)'
    check "knows its true pid" /usr/bin/python3 -c "import json
events = [json.loads(line) for line in open('$tmp/run/events.ndjson')]
who = [e['process'] for e in events if e['event_type'] == 'enumeration']
assert who and all(p['pid'] and p['pid'] > 1 and p['name'] for p in who), who"
else
    fail "has a pid namespace" "unshare -Urpf --mount-proc failed"
fi

# --- an exec is no end
expect_status "runs a program that becomes another" 5 run sh -c "exec '$tmp/dynamic' 600"
check "tells an exec as one" /usr/bin/python3 -c "import json
states = [e['process']['state'] for e in map(json.loads, open('$tmp/run/events.ndjson'))]
assert states == ['running', 'replaced', 'running', 'ended'], states"

# --- a run inside a run
expect_status "runs inside a run" 0 run "$rtcshim" run -q -o "$tmp/inner" true
check "says that the outer run keeps the command" said "inside another run"
finish
