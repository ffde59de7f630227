#!/bin/bash
# The run's folder, NDJSON on standard output, and disks that fill up.
# shellcheck source=tests/run/lib.sh
. "$(dirname "$0")/lib.sh"

probe='import socket
for _ in range(%d): socket.if_nameindex()'
look() { /usr/bin/python3 -c "import json,sys
lines = open(sys.argv[1]).read()
assert lines.endswith('\n'), 'the last line is not whole'
events = [json.loads(line) for line in lines.splitlines()]
assert [e['seq'] for e in events] == list(range(1, len(events) + 1)), 'seq has gaps'
assert len(events) >= int(sys.argv[2]), len(events)" "$@"; }
field() { /usr/bin/python3 -c "import json,sys
value = json.load(open(sys.argv[1]))
for key in sys.argv[2].split('.'): value = value[int(key) if key.isdigit() else key]
print(json.dumps(value))" "$@"; }

# --- a folder of its own
expect_status "runs with the default folder" 0 "$rtcshim" run -q /usr/bin/python3 -c "${probe/\%d/3}"
dir=$(echo "$XDG_STATE_HOME"/rtcshim/runs/*-python3)
check "names the folder after time and command" test -d "$dir"
check "makes the folder for its owner alone" test "$(stat -c %a "$dir")" = 700
check "makes run.json for its owner alone" test "$(stat -c %a "$dir/run.json")" = 600
check "makes events.ndjson for its owner alone" test "$(stat -c %a "$dir/events.ndjson")" = 600
check "leaves nothing else in the folder" test "$(ls -A "$dir" | tr '\n' ' ')" = "events.ndjson run.json "
check "writes whole lines with seq without gaps" look "$dir/events.ndjson" 4
check "counts the lines in run.json" test "$(field "$dir/run.json" events)" -eq "$(wc -l <"$dir/events.ndjson")"
check "says that the run is complete" test "$(field "$dir/run.json" complete)" = true
check "notes the command" test "$(field "$dir/run.json" command.0)" = '"/usr/bin/python3"'
check "lists the process as covered" test "$(field "$dir/run.json" processes.0.coverage)" = '"covered"'
check "tells the folder at the end" said "$dir"
"$rtcshim" run -q true 2>/dev/null
"$rtcshim" run -q true 2>/dev/null
check "never takes a folder twice" test "$(find "$XDG_STATE_HOME/rtcshim/runs" -name '*true*' | wc -l)" -eq 2
"$rtcshim" run -q -o "$tmp/status" sh -c 'exit 9' 2>/dev/null
check "notes the exit status" test "$(field "$tmp/status/run.json" exit_status)" = 9

# --- a folder that the user names
expect_status "makes the named folder and those above it" 0 "$rtcshim" run -q -o "$tmp/a/b/c" true
check "has written there" test -s "$tmp/a/b/c/run.json"
expect_status "refuses a folder that is not empty" 125 "$rtcshim" run -q -o "$tmp/a/b/c" touch "$tmp/was-run"
check "says that it is not empty" said "not empty"
mkdir "$tmp/empty"
chmod 0755 "$tmp/empty"
expect_status "takes an empty folder" 0 "$rtcshim" run -q -o "$tmp/empty" true
check "makes it private" test "$(stat -c %a "$tmp/empty")" = 700
if [ "$(id -u)" -eq 0 ]; then
    mkdir -m 0777 "$tmp/theirs" && chown 65534 "$tmp/theirs"
    expect_status "refuses a folder of another user" 125 "$rtcshim" run -q -o "$tmp/theirs" touch "$tmp/was-run"
fi
mkdir "$tmp/few"
expect_status "does not call a folder full that it could not read" 125 bash -c "ulimit -n 5; '$rtcshim' run -q -o '$tmp/few' touch '$tmp/was-run'"
check "says why" sh -c "! grep -q 'not empty' '$tmp/err'"
: >"$tmp/file"
expect_status "refuses a file as a folder" 125 "$rtcshim" run -q -o "$tmp/file" touch "$tmp/was-run"
expect_status "refuses a folder below a file" 125 "$rtcshim" run -q -o "$tmp/file/x" touch "$tmp/was-run"
expect_status "refuses a folder that can't be written" 125 "$rtcshim" run -q -o /proc/nothing touch "$tmp/was-run"
check "names the folder that can't be written" said "/proc/nothing"
expect_status "refuses where there is no home" 125 env -u XDG_STATE_HOME HOME=/proc/none "$rtcshim" run -q touch "$tmp/was-run"
check "has run nothing without a folder" test ! -e "$tmp/was-run"

# --- NDJSON on standard output
"$rtcshim" run -j -o "$tmp/json" sh -c "echo from-the-command; /usr/bin/python3 -c '${probe/\%d/3}'" >"$tmp/stdout" 2>"$tmp/err"
check "writes the same events to standard output" cmp -s "$tmp/stdout" "$tmp/json/events.ndjson"
check "sends the command's own output to standard error" said from-the-command
"$rtcshim" run -j -q -o "$tmp/head" /usr/bin/python3 -c "${probe/\%d/2000}; open('$tmp/lived', 'w')" 2>"$tmp/err" | head -n 1 >"$tmp/first"
status=${PIPESTATUS[0]}
check "outlives a reader of standard output that goes away" test "$status" -eq 0
check "has given that reader its line" test "$(wc -l <"$tmp/first")" -eq 1
check "lets the command live when its reader goes away" test -e "$tmp/lived"
check "has all events in the folder then" look "$tmp/head/events.ndjson" 2001
mkfifo "$tmp/slow"
exec 9<>"$tmp/slow" # open, and read by nobody
expect_status "does not wait for ever for a reader of standard output that does not read" 0 bash -c "timeout 30 '$rtcshim' run -j -q -o '$tmp/slow-run' /usr/bin/python3 -c '${probe/\%d/2000}' >'$tmp/slow'"
exec 9>&-
check "says how much that reader missed" said "[0-9]* events were not written to standard output"
expect_status "runs with standard output closed" 0 sh -c "'$rtcshim' run -j -q -o '$tmp/closed' true >&-"
check "has not written events into another file then" look "$tmp/closed/events.ndjson" 1
expect_status "runs with standard error closed" 0 sh -c "'$rtcshim' run -o '$tmp/closed2' true 2>&-"
check "has not written messages into the events then" look "$tmp/closed2/events.ndjson" 1

# --- a reader of standard error that does not read
cat >"$tmp/stuck.py" <<'END'
import os, signal, subprocess, sys, time
program, run, probe = sys.argv[1:]
reader, writer = os.pipe()
p = subprocess.Popen([program, 'run', '-o', run, '/usr/bin/python3', '-c', probe + "\nimport time; time.sleep(60)"], stderr=writer)
os.close(writer)
end = time.monotonic() + 20
while time.monotonic() < end:
    if os.path.exists(run + '/events.ndjson') and open(run + '/events.ndjson').read().count('"event_type":"stun"') == 3000: break
    time.sleep(0.05)
else: sys.exit('the recording stands still')
p.send_signal(signal.SIGTERM)
time.sleep(0.5)
while os.read(reader, 65536): pass
sys.exit(p.wait())
END
expect_status "records on, and passes TERM on, while nobody reads standard error" 143 timeout 60 /usr/bin/python3 "$tmp/stuck.py" "$rtcshim" "$tmp/stuck" "import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for i in range(3000): s.sendto(bytes.fromhex('000100002112a442') + bytes(12), ('127.0.0.1', 1000 + i))"

# --- a limit on the size of files
expect_status "meets a limit on the size of files with a message, not by dying" 125 bash -c "ulimit -f 100; '$rtcshim' run -q true"
check "names the reason" said "File too large"
expect_status "gives the command the disposition that it would have" 153 bash -c "'$rtcshim' run -q bash -c 'ulimit -f 1; exec head -c 1M /dev/zero >$tmp/too-large'"

# --- a disk that fills up
cat >"$tmp/full.sh" <<'END'
mount -t tmpfs -o size=512k none "$2" || exit 77
"$1" run -q -o "$2/run" /usr/bin/python3 -c "import socket
for _ in range(20000): socket.if_nameindex()
open('$3/lived-on', 'w')" 2>"$3/full-err"
echo $? >"$3/full-status"
cp "$2/run/events.ndjson" "$2/run/run.json" "$3/saved"
END
mkdir "$tmp/small" "$tmp/saved"
map=$([ "$(id -u)" -eq 0 ] && echo -m || echo -Urm)
if unshare "$map" bash "$tmp/full.sh" "$rtcshim" "$tmp/small" "$tmp"; then
    check "ends with 125 where the disk fills up" test "$(cat "$tmp/full-status")" -eq 125
    check "lets the command come to its own end" test -e "$tmp/lived-on"
    check "says once that it can't write" test "$(grep -c 'cannot write to.*No space left' "$tmp/full-err")" -eq 1
    check "says how much is missing" grep -q 'record of this run is incomplete: [0-9]* events' "$tmp/full-err"
    check "keeps whole lines" look "$tmp/saved/events.ndjson" 100
    check "leaves a run.json that can be read" field "$tmp/saved/run.json" command.0 >/dev/null
else
    fail "has a small file system to fill" "unshare or mount failed"
fi
cat >"$tmp/none.sh" <<'END'
mount -t tmpfs -o size=4k none "$2" && mkdir "$2/run" && head -c 1M /dev/zero >"$2/filler" 2>/dev/null
"$1" run -q -o "$2/run" touch "$3/was-run" 2>"$3/none-err"
echo $? >"$3/none-status"
END
unshare "$map" bash "$tmp/none.sh" "$rtcshim" "$tmp/small" "$tmp"
check "ends with 125 before the start where the disk is full" test "$(cat "$tmp/none-status")" -eq 125
check "says that run.json can't be written" grep -q "No space left" "$tmp/none-err"
check "has run nothing on a full disk" test ! -e "$tmp/was-run"
finish
