"""Run folders that tests make: a small network, events of the shim's, and a capture, so that `rtcshim report` has something to judge.

The network is that of docs/browsers.md: eth0 192.168.1.23 and 2001:db8:1::23 with an IPv6 default route, tun0 10.8.0.2 with the IPv4 one.
Times are microseconds since START.
"""
import datetime
import json
import os

import captures as c

START = 1700000000      # captures.py's
STUN, STUN6, PEER = "198.51.100.10", "2001:db8:ffff::10", "203.0.113.77"
ETH, ETH6, TUN = "192.168.1.23", "2001:db8:1::23", "10.8.0.2"
HOME, EXIT = "203.0.113.23", "203.0.113.8"      # what servers see of eth0 and of tun0
LINKS = ("eth0", "tun0")


def stamp(us, zone="+0000"):
    return (datetime.datetime(1970, 1, 1) + datetime.timedelta(seconds=START, microseconds=us)).strftime("%Y-%m-%dT%H:%M:%S.%f") + zone


def route(to, iface, via=None, table=254, metric=0):
    return {"to": to, "via": via, "iface": iface, "src": None, "table": table, "metric": metric}


def link(name, index, kind="veth", up=True, loopback=False):
    return {"iface": name, "index": index, "kind": kind, "up": up, "running": up, "loopback": loopback, "mtu": 1500}


