"""A program that holds the server's token and speaks to the server as a page does."""

from __future__ import annotations

import asyncio
import sys
from typing import Any

from jupyter_agent.client import Client
from jupyter_agent.processes import tree

ASKS = """
import sys, urllib.error, urllib.request
sys.stdin.readline()
body = sys.argv[2].encode() if sys.argv[2:] else None
try:
    print(urllib.request.urlopen(sys.argv[1], body, timeout=20).status)
except urllib.error.HTTPError as refusal:
    print(refusal.code, refusal.read().decode())
"""


async def what_it_gets(url: str, person: Client | None, *body: str) -> str:
    """What a program gets; where a person is given, it is registered as a kernel first."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", ASKS, url, *body),
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
