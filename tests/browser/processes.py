"""Remembers every process and thread of the lab while a browser runs, as the kernel tells it: the truth that events are held against."""

import os
import threading


def _read(path):
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return b""


def _status(path):
    fields = {}
    for line in _read(path).decode("utf-8", "replace").splitlines():
        name, _, value = line.partition(":")
        fields[name] = value.strip()
    return fields


def _link(path):
    try:
        return os.readlink(path)
    except OSError:
        return ""


def alive():
    """The pids of all processes that run, zombies left out."""
    pids = {int(entry) for entry in os.listdir("/proc") if entry.isdigit()}
    return {pid for pid in pids if _status(f"/proc/{pid}/status").get("State", "Z")[0] not in "ZX"}


class Process:
    """What was seen of one process. Threads, names and command lines change while it runs, so all that were seen are kept."""

    def __init__(self, pid):
        self.pid = pid
        self.parent = 0
        self.names = set()
        self.cmdlines = set()
        self.threads = {}       # tid -> names
        self.seccomp = 0        # the strongest mode seen in its main thread: 2 is a filter
        self.ns_pid = pid       # as it sees itself
        self.user_ns = self.pid_ns = self.net_ns = ""
        self.exe = ""

    def has_argument(self, text):
        return any(text in line for line in self.cmdlines)


class Watcher:
    """with Watcher() as watcher: ...; then watcher.processes by pid."""

    EVERY_S = 0.05

    def __init__(self):
        self.processes = {}
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._loop, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._end.set()
        self._thread.join()

    def _loop(self):
        while not self._end.wait(self.EVERY_S):
            self.look()

    def look(self):
        for entry in os.listdir("/proc"):
            if entry.isdigit():
                self._look_at(int(entry))

    def _look_at(self, pid):
        root = f"/proc/{pid}"
        status = _status(f"{root}/status")
        if not status:
            return
        process = self.processes.setdefault(pid, Process(pid))
        process.parent = int(status.get("PPid", 0))
        process.names.add(status.get("Name", ""))
        process.seccomp = max(process.seccomp, int(status.get("Seccomp", 0)))
        process.ns_pid = int(status.get("NSpid", str(pid)).split()[-1])
        cmdline = _read(f"{root}/cmdline").replace(b"\0", b" ").decode("utf-8", "replace").strip()
        if cmdline:
            process.cmdlines.add(cmdline)
        process.exe = _link(f"{root}/exe") or process.exe
        process.user_ns = _link(f"{root}/ns/user") or process.user_ns
        process.pid_ns = _link(f"{root}/ns/pid") or process.pid_ns
        process.net_ns = _link(f"{root}/ns/net") or process.net_ns
        try:
            tids = os.listdir(f"{root}/task")
        except OSError:
            return
        for tid in tids:
            name = _read(f"{root}/task/{tid}/comm").decode("utf-8", "replace").rstrip("\n")
            if name:
                process.threads.setdefault(int(tid), set()).add(name)
