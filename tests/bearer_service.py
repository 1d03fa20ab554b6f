"""A web service on this machine that wants one credential, and tells back all it was sent."""

from __future__ import annotations

import contextlib
import gzip
import json
import ssl
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Service:
    """One running service.

    Attributes:
        port: On 127.0.0.1.
        heads: Request line and headers of each request, as they arrived.
        bodies: Their bodies' lengths.
        more: Answers by path, for what only one test needs.
    """

    port: int = 0
    heads: list[tuple[str, list[tuple[str, str]]]] = field(default_factory=list)
    bodies: list[int] = field(default_factory=list)
    more: dict[str, Callable[[Any], None]] = field(default_factory=dict)

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"


def _ok(request: Any) -> None:
    request.answer(200, b"ok")


def _echo(request: Any) -> None:
    body = json.dumps({"you": request.headers.items(), "at": request.path})
    request.answer(200, body.encode())


def _echo_header(request: Any) -> None:
    auth = request.headers.get("Authorization", "")
    request.answer(200, b"see the header", ("X-Echo", auth), ("Location", f"/x?{auth}"))


def _echo_name(request: Any) -> None:
    token = request.headers.get("Authorization", "").removeprefix("Bearer ")
    request.answer(200, b"see the header's name", (token, "1"), ("X-Other", "1"))


def _echo_utf16(request: Any) -> None:
    text = json.dumps({"you": request.headers.items()}).encode("utf-16")
    request.answer(200, text, ("Content-Type", 'application/json; Charset="UTF-16"'))


def _split(request: Any) -> None:
    auth = request.headers.get("Authorization", "").encode()
    request.stream([auth[:20], auth[20:]], pause=0.05)


def _packed(encoding: str, pack: Callable[[bytes], bytes]) -> Callable[[Any], None]:
    def answer(request: Any) -> None:
        packed = pack(str(request.headers).encode())
        request.answer(200, packed, ("Content-Encoding", encoding))

    return answer


_ANSWERS: dict[str, Callable[[Any], None]] = {
    "/echo": _echo,
    "/echo-body": lambda request: request.answer(200, request.sent),
    "/echo-gzip": _packed("gzip", gzip.compress),
    "/echo-deflate": _packed("deflate", zlib.compress),
    "/echo-brotli": _packed("br", lambda _: b"\x0b\x02\x80"),
    "/echo-header": _echo_header,
    "/echo-name": _echo_name,
    "/echo-utf16": _echo_utf16,
    "/stream": lambda request: request.stream(
        [b"data: %d\n\n" % number for number in range(5)], pause=0.05
    ),
    "/split": _split,
}


@contextlib.contextmanager
def bearer_service(  # noqa: C901  (one handler)
    knows: Callable[[BaseHTTPRequestHandler], bool], context: ssl.SSLContext | None = None
) -> Iterator[Service]:
    """Serve until left; what carries no credential that it knows gets a 401.

    Args:
        knows: Says whether a request carries the credential.
        context: For https.
    """
    service = Service()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def serve(self) -> None:
            service.heads.append((self.requestline, self.headers.items()))
            self.sent = self.read_body()
            service.bodies.append(len(self.sent))
            path = self.path.partition("?")[0]
            if path in service.more:
                service.more[path](self)
            elif not knows(self):
                self.answer(401, b"who are you?")
            else:
                _ANSWERS.get(path, _ok)(self)

        do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = serve  # noqa: N815  (its names)

        def read_body(self) -> bytes:
            if self.headers.get("Transfer-Encoding") == "chunked":
                parts = []
                while size := int(self.rfile.readline(), 16):
                    parts.append(self.rfile.read(size))
                    self.rfile.readline()
                self.rfile.readline()
                return b"".join(parts)
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))

        def answer(self, status: int, body: bytes, *headers: tuple[str, str]) -> None:
            self.send_response(status)
            for name, text in headers:
                self.send_header(name, text)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        def stream(self, parts: list[bytes], *, pause: float) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            for part in parts:
                self.wfile.write(b"%x\r\n%s\r\n" % (len(part), part))
                self.wfile.flush()
                time.sleep(pause)
            self.wfile.write(b"0\r\n\r\n")

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 512

        def handle_error(self, *_: object) -> None:
            pass  # callers hang up on purpose here

    with Server(("127.0.0.1", 0), Handler) as server:
        if context is not None:
            server.socket = context.wrap_socket(server.socket, server_side=True)
        service.port = server.server_port
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        try:
            yield service
        finally:
            server.shutdown()
