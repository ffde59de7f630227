"""
The lab: two network namespaces that show what a browser behind an IPv4-only VPN gives away.

    client namespace                             server namespace
      eth0  192.168.1.23/24, 2001:db8:1::23/64  <->  192.168.1.1, 2001:db8:1::1     IPv6 default route
      tun0  10.8.0.2/24                         <->  10.8.0.1                       IPv4 default route
      lo    page server                              198.51.100.10, 2001:db8:ffff::10   coturn, DNS

Everything lives in namespaces of its own (network, mount, pid) that end with the script, also when it is killed: nothing is left on the
machine. As root the namespaces are plain ones and browsers run as an unused uid; as an ordinary user they hang on a user namespace, and
a nested one gives browsers the user's own uid back.

A script calls enter() first; what follows runs as the lab's root with the client namespace as its own.
"""

import contextlib
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile

from checks import fail_early, wait_for

CLIENT_ETH0, CLIENT_ETH0_V6, CLIENT_TUN0 = "192.168.1.23", "2001:db8:1::23", "10.8.0.2"
SERVER_V4, SERVER_V6, SERVER_NAME = "198.51.100.10", "2001:db8:ffff::10", "stun.example.org"
NAT = {CLIENT_TUN0: "203.0.113.8", CLIENT_ETH0: "203.0.113.23"}
TURN_USER, TURN_PASSWORD, TURN_REALM, TURN_PORT = "rtc", "shim", "example.org", 3478

INSIDE = "RTCSHIM_LAB_INSIDE"
NEEDS = {"unshare": "util-linux", "nsenter": "util-linux", "setpriv": "util-linux", "ip": "iproute2", "turnserver": "coturn", "nft": "nftables"}
TREE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def build_dir():
    return os.environ.get("BUILD", os.path.join(TREE, "build"))


def enter(seconds):
    """Run this script again inside fresh namespaces, for at most that long, and end with its status; returns where already inside."""
    if INSIDE in os.environ:
        _reap_for_child()
        return
    os.environ["PATH"] = os.environ.get("PATH", "/usr/bin:/bin") + ":/usr/sbin:/sbin"
    missing = sorted({package for tool, package in NEEDS.items() if shutil.which(tool) is None})
    if missing:
        fail_early("the lab needs: apt-get install " + " ".join(missing))
    user = [] if os.getuid() == 0 else ["--user", "--map-root-user"]
    command = ["unshare", *user, "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "--",
               sys.executable, *sys.argv]
    environment = dict(os.environ, **{INSIDE: f"{os.getuid()}:{os.getgid()}"})
    process = subprocess.Popen(command, env=environment)
    try:
        sys.exit(process.wait(timeout=seconds))
    except subprocess.TimeoutExpired:
        print(f"not ok - the script ended within {seconds} s", flush=True)
        process.kill()
        process.wait()
        sys.exit(1)


def _reap_for_child():
    """Be the pid namespace's init: wait for orphans while a child goes on with the script. Returns in the child."""
    child = os.fork()
    if child == 0:
        return
    while True:
        pid, status = os.wait()
        if pid == child:
            os._exit(os.waitstatus_to_exitcode(status) & 0xFF)


