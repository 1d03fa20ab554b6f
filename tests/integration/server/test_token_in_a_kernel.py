"""A kernel that takes the server's token and speaks to the server as a page does."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

from steps import collect, request, save, until

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


async def _asked(url: str, person: Client | None, *body: str) -> str:
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


async def test_a_kernel_with_the_servers_token_answers_no_question_even_with_its_nonce(
    jp_fetch: Any, jp_serverapp: Any, jp_http_port: int, person: Client, guest: Client
) -> None:
    save(person, "A", "a value that nobody guesses")
    number = guest.begin("run", **request("true", "A", approve=True))
    until(guest, number, "asking")
    asked = person.call("approval.list")["approvals"][0]
    token = jp_serverapp.identity_provider.token
    url = f"http://127.0.0.1:{jp_http_port}{jp_serverapp.base_url}jupyter-agent/approvals?token={token}"
    yes = {"approval_id": asked["approval_id"], "nonce": asked["nonce"], "answer": "once"}
    assert (await _asked(url, person, json.dumps(yes))).startswith("403")
    assert person.call("approval.list")["approvals"] == [asked]
    assert (await _asked(url, None, json.dumps(yes))).startswith("204")
    assert collect(guest, number).exit == 0
