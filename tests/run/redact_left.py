#!/usr/bin/python3
"""What of a run is left in what was made of it to be shown to others.

    redact_left.py FOLDER FILE...

Takes every address and every name of a host, a file or a user out of run.json and events.ndjson, and looks for them in the
files: text, JSON, HTML, a pcapng file's bytes. Prints what is left, and how many were looked for; exits 1 where something is
left, or where there was nothing to look for.

This knows nothing of the program's own table and search. An address of the run that happens to be another one's pseudonym is
reported too: in the few addresses of a run that is rarer than one in a thousand.
"""
import ipaddress
import json
import pathlib
import re
import sys

# What stays because it is everybody's, or because nothing is said by it.
STAYS = re.compile(r"^(localhost|/proc.*|/sys.*|/dev.*|/etc/(hosts|resolv\.conf)|/usr/bin/env)$")


def texts(value):
    if isinstance(value, dict):
        for part in value.values():
            yield from texts(part)
    elif isinstance(value, list):
        for part in value:
            yield from texts(part)
    elif isinstance(value, str):
        yield value


def addresses(text):
    for token in re.findall(r"[0-9A-Fa-f:.]{2,}", text):
        for part in {token, token.strip(".:"), token.rsplit(":", 1)[0]}:
            try:
                yield ipaddress.ip_address(part)
            except ValueError:
                pass


def stays(address):
    return address.is_loopback or address.is_unspecified or address.is_multicast or str(address) == "255.255.255.255"


def gather(folder):
    run = json.loads((folder / "run.json").read_text())
    events = [json.loads(line) for line in (folder / "events.ndjson").read_text().splitlines()]
    found, names = set(), set(run["command"][1:])
    for text in texts([run, events]):
        found.update(a for a in addresses(text) if not stays(a))
        names.update(re.findall(r"(?<![\w/.])/(?:[\w.+-]+/)*[\w.+-]+|[\w-]+\.local\b", text))
    for event in events:
        names.add(str(event.get("dns", {}).get("question")))
    names.update(event["process"]["exe"] for event in events if event.get("process", {}).get("exe"))
    return found, {n for n in names if len(n) > 3 and not STAYS.match(n) and n != "None" and not n.startswith("-")}


def main(arguments):
    found, names = gather(pathlib.Path(arguments[0]))
    left = []
    for name in arguments[1:]:
        data = pathlib.Path(name).read_bytes()
        text = data.decode("utf-8", "replace")
        left += [f"{name}: {a}" for a in sorted(found.intersection(addresses(text)), key=str)]
        # In packets addresses are bytes. Four of them may stand anywhere by chance, sixteen not.
        left += [f"{name}: the bytes of {a}" for a in sorted(found, key=str) if a.version == 6 and a.packed in data]
        left += [f"{name}: {n}" for n in sorted(names) if re.search(rf"(?<![\w-]){re.escape(n)}(?![\w-])", text)]
    print("\n".join(left) if left else f"{len(found)} addresses and {len(names)} names looked for")
    return 1 if left or not found or not names else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
