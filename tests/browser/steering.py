"""
Real browsers, headless and sandboxed, steered from outside while they show a file: what a person does with mouse, keyboard and printer.

Chromium is spoken to in the DevTools protocol over a pipe, Firefox in Marionette's over a socket on loopback; both are part of the browsers.

with Chromium(desk) as browser: browser.open(path); browser.run("return document.title")
"""

import base64
import itertools
import json
import os
import select
import socket
import subprocess
import time

import lab
from browsers import BROWSERS, find

READY_S, ANSWER_S = 60, 60
KEYS = {"Enter": ("\r", 13), "ArrowLeft": ("", 37), "ArrowUp": ("", 38), "ArrowRight": ("", 39), "ArrowDown": ("", 40), "Tab": ("", 9), "Escape": ("", 27)}
FIREFOX_KEYS = {"Enter": "\ue007", "ArrowLeft": "\ue012", "ArrowUp": "\ue013", "ArrowRight": "\ue014", "ArrowDown": "\ue015", "Tab": "\ue004", "Escape": "\ue00c"}


class Desk(lab.Lab):
    """A lab without network and servers: a user with a home, and loopback."""

    def _links(self):
        lab.run("ip", "link", "set", "lo", "up")

    def _servers(self):
        pass

    def _resolver(self):
        pass


class BrowserFailed(RuntimeError):
    pass


class _Browser:
    name = ""

    def __init__(self, desk):
        self.desk = desk
        self.serial = itertools.count(1)

    def _start(self, command, **options):
        with open(f"{self.home}/stderr", "wb") as errors:
            return subprocess.Popen(command, env=self.environment, cwd=self.home, stdin=subprocess.DEVNULL, stdout=errors, stderr=errors, **options)

    def __enter__(self):
        self.home, self.environment = self.desk.home()
        try:
            self._launch()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if getattr(self, "process", None):
            lab.stop(self.process, seconds=10)

    def said(self):
        with open(f"{self.home}/stderr", encoding="utf-8", errors="replace") as file:
            return file.read()[-2000:]

    def put(self, html):
        """A file of the user's own; returns its path."""
        path = f"{self.home}/report.html"
        with open(path, "wb") as file:
            file.write(html)
        os.chmod(path, 0o644)
        return path


