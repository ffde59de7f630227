#!/bin/bash
# `--redact` on every output of a run, and the table that it goes by.
# shellcheck source=tests/run/lib.sh
. "$(dirname "$0")/lib.sh"

docs=$here/../../docs
table=$here/../../analyzer/report/redact/redact_fields.def

# in_schema FILE: is a report.
in_schema() {
    /usr/bin/python3 - "$docs/report.schema.json" "$1" <<'PYTHON'
import json
import sys

import jsonschema

schema, report = (json.load(open(name)) for name in sys.argv[1:])
jsonschema.validate(report, schema, cls=jsonschema.Draft202012Validator)
PYTHON
}

check "redaction knows each text that the report's schema has" /usr/bin/python3 "$here/check_redact_fields.py"
grep -v '"leaks.why"' "$table" >"$tmp/less.def"
check "and one that it did not know would be found" sh -c "! /usr/bin/python3 \"\$0\" \"\$1\" \"\$2\" >/dev/null" "$here/check_redact_fields.py" "$docs/report.schema.json" "$tmp/less.def"
check "the example that the unit tests use is a report" in_schema "$here/../unit/report_example.json"

# A run with names and addresses that must not be shown: a question, a STUN server, an argument, a program of somebody's own.
mkdir -p "$tmp/home/jane"
cp /usr/bin/python3 "$tmp/home/jane/acme-client"
cat >"$tmp/home/jane/ask.py" <<'PYTHON'
import os
import socket

for name in ("payroll.acme.example", "janes-laptop.local"):
    try:
        socket.getaddrinfo(name, 443)
    except OSError:
        pass
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
    server.bind(("127.0.0.1", 0))
    client.sendto(bytes.fromhex("000100002112a442") + os.urandom(12), server.getsockname())
    request, source = server.recvfrom(1500)

    def xored(ip):
        packed = socket.inet_aton(ip)
        return b"\0\1" + bytes(a ^ b for a, b in zip((40000).to_bytes(2, "big") + packed, bytes.fromhex("21122112a442")))

    answer = bytes.fromhex("00200008") + xored("203.0.113.23")
    server.sendto(bytes.fromhex("0101000c") + request[4:20] + answer, source)
    client.recvfrom(1500)
for address in (("192.0.2.77", 3478), ("2001:db8:77::1", 3478)):
    family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as client:
        try:
            client.connect(address)
            client.getsockname()
            client.send(bytes.fromhex("000100002112a442") + os.urandom(12))
        except OSError:
            pass
PYTHON
run=$tmp/run
if ! "$rtcshim" run -q -o "$run" -- "$tmp/home/jane/acme-client" "$tmp/home/jane/ask.py" --user=jane >"$tmp/out" 2>"$tmp/err"; then
    fail "a run was made" "$(cat "$tmp/err")"
fi
for name in payroll.acme.example 203.0.113.23 192.0.2.77 janes-laptop.local; do
    check "the run has $name" grep -q "$name" "$run/events.ndjson"
done

expect_status "--redact leaves nothing of it in the text" 0 "$rtcshim" report --redact "$run"
cp "$tmp/out" "$tmp/report.txt"
check "that is not empty" [ -s "$tmp/report.txt" ]
expect_status "nor in JSON" 0 "$rtcshim" report -j --redact --html="$tmp/report.html" --vpn tun0 "$run"
cp "$tmp/out" "$tmp/report.json"
check "which says that it is redacted" grep -q '"redacted":true' "$tmp/report.json"
check "and is in the report's schema" in_schema "$tmp/report.json"
expect_status "nor in a difference" 0 "$rtcshim" diff -j --redact "$run" "$run"
cp "$tmp/out" "$tmp/diff.json"
check "nothing is left in any of them" /usr/bin/python3 "$here/redact_left.py" "$run" "$tmp/report.txt" "$tmp/report.json" "$tmp/report.html" "$tmp/diff.json"
check "where a report that is not redacted has it" sh -c "\"\$0\" report -j \"\$1\" >\"\$2\"; ! /usr/bin/python3 \"\$3\" \"\$1\" \"\$2\" >/dev/null" "$rtcshim" "$run" "$tmp/plain.json" "$here/redact_left.py"

"$rtcshim" report -j --redact "$run" >"$tmp/other.json"
check "another report has other pseudonyms" sh -c "! cmp -s \"\$0\" \"\$1\"" "$tmp/report.json" "$tmp/other.json"
"$rtcshim" report -j --redact="$tmp/key" "$run" >"$tmp/first.json" 2>"$tmp/err"
"$rtcshim" report -j --redact="$tmp/key" "$run" >"$tmp/second.json" 2>"$tmp/err"
check "with a key they are the same" cmp -s "$tmp/first.json" "$tmp/second.json"
check "and the key is in none of them" sh -c "! grep -q \"\$(cat \"\$0\")\" \"\$1\"" "$tmp/key" "$tmp/first.json"

python3 "$here/../unit/mmdb.py" "$tmp"
expect_status "--geo and --redact go together" 0 "$rtcshim" report -j --redact --geo "$tmp/country.mmdb" --geo "$tmp/asn.mmdb" "$run"
check "with a country, and without a network" sh -c "! grep -q 'AS64' \"\$0\" && grep -q 'Test-Country 2026-11-01' \"\$0\"" "$tmp/out"
expect_status "a database that is none is trouble" 2 "$rtcshim" report --geo "$tmp/cut.mmdb" "$run"
check "and named" said 'cut.mmdb'
finish
