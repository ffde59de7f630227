"""The library and `policy explain` judge by the same table: random policies, and random calls under each of them.

    explain_differs.py RTCSHIM FOLDER SEED POLICIES CALLS     in a network with eth0, tun0 and lo
    explain_differs.py make < CALLS.json                      (itself, under the policy)

For every call the verdict in the run's events is held against what `policy explain` says of the same thing described. Prints what differs, a line each, and
how many verdicts of each kind agreed.
"""
import collections
import json
import os
import random
import re
import socket
import struct
import subprocess
import sys

EINPROGRESS = 115
METHODS = {"binding": 1, "allocate": 3, "refresh": 4, "send": 6, "channel-bind": 9, "0x0ab": 0x0AB}
CLASSES = {"request": 0x000, "indication": 0x010, "success": 0x100, "error": 0x110}
SERVERS = ["203.0.113.10", "198.51.100.10", "192.168.1.77", "10.8.0.9", "2001:db8:ffff::10", "2001:db8:1::77", "fd00:8::9", "127.0.0.1", "10.8.0.2", "::1"]
PORTS = [3478, 3479, 5349, 19302, 443]
OWN = {socket.AF_INET: ["192.168.1.23", "10.8.0.2", "127.0.0.1"], socket.AF_INET6: ["2001:db8:1::23", "fd00:8::2", "::1"]}


def some(choice, items, most=3):
    return ",".join(choice.sample(items, choice.randint(1, min(most, len(items)))))


def rule(choice):
    topic = choice.choice(["stun", "stun", "stun", "mdns", "dns", "device", "connect", "any", "stun,connect"])
    words = [choice.choice(["allow", "deny", "deny"]), topic]
    about_stun = topic == "stun"
    if about_stun and choice.random() < 0.3:
        words += ["class", some(choice, list(CLASSES))]
    if about_stun and choice.random() < 0.3:
        words += ["method", some(choice, ["binding", "allocate", "refresh", "send", "channel-bind", "0x0ab"])]
    if topic != "device":
        if choice.random() < 0.35:
            no = choice.choice(["", "", "!"])
            words += ["to", ",".join(no + p for p in choice.sample(["203.0.113.0/24", "198.51.100.10", "2001:db8::/32", "10.0.0.0/8", "192.168.1.0/24", "::/0"], 2))]
        if choice.random() < 0.3:
            words += ["port", some(choice, ["3478", "3478-3481", "443", "5349-5350", "53", "5353"])]
        if choice.random() < 0.2:
            words += ["over", choice.choice(["udp", "tcp"])]
        if choice.random() < 0.2:
            words += ["family", choice.choice(["inet", "inet6"])]
    if choice.random() < 0.6:
        words += ["via", choice.choice(["tun0", "!tun0", "!tun0,!lo", "eth*", "!eth0", "default", "!default", "kind veth", "!kind veth", "lo", "nosuch0", "!nosuch0"])]
    if about_stun and choice.random() < 0.1:
        words.append(choice.choice(["proxied", "direct"]))
    if words[0] == "deny" and choice.random() < 0.3:
        words += ["with", choice.choice(["drop", "error", "ECONNREFUSED", "ENETUNREACH", "best"])]
    return " ".join(words)


def policy(choice):
    lines = ["show interface *"]  # `deny any` and `default deny` hide what nothing shows
    lines += [rule(choice) for _ in range(choice.randint(1, 8))]
    if choice.random() < 0.2:
        lines.append("default deny")
    return "\n".join(lines) + "\n"


def call(choice, number):
    what = choice.choice(["stun"] * 6 + ["tcp", "tcp", "dns", "mdns", "device", "connect"])
    made = {"what": what, "number": number, "to": choice.choice(SERVERS), "port": choice.choice(PORTS)}
    family = socket.AF_INET6 if ":" in made["to"] else socket.AF_INET
    if what in ("stun", "tcp"):
        made["method"], made["class"] = choice.choice(list(METHODS)), choice.choice(list(CLASSES))
    if what == "stun":
        made["how"] = choice.choice(["sendto", "send", "sendmsg", "write"])
    if what == "tcp":
        made["to"], made["proxied"] = "10.8.0.2", choice.random() < 0.4
    if what == "dns":
        made["port"] = 53
    if what == "mdns":
        made["to"], made["port"] = "224.0.0.251", 5353
    if what == "device":
        made["via"] = choice.choice(["eth0", "tun0", "lo"])
    if what in ("stun", "connect", "dns") and choice.random() < 0.4:
        made["from"] = choice.choice(OWN[family])
    here = made["to"] in ("127.0.0.1", "::1", "10.8.0.2")
    if what == "stun" and "from" not in made and not here and choice.random() < 0.25:
        made["via"] = choice.choice(["eth0", "tun0"])
    return made


