"""A real git server on this machine: private repositories over smart HTTP, for whoever has a token.

What answers is git's own ``git http-backend`` (git-http-backend(1), CGI after RFC 3875).
"""

from __future__ import annotations

import base64
import contextlib
import hmac
import os
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

_AUTHOR = "ada <ada@example.com> 1767225600 +0000"


@dataclass
class GitServer:
    """A running server.

    Attributes:
        url: Of the one repository.
        let_in: Paths that were asked for with the token, in order.
        sent_away: Paths that were asked for without it.
    """

    url: str
    let_in: list[str] = field(default_factory=list)
    sent_away: list[str] = field(default_factory=list)


@contextlib.contextmanager
def git_server(folder: Path, token: str, files: dict[str, str]) -> Iterator[GitServer]:
    """Serve one private repository until left.

    Args:
        folder: An empty one.
        token: The password that is wanted; the user name does not matter, as at GitHub.
        files: Content by name, of its only commit.
    """
    repository = folder / "private.git"
    _made(repository, files)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    served = GitServer(f"http://127.0.0.1:{server.server_port}/private.git")
    server.served, server.token, server.folder = served, token, folder  # type: ignore[attr-defined]
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield served
    finally:
        server.shutdown()
        server.server_close()


def _made(repository: Path, files: dict[str, str]) -> None:
    """A bare repository with one commit on its branch ``main`` (git-fast-import(1))."""
    init = ["git", "init", "--quiet", "--bare", "--initial-branch=main", repository]
    subprocess.run(init, check=True)
    stream = f"commit refs/heads/main\ncommitter {_AUTHOR}\ndata 5\nfirst\n"
    for name, content in files.items():
        stream += f"M 644 inline {name}\ndata {len(content.encode())}\n{content}\n"
    importing = ["git", "-C", repository, "fast-import", "--quiet"]
    subprocess.run(importing, input=stream.encode(), check=True)


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        if not self._may_pass():
            self.server.served.sent_away.append(self.path)
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="private"')
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self.server.served.let_in.append(self.path)
        self._pass_on(body)

    do_POST = do_GET  # noqa: N815  (its names)

    def _may_pass(self) -> bool:
        kind, _, pair = self.headers.get("Authorization", "").partition(" ")
        given = base64.b64decode(pair).partition(b":")[2] if kind == "Basic" else b""
        return hmac.compare_digest(given, self.server.token.encode())

    def _pass_on(self, body: bytes) -> None:
        path, _, query = self.path.partition("?")
        told = {
            "GIT_PROJECT_ROOT": str(self.server.folder),
            "GIT_HTTP_EXPORT_ALL": "1",
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "REQUEST_METHOD": self.command,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(len(body)),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
            "REMOTE_USER": "ada",
            "PATH": os.environ["PATH"],
        }
        done = subprocess.run(
            ["git", "http-backend"], input=body, env=told, stdout=subprocess.PIPE, check=True
        )
        head, _, answer = done.stdout.partition(b"\r\n\r\n")
        headers = [line.partition(": ") for line in head.decode().splitlines()]
        status = next((value for name, _, value in headers if name == "Status"), "200")
        self.send_response(int(status[:3]))
        for name, _, value in headers:
            if name != "Status":
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        """Say nothing: what tests print is searched for tokens."""
