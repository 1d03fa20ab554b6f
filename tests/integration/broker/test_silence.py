"""Nobody answering is a no. A broker in this process, whose patience is short."""

from __future__ import annotations

import asyncio
import os
import socket

import pytest
from steps import request, sealed_fields

from jupyter_agent import entry, person, transport
from jupyter_agent.broker.app import Broker
from jupyter_agent.client import Hello
from jupyter_agent.client.loop import AsyncClient
from jupyter_agent.errors import GrantDenied
from jupyter_agent.folders import Folders


async def test_an_approval_that_nobody_answers_is_denied(folders: Folders) -> None:
    folders.make()
    listener = transport.of(folders).listen()
    runner, _far = socket.socketpair()
    lock = os.open(folders.lock, os.O_RDWR | os.O_CREAT, 0o600)
    broker = Broker(
        folders,
        transport.of(folders),
        listener,
        lock=lock,
        runner_pid=-1,
        runner=runner,
        seconds_to_answer=0.2,
    )
    serving = asyncio.create_task(broker.serve_here())
    owner = await person.open_async(folders)
    await _save(owner, "A", b"value value")
    watching = owner.events("approval.watch")
    first = asyncio.ensure_future(anext(watching))
    guest = await AsyncClient.open(folders, Hello())
    with pytest.raises(GrantDenied, match=r"0\.2 seconds"):
        await guest.call("run", **request("true", "A"))
    approval = (await first)["approval"]
    closed = await anext(watching)
    assert (closed["approval_id"], closed["answer"]) == (approval["approval_id"], "timeout")
    with pytest.raises(GrantDenied, match="closed"):
        await owner.call(
            "approval.answer",
            approval_id=approval["approval_id"],
            nonce=approval["nonce"],
            answer="once",
        )
    await guest.close()
    await owner.close()
    broker.end()
    await serving


async def _save(owner: AsyncClient, label: str, value: bytes) -> None:
    offer = (await owner.call("secret.offer", label=label, origin="o", replace=False))["offer"]
    sealed = entry.seal(entry.Offer.from_json(offer), value)
    await owner.call("secret.save", **sealed_fields(offer, sealed))