class Chromium(_Browser):
    name = "chromium"

    def __init__(self, desk, flags=()):
        super().__init__(desk)
        self.flags = list(flags)
        self.events, self.buffer = [], b""

    def _launch(self):
        to_browser, self.out = os.pipe()
        self.incoming, from_browser = os.pipe()
        command = [find("chromium"), *BROWSERS["chromium"][1](self.home, "about:blank", False, ["--remote-debugging-pipe", *self.flags])]
        # The browser wants its pipe at 3 and 4.
        script = f'exec {{in}}<&{to_browser} {{out}}>&{from_browser}; exec 3<&"$in" 4>&"$out" {{in}}<&- {{out}}>&-; exec "$@"'
        self.process = self._start(["bash", "-c", script, "bash", *self.desk.as_user(command)], pass_fds=[to_browser, from_browser])
        os.close(to_browser)
        os.close(from_browser)
        target = next(t for t in self.ask("Target.getTargets", session=None)["targetInfos"] if t["type"] == "page")
        self.session = self.ask("Target.attachToTarget", session=None, targetId=target["targetId"], flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.ask(f"{domain}.enable")

    def __exit__(self, *_):
        super().__exit__()
        for end in (self.out, self.incoming):
            os.close(end)

    def _receive(self, deadline):
        while b"\0" not in self.buffer:
            if not select.select([self.incoming], [], [], max(0, deadline - time.monotonic()))[0]:
                raise BrowserFailed(f"chromium does not answer\n{self.said()}")
            data = os.read(self.incoming, 1 << 20)
            if not data:
                raise BrowserFailed(f"chromium has gone\n{self.said()}")
            self.buffer += data
        message, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(message)

    def ask(self, method, session="", **parameters):
        number = next(self.serial)
        message = {"id": number, "method": method, "params": parameters}
        if session is not None:
            message["sessionId"] = session or self.session
        os.write(self.out, json.dumps(message).encode() + b"\0")
        deadline = time.monotonic() + ANSWER_S
        while True:
            answer = self._receive(deadline)
            if answer.get("id") != number:
                self.events.append(answer)
            elif "error" in answer:
                raise BrowserFailed(f"{method}: {answer['error']}")
            else:
                return answer["result"]

    def open(self, path):
        self.events.clear()
        self.ask("Page.navigate", url=f"file://{path}")
        deadline = time.monotonic() + ANSWER_S
        while not any(e.get("method") == "Page.loadEventFired" for e in self.events):
            self.events.append(self._receive(deadline))

    def run(self, body):
        done = self.ask("Runtime.evaluate", expression=f"(async () => {{ {body} }})()", awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in done:
            raise BrowserFailed(done["exceptionDetails"].get("exception", {}).get("description", "exception"))
        return done["result"].get("value")

    def complaints(self):
        """What the page or the browser wrote on the console, and errors nobody caught."""
        self.run("return 0")
        kinds = {"Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded"}
        return [e["params"] for e in self.events if e.get("method") in kinds]

    def requests(self):
        self.run("return 0")
        of = lambda kind: [e["params"] for e in self.events if e.get("method") == f"Network.{kind}"]
        stopped = {e["requestId"] for e in of("loadingFailed") if e.get("blockedReason") == "csp"}
        return [e["request"]["url"] for e in of("requestWillBeSent") if e["requestId"] not in stopped]

    def key(self, name):
        text, code = KEYS.get(name, (name, ord(name.upper()[0])))
        event = {"key": name, "windowsVirtualKeyCode": code, "text": text} if text else {"key": name, "windowsVirtualKeyCode": code}
        self.ask("Input.dispatchKeyEvent", type="keyDown" if text else "rawKeyDown", **event)
        self.ask("Input.dispatchKeyEvent", type="keyUp", key=name, windowsVirtualKeyCode=code)

    def point(self, x, y, press=False):
        self.ask("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)
        if press:
            for kind in ("mousePressed", "mouseReleased"):
                self.ask("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def drag(self, x, y, by):
        for kind, at in (("mouseMoved", x), ("mousePressed", x), ("mouseMoved", x + by / 2), ("mouseMoved", x + by), ("mouseReleased", x + by)):
            self.ask("Input.dispatchMouseEvent", type=kind, x=at, y=y, button="none" if kind == "mouseMoved" and at == x else "left", buttons=int(at != x), clickCount=1)

    def dark(self, on):
        self.ask("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark" if on else "light"}])

    def scripts(self, on):
        self.ask("Emulation.setScriptExecutionDisabled", value=not on)

    def size(self, width, height, scale=1):
        self.ask("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=scale, mobile=False)

    def picture(self, whole=False, clip=None):
        """clip: of the page, with x, y, width, height and scale."""
        part = {"clip": clip} if clip else {}
        return base64.b64decode(self.ask("Page.captureScreenshot", format="png", captureBeyondViewport=whole or bool(clip), **part)["data"])

    def paper(self):
        """The page as PDF, as the print dialog makes it."""
        return base64.b64decode(self.ask("Page.printToPDF", printBackground=False, preferCSSPageSize=True, paperWidth=8.27, paperHeight=11.69)["data"])


class Firefox(_Browser):
    name = "firefox"

    def _launch(self):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        settings = {"marionette.port": port, "remote.prefs.recommended": False}
        arguments = ["--marionette", "--remote-allow-system-access", *BROWSERS["firefox"][1](self.home, "about:blank", False, settings)]
        self.process = self._start(self.desk.as_user([find("firefox"), *arguments]))
        deadline = time.monotonic() + READY_S
        while True:
            try:
                self.socket = socket.create_connection(("127.0.0.1", port), ANSWER_S)
                break
            except OSError as error:
                if time.monotonic() > deadline or self.process.poll() is not None:
                    raise BrowserFailed(f"firefox does not listen\n{self.said()}") from error
                time.sleep(0.1)
        self.stream = self.socket.makefile("rb")
        self._receive()
        self.ask("WebDriver:NewSession", capabilities={})

    def __exit__(self, *_):
        if getattr(self, "socket", None):
            self.stream.close()
            self.socket.close()
        super().__exit__()

    def _receive(self):
        digits = b""
        while not digits.endswith(b":"):
            digit = self.stream.read(1)
            if not digit:
                raise BrowserFailed(f"firefox has gone\n{self.said()}")
            digits += digit
        return json.loads(self.stream.read(int(digits[:-1])))

    def ask(self, command, **parameters):
        message = json.dumps([0, next(self.serial), command, parameters])
        self.socket.sendall(f"{len(message.encode())}:{message}".encode())
        _, _, error, result = self._receive()
        if error:
            raise BrowserFailed(f"{command}: {error['error']}: {error['message']}")
        return result

    def _privileged(self, script):
        """In the browser itself instead of in the page."""
        self.ask("Marionette:SetContext", value="chrome")
        try:
            return self.ask("WebDriver:ExecuteScript", script=script, args=[])["value"]
        finally:
            self.ask("Marionette:SetContext", value="content")

    def open(self, path):
        self._privileged("""
            Services.console.reset();
            if (window.reportRequests) Services.obs.removeObserver(window.reportWatch, "http-on-modify-request");
            window.reportRequests = [];
            window.reportWatch = { observe: (channel) => {
                const { loadInfo, URI } = channel.QueryInterface(Ci.nsIChannel);
                if (loadInfo.browsingContext?.top === gBrowser.selectedBrowser.browsingContext) window.reportRequests.push(URI.spec);
            } };
            Services.obs.addObserver(window.reportWatch, "http-on-modify-request");""")
        self.ask("WebDriver:Navigate", url=f"file://{path}")

    def run(self, body):
        script = f"const done = arguments[arguments.length - 1]; (async () => {{ {body} }})().then((v) => done([v ?? null]), (e) => done([null, String(e)]));"
        value = self.ask("WebDriver:ExecuteAsyncScript", script=script, args=[])["value"]
        if len(value) > 1:
            raise BrowserFailed(value[1])
        return value[0]

    def complaints(self):
        """Console messages that concern the page's file."""
        return [m for m in self._privileged("return Services.console.getMessageArray().map(String)") if "report.html" in m]

    def requests(self):
        """Without those that the browser makes on its own account."""
        return [self.run("return location.href"), *self._privileged("return window.reportRequests")]

    def key(self, name):
        value = FIREFOX_KEYS.get(name, name)
        actions = [{"type": "keyDown", "value": value}, {"type": "keyUp", "value": value}]
        self.ask("WebDriver:PerformActions", actions=[{"type": "key", "id": "keys", "actions": actions}])

    def point(self, x, y, press=False):
        actions = [{"type": "pointerMove", "x": int(x), "y": int(y)}]
        if press:
            actions += [{"type": "pointerDown", "button": 0}, {"type": "pointerUp", "button": 0}]
        self.ask("WebDriver:PerformActions", actions=[{"type": "pointer", "id": "mouse", "actions": actions}])

    def drag(self, x, y, by):
        move = lambda at: {"type": "pointerMove", "x": int(at), "y": int(y)}
        actions = [move(x), {"type": "pointerDown", "button": 0}, move(x + by / 2), move(x + by), {"type": "pointerUp", "button": 0}]
        self.ask("WebDriver:PerformActions", actions=[{"type": "pointer", "id": "mouse", "actions": actions}])

    def dark(self, on):
        self._privileged(f"Services.prefs.setIntPref('layout.css.prefers-color-scheme.content-override', {0 if on else 1})")

    def scripts(self, on):
        self._privileged(f"Services.prefs.setBoolPref('javascript.enabled', {'true' if on else 'false'})")

    def size(self, width, height, scale=1):
        del scale
        self.ask("WebDriver:SetWindowRect", width=width, height=height)

    def picture(self, whole=False):
        return base64.b64decode(self.ask("WebDriver:TakeScreenshot", full=whole, hash=False)["value"])

    def paper(self):
        return base64.b64decode(self.ask("WebDriver:Print", background=False)["value"])


STEERED = {"chromium": Chromium, "firefox": Firefox}
