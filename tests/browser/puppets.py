"""Browsers that load pages of the stage and stay: the ordinary user's, sandbox on, with or without rtcshim in front."""

import contextlib
import itertools
import json
import os
import subprocess
import time

from browsers import BROWSERS, CHROMIUM_MICROPHONE, find
from lab import stop
from processes import Watcher
from stage import PageFailed

_serial = itertools.count(1)
READY_S = 30
RENDERERS_LOOKS, SECCOMP_FILTER = 25, 2

# Host candidates in clear instead of as .local names: for an other end that nobody under test asks.
SHOW_ADDRESSES = {"firefox": {"media.peerconnection.ice.obfuscate_host_addresses": False},
                  "chromium": ["--disable-features=WebRtcHideLocalIpsWithMdns"]}

SETTINGS_NONE = {"firefox": {}, "chromium": []}
OPEN_PAGES = {"firefox": {"dom.disable_open_during_load": False}, "chromium": ["--disable-popup-blocking"]}


def under_rtcshim(lab, *options):
    """For Puppet's wrap: `rtcshim run` with these options; its folder is run-folder in the browser's home."""
    program = f"{lab.stage('rtcshim', 'librtcshim.so')}/rtcshim"
    return lambda command, home: [program, "run", "--quiet", *options, "-o", f"{home}/run-folder", "--", *command]


def plain(command, _):
    return command


def _proxied(name, proxy):
    host, port = proxy
    if name == "chromium":
        return [f"--proxy-server=http://{host}:{port}"]
    return {"network.proxy.type": 1, "network.proxy.http": host, "network.proxy.http_port": port, "network.proxy.ssl": host,
            "network.proxy.ssl_port": port}


def _grant_firefox(home, origin):
    path = f"{home}/permissions"
    with open(path, "w", encoding="ascii") as file:
        file.write(f"origin\tmicrophone\t1\t{origin}\n")
    return {"permissions.manager.defaultsUrl": f"file://{path}", "media.navigator.permission.disabled": True}


def _grant_chromium(home, origin):
    os.makedirs(f"{home}/profile/Default")
    with open(f"{home}/profile/Default/Preferences", "w", encoding="ascii") as file:
        json.dump({"profile": {"content_settings": {"exceptions": {"media_stream_mic": {f"{origin},*": {"setting": 1}}}}}}, file)
    return [flag for flag in CHROMIUM_MICROPHONE if "device" in flag]


class Puppet:
    """
    with Puppet(lab, stage, "firefox", {"near": "http://127.0.0.1:8000"}) as puppet: puppet.pages["near"].do(...)

    urls        the pages to load, by a name of the caller's: each is loaded from that origin
    microphone  the origin that may use the microphone; None for none
    proxy       (address, port) of an HTTP proxy
    wrap        wrap(command, home) puts a program in front of the browser
    place       place(command) puts it into a namespace
    settings    more of SHOW_ADDRESSES' kind
    """

    def __init__(self, lab, stage, name, urls, microphone=None, proxy=None, wrap=plain, place=lambda command: command,
                 settings=()):
        self.lab, self.stage, self.name, self.urls = lab, stage, name, urls
        self.wrap, self.place, self.proxy, self.microphone = wrap, place, proxy, microphone
        self.settings = settings
        serial = next(_serial)
        self.names = {key: f"{key}{serial}" for key in urls}
        self.pages = {key: stage.page(full) for key, full in self.names.items()}
        self.home, self.environment = "", {}

    def _urls(self):
        return [f"{origin}/?name={self.names[key]}" for key, origin in self.urls.items()]

    def _command(self, home):
        first = self._urls()[0]
        grant = {"firefox": _grant_firefox, "chromium": _grant_chromium}[self.name]
        more = [OPEN_PAGES[self.name], self.settings or SETTINGS_NONE[self.name]]
        if self.microphone:
            more.append(grant(home, self.microphone))
        if self.proxy:
            more.append(_proxied(self.name, self.proxy))
        settings = dict(itertools.chain(*(m.items() for m in more))) if self.name == "firefox" else list(itertools.chain(*more))
        return [find(self.name), *BROWSERS[self.name][1](home, first, False, settings)]

    def __enter__(self):
        self.home, self.environment = self.lab.home()
        command = self._command(self.home)
        subprocess.run(["chown", "-R", f"{os.stat(self.home).st_uid}:{os.stat(self.home).st_gid}", self.home], check=True)
        self.errors = open(f"{self.home}/stderr", "w+", encoding="utf-8", errors="replace")
        self.process = subprocess.Popen(self.place(self.lab.as_user(self.wrap(command, self.home))), env=self.environment, cwd=self.home,
                                        stdin=subprocess.DEVNULL, stdout=self.errors, stderr=self.errors)
        try:
            for page, url in zip(self.pages.values(), self._urls()):
                # A headless Chromium takes one page; that one opens the others.
                if page.name != next(iter(self.names.values())):
                    next(iter(self.pages.values())).do("open", url=url)
                if not page.met.wait(READY_S):
                    raise PageFailed(f"{self.name} did not load page {page.name} within {READY_S} s\n{self.said()[-2000:]}")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        stop(self.process, seconds=15)
        self.errors.close()
        for full in self.names.values():
            self.stage.forget(full)

    def said(self):
        with contextlib.suppress(ValueError):
            self.errors.flush()
        with open(f"{self.home}/stderr", encoding="utf-8", errors="replace") as file:
            return file.read()

    def policy_set(self, *words):
        """`rtcshim policy set` on this browser's session, by the same user."""
        command = [f"{self.lab.dir}/bin/rtcshim", "policy", "set", *words]     # under_rtcshim has put it there
        subprocess.run(self.lab.as_user(command), env=self.environment, check=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def renderers(self):
        """(pid, seccomp mode) of the processes that run pages now. One that has just been forked, for a page to come, gets its filter soon."""
        wanted = {"firefox": "-contentproc -isForBrowser", "chromium": "--type=renderer"}[self.name]
        for _ in range(RENDERERS_LOOKS):
            watcher = Watcher()
            watcher.look()
            found = [(p.pid, p.seccomp) for p in watcher.processes.values() if p.has_argument(wanted)]
            if found and all(mode == SECCOMP_FILTER for _, mode in found):
                break
            time.sleep(0.2)
        return found
