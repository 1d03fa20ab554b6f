"""Which kind of way a message asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jupyter_agent import wire
from jupyter_agent.broker.safe import Safe
from jupyter_agent.errors import RequestInvalid
from jupyter_agent.secret import check_label

if TYPE_CHECKING:  # loading TLS and HTTP costs 40 ms, which is for the first use
    from jupyter_agent.egress.kind import Kind
    from jupyter_agent.egress.one import OneRequest
    from jupyter_agent.egress.postgres.database import Database
    from jupyter_agent.egress.services import Service


_OF_HTTP = ("service", "host", "header", "query", "basic", "region")


async def kind_of(message: wire.Message, safe: Safe, only: OneRequest | None) -> Kind:
    """The way that an ``egress.open`` names.

    Args:
        message: The request.
        safe: The vault: which labels there are, and where a stored address leads.
        only: The one request that it is for, where it states one.

    Raises:
        RequestInvalid: It names none, or more than one, or one that may not be.
        LabelNotFound: The address of a database is to be read from a label that is not stored.
    """
    label = check_label(wire.text(message, "label"))
    if message.get("postgres") is not None:
        if only is not None:
            raise _not_one()
        return await _database_way(label, message, safe)
    if message.get("user"):
        raise RequestInvalid("A user goes with a database.", "--postgres HOST/NAME --user NAME")
    return await _service_way(label, message, safe, only)


async def _service_way(
    label: str, message: wire.Message, safe: Safe, only: OneRequest | None
) -> Kind:
    from jupyter_agent.egress.aws.way import AwsWay, is_meant  # noqa: PLC0415
    from jupyter_agent.egress.http_way import HttpWay  # noqa: PLC0415

    service, host = wire.optional_text(message, "service"), wire.optional_text(message, "host")
    has_place = any(message.get(name) for name in ("header", "query", "basic"))
    region = wire.optional_text(message, "region")
    if not has_place and is_meant(label, service):
        if only is not None:
            raise _not_one()
        stored = await safe.use(lambda vault: [meta.label for meta in vault.list()])
        return AwsWay.of(label, stored, host=host, region=region)
    if region is not None:
        raise RequestInvalid("A region belongs to AWS only.", "--service aws")
    return HttpWay(_service(label, message), label, only)


def _not_one() -> RequestInvalid:
    return RequestInvalid(
        "One request can be sent to a service that takes the value in a header or in its query.",
        "For AWS and databases, run a command with the label.",
    )


async def _database_way(label: str, message: wire.Message, safe: Safe) -> Kind:
    from jupyter_agent.egress.postgres.way import PostgresWay  # noqa: PLC0415

    if any(message.get(each) for each in _OF_HTTP):
        raise RequestInvalid("A database is no web service.", "--postgres HOST/NAME --user NAME")
    named, user = wire.text(message, "postgres"), wire.optional_text(message, "user")
    return PostgresWay(label, await _database(label, named, user, safe), said=bool(named))


async def _database(label: str, named: str, user: str | None, safe: Safe) -> Database:
    """The database that the message names, or the stored address where it names none."""
    from jupyter_agent.egress.postgres.database import read_database, read_value  # noqa: PLC0415

    if named:
        return read_database(named, user)
    if user:
        raise RequestInvalid("The stored address says which user.", "Leave --user away.")
    database, _ = await safe.use(lambda vault: read_value(vault.get(label).reveal()))
    return database


def _service(label: str, message: wire.Message) -> Service:
    """A known service, also at another host, or one that the message describes."""
    from jupyter_agent.egress import services  # noqa: PLC0415

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
