"""Which kind of way a message asks for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from jupyter_agent import wire
from jupyter_agent.errors import RequestInvalid
from jupyter_agent.secret import check_label

if TYPE_CHECKING:  # loading TLS and HTTP costs 40 ms, which is for the first use
    from jupyter_agent.egress.kind import Kind
    from jupyter_agent.egress.services import Service


def kind_of(message: wire.Message, stored: Sequence[str]) -> Kind:
    """The way that an ``egress.open`` names.

    Args:
        message: The request.
        stored: The labels that there are.

    Raises:
        RequestInvalid: It names none, or more than one, or one that may not be.
    """
    from jupyter_agent.egress.aws.way import AwsWay, is_meant  # noqa: PLC0415
    from jupyter_agent.egress.http_way import HttpWay  # noqa: PLC0415

    label = check_label(wire.text(message, "label"))
    service, host = wire.optional_text(message, "service"), wire.optional_text(message, "host")
    has_place = any(message.get(name) for name in ("header", "query", "basic"))
    region = wire.optional_text(message, "region")
    if not has_place and is_meant(label, service):
        return AwsWay.of(label, stored, host=host, region=region)
    if region is not None:
        raise RequestInvalid("A region belongs to AWS only.", "--service aws")
    return HttpWay(_service(label, message), label)


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
