"""What stands for E2B: the REST of its API, and envd's process service as Connect in JSON.

The real SDK speaks with it. Commands of a desktop's plumbing are answered as a sandbox does and
written down; the browser is really started, from the very line that was sent, on this machine.
Connect's streams: https://connectrpc.com/docs/protocol (an envelope is a flag, four bytes of
length, and the message; flag 2 ends a stream).
"""

from __future__ import annotations

import asyncio
import base64
import itertools
import json
import os
import secrets
import shutil
import struct
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from remote_browser import CHROMIUM, FLAGS
from tornado import httpserver, netutil, web

OURS = "jupyter-agent-profile"


@dataclass(repr=False)
class E2bService:
    """A running one.

    Attributes:
        key: What it takes.
        refuse: The status that its API answers whatever is asked; 0 for none.
        asked: Method and path of each request to the API that had the key, and its body.
        ran: The shell's lines, in order.
        alive: Sandboxes that run, and the token of each one's envd.
    """

    key: str
    refuse: int = 0
    asked: list[tuple[str, str, Any]] = field(default_factory=list)
    ran: list[str] = field(default_factory=list)
    alive: dict[str, str] = field(default_factory=dict)
    tokens: list[str] = field(default_factory=list)
    processes: dict[int, asyncio.subprocess.Process] = field(default_factory=dict)
    origin: str = ""
    folder: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="ja-e2b-")))
    pids: Any = field(default_factory=lambda: itertools.count(700))
    vnc: bool = False
    _server: httpserver.HTTPServer | None = None

    def serve(self) -> None:
        rules = [
            (r"(?:/v\d)?/sandboxes", Sandboxes, {"service": self}),
            (r"(?:/v\d)?/sandboxes/(\w+)(?:/(connect|timeout))?", OneSandbox, {"service": self}),
            (r"/process\.Process/(\w+)", Process, {"service": self}),
            (r"/health", Health, {"service": self}),
        ]
        application = web.Application(rules, log_function=lambda _: None)
        self._server = httpserver.HTTPServer(application)
        (listener,) = netutil.bind_sockets(0, "127.0.0.1")
        self._server.add_socket(listener)
        self.origin = f"http://127.0.0.1:{listener.getsockname()[1]}"
        program = self.folder / "google-chrome"
        program.write_text(f'#!/bin/sh\nexec {CHROMIUM} {" ".join(FLAGS)} "$@"\n')
        program.chmod(0o755)

    async def close(self) -> None:
        assert self._server is not None
        self._server.stop()
        for process in self.processes.values():
            await _ended(process)
        await self._server.close_all_connections()
        shutil.rmtree(self.folder, ignore_errors=True)

    def sandbox(self, name: str) -> dict[str, Any]:
        return {
            "templateID": "desktop",
            "sandboxID": name,
            "clientID": "client",
            "envdVersion": "0.5.4",
            "envdAccessToken": self.alive[name],
            "domain": "e2b.app",
        }

    async def end(self, name: str) -> bool:
        gone = self.alive.pop(name, None)
        for process in self.processes.values():
            await _ended(process)
        self.processes.clear()
        self.vnc = False
        return gone is not None


