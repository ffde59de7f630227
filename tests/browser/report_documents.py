"""
Report documents (docs/report.schema.json) for tests of the page: a small one as a run behind a VPN makes it, large ones, hostile ones.

usage: report_documents.py small|clean|hostile|many >document.json
"""

import copy
import json
import random
import sys

COLUMNS = ["start_us", "end_us", "iface", "server", "process", "source", "method", "outcome", "learned", "relayed", "error", "requests", "answers",
           "rule", "call", "leak", "events", "frames"]
OUTCOMES = ["unread", "confirmed", "not_captured", "blocked", "blocked_absent", "not_on_wire", "unseen", "blocked_on_wire"]
TUN, ETH, LO = 0, 1, 2
TUN_EXIT, ETH_EXIT, ETH_V6 = "203.0.113.8", "203.0.113.23", "2001:db8:1::23"
START_US = 1795263811157960
MANY_ROWS, MANY_EVENTS = 20000, 100000

# What does nothing but appear, wherever a stranger's string is shown.
HOSTILE = {
    "script": "<script>window.pwned=1</script>",
    "end": "</script><script>window.pwned=2</script><img src=x onerror=window.pwned=3>",
    "comment": "<!--<script>",
    "attribute": "\"' onfocus=window.pwned=4 autofocus x=\"",
    "entity": "&lt;b&gt;&#x3c;i&#x3e;",
    "terminal": "\x1b[31mred\x1b]0;title\x07",
    "direction": "abc\u202etxt.exe\u2066\u2069\u200f",
    "hebrew": "\u05e9\u05dc\u05d5\u05dd.example",
    "hidden": "zero\u200bwidth\ufeff\u00ad",
    "damaged": "bad\ufffdutf8",
    "long": "x" * 2000,
    "template": "{{document}}{{script}}${window.pwned=5}",
    "proto": "__proto__",
    "backslash": "a\\b",
}


def evidence(events=(), frames=(), more=0):
    return {"events": list(events), "frames": list(frames), "more": more}


def outcomes_of(rows, scale=1):
    counts = {name: {"messages": 0, "exchanges": 0} for name in OUTCOMES}
    for row in rows:
        counts[row[7]]["messages"] += scale * (row[11] + row[12])
        counts[row[7]]["exchanges"] += scale
    return counts


def _rows():
    """A plain page, a page with the microphone, and a call that goes on."""
    rows, seq, frame = [], 40, 60

    def add(at, took, iface, server, process, source, outcome, learned, leak=None, requests=1, answers=1, method="binding", error=None, relayed=None):
        nonlocal seq, frame
        events = [] if outcome == "unseen" else [seq, seq + 1][:requests + answers]
        frames = [] if outcome in ("blocked", "not_captured", "not_on_wire", "blocked_absent") else [frame, frame + 1][:requests + answers]
        seq, frame = seq + 2, frame + 3
        rows.append([at, at + took, iface, server, process, source, method, outcome, learned, relayed, error, requests, answers, "observe:default",
                     "sendto", leak, events, frames])
    random.seed(5)
    for burst, at in enumerate((2_127_000, 2_331_000, 5_120_000)):
        for n in range(4):
            port = 47360 + 10 * burst + n
            add(at + 240 * n, 230, TUN, n % 2, 2, f"10.8.0.2:{port}", "confirmed", f"{TUN_EXIT}:{port}")
        for n in range(3):
            port = 51360 + 10 * burst + n
            add(at + 300 + 260 * n, 210, ETH, 0, 2, f"192.168.1.23:{port}", "confirmed", f"{ETH_EXIT}:{port}", leak=0)
        add(at + 900, 240, ETH, 2, 2, f"[{ETH_V6}]:{41000 + burst}", "confirmed", f"[{ETH_V6}]:{41000 + burst}", leak=1)
    add(2_900_000, 9_500, TUN, 1, 2, "10.8.0.2:47400", "confirmed", f"{TUN_EXIT}:47400", method="allocate", relayed="198.51.100.10:60123")
    add(2_950_000, 3_900_000, TUN, 3, 2, "10.8.0.2:47401", "confirmed", None, requests=7, answers=0)
    for n in range(26):
        at = 5_400_000 + 310_000 * n + random.randrange(40_000)
        add(at, 280 + random.randrange(900), TUN, 1, 2, "10.8.0.2:47402", "confirmed", f"{TUN_EXIT}:47402")
    add(8_300_000, 0, ETH, 0, 2, "192.168.1.23:51390", "not_on_wire", None, answers=0)
    add(9_000_000, 190, ETH, 0, 5, "192.168.1.23:40999", "unseen", f"{ETH_EXIT}:40999")
    rows.sort(key=lambda row: (row[15] is None, row[0]))    # as the document has them: what matters comes first
    return rows


