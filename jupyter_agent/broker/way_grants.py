"""Grants and rules that name a way out: written as ways are, or they would never hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from jupyter_agent.broker.permitting import EGRESS

_WORDS: Final = 2
_DATABASES: Final = ("postgresql:", "postgres:")


def as_ways_are_named(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a new grant, with the address of a way out as a way has it.

    ``egress https://API.example.com:443/`` is ``egress https://api.example.com``. Grants and rules
    are compared letter by letter: a grant would be given and hold for nothing, and a rule would be
    taken for one that forbids.

    Args:
        fields: As they came.

    Raises:
        RequestInvalid: No way can lead there.
    """
    for name in ("script", "pattern"):
        text = fields.get(name)
        words = text.split() if isinstance(text, str) else []
        # More words name one request of an agent; a * is for a rule against several hosts.
        if len(words) == _WORDS and words[0] == EGRESS and "*" not in words[1]:
            return {**fields, name: f"{EGRESS} {_address(words[1])}"}
    return dict(fields)


def _address(text: str) -> str:
    from jupyter_agent.egress.postgres.database import read_database  # noqa: PLC0415  (seldom)
    from jupyter_agent.egress.route import read_origin  # noqa: PLC0415

    text = text.strip("\"'")
    database = text.lower().startswith(_DATABASES)
    return str(read_database(text, None) if database else read_origin(text))
