"""A kernel that takes the server's token and speaks to the server as a page does."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from typing import Any

import pytest
from kernel_pages import printed
from steps import collect, request, save, until
from token_holder import what_it_gets

from jupyter_agent.client import Client, Hello
from jupyter_agent.folders import Folders


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


OPENS_EVENTS = """
import os, socket
line = socket.create_connection(("127.0.0.1", {port}), timeout=30)
asked = b"GET " + bytes({path}) + b" HTTP/1.1\\r\\nHost: 127.0.0.1:{port}\\r\\n"
asked += b"Connection: Upgrade\\r\\nUpgrade: websocket\\r\\nSec-WebSocket-Version: 13\\r\\n"
line.sendall(asked + b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\\r\\n\\r\\n")
heard = line.recv(12)
print(heard.decode())
"""
HEARS = """
while b"\\x88" not in heard and b"approval" not in heard:  # the end, or a question
    heard += line.recv(4096)
print(b"down" in heard, b"approval" in heard)
"""


async def test_a_kernel_that_opened_the_events_without_a_broker_is_hung_up_on_by_the_next_one(
    jp_serverapp: Any, jp_ws_fetch: Any, connect: Any, person: Client, folders: Folders
) -> None:
    save(person, "A", "a value that nobody guesses")
    kernel = await connect()
    os.kill(person.call("status")["pid"], signal.SIGKILL)
    folders.state.chmod(0o755)  # no other one starts
    token = jp_serverapp.identity_provider.token
    path = f"{jp_serverapp.base_url}jupyter-agent/events?token={token}"
    numbers = list(path.encode())  # as it is, the token in it would stop the cell
    opened = await kernel.run(OPENS_EVENTS.format(port=jp_serverapp.port, path=numbers))
    assert "HTTP/1.1 101\n" in printed(opened)
    page = await jp_ws_fetch("jupyter-agent", "events")
    assert json.loads(await page.read_message()) == {"event": "broker", "state": "down"}
    folders.state.chmod(0o700)
    async with asyncio.timeout(30):
        while json.loads(await page.read_message())["event"] != "broker":
            pass
    with Client(folders, Hello()) as guest:
        guest.begin("run", **request("true", "A"))
        async with asyncio.timeout(30):
            while json.loads(await page.read_message())["event"] != "approval":
                pass
        assert "True False\n" in printed(await kernel.run(HEARS))
    page.close()


AS_A_PERSON = {
    "unlock": {},
    "secrets/remove": {"label": "A"},
    "secrets/rename": {"label": "A", "to": "B"},
    "secrets/describe": {"label": "A", "note": "by a kernel"},
    "offers": {"label": "A", "replace": True},
    "grants/remove": {"id": "0"},
    "grants/revoke": {},
    "allowances/remove": {"id": "0"},
    "audit/read": {},
    "runs/stop": {},
    "vault/create": {"key_source": "file"},
}


async def test_a_kernel_with_the_servers_token_does_nothing_that_is_a_persons(
    jp_fetch: Any,
    jp_serverapp: Any,
    jp_http_port: int,
    person: Client,
    subtests: pytest.Subtests,
) -> None:
    save(person, "A", "a value that nobody guesses")
    person.call("grant.add", label="A", any_command=True, deny=True)
    person.call("lock")
    token = jp_serverapp.identity_provider.token
    base = f"http://127.0.0.1:{jp_http_port}{jp_serverapp.base_url}jupyter-agent"
    for route, fields in AS_A_PERSON.items():
        with subtests.test(route=route):
            url = f"{base}/{route}?token={token}"
            answer = await what_it_gets(url, person, json.dumps(fields))
            assert answer.startswith("403")
            assert "kernel" in answer
    assert person.call("status")["vault"]["state"] == "locked"
    assert (await what_it_gets(f"{base}/unlock?token={token}", None, "{}")).startswith("204")
    assert [one["label"] for one in person.call("secret.list")["secrets"]] == ["A"]
    assert len(person.call("grant.list")["grants"]) == 1
    # What a kernel may know it is told; who waits there for questions is a person.
    assert (await what_it_gets(f"{base}/secrets?token={token}", person)).startswith("200")
    assert (await what_it_gets(f"{base}/events?token={token}", person)).startswith("403")
    assert (await what_it_gets(f"{base}/events?token={token}", None)).startswith("101")