# --- under the policy -------------------------------------------------------------------------------------------------------------


def message(made):
    kind = CLASSES[made["class"]] | (METHODS[made["method"]] & 0xF) | (METHODS[made["method"]] & 0x70) << 1 | (METHODS[made["method"]] & 0xF80) << 2
    return struct.pack("!HHI", kind, 0, 0x2112A442) + b"differ" + struct.pack("!HI", 0, made["number"])


def make_one(made, listener):
    family = socket.AF_INET6 if ":" in made["to"] else socket.AF_INET
    to = (made["to"], made["port"])
    if made["what"] in ("tcp", "connect"):
        with socket.socket(family, socket.SOCK_STREAM) as s:
            s.setblocking(False)
            if "from" in made:
                s.bind((made["from"], 0))
            if made["what"] == "connect":
                s.connect(to)
                return
            s.setblocking(True)
            s.connect(listener.getsockname())
            if made["proxied"]:
                s.send(b"CONNECT 203.0.113.1:3478 HTTP/1.1\r\n\r\n")
            s.send(message(made))
        return
    with socket.socket(family, socket.SOCK_DGRAM) as s:
        if made["what"] == "device" or "via" in made:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, made["via"].encode())
            if made["what"] == "device":
                return
        if "from" in made:
            s.bind((made["from"], 0))
        if made["what"] in ("dns", "mdns"):
            question = struct.pack("!HHHHHH", made["number"], 0x100, 1, 0, 0, 0) + b"\1x\7example\0" + struct.pack("!HH", 1, 1)
            s.sendto(question, to)
        elif made["how"] == "sendto":
            s.sendto(message(made), to)
        elif made["how"] == "sendmsg":
            data = message(made)
            s.sendmsg([data[:5], data[5:]], [], 0, to)
        else:
            s.connect(to)
            if made["how"] == "send":
                s.send(message(made))
            else:
                os.write(s.fileno(), message(made))


def make():
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.bind(("10.8.0.2", 0))
    listener.listen(64)
    outcomes = []
    for made in json.load(sys.stdin):
        try:
            make_one(made, listener)
            outcomes.append(None)
        except OSError as error:
            outcomes.append(error.errno)
    print(json.dumps({"port": listener.getsockname()[1], "outcomes": outcomes}))


# --- beside it --------------------------------------------------------------------------------------------------------------------


def end(ip, port):
    return f"[{ip}]:{port}" if ":" in ip else f"{ip}:{port}"


def described(made, tcp_port):
    what = ["--topic", "stun" if made["what"] == "tcp" else made["what"]]
    if made["what"] in ("stun", "tcp"):
        what = ["--stun", made["method"], "--class", made["class"]]
    if made["what"] == "tcp":
        what += ["--over", "tcp"] + (["--proxied"] if made["proxied"] else [])
        # A connection has addresses: here both are this machine's.
        return what + ["--to", end(made["to"], tcp_port), "--from", made["to"]]
    if made["what"] != "device":
        what += ["--to", end(made["to"], made["port"])]
    if "from" in made:
        what += ["--from", made["from"]]
    elif made["what"] == "stun" and made["how"] in ("send", "write"):
        return None  # the route's address is the socket's, and asked of the events
    if "via" in made:
        what += ["--via", made["via"]]
    if made["what"] == "device":  # `default` is another interface for each family
        what += ["--family", "inet6" if ":" in made["to"] else "inet"]
    return what


def explained(rtcshim, arguments):
    text = subprocess.run([rtcshim, "policy", "explain"] + arguments, capture_output=True, text=True, check=True).stdout
    verdicts = re.findall(r"^  (allowed through|allowed|refused).*\n    (\S+?):(\d+|default):", text, re.M)
    action, name, line = verdicts[0]
    return {"allowed through": "pin", "allowed": "allow", "refused": "deny"}[action], f"{name}:{line}"


