#!/bin/bash
# The session's folder: where it is made, that it is not left behind, and what happens when rtcshim is killed.
# shellcheck source=tests/run/lib.sh
. "$(dirname "$0")/lib.sh"

sessions() { find "$1" -mindepth 1 -maxdepth 1 -type d | wc -l; }
base="$XDG_RUNTIME_DIR/rtcshim"

expect_status "makes the session below XDG_RUNTIME_DIR" 0 "$rtcshim" run -q -o "$tmp/r1" sh -c "case \$RTCSHIM_SESSION in '$base'/*) ;; *) exit 1 ;; esac
test \"\$(stat -c %a \"\$RTCSHIM_SESSION\" | tr '\n' ' ')\" = '700 ' && cd \"\$RTCSHIM_SESSION\" && test \"\$(stat -c %a ring policy | tr '\n' ' ')\" = '600 600 '"
check "removes it at the end" test "$(sessions "$base")" -eq 0
expect_status "allocates all of the ring" 0 "$rtcshim" run -q -o "$tmp/r2" sh -c "test \$(( \$(stat -c %b*%B \"\$RTCSHIM_SESSION/ring\") )) -ge \$(stat -c %s \"\$RTCSHIM_SESSION/ring\")"

mkdir -m 0777 "$tmp/open"
chmod 0777 "$tmp/open"
expect_status "does not use a runtime folder that others may write to" 0 env XDG_RUNTIME_DIR="$tmp/open" "$rtcshim" run -q -o "$tmp/r3" sh -c "case \$RTCSHIM_SESSION in '$tmp'/open/*) exit 1 ;; esac"
check "has left nothing there" test -z "$(ls -A "$tmp/open")"
ln -s "$tmp/open" "$tmp/runtime2"
mkdir -m 0700 "$tmp/runtime3"
ln -s "$tmp/open" "$tmp/runtime3/rtcshim"
expect_status "does not follow a link in place of its folder" 0 env XDG_RUNTIME_DIR="$tmp/runtime3" "$rtcshim" run -q -o "$tmp/r4" sh -c "case \$RTCSHIM_SESSION in '$tmp'/runtime3/*) exit 1 ;; esac"
check "has left nothing behind that link" test -z "$(ls -A "$tmp/open")"
expect_status "runs without XDG_RUNTIME_DIR" 0 env -u XDG_RUNTIME_DIR "$rtcshim" run -q -o "$tmp/r5" sh -c 'test -e "$RTCSHIM_SESSION/ring"'

# --- killed
cat >"$tmp/lives.py" <<'END'
import os, socket, sys, time
open(sys.argv[1] + '/pid', 'w').write(str(os.getpid()))
while not os.path.exists(sys.argv[1] + '/end'):
    socket.if_nameindex()
    time.sleep(0.005)
open(sys.argv[1] + '/ended-well', 'w').write(os.environ['RTCSHIM_SESSION'])
END
mkdir "$tmp/k"
"$rtcshim" run -q -o "$tmp/r6" /usr/bin/python3 "$tmp/lives.py" "$tmp/k" 2>/dev/null &
pid=$!
check "starts a command to outlive rtcshim" wait_for 10 test -s "$tmp/k/pid"
recorded() { grep -q if_nameindex "$tmp/r6/events.ndjson"; }
check "records while the command runs" wait_for 10 recorded
kill -KILL "$pid"
wait "$pid" 2>/dev/null
check "lets the command live when it is killed itself" kill -0 "$(cat "$tmp/k/pid")"
check "leaves the session for a command that goes on" test "$(sessions "$base")" -eq 1
expect_status "starts another run beside it" 0 "$rtcshim" run -q -o "$tmp/r7" true
check "does not remove a session that a live process names" test "$(sessions "$base")" -eq 1
check "keeps that session's policy" test -s "$(find "$base" -name policy)"
touch "$tmp/k/end"
check "lets the command come to its own end" wait_for 10 test -s "$tmp/k/ended-well"
gone() { ! kill -0 "$(cat "$tmp/k/pid")"; }
check "sees the command end" wait_for 10 gone
expect_status "starts a run after that" 0 "$rtcshim" run -q -o "$tmp/r8" true
check "removes the session of the dead" test "$(sessions "$base")" -eq 0
check "left whole lines when it was killed" /usr/bin/python3 -c "import json
text = open('$tmp/r6/events.ndjson').read()
assert text
for line in text.splitlines(): json.loads(line)"
check "left a run.json that says it is incomplete" grep -q '"complete": false' "$tmp/r6/run.json"

# --- a live session is nobody's to remove
"$rtcshim" run -q -o "$tmp/r9" sh -c "echo \$RTCSHIM_SESSION >'$tmp/session'; exec env -u RTCSHIM_SESSION sleep 1000" 2>/dev/null &
pid=$!
check "starts a run that lasts" wait_for 10 test -s "$tmp/session"
expect_status "starts another run" 0 "$rtcshim" run -q -o "$tmp/r10" true
check "does not remove a session whose rtcshim lives" test -e "$(cat "$tmp/session")/ring"
kill -TERM "$pid"
wait "$pid" 2>/dev/null
mkdir -p "$base/not-a-session" "$base/1-short"
expect_status "starts a run beside folders that are no sessions" 0 "$rtcshim" run -q -o "$tmp/r11" true
check "removes nothing that it did not make" test -d "$base/not-a-session" -a -d "$base/1-short"

# --- nonsense in the variable that the library reads
library=$(dirname "$rtcshim")/librtcshim.so
for nonsense in "" /no/such / relative "$tmp/r10" "$(printf 'x%.0s' {1..5000})"; do
    expect_status "a program runs with RTCSHIM_SESSION='${nonsense:0:20}'" 8 env RTCSHIM_SESSION="$nonsense" LD_PRELOAD="$library" sh -c 'exit 8'
done

# --- a sandbox without rtnetlink
cat >"$tmp/no_netlink.py" <<'END'
import ctypes, os, struct, sys
libc = ctypes.CDLL(None)
SOCKET = {'x86_64': 41, 'aarch64': 198}[os.uname().machine]
code = [(0x20, 0, 0, 0), (0x15, 0, 3, SOCKET), (0x20, 0, 0, 16), (0x15, 0, 1, 16), (0x06, 0, 0, 0x00050000 | 97), (0x06, 0, 0, 0x7fff0000)]
program = ctypes.create_string_buffer(b''.join(struct.pack('=HBBI', *c) for c in code))
filter = ctypes.create_string_buffer(struct.pack('=H6xQ', len(code), ctypes.addressof(program)))
assert libc.prctl(38, 1, 0, 0, 0) == 0 and libc.prctl(22, 2, filter, 0, 0) == 0
os.execv(sys.argv[1], sys.argv[1:])
END
case $(uname -m) in
x86_64 | aarch64)
    expect_status "runs where rtnetlink is forbidden" 4 /usr/bin/python3 "$tmp/no_netlink.py" "$rtcshim" run -q -o "$tmp/offline" sh -c "/usr/bin/python3 -c 'import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.sendto(bytes.fromhex(\"000100002112a442\") + bytes(12), (\"127.0.0.1\", 9))'; exit 4"
    check "warns that interfaces stay unknown" said "stays unknown"
    check "tells the message all the same" grep -q '"event_type":"stun"' "$tmp/offline/events.ndjson"
    ;;
esac
finish
