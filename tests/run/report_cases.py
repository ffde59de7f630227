#!/usr/bin/python3
"""What `rtcshim report` says of runs that are made here: a case for each reason, each outcome, each kind of wanted path. A table of what
was expected and what was found is printed.

    report_cases.py RTCSHIM FOLDER      the folder is filled with runs
"""
import json
import os
import subprocess
import sys

import jsonschema

import captures as c
from report_runs import ETH, ETH6, EXIT, HOME, PEER, STUN, STUN6, TUN, Run, link, route, stamp

DOCS = os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "..", "docs")
CASES = []


def case(name, *expected, options=("--vpn", "tun0"), result=None, status=0):
    """expected: (address or None, who, iface, reason, certainty) of each leak, in any order."""
    def keep(build):
        CASES.append((name, build, list(expected), list(options), result, status))
        return build
    return keep


def good(run):
    """One exchange as wanted, which shows the tunnel's exit."""
    run.exchange(1000, TUN, EXIT)
    return run


# --- reasons -------------------------------------------------------------------------------------------------------------------------
@case("everything through the tunnel", result="clean")
def _(run):
    good(run)


@case("no STUN at all", result="clean")
def _(run):
    run.capture(("eth0", "tun0"))


@case("IPv6 beside an IPv4-only tunnel", (ETH6, "server", "eth0", "no_ipv6_in_tunnel", "sure"), (ETH6, "page", "eth0", "host_candidate", "likely"), result="leak")
def _(run):
    good(run).exchange(5000, ETH6, ETH6, left="eth0", remote=(STUN6, 3478))


@case("a default route that is not the tunnel's", (HOME, "server", "eth0", "default_route_elsewhere", "sure"))
def _(run):
    run.routes[0] = route("0.0.0.0/0", "tun0", "10.8.0.1", metric=200)
    run.routes.append(route("0.0.0.0/0", "eth0", "192.168.1.1", metric=50))
    run.exchange(1000, ETH, HOME, left="eth0", bound="0.0.0.0", source="route")


@case("a more specific route", (HOME, "server", "eth0", "more_specific_route", "sure"))
def _(run):
    run.routes.append(route("198.51.100.0/24", "eth0", "192.168.1.1"))
    run.exchange(1000, ETH, HOME, left="eth0", bound="0.0.0.0", source="route")


@case("a server on the link", ("192.168.1.23", "server", "eth0", "on_link", "sure"))
def _(run):
    run.exchange(1000, ETH, ETH, left="eth0", remote=("192.168.1.1", 3478), bound="0.0.0.0", source="route")


@case("an address that a rule routes", (HOME, "server", "eth0", "bound_address", "sure"), (ETH, "page", "eth0", "host_candidate", "likely"))
def _(run):
    run.routes.append(route("0.0.0.0/0", "eth0", "192.168.1.1", table=100))
    good(run).exchange(5000, ETH, HOME, left="eth0")


@case("eth0's address over tun0, with the answer over eth0", (HOME, "server", "eth0", "bound_address", "sure"), (ETH, "page", "eth0", "host_candidate", "likely"))
def _(run):
    good(run).exchange(5000, ETH, HOME, left="tun0", back="eth0")


@case("tun0's address over eth0, with the answer over tun0: what the server learned is the tunnel's", result="clean")
def _(run):
    run.routes.append(route(f"{STUN}/32", "eth0", "192.168.1.1"))
    run.exchange(5000, TUN, EXIT, left="eth0", back="tun0")


@case("the tunnel's own address, although the route is another and nothing was captured of it", result="clean")
def _(run):
    run.exchange(1000, TUN, EXIT, wire=False)
    run.exchange(5000, TUN, EXIT, left="eth0", bound="0.0.0.0", source="route", wire=False)


@case("a socket that was bound to a device", (HOME, "server", "eth0", "bound_device", "sure"))
def _(run):
    run.event("socket", 500, hook={"call": "setsockopt", "fd": 26, "result": 0, "errno": None, "caller": None},
              socket={"option": "SO_BINDTODEVICE", "iface": "eth0"})
    run.exchange(1000, ETH, HOME, left="eth0", source="pinned", bound="0.0.0.0")


