"""Desktops that kernels, agents and terminals ask for, passed to the server that has them.

What happens to a desktop stands in the audit: who drives from when on, never what of it they see.

A desktop hangs below a Jupyter server, where the person sees it. The broker knows which server has
registered which kernel, so it passes requests on, and answers back. It starts nothing, keeps
nothing, and the address of a picture never comes here: pages get it from their own server.
"""

from __future__ import annotations

import asyncio
import itertools
import re
from contextlib import suppress
from typing import Any, Final

from jupyter_agent import wire
from jupyter_agent.broker.ask import Ask, Operation, for_persons
from jupyter_agent.broker.kernels import Kernels
from jupyter_agent.broker.reasons import Reasons
from jupyter_agent.broker.safe import Safe
from jupyter_agent.broker.trail import act
from jupyter_agent.errors import AgentError, DesktopError, DesktopUnavailable, RequestInvalid

DEEDS: Final = frozenset(
    (
        *("open", "status", "close", "screenshot", "click"),
        *("type", "press", "navigate", "text", "endpoint", "ask", "wait"),
    )
)
"""What can be asked of a desktop."""

_PATIENCE: Final = 90.0
"""Seconds for an answer: a page may take long to load, and a first start of a browser too."""
_SERVER_WAIT: Final = 3.0
"""Seconds a server is waited for: after a broker was killed, a kernel's call may bring up the new
one before the server has come back."""
_MOST_UNANSWERED: Final = 64
EVENTS: Final = frozenset(("open", "take over", "hand back", "ask", "move a file", "close"))
"""What is written down about a desktop."""
_HOST: Final = re.compile(r"[a-z0-9.:\[\]-]{0,255}")
"""A host and perhaps a port: no path, no query, no title of a page."""
_PROVIDER: Final = re.compile(r"[a-z0-9-]{1,40}")
_LONGEST_NAME: Final = 100
_OURS: Final = frozenset(("id", "op", "do"))


class _Host:
    """One server that has desktops: what it is asked, and the answers that are waited for."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.requests: asyncio.Queue[wire.Message] = asyncio.Queue(_MOST_UNANSWERED)
        self.waiting: dict[int, asyncio.Future[wire.Message]] = {}

    def leave(self) -> None:
        """It is gone: nobody waits for it any longer."""
        for answer in self.waiting.values():
            if not answer.done():
                answer.set_exception(
                    DesktopUnavailable(
                        "The Jupyter server that has the desktop has ended.",
                        "Start JupyterLab again, and open a new one.",
                    )
                )


class Desktops:
    """The operations ``desktop…``.

    Args:
        kernels: Know which server has registered them.
        reasons: Prepare what is said about why a person is asked.
        safe: Has the audit.
    """

    def __init__(self, kernels: Kernels, reasons: Reasons, safe: Safe) -> None:
        self._kernels = kernels
        self._reasons = reasons
        self._safe = safe
        self._hosts: dict[str, _Host] = {}
        self._came = asyncio.Event()
        self._numbers = itertools.count(1)
        self.table: dict[str, Operation] = {
            "desktop.serve": for_persons(self._serve),
            "desktop.answer": for_persons(self._answer),
            "desktop.record": for_persons(self._record),
            "desktop": self._desktop,
        }

    async def _serve(self, ask: Ask) -> wire.Message:
        """Pass requests to a server as long as it listens; never answered."""
        host = _Host(wire.text(ask.message, "server"))
        self._hosts[host.name] = host
        self._came.set()
        self._came = asyncio.Event()
        try:
            while True:
                await ask.emit(await host.requests.get())
        finally:
            host.leave()
            # A server that has connected anew has taken this name over.
            if self._hosts.get(host.name) is host:
                del self._hosts[host.name]

    async def _answer(self, ask: Ask) -> wire.Message:
        number, error = ask.message.get("ask"), ask.message.get("error")
        host = self._hosts.get(wire.text(ask.message, "server"))
        waiting = host.waiting.get(number) if host and isinstance(number, int) else None
        if waiting is None or waiting.done():
            return {}  # whoever asked has gone meanwhile
        if isinstance(error, dict):
            waiting.set_exception(AgentError.from_json(error))
        else:
            result = ask.message.get("result")
            waiting.set_result(result if isinstance(result, dict) else {})
        return {}

    async def _record(self, ask: Ask) -> wire.Message:
        """Write down what has happened to a desktop.

        Where nothing is stored there is no audit either, and none is made for this.
        """
        what, host = wire.text(ask.message, "what"), wire.text(ask.message, "host", "")
        provider = wire.text(ask.message, "provider")
        if what not in EVENTS or not _HOST.fullmatch(host) or not _PROVIDER.fullmatch(provider):
            raise RequestInvalid("That is nothing that happens to a desktop.")
        if self._safe.stamp() is None:
            return {"recorded": False}
        event = act(f"desktop {what}: {provider}{f' at {host}' if host else ''}", [])
        notebook = wire.optional_text(ask.message, "notebook")
        actor = wire.text(ask.message, "actor", "person")
        await self._safe.record({**event, "actor": actor[:_LONGEST_NAME], "notebook": notebook})
        return {"recorded": True}

    async def _desktop(self, ask: Ask) -> wire.Message:
        deed = wire.text(ask.message, "do")
        if deed not in DEEDS:
            raise RequestInvalid("That can't be asked of a desktop.", "See docs/protocol.md.")
        host = await self._host_for(ask)
        fields = _fields(ask.message)
        if deed == "ask":
            fields["why"] = await self._reasons.shown(ask.message.get("why"))
        number = next(self._numbers)
        request = {
            "event": "asked",
            "ask": number,
            "do": deed,
            # As the broker knows them: what a caller says of itself does not count here.
            "role": ask.caller.role,
            # A kernel's own agent has its kernel's desktops.
            "who": f"kernel:{ask.caller.kernel_id}" if ask.caller.kernel_id else ask.caller.name,
            "notebook": ask.caller.notebook,
            "fields": fields,
        }
        answer: asyncio.Future[wire.Message] = asyncio.get_running_loop().create_future()
        host.waiting[number] = answer
        try:
            host.requests.put_nowait(request)
            async with asyncio.timeout(_PATIENCE):
                return await answer
        except asyncio.QueueFull:
            raise DesktopError("The Jupyter server does not answer.", "Try again.") from None
        except TimeoutError:
            raise DesktopError(
                f"The desktop did not do it within {_PATIENCE:g} seconds.", "Look at its panel."
            ) from None
        finally:
            del host.waiting[number]
            answer.cancel()

    async def _host_for(self, ask: Ask) -> _Host:
        """The server of the caller's own kernel; for others the one that came last."""
        name = None
        if ask.caller.kernel_id is not None:
            name = self._kernels.server_of(ask.caller.kernel_id)
        with suppress(TimeoutError):
            async with asyncio.timeout(_SERVER_WAIT if name else 0):
                while name not in self._hosts:
                    await self._came.wait()
        host = self._hosts.get(name) if name else next(reversed(self._hosts.values()), None)
        if host is None:
            raise DesktopUnavailable(
                "A secure desktop needs JupyterLab, and none with jupyter_agent runs here.",
                "Start it: jupyter lab",
            )
        return host


def _fields(message: wire.Message) -> dict[str, Any]:
    return {name: value for name, value in message.items() if name not in _OURS}
