"""The door of a model's tools, with the broker behind it: for chat cells and MCP hosts alike.

Each use is a conversation of its own. Cancelling the task that waits closes it, and a closed
conversation is what ends a run, a way out or a question for certain.
"""

from __future__ import annotations

import asyncio
import base64
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import Any, Final
from urllib.parse import urlsplit

from jupyter_agent import wire
from jupyter_agent.chat import loopback
from jupyter_agent.chat.door import (
    Command,
    Ended,
    EntryState,
    Heard,
    HttpAnswer,
    HttpRequest,
    Told,
)
from jupyter_agent.chat.printed import Printed
from jupyter_agent.client import matching
from jupyter_agent.client.loop import AsyncClient
from jupyter_agent.errors import AgentError, LabelNotFound, RequestInvalid, RunLost

Open = Callable[[], Awaitable[AsyncClient]]
OpenEntry = Callable[[str, str, Told], Awaitable[EntryState]]
AskHere = Callable[[str], Awaitable[None]]

_ENTRIES: Final[Mapping[str, EntryState]] = {"stored": "saved", "declined": "declined"}
_MOST_FREE: Final = 4
_USUAL: Final = "header: Authorization: Bearer {}"


@dataclass(slots=True)
class ModelDoor:
    """See ``chat.door.Door``.

    Attributes:
        open_client: Opens a conversation as whoever this is.
        open_entry: Opens a masked form for a label and a reason, and says what came of it. Without
            one the broker asks whoever is there (``secret.request``).
        cwd: Absolute folder that commands run in.
        env: What commands are given of an environment: names of ``wire.HANDED_ON``.
        ask_here: Puts the question with this id to the person at this very terminal.
        confirms: Whether a person is asked about commands without secrets, too. Hosts of MCP have
            a shell and a question of their own for that; a chat cell has neither.
        keeps: Whether a conversation whose use has ended well serves for the next one. Not for a
            kernel, whose notebook may be called otherwise by then.
    """

    open_client: Open
    open_entry: OpenEntry | None
    cwd: str
    env: Mapping[str, str] = field(default_factory=dict)
    ask_here: AskHere | None = None
    confirms: bool = False
    keeps: bool = False
    _asks: AsyncClient | None = None
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    _free: list[AsyncClient] = field(default_factory=list)
    _services: list[dict[str, Any]] | None = None

    async def run(self, command: Command, told: Told, heard: Heard | None = None) -> Ended:
        """See ``Door.run``."""
        streams = {"stdout": Printed(), "stderr": Printed()}
        ended: Ended | None = None
        async with self._conversation() as client:
            events = client.events(
                "run",
                script=command.script,
                argv=None,
                secrets=[{"label": label, "env": name} for name, label in command.secrets.items()],
                cwd=self.cwd,
                env=dict(self.env),
                timeout=command.timeout,
                approve=self.ask_here is not None,
                confirm=self.confirms,
                why=command.why,
            )
            async for message in events:
                if "result" in message:
                    ended = _ended(message["result"], streams)
                elif message.get("event") == "output":
                    stream = "stderr" if message.get("stream") == "stderr" else "stdout"
                    text = streams[stream].feed(wire.data(message, "data"))
                    if heard is not None:
                        heard(text)
                else:
                    await self._tell(message, told)
        if ended is None:
            raise RunLost("The broker said no more.")
        return ended

    async def send(self, request: HttpRequest, told: Told) -> HttpAnswer:
        """See ``Door.send``."""
        host, target = _split(request.url)
        async with self._conversation(ends=True) as client:
            asked = await self._place(client, request, host)
            events = client.events(
                "egress.open",
                label=request.secret,
                approve=self.ask_here is not None,
                why=request.why,
                request={
                    "method": request.method,
                    "target": target,
                    "headers": dict(request.headers),
                    "body": request.body,
                },
                **asked,
            )
            async for message in events:
                if message.get("event") != "open":
                    await self._tell(message, told)
                    continue
                told("running")
                port, target, headers = _filled(message, target, request)
                answer = await loopback.send(
                    port, request.method, target, headers, request.body.encode()
                )
                return _without_the_way(answer, message, port, host, request.secret)
        raise RunLost("The broker said no more.")

    async def labels(self) -> list[dict[str, Any]]:
        """See ``Door.labels``."""
        async with self._conversation() as client:
            return list((await client.call("secret.list"))["secrets"])

    async def ask_for_secret(self, label: str, why: str, told: Told) -> EntryState:
        """See ``Door.ask_for_secret``."""
        if self.open_entry is not None:
            return await self.open_entry(label, why, told)
        async with self._conversation() as client:
            async for message in client.events("secret.request", label=label, why=why):
                if "result" in message:
                    return _ENTRIES.get(message["result"]["outcome"], "pending")
                await self._tell(message, told)
        raise RunLost("The broker said no more.")

    async def desktop(self, do: str, **fields: Any) -> dict[str, Any]:
        """See ``DesktopDoor.desktop``."""
        async with self._conversation() as client:
            return dict(await client.call("desktop", do=do, **fields))

    async def match(self, text: str) -> str | None:
        """See ``Door.match``."""
        async with self._turn:
            try:
                return await self._matched(text)
            except RunLost:  # it was kept from an earlier call; who is refused now is told why
                return await self._matched(text)

    async def close(self) -> None:
        """End the conversations that are kept."""
        kept, self._free = self._free, []
        if self._asks is not None:
            kept.append(self._asks)
            self._asks = None
        for client in kept:
            await client.close()

    async def _matched(self, text: str) -> str | None:
        if self._asks is None or self._asks.closed:
            self._asks = await self.open_client()
        result: wire.Message = {}
        try:
            for fields in matching.requests(text):
                result = await self._asks.call("match", **fields)
        except RunLost:
            lost, self._asks = self._asks, None
            await lost.close()
            raise
        label = result["label"]
        return label if isinstance(label, str) else None

    async def _tell(self, message: wire.Message, told: Told) -> None:
        if message.get("event") == "asking":
            told("asking")
            if self.ask_here is not None and "terminal" in message.get("where", ()):
                await self.ask_here(str(message["approval_id"]))
        elif message.get("event") == "started":
            told("running")

    @asynccontextmanager
    async def _conversation(self, *, ends: bool = False) -> AsyncIterator[AsyncClient]:
        """A conversation of one's own.

        Args:
            ends: What is begun in it goes on until it ends, as a way out does.
        """
        client = await self._opened()
        well = False
        try:
            yield client
            well = True
        finally:
            # Whatever was given up in the middle ends with it, and that for certain.
            if well and self.keeps and not ends and len(self._free) < _MOST_FREE:
                self._free.append(client)
            else:
                await client.close()

    async def _opened(self) -> AsyncClient:
        while self._free:
            if not (client := self._free.pop()).closed:
                return client
            await client.close()
        return await self.open_client()

    async def _place(self, client: AsyncClient, request: HttpRequest, host: str) -> dict[str, Any]:
        """The fields of `egress.open` that say where to, and where in the request."""
        if request.place:
            return {"host": host, **_described(request.place)}
        if self._services is None:  # they come with the broker's code, and stay the same
            self._services = (await client.call("egress.services"))["services"]
        services = self._services
        usual = [each for each in services if request.secret in each["labels"]]
        known = [each for each in usual or services if each["origin"] == host]
        if known:
            return {"service": known[0]["name"]}
        if usual:  # one's own server of that kind
            return {"service": usual[0]["name"], "host": host}
        stored = (await client.call("secret.list"))["secrets"]
        if all(each["label"] != request.secret for each in stored):
            raise LabelNotFound(f"No secret is stored under {request.secret}.")
        return {"host": host, **_described(_USUAL)}


