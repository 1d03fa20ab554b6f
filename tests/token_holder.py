"""A program that holds the server's token and speaks to the server as a page does."""

from __future__ import annotations

import asyncio
import sys
from typing import Any

from jupyter_agent.client import Client
from jupyter_agent.processes import tree

ASKS = """
import http.client, sys, urllib.parse
sys.stdin.readline()
to, body = urllib.parse.urlsplit(sys.argv[1]), sys.argv[2]
socket = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
          "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA=="}
connection = http.client.HTTPConnection(to.netloc, timeout=30)
way = "POST" if body else "GET"
headers = socket if to.path.endswith("/events") else {}
connection.request(way, f"{to.path}?{to.query}", body or None, headers)
answer = connection.getresponse()
print(answer.status, answer.read().decode() if answer.status >= 400 else "")
"""


async def what_it_gets(url: str, person: Client | None, body: str = "") -> str:
    """What a program gets; where a person is given, it is registered as a kernel first.

    Args:
        url: Asked with GET, or, where it is the events', as a page opens that websocket.
        person: Registers it.
        body: Sent by POST, if there is one.
    """
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", ASKS, url, body),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    if person is not None:
        found = tree.parent_and_start(process.pid)
        assert found is not None
        about: dict[str, Any] = {"pid": process.pid, "started": found[1]}
        person.call("kernel.register", kernel_id="k", capability="c" * 43, **about)
    out, _ = await process.communicate(b"go\n")
    return out.decode()