def small():
    rows = _rows()
    return {
        "schema": 1, "rtcshim": "0.1.0",
        "run": {"command": ["firefox-esr", "https://meet.example.org/"], "browser": {"name": "firefox-esr", "exe": "/usr/lib/firefox-esr/firefox-esr", "version": "153.7.0"},
                "start": "2026-11-21T12:23:31.157960Z", "start_us": START_US, "end": "2026-11-21T12:23:45.301202Z", "complete": True, "exit_status": 0,
                "host": {"kernel": "6.12.0", "machine": "x86_64", "libc": "glibc 2.36"}, "policy": {"name": "observe", "vpn": None, "changes": 0},
                "events": 173, "events_lost": 0, "capture": {"file": "wire.pcapng", "interfaces": ["tun0", "eth0"], "packets": 273, "dropped": 0},
                "damage": [], "left_out": 0, "redacted": False, "geo": None},
        "verdict": {"result": "leak", "sentence": "2 addresses leaked outside tun0, and 1 more is likely.", "sure": 2, "likely": 1, "faults": 0, "strangers": 1, "uncovered": 1},
        "path": {"wanted": ["tun0"], "source": "option", "sentence": "Wanted: everything through tun0 (--vpn tun0), which shows 203.0.113.8.", "addresses": [TUN_EXIT]},
        "leaks": [
            {"address": ETH_EXIT, "kind": "public", "geo": {"country": "DE", "country_name": "Germany", "network": "AS64500 Example Access"},
             "learned_by": {"who": "server", "server": 0, "sentence": "the STUN server stun.example.org (198.51.100.10:3478, UDP)"}, "iface": "eth0", "iface_source": "capture",
             "process": 2, "call": "sendto", "reason": "bound_address", "why": "Firefox bound a socket to eth0's address 192.168.1.23, and a rule routes packets from it over eth0.",
             "certainty": "sure", "basis": "seen on the wire on eth0, and the server's answer says it", "count": 9, "first_us": 2127300,
             "advice": [{"where": "rtcshim", "text": "rtcshim run --vpn tun0 firefox-esr"}, {"where": "Firefox", "text": "about:config media.peerconnection.ice.default_address_only = true"}],
             "evidence": evidence([48, 49], [72, 73], 7), "outcome": "confirmed"},
            {"address": ETH_V6, "kind": "global IPv6", "geo": None,
             "learned_by": {"who": "server", "server": 2, "sentence": "the STUN server [2001:db8:ffff::10]:3478, UDP"}, "iface": "eth0", "iface_source": "capture",
             "process": 2, "call": "sendto", "reason": "no_ipv6_in_tunnel", "why": "The tunnel carries no IPv6, and IPv6 has a default route over eth0.",
             "certainty": "sure", "basis": "seen on the wire on eth0, and the server's answer says it", "count": 3, "first_us": 2127900,
             "advice": [{"where": "rtcshim", "text": "rtcshim run --vpn tun0 firefox-esr"}, {"where": "system", "text": "let the tunnel carry IPv6, or turn IPv6 off on eth0"}],
             "evidence": evidence([54, 55], [81, 82], 1), "outcome": "confirmed"},
            {"address": "192.168.1.23", "kind": "private", "geo": None, "learned_by": {"who": "page", "server": None, "sentence": "pages that may use the microphone, as a host candidate"},
             "iface": "eth0", "iface_source": "address", "process": 2, "call": "bind", "reason": "host_candidate", "why": "ICE bound a socket to the address, and offers it to the page.",
             "certainty": "likely", "basis": "a page reads it where it may use the microphone; else it reads a .local name", "count": 3, "first_us": 2126900,
             "advice": [{"where": "rtcshim", "text": "rtcshim run --vpn tun0 firefox-esr"}], "evidence": evidence([44]), "outcome": "not_captured"}],
        "faults": [],
        "strangers": [{"sentence": "probe asked stun.example.org over eth0 by a way of its own.", "process": 5, "of_run": True, "uncovered": True, "iface": "eth0",
                       "servers": [0], "messages": 2, "first_us": 9000000, "evidence": evidence([], [201, 202])}],
        "dns": [{"question": "stun.example.org", "server": "192.168.1.1", "iface": "eth0", "iface_source": "capture", "certainty": "sure", "process": 0, "count": 2,
                 "evidence": evidence([12], [31, 32])}],
        "outcomes": outcomes_of(rows),
        "clock": {"pairs": 36, "least_us": -40, "median_us": 31, "most_us": 200, "apart": 0, "sentence": "The shim's clock and the capture's agree (median 31 us apart).", "agrees": True},
        "interfaces": [
            {"name": "tun0", "kind": "tun", "link_type": "none", "wanted": True, "captured": True, "hidden": False, "addresses": [{"ip": "10.8.0.2", "kind": "private"}], "exchanges": 40, "messages": 76},
            {"name": "eth0", "kind": "veth", "link_type": "ether", "wanted": False, "captured": True, "hidden": False,
             "addresses": [{"ip": "192.168.1.23", "kind": "private"}, {"ip": ETH_V6, "kind": "global IPv6"}], "exchanges": 14, "messages": 27},
            {"name": "lo", "kind": None, "link_type": "loopback", "wanted": False, "captured": False, "hidden": False, "addresses": [{"ip": "127.0.0.1", "kind": "loopback"}], "exchanges": 0, "messages": 0},
            {"name": "docker0", "kind": "bridge", "link_type": "ether", "wanted": False, "captured": False, "hidden": False, "addresses": [{"ip": "172.17.0.1", "kind": "private"}], "exchanges": 0, "messages": 0}],
        "processes": [
            {"pid": 117, "name": "firefox-esr", "role": "browser", "coverage": "covered", "of_run": True, "by_kernel": False},
            {"pid": 131, "name": "firefox-esr", "role": "content", "coverage": "covered", "of_run": True, "by_kernel": False},
            {"pid": 139, "name": "firefox-esr", "role": "socket", "coverage": "covered", "of_run": True, "by_kernel": False},
            {"pid": 152, "name": "firefox-esr", "role": "utility", "coverage": "covered", "of_run": True, "by_kernel": False},
            {"pid": 160, "name": "crashhelper", "role": "other", "coverage": "not covered", "of_run": True, "by_kernel": False},
            {"pid": 204, "name": "probe", "role": "other", "coverage": "not covered", "of_run": True, "by_kernel": True}],
        "servers": [
            {"ip": "198.51.100.10", "port": 3478, "proto": "UDP", "name": "stun.example.org", "software": None, "role": "stun", "kind": "public", "geo": None, "asked": 16, "answered": 15},
            {"ip": "198.51.100.10", "port": 3479, "proto": "UDP", "name": "turn.example.org", "software": None, "role": "turn", "kind": "public", "geo": None, "asked": 33, "answered": 33},
            {"ip": "2001:db8:ffff::10", "port": 3478, "proto": "UDP", "name": None, "software": None, "role": "stun", "kind": "public", "geo": None, "asked": 3, "answered": 3},
            {"ip": "198.51.100.77", "port": 19302, "proto": "UDP", "name": "dead.example.net", "software": None, "role": "stun", "kind": "public", "geo": None, "asked": 7, "answered": 0}],
        "paths": [
            {"process": 2, "iface": TUN, "server": 0, "learned": [{"address": TUN_EXIT, "kind": "public", "wanted": True}], "exchanges": 6, "outcome": "confirmed", "leak": None},
            {"process": 2, "iface": TUN, "server": 1, "learned": [{"address": TUN_EXIT, "kind": "public", "wanted": True}], "exchanges": 33, "outcome": "confirmed", "leak": None},
            {"process": 2, "iface": TUN, "server": 3, "learned": [], "exchanges": 1, "outcome": "confirmed", "leak": None},
            {"process": 2, "iface": ETH, "server": 0, "learned": [{"address": ETH_EXIT, "kind": "public", "wanted": False}], "exchanges": 10, "outcome": "confirmed", "leak": 0},
            {"process": 2, "iface": ETH, "server": 2, "learned": [{"address": ETH_V6, "kind": "global IPv6", "wanted": False}], "exchanges": 3, "outcome": "confirmed", "leak": 1},
            {"process": 5, "iface": ETH, "server": 0, "learned": [{"address": ETH_EXIT, "kind": "public", "wanted": False}], "exchanges": 1, "outcome": "unseen", "leak": 0}],
        "exchanges": {"columns": COLUMNS, "rows": rows, "left_out": 0},
        "enumerations": [{"process": 2, "via": "netlink", "request": "RTM_GETADDR", "count": 3, "shown": [{"iface": "eth0", "ip": "192.168.1.23"}, {"iface": "tun0", "ip": "10.8.0.2"}], "hidden": []}],
        "probes": [{"process": 2, "target": "8.8.8.8:53", "answer": "10.8.0.2", "iface": "tun0", "count": 1, "leak": None}],
        "network_changes": [{"at_us": 4_600_000, "sentence": "tun0 got another address for 40 ms"}],
        "uncovered": [{"process": 4, "reason": "a static program", "used_socket": False}],
    }


