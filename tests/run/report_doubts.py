#!/usr/bin/python3
"""Runs in which a verdict is easily wrong: the network or the policy changes in the middle, the record is not whole, names and addresses
are not what they were. A leak must not be called clean, nor what is no leak a leak.

    report_doubts.py RTCSHIM FOLDER      the folder is filled with runs
"""
import sys

import captures as c
from report_cases import Judge, good, owner, uplink
from report_runs import ETH, ETH6, EXIT, HOME, STUN, STUN6, TUN, Run, link, route, stamp

CASES = []
VPN = ("--vpn", "tun0")
LEFT = (HOME, "server", "eth0")


def case(name, *expected, options=VPN, result, says=None):
    """expected: (address or None, who, iface, reason, certainty) of each leak; a reason of None is any. says: words of the verdict's sentence."""
    def keep(build):
        CASES.append((name, build, list(expected), list(options), result, says))
        return build
    return keep


# --- the network changes in the middle -----------------------------------------------------------------------------------------------
def falls(run, us):
    run.change(us, "removed", "route", run.routes[0])
    run.change(us + 1, "changed", "interface", link("tun0", 3, up=False))
    run.change(us + 2, "added", "route", route("0.0.0.0/0", "eth0", "192.168.1.1"))


def again(run, us, local, answer, left, number, wire=True, bound="0.0.0.0", port=40001):
    """One more exchange of the first one's socket."""
    said = (answer, port)
    run.message(us, True, (local, port), (STUN, 3478), number, iface=left, source="route", bound=bound)
    if wire:
        run.on_wire(us + 10, left, True, (local, port), (STUN, 3478), number)
        run.on_wire(us + 2000, left, False, (local, port), (STUN, 3478), number, said)
    run.message(us + 2100, False, (local, port), (STUN, 3478), number, said, iface=left, source="route", bound=bound)


@case("the tunnel goes down and a socket that is bound to nothing goes on over eth0", (*LEFT, "tunnel_down", "sure"), result="leak")
def _(run):
    run.exchange(1000, TUN, EXIT, bound="0.0.0.0", source="route")
    falls(run, 4000000)
    again(run, 5000000, ETH, HOME, "eth0", 2)


@case("the same, and nothing was captured", (*LEFT, "tunnel_down", "sure"), result="leak")
def _(run):
    run.exchange(1000, TUN, EXIT, bound="0.0.0.0", source="route", wire=False)
    falls(run, 4000000)
    again(run, 5000000, ETH, HOME, "eth0", 2, wire=False)


@case("the tunnel goes down and the tunnel's address goes on over eth0", (HOME, "server", "eth0", None, "sure"), result="leak")
def _(run):
    run.exchange(1000, TUN, EXIT)
    falls(run, 4000000)
    again(run, 5000000, TUN, HOME, "eth0", 2, bound=None)


@case("a refusal, and the answer to a Refresh, tell no address: that of the same socket's other answers counts", (*LEFT, None, "sure"), result="leak")
def _(run):
    run.routes.append(route("198.51.100.0/24", "eth0", "192.168.1.1"))
    local, remote = (ETH, 40001), (STUN, 3478)
    for us, number, said in ((1000, 1, (HOME, 40001)), (2000, 2, None), (3000, 3, None)):
        run.message(us, True, local, remote, number, iface="eth0", source="route", bound="0.0.0.0")
        run.on_wire(us + 10, "eth0", True, local, remote, number)
        run.on_wire(us + 200, "eth0", False, local, remote, number, said)
        run.message(us + 210, False, local, remote, number, said, iface="eth0", source="route", bound="0.0.0.0")


@case("the tunnel comes up late: what left before is a leak, what left after is none", (*LEFT, None, "sure"), result="leak")
def _(run):
    default, tun = run.routes.pop(0), run.interfaces.pop()
    address = run.addresses.pop()
    run.routes.append(route("0.0.0.0/0", "eth0", "192.168.1.1", metric=100))
    run.exchange(1000, ETH, HOME, left="eth0", bound="0.0.0.0", source="route")
    run.change(4000000, "added", "interface", tun)
    run.change(4000001, "added", "address", address)
    run.change(4000002, "added", "route", default)
    again(run, 5000000, TUN, EXIT, "tun0", 2)


