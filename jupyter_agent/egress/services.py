"""The services that egress knows (``services.toml``), and the general form for all others."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from typing import Any

from jupyter_agent.egress.place import Place
from jupyter_agent.egress.route import Origin, Route, read_origin
from jupyter_agent.errors import RequestInvalid
from jupyter_agent.secret import check_variable


@dataclass(frozen=True, slots=True)
class Service:
    """One service.

    Attributes:
        name: What a person calls it: ``openai``.
        title: Its own name.
        origin: Its host.
        place: Where its key goes.
        key: Variables that hold the key.
        base: Variable → the path that belongs behind the service's address in it.
        library: Those of ``base`` that the vendor's library reads by itself.
        docs: Where the vendor says how a key is sent.
        revoke: Where a key is taken back.
    """

    name: str
    title: str
    origin: Origin
    place: Place
    key: tuple[str, ...]
    base: Mapping[str, str]
    library: tuple[str, ...] = ()
    docs: str = ""
    revoke: str = ""

    def route(self, label: str) -> Route:
        """The way of this label's value to the service."""
        return Route(label, self.origin, self.place)

    def at(self, host: str) -> Service:
        """The same service at another host: one's own GitLab, a model on this machine.

        Raises:
            RequestInvalid: The host can't be used.
        """
        origin = read_origin(host)
        return replace(self, title=f"{self.title} at {origin}", origin=origin, revoke="")

    def variables(self, port: int, placeholder: str) -> dict[str, str]:
        """What a program's variables shall be.

        Args:
            port: Ours, that leads to the service.
            placeholder: What stands for the value.
        """
        bases = {name: f"http://127.0.0.1:{port}{path}" for name, path in self.base.items()}
        return bases | dict.fromkeys(self.key, placeholder)


@cache
def known() -> Mapping[str, Service]:
    """Every known service, by name."""
    text = resources.files("jupyter_agent.egress").joinpath("services.toml").read_text("utf-8")
    return {name: _read(name, entry) for name, entry in tomllib.loads(text).items()}


def _read(name: str, entry: dict[str, Any]) -> Service:
    return Service(
        name=name,
        title=entry["title"],
        origin=read_origin(entry["host"]),
        place=_place(entry),
        key=tuple(entry["key"]),
        base=entry["base"],
        library=tuple(entry.get("library", ())),
        docs=entry["docs"],
        revoke=entry["revoke"],
    )


def find(label: str, name: str | None) -> Service:
    """The service of that name, or the one that the label is usual for.

    Raises:
        RequestInvalid: There is none.
    """
    services = known()
    if name is not None:
        if name not in services:
            raise RequestInvalid(
                "That service is not known.", f"Known: {', '.join(sorted(services))}. {_GENERAL}"
            )
        return services[name]
    for service in services.values():
        if label in service.key:
            return service
    raise RequestInvalid(
        f"No service is known for the label {label}.",
        "%agent_egress --services, or jupyter agent egress --services, lists those that are. "
        f"{_GENERAL}",
    )


def general(label: str, host: str, place: Mapping[str, Any]) -> Service:
    """A service that a person describes: a host, and one place.

    Its variables are ``LABEL`` for the placeholder and ``LABEL_URL`` for the address.

    Args:
        label: Whose value.
        host: Where to.
        place: One of ``header``, ``query`` and ``basic``.

    Raises:
        RequestInvalid: The host or the place can't be used.
    """
    origin = read_origin(host)
    return Service(
        name=origin.host,
        title=str(origin),
        origin=origin,
        place=_place(place),
        key=(check_variable(label),),
        base={check_variable(f"{label}_URL"): ""},
    )


def _place(fields: Mapping[str, Any]) -> Place:
    named = [name for name in ("header", "query", "basic") if fields.get(name)]
    if len(named) != 1:
        raise RequestInvalid(
            "A value goes into exactly one place.", "Give one of --header, --query and --basic."
        )
    if named == ["basic"]:
        return Place("basic")
    given = fields[named[0]]
    if named == ["query"]:
        return Place.of_query(given)
    return Place.of_header(*([given] if isinstance(given, str) else given))


_GENERAL = "For any other: --host api.example.com --header 'Authorization: Bearer {}'"
