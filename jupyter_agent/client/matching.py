"""Asking the broker for stored values in a text of any length."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from jupyter_agent import wire

if TYPE_CHECKING:
    from jupyter_agent.client.blocking import Client

_PART: Final = 80_000
"""Characters in a line. At worst JSON writes one as 12 bytes (two surrogates)."""

MOST: Final = 1000
"""Matches in one answer: with so many there may be more. Mask these and ask again."""

_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Known:
    """A stored value in a text, as a person is told.

    Attributes:
        label: Whose value.
        kind: Its kind, or "".
        start: First code point.
        end: One past its last code point.
        exact: Whether it stands there as it is, and not encoded or taken apart.
    """

    label: str
    kind: str
    start: int
    end: int
    exact: bool = True


@dataclass(frozen=True, slots=True)
class Answer:
    """What the broker recognised.

    Attributes:
        matches: Leftmost first, none overlapping; at most ``MOST``.
        values: The same as long as the same values are stored.
    """

    matches: list[Known]
    values: str


def requests(text: str) -> Iterator[dict[str, Any]]:
    """The fields of the requests that ask about a text; the last one is answered.

    Args:
        text: At most 16 MiB; the broker refuses more.
    """
    if len(text) <= _PART:
        yield {"text": text}
        return
    number = next(_numbers)
    last = (len(text) - 1) // _PART * _PART
    for at in range(0, last, _PART):
        yield {"text": text[at : at + _PART], "of": number, "more": True}
    yield {"text": text[last:], "of": number}


def answer(result: wire.Message) -> Answer:
    """The broker's answer to a person."""
    return Answer([Known(**match) for match in result["matches"]], result["values"])


def find(client: Client, text: str) -> Answer:
    """Every stored value in a text. For a person's client.

    Raises:
        AgentError: The broker could not say.
    """
    return answer(_last(client, text))


def label_in(client: Client, text: str) -> str | None:
    """The label of a stored value in a text, or None. For the client of a kernel or guest.

    Raises:
        AgentError: The broker could not say.
    """
    label = _last(client, text)["label"]
    return label if isinstance(label, str) else None


def _last(client: Client, text: str) -> wire.Message:
    result: wire.Message = {}
    for fields in requests(text):
        result = client.call("match", **fields)
    return result