def run(*command, check=True):
    return subprocess.run(command, check=check, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def unused_uid():
    import pwd
    taken = {entry.pw_uid for entry in pwd.getpwall()}
    return next(uid for uid in range(61184, 65000) if uid not in taken)


class Lab(contextlib.ExitStack):
    """The running lab. with Lab() as lab: ..."""

    def __enter__(self):
        super().__enter__()
        outer_uid, outer_gid = (int(part) for part in os.environ[INSIDE].split(":"))
        self.as_root = outer_uid == 0
        self.uid = unused_uid() if self.as_root else outer_uid
        self.gid = self.uid if self.as_root else outer_gid
        try:
            self.dir = tempfile.mkdtemp(prefix="rtcshim-lab-", dir="/tmp")
            os.chmod(self.dir, 0o755)
            self.callback(shutil.rmtree, self.dir, ignore_errors=True)
            self._links()
            self._servers()
            self._resolver()
        except BaseException:
            self.close()
            raise
        return self

    # ---- network ----

    def in_server(self, *command):
        return ["nsenter", f"--net=/proc/{self.server_pid}/ns/net", "--", *command]

    def server_run(self, *command, check=True):
        return run(*self.in_server(*command), check=check)

    def _links(self):
        own = os.readlink("/proc/self/ns/net")
        holder = self.start(["unshare", "--net", "--", "sleep", "infinity"])
        self.server_pid = holder.pid
        wait_for(lambda: os.readlink(f"/proc/{holder.pid}/ns/net") != own, 10, "the server's namespace")
        for link in ("eth0", "tun0"):
            run("ip", "link", "add", link, "type", "veth", "peer", "name", f"s_{link}", "netns", str(holder.pid))
        self._sysctl()
        for command in (
                "link set lo up", "link set eth0 up", "link set tun0 up", "addr add 192.168.1.23/24 dev eth0",
                "addr add 2001:db8:1::23/64 dev eth0 nodad", "addr add 10.8.0.2/24 dev tun0"):
            run("ip", *command.split())
        for command in (
                "link set lo up", "link set s_eth0 up", "link set s_tun0 up", "addr add 192.168.1.1/24 dev s_eth0",
                "addr add 2001:db8:1::1/64 dev s_eth0 nodad", "addr add 10.8.0.1/24 dev s_tun0",
                f"addr add {SERVER_V4}/32 dev lo", f"addr add {SERVER_V6}/128 dev lo nodad"):
            self.server_run("ip", *command.split())
        run("ip", "route", "add", "default", "via", "10.8.0.1", "dev", "tun0")
        run("ip", "-6", "route", "add", "default", "via", "2001:db8:1::1", "dev", "eth0")
        self.nat = self._nat()

    def _sysctl(self):
        """A packet from eth0's address leaves through tun0 and its answer comes back through eth0: no reverse path filter may drop it."""
        script = ("for f in /proc/sys/net/ipv4/conf/*/rp_filter; do echo 0 >$f; done;"
                  "for f in /proc/sys/net/ipv6/conf/*/accept_dad; do echo 0 >$f; done")
        run("sh", "-c", script, check=False)
        # /proc/sys/net belongs to the namespace of the process that opens it.
        self.server_run("sh", "-c", script, check=False)

    def _nat(self):
        """Give each link an exit address of its own, as a home router and a VPN do. Kernels without NAT do without; returns whether it works."""
        rules = "".join(f"ip saddr {inside} snat to {outside}; " for inside, outside in NAT.items())
        text = f"table ip nat {{ chain input {{ type nat hook input priority 100; {rules} }}; }}"
        # An answer is routed before its address is turned back, so the exit addresses need routes.
        for inside, outside in NAT.items():
            self.server_run("ip", "route", "add", outside, "via", inside)
        return self.server_run("nft", text, check=False).returncode == 0

    # ---- servers ----

    def _servers(self):
        turn = ["turnserver", "-n", "--listening-port", str(TURN_PORT), "--lt-cred-mech", "--user", f"{TURN_USER}:{TURN_PASSWORD}",
                "--realm", TURN_REALM, "--no-tls", "--no-dtls", "--no-cli", "--log-file", f"{self.dir}/turn.log", "--simple-log",
                "--pidfile", f"{self.dir}/turn.pid", "--userdb", f"{self.dir}/turndb", "--fingerprint"]
        for address in (SERVER_V4, SERVER_V6):
            turn += ["--listening-ip", address, "--relay-ip", address]
        dns = [sys.executable, f"{TREE}/tests/browser/dns_server.py", SERVER_V4, f"{SERVER_NAME}={SERVER_V4}", f"{SERVER_NAME}={SERVER_V6}"]
        self.start(self.in_server(*turn))
        self.start(self.in_server(*dns))
        for address in (SERVER_V4, SERVER_V6):
            wait_for(lambda a=address: stun_answers(a), 15, f"coturn on {address}")
        wait_for(lambda: dns_answers(SERVER_V4, SERVER_NAME), 15, "the DNS server")

    def _resolver(self):
        path = f"{self.dir}/resolv.conf"
        with open(path, "w", encoding="ascii") as file:
            file.write(f"nameserver {SERVER_V4}\noptions timeout:2 attempts:2\n")
        run("mount", "--bind", path, os.path.realpath("/etc/resolv.conf"))

    # ---- processes ----

    def start(self, command, **options):
        """Start a process that ends with the lab."""
        options.setdefault("stdout", subprocess.DEVNULL)
        options.setdefault("stderr", subprocess.DEVNULL)
        process = subprocess.Popen(command, **options)
        self.callback(stop, process)
        return process

    def as_user(self, command):
        """The command as the ordinary user who runs browsers."""
        if self.as_root:
            return ["setpriv", f"--reuid={self.uid}", f"--regid={self.gid}", "--clear-groups", "--", *command]
        return ["unshare", "--user", f"--map-user={self.uid}", f"--map-group={self.gid}", "--", *command]

    def home(self):
        """A fresh folder of that user's own, and the environment that names it as HOME."""
        path = tempfile.mkdtemp(prefix="home-", dir=self.dir)
        for sub in ("run", "tmp"):
            os.mkdir(f"{path}/{sub}", 0o700)
        if self.as_root:
            for folder in (path, f"{path}/run", f"{path}/tmp"):
                os.chown(folder, self.uid, self.gid)
        keep = {name: os.environ[name] for name in ("PATH", "LANG", "TERM") if name in os.environ}
        return path, dict(keep, HOME=path, XDG_RUNTIME_DIR=f"{path}/run", TMPDIR=f"{path}/tmp", NO_COLOR="1")

    def stage(self, *names):
        """Copy built programs to where the ordinary user can reach them; returns the folder."""
        folder = f"{self.dir}/bin"
        os.makedirs(folder, exist_ok=True)
        for name in names:
            shutil.copy(os.path.join(build_dir(), name), folder)
        return folder


def stop(process, seconds=5):
    """End a process that we started: SIGTERM, then SIGKILL."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            process.kill()
    return process.wait()


def _ask(address, port, question):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as sock:
        sock.settimeout(0.3)
        try:
            sock.connect((address, port))
            sock.send(question)
            return sock.recv(2048)
        except OSError:
            return b""


def stun_answers(address, port=TURN_PORT):
    request = struct.pack("!HHI12s", 1, 0, 0x2112A442, os.urandom(12))
    return _ask(address, port, request)[8:20] == request[8:]


def dns_answers(address, name):
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    answer = _ask(address, 53, struct.pack("!6H", 0x7274, 0x0100, 1, 0, 0, 0) + labels + struct.pack("!xHH", 1, 1))
    return len(answer) > 12 and struct.unpack("!H", answer[6:8])[0] > 0


def ice_options():
    """What rtcshim-lab hands to the page: STUN by name (so that DNS is asked) and by address, TURN over UDP and TCP."""
    urls = [f"stun:{SERVER_NAME}:{TURN_PORT}", f"stun:[{SERVER_V6}]:{TURN_PORT}",
            f"turn:{SERVER_V4}:{TURN_PORT}?transport=udp", f"turn:{SERVER_V4}:{TURN_PORT}?transport=tcp"]
    options = ["--user", TURN_USER, "--password", TURN_PASSWORD]
    for url in urls:
        options += ["--ice", url]
    return options


if __name__ == "__main__":
    # By hand: `python3 tests/browser/lab.py COMMAND...` runs a command in the lab (a shell by default).
    enter(24 * 3600)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with Lab() as the_lab:
        print(f"lab in {the_lab.dir}, NAT {'on' if the_lab.nat else 'off'}, browsers run as uid {the_lab.uid}", flush=True)
        sys.exit(subprocess.call(sys.argv[1:] or ["sh"]))
