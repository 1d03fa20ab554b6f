"""The terminal's way to the broker: always as the person."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jupyter_agent.client import Client


def open_as_person(*, start: bool = True) -> Client:
    """A conversation with this person's broker.

    Args:
        start: Start one where none answers.

    Raises:
        AgentError: See ``jupyter_agent.person.open_client``.
    """
    # Imported late: sockets and asyncio would double the time of `--help`.
    from jupyter_agent.folders import Folders  # noqa: PLC0415
    from jupyter_agent.person import open_client  # noqa: PLC0415

    return open_client(Folders.of(), start=start)
