"""
Serves puppet.html at addresses of both namespaces, and carries orders to its pages and what became of them back.

with Stage() as stage: stage.open("127.0.0.1", 0); ...; stage.page("near").do("gather", config=...)
"""

import contextlib
import ctypes
import http.server
import json
import os
import select
import socket
import threading
import urllib.parse

PAGE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "puppet.html")
NEXT_S = 20             # how long a page's question for orders stays open
CLONE_NEWNET = 0x40000000
RELAY_IDLE_S = 120


class PageFailed(RuntimeError):
    pass


def _enter_namespace(path):
    """Move this thread alone into a network namespace."""
    if path is None:
        return
    libc = ctypes.CDLL(None, use_errno=True)
    with open(path, "rb") as file:
        if libc.setns(file.fileno(), CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), f"cannot enter {path}")


def _in_namespace(path, function):
    """function()'s result, run in a thread that has entered the namespace."""
    results = []

    def work():
        try:
            _enter_namespace(path)
            results.append((True, function()))
        except OSError as error:
            results.append((False, error))
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    fine, result = results[0]
    if not fine:
        raise result
    return result


class Page:
    """One page by its name, wherever it was loaded."""

    def __init__(self, name):
        self.name = name
        self.orders = []                # all of them, in JSON, from number 1
        self.met = threading.Event()    # it has asked for orders
        self.proxied = False            # by way of the proxy
        self._answers = {}
        self._changed = threading.Condition()

    def start(self, order, **details):
        """Give an order; returns its number for wait()."""
        with self._changed:
            number = len(self.orders) + 1
            self.orders.append(json.dumps({"number": number, "order": order, **details}).encode())
            self._changed.notify_all()
        return number

    def after(self, number):
        """The order after that one; None where none comes in time. Asked for again where a browser lost its connection."""
        with self._changed:
            return self.orders[number] if self._changed.wait_for(lambda: len(self.orders) > number, NEXT_S) else None

    def wait(self, number, seconds=60):
        with self._changed:
            if not self._changed.wait_for(lambda: number in self._answers, seconds):
                raise PageFailed(f"page {self.name}: no answer within {seconds} s")
            done = self._answers.pop(number)
        if "failure" in done:
            raise PageFailed(f"page {self.name}: {done['failure']}")
        return done["answer"]

    def do(self, order, seconds=60, **details):
        return self.wait(self.start(order, **details), seconds)

    def done(self, number, answer):
        with self._changed:
            self._answers[number] = answer
            self._changed.notify_all()


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, stage, address, namespace):
        self.address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        super().__init__(address, _Handler, bind_and_activate=False)
        self.stage, self.namespace = stage, namespace
        self.socket.close()
        self.socket = _in_namespace(namespace, lambda: socket.socket(self.address_family, socket.SOCK_STREAM))
        self.server_bind()
        self.server_activate()

    def process_request_thread(self, request, client_address):
        _enter_namespace(self.namespace)    # CONNECT goes out from where the proxy is
        super().process_request_thread(request, client_address)

    def handle_error(self, request, client_address):
        pass                                # a browser that ends breaks its connections


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def _answer(self, status, body=b"", kind="application/json"):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(body)

    def _query(self):
        url = urllib.parse.urlsplit(self.path)      # of a proxy's request too, which names the server
        return url, {key: values[0] for key, values in urllib.parse.parse_qs(url.query).items()}

    def do_GET(self):
        url, query = self._query()
        if url.path == "/" and "name" in query:
            with open(PAGE, "rb") as file:
                self._answer(200, file.read(), "text/html")
        elif url.path == "/next" and "name" in query:
            page = self.server.stage.page(query["name"])
            page.proxied = bool(url.netloc)
            page.met.set()
            order = page.after(int(query.get("after", 0)))
            self._answer(200 if order else 204, order or b"")
        else:
            self._answer(404)

    def do_POST(self):
        url, query = self._query()
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if url.path != "/done":
            self._answer(404)
            return
        self.server.stage.page(query["name"]).done(int(query["number"]), json.loads(body))
        self._answer(204)

    def do_CONNECT(self):
        """What a proxy does for TURN over TCP."""
        host, _, port = self.path.rpartition(":")
        self.server.stage.tunnelled.append(self.path)
        try:
            far = socket.create_connection((host.strip("[]"), int(port)), 5)
        except (OSError, ValueError):
            self._answer(502)
            return
        with far:
            self.send_response(200)
            self.end_headers()
            self.close_connection = True
            ways = {self.connection: far, far: self.connection}
            while ready := select.select(list(ways), [], [], RELAY_IDLE_S)[0]:
                for end in ready:
                    data = end.recv(65536)
                    if not data:
                        return
                    ways[end].sendall(data)


class Stage(contextlib.ExitStack):
    def __init__(self):
        super().__init__()
        self._pages = {}
        self._lock = threading.Lock()
        self.tunnelled = []     # what CONNECT asked for

    def page(self, name):
        with self._lock:
            return self._pages.setdefault(name, Page(name))

    def forget(self, name):
        """The next page of that name is another one."""
        with self._lock:
            self._pages.pop(name, None)

    def open(self, address, port, namespace=None):
        """Serve there; returns the port. namespace: the path of a network namespace, None for our own."""
        server = _Server(self, (address, port), namespace)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        self.callback(server.server_close)
        self.callback(server.shutdown)
        return server.server_address[1]