@case("the tunnel comes up late, and nothing was captured", (*LEFT, None, "sure"), result="leak")
def _(run):
    default = run.routes.pop(0)
    run.routes.append(route("0.0.0.0/0", "eth0", "192.168.1.1", metric=100))
    run.exchange(1000, ETH, HOME, left="eth0", bound="0.0.0.0", source="route", wire=False)
    run.change(4000002, "added", "route", default)
    again(run, 5000000, TUN, EXIT, "tun0", 2, wire=False)


@case("a tunnel that comes up late is found by its kind and its default route", (*LEFT, None, "sure"), options=(), result="leak")
def _(run):
    default, tun = run.routes.pop(0), run.interfaces.pop()
    run.addresses.pop()
    run.interfaces.append(link("sit0", 5, "sit", up=False))
    run.interfaces.append(link("tunl0", 6, "ipip", up=False))
    run.routes.append(route("0.0.0.0/0", "eth0", "192.168.1.1", metric=100))
    run.change(1000000, "added", "interface", {**tun, "kind": "tun"})
    run.change(1000001, "added", "address", {"iface": "tun0", "ip": TUN, "prefix": 24})
    run.change(1000002, "added", "route", default)
    run.exchange(2000000, TUN, EXIT)
    run.exchange(2500000, ETH, HOME, left="eth0", bound="0.0.0.0", source="route")


@case("tunnels that never were up are none", (*LEFT, None, "sure"), options=(), result="leak")
def _(run):
    run.routes[0] = route("10.0.0.0/8", "tun0")
    run.interfaces[2]["kind"] = "wireguard"
    run.interfaces.append(link("sit0", 5, "sit", up=False))
    run.interfaces.append(link("tunl0", 6, "ipip", up=False))
    uplink(run)


@case("the tunnel is given another name in the middle", result="clean")
def _(run):
    run.exchange(1000, TUN, EXIT)
    run.change(4000000, "changed", "interface", link("vpn0", 3))
    run.change(4000001, "removed", "address", {"iface": "tun0", "ip": TUN, "prefix": 24})
    run.change(4000001, "added", "address", {"iface": "vpn0", "ip": TUN, "prefix": 24})
    run.capture(("eth0", "tun0", "vpn0"))
    run.exchange(5000000, TUN, EXIT, left="vpn0")
    run.exchange(6000000, TUN, "203.0.113.9", left="vpn0")


@case("another interface takes the tunnel's name", (*LEFT, None, "sure"), result="leak")
def _(run):
    run.exchange(1000, TUN, EXIT)
    run.exchange(5000000, ETH, HOME, left="eth0", bound="0.0.0.0", source="route")
    run.change(6000000, "changed", "interface", link("tun9", 3))


@case("an address that the tunnel and another interface share", result="clean")
def _(run):
    run.addresses.insert(1, {"iface": "eth0", "ip": TUN, "prefix": 32})
    run.exchange(1000, TUN, EXIT)


@case("the same, and nothing was captured", result="clean")
def _(run):
    run.addresses.insert(1, {"iface": "eth0", "ip": TUN, "prefix": 32})
    run.exchange(1000, TUN, EXIT, wire=False)


@case("an address that moved from eth0 to the tunnel", result="clean")
def _(run):
    run.addresses[1] = {"iface": "eth0", "ip": TUN, "prefix": 24}
    run.change(500, "removed", "address", run.addresses[1])
    run.exchange(1000, TUN, EXIT)


# --- the policy changes in the middle ------------------------------------------------------------------------------------------------
def policy(run, us, name, vpn=None, hidden=()):
    """Until now it was what it is in run.json."""
    p = run.json["policy"]
    p.setdefault("first", {key: p[key] for key in ("name", "vpn", "hidden", "rules")})
    p.update(name=name, vpn=vpn, hidden=[{"iface": iface, "what": "interface"} for iface in hidden])
    p["changes"].append({"name": name, "vpn": vpn, "hidden": p["hidden"], "reason": "set", "timestamp": stamp(us)})


CANDIDATE = (ETH, "page", "eth0", "host_candidate", "likely")


@case("an interface that the policy hides only later", CANDIDATE, result="leak")
def _(run):
    good(run).exchange(5000, ETH, None, left="tun0")
    policy(run, 4000000, "vpn", "tun0", ["eth0"])


