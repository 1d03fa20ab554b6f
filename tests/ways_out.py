"""Ways out to a service of a test."""

from __future__ import annotations

from bearer_service import Service
from steps import until, wait_until

from jupyter_agent.client import Client


def until_gone(person: Client) -> None:
    """Return when none is open any more."""
    wait_until(lambda: person.call("egress.list")["ways"] == [])


def open_way(client: Client, service: Service, **more: str) -> dict:
    """Open one for DEMO_TOKEN.

    Args:
        client: Who opens it.
        service: Where to.
        **more: Another place for the value than a bearer's.
    """
    place = more or {"header": "Authorization: Bearer {}"}
    number = client.begin("egress.open", label="DEMO_TOKEN", host=service.origin, **place)
    return until(client, number, "open")
