"""A real site to sign in at, on this machine: name and password, a one-time code, a cookie.

As most sites do it: the password is a form that is posted, the second step asks for a code, and the
session is a cookie that the page's script can't read (``HttpOnly``). Pages need no script, no
network and no other host; the first one tells the test when it has the keyboard. ``/extras`` has
what browsers show by their own means: a list to choose from, dialogs, a file field, a file to
download, a page behind HTTP authentication.
"""

from __future__ import annotations

import base64
import hmac
import html
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote

PERSON = "ada@example.com"
BALANCE = "1 234.56 EUR"
REPORT = b"day,amount\nMonday,12\n"

_PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<style>body {{ font: 16px sans-serif; margin: 3em auto; max-width: 24em }}
label {{ display: block; margin: 1em 0 }} input {{ display: block; font: inherit; width: 100% }}
button {{ font: inherit; padding: .3em 1em }}</style></head>
<body><h1>{title}</h1>{body}</body></html>"""

_LOGIN = """<p role="alert">{said}</p><form method="post" action="/login">
<label>User name <input name="user" autocomplete="username" autofocus
onfocus="fetch('/there')"></label>
<label>Password <input name="password" type="password" autocomplete="current-password"></label>
<button>Sign in</button></form>"""

_CODE = """<p role="alert">{said}</p><form method="post" action="/code">
<label>One-time code
<input name="otp" inputmode="numeric" autocomplete="one-time-code" autofocus></label>
<button>Continue</button></form>"""

_ACCOUNT = """<p>Signed in as <b id="who">{who}</b></p><p>Balance: <b id="balance">{balance}</b></p>
<form method="post" action="/note"><label>Note <input name="note"></label>
<button>Save note</button></form><p id="note">{note}</p>
<p><a href="/extras">Extras</a> <a href="/logout">Sign out</a></p>"""

_EXTRAS = """<script>const tell = what => fetch('/told?' + encodeURIComponent(what));
const said = what => { document.title = what; tell(what); };
onload = () => tell(JSON.stringify(Object.fromEntries([...document.querySelectorAll('[id]')].map(
part => [part.id, (b => [b.x + b.width / 2, b.y + b.height / 2])(part.getBoundingClientRect())]))));
</script><label>Colour <select id="colour" onchange="said(value)">
<option value="">choose</option><option value="red">Red</option><option value="blue">Blue</option>
</select></label>
<p><button id="alert" onclick="alert('Read this'); said('read')">alert</button>
<button id="confirm" onclick="said(String(confirm('Sure?')))">confirm</button>
<button id="prompt" onclick="said(prompt('Your name?', ''))">prompt</button></p>
<label>File <input id="file" type="file" onchange="said(files[0].name)"></label>
<p><a id="report" href="/report.csv" download>Report</a> <a id="basic" href="/basic">Basic</a>
<button id="notices" onclick="Notification.requestPermission().then(said)">notices</button>
<button id="stay" onclick="onbeforeunload = event => event.preventDefault(); said('stays')">stay
</button></p>"""


@dataclass
class LoginSite:
    """A running site.

    Attributes:
        url: Its address, ``http://127.0.0.1:port``.
        password: What ``PERSON`` signs in with.
        code: The one-time code that it asks for next.
        posted: Paths and forms that were posted, in order.
        sessions: Cookies of those who are signed in.
        looked: Paths of the pages that were asked for, in order.
        there: A word for each time that the page to sign in at got the keyboard: what is typed
            before it has it, is lost.
        told: What pages say of themselves, in order: ``/extras`` first where its parts are, by id,
            then what came of each; ``/basic`` that somebody was let in.
        hurry: Lets ``/slow`` answer.
    """

    password: str = field(repr=False)
    code: str = field(repr=False)
    url: str = ""
    note: str = ""
    posted: list[tuple[str, dict[str, str]]] = field(default_factory=list, repr=False)
    sessions: set[str] = field(default_factory=set, repr=False)
    half: set[str] = field(default_factory=set, repr=False)
    looked: list[str] = field(default_factory=list)
    there: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    hurry: threading.Event = field(default_factory=threading.Event, repr=False)

    def paths(self) -> list[str]:
        """Where something was posted to, in order."""
        return [path for path, _ in self.posted]


@contextmanager
def login_site(password: str, code: str) -> Iterator[LoginSite]:
    """Serve the site on a free loopback port until the block is left."""
    site = LoginSite(password, code)
    server = _Server(site)
    site.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield site
    finally:
        site.hurry.set()
        server.shutdown()
        server.server_close()
        thread.join(5)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, site: LoginSite) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.site = site


class _Handler(BaseHTTPRequestHandler):
    @property
    def _site(self) -> LoginSite:
        return self.server.site

    def do_GET(self) -> None:
        path, _, query = self.path.partition("?")
        self._site.looked.append(path)
        if path == "/login":
            self._page("Sign in", _LOGIN.format(said=""))
        elif path == "/code":
            self._page("One more step", _CODE.format(said=""))
        elif path == "/extras":
            self._page("Extras", _EXTRAS)
        elif path == "/report.csv":
            self._answer(200, REPORT, {"Content-Type": "text/csv"})
        elif path in {"/told", "/there"}:
            (self._site.told if path == "/told" else self._site.there).append(unquote(query))
            self._answer(200, b"", {})
        elif path == "/basic":
            self._basic()
        elif path == "/slow":  # until the site ends, or somebody is in a hurry
            self._site.hurry.wait(30)
            self._page("Slow", "<p>At last.</p>")
        elif path == "/logout":
            self._site.sessions.discard(self._cookie("session"))
            self._go("/login")
        elif self._cookie("session") in self._site.sessions:
            self._account()
        else:
            self._go("/login")

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        given = parse_qs(self.rfile.read(length).decode(), keep_blank_values=True)
        form = {name: values[0] for name, values in given.items()}
        self._site.posted.append((self.path, form))
        if self.path == "/login":
            self._first_step(form)
        elif self.path == "/code":
            self._second_step(form)
        elif self.path == "/note" and self._cookie("session") in self._site.sessions:
            self._site.note = form.get("note", "")
            self._go("/account")
        else:
            self._answer(403, b"Sign in first.", {})

    def _first_step(self, form: dict[str, str]) -> None:
        if form.get("user") != PERSON or not _same(form.get("password"), self._site.password):
            self._page("Sign in", _LOGIN.format(said="That was not right."))
            return
        half = secrets.token_urlsafe()
        self._site.half.add(half)
        self._go("/code", f"half={half}; HttpOnly; SameSite=Lax; Path=/")

    def _second_step(self, form: dict[str, str]) -> None:
        if self._cookie("half") not in self._site.half or not _same(
            form.get("otp"), self._site.code
        ):
            self._page("One more step", _CODE.format(said="That was not right."))
            return
        session = secrets.token_urlsafe()
        self._site.sessions.add(session)
        self._go("/account", f"session={session}; HttpOnly; SameSite=Lax; Path=/")

    def _account(self) -> None:
        shown = {"who": PERSON, "balance": BALANCE, "note": html.escape(self._site.note)}
        self._page("Account", _ACCOUNT.format(**shown))

    def _basic(self) -> None:
        expected = base64.b64encode(f"{PERSON}:{self._site.password}".encode()).decode()
        if _same(self.headers.get("Authorization"), f"Basic {expected}"):
            self._site.told.append("let in")
            self._page("Behind a password", "<p>Let in.</p>")
        else:
            self._answer(401, b"", {"WWW-Authenticate": 'Basic realm="the vault"'})

    def _cookie(self, name: str) -> str:
        jar = SimpleCookie(self.headers.get("Cookie", ""))
        return jar[name].value if name in jar else ""

    def _go(self, path: str, cookie: str = "") -> None:
        headers = {"Location": path} | ({"Set-Cookie": cookie} if cookie else {})
        self._answer(303, b"", headers)

    def _page(self, title: str, body: str) -> None:
        page = _PAGE.format(title=title, body=body)
        self._answer(200, page.encode(), {"Content-Type": "text/html; charset=utf-8"})

    def _answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Say nothing: a test's output is searched for what was posted."""


def _same(given: str | None, expected: str) -> bool:
    return given is not None and hmac.compare_digest(given.encode(), expected.encode())
