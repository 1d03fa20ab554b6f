"""Ways out: ports on this machine on which one program may use one label's value at one host."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from jupyter_agent import wire
from jupyter_agent.broker.ask import Ask, Operation, for_persons
from jupyter_agent.broker.permission import Permission
from jupyter_agent.broker.requests import request_of_way
from jupyter_agent.broker.safe import Safe
from jupyter_agent.broker.way import Permitted, Way
from jupyter_agent.errors import GrantDenied, RequestInvalid
from jupyter_agent.screen import Screener, load_rules
from jupyter_agent.secret import check_label

if TYPE_CHECKING:  # loading TLS and HTTP costs 40 ms, which is for the first use
    import ssl

    from jupyter_agent.broker.trust import Trust
    from jupyter_agent.egress.route import Route
    from jupyter_agent.egress.services import Service

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
            if way.route.label == label:
                way.close()

    async def _end(self, *ways: Way) -> None:
        for way in ways:
            way.close()
        for way in ways:
            await way.gone.wait()

    async def _begin(self, ask: Ask) -> wire.Message:
        if len(self._open) >= _MOST_OPEN:
            raise RequestInvalid("Too many ways out are open.", "Close some: jupyter agent lock")
        service = _service(ask.message)
        route = service.route(wire.text(ask.message, "label"))
        permitted = await self._permitted(ask, route)
        closed = asyncio.Event()
        way = Way(
            route,
            ask.caller,
            permitted,
            safe=self._safe,
            screener=self._screener_now(),
            closed=closed,
        )
        await self._hold(ask, way, service, closed)
        raise GrantDenied(
            f"The way out for {route.label} was closed.",
            f"Open it again: %agent_egress {route.label}",
        )

    async def _hold(self, ask: Ask, way: Way, service: Service, closed: asyncio.Event) -> None:
        """Keep a way open until its owner hangs up or somebody closes it."""
        from jupyter_agent.broker.family import Family  # noqa: PLC0415
        from jupyter_agent.egress.endpoint import Endpoint  # noqa: PLC0415
        from jupyter_agent.egress.place import new_placeholder  # noqa: PLC0415
        from jupyter_agent.egress.upstream import Upstream  # noqa: PLC0415

        placeholder = new_placeholder()
        endpoint = Endpoint(
            way.route,
            placeholder,
            warden=way,
            admit=Family(ask.caller.pid).admits,
            upstream=Upstream(way.route.origin, await self._believed(way.route)),
        )
        port = await endpoint.open()
        self._open[way.id] = way
        self._changed("egress")
        try:
            await ask.emit(
                {
                    "event": "open",
                    "way": way.id,
                    "variables": service.variables(port, placeholder.decode()),
                    "library": list(service.library),
                    "title": service.title,
                    "origin": str(way.route.origin),
                    "place": str(way.route.place),
                    "revoke": service.revoke,
                }
            )
            await closed.wait()
        finally:
            del self._open[way.id]
            await endpoint.close()
            await way.written()
            way.gone.set()
            self._changed("egress")

    async def _permitted(self, ask: Ask, route: Route) -> Permitted:
        place = str(route.place)
        request = request_of_way(ask.caller, route.label, str(route.origin), place)
        asks = ask.message.get("approve") is True
        decision, ids = await self._permission.for_way(
            ask.caller, request, place, ask.emit, asks=asks
        )
        return Permitted(request, decision, ids)

    async def _list(self, _ask: Ask) -> wire.Message:
        return {"ways": [way.to_json() for way in self._open.values()]}

    async def _close(self, ask: Ask) -> wire.Message:
        way = self._open.get(wire.text(ask.message, "way"))
        if way is not None:
            await self._end(way)
        return {}

    async def _believed(self, route: Route) -> ssl.SSLContext | None:
        return await self._trust_now().context() if route.origin.scheme == "https" else None

    async def _name_trusted(self, ask: Ask) -> wire.Message:
        await self._trust_now().name(wire.optional_text(ask.message, "certificates"))
        return {}

    def _trust_now(self) -> Trust:
        if self._trust is None:
            from jupyter_agent.broker.trust import Trust  # noqa: PLC0415

            self._trust = Trust(self._state)
        return self._trust

    async def _services(self, _ask: Ask) -> wire.Message:
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
        }

    def _screener_now(self) -> Screener:
        if self._screener is None:
            self._screener = Screener(rules=load_rules(_IN_PATHS))
        return self._screener


def _service(message: wire.Message) -> Service:
    """The service that a request names: a known one, also at another host, or one it describes."""
    from jupyter_agent.egress import services  # noqa: PLC0415

    label = check_label(wire.text(message, "label"))
    host, name = wire.optional_text(message, "host"), wire.optional_text(message, "service")
    place: dict[str, Any] = {
        "header": wire.optional_text(message, "header"),
        "query": wire.optional_text(message, "query"),
        "basic": message.get("basic") is True,
    }
    if any(place.values()):
        if host is None or name is not None:
            raise RequestInvalid(
                "A place of your own goes with a host of your own, and with no known service.",
                "--host api.example.com --header 'Authorization: Bearer {}'",
            )
        return services.general(label, host, place)
    service = services.find(label, name)
    return service if host is None else service.at(host)