@case("an interface that the policy has hidden until then", result="clean")
def _(run):
    run.json["policy"].update(name="vpn", vpn="tun0", hidden=[{"iface": "eth0", "what": "interface"}])
    good(run).exchange(5000, ETH, None, left="tun0")
    policy(run, 4000000, "observe")


@case("a policy that named the tunnel is taken away, and then it leaks", (*LEFT, None, "sure"), options=(), result="leak")
def _(run):
    run.json["policy"].update(name="vpn", vpn="tun0")
    good(run)
    policy(run, 2000000, "observe")
    run.routes.append(route("198.51.100.0/24", "eth0", "192.168.1.1"))
    run.exchange(3000000, ETH, HOME, left="eth0", bound="0.0.0.0", source="route")
    run.look = lambda judge, document, name: judge.check("tun0 (the policy vpn)" in document["path"]["sentence"], f"{name}: the policy that named it is told",
                                                         document["path"])


# --- the record is not whole ---------------------------------------------------------------------------------------------------------
def uncovered(run):
    run.processes.append(run.row({"pid": 200, "name": "pion", "role": None}, "static", reason="a static program", used_socket=True))


@case("a process without the shim, and only the tunnel was captured", result="unknown")
def _(run):
    good(run)
    uncovered(run)
    run.capture(("tun0",))


@case("a process without the shim, and the capture dropped packets", result="unknown")
def _(run):
    good(run)
    uncovered(run)
    run.capture(("eth0", "tun0"))
    run.json["capture"]["dropped"] = 7


@case("a process without the shim, and the capture broke off", result="unknown")
def _(run):
    good(run)
    uncovered(run)
    run.capture(("eth0", "tun0"))
    run.json["capture"].update(status="failed", reason="killed")


@case("events were lost, and only the tunnel was captured", result="unknown")
def _(run):
    good(run)
    run.json["events_lost"] = 3
    run.capture(("tun0",))


@case("events were lost, but the wire shows all", result="clean")
def _(run):
    good(run)
    run.json["events_lost"] = 3


@case("the run was killed", result="unknown")
def _(run):
    run.exchange(1000, TUN, EXIT, wire=False)
    run.json.update(complete=False, end=None, command_status=None, exit_status=None)


@case("events could not be written", result="unknown")
def _(run):
    run.exchange(1000, TUN, EXIT, wire=False)
    run.json["events_unwritten"] = 4


def cut(folder):
    with open(f"{folder}/events.ndjson", "r+b") as file:
        lines = file.readlines()
        file.seek(0)
        file.truncate()
        file.writelines(lines[:2])


@case("the end of the events is missing", result="unknown")
def _(run):
    run.exchange(1000, TUN, EXIT, wire=False)
    run.exchange(2000, ETH, HOME, left="eth0", wire=False)
    run.after = cut


@case("all events are missing", result="unknown")
def _(run):
    import os
    run.exchange(1000, TUN, EXIT, wire=False)
    run.after = lambda folder: os.unlink(f"{folder}/events.ndjson")


@case("the events are empty", result="unknown")
def _(run):
    run.exchange(1000, TUN, EXIT, wire=False)
    run.after = lambda folder: open(f"{folder}/events.ndjson", "w").close()


def garbled(folder):
    with open(f"{folder}/events.ndjson", "r+b") as file:
        lines = file.readlines()
        lines[2] = b"{\"timestamp\":\n"
        lines[3] = b"\0\0\0\n"
        file.seek(0)
        file.truncate()
        file.writelines(lines)


@case("events in the middle can't be read", result="unknown")
def _(run):
    run.exchange(1000, TUN, EXIT, wire=False)
    run.exchange(2000, ETH, HOME, left="eth0", wire=False)
    run.exchange(3000, TUN, EXIT, wire=False)
    run.after = garbled


# --- where absence is not claimed ----------------------------------------------------------------------------------------------------
def is_nowhere(judge, document, name):
    judge.check(document["outcomes"]["not_on_wire"]["messages"] == 0 and document["outcomes"]["blocked_absent"]["messages"] == 0,
                f"{name}: what may have left elsewhere is not called absent", document["outcomes"])