@case("a tunnel that goes down", (HOME, "server", "eth0", "tunnel_down", "sure"))
def _(run):
    good(run)
    run.change(4000000, "removed", "route", run.routes[0])
    run.change(4000001, "changed", "interface", link("tun0", 3, up=False))
    run.change(4000002, "added", "route", route("0.0.0.0/0", "eth0", "192.168.1.1"))
    run.exchange(5000000, ETH, HOME, left="eth0", bound="0.0.0.0", source="route")


@case("before the tunnel goes down the reason is another", (HOME, "server", "eth0", "more_specific_route", "sure"))
def _(run):
    run.routes.append(route("198.51.100.0/24", "eth0", "192.168.1.1"))
    run.exchange(3000000, ETH, HOME, left="eth0", bound="0.0.0.0", source="route")
    run.change(4000001, "changed", "interface", link("tun0", 3, up=False))


@case("nothing that was recorded says why", (HOME, "server", "eth0", "unknown", "sure"))
def _(run):
    run.exchange(1000, ETH, HOME, left="eth0", bound="0.0.0.0", source="route")


@case("no answer, but the source says it", (ETH6, "server", "eth0", "no_ipv6_in_tunnel", "sure"))
def _(run):
    run.exchange(1000, ETH6, None, left="eth0", remote=(STUN6, 3478), bound="::", source="route")


@case("no answer, and a private source", (None, "server", "eth0", "default_route_elsewhere", "sure"))
def _(run):
    run.routes[0] = route("0.0.0.0/0", "eth0", "192.168.1.1")
    run.exchange(1000, ETH, None, left="eth0", bound="0.0.0.0", source="route")


# --- one witness ---------------------------------------------------------------------------------------------------------------------
@case("no capture, but the kernel named the route", (HOME, "server", "eth0", "more_specific_route", "sure"))
def _(run):
    run.routes.append(route("198.51.100.0/24", "eth0", "192.168.1.1"))
    run.exchange(1000, ETH, HOME, left="eth0", bound="0.0.0.0", source="route", wire=False)


@case("no capture, no other exit known, only the socket's address", (HOME, "server", "eth0", "bound_address", "likely"), (ETH, "page", "eth0", "host_candidate", "likely"))
def _(run):
    run.exchange(1000, ETH, HOME, left="eth0", iface="eth0", wire=False)


@case("no capture, and another address than the tunnel's: that may have more exits", (HOME, "server", "eth0", "bound_address", "likely"),
      (ETH, "page", "eth0", "host_candidate", "likely"))
def _(run):
    run.exchange(1000, TUN, EXIT, wire=False)
    run.exchange(5000, ETH, HOME, left="eth0", iface="eth0", wire=False)


@case("no capture, but the answer tells the interface's own address", (ETH6, "server", "eth0", "no_ipv6_in_tunnel", "sure"),
      (ETH6, "page", "eth0", "host_candidate", "likely"))
def _(run):
    run.exchange(5000, ETH6, ETH6, left="eth0", remote=(STUN6, 3478), wire=False)


@case("no capture, no answer", (ETH6, "server", "eth0", "no_ipv6_in_tunnel", "likely"))
def _(run):
    run.exchange(1000, ETH6, None, left="eth0", remote=(STUN6, 3478), bound="::", source="route", wire=False)


@case("no capture, and the call failed", result="clean")
def _(run):
    run.number = 1
    run.message(1000, True, (ETH6, 40001), (STUN6, 3478), 1, iface="eth0", source="route", bound="::", failed="ENETUNREACH")


# --- likely --------------------------------------------------------------------------------------------------------------------------
@case("a host candidate of another interface", (ETH, "page", "eth0", "host_candidate", "likely"), result="leak")
def _(run):
    good(run).exchange(5000, ETH, None, left="tun0")


@case("a host candidate that the policy hides is none", result="clean")
def _(run):
    run.json["policy"]["hidden"] = [{"iface": "eth0", "what": "interface"}]
    good(run).exchange(5000, ETH, None, left="tun0")


@case("a probe of ICE for the default address", (ETH6, "page", "eth0", "no_ipv6_in_tunnel", "likely"))
def _(run):
    run.event("probe", 1000, src_ip=ETH6, src_port=4000, dest_ip="2001:4860:4860::8888", dest_port=53, proto="UDP", direction="out", in_iface="eth0",
              iface_source="address", probe={"target": {"ip": "2001:4860:4860::8888", "port": 53}, "answer": {"ip": ETH6, "port": 4000}},
              hook={"call": "getsockname", "fd": 3, "result": 0, "errno": None, "caller": None}, verdict={"action": "allow", "rule": "observe:default"})


