"""A small web service for the quickstart: it wants a token, and says it back.

Prints its port and answers on this machine only, until its standard input closes. It runs as a
process of its own, because a notebook's kernel must not see the token that it is shown.
"""

from __future__ import annotations

import json
import signal
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Service(BaseHTTPRequestHandler):
    """Answers `GET /me`: 401 without a bearer token, 200 with one."""

    def do_GET(self) -> None:
        scheme, _, token = self.headers.get("Authorization", "").partition(" ")
        if scheme == "Bearer" and len(token) >= 8:
            self._answer(200, {"signed in": True, "your token": token})
        else:
            self._answer(401, {"signed in": False, "why": "there is no token"})

    def _answer(self, status: int, body: dict[str, object]) -> None:
        content = json.dumps(body).encode() + b"\n"
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Keep quiet: a log is one more place where a token could land."""


# Stop in the notebook means the cell, not this service.
signal.signal(signal.SIGINT, signal.SIG_IGN)
with ThreadingHTTPServer(("127.0.0.1", 0), Service) as server:
    print(server.server_port, flush=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdin.read()