def _ended(result: wire.Message, streams: Mapping[str, Printed]) -> Ended:
    ending = "timed out" if result["timed_out"] else "stopped" if result["stopped"] else "exited"
    return Ended(
        exit=int(result["exit"]),
        seconds=float(result["seconds"]),
        stdout=streams["stdout"].text,
        stderr=streams["stderr"].text,
        scrubbed=dict(result.get("hits") or {}),
        withheld=tuple(result.get("withheld") or ()),
        ending=ending,
    )


def _split(url: str) -> tuple[str, str]:
    """Origin, and path with query, of an address.

    Raises:
        RequestInvalid: It has a user in it, or is no address of a web service.
    """
    parts = None
    with suppress(ValueError):
        parts = urlsplit(url)
    if parts is None or parts.scheme not in ("http", "https") or not parts.hostname:
        raise RequestInvalid("That is no address of a web service.", "https://api.example.com/x")
    if "@" in parts.netloc:
        raise RequestInvalid("An address with a user in it is not sent.", "Leave the user out.")
    if any(mark in url for mark in " \\\t\r\n"):
        raise RequestInvalid("An address has no blanks and no backslashes.", "Encode them.")
    query = f"?{parts.query}" if parts.query else ""
    return f"{parts.scheme}://{parts.netloc.lower()}", f"{parts.path or '/'}{query}"


def _described(place: str) -> dict[str, Any]:
    kind, _, rest = place.partition(":")
    rest = rest.strip()
    if kind in ("header", "query") and rest:
        return {kind: rest}
    if kind == "basic":
        return {"basic": True}
    raise RequestInvalid(
        "That is no place for a secret.", "'header: X-Api-Key: {}', 'query: key' or 'basic: USER'"
    )


def _without_the_way(
    answer: HttpAnswer, way: wire.Message, port: int, host: str, label: str
) -> HttpAnswer:
    """The answer as the service has given it: this way is over, and the next one is another.

    The way writes its own address where the service names itself (``Location``, ``Link``), and its
    placeholder where a query in there holds the value.
    """
    own = re.compile(rf"http://127\.0\.0\.1:{port}(?!\d)")
    headers = {}
    for name, text in answer.headers.items():
        shown = own.sub(lambda _: host, text)
        for held in way["variables"].values():
            if held.startswith("jupyter-agent-placeholder-"):
                shown = shown.replace(held, f"[secret:{label}]")
        headers[name] = shown
    return replace(answer, headers=headers)


def _filled(
    way: wire.Message, target: str, request: HttpRequest
) -> tuple[int, str, list[tuple[str, str]]]:
    """Port, target and headers of a request, with the placeholder where the value belongs.

    Raises:
        AgentError: The broker has opened something else than a way out.
    """
    variables: dict[str, str] = way["variables"]
    bases = [text for text in variables.values() if text.startswith("http://127.0.0.1:")]
    tokens = [text for text in variables.values() if text.startswith("jupyter-agent-placeholder-")]
    port = urlsplit(bases[0]).port if bases else None
    if port is None or not tokens:
        raise AgentError("The broker opened no way out.")
    headers = list(request.headers.items())
    place = str(way["place"]).partition(" or header ")[0]
    if place.startswith("query field "):
        joint = "&" if "?" in target else "?"
        return port, f"{target}{joint}{place.removeprefix('query field ')}={tokens[0]}", headers
    if place.startswith("header "):
        name, _, form = place.removeprefix("header ").partition(": ")
        return port, target, [*headers, (name, form.replace("{}", tokens[0]))]
    user = request.place.partition(":")[2].strip()
    pair = base64.b64encode(f"{user}:{tokens[0]}".encode()).decode()
    return port, target, [*headers, ("Authorization", f"Basic {pair}")]
