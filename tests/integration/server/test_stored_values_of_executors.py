"""Cells that run inside the server are told stored values from others, and what is allowed."""

from __future__ import annotations

import asyncio
import json

import pytest
from steps import allow

pytestmark = pytest.mark.one_server

BLOCKED = "application/vnd.jupyter-agent.blocked+json"


@pytest.fixture
def connect(jp_serverapp, new_kernel, bash_kernel):
    """Start a kernel; its manager, and a client of it."""
    clients = []

    async def start(name="python3"):
        manager = jp_serverapp.kernel_manager.get_kernel(await new_kernel(name))
        client = manager.client()
        clients.append(client)
        client.start_channels()
        await client.wait_for_ready(timeout=60)
        return manager, client

    yield start
    for client in clients:
        client.stop_channels()


async def replies(client, requests):
    """The replies to these requests, in the order in which they came."""
    came = []
    while len(came) < len(requests):
        reply = await client.get_shell_msg(timeout=60)
        if reply["parent_header"]["msg_id"] in requests:
            came.append(reply)
    return came


async def test_a_stored_value_stops_the_cell_and_those_sent_behind_it_keep_their_order(
    connect, stored_value
):
    _, client = await connect()
    cells = ["first = 1", f"key = '{stored_value}'", "third = 3"]

    requests = [client.execute(cell, stop_on_error=False) for cell in cells]
    came = await replies(client, requests)

    assert [reply["parent_header"]["msg_id"] for reply in came] == requests
    assert [reply["content"]["status"] for reply in came] == ["ok", "error", "ok"]
    # Stopped here, and not by the guard inside the kernel, which would say "not run".
    assert "not sent to the kernel" in came[1]["content"]["evalue"]
    assert "ORCHARD_KEY" in json.dumps(came[1]["content"])


async def test_a_cell_goes_on_as_it_was_sent_whatever_its_sender_puts_there_next(
    connect, owner, stored_value
):
    _, client = await connect()
    content = {"silent": False, "store_history": True, "user_expressions": {"n": ""}}
    requests = []

    for cell in ("1", "2", stored_value):
        content["code"] = content["user_expressions"]["n"] = cell
        if cell != stored_value:
            message = client.session.msg("execute_request", content)
            client.shell_channel.send(message)
            requests.append(message["header"]["msg_id"])
    came = await replies(client, requests)

    shown = [reply["content"]["user_expressions"]["n"]["data"]["text/plain"] for reply in came]
    assert shown == ["1", "2"]


@pytest.mark.parametrize("name", ["python3", "bash"])
async def test_a_cell_that_is_sent_while_another_one_is_read_is_asked_about_too(
    connect, canary, name
):
    _, client = await connect(name)
    sent = []

    def send_another(message):
        if message["header"]["msg_type"] == "execute_input":
            sent.append(client.execute(f"echo {canary.value}"))

    first = await client.execute_interactive("cd .", output_hook=send_another, timeout=60)
    (second,) = await replies(client, sent)

    assert first["parent_header"]["msg_id"] not in sent
    assert "not sent to the kernel" in second["content"]["evalue"]


async def test_who_waits_for_one_cell_gets_the_box(connect, stored_value):
    _, client = await connect()
    heard = []
    reply = await client.execute_interactive(
        f"x = '{stored_value}'", output_hook=heard.append, timeout=60
    )

    (box,) = (m for m in heard if m["header"]["msg_type"] == "display_data")
    assert "not sent to the kernel" in reply["content"]["evalue"]
    assert box["content"]["data"][BLOCKED]["findings"][0]["label"] == "ORCHARD_KEY"


async def test_a_thread_that_blocks_is_answered_too_and_the_server_s_own_is_not_held_up(
    connect, stored_value
):
    manager, _ = await connect()

    def work():
        client = manager.blocking_client()
        client.start_channels()
        try:
            client.wait_for_ready(timeout=60)
            return client.execute(f"x = '{stored_value}'", reply=True, timeout=60)
        finally:
            client.stop_channels()

    reply = await asyncio.get_running_loop().run_in_executor(None, work)
    assert "not sent to the kernel" in reply["content"]["evalue"]
    # On its own thread nobody can answer: the rules decide, and then the guard in the kernel.
    assert "ORCHARD_KEY" in json.dumps(work()["content"])


@pytest.mark.stands(reason="it was let through")
async def test_what_a_person_has_allowed_runs(connect, owner, canary):
    _, client = await connect()
    allow(owner, "anthropic-api-key", canary.value)

    reply = await client.execute_interactive(
        f"len('{canary.value}')", output_hook=lambda _: None, timeout=60
    )
    plain = await replies(client, [client.execute(f"len('{canary.value}')")])

    assert reply["content"]["status"] == "ok"
    assert plain[0]["content"]["status"] == "ok"


@pytest.mark.parametrize("cell", ["left = 41", "left = 42" + " # nothing" * 10_000])
async def test_what_still_waits_is_sent_when_the_channels_close(connect, cell):
    manager, client = await connect()
    other = manager.client()
    other.start_channels(hb=False)  # its thread would begin after the end
    other.execute(cell)
    other.stop_channels()

    # By what the kernel says that it runs: a kernel that answers to channels which are closed by
    # then may take nothing more for a while.
    code = None
    while code != cell:
        heard = await client.get_iopub_msg(timeout=30)
        code = heard["content"].get("code")
