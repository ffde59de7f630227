#!/usr/bin/python3
"""
Make the golden captures again: `make.py [NAME]...` (all of SCENES without names). Takes about four minutes; needs both browsers, coturn and
dumpcap. Each capture is of both links of the client's namespace, tests/browser/tunnel.py; beside it NAME.pages.json holds what the pages
themselves say of their candidates and of the pair that they used. Then look at what `run.sh --update` makes of it.
"""

import json
import os
import pwd
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, f"{HERE}/../browser")
sys.dont_write_bytecode = True
import lab
import pcapng
from browsers import BROWSERS, find
from checks import fail_early, note, wait_for
from tunnel import GATEWAY_ETH0, TUNNEL_PORT, TunnelLab

PAGE_PORT = 8000
TURN_TCP_PORT = 80
SCENE_S = 90

# What brings the pages and the names is left out, also inside the tunnel: 8 bytes of UDP, 8 of VXLAN, 20 of IPv4, then the ports.
FILTER = (f"not (tcp port {PAGE_PORT}) and not (udp port 53) and "
          f"not (udp port {TUNNEL_PORT} and (udp[36:2] = 53 or udp[38:2] = 53 or udp[36:2] = {PAGE_PORT} or udp[38:2] = {PAGE_PORT}))")

STUN = {"urls": [f"stun:{lab.SERVER_V4}:{lab.TURN_PORT}", f"stun:[{lab.SERVER_V6}]:{lab.TURN_PORT}"]}


def turn(port, transport):
    return {"urls": f"turn:{lab.SERVER_V4}:{port}?transport={transport}", "username": lab.TURN_USER, "credential": lab.TURN_PASSWORD}


GATHER = {"iceServers": [STUN, turn(lab.TURN_PORT, "udp"), turn(lab.TURN_PORT, "tcp")]}
RELAY_UDP = {"iceServers": [turn(lab.TURN_PORT, "udp")], "iceTransportPolicy": "relay"}
RELAY_TCP_80 = {"iceServers": [turn(TURN_TCP_PORT, "tcp")], "iceTransportPolicy": "relay"}
DIRECT = {"iceServers": []}

# Firefox shows a page without a grant the local address from which it reaches the page's own server: over the tunnel, or in the LAN.
FAR, NEAR = lab.SERVER_V4, GATEWAY_ETH0

# name: (the pages' configuration, their server's address, {role: (browser, namespace)}).
SCENES = {}
for _name in BROWSERS:
    _alone = {"caller": (_name, "client"), "callee": (_name, "client")}
    _apart = {"caller": (_name, "client"), "callee": (_name, "server")}
    SCENES[f"{_name}-gather"] = (GATHER, FAR, {"solo": (_name, "client")})
    SCENES[f"{_name}-turn-udp"] = (RELAY_UDP, FAR, _alone)
    SCENES[f"{_name}-turn-tcp-80"] = (RELAY_TCP_80, FAR, _alone)
    SCENES[f"{_name}-direct"] = (DIRECT, NEAR, _apart)
SCENES["firefox-calls-chromium"] = (DIRECT, NEAR, {"caller": ("firefox", "client"), "callee": ("chromium", "server")})
# With `rtcshim-analyzer capture` in the place of dumpcap.
CAPTURED_BY_US = {"chromium-direct-ours"}
for _name in CAPTURED_BY_US:
    SCENES[_name] = SCENES[_name.removesuffix("-ours")]
# Chromium hides host candidates behind names that multicast DNS resolves. Firefox answers no such question here, so it shows its addresses.
FIREFOX_SHOWS_ADDRESSES = 'user_pref("media.peerconnection.ice.obfuscate_host_addresses", false);\n'


class GoldenLab(TunnelLab):
    """With a second coturn, on port 80 as where a firewall lets little through, and with room for a browser at the other end of eth0."""

    def _links(self):
        super()._links()
        # Without a default route Chromium finds no address of its own.
        self.server_run("ip", "route", "add", "default", "via", lab.CLIENT_ETH0)
        self.server_run("ip", "-6", "route", "add", "default", "via", lab.CLIENT_ETH0_V6)

    def _servers(self):
        super()._servers()
        self.start(self.in_server(
            "turnserver", "-n", "--listening-port", str(TURN_TCP_PORT), "--lt-cred-mech", "--user", f"{lab.TURN_USER}:{lab.TURN_PASSWORD}",
            "--realm", lab.TURN_REALM, "--no-tls", "--no-dtls", "--no-cli", "--log-file", f"{self.dir}/turn80.log", "--simple-log",
            "--pidfile", f"{self.dir}/turn80.pid", "--userdb", f"{self.dir}/turndb80", "--fingerprint", "--min-port", "40000",
            "--max-port", "49000", "--listening-ip", lab.SERVER_V4, "--relay-ip", lab.SERVER_V4))
        wait_for(lambda: lab.stun_answers(lab.SERVER_V4, TURN_TCP_PORT), 15, "coturn on port 80")

    def in_namespace(self, namespace, command):
        return self.in_server(*command) if namespace == "server" else command


