"""A kernel that takes the server's token and speaks to the server as a page does."""

from __future__ import annotations

import json
from typing import Any

from steps import collect, request, save, until
from token_holder import what_it_gets

from jupyter_agent.client import Client


async def test_a_kernel_with_the_servers_token_sees_no_question(
    jp_fetch: Any, jp_serverapp: Any, jp_http_port: int, person: Client, guest: Client
) -> None:
    save(person, "A", "a value that nobody guesses")
    guest.begin("run", **request("true", "A", approve=True))
    token = jp_serverapp.identity_provider.token
    url = f"http://127.0.0.1:{jp_http_port}{jp_serverapp.base_url}jupyter-agent/approvals?token={token}"
    answer = await what_it_gets(url, person)
    assert answer.startswith("403")
    assert "nonce" not in answer
    assert (await what_it_gets(url, None)).startswith("200")


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
    assert (await what_it_gets(url, person, json.dumps(yes))).startswith("403")
    assert person.call("approval.list")["approvals"] == [asked]
    assert (await what_it_gets(url, None, json.dumps(yes))).startswith("204")
    assert collect(guest, number).exit == 0
