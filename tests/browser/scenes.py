"""
Five networks in which WebRTC walks past a VPN, and one in which it does not, made from the lab and back. In each, tun0 is the VPN and the rest of the client's links are not.

with SceneLab() as lab: with lab.scene("uplink") as scene: ...
"""

import contextlib
import ipaddress
import json
import os
import sys

import lab
from checks import wait_for
from lab import Lab, run

STUN_SPLIT = "198.51.100.20"        # a second STUN server, reached by a route of its own in one of the scenes
PEER = "192.0.2.10"
PROXY = ("10.8.0.1", 3128)
PAGE_PORT, PAGE_NAME = 8000, "page.example.org"
VPN, OUTSIDE = "tun0", "eth0"

_NO_IPV6 = (("-6 route delete default", "-6 route add default via 2001:db8:1::1 dev eth0"),
            ("-6 addr delete 2001:db8:1::23/64 dev eth0", "-6 addr add 2001:db8:1::23/64 dev eth0 nodad"))


class Scene:
    """
    name, title
    steps       (command that makes it, command that undoes it or None) for ip(8) in the client's namespace
    mic_only    the leak needs a page that may use the microphone (then ICE looks at every interface)
    leak        what a leak shows: "page" for an address of another interface, "wire" for STUN on another link, "none" where there is none
    far         origin of a page of another server, "" for none
    """

    def __init__(self, name, title, steps, leak, mic_only=False, far="", proxy=None):
        self.name, self.title, self.steps, self.leak, self.mic_only, self.far, self.proxy = name, title, steps, leak, mic_only, far, proxy
        self.links = []     # all but lo; known while it stands, as are:
        self.hidden, self.exits = [], []    # the addresses that are none of the VPN's business, and those of them that servers see


SCENES = {scene.name: scene for scene in (
    # Firefox uses IPv6 only where it may look at every interface.
    Scene("ipv6", "IPv6 beside an IPv4-only tunnel", (), "page"),
    Scene("uplink", "a second uplink that is routed by source address", (
        *_NO_IPV6, ("route add default via 192.168.1.1 dev eth0 table 100", "route flush table 100"),
        ("rule add from 192.168.1.23 lookup 100", "rule delete from 192.168.1.23 lookup 100")), "wire", mic_only=True),
    Scene("split", "a STUN server that is reached by a split route", (
        *_NO_IPV6, (f"route add {STUN_SPLIT} via 192.168.1.1 dev eth0", f"route delete {STUN_SPLIT}")), "wire",
        far=f"http://{STUN_SPLIT}:{PAGE_PORT}"),
    Scene("proxy", "a proxy behind the tunnel, and UDP direct", (
        *_NO_IPV6, ("route add default via 10.8.0.1 dev tun0 metric 200", "route delete default dev tun0 metric 200"),
        ("route delete default via 10.8.0.1 dev tun0 metric 0", "route add default via 10.8.0.1 dev tun0"),
        ("route add default via 192.168.1.1 dev eth0 metric 50", "route delete default dev eth0")), "wire",
        far=f"http://{PAGE_NAME}", proxy=PROXY),
    Scene("many", "several extra interfaces: bridges and a second VPN", (
        *_NO_IPV6,
        ("link add docker0 type bridge", "link delete docker0"), ("link add port0 type veth peer name port1", "link delete port0"),
        ("link set port0 master docker0 up", None), ("link set port1 up", None), ("addr add 172.17.0.1/16 dev docker0", None),
        ("link set docker0 up", None),
        ("link add br-lan type bridge", "link delete br-lan"), ("addr add 172.20.0.1/24 dev br-lan", None), ("link set br-lan up", None),
        ("link add tun1 type veth peer name s_tun1 netns SERVER", "link delete tun1"), ("addr add 10.9.0.2/24 dev tun1", None),
        ("link set tun1 up", None), ("route add 10.99.0.0/16 via 10.9.0.1 dev tun1", None)), "page", mic_only=True),
)}

# And one in which nothing leaks: what a page without a grant does goes through the tunnel.
CLEAN = Scene("clean", "a tunnel that carries all there is", _NO_IPV6, "none")


class SceneLab(Lab):
    """The lab with a third namespace behind the server's, for the other end of a call: 192.0.2.10."""

    def _links(self):
        super()._links()
        self.server_run("ip", "addr", "add", f"{STUN_SPLIT}/32", "dev", "lo")
        holder = self.start(self.in_server("unshare", "--net", "--", "sleep", "infinity"))
        self.peer_namespace = f"/proc/{holder.pid}/ns/net"
        own = os.readlink(f"/proc/{self.server_pid}/ns/net")
        wait_for(lambda: os.readlink(self.peer_namespace) not in (own, os.readlink("/proc/self/ns/net")), 10, "the peer's namespace")
        self.server_run("ip", "link", "add", "s_peer", "type", "veth", "peer", "name", "eth0", "netns", str(holder.pid))
        for command in ("addr add 192.0.2.1/24 dev s_peer", "link set s_peer up"):
            self.server_run("ip", *command.split())
        for command in ("link set lo up", f"addr add {PEER}/24 dev eth0", "link set eth0 up", "route add default via 192.0.2.1"):
            run(*self.in_peer(["ip", *command.split()]))
        self._sysctl()
        self.server_run("sh", "-c", "echo 1 >/proc/sys/net/ipv4/ip_forward")

    def _servers(self):
        super()._servers()
        self.start(self.in_server(f"{self.stage('rtcshim-lab')}/rtcshim-lab", "--stun", f"{STUN_SPLIT}:{lab.TURN_PORT}"))
        wait_for(lambda: lab.stun_answers(STUN_SPLIT), 15, "the second STUN server")

    @property
    def server_namespace(self):
        return f"/proc/{self.server_pid}/ns/net"

    def in_peer(self, command):
        return ["nsenter", f"--net={self.peer_namespace}", "--", *command]

    def exits(self):
        """The exit addresses of the links that are not the VPN, where the kernel has NAT."""
        return [outside for inside, outside in lab.NAT.items() if inside != lab.CLIENT_TUN0] if self.nat else []

    @contextlib.contextmanager
    def scene(self, name):
        scene = CLEAN if name == CLEAN.name else SCENES[name]
        with contextlib.ExitStack() as undo:
            for make, back in scene.steps:
                run("ip", *make.replace("SERVER", str(self.server_pid)).split())
                if back:
                    undo.callback(run, "ip", *back.split())
            if name == "many":
                self.server_run("ip", "addr", "add", "10.9.0.1/24", "dev", "s_tun1")
                self.server_run("ip", "link", "set", "s_tun1", "up")
            self._sysctl()
            found = json.loads(run("ip", "-json", "addr").stdout)
            scene.links = [link["ifname"] for link in found if link["ifname"] != "lo" and "UP" in link["flags"]]
            scene.exits = self.exits()
            scene.hidden = scene.exits + [str(ipaddress.ip_address(a["local"])) for link in found if link["ifname"] not in ("lo", VPN)
                                           for a in link["addr_info"]]
            yield scene


if __name__ == "__main__":
    # By hand: `python3 tests/browser/scenes.py SCENE COMMAND...` runs a command in that network.
    import subprocess
    lab.enter(24 * 3600)
    with SceneLab() as the_lab, the_lab.scene(sys.argv[1]):
        sys.exit(subprocess.call(sys.argv[2:] or ["sh"]))
