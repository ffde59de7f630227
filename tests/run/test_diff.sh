#!/bin/bash
# `rtcshim diff`: reports and run folders, its options, its exit statuses.
# shellcheck source=tests/run/lib.sh
. "$(dirname "$0")/lib.sh"

example=$here/../unit/report_example.json

# change FROM TO <OLD >NEW: every FROM in the text; fails where there is none.
change() {
    python3 -c 'import sys; t = sys.stdin.read(); assert sys.argv[1] in t; print(t.replace(*sys.argv[1:]))' "$1" "$2"
}

# in_schema FILE: is what `diff --json` may write.
in_schema() {
    /usr/bin/python3 - "$here/../../docs/diff.schema.json" "$1" <<'PYTHON'
import json
import sys

import jsonschema

schema, diff = (json.load(open(name)) for name in sys.argv[1:])
jsonschema.Draft202012Validator.check_schema(schema)
jsonschema.validate(diff, schema, cls=jsonschema.Draft202012Validator)
PYTHON
}

cp "$example" "$tmp/a.json"
change 153.7.0 154.0 <"$example" | change 192.168.1.23 192.168.1.99 >"$tmp/renewed.json"
change '"iface": "eth0", "iface_source": "capture", "process": 0' '"iface": "wlan0", "iface_source": "capture", "process": 0' <"$example" |
    change 203.0.113.23 198.51.100.77 >"$tmp/more.json"

expect_status "a report reveals nothing more than itself" 0 "$rtcshim" diff "$tmp/a.json" "$tmp/a.json"
check "and that is said" said_out '^0 more, 0 less'
expect_status "nor does one after another lease" 0 "$rtcshim" diff "$tmp/a.json" "$tmp/renewed.json"
check "of which the context tells" said_out 'addresses of eth0 .*192\.168\.1\.23.* -> 192\.168\.1\.99'
check "and of the browser's version" said_out 'browser version *153\.7\.0 -> 154\.0'
expect_status "a leak over another interface is more" 1 "$rtcshim" diff "$tmp/a.json" "$tmp/more.json"
check "and told" said_out '^+ the public IPv4 address of wlan0 (198\.51\.100\.77), learned by a server over wlan0'
check "with what is no longer revealed" said_out '^- the public IPv4 address of eth0 (203\.0\.113\.23), learned by a server over eth0'
expect_status "-j writes JSON" 1 "$rtcshim" diff -j "$tmp/a.json" "$tmp/more.json"
check "in its schema" in_schema "$tmp/out"
check "without colours in a file" sh -c "! grep -q \"\$(printf '\\033')\" \"\$0\"" "$tmp/out"

expect_status "--redact compares the same" 1 "$rtcshim" diff --redact "$tmp/a.json" "$tmp/more.json"
check "and names nobody" sh -c "! grep -qE 'acme|jane|203\\.0\\.113|192\\.168\\.1\\.|2001:db8|a\\.json' \"\$0\"" "$tmp/out"
check "without a warning about keys" sh -c "! grep -q 'one key' \"\$0\"" "$tmp/out"
expect_status "--redact=FILE makes a key" 1 "$rtcshim" diff --redact="$tmp/key" "$tmp/a.json" "$tmp/more.json"
check "and says so" said 'made a new key'
cp "$tmp/out" "$tmp/first"
expect_status "and takes it again" 1 "$rtcshim" diff --redact="$tmp/key" "$tmp/a.json" "$tmp/more.json"
check "for the same pseudonyms" cmp -s "$tmp/out" "$tmp/first"
chmod 644 "$tmp/key"
expect_status "a key that others can read is refused" 2 "$rtcshim" diff --redact="$tmp/key" "$tmp/a.json" "$tmp/more.json"
check "with nothing shown" [ ! -s "$tmp/out" ]
change '"rtcshim": "0.1.0"' '"rtcshim": "0.1.0", "owner": "jane"' <"$example" >"$tmp/odd.json"
expect_status "a report with a field that redaction does not know is refused" 2 "$rtcshim" diff --redact "$tmp/a.json" "$tmp/odd.json"
check "and the field named" said 'owner: a field that redaction does not know'
check "with nothing shown of it" [ ! -s "$tmp/out" ]
expect_status "without --redact it is compared" 0 "$rtcshim" diff "$tmp/a.json" "$tmp/odd.json"

mkdir "$tmp/empty"
head -c 500 "$example" >"$tmp/cut.json"
echo '{"schema": 1, "run": {}}' >"$tmp/other.json"
echo '[]' >"$tmp/list.json"
for what in nowhere empty cut.json other.json list.json; do
    expect_status "$what is no run" 2 "$rtcshim" diff "$tmp/a.json" "$tmp/$what"
    check "and $what is named" said "$tmp/$what"
done
expect_status "one run is too few" 2 "$rtcshim" diff "$tmp/a.json"
expect_status "three are too many" 2 "$rtcshim" diff "$tmp/a.json" "$tmp/a.json" "$tmp/a.json"
expect_status "an unknown option is wrong usage" 2 "$rtcshim" diff --nothing "$tmp/a.json" "$tmp/a.json"
expect_status "output that can't be written is trouble" 2 sh -c "\"\$0\" diff \"\$1\" \"\$1\" >/dev/full" "$rtcshim" "$tmp/a.json"

# Runs: a program that asks no server, and one that asks one on loopback.
server_asked() {
    python3 - <<'PYTHON'
import os
import socket

with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
    server.bind(("127.0.0.1", 0))
    client.sendto(bytes.fromhex("000100002112a442") + os.urandom(12), server.getsockname())
    request, source = server.recvfrom(1500)
    mapped = bytes.fromhex("00200008") + b"\0\1" + bytes(a ^ b for a, b in zip(
        source[1].to_bytes(2, "big") + bytes([127, 0, 0, 1]), bytes.fromhex("21122112a442")))
    server.sendto(bytes.fromhex("0101000c") + request[4:20] + mapped, source)
    client.recvfrom(1500)
PYTHON
}
export -f server_asked
"$rtcshim" run -q -o "$tmp/quiet" -- true >"$tmp/out" 2>"$tmp/err" || fail "a quiet run was made" "$(cat "$tmp/err")"
"$rtcshim" run -q -o "$tmp/asks" -- bash -c server_asked >"$tmp/out" 2>"$tmp/err" || fail "a run that asks was made" "$(cat "$tmp/err")"
expect_status "a folder reveals nothing more than itself" 0 "$rtcshim" diff "$tmp/asks" "$tmp/asks"
expect_status "a run that asks a server reveals more than one that does not" 1 "$rtcshim" diff "$tmp/quiet" "$tmp/asks"
check "and the server is told" said_out '^+ asked 127\.0\.0\.1:[0-9]* over UDP'
check "with a note that nothing was captured" said_out '^note: A was not captured'
expect_status "a folder and its own report are the same" 0 sh -c "\"\$0\" report -j \"\$1\" >\"\$2\" && \"\$0\" diff \"\$1\" \"\$2\"" "$rtcshim" "$tmp/asks" "$tmp/asks.json"
expect_status "--vpn judges both" 1 "$rtcshim" diff --vpn tun0 "$tmp/quiet" "$tmp/asks"
expect_status "-j compares folders too" 1 "$rtcshim" diff -j "$tmp/quiet" "$tmp/asks"
check "in the schema" in_schema "$tmp/out"
finish