@case("a probe that asks whether there is IPv6 is no leak", result="clean")
def _(run):
    run.process["role"] = "network"
    run.event("probe", 1000, dest_ip="2001:4860:4860::8888", dest_port=443, proto="UDP", direction="out", in_iface="eth0", iface_source="address",
              probe={"target": {"ip": "2001:4860:4860::8888", "port": 443}, "answer": {"ip": ETH6, "port": 4000}},
              hook={"call": "getsockname", "fd": 3, "result": 0, "errno": None, "caller": None}, verdict={"action": "allow", "rule": "observe:default"})


@case("a look at the interfaces is no leak", result="clean")
def _(run):
    run.event("enumeration", 1000, hook={"call": "getifaddrs", "fd": None, "result": 0, "errno": None, "caller": None},
              enumeration={"via": "getifaddrs", "shown": [{"iface": "eth0", "ip": ETH}], "hidden": []}, verdict={"action": "allow", "rule": "observe:default"})


@case("multicast DNS of another interface's address", (ETH, "network", "eth0", "host_candidate", "likely"))
def _(run):
    run.event("mdns", 1000, src_ip=ETH, src_port=5353, dest_ip="224.0.0.251", dest_port=5353, proto="UDP", direction="out", in_iface="eth0",
              iface_source="route", hook={"call": "sendto", "fd": 3, "result": 99, "errno": None, "caller": None},
              mdns={"type": "answer", "answers": [{"name": "a403258c.local", "type": "A", "ttl": 120, "data": ETH}], "via": "udp"},
              verdict={"action": "allow", "rule": "observe:default"})


# --- outcomes ------------------------------------------------------------------------------------------------------------------------
@case("refused by the policy, and absent from the wire", result="clean")
def _(run):
    run.json["policy"].update(name="vpn", vpn="tun0")
    good(run)
    run.exchange(5000, ETH, None, left="eth0", wire=False, action="deny", bound="0.0.0.0", source="route")


@case("refused by the policy, yet on the wire", (None, "server", "eth0", "unknown", "sure"), result="fault")
def _(run):
    good(run).exchange(5000, ETH, None, left="eth0", action="deny", bound="0.0.0.0", source="route")


@case("dropped before the wire", result="clean")
def _(run):
    good(run).exchange(5000, ETH, None, left="eth0", wire=False, bound="0.0.0.0", source="route")


def owner(run, us, pid, name, of_run, local, txid, remote=(STUN, 3478)):
    run.event("owner", us, process={"pid": pid, "tid": None, "name": name, "thread": None, "role": None}, witness="wire", src_ip=local[0],
              src_port=local[1], dest_ip=remote[0], dest_port=remote[1], proto="UDP", direction="out", in_iface="eth0",
              owner={"inode": 77, "uid": 1000, "source": "sock_diag", "of_run": of_run, "txid": c.txid(txid).hex()})


@case("a process of the run that goes around the shim", (HOME, "server", "eth0", "stranger", "sure"), result="leak")
def _(run):
    good(run).exchange(5000, ETH, HOME, left="eth0", shim=False)
    run.processes.append(run.row({"pid": 200, "name": "pion", "role": None}, "static", reason="a static program", used_socket=True))
    owner(run, 6000, 200, "pion", True, (ETH, 40002), 2)


@case("another program of the machine is no leak of this run", result="clean")
def _(run):
    good(run).exchange(5000, ETH, HOME, left="eth0", shim=False)
    owner(run, 6000, 300, "chrome", False, (ETH, 40002), 2)


@case("nobody knows who sent it", (HOME, "server", "eth0", "stranger", "likely"))
def _(run):
    good(run).exchange(5000, ETH, HOME, left="eth0", shim=False)


@case("what was on the wire before the run is not the run's", result="clean")
def _(run):
    good(run).exchange(-500000, ETH, HOME, left="eth0", shim=False)


# --- the wanted path -----------------------------------------------------------------------------------------------------------------
def uplink(run):
    run.routes.append(route("198.51.100.0/24", "eth0", "192.168.1.1"))
    run.exchange(1000, ETH, HOME, left="eth0", bound="0.0.0.0", source="route")


SPLIT = (HOME, "server", "eth0", "more_specific_route", "sure")


@case("wanted: nothing says what", options=(), result="unknown")
def _(run):
    uplink(run)


