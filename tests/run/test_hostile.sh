#!/bin/bash
# A hostile process scribbles over the session: rtcshim goes on, ends as it should, and says what it lost.
# shellcheck source=tests/run/lib.sh
. "$(dirname "$0")/lib.sh"

cat >"$tmp/scribble.py" <<'END'
import mmap, os, random, socket, struct, sys, time
kind, seconds = sys.argv[1], float(sys.argv[2])
path = os.environ['RTCSHIM_SESSION'] + '/ring'
with open(path, 'r+b') as f:
    ring = mmap.mmap(f.fileno(), 0)
random.seed(3)
end = time.monotonic() + seconds
while time.monotonic() < end:
    if kind == 'noise':
        at = random.randrange(0, len(ring) - 65536)
        ring[at:at + 65536] = random.randbytes(65536)
    elif kind == 'counters':
        at = random.randrange(0, 512)
        ring[at:at + 8] = struct.pack('<Q', random.choice((0, 1, 2**32, 2**63, 2**64 - 1, random.getrandbits(64))))
    elif kind == 'zeros':
        ring[:] = bytes(len(ring))
    socket.if_nameindex()
END
for kind in noise counters zeros; do
    expect_status "goes on while a process writes $kind into the ring" 0 timeout 60 "$rtcshim" run -q -o "$tmp/$kind" /usr/bin/python3 "$tmp/scribble.py" "$kind" 1.5
    check "writes valid JSON after $kind" /usr/bin/python3 -c "import json
json.load(open('$tmp/$kind/run.json'))
events = [json.loads(line) for line in open('$tmp/$kind/events.ndjson')]
assert [e['seq'] for e in events] == list(range(1, len(events) + 1))"
    check "keeps its memory in bounds under $kind" test "$(du -sm "$tmp/$kind" | cut -f1)" -lt 400
done
expect_status "ends with 125, not by a signal, when a process cuts the ring short" 125 timeout 60 "$rtcshim" run -q -o "$tmp/cut-ring" sh -c ": >\"\$RTCSHIM_SESSION/ring\"; exit 0"
check "says that the ring was cut short" said "cut the session's files short"
check "writes run.json all the same" /usr/bin/python3 -c "import json; json.load(open('$tmp/cut-ring/run.json'))"
expect_status "ends with 125 when a process cuts the policy short: nothing says what it stopped" 125 timeout 60 "$rtcshim" run -q -o "$tmp/cut-policy" sh -c ": >\"\$RTCSHIM_SESSION/policy\"; exit 0"
check "tells the policy that it set" grep -q '"name": "observe"' "$tmp/cut-policy/run.json"
finish