class Run:
    def __init__(self, browser="firefox-esr", role="socket"):
        self.events, self.packets, self.number = [], [], 0
        self.software = "a server 1.0"
        self.process = {"pid": 117, "tid": 118, "name": browser, "thread": "Socket Thread", "role": role}
        self.interfaces = [link("lo", 1, None, loopback=True), link("eth0", 2), link("tun0", 3)]
        self.addresses = [{"iface": "lo", "ip": "127.0.0.1", "prefix": 8}, {"iface": "eth0", "ip": ETH, "prefix": 24},
                          {"iface": "eth0", "ip": ETH6, "prefix": 64}, {"iface": "tun0", "ip": TUN, "prefix": 24}]
        self.routes = [route("0.0.0.0/0", "tun0", "10.8.0.1"), route("192.168.1.0/24", "eth0"), route("10.8.0.0/24", "tun0"),
                       route("2001:db8:1::/64", "eth0"), route("::/0", "eth0", "2001:db8:1::1", metric=1024)]
        self.processes = [self.row(self.process)]
        self.json = {
            "schema": 1, "rtcshim": "0.1.0", "command": [f"/usr/bin/{browser}", "--headless"], "start": stamp(0, "Z"), "end": stamp(9000000, "Z"),
            "complete": True, "command_status": 0, "exit_status": 0, "host": {"kernel": "6.1", "machine": "x86_64", "libc": "2.36"},
            "browser": {"name": browser, "exe": f"/usr/lib/{browser}/{browser}", "version": "1.2"},
            "policy": {"name": "observe", "generation": 1, "vpn": None, "rules": [], "hidden": [], "default": "allow", "changes": []},
            "events_lost": 0, "capture": None}
        self.changes = []
        self.captured = set()

    @staticmethod
    def row(process, coverage="covered", **more):
        return {"pid": process["pid"], "ns_pid": process["pid"], "parent": 1, "name": process["name"], "role": process["role"], "exe": None,
                "cmdline": None, "coverage": coverage, "by_fork": False, "ended": True, **more}

    # --- what the shim saw -----------------------------------------------------------------------------------------------------------
    def event(self, kind, us, process=None, **fields):
        line = {"timestamp": stamp(us), "event_type": kind, "witness": "shim", "seq": len(self.events) + 1,
                "process": process or self.process, **fields}
        self.events.append({key: value for key, value in line.items() if value is not None})
        return line["seq"]

    def message(self, us, out, local, remote, number, answer=None, action="allow", iface="tun0", source="address", failed=None, **more):
        """A request that was sent, or the success that was read. local and remote: (ip, port)."""
        src, dst = (local, remote) if out else (remote, local)
        stun = {"class": "request" if out else "success", "method": more.pop("method", "binding"), "txid": c.txid(number).hex(), "length": 0, "attributes": []}
        if answer:
            stun.update(mapped={"ip": answer[0], "port": answer[1]}, software=self.software)
        bound = more.pop("bound", None)
        hook = {"call": "sendto" if out else "recvfrom", "fd": 26, "result": -1 if failed else 20, "errno": failed, "caller": None}
        return self.event("stun", us, src_ip=src[0], src_port=src[1], dest_ip=dst[0], dest_port=dst[1], bound_ip=bound, proto="UDP",
                          direction="out" if out else "in", in_iface=iface, iface_source=source, hook=hook, stun=stun,
                          verdict={"action": action, "rule": "vpn:7" if action == "deny" else "observe:default"}, **more)

    # --- what the wire carried -------------------------------------------------------------------------------------------------------
    def packet(self, us, iface, data):
        self.captured.add(iface)
        self.packets.append((us, iface, data))

    def on_wire(self, us, iface, out, local, remote, number, answer=None):
        src, dst = (local, remote) if out else (remote, local)
        body = c.mapped(*answer, number) + c.attr(0x8022, self.software.encode()) if answer else b""
        self.packet(us, iface, c.udp(*src, *dst, c.stun(1 if out else 0x101, number, body)))

    # --- both ------------------------------------------------------------------------------------------------------------------------
    def exchange(self, us, local, answer=None, left="tun0", back=None, wire=True, remote=(STUN, 3478), iface=None, source="address",
                 shim=True, action="allow", bound=None, process=None):
        """
        A request over `left` and, where `answer` is an IP address, its success that came in over `back` (left's unless said).
        wire, shim: who of the two saw it.
        """
        self.number += 1
        number, local = self.number, (local, 40000 + self.number)
        said = (answer, local[1]) if answer else None
        if shim:
            self.message(us, True, local, remote, number, iface=iface or left, source=source, action=action, bound=bound, process=process,
                         failed="EPERM" if action == "deny" else None)
        if wire:
            self.on_wire(us + 10, left, True, local, remote, number)
        if answer:
            if wire:
                self.on_wire(us + 2000, back or left, False, local, remote, number, said)
            if shim:
                self.message(us + 2100, False, local, remote, number, said, iface=iface or left, source=source, bound=bound, process=process)

    def change(self, us, verb, what, row):
        change = {"timestamp": stamp(us), "change": verb, "what": what, what: row}
        self.changes.append(change)

    def write(self, folder):
        os.makedirs(folder)
        network = {"start": {"interfaces": self.interfaces, "addresses": self.addresses, "routes": self.routes}, "changes": self.changes, "left_out": 0}
        if self.packets and self.json["capture"] is None:
            self.capture(LINKS)
        everything = {**self.json, "network": network, "processes": self.processes, "events": len(self.events)}
        with open(f"{folder}/run.json", "w", encoding="utf-8") as file:
            json.dump(everything, file)
        with open(f"{folder}/events.ndjson", "w", encoding="utf-8") as file:
            for event in self.events:
                file.write(json.dumps(event) + "\n")
        if self.json["capture"]:
            names = self.json["capture"]["interfaces"]
            with open(f"{folder}/wire.pcapng", "wb") as file:
                file.write(c.section())
                for name in names:
                    file.write(c.interface(c.RAW_IP, name.encode()))
                for us, iface, data in sorted(self.packets, key=lambda packet: packet[0]):
                    file.write(c.enhanced_packet(names.index(iface), us, data))
        return folder

    def capture(self, names):
        """These interfaces were captured, from before the run until after it."""
        self.json["capture"] = {"file": "wire.pcapng", "interfaces": list(names), "started": stamp(-1000000, "Z"), "ended": stamp(10000000, "Z"),
                                "packets": len(self.packets), "dropped": 0, "status": "complete", "reason": None}
