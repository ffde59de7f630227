#!/usr/bin/python3
"""
A capture of eth0 (Ethernet) and tun0 (raw IP) that Wireshark's dumpcap wrote: each message is given to the link that carried it. tcpdump, that
is libpcap, refuses the same file.
"""

import json
import os
import re
import shutil
import socket
import struct
import subprocess
import sys

sys.dont_write_bytecode = True
import lab
from checks import Checks, fail_early, note, wait_for
from tunnel import TUNNEL_PORT, TunnelLab

TOOLS = {"dumpcap": "wireshark-common", "tcpdump": "tcpdump"}
ROUNDS = 20
TIMEOUT_S = 5
BINDING_REQUEST, COOKIE = 0x0001, 0x2112A442
# Who asks: the link that the socket is bound to, None for whatever the route says; the address it takes; the server; the links that carry
# the question and the answer. An address says nothing certain: eth0's leaves through tun0 where the socket is bound to the address alone.
ASKERS = (
    ("eth0", lab.CLIENT_ETH0, lab.SERVER_V4, "eth0", "eth0"),
    (None, lab.CLIENT_TUN0, lab.SERVER_V4, "tun0", "tun0"),
    (None, lab.CLIENT_ETH0, lab.SERVER_V4, "tun0", "eth0"),
    (None, lab.CLIENT_ETH0_V6, lab.SERVER_V6, "eth0", "eth0"),
)


def ask(link, address, server):
    """One binding request and its answer over real sockets; returns the transaction id."""
    txid = os.urandom(12)
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as sock:
        sock.settimeout(TIMEOUT_S)
        if link:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, link.encode())
        sock.bind((address, 0))
        sock.sendto(struct.pack("!HHI12s", BINDING_REQUEST, 0, COOKIE, txid), (server, lab.TURN_PORT))
        if sock.recv(2048)[8:20] != txid:
            raise RuntimeError(f"{server} answered something else")
    return txid.hex()


def converse():
    """Ask in turns, so that neighbours in the file are of different links. Returns {(txid, direction): link}."""
    carried = {}
    for _ in range(ROUNDS):
        for link, address, server, out, back in ASKERS:
            txid = ask(link, address, server)
            carried[txid, "request"] = out
            carried[txid, "success"] = back
    return carried


def capture(path, links, during):
    """Let dumpcap write what goes over the links while during() runs; returns what that returned."""
    interfaces = [word for link in links for word in ("-i", link)]
    dumpcap = subprocess.Popen(["dumpcap", *interfaces, "-w", path], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                               stderr=subprocess.PIPE, text=True)
    try:
        # Said once every interface is open, after "Capturing on".
        for line in dumpcap.stderr:
            if line.startswith("File:"):
                break
        else:
            raise RuntimeError(f"dumpcap ended with {dumpcap.wait()}")
        result = during()
        _await_all_written(path)
    finally:
        lab.stop(dumpcap)
        dumpcap.stderr.close()
    return result


def _await_all_written(path):
    """Each link gets last messages, which dumpcap has written once it wrote everything before. What tun0 carries is on eth0 too."""
    marks = [(bytes.fromhex(ask(link, address, server)), sum({"eth0": 1, "tun0": 2}[carrier] for carrier in carriers))
             for link, address, server, *carriers in ASKERS]

    def written():
        with open(path, "rb") as file:
            content = file.read()
        return all(content.count(txid) >= times for txid, times in marks)
    wait_for(written, 20, "dumpcap to write the last messages")


def decode(path, *options):
    done = subprocess.run([f"{lab.build_dir()}/rtcshim-analyzer", "decode", "-j", *options, path], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True, check=False)
    return done.returncode, done.stderr, [json.loads(line) for line in done.stdout.splitlines()]


def link_types(path):
    """Of each interface of the pcapng file, by name: what tells Ethernet from raw IP without our own reader."""
    found = subprocess.run(["capinfos", path], stdout=subprocess.PIPE, text=True, check=False).stdout
    return re.findall(r"Name = (\S+)\n(?:.*\n)*?\s+Encapsulation = (.*?) \(", found)


def check_interfaces(checks, path, carried):
    status, errors, events = decode(path)
    checks.check(status == 0, "decode reads the file", errors)
    direct, copies = {}, {}
    for event in events:
        kinds = direct if event["wire"]["label"] == "direct" else copies
        kinds.setdefault((event["stun"]["txid"], event["stun"]["class"]), []).append(event["in_iface"])
    note(f"{len(events)} messages, {len(carried)} of them the test's own; {sum(map(len, copies.values()))} copies inside the tunnel")
    for link in ("eth0", "tun0"):
        wanted = {key for key, carrier in carried.items() if carrier == link}
        got = {key for key, carriers in direct.items() if carriers == [link]} & set(carried)
        checks.check(wanted and got == wanted, f"each of the {len(wanted)} messages that {link} carried is given to {link}, once",
                     f"missing: {wanted - got}\ntoo many: {got - wanted}")
    tunnelled = {key for key, carrier in carried.items() if carrier == "tun0"}
    checks.check({key for key in copies if key in carried} == tunnelled and all(copies[key] == ["eth0"] for key in tunnelled),
                 f"what tun0 carried is there again inside UDP port {TUNNEL_PORT} of eth0, labelled as tunnelled")
    sources = {event["iface_source"] for event in events}
    checks.check(sources == {"capture"}, "each interface is known from the capture", sources)


def check_answers(checks, path):
    """A question that left through one interface and its answer that came through the other, in whatever order dumpcap wrote the two."""
    servers = decode(path, "--summary")[2][0]["servers"]
    asked, unanswered, unasked = (sum(row[count] for row in servers) for count in ("asked", "unanswered", "unasked"))
    checks.check(asked >= ROUNDS * len(ASKERS) and not unanswered and not unasked, f"each of {asked} questions and its answer found each other",
                 f"{unanswered} without answer, {unasked} answers without question")


def check_refusal(checks, lab_, path):
    # As the ordinary user: as root it would become another one, which a user namespace doesn't have.
    os.chmod(path, 0o644)
    refused = subprocess.run(lab_.as_user(["tcpdump", "-n", "-r", path]), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False)
    checks.check(refused.returncode != 0 and "different from the type of the first interface" in refused.stderr,
                 "tcpdump refuses the same file for its link types", f"status {refused.returncode}: {refused.stderr}")


def main():
    missing = sorted({package for tool, package in TOOLS.items() if shutil.which(tool) is None})
    if missing:
        fail_early("this test needs: apt-get install " + " ".join(missing))
    lab.enter(seconds=120)
    checks = Checks()
    with TunnelLab() as lab_:
        path = f"{lab_.dir}/two.pcapng"
        carried = capture(path, ("eth0", "tun0"), converse)
        types = dict(link_types(path))
        checks.check(types == {"eth0": "Ethernet", "tun0": "Raw IP"}, "the file has an Ethernet and a raw IP interface", types)
        check_interfaces(checks, path, carried)
        check_answers(checks, path)
        check_refusal(checks, lab_, path)
    return checks.finish()


if __name__ == "__main__":
    sys.exit(main())
