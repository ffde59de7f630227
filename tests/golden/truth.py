#!/usr/bin/python3
"""
Asks others than ourselves what is in the golden captures: Wireshark's dissector, the magic cookies in the packets' bytes, and the pages that made
the calls. And that nothing in them tells of the machine that they were made on.
"""

import collections
import glob
import ipaddress
import json
import os
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, f"{HERE}/../browser")
sys.dont_write_bytecode = True
import pcapng
from checks import Checks, fail_early
from lab import build_dir

COOKIE = b"\x21\x12\xa4\x42"
# Wireshark takes port 80 for HTTP unless it is told.
TSHARK_OPTIONS = ("-d", "tcp.port==80,stun")
CLASSES = ("request", "indication", "success", "error")
# The candidates that a page can have from servers, by the second word of the capture's name.
LEARNED = {"gather": ("srflx", "relay"), "turn": ("relay",), "direct": (), "calls": ()}

# Documentation, private, link-local, multicast and unspecified.
HARMLESS = [ipaddress.ip_network(net) for net in (
    "192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "10.0.0.0/8", "192.168.0.0/16", "2001:db8::/32", "fe80::/10",
    "224.0.0.0/4", "ff00::/8", "0.0.0.0/32", "::/128")]
ADDRESS_FIELDS = ("ip.addr", "ipv6.addr", "arp.src.proto_ipv4", "arp.dst.proto_ipv4", "icmpv6.nd.ns.target_address", "stun.att.ipv4",
                  "stun.att.ipv6", "dns.a", "dns.aaaa")
NAME_FIELDS = ("dns.qry.name", "dns.resp.name")


def tshark(path, *fields, show="frame"):
    """Each frame's fields, a list of values each."""
    command = ["tshark", "-n", "-r", path, *TSHARK_OPTIONS, "-Y", show, "-T", "fields", "-E", "occurrence=a", "-E", "separator=/t",
               "-E", "aggregator=;"]
    for field in fields:
        command += ["-e", field]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"tshark: {done.stderr}")
    return [[value.split(";") if value else [] for value in line.split("\t")] for line in done.stdout.splitlines()]