def event_of(made, events):
    for event in events:
        kind = event["event_type"]
        if made["what"] in ("stun", "tcp") and kind == "stun" and event["stun"]["txid"] == (b"differ" + struct.pack("!HI", 0, made["number"])).hex():
            return event
        if made["what"] == kind and kind in ("dns", "mdns") and event[kind].get("id") == made["number"]:
            return event
    return None


def main():
    rtcshim, folder, seed, policies, calls = sys.argv[1], sys.argv[2], *map(int, sys.argv[3:])
    agreed, wrong = collections.Counter(), 0
    for turn in range(policies):
        choice = random.Random(seed * 1000 + turn)
        path, run = f"{folder}/p{turn}.policy", f"{folder}/run{turn}"
        while True:  # what the language refuses, such as mDNS over TCP, is drawn again
            with open(path, "w", encoding="utf-8") as out:
                out.write(policy(choice))
            if subprocess.run([rtcshim, "policy", "check", "-q", path], capture_output=True).returncode == 0:
                break
        made = [call(choice, number + 1) for number in range(calls)]
        done = subprocess.run([rtcshim, "run", "-q", "-p", path, "-o", run, "--", sys.executable, __file__, "make"], input=json.dumps(made), capture_output=True, text=True)
        if done.returncode != 0:
            print(f"p{turn}: the run failed: {done.stderr}")
            return 1
        said = json.loads(done.stdout)
        with open(f"{run}/events.ndjson", encoding="utf-8") as lines:
            events = [json.loads(line) for line in lines]
        with open(f"{run}/run.json", encoding="utf-8") as text:
            enforced = json.load(text)["policy"]["enforced"]
        devices = [e for e in events if e["event_type"] == "socket"]
        refused = [e for e in events if e["event_type"] == "connect"]
        for one, errno in zip(made, said["outcomes"]):
            event = event_of(one, events)
            if "via" in one:
                event_of_device = devices.pop(0)
                if one["what"] == "device":
                    event = event_of_device
                elif event_of_device["verdict"]["action"] == "deny":
                    continue  # the message was not tried
            arguments = described(one, said["port"])
            target = {"ip": one["to"], "port": said["port"] if one["what"] == "tcp" else one["port"]}
            if one["what"] in ("connect", "tcp") and errno not in (None, EINPROGRESS) and refused and refused[0]["connect"]["target"] == target:
                event = refused.pop(0)
                arguments = ["--topic", "connect", "--to", end(target["ip"], target["port"])] + (["--from", one["from"]] if "from" in one else [])
            if event is None:
                if one["what"] == "connect":
                    action, name = explained(rtcshim, [path] + arguments)
                    if action == "deny":
                        print(f"p{turn} {one}: the library connects, explain refuses by {name}")
                        wrong += 1
                    agreed["connect not refused"] += 1
                else:
                    agreed[f"{one['what']}: no event"] += 1
                continue
            got = event["verdict"]["action"], event["verdict"]["rule"]
            if arguments is None:
                with open(f"{folder}/event.json", "w", encoding="utf-8") as out:
                    json.dump(event, out)
                arguments = [f"{folder}/event.json"]
                if event.get("iface_source") == "pinned":
                    got = ("allow" if got[0] == "pin" else got[0]), None
            want = explained(rtcshim, [path] + arguments)
            topic = "stun" if one["what"] == "tcp" and event["event_type"] == "stun" else "connect" if one["what"] == "tcp" else one["what"]
            if topic not in enforced and got[0] == want[0] == "allow":
                got = want  # of which nothing is refused nothing is judged
            if got[1] is None:
                want = want[0], None
            if got != want:
                with open(path, encoding="utf-8") as text:
                    print(json.dumps({k: v for k, v in event.items() if k not in ("process", "timestamp", "hook")}))
                    print(f"p{turn} {json.dumps(one)}: the library {got}, explain {want}, described {arguments}\n{text.read()}")
                wrong += 1
            else:
                agreed[f"{one['what']} {got[0]}"] += 1
    for kind, count in sorted(agreed.items()):
        print(f"agreed: {kind} {count}")
    return 1 if wrong else 0


if __name__ == "__main__":
    if sys.argv[1] == "make":
        make()
    else:
        sys.exit(main())
