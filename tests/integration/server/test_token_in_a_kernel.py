"""A kernel that takes the server's token and speaks to the server as a page does."""

from __future__ import annotations

import asyncio
import sys
from typing import Any

from steps import request, save

from jupyter_agent.client import Client
from jupyter_agent.shell import tree

ASKS = """
import sys, urllib.error, urllib.request
sys.stdin.readline()
try:
    print(urllib.request.urlopen(sys.argv[1], timeout=20).status)
except urllib.error.HTTPError as refusal:
    print(refusal.code, refusal.read().decode())
"""


async def _asked(url: str, person: Client | None) -> str:
    """What a program gets; where a person is given, it is registered as a kernel first."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", ASKS, url),
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


async def test_a_kernel_with_the_servers_token_sees_no_question(
    jp_fetch: Any, jp_serverapp: Any, jp_http_port: int, person: Client, guest: Client
) -> None:
    save(person, "A", "a value that nobody guesses")
    guest.begin("run", **request("true", "A", approve=True))
    token = jp_serverapp.identity_provider.token
    url = f"http://127.0.0.1:{jp_http_port}{jp_serverapp.base_url}jupyter-agent/approvals?token={token}"
    answer = await _asked(url, person)
    assert answer.startswith("403")
    assert "nonce" not in answer
    assert (await _asked(url, None)).startswith("200")