def decode(path, *options):
    done = subprocess.run([f"{build_dir()}/rtcshim-analyzer", "decode", "-j", *options, path], stdout=subprocess.PIPE, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def nested_in(value):
    """How many messages stand inside this one, at any depth."""
    if isinstance(value, dict):
        return ("nested" in value) + sum(nested_in(v) for v in value.values())
    return sum(map(nested_in, value)) if isinstance(value, list) else 0


def class_of(kind):
    return CLASSES[(kind >> 7 & 2) | (kind >> 4 & 1)]


def wireshark_says(content):
    """The STUN messages, the number of ChannelData messages and the repeated TCP segments that Wireshark finds. It takes the tunnel's copy of a TCP stream for
    retransmissions, so that each interface is shown to it alone."""
    messages, channel_data, repeated = collections.Counter(), collections.Counter(), set()
    for link in sorted({name for _, name, _ in pcapng.packets(content)}):
        part, numbers = pcapng.of_interface(content, link)
        with tempfile.NamedTemporaryFile(suffix=".pcapng") as file:
            file.write(part)
            file.flush()
            rows = tshark(file.name, "frame.number", "stun.type", "stun.id", "stun.channel", "tcp.analysis.retransmission",
                          show="stun or tcp.analysis.retransmission")
        for frame, kinds, txids, channels, again in rows:
            number = numbers[int(frame[0]) - 1]
            if again:
                repeated.add(number)
            for kind, txid in zip(kinds, txids):
                messages[number, link, class_of(int(kind, 16)), txid.replace(":", "").removeprefix("0x")] += 1
            if not kinds:       # CHANNEL-NUMBER is an attribute too
                channel_data[link] += len(channels)
    return messages, channel_data, repeated


def check_wireshark(checks, name, content, events):
    theirs, their_packets, repeated = wireshark_says(content)
    ours = collections.Counter((e["pcap_cnt"], e["in_iface"], e["stun"]["class"], e["stun"]["txid"]) for e in events if "channel_data" not in e)
    checks.check(ours and ours == theirs, f"{name}: Wireshark finds the same {sum(ours.values())} messages, frame by frame, on the same interfaces",
                 f"only Wireshark: {list(theirs - ours)[:5]}\nonly ours: {list(ours - theirs)[:5]}")
    packets = collections.Counter()
    for event in events:
        if "channel_data" in event:
            packets[event["in_iface"]] += event["channel_data"]["packets"]
    checks.check(packets == their_packets, f"{name}: and the same {sum(packets.values())} ChannelData messages", f"Wireshark {their_packets}, ours {packets}")
    check_cookies(checks, name, content, repeated, events)


def check_cookies(checks, name, content, repeated, events):
    """STUN inside TURN too, which Wireshark leaves as data."""
    cookies = sum(data.count(COOKIE) for number, (_, _, data) in enumerate(pcapng.packets(content), 1) if number not in repeated)
    messages = sum("channel_data" not in event for event in events)
    nested = sum(map(nested_in, events))
    checks.check(messages + nested == cookies, f"{name}: each of the {cookies} magic cookies is a message, {nested} of them inside TURN",
                 f"{messages} messages, {nested} inside others")


def endpoint(value):
    return str(ipaddress.ip_address(value["ip"])), value["port"]


def check_pages(checks, name, reports, events):
    """What the pages got is what was on the wire. Chromium keeps the addresses of its own sockets to itself, so ports have to do there."""
    answers = [e for e in events if e.get("stun", {}).get("class") == "success" and e["wire"]["label"] == "direct"]
    for role, report in reports.items():
        if report["namespace"] != "client":
            continue
        title = f"{name}: the {role} in {report['browser'].capitalize()}"
        for kind in LEARNED[name.split("-")[1]]:
            field = {"srflx": "mapped", "relay": "xor_relayed"}[kind]
            got = {(c["address"].strip("[]"), c["port"]) for c in report["candidates"] if c["type"] == kind}
            seen = {endpoint(e["stun"][field]) for e in answers if e["stun"].get(field)}
            checks.check(got and got <= seen, f"{title}: its {len(got)} {kind} candidates were in answers on the wire", f"not seen: {got - seen}")
    caller = reports.get("caller")
    if caller and caller["selected"]["local"]["type"] != "relay":
        check_nominated(checks, name, caller["selected"], events)


def check_nominated(checks, name, selected, events):
    """The caller is the controlling agent: it uses a pair that it nominated. Both browsers nominate more than one."""
    nominated = {(e["src_port"], e["dest_port"]) for e in events if e["wire"]["label"] == "direct" and e["stun"]["class"] == "request" and
                 any(a["name"] == "USE-CANDIDATE" for a in e["stun"]["attributes"])}
    checks.check((selected["local"]["port"], selected["remote"]["port"]) in nominated,
                 f"{name}: the pair that the caller's getStats() names is one of the {len(nominated)} that it nominated", f"{nominated}, {selected}")


def check_session(checks, name, reports, summary):
    """One session for a call, none for gathering; its selected pair is the one that the controlling agent's getStats() names."""
    sessions = summary["ice"]["sessions"]
    checks.check(len(sessions) == ("caller" in reports), f"{name}: the summary has {'a session' if 'caller' in reports else 'no session'}", sessions)
    if "caller" not in reports:
        return
    selected = reports["caller"]["selected"]
    # Both ends are relayed, or none; the page may call the remote one peer-reflexive.
    relayed = selected["local"]["type"] == "relay"
    wanted = [("nomination", {(selected[end]["port"], relayed) for end in ("local", "remote")})]
    got = [(pair["selected_by"], {(side["port"], "relay" in side) for side in pair["sides"]}) for session in sessions for pair in session["pairs"]
           if pair["selected_by"]]
    checks.check(got == wanted, f"{name}: the pair that it calls selected is the one that the caller's getStats() names", f"{got}, not {wanted}")


def check_answers(checks, name, summary):
    """Nobody was left without an answer here, whatever the order in which dumpcap wrote the two interfaces."""
    asked, unanswered, unasked = (sum(row[count] for row in summary["servers"]) for count in ("asked", "unanswered", "unasked"))
    checks.check(asked and not unanswered and not unasked, f"{name}: each of {asked} questions and its answer found each other",
                 f"{unanswered} without answer, {unasked} answers without question")


def check_private(checks, name, path, content):
    kinds = collections.Counter(kind for kind, _ in pcapng.blocks(content))
    checks.check(set(kinds) == {pcapng.SECTION, pcapng.INTERFACE, pcapng.ENHANCED_PACKET} and content == pcapng.wash(content),
                 f"{name}: the file says nothing of the machine, the system and the program that wrote it", kinds)
    rows = tshark(path, "eth.addr", *ADDRESS_FIELDS, *NAME_FIELDS)
    columns = [{value for row in rows for value in row[i]} for i in range(len(rows[0]))]
    macs, addresses, names = columns[0], set().union(*columns[1:-len(NAME_FIELDS)]), set().union(*columns[-len(NAME_FIELDS):])
    strange = {ip for ip in addresses if not any(ipaddress.ip_address(ip) in net for net in HARMLESS)}
    checks.check(addresses and not strange, f"{name}: its {len(addresses)} addresses are documentation, private, link-local or multicast", strange)
    burnt_in = {mac for mac in macs if not int(mac[:2], 16) & 3 and mac != "00:00:00:00:00:00"}
    checks.check(macs and not burnt_in, f"{name}: no hardware address of a real card", burnt_in)
    told = {n for n in names if not n.endswith((".local", ".arpa"))}
    checks.check(not told, f"{name}: it asks for no names but those that browsers make up for multicast DNS", told)


def main():
    if shutil.which("tshark") is None:
        fail_early("this test needs: apt-get install tshark")
    checks = Checks()
    captures = sorted(glob.glob(f"{HERE}/*.pcapng"))
    for path in captures:
        name = os.path.basename(path).removesuffix(".pcapng")
        with open(path, "rb") as file:
            content = file.read()
        with open(path.removesuffix(".pcapng") + ".pages.json", encoding="ascii") as file:
            reports = json.load(file)
        events = decode(path)
        check_wireshark(checks, name, content, events)
        check_pages(checks, name, reports, events)
        summary = decode(path, "--summary")[0]
        check_session(checks, name, reports, summary)
        check_answers(checks, name, summary)
        check_private(checks, name, path, content)
    return checks.finish()


if __name__ == "__main__":
    sys.exit(main())