async def _ended(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        os.killpg(process.pid, 15)
    await process.wait()


class Asked(web.RequestHandler):
    """A request of the API."""

    def initialize(self, service: E2bService) -> None:
        self.service = service

    def prepare(self) -> None:
        if self.service.refuse:
            self.answer(self.service.refuse, {"code": self.service.refuse, "message": "no"})
        elif self.request.headers.get("X-API-Key") != self.service.key:
            self.answer(401, {"code": 401, "message": "who are you?"})
        else:
            body = json.loads(self.request.body) if self.request.body else None
            self.service.asked.append((str(self.request.method), self.request.path, body))

    def answer(self, status: int, body: Any = None) -> None:
        self.set_status(status)
        if body is not None:
            self.set_header("Content-Type", "application/json")
        self.finish(json.dumps(body) if body is not None else None)


class Sandboxes(Asked):
    def post(self) -> None:
        name, token = f"i{secrets.token_hex(8)}", "k" + secrets.token_hex(20)
        self.service.alive[name] = token
        self.service.tokens.append(token)
        self.answer(201, self.service.sandbox(name))


class OneSandbox(Asked):
    def post(self, name: str, what: str | None) -> None:
        if name not in self.service.alive:
            self.answer(404, {"code": 404, "message": "not found"})
        elif what == "connect":
            self.answer(200, self.service.sandbox(name))
        else:
            self.answer(204)

    async def delete(self, name: str, _what: str | None) -> None:
        if await self.service.end(name):
            self.answer(204)
        else:
            self.answer(404, {"code": 404, "message": "not found"})


class Health(web.RequestHandler):
    def initialize(self, service: E2bService) -> None:
        self.service = service

    def get(self) -> None:
        self.set_status(204 if self.service.alive else 502)


class Process(web.RequestHandler):
    """envd's process service, for who has the sandbox's token."""

    def initialize(self, service: E2bService) -> None:
        self.service = service

    async def post(self, method: str) -> None:
        if self.request.headers.get("X-Access-Token") not in self.service.alive.values():
            self.set_status(401)
            self.finish(json.dumps({"code": "unauthenticated", "message": "no"}))
        elif method == "Start":
            await self._start(json.loads(self.request.body[5:]))
        elif method == "SendInput":
            asked = json.loads(self.request.body)
            process = self.service.processes[int(asked["process"]["pid"])]
            assert process.stdin is not None
            process.stdin.write(base64.b64decode(asked["input"]["stdin"]))
            await process.stdin.drain()
            self._json({})
        else:
            self._json({})

    def _json(self, body: Any) -> None:
        self.set_header("Content-Type", "application/json")
        self.finish(json.dumps(body))

    async def _start(self, asked: dict[str, Any]) -> None:
        self.set_header("Content-Type", "application/connect+json")
        line = asked["process"]["args"][-1]
        self.service.ran.append(line)
        if OURS in line:
            await self._really(line)
            return
        code, out = self._as_a_sandbox(line)
        await self._say({"start": {"pid": next(self.service.pids)}})
        if "novnc_proxy" in line or line.startswith(("Xvfb", "startxfce4")):
            return  # they run on; the SDK hangs up, or reads what never comes
        if out:
            await self._say({"data": {"stdout": base64.b64encode(out).decode()}})
        await self._end(code)

    def _as_a_sandbox(self, line: str) -> tuple[int, bytes]:
        if line == "pgrep -x x11vnc":
            return (0, b"17\n") if self.service.vnc else (1, b"")
        if line.startswith("x11vnc -bg"):
            self.service.vnc = True
        return 0, b"tcp 0 0 0.0.0.0:6080 LISTEN\n" if line.startswith("netstat") else b""

    async def _really(self, line: str) -> None:
        # Its own folder, so that two sandboxes of this machine do not share a profile.
        line = line.replace(f"/tmp/{OURS}", str(self.service.folder / OURS))  # noqa: S108  (sent)
        process = await asyncio.create_subprocess_exec(
            *("/bin/bash", "-c", line),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env={**os.environ, "PATH": f"{self.service.folder}:{os.environ['PATH']}"},
            start_new_session=True,
        )
        pid = next(self.service.pids)
        self.service.processes[pid] = process
        assert process.stdout is not None
        await self._say({"start": {"pid": pid}})
        while data := await process.stdout.read(64 * 1024):
            await self._say({"data": {"stdout": base64.b64encode(data).decode()}})
        await self._end(await process.wait())

    async def _say(self, event: dict[str, Any]) -> None:
        await self._envelope(0, {"event": event})

    async def _end(self, code: int) -> None:
        await self._say(
            {"end": {"exitCode": code, "exited": True, "status": f"exit status {code}"}}
        )
        await self._envelope(2, {})

    async def _envelope(self, flag: int, message: dict[str, Any]) -> None:
        raw = json.dumps(message).encode()
        self.write(struct.pack("!BI", flag, len(raw)) + raw)
        await self.flush()
