"""A small website for the tour of the secure desktop: it wants a name and a password.

Prints its port and answers on this machine only, until its standard input closes. Any password of
eight letters signs in, so that nobody is tempted to use a real one.
"""

from __future__ import annotations

import secrets
import signal
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

PAGE = """<!doctype html><meta charset="utf-8"><title>{title}</title>
<body style="font: 18px sans-serif; max-width: 24em; margin: 3em auto"><h1>{title}</h1>{body}"""
LOGIN = """<form method="post"><p><label>Name <input name="name" autofocus></label></p>
<p><label>Password <input name="password" type="password"></label></p><button>Sign in</button></form>"""
ACCOUNT = '<p>Welcome. Your balance is <b id="balance">1 234.56 EUR</b>.</p>'
SESSIONS: set[str] = set()


class Website(BaseHTTPRequestHandler):
    """A form to sign in, and a page behind it."""

    def do_GET(self) -> None:
        cookie = self.headers.get("Cookie", "").partition("session=")[2]
        if cookie in SESSIONS:
            self._answer("Account", ACCOUNT)
        else:
            self._answer("Sign in", LOGIN)

    def do_POST(self) -> None:
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        self.send_response(303)
        self.send_header("Location", "/")
        if len(form.get("password", [""])[0]) >= 8:
            SESSIONS.add(session := secrets.token_urlsafe())
            self.send_header("Set-Cookie", f"session={session}; HttpOnly; SameSite=Lax")
        self.end_headers()

    def _answer(self, title: str, body: str) -> None:
        content = PAGE.format(title=title, body=body).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


# Stop in the notebook means the cell, not this website.
signal.signal(signal.SIGINT, signal.SIG_IGN)
with ThreadingHTTPServer(("127.0.0.1", 0), Website) as server:
    print(server.server_port, flush=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdin.read()
