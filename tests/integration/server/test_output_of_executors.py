"""What cells print that run inside the server is scrubbed before their executor reads it."""

from __future__ import annotations

import asyncio
import json
import random
import string

import pytest
from steps import save, wait_until

from jupyter_agent import person as person_door
from jupyter_agent.folders import Folders

TOKEN = "".join(random.Random(22).choices(string.ascii_letters + string.digits, k=36))
MARKER = "[secret:ORCHARD_KEY]"


@pytest.fixture
def owner(agent_home, monkeypatch):
    """The owner of the vault, at a terminal."""
    monkeypatch.setenv("JUPYTER_AGENT_KEY_SOURCE", "file")
    with person_door.open_client(Folders.of()) as client:
        save(client, "ORCHARD_KEY", TOKEN)
        yield client


async def test_an_executor_reads_markers_and_the_label_is_marked(jp_serverapp, owner):
    kernels = jp_serverapp.kernel_manager
    client = kernels.get_kernel(await kernels.start_kernel()).client()
    client.start_channels()
    await client.wait_for_ready(timeout=60)
    messages = []
    code = f"value = bytes({list(TOKEN.encode())}).decode()\nprint(value)\nvalue"
    async with asyncio.timeout(30):
        while MARKER not in json.dumps(messages):
            messages.clear()
            reply = await client.execute_interactive(
                code, output_hook=lambda message: messages.append(message["content"]), timeout=60
            )
    client.stop_channels()
    assert reply["content"]["status"] == "ok"
    assert {"name": "stdout", "text": f"{MARKER}\n"} in messages
    assert TOKEN not in json.dumps(messages)

    def seen() -> list[str]:
        meta = owner.call("secret.show", label="ORCHARD_KEY")["secret"]
        return [place["where"] for place in meta["exposed"]]

    await asyncio.to_thread(wait_until, lambda: seen() == ["output"])
