"""
Serves call.html and carries its pages' descriptions and reports: `call_server.py ADDRESS PORT CONFIG-JSON ROLE...`. Prints the reports of all
roles as one JSON object, then ends.
"""

import http.server
import json
import os
import queue
import sys
import threading
import urllib.parse

PAGE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "call.html")
HEAR_S = 60


class Exchange(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address, config, roles):
        super().__init__(address, Handler)
        self.config = config
        self.boxes = {role: queue.Queue() for role in roles}
        self.reports = {}

    def report(self, role, report):
        self.reports[role] = report
        if set(self.reports) == set(self.boxes):
            threading.Thread(target=self.shutdown).start()


class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def _answer(self, status, body=b"", kind="application/json"):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        url = urllib.parse.urlsplit(self.path)
        if url.path == "/call.html":
            with open(PAGE, "rb") as file:
                self._answer(200, file.read(), "text/html")
        elif url.path == "/config.json":
            self._answer(200, self.server.config.encode())
        elif url.path == "/hear":
            try:
                self._answer(200, self.server.boxes[self._query("role")].get(timeout=HEAR_S))
            except queue.Empty:
                self._answer(504)
        else:
            self._answer(404)

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path.startswith("/say?"):
            self.server.boxes[self._query("to")].put(body)
            self._answer(204)
        elif self.path.startswith("/report?"):
            self._answer(204)
            self.server.report(self._query("role"), json.loads(body))
        else:
            self._answer(404)

    def _query(self, name):
        return urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query)[name][0]


def main(address, port, config, *roles):
    with Exchange((address, int(port)), config, roles) as server:
        print("ready", flush=True)
        server.serve_forever()
        print(json.dumps(server.reports), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
