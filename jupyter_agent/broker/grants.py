"""Grants: what a person has permitted or forbidden. Pure.

A grant covers one label. It names what may run: one exact script (in one folder, where given), a
pattern a person chose, or, said explicitly, any command. It may be bound to one notebook or one
kind of caller, to a number of uses and to a time. What it permits, ``permitting`` says.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any, Final

from jupyter_agent.broker import patterns, terms
from jupyter_agent.broker.commands import HARMLESS, Unreadable
from jupyter_agent.errors import RequestInvalid
from jupyter_agent.secret import check_label, check_variable

Programs = Mapping[str, Mapping[str, str | None]]
"""The word that names a program → ``path`` (real) and ``sha256`` of the file; both None where the
word is no file: a builtin, or not there."""

WHO: Final = ("person", "kernel", "guest", "agent")
_WHO: Final = re.compile(r"(?:person|kernel|guest|agent)(?::[ -~]{1,200})?")
_INTO: Final = re.compile(r"stdin|prompt|(?:env|file):[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True, slots=True)
class Grant:
    """A person's standing permission for one label, or with ``deny`` a rule against it.

    Attributes:
        id: Names it.
        label: What may be used.
        created: When it was given, RFC 3339 UTC.
        notebook: Only for this notebook's kernel.
        script: Exactly this text may run.
        pattern: Or what fits this (``patterns``).
        any_command: Or whatever it is.
        cwd: Only in this folder.
        uses: How many are left; None for any number.
        until: When it ends, RFC 3339 UTC.
        who: Only for this actor: a role, or a role and a name.
        deny: It forbids instead.
        into: Where the value may go (``Request.into``); None for the usual places.
        identity: With ``script``: exactly that run, whatever is said beside its text.
        programs: The files that were meant; None where none has been seen yet.
    """

    id: str
    label: str
    created: str
    notebook: str | None = None
    script: str | None = None
    pattern: str | None = None
    any_command: bool = False
    cwd: str | None = None
    uses: int | None = None
    until: str | None = None
    who: str | None = None
    deny: bool = False
    into: tuple[str, ...] | None = None
    identity: str | None = None
    programs: Programs | None = None

    def is_over(self, now: datetime) -> bool:
        """Whether its time is over. A rule against something ends no sooner than it says."""
        if self.until is None:
            return False
        ended = now >= datetime.fromisoformat(self.until)
        return ended if self.deny else terms.is_over(self.created, self.until, now)

    def to_json(self) -> dict[str, Any]:
        """As it is shown and stored."""
        return asdict(self)

    def record(self) -> bytes:
        """As the vault seals it."""
        return json.dumps(self.to_json(), sort_keys=True).encode()

    @classmethod
    def from_record(cls, record: bytes) -> Grant:
        """What ``record`` made."""
        fields = json.loads(record)
        into = fields.get("into")
        return cls(**{**fields, "into": None if into is None else tuple(into)})


def new_grant(fields: Mapping[str, Any], *, id: str, created: str) -> Grant:  # noqa: A002
    """A grant from a request's fields.

    Raises:
        RequestInvalid: It does not say what may run, or says it in two ways, or too widely; or a
            number or a time can't be read.
    """
    label = check_label(fields.get("label", ""))
    ways = [name for name in ("script", "pattern", "any_command") if fields.get(name)]
    if len(ways) != 1:
        raise RequestInvalid(
            "A grant says what may run, in exactly one way.",
            "Give one of --command, --script and --any-command.",
        )
    deny = fields.get("deny") is True
    uses, until, who = fields.get("uses"), fields.get("until"), _text_or_none(fields, "who")
    if uses is not None and (not isinstance(uses, int) or isinstance(uses, bool) or uses < 1):
        raise RequestInvalid("The number of uses is a whole number from 1.")
    if deny and uses is not None:
        raise RequestInvalid("What is denied has no number of uses.")
    if who is not None and not _WHO.fullmatch(who):
        raise RequestInvalid(f"Who may use it is one of {', '.join(WHO)}.")
    script, pattern = _text_or_none(fields, "script"), _text_or_none(fields, "pattern")
    if pattern is not None:
        script, pattern = _exact_or_pattern(pattern, deny=deny)
    return Grant(
        id=id,
        label=label,
        created=created,
        notebook=_text_or_none(fields, "notebook"),
        script=script,
        pattern=pattern,
        any_command=fields.get("any_command") is True,
        cwd=_text_or_none(fields, "cwd"),
        uses=uses,
        until=_utc(until) if until is not None else None,
        who=who,
        deny=deny,
        into=_into(fields.get("into")),
        identity=_text_or_none(fields, "identity"),
    )


def with_programs(grant: Grant, look: Callable[[str], tuple[str, str] | None]) -> Grant:
    """A pattern's grant, bound to the files that its programs are now.

    Args:
        grant: Any grant; only those with a pattern are bound here.
        look: As ``Request.look``.

    Raises:
        RequestInvalid: A program is not there, or is another one under a name of its own.
    """
    if grant.pattern is None or grant.deny:
        return grant
    found: dict[str, dict[str, str | None]] = {}
    for word in patterns.read_pattern(grant.pattern).programs():
        file = look(word)
        if file is None and word not in HARMLESS:
            raise RequestInvalid(
                f"A pattern is for programs that are there, and {word} is not found.",
                "Permit it where the program is, or permit the exact script with --script.",
            )
        path, sha256 = file or (None, None)
        if path is not None:
            patterns.check_name(word, path)
        found[word] = {"path": path, "sha256": sha256}
    return replace(grant, programs=found)


def _exact_or_pattern(text: str, *, deny: bool) -> tuple[str | None, str | None]:
    """What was written for ``--command``: a script to the letter, or a pattern.

    Raises:
        RequestInvalid: It is a pattern that covers too much.
    """
    try:
        pattern = patterns.read_pattern(text)
    except Unreadable:
        return text, None  # nothing but this very text can be meant
    if deny:
        return None, text
    if not pattern.has_wildcards:
        return text, None
    patterns.check(pattern)
    return None, text


def _into(value: object) -> tuple[str, ...] | None:
    if value is None:
        return None
    if not isinstance(value, list) or not all(
        isinstance(place, str) and _INTO.fullmatch(place) for place in value
    ):
        raise RequestInvalid("Where a value may go is a list of places such as env:PGPASSWORD.")
    for place in value:
        if ":" in place:
            check_variable(place.partition(":")[2])
    return tuple(value)


def _text_or_none(fields: Mapping[str, Any], name: str) -> str | None:
    value = fields.get(name)
    if value is not None and not isinstance(value, str):
        raise RequestInvalid(f'"{name}" is text.')
    return value or None


def _utc(until: object) -> str:
    try:
        moment = datetime.fromisoformat(until) if isinstance(until, str) else None
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise RequestInvalid("The end of a grant is a time such as 2030-01-31T12:00:00Z.")
    return moment.isoformat()
