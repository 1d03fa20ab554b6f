"""What the vault knows of a secret apart from its value."""

from __future__ import annotations

import json
import math
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from jupyter_agent import wire
from jupyter_agent.errors import RequestInvalid
from jupyter_agent.secret import KINDS

MAX_NOTE: Final = 1000
"""Longest note, in characters."""
REMINDERS: Final = (30, 7, 1)
"""Days before something is due at which people are reminded."""
MAX_DAYS: Final = 3650
"""Longest time between two rotations, in days."""
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
class Due:
    """Something that is near, or over.

    Attributes:
        what: ``expires`` or ``rotate``.
        on: When, RFC 3339 UTC.
        days: Whole days until then, rounded up; 0 or less when it is over.
        level: Which of ``REMINDERS`` is reached; 0 when it is over.
    """

    what: str
    on: str
    days: int
    level: int

    def to_json(self) -> dict[str, Any]:
        """The names of docs/protocol.md."""
        return asdict(self)


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
        rotate_every: After how many days it should be replaced, or None.
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
    rotate_every: int | None = None

    def to_json(self) -> dict[str, Any]:
        """The names of docs/interfaces.md."""
        # Not `asdict`, which copies each text of each record: a list may have a thousand.
        own = {name: getattr(self, name) for name in self.__slots__}
        return own | {"exposed": [asdict(each) for each in self.exposed]}

    def shown(self, now: datetime) -> dict[str, Any]:
        """What people and pages get to see: what is kept, and what is due.

        Args:
            now: The time, with a zone.
        """
        due = self.due(now)
        return {**self.to_json(), "due": None if due is None else due.to_json()}

    def due(self, now: datetime) -> Due | None:
        """What comes first: the end of the value, or its rotation; None where neither is near.

        Args:
            now: The time, with a zone. A clock that was wrong only makes this early or late.
        """
        ends = [] if self.expires is None else [("expires", self.expires)]
        if self.rotate_every is not None:
            since = datetime.fromisoformat(self.replaced or self.created)
            with suppress(OverflowError):  # a clock, or an export, that said the year 9999
                rotation = since + timedelta(days=self.rotate_every)
                ends.append(("rotate", wire.timestamp(rotation)))
        if not ends:
            return None
        what, on = min(ends, key=lambda end: end[1])  # our way of writing times sorts as text
        days = (datetime.fromisoformat(on) - now) / timedelta(days=1)
        if days > REMINDERS[0]:
            return None
        level = min(each for each in REMINDERS if days <= each) if days > 0 else 0
        return Due(what, on, math.ceil(days), level)

    def to_bytes(self) -> bytes:
        """What is sealed; the label is not in it, because the record's name is the label."""
        body = self.to_json()
        del body["label"]
        return json.dumps(body, separators=(",", ":"), sort_keys=True).encode()

    @classmethod
    def checked(cls, label: str, body: dict[str, Any], *, weak: bool) -> Meta:
        """Read what ``to_json`` wrote somewhere else: nothing of it is believed.

        Args:
            label: Checked.
            body: From an export.
            weak: Whether the value could be guessed.

        Raises:
            RequestInvalid: A field holds what no vault keeps.
            KeyError: A field is missing.
            TypeError: A field is of another type.
        """
        times = {
            name: None if body[name] is None else check_time(str(body[name]))
            for name in ("replaced", "last_used", "expires")
        }
        uses = body["uses"]
        if type(uses) is not int or uses < 0:
            raise TypeError("not a count")
        return cls(
            label=label,
            kind=check_kind(str(body["kind"])),
            note=check_note(str(body["note"])),
            created=check_time(str(body["created"])),
            uses=uses,
            weak=weak,
            exposed=tuple(
                Exposure(
                    check_note(str(each["where"])),
                    check_note(str(each["notebook"])),
                    check_time(str(each["time"])),
                )
                for each in body["exposed"][-MAX_EXPOSED:]
            ),
            rotate_every=check_days(body.get("rotate_every")),
            **times,
        )

    @classmethod
    def from_bytes(cls, label: str, content: bytes) -> Meta:
        """Undo ``to_bytes``. The content has authenticated, so it is what we once wrote."""
        body = json.loads(content)
        body["exposed"] = tuple(Exposure(**each) for each in body["exposed"])
        if body["expires"] is not None:
            # A year before 1000 was once written without its zeros, and no list could be read.
            body["expires"] = body["expires"].rjust(len("0026-12-31T12:00:00Z"), "0")
        return cls(label=label, **body)


def check_days(days: Any) -> int | None:
    """Return a number of days between two rotations, or None.

    Raises:
        RequestInvalid: It is no whole number from 1 to ``MAX_DAYS``.
    """
    if days is None or (type(days) is int and 1 <= days <= MAX_DAYS):
        return days
    raise RequestInvalid(
        "That is no time between two rotations.", f"Give whole days, 1 to {MAX_DAYS}: 90d."
    )


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