@case("wanted: the policy's vpn", SPLIT, options=())
def _(run):
    run.json["policy"]["vpn"] = "tun0"
    uplink(run)


@case("wanted: a policy's rule", SPLIT, options=())
def _(run):
    run.json["policy"]["rules"] = [{"line": 3, "rule": "deny stun via !lo,!tun0 with best"}]
    uplink(run)


@case("wanted: a WireGuard link with the default route", SPLIT, options=())
def _(run):
    run.interfaces[2]["kind"] = "wireguard"
    uplink(run)


@case("wanted: a raw IP link with the default route", SPLIT, options=())
def _(run):
    run.interfaces[2].update(kind=None, link_type="none")
    uplink(run)


@case("wanted: two tunnels, of which one has the default route", SPLIT, options=())
def _(run):
    run.interfaces[2]["kind"] = "tun"
    run.interfaces.append(link("tun7", 7, "tun"))
    uplink(run)


@case("wanted: two tunnels, and nothing says which", options=(), result="unknown")
def _(run):
    run.interfaces[2]["kind"] = "tun"
    run.interfaces.append(link("tun7", 7, "tun"))
    run.routes[0]["iface"] = "eth0"
    uplink(run)


@case("wanted: the option goes before the policy", (EXIT, "server", "tun0", "default_route_elsewhere", "sure"), options=("--vpn", "eth0"))
def _(run):
    run.json["policy"]["vpn"] = "tun0"
    run.exchange(1000, TUN, EXIT, bound="0.0.0.0", source="route")


@case("wanted: an interface that the run did not have", options=("--vpn", "wg9"), result="unknown")
def _(run):
    run.capture(("eth0", "tun0"))


# --- what is not seen ----------------------------------------------------------------------------------------------------------------
@case("a process without the shim, and no capture", result="unknown")
def _(run):
    run.exchange(1000, TUN, EXIT, wire=False)
    run.processes.append(run.row({"pid": 200, "name": "pion", "role": None}, "static", reason="a static program", used_socket=True))


@case("a process without the shim, but the wire shows all", result="clean")
def _(run):
    good(run)
    run.processes.append(run.row({"pid": 200, "name": "pion", "role": None}, "static", reason="a static program", used_socket=True))


@case("a peer's check that comes in over the tunnel tells nothing of this machine", result="clean")
def _(run):
    good(run)
    run.on_wire(5000, "tun0", False, (TUN, 40001), (PEER, 5000), 99)