def clean():
    document = small()
    rows = [row for row in document["exchanges"]["rows"] if row[2] == TUN]
    document["exchanges"]["rows"] = rows
    document["outcomes"] = outcomes_of(rows)
    document["leaks"], document["strangers"], document["dns"], document["network_changes"] = [], [], [], []
    document["paths"] = document["paths"][:3]
    document["interfaces"][ETH].update(exchanges=0, messages=0, hidden=True)
    document["run"]["policy"] = {"name": "vpn", "vpn": "tun0", "changes": 0}
    document["verdict"] = {"result": "clean", "sentence": "Nothing leaked outside tun0.", "sure": 0, "likely": 0, "faults": 0, "strangers": 0, "uncovered": 1}
    return document


def hostile():
    """Each string of a stranger's replaced by one that would do something in a page that let it."""
    document = small()
    strings = list(HOSTILE.values())
    for at, process in enumerate(document["processes"]):
        process["name"] = strings[at % len(strings)]
    for at, server in enumerate(document["servers"]):
        server["name"] = strings[(at + 5) % len(strings)]
        server["software"] = strings[at % len(strings)]
    document["run"]["command"] = strings
    document["run"]["damage"] = [{"file": s, "line": 1, "offset": 2, "reason": s} for s in strings]
    document["dns"] = [dict(document["dns"][0], question=s) for s in strings]
    document["interfaces"][ETH]["name"] = HOSTILE["end"]
    document["verdict"]["sentence"] += HOSTILE["end"]
    document["leaks"] += [dict(copy.deepcopy(document["leaks"][0]), why=s, address=s) for s in strings]
    for at, row in enumerate(document["exchanges"]["rows"]):
        row[5] = strings[at % len(strings)]
        row[8] = strings[(at + 3) % len(strings)]
    document["exchanges"]["rows"][0][14] = HOSTILE["script"]
    document["paths"][0]["learned"] = [{"address": s, "kind": s, "wanted": False} for s in strings]
    document["network_changes"] = [{"at_us": 10, "sentence": s} for s in strings]
    document["uncovered"] = [{"process": 0, "reason": s, "used_socket": None} for s in strings]
    return document