@case("a socket bound to eth0's address, and only eth0 was captured", (HOME, "server", "eth0", None, "likely"), (ETH, "page", "eth0", "host_candidate", "likely"), result="leak")
def _(run):
    run.capture(("eth0",))
    run.exchange(1000, ETH, HOME, left="eth0", wire=False)
    run.look = is_nowhere


@case("a process in another network namespace", result="unknown", says="another network namespace")
def _(run):
    good(run)
    sandboxed = {**run.process, "pid": 200, "name": "sandboxed"}
    run.processes.append(run.row(sandboxed, other_network=True))
    run.exchange(2000, ETH, HOME, iface="eth0", wire=False, process=sandboxed)
    run.look = is_nowhere


@case("one that is only there, as a browser's renderers are", result="clean")
def _(run):
    good(run)
    run.processes.append(run.row({"pid": 200, "name": "renderer", "role": "renderer"}, other_network=True))


@case("an uplink that is given another name, and is captured no longer", (None, "server", "wan0", None, "likely"), result="leak")
def _(run):
    good(run)
    run.capture(("eth0", "tun0"))
    run.json["capture"]["later"] = True
    for us, verb, row in ((2000000, "changed", link("wan0", 2, up=False)), (2000001, "changed", link("wan0", 2))):
        run.change(us, verb, "interface", row)
        run.event("network", us, network={"what": "interface", "change": verb, "interface": row})
    run.exchange(6000000, ETH, None, left="wan0", wire=False, bound="0.0.0.0", source="route")
    run.look = is_nowhere


@case("what was answered has left, although the capture should have it and has not", (*LEFT, None, "sure"), result="leak")
def _(run):
    good(run)
    run.routes.append(route("198.51.100.0/24", "eth0", "192.168.1.1"))
    run.exchange(2000, ETH, HOME, left="eth0", wire=False, bound="0.0.0.0", source="route")
    run.look = is_nowhere


# --- bystanders ----------------------------------------------------------------------------------------------------------------------
def apart(judge, document, name):
    judge.check("around the shim" not in document["verdict"]["sentence"], f"{name}: nothing is said to have gone around the shim", document["verdict"])
    judge.check(document["verdict"]["strangers"] == 0, f"{name}: it does not count as the run's", document["verdict"])


@case("a bystander", result="clean")
def _(run):
    good(run).exchange(5000, ETH, HOME, left="eth0", shim=False)
    owner(run, 6000, 300, "chrome", False, (ETH, 40002), 2)
    run.look = apart


@case("a bystander with the run's own transaction id, from another port", result="clean")
def _(run):
    good(run)
    run.on_wire(5000, "eth0", True, (ETH, 50000), (STUN, 3478), 1)
    run.on_wire(6000, "eth0", False, (ETH, 50000), (STUN, 3478), 1, (HOME, 50000))
    owner(run, 6000, 300, "chrome", False, (ETH, 50000), 1)


@case("a bystander on eth0's address at the port that the run uses on the tunnel's", result="clean")
def _(run):
    good(run)
    run.on_wire(5000, "eth0", True, (ETH, 40001), (STUN, 3478), 9)
    run.on_wire(6000, "eth0", False, (ETH, 40001), (STUN, 3478), 9, (HOME, 40001))
    owner(run, 6000, 300, "chrome", False, (ETH, 40001), 9)


@case("a bystander's server tells what the tunnel shows, and the run leaks it", (*LEFT, None, "sure"), result="leak")
def _(run):
    uplink(run)
    run.on_wire(500, "tun0", True, (TUN, 50000), (STUN, 3478), 90)
    run.on_wire(600, "tun0", False, (TUN, 50000), (STUN, 3478), 90, (HOME, 50000))
    owner(run, 700, 300, "chrome", False, (TUN, 50000), 90)


# --- why, of what went around ----------------------------------------------------------------------------------------------------------
def why(*words):
    def look(judge, document, name):
        sentences = " ".join(leak["why"] for leak in document["leaks"])
        judge.check(all(word in sentences for word in words), f"{name}: it says no more than is known", sentences)
    return look


@case("a process without the shim is seen on the wire", (*LEFT, "stranger", "sure"), result="leak")
def _(run):
    good(run).exchange(5000, ETH, HOME, left="eth0", shim=False)
    uncovered(run)
    owner(run, 6000, 200, "pion", True, (ETH, 40002), 2)
    run.look = why("pion runs without rtcshim's library")