# --- judging -------------------------------------------------------------------------------------------------------------------------
class Judge:
    def __init__(self, rtcshim, folder):
        self.rtcshim, self.folder, self.passed, self.failed = rtcshim, folder, 0, 0
        with open(f"{DOCS}/report.schema.json", encoding="utf-8") as file:
            schema = json.load(file)
        jsonschema.Draft202012Validator.check_schema(schema)
        self.schema = jsonschema.Draft202012Validator(schema)

    def check(self, condition, name, why=""):
        self.passed, self.failed = self.passed + bool(condition), self.failed + (not condition)
        print(f"{'ok' if condition else 'not ok'} - {name}" + ("" if condition else f"\n    {why}"), flush=True)

    def report(self, folder, *options, status=0):
        done = subprocess.run([self.rtcshim, "report", *options, folder], stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
        if done.returncode != status:
            raise RuntimeError(f"status {done.returncode}: {done.stderr.decode()}")
        return done.stdout

    def document(self, folder, options):
        """As JSON, whether or not the folder is damaged."""
        done = subprocess.run([self.rtcshim, "report", "-j", *options, folder], stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
        if done.returncode not in (0, 1):
            raise RuntimeError(f"status {done.returncode}: {done.stderr.decode()}")
        return json.loads(done.stdout)

    def judge(self, number, name, build, expected, options, result, status):
        run = Run()
        build(run)
        folder = run.write(f"{self.folder}/case{number}")
        document = json.loads(self.report(folder, "-j", *options, status=status))
        wrong = [f"{'/'.join(map(str, e.absolute_path))}: {e.message[:200]}" for e in self.schema.iter_errors(document)]
        self.check(not wrong, f"{name}: the document is in its schema", wrong)
        found = [(l["address"], l["learned_by"]["who"], l["iface"], l["reason"], l["certainty"]) for l in document["leaks"]]
        for row in sorted(set(expected) | set(found), key=str):
            print(f"    {'expected' if row in expected else '        '} {'found' if row in found else '     '}  {row}")
        self.check(sorted(found, key=str) == sorted(expected, key=str), f"{name}: the verdict names what leaked and nothing else")
        if result:
            self.check(document["verdict"]["result"] == result, f"{name}: the result is {result}", document["verdict"])
        for leak in document["leaks"]:
            self.check(leak["advice"] and leak["why"] and leak["basis"] and (leak["evidence"]["events"] or leak["evidence"]["frames"]),
                       f"{name}: a leak has a why, a basis, evidence and advice", leak)
        return document

    def finish(self):
        print(f"{self.passed} passed, {self.failed} failed")
        return 1 if self.failed else 0


def further(judge, documents):
    """What the documents of some cases say beside the leaks."""
    fault = documents["refused by the policy, yet on the wire"]
    judge.check(len(fault["faults"]) == 1 and fault["faults"][0]["iface"] == "eth0" and fault["faults"][0]["evidence"]["frames"],
                "a fault has its interface and its frame", fault["faults"])
    judge.check(fault["outcomes"]["blocked_on_wire"]["messages"] == 1, "and is counted as such", fault["outcomes"])
    absent = documents["refused by the policy, and absent from the wire"]
    judge.check(absent["outcomes"]["blocked_absent"]["messages"] == 1 and not absent["faults"], "what was refused and is absent is no fault", absent["outcomes"])
    dropped = documents["dropped before the wire"]
    judge.check(dropped["outcomes"]["not_on_wire"]["messages"] == 1 and dropped["outcomes"]["confirmed"]["messages"] == 2,
                "what was dropped before the wire is not called confirmed", dropped["outcomes"])
    around = documents["a process of the run that goes around the shim"]
    stranger = around["strangers"][0]
    who = around["processes"][stranger["process"]]
    judge.check(len(around["strangers"]) == 1 and who["pid"] == 200 and stranger["uncovered"] and stranger["of_run"] and "pid 200" in stranger["sentence"],
                "what went around the shim is named with its pid", around["strangers"])
    judge.check([around["processes"][row["process"]]["pid"] for row in around["uncovered"]] == [200], "and stands among what is not covered", around["uncovered"])
    text = judge.report(f"{judge.folder}/case{list(documents).index('a process of the run that goes around the shim')}", "--brief", "--vpn", "tun0").decode()
    judge.check("Note: pion (pid 200) sent STUN" in text, "also in the verdict's text", text)
    bystander = documents["another program of the machine is no leak of this run"]
    judge.check(bystander["strangers"][0]["of_run"] is False and "another program" in bystander["strangers"][0]["sentence"],
                "a bystander is told apart", bystander["strangers"])
    split = documents["a more specific route"]["leaks"][0]
    judge.check("198.51.100.0/24 via 192.168.1.1 over eth0" in split["why"], "the route that did it is quoted", split["why"])
    judge.check(any("firefox-esr" in a["text"] for a in split["advice"]) and {a["where"] for a in split["advice"]} == {"rtcshim", "system", "Firefox"},
                "advice is for the browser that ran", split["advice"])
    rule = documents["an address that a rule routes"]["leaks"][0]
    judge.check("table 100" in rule["why"], "and so is the table that a rule chose", rule["why"])
    exits = documents["everything through the tunnel"]["path"]
    judge.check(exits["addresses"] == [EXIT] and exits["source"] == "option", "the wanted path's own address is known", exits)


def of_dns(judge):
    run = good(Run())
    for us, iface, source in ((2000, "eth0", ETH), (3000, "tun0", TUN)):
        query = bytes.fromhex("1234010000010000000000000474657374076578616d706c65036f72670000010001")
        run.packet(us, iface, c.udp(source, 3333, "192.168.1.1", 53, query))
    run.event("dns", 1900, dns={"type": "answer", "question": "test.example.org", "answers": [], "via": "getaddrinfo"},
              hook={"call": "getaddrinfo", "fd": None, "result": 0, "errno": None, "caller": None}, verdict={"action": "allow", "rule": "observe:default"})
    document = json.loads(judge.report(run.write(f"{judge.folder}/dns"), "-j", "--vpn", "tun0"))
    row = document["dns"][0] if document["dns"] else {}
    judge.check(len(document["dns"]) == 1 and row["question"] == "test.example.org" and row["server"] == "192.168.1.1" and row["iface"] == "eth0"
                and row["certainty"] == "sure" and document["processes"][row["process"]]["pid"] == 117,
                "a DNS question past the tunnel is told with its server and who asked; the one through it is not", document["dns"])
    judge.check(document["verdict"]["result"] == "clean", "and is beside the verdict", document["verdict"])


def of_browsers(judge):
    run = Run("chromium", "network")
    uplink(run)
    leak = json.loads(judge.report(run.write(f"{judge.folder}/chromium"), "-j", "--vpn", "tun0"))["leaks"][0]
    judge.check({a["where"] for a in leak["advice"]} == {"rtcshim", "system", "Chromium"}, "Chromium's advice is Chromium's", leak["advice"])
    run = Run("baresip", None)
    uplink(run)
    leak = json.loads(judge.report(run.write(f"{judge.folder}/other"), "-j", "--vpn", "tun0"))["leaks"][0]
    judge.check({a["where"] for a in leak["advice"]} == {"rtcshim", "system"}, "and another program gets no browser's", leak["advice"])


HOSTILE = "\x1b[31mred\x07<script>alert(1)</script>\u202e\\\n"


def of_strangers_text(judge):
    run = Run()
    run.process["name"] = HOSTILE
    run.json["command"] = [HOSTILE]
    run.json["browser"]["name"] = HOSTILE
    run.processes = [run.row(run.process, "static", reason=HOSTILE, used_socket=True)]
    run.software = HOSTILE
    uplink(run)
    run.exchange(7000, ETH6, ETH6, left="eth0", remote=(STUN6, 3478), shim=False)
    folder = run.write(f"{judge.folder}/hostile")
    for options in ((), ("--brief",), ("-j",)):
        text = judge.report(folder, "--vpn", "tun0", *options)
        bad = [b for b in text if (b < 32 and b != 10) or b == 127] + [m for m in (b"\xe2\x80\xae",) if m in text]
        judge.check(not bad and b"script" in text, f"hostile names do nothing but appear ({' '.join(options) or 'text'})", bad)
    document = json.loads(judge.report(folder, "--vpn", "tun0", "-j"))
    judge.check(document["processes"][0]["name"] == HOSTILE, "JSON keeps them as they were", document["processes"][0]["name"])
    found = [server["software"] for server in document["servers"]]
    judge.check(found == [HOSTILE, HOSTILE], "a server's SOFTWARE as well, whichever witness read it", found)
    judge.check(not list(judge.schema.iter_errors(document)), "in the schema")


def of_many(judge):
    """More exchanges than there are rows for: those that matter stay."""
    run = Run()
    for i in range(21000):
        run.exchange(i * 100, TUN, None, wire=False)
    run.routes.append(route("198.51.100.0/24", "eth0", "192.168.1.1"))
    run.exchange(1050000, ETH, HOME, left="eth0", bound="0.0.0.0", source="route", wire=False)
    document = json.loads(judge.report(run.write(f"{judge.folder}/many"), "-j", "--vpn", "tun0"))
    exchanges, columns = document["exchanges"], document["exchanges"]["columns"]
    starts = [row[columns.index("start_us")] for row in exchanges["rows"]]
    judge.check(len(exchanges["rows"]) + exchanges["left_out"] == 21001 and len(exchanges["rows"]) == 20000, "rows are bounded, the rest is counted",
                (len(exchanges["rows"]), exchanges["left_out"]))
    judge.check(any(row[columns.index("leak")] == 0 for row in exchanges["rows"]), "a leak's row is not left out")
    judge.check(starts == sorted(starts) and starts[0] < 1000 and starts[-1] > 2090000, "and they are spread over the run, in order", (starts[0], starts[-1]))
    judge.check(not list(judge.schema.iter_errors(document)), "in the schema")


def main(rtcshim, folder):
    judge = Judge(rtcshim, folder)
    documents = {}
    for number, (name, *rest) in enumerate(CASES):
        documents[name] = judge.judge(number, name, *rest)
    reasons = {leak["reason"] for document in documents.values() for leak in document["leaks"]}
    known = set(judge.schema.schema["properties"]["leaks"]["items"]["properties"]["reason"]["enum"])
    judge.check(reasons == known, "every reason has a case", known ^ reasons)
    further(judge, documents)
    of_dns(judge)
    of_browsers(judge)
    of_strangers_text(judge)
    of_many(judge)
    judge.check(stamp(0, "Z").startswith("2023-11-14T22:13:20"), "times are the captures'")
    return judge.finish()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