def many(rows=MANY_ROWS, events=MANY_EVENTS):
    """What a long run leaves: as many exchanges as the document holds, the rest counted."""
    document = small()
    rng = random.Random(20000)
    document["servers"] = [dict(document["servers"][0], ip=f"198.51.100.{n}", name=f"stun{n}.example.org") for n in range(1, 250)]
    document["processes"] += [dict(document["processes"][1], pid=1000 + n) for n in range(300)]
    made, at = [], 0
    for n in range(rows):
        at += rng.choice((30, 200, 900, 40_000, 400_000)) * rng.randrange(1, 4)
        leaking = rng.random() < 0.03
        port = 32768 + n % 28000
        outcome = "confirmed" if leaking else rng.choices(OUTCOMES, (2, 80, 4, 2, 5, 3, 3, 1))[0]
        made.append([at, at + rng.randrange(100, 200_000), ETH if leaking or rng.random() < 0.1 else TUN, rng.randrange(249), 2, f"10.8.0.2:{port}", "binding",
                     outcome, f"{ETH_EXIT if leaking else TUN_EXIT}:{port}", None, None, 1, 1, "observe:default", "sendto", 0 if leaking else None, [2 * n, 2 * n + 1], [3 * n, 3 * n + 1]])
    document["run"]["events"] = events
    document["exchanges"] = {"columns": COLUMNS, "rows": made, "left_out": events // 2 - rows}
    document["outcomes"] = outcomes_of(made, scale=events // 2 // rows or 1)
    return document


if __name__ == "__main__":
    json.dump({"small": small, "clean": clean, "hostile": hostile, "many": many}[sys.argv[1]](), sys.stdout, ensure_ascii=False)
