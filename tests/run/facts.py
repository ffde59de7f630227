#!/usr/bin/python3
"""What a run's folder says, a fact a line, for shell tests.

    facts.py owner FOLDER TXID     "PID OF_RUN NAME" of the owner event of that message, "none" without one, a line each
    facts.py stun FOLDER WITNESS   transaction ids of the messages that went out, as the shim or the capture has them
    facts.py capture FOLDER FIELD  a field of run.json's capture, as JSON
    facts.py run FOLDER FIELD      a field of run.json, as JSON
    facts.py strangers FILE        of a report document: "PID OF_RUN UNCOVERED MESSAGES", a line each; the pid as in the sentence
    facts.py report FILE PATH      a field of a report document by its path (outcomes.confirmed.messages), as JSON
"""
import json
import os
import re
import subprocess
import sys


def events(folder):
    with open(f"{folder}/events.ndjson", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def document(folder):
    with open(f"{folder}/run.json", encoding="utf-8") as file:
        return json.load(file)


def owner(folder, txid):
    found = [e for e in events(folder) if e["event_type"] == "owner" and e["owner"]["txid"] == txid]
    for e in found:
        process = e["process"] or {"pid": None, "name": None}
        print(process["pid"], json.dumps(e["owner"]["of_run"]), process["name"])
    if not found:
        print("none")


def stun(folder, witness):
    if witness == "wire":
        analyzer = os.environ["ANALYZER"]
        out = subprocess.run([analyzer, "decode", "-j", f"{folder}/wire.pcapng"], check=True, stdout=subprocess.PIPE).stdout
        lines = [json.loads(line) for line in out.splitlines()]
    else:
        lines = [e for e in events(folder) if e["event_type"] == "stun" and e["direction"] == "out"]
    for txid in sorted({line["stun"]["txid"] for line in lines}):
        print(txid)


def strangers(file):
    with open(file, encoding="utf-8") as source:
        for s in json.load(source)["strangers"]:
            pid = re.search(r"\(pid (\d+)\)", s["sentence"])
            print(pid.group(1) if pid else None, json.dumps(s["of_run"]), json.dumps(s["uncovered"]), s["messages"])


def report(file, path):
    with open(file, encoding="utf-8") as source:
        at = json.load(source)
    for key in path.split("."):
        at = at[int(key)] if isinstance(at, list) else at[key]
    print(json.dumps(at))


{"owner": owner, "stun": stun, "report": report, "strangers": strangers,
 "capture": lambda folder, field: print(json.dumps(document(folder)["capture"][field])),
 "run": lambda folder, field: print(json.dumps(document(folder)[field]))}[sys.argv[1]](*sys.argv[2:])
