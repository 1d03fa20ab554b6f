"""What kernels and agents ask of this server's desktops, by way of the broker.

An asker sees its own desktops and those that a person has opened in the panel, and drives them
while no person does. Nothing here takes a lease, hands one back, or gives a picture's address:
for that there are the routes, which are for pages of the owner.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Mapping
from contextlib import suppress
from logging import Logger
from typing import Any, Final

from jupyter_agent import wire
from jupyter_agent.client.loop import AsyncClient
from jupyter_agent.desktop.channel import AgentChannel
from jupyter_agent.errors import AgentError, DesktopClosed, DesktopError, RequestInvalid
from jupyter_agent.server.desktop import starting
from jupyter_agent.server.desktop.desktops import Desktops
from jupyter_agent.server.desktop.hosted import Hosted, Opener
from jupyter_agent.server.link import Link, retries

_LONGEST_WAIT: Final = 60.0
"""Seconds of one ``wait``: the broker and its asker hear something within theirs."""


class Asked:
    """Answers requests as long as the broker is there.

    Args:
        link: The line to the broker.
        desktops: This server's.
        log: Told about failures.
    """

    def __init__(self, link: Link, desktops: Desktops, log: Logger) -> None:
        self._link = link
        self._desktops = desktops
        self._log = log
        self._serving: asyncio.Task[None] | None = None
        self._answering: set[asyncio.Task[None]] = set()

    async def begin(self, _conversation: object) -> None:
        """Answer from now on: the broker is there, so that a kernel is, too, or will soon be."""
        if self._serving is None:
            self._serving = asyncio.create_task(self._serve())

    async def close(self) -> None:
        """Answer nothing more."""
        tasks = [*self._answering, *([self._serving] if self._serving else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _serve(self) -> None:
        async for _ in retries():
            with suppress(AgentError):
                async with self._link.own_conversation() as client:
                    async for event in client.events("desktop.serve", server=self._link.server):
                        task = asyncio.create_task(self._answer(client, event))
                        self._answering.add(task)
                        task.add_done_callback(self._answering.discard)

    async def _answer(self, client: AsyncClient, event: wire.Message) -> None:
        outcome: dict[str, Any]
        try:
            outcome = {"result": await self._do(event)}
        except AgentError as error:
            outcome = {"error": error.to_json()}
        except Exception as problem:  # noqa: BLE001  (one request must not end the others)
            self._log.error("A desktop's request failed: %s", type(problem).__name__)
            failure = DesktopError(f"The desktop failed with {type(problem).__name__}.")
            outcome = {"error": failure.to_json()}
        with suppress(AgentError):  # the broker has gone, and the asker with it
            await client.call(
                "desktop.answer", server=self._link.server, ask=event["ask"], **outcome
            )

    async def _do(self, event: wire.Message) -> wire.Message:
        deed, fields = str(event["do"]), event["fields"]
        opener = Opener(str(event["who"]), event["notebook"])
        if deed == "open":
            return await self._open(opener, fields)
        if deed == "status":
            return await self._status(event)
        hosted = self._one(event, wire.optional_text(fields, "desktop"))
        if deed == "close":
            report = await self._desktops.end(hosted.id, opener)
            return {"seconds": report.seconds, "left": list(report.left)}
        if deed == "ask":
            self._desktops.ask(hosted, opener, wire.text(fields, "why"))
            return {}
        if deed == "wait":
            return await self._wait(event, hosted.id, _number(fields, "seconds"))
        channel = await hosted.running().agent_channel()
        self._desktops.use(hosted)
        return await _drive(channel, deed, fields)

    async def _status(self, event: wire.Message) -> wire.Message:
        seen = [await d.for_agents() for d in self._seen_by(event)]
        if event["role"] != "person":
            # By name alone: what is missing, and where, is for who can do something about it.
            there = await self._desktops.providers()
            names = [{"id": one["id"]} for one in there if one["ok"]]
            return {"desktops": seen, "providers": names}
        return {"desktops": seen, "providers": await self._desktops.for_terminal()}

    async def _open(self, opener: Opener, fields: Mapping[str, Any]) -> wire.Message:
        if fields.get("keep"):
            # It would be signed in wherever the person has been.
            raise RequestInvalid("Only a person chooses to stay signed in, in the panel.")
        provider = wire.text(fields, "provider", "")
        hosted = await self._desktops.start(provider, starting.options(fields), opener)
        try:
            await self._desktops.started(hosted)
        except AgentError:
            with suppress(AgentError):  # the asker is told, so nobody has to click it away
                await self._desktops.end(hosted.id)
            raise
        self._desktops.show(hosted)
        return {"desktop": await hosted.for_agents()}

    async def _wait(self, event: wire.Message, desktop_id: str, seconds: float) -> wire.Message:
        """Answer once it is the asker's, has been closed, or the time is over."""
        with suppress(TimeoutError):
            async with asyncio.timeout(min(max(seconds, 0.0), _LONGEST_WAIT)):
                while not self._one(event, desktop_id).is_the_agents:
                    await self._desktops.change()
        hosted = self._one(event, desktop_id)
        return {"handed_back": hosted.is_the_agents, "desktop": await hosted.for_agents()}

    def _seen_by(self, event: wire.Message) -> list[Hosted]:
        if event["role"] == "person":
            return self._desktops.everyone()
        return self._desktops.of(str(event["who"]))

    def _one(self, event: wire.Message, desktop_id: str | None) -> Hosted:
        seen = [d for d in self._seen_by(event) if d.state not in ("failed", "closed")]
        for hosted in reversed(seen):  # the newest, if none is named
            if desktop_id in (None, hosted.id):
                return hosted
        raise DesktopClosed(
            "No desktop is open here.", "Open one: %desktop open https://…, or in its panel."
        )


async def _drive(channel: AgentChannel, deed: str, fields: Mapping[str, Any]) -> wire.Message:
    match deed:
        case "screenshot":
            return {"jpeg": base64.b64encode(await channel.screenshot()).decode("ascii")}
        case "text":
            return {"text": await channel.text()}
        case "endpoint":
            return {"endpoint": await channel.endpoint()}
        case "click":
            await channel.click(_number(fields, "x"), _number(fields, "y"))
        case "type":
            await channel.type(wire.text(fields, "text"))
        case "press":
            await channel.press(wire.text(fields, "key"))
        case "navigate":
            await channel.navigate(starting.checked_address(wire.text(fields, "url")))
        case _:
            raise RequestInvalid("That can't be asked of a desktop.", "See docs/protocol.md.")
    return {}


def _number(fields: Mapping[str, Any], name: str) -> float:
    value = fields.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise RequestInvalid(f'The request needs "{name}" as a number.')
    return float(value)
