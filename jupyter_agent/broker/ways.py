"""Ways out: ports on this machine on which one program may use one label's value at one host."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from jupyter_agent import wire
from jupyter_agent.broker.ask import Ask, Operation, for_persons
from jupyter_agent.broker.permission import Permission
from jupyter_agent.broker.safe import Safe
from jupyter_agent.broker.standing import check_stored
from jupyter_agent.broker.way import Way, again
from jupyter_agent.broker.way_kinds import kind_of
from jupyter_agent.broker.way_permits import Permits
from jupyter_agent.errors import GrantDenied, GrantRequired, RequestInvalid
from jupyter_agent.screen import Screener, load_rules

if TYPE_CHECKING:  # loading TLS and HTTP costs 40 ms, which is for the first use
    from jupyter_agent.broker.trust import Trust
    from jupyter_agent.egress.kind import Kind
    from jupyter_agent.egress.one import OneRequest

_MOST_OPEN: Final = 256
_IN_PATHS: Final = ("keys", "cloud", "code", "ai", "services", "web")


class Ways:
    """Every open way of this broker, and the operations about them.

    Args:
        state: The folder for what a person has chosen.
        safe: Vault and audit.
        permission: Says yes or no.
        changed: Tells those who watch.
    """

    def __init__(
        self, state: Path, safe: Safe, permission: Permission, changed: Callable[[str], None]
    ) -> None:
        self._state = state
        self._safe = safe
        self._permission = permission
        self._changed = changed
        self._screener: Screener | None = None
        self._trust: Trust | None = None
        self._open: dict[str, Way] = {}
        self.table: dict[str, Operation] = {
            "egress.open": self._begin,
            "egress.list": for_persons(self._list),
            "egress.close": for_persons(self._close),
            "egress.services": self._services,
            "egress.trust": for_persons(self._name_trusted),
        }

    def __len__(self) -> int:
        return len(self._open)

    async def end_all(self) -> None:
        """Close every way, and return when all are closed."""
        await self._end(*self._open.values())

    def withdraw(self, label: str) -> None:
        """Close what is open for a label: what comes to stand under it is another secret."""
        for way in list(self._open.values()):
            if label in way.kind.labels:
                way.close()

    def reconsider(self) -> None:
        """Have every open way ask again whether it is still permitted: the grants are others."""
        for way in self._open.values():
            way.reconsider()

    async def _end(self, *ways: Way) -> None:
        for way in ways:
            way.close()
        for way in ways:
            await way.gone.wait()

    async def _begin(self, ask: Ask) -> wire.Message:
        if len(self._open) >= _MOST_OPEN:
            raise RequestInvalid("Too many ways out are open.", "Close some: jupyter agent lock")
        only = _only(ask)
        kind = await kind_of(ask.message, self._safe, only)
        permits = await self._permitted(ask, kind, only)
        closed = asyncio.Event()
        way = Way(
            kind,
            ask.caller,
            permits,
            safe=self._safe,
            screener=self._screener_now(),
            closed=closed,
        )
        await self._hold(ask, way, closed)
        raise GrantDenied(
            f"The way out for {kind.label} was closed.",
            f"Open it again: {again(kind.label)}",
        )

    async def _hold(self, ask: Ask, way: Way, closed: asyncio.Event) -> None:
        """Keep a way open until its owner hangs up or somebody closes it."""
        from jupyter_agent.broker.family import Family  # noqa: PLC0415
        from jupyter_agent.egress.endpoint import Endpoint  # noqa: PLC0415
        from jupyter_agent.egress.place import new_placeholder  # noqa: PLC0415

        kind, placeholder = way.kind, new_placeholder()
        believed = await self._trust_now().context(kind.alpn) if kind.alpn else None
        speaker = kind.speaker(placeholder, way, believed)
        endpoint = Endpoint(speaker, Family(ask.caller.pid).admits)
        port = await endpoint.open()
        self._open[way.id] = way
        self._changed("egress")
        # What was permitted place by place is looked at when it is used.
        over = asyncio.create_task(way.until_over()) if kind.origin else None
        try:
            await ask.emit(
                {
                    "event": "open",
                    "way": way.id,
                    "variables": dict(kind.variables(port, placeholder.decode())),
                    "library": list(kind.library),
                    "title": kind.title,
                    "origin": kind.origin or kind.title,
                    "place": kind.place,
                    "revoke": kind.revoke,
                    "asks_later": not kind.origin,
                }
            )
            await closed.wait()
        finally:
            del self._open[way.id]
            if over is not None:
                over.cancel()
            await endpoint.close()
            await way.written()
            way.gone.set()
            self._changed("egress")

    async def _permitted(self, ask: Ask, kind: Kind, only: OneRequest | None) -> Permits:
        why = await self._permission.said(ask.caller, ask.message.get("why"))
        permits = Permits(self._permission, ask.caller, tuple(kind.labels), why=why, only=only)
        if not kind.origin:
            check_stored(
                kind.labels,
                await self._safe.use(lambda vault: [meta.label for meta in vault.list()]),
            )
            return permits
        asks = ask.message.get("approve") is True and ask.caller.role != "agent"
        try:
            await permits.ask(kind.origin, kind.place, ask.emit, asks=asks)
        except GrantRequired:
            if kind.said:
                raise
            line = f"jupyter agent grant {kind.label}"  # the one that was refused last
            raise GrantRequired(
                f"Nobody has permitted the way out for {kind.label}.",
                f"Permit it in a terminal: {line}",
                data={"grant": [line], "labels": [kind.label]},
            ) from None
        return permits

    async def _list(self, _ask: Ask) -> wire.Message:
        return {"ways": [way.to_json() for way in self._open.values()]}

    async def _close(self, ask: Ask) -> wire.Message:
        way = self._open.get(wire.text(ask.message, "way"))
        if way is not None:
            await self._end(way)
        return {}

    async def _name_trusted(self, ask: Ask) -> wire.Message:
        await self._trust_now().name(wire.optional_text(ask.message, "certificates"))
        return {}

    def _trust_now(self) -> Trust:
        if self._trust is None:
            from jupyter_agent.broker.trust import Trust  # noqa: PLC0415

            self._trust = Trust(self._state)
        return self._trust

    async def _services(self, _ask: Ask) -> wire.Message:
        from jupyter_agent.egress.aws.way import LISTED  # noqa: PLC0415
        from jupyter_agent.egress.services import known  # noqa: PLC0415

        return {
            "services": [
                {
                    "name": service.name,
                    "title": service.title,
                    "labels": list(service.key),
                    "variables": list(service.base),
                    "library": list(service.library),
                    "origin": str(service.origin),
                    "place": str(service.place),
                    "docs": service.docs,
                    "revoke": service.revoke,
                }
                for service in known().values()
            ]
            + [LISTED]
        }

    def _screener_now(self) -> Screener:
        if self._screener is None:
            self._screener = Screener(rules=load_rules(_IN_PATHS))
        return self._screener


def _only(ask: Ask) -> OneRequest | None:
    """The one request that a way is to be for.

    Raises:
        RequestInvalid: It can't be read, or an agent states none: what a person permits to a model
            is what they have read, and an open way to a host is much more than that.
    """
    from jupyter_agent.egress.one import OneRequest  # noqa: PLC0415

    only = OneRequest.read(ask.message.get("request"))
    # The agent of a kernel's chat cells also opens the way to the model itself: that is our code,
    # and a model has no part in it.
    if only is None and ask.caller.role == "agent" and ask.caller.kernel_id is None:
        raise RequestInvalid(
            "An agent asks for one request at a time.",
            'State it: "request": {"method": "GET", "target": "/path?query"}',
        )
    return only