@case("a process with the shim goes around it", (*LEFT, "stranger", "sure"), result="leak")
def _(run):
    good(run).exchange(5000, ETH, HOME, left="eth0", shim=False)
    owner(run, 6000, 117, "firefox-esr", True, (ETH, 40002), 2)
    run.look = why("without the C library's functions")


@case("nobody knows who sent it", (*LEFT, "stranger", "likely"), result="leak")
def _(run):
    good(run).exchange(5000, ETH, HOME, left="eth0", shim=False)
    run.look = why("Which program sent it is not known")


@case("wg-quick's tunnel has its default route in a table of its own", (*LEFT, "default_route_elsewhere", "sure"), result="leak")
def _(run):
    run.routes = [route("0.0.0.0/0", "tun0", table=51820), route("0.0.0.0/0", "eth0", "192.168.1.1")]
    run.exchange(1000, ETH, HOME, left="eth0", bound="0.0.0.0", source="route")
    run.look = why("tun0's default route is in table 51820")


@case("a DNS question past the tunnel that nobody of the run is known to have asked", result="clean")
def _(run):
    good(run)
    run.packet(2000, "eth0", c.udp(ETH, 3333, "192.168.1.1", 53, bytes.fromhex("1234010000010000000000000474657374076578616d706c65036f72670000010001")))
    run.look = lambda judge, document, name: judge.check([row["certainty"] for row in document["dns"]] == ["likely"], f"{name}: is likely the run's", document["dns"])


@case("events were lost, and it may be among them", (*LEFT, "unknown", "likely"), result="leak")
def _(run):
    good(run).exchange(5000, ETH, HOME, left="eth0", shim=False)
    run.json["events_lost"] = 5
    run.look = lambda judge, document, name: judge.check("Events of the shim's were lost" in document["strangers"][0]["sentence"], f"{name}: which is said",
                                                         document["strangers"])


# --- others --------------------------------------------------------------------------------------------------------------------------
@case("a server on loopback and one of the machine's own", result="clean")
def _(run):
    good(run)
    run.exchange(2000, "127.0.0.1", "127.0.0.1", left="lo", remote=("127.0.0.1", 3478), wire=False)
    run.exchange(3000, ETH, ETH, left="lo", remote=(ETH, 3478), wire=False, bound="0.0.0.0", source="route")


@case("a temporary IPv6 address that came and went in the run", ("2001:db8:1::dead:beef", "server", "eth0", "no_ipv6_in_tunnel", "sure"), result="leak")
def _(run):
    temporary = {"iface": "eth0", "ip": "2001:db8:1::dead:beef", "prefix": 64}
    run.change(100, "added", "address", temporary)
    run.exchange(1000, temporary["ip"], temporary["ip"], left="eth0", remote=(STUN6, 3478), bound="::", source="route", wire=False)
    run.change(5000000, "removed", "address", temporary)


@case("the clock is set back in the middle", (*LEFT, None, "sure"), result="leak")
def _(run):
    run.routes.append(route("198.51.100.0/24", "eth0", "192.168.1.1"))
    run.exchange(1000, TUN, EXIT)
    run.exchange(-3600000000, ETH, HOME, left="eth0", bound="0.0.0.0", source="route")


def main(rtcshim, folder):
    judge = Judge(rtcshim, folder)
    for number, (name, build, expected, options, result, says) in enumerate(CASES):
        run = Run()
        build(run)
        path = run.write(f"{folder}/doubt{number}")
        if hasattr(run, "after"):
            run.after(path)
        document = judge.document(path, options)
        found = [(l["address"], l["learned_by"]["who"], l["iface"], l["reason"], l["certainty"]) for l in document["leaks"]]
        for leak in list(found):
            loose = (*leak[:3], None, leak[4])
            if leak not in expected and loose in expected:
                found[found.index(leak)] = loose
        judge.check(sorted(found, key=str) == sorted(expected, key=str), f"{name}: the verdict names what leaked and nothing else",
                    f"found {found}\n    expected {expected}")
        judge.check(document["verdict"]["result"] == result and (says or "") in document["verdict"]["sentence"], f"{name}: the result is {result}", document["verdict"])
        if hasattr(run, "look"):
            run.look(judge, document, name)
    return judge.finish()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