def start_browser(lab_, name, namespace, url):
    home, environment = lab_.home()
    arguments = BROWSERS[name][1](home, url, False)
    if name == "firefox":
        with open(f"{home}/profile/user.js", "a", encoding="ascii") as file:
            file.write(FIREFOX_SHOWS_ADDRESSES)
    command = lab_.in_namespace(namespace, lab_.as_user([find(name), *arguments]))
    return subprocess.Popen(command, env=environment, cwd=home, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def play(lab_, config, address, ends):
    """Let the pages of a scene do what they do; returns their reports by role."""
    server = subprocess.Popen(lab_.in_namespace("server", [sys.executable, f"{HERE}/call_server.py", address, str(PAGE_PORT),
                                                           json.dumps(config), *ends]), stdout=subprocess.PIPE, text=True)
    processes = [server]
    try:
        server.stdout.readline()
        for role, where in ends.items():
            processes.append(start_browser(lab_, *where, f"http://{address}:{PAGE_PORT}/call.html?role={role}"))
        reports = json.loads(server.communicate(timeout=SCENE_S)[0])
    finally:
        for process in reversed(processes):
            lab.stop(process, seconds=10)
    failures = {role: report["failure"] for role, report in reports.items() if report["failure"]}
    if failures:
        raise RuntimeError(f"the pages failed: {failures}")
    return {role: dict(reports[role], browser=ends[role][0], namespace=ends[role][1]) for role in ends}


DUMPCAP = ["dumpcap", "-f", FILTER, "-i", "eth0", "-f", FILTER, "-i", "tun0", "-f", FILTER, "-w"]
OURS = [f"{HERE}/../../build/rtcshim-analyzer", "capture", "-i", "eth0,tun0", "-f", FILTER, "-w"]


class Capture:
    """with Capture(program, path): both links are captured. Ends a while after the last packet, so that nothing is left in a buffer."""

    def __init__(self, program, path):
        self.program = program
        self.path = path

    def __enter__(self):
        self.process = subprocess.Popen([*self.program, self.path],
                                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        said = ""
        for line in self.process.stderr:
            said += line
            if line.startswith("File:") or ": capturing on " in line:
                return self
        raise RuntimeError(f"{self.program[0]} ended: {said}")

    def __exit__(self, *_):
        sizes = []
        wait_for(lambda: sizes.append(os.path.getsize(self.path)) or (len(sizes) > 20 and len(set(sizes[-20:])) == 1), 30, "the last packets")
        lab.stop(self.process)
        self.process.stderr.close()


def maker():
    """Words that no capture may hold. A shorter one would be found by chance."""
    system = os.uname()
    words = {system.nodename, system.release, pwd.getpwuid(os.getuid()).pw_name, os.path.basename(os.path.expanduser("~")), os.environ.get("USER", "")}
    return sorted(word for word in words if len(word) >= 4)


def make(name):
    config, address, ends = SCENES[name]
    with GoldenLab() as lab_:
        if not lab_.nat:
            fail_early("this kernel has no NAT; the mapped addresses would be the local ones")
        path = f"{lab_.dir}/{name}.pcapng"
        with Capture(OURS if name in CAPTURED_BY_US else DUMPCAP, path):
            reports = play(lab_, config, address, ends)
        with open(path, "rb") as file:
            washed = pcapng.wash(file.read())
    told = [word for word in maker() if word.encode() in washed]
    if told:
        raise RuntimeError(f"the capture names what made it: {told}")
    with open(f"{HERE}/{name}.pcapng", "wb") as file:
        file.write(washed)
    with open(f"{HERE}/{name}.pages.json", "w", encoding="ascii") as file:
        json.dump(reports, file, indent=1)
        file.write("\n")
    pairs = {role: report["selected"] for role, report in reports.items()}
    note(f"{name}: {len(washed)} bytes, {sum(1 for _ in pcapng.packets(washed))} packets, {json.dumps(pairs)}")


def main(names):
    unknown = set(names) - set(SCENES)
    if unknown:
        fail_early(f"no such scene: {' '.join(sorted(unknown))}; there are {' '.join(SCENES)}")
    missing = [name for name in BROWSERS if not find(name)] + [tool for tool in ("dumpcap",) if shutil.which(tool) is None]
    if missing:
        fail_early(f"not installed: {' '.join(missing)}")
    if len(names) != 1:
        # A lab for each scene: coturn forgets its allocations, and no browser is left over.
        for name in names or SCENES:
            subprocess.run([sys.executable, os.path.abspath(__file__), name], check=True)
        return
    lab.enter(seconds=180)
    make(names[0])


if __name__ == "__main__":
    main(sys.argv[1:])
