"""Starts real browsers, sandbox on, at the lab's page, and tells what became of them."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import time

from lab import ice_options, stop
from processes import Watcher, alive

# Nothing that talks to the network on the browser's own account: only the page's traffic is to be measured.
FILTER_LOOKS, SECCOMP_FILTER = 25, 2

FIREFOX_PREFS = {
    "app.normandy.enabled": False, "app.update.auto": False, "app.update.enabled": False,
    "browser.aboutwelcome.enabled": False, "browser.safebrowsing.malware.enabled": False,
    "browser.safebrowsing.phishing.enabled": False, "browser.shell.checkDefaultBrowser": False,
    "browser.startup.homepage_override.mstone": "ignore", "datareporting.policy.dataSubmissionEnabled": False,
    "dom.push.connection.enabled": False, "extensions.update.enabled": False, "media.gmp-manager.url": "",
    "media.navigator.streams.fake": True, "network.captive-portal-service.enabled": False, "network.connectivity-service.enabled": False,
    "services.settings.server": "http://127.0.0.1:9/", "toolkit.telemetry.enabled": False,
    "toolkit.telemetry.server": "", "toolkit.telemetry.unified": False,
}
# A page that may use the microphone is also shown the addresses of every interface, so this is set for those visits alone.
FIREFOX_MICROPHONE = {"media.navigator.permission.disabled": True, "permissions.default.microphone": 1}
CHROMIUM_FLAGS = ["--headless=new", "--disable-background-networking", "--disable-component-update", "--disable-sync",
                  "--no-first-run", "--no-default-browser-check", "--password-store=basic"]
CHROMIUM_MICROPHONE = ["--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"]


def _firefox(home, url, microphone, settings):
    profile = f"{home}/profile"
    os.mkdir(profile)
    with open(f"{profile}/user.js", "w", encoding="ascii") as file:
        for name, value in {**FIREFOX_PREFS, **(FIREFOX_MICROPHONE if microphone else {}), **(settings or {})}.items():
            file.write(f"user_pref({json.dumps(name)}, {json.dumps(value)});\n")
    shutil.chown(profile, os.stat(home).st_uid, os.stat(home).st_gid)
    return ["--headless", "--no-remote", "--profile", profile, url]


def _chromium(home, url, microphone, settings):
    return [*CHROMIUM_FLAGS, *(CHROMIUM_MICROPHONE if microphone else []), *(settings or []), f"--user-data-dir={home}/profile", url]


BROWSERS = {
    "firefox": (("firefox-esr", "firefox"), _firefox),
    "chromium": (("chromium", "chromium-browser"), _chromium),
}


def find(name):
    """The browser's program, None where it is not installed."""
    return next(filter(None, (shutil.which(program) for program in BROWSERS[name][0])), None)


class Visit:
    """One browser's visit to the page."""

    def __init__(self):
        self.home = ""
        self.result = None          # what the page posted; None where it never did
        self.status = None          # of the outermost command
        self.stderr = ""
        self.processes = {}         # pid -> processes.Process
        self.alive_at_result = set()  # pids that lived when the page had reported

    def renderers(self):
        """Processes that run pages: every Chromium renderer, every Firefox content process."""
        return [p for p in self.processes.values() if p.has_argument("--type=renderer") or p.has_argument("-contentproc -isForBrowser")]

    def renderers_died(self):
        """Renderers that had gone before the page reported."""
        return [p.pid for p in self.renderers() if p.pid not in self.alive_at_result]


def visit(lab, name, microphone=False, mode="gather", wrap=lambda command, home: command, signal_depth=0, seconds=60, settings=None,
          gather_seconds=None):
    """
    Let browser `name` load the page of a fresh rtcshim-lab and wait for its result. wrap(command, home) may put a program in front of the
    browser; it runs as the ordinary user too. At the end SIGTERM goes to that program's child of depth signal_depth, for a program that
    keeps signals to itself (strace: 1). settings: Firefox's preferences (a dict) or Chromium's flags (a list), besides the usual ones.
    gather_seconds: how long the page waits for gathering to end.
    """
    outcome = Visit()
    outcome.home, environment = lab.home()
    home = outcome.home
    server_command = [f"{lab.stage('rtcshim-lab')}/rtcshim-lab", "--once", "--timeout", str(seconds), "--mode", mode, *ice_options()]
    if microphone:
        server_command.append("--microphone")
    if gather_seconds:
        server_command += ["--gather", str(gather_seconds)]
    errors = open(f"{home}/stderr", "w+", encoding="utf-8", errors="replace")
    with errors, Watcher() as watcher:
        server = subprocess.Popen(server_command, stdout=subprocess.PIPE, text=True)
        url = json.loads(server.stdout.readline())["http"]
        program, arguments = find(name), BROWSERS[name][1](home, url, microphone, settings)
        browser = subprocess.Popen(lab.as_user(wrap([program, *arguments], home)), env=environment, cwd=home,
                                   stdin=subprocess.DEVNULL, stdout=errors, stderr=errors)
        try:
            line = server.stdout.readline()
            outcome.result = json.loads(line) if line else None
            watcher.look()
            outcome.alive_at_result = alive()
            outcome.processes = watcher.processes
            # One that was just forked, for a page to come, gets its filter soon.
            for _ in range(FILTER_LOOKS):
                if all(p.seccomp == SECCOMP_FILTER for p in outcome.renderers() if p.pid in outcome.alive_at_result):
                    break
                time.sleep(0.2)
                watcher.look()
        finally:
            outcome.status = _end_browser(browser, watcher, signal_depth)
            server_status = stop(server)
            server.stdout.close()
        errors.seek(0)
        outcome.stderr = errors.read()
    outcome.processes = watcher.processes
    if outcome.result is None:
        outcome.stderr += f"\n(no result: rtcshim-lab ended with status {server_status}, the browser with {outcome.status})"
    return outcome


def _descendants(watcher, root):
    children = {root}
    while True:
        more = {p.pid for p in watcher.processes.values() if p.parent in children} - children
        if not more:
            return children
        children |= more


def _child_of(pid):
    try:
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
            return int(file.read().split()[0])
    except (OSError, IndexError):
        return pid


def _end_browser(browser, watcher, signal_depth, seconds=20):
    """SIGTERM to the outermost program, which passes it on; SIGKILL to what is left of its tree."""
    if browser.poll() is None:
        target = browser.pid
        for _ in range(signal_depth):
            target = _child_of(target)
        os.kill(target, signal.SIGTERM)
    try:
        browser.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        watcher.look()
        for pid in _descendants(watcher, browser.pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
    return browser.wait()
