"""What the vault knows of a secret apart from its value."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Final

from jupyter_agent import wire
from jupyter_agent.errors import RequestInvalid
from jupyter_agent.secret import KINDS

MAX_NOTE: Final = 1000
"""Longest note, in characters."""
MAX_EXPOSED: Final = 50
"""How many places a label remembers; the newest stay."""


@dataclass(frozen=True, slots=True)
class Exposure:
    """A place where the value was seen outside the vault.

    Attributes:
        where: In the product's words: ``cell``, ``output``, ``chat``.
        notebook: Path of the notebook, or "".
        time: RFC 3339, UTC.
    """

    where: str
    notebook: str
    time: str


@dataclass(frozen=True, slots=True)
class Meta:
    """One label's record, safe to show. Times are RFC 3339 in UTC.

    Attributes:
        label: The secret's public name.
        kind: One of ``secret.KINDS``, or "".
        note: The person's own words.
        created: When the label was first saved.
        replaced: When its value was last replaced, or None.
        last_used: When a run or request last used it, or None.
        uses: How often.
        expires: When the value stops working, as the person said, or None.
        exposed: Where this value was seen; empty again once it is replaced.
        weak: The value could be guessed (``strength``).
    """

    label: str
    kind: str
    note: str
    created: str
    replaced: str | None
    last_used: str | None
    uses: int
    expires: str | None
    weak: bool
    exposed: tuple[Exposure, ...] = field(default=())

    def to_json(self) -> dict[str, Any]:
        """The names of docs/interfaces.md."""
        return asdict(self) | {"exposed": [asdict(each) for each in self.exposed]}

    def to_bytes(self) -> bytes:
        """What is sealed; the label is not in it, because the record's name is the label."""
        body = self.to_json()
        del body["label"]
        return json.dumps(body, separators=(",", ":"), sort_keys=True).encode()

    @classmethod
    def from_bytes(cls, label: str, content: bytes) -> Meta:
        """Undo ``to_bytes``. The content has authenticated, so it is what we once wrote."""
        body = json.loads(content)
        body["exposed"] = tuple(Exposure(**each) for each in body["exposed"])
        return cls(label=label, **body)


def check_kind(kind: str) -> str:
    """Return the kind, or say that there is no such kind.

    Raises:
        RequestInvalid: It is none of ``secret.KINDS`` and not "".
    """
    if kind not in ("", *KINDS):
        raise RequestInvalid("There is no such kind of secret.", f"Kinds: {', '.join(KINDS)}.")
    return kind


def check_note(note: str) -> str:
    """Return the note, or say that it is too long.

    Raises:
        RequestInvalid: More than ``MAX_NOTE`` characters.
    """
    if len(note) > MAX_NOTE:
        raise RequestInvalid("The note is too long.", f"A note has at most {MAX_NOTE} characters.")
    return note


def check_time(text: str) -> str:
    """Return a time in our one way of writing it.

    Raises:
        RequestInvalid: It is not RFC 3339 with a zone.
    """
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is not None:
            return wire.timestamp(moment)
    except (ValueError, OverflowError):
        pass
    raise RequestInvalid(
        "That is not a time.", "Write it as RFC 3339 with a zone: 2030-01-31T12:00:00Z."
    )
