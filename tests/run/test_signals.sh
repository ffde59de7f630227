#!/bin/bash
# Signals reach the command, and what happens to rtcshim does not happen to the command.
# shellcheck source=tests/run/lib.sh
. "$(dirname "$0")/lib.sh"

# A command that writes down each signal as it comes; "end" ends it.
cat >"$tmp/listen.py" <<'END'
import signal, sys
log = open(sys.argv[1], 'w', buffering=1)
stop = []
def note(number, frame):
    log.write(signal.Signals(number).name + '\n')
    if number == signal.SIGUSR2: stop.append(1)
for name in 'INT TERM HUP QUIT USR1 USR2 CONT WINCH'.split():
    signal.signal(getattr(signal, 'SIG' + name), note)
log.write('ready\n')
while not stop: signal.pause()
sys.exit(11)
END
heard() { [ "$(grep -c "$1" "$tmp/log")" -ge "$2" ]; }

"$rtcshim" run -q -o "$tmp/run" /usr/bin/python3 "$tmp/listen.py" "$tmp/log" 2>"$tmp/err" &
pid=$!
check "starts a command that listens" wait_for 10 heard ready 1
for signal in INT TERM HUP QUIT USR1 CONT WINCH; do
    kill "-$signal" "$pid"
    check "passes $signal on" wait_for 10 heard "SIG$signal" 1
done
kill -TERM "$pid"
check "passes a second TERM on" wait_for 10 heard SIGTERM 2
kill -INT "$pid"
check "passes a second INT on" wait_for 10 heard SIGINT 2
kill -USR2 "$pid"
wait "$pid"
check "ends with the command's status after them" test $? -eq 11
check "has written its record to the end" grep -q '"complete": true' "$tmp/run/run.json"
check "passed each once" test "$(sort "$tmp/log" | uniq -c | awk '{print $1 $2}' | tr '\n' ' ')" = "1SIGCONT 1SIGHUP 2SIGINT 1SIGQUIT 2SIGTERM 1SIGUSR1 1SIGUSR2 1SIGWINCH 1ready "

"$rtcshim" run -q sleep 1000 2>"$tmp/err" &
pid=$!
child() { pgrep -P "$pid" -x sleep >"$tmp/child"; }
check "starts a command that does not listen" wait_for 10 child
kill -TERM "$pid"
wait "$pid"
check "ends with 143 when the command dies of a TERM passed on" test $? -eq 143

# The terminal gives a signal to the whole group; the command must get it once.
cat >"$tmp/terminal.py" <<'END'
import os, pty, sys, time
program, script, log, run = sys.argv[1:]
pid, terminal = pty.fork()
if pid == 0:
    os.execv(program, [program, 'run', '-q', '-o', run, '/usr/bin/python3', script, log])
def wait(word):
    end = time.monotonic() + 10
    while time.monotonic() < end:
        if os.path.exists(log) and word in open(log).read(): return
        time.sleep(0.02)
    sys.exit('no ' + word)
wait('ready')
os.write(terminal, b'\x03')
wait('SIGINT')
os.kill(pid, 12)
while True:
    try:
        if not os.read(terminal, 4096): break
    except OSError: break
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
END
/usr/bin/python3 "$tmp/terminal.py" "$rtcshim" "$tmp/listen.py" "$tmp/log2" "$tmp/run2"
check "goes on after INT from the terminal, as the command does" test $? -eq 11
check "does not double INT from the terminal" test "$(grep -c SIGINT "$tmp/log2")" -eq 1

# A command that left the process group does not get it from the terminal.
cat >"$tmp/away.py" <<'END'
import os, sys
os.setpgid(0, 0)
os.execv('/usr/bin/python3', ['/usr/bin/python3'] + sys.argv[1:])
END
sed "s|'/usr/bin/python3', script|'/usr/bin/python3', '$tmp/away.py', script|" "$tmp/terminal.py" >"$tmp/terminal2.py"
timeout 20 /usr/bin/python3 "$tmp/terminal2.py" "$rtcshim" "$tmp/listen.py" "$tmp/log3" "$tmp/run8"
check "passes INT from the terminal to a command in another process group" test $? -eq 11
check "passes it once" test "$(grep -c SIGINT "$tmp/log3")" -eq 1

# Job control: the command is stopped, rtcshim stops, both go on.
cat >"$tmp/job.py" <<'END'
import os, signal, subprocess, sys
program, run = sys.argv[1:]
p = subprocess.Popen([program, 'run', '-q', '-o', run, 'sh', '-c', 'kill -TSTP $$; exit 12'], start_new_session=False)
pid, status = os.waitpid(p.pid, os.WUNTRACED)
assert os.WIFSTOPPED(status), status
os.kill(p.pid, signal.SIGCONT)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(p.pid, 0)[1]))
END
timeout 20 /usr/bin/python3 "$tmp/job.py" "$rtcshim" "$tmp/run3" 2>/dev/null
check "stops with a command that the terminal stopped, and continues it" test $? -eq 12

# nohup and the like: what is ignored stays ignored for the command.
expect_status "leaves ignored signals ignored for the command" 0 bash -c "trap '' HUP; '$rtcshim' run -q -o '$tmp/run4' bash -c 'kill -HUP \$\$; exit 0'"
expect_status "gives the command an unblocked mask" 0 "$rtcshim" run -q -o "$tmp/run5" grep -q '^SigBlk:.*0000000000000000$' /proc/self/status

# A descendant that goes on is waited for, but not for long.
start=$SECONDS
expect_status "ends though a descendant goes on" 0 "$rtcshim" run -q -o "$tmp/run6" sh -c "sleep 30 & echo \$! >'$tmp/left'"
check "waits no longer than some seconds for it" test $((SECONDS - start)) -le 6
check "leaves that descendant alone" kill -0 "$(cat "$tmp/left")"
kill "$(cat "$tmp/left")"
expect_status "waits for a descendant that ends soon" 0 "$rtcshim" run -q -o "$tmp/run7" sh -c '(sleep 0.3; /usr/bin/python3 -c "import socket; socket.if_nameindex()") & exit 0'
check "has recorded what it did" grep -q if_nameindex "$tmp/run7/events.ndjson"
finish
