"""Grants: what a person has permitted, and the one rule that says yes. Pure.

A grant covers one label. It names what may run: one exact script (in one folder, where given), a
pattern a person chose, or, said explicitly, any command. It may be bound to one notebook, to a
number of uses and to a time. A notebook-bound grant is only ever used by a kernel whose notebook
the server has registered; a notebook name that a caller merely claims never counts.
"""

from __future__ import annotations

import fnmatch
import json
import re
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any, Final

from jupyter_agent.errors import RequestInvalid
from jupyter_agent.secret import check_label

_SHELL_MEANING: Final = re.compile(r"[;&|<>()`\n\r\\#!{}*?\[\]~]|\$(?![A-Za-z_])")
"""What makes a command more than one plain program with arguments. A pattern never covers it."""


@dataclass(frozen=True, slots=True)
class Request:
    """A run that wants permission.

    Attributes:
        labels: What it wants to use.
        script: Exactly what will run: a script, or an argument list as JSON.
        cwd: Absolute folder it will run in.
        notebook: The registered notebook it comes from, or None.
    """

    labels: tuple[str, ...]
    script: str
    cwd: str
    notebook: str | None


@dataclass(frozen=True, slots=True)
class Grant:
    """A person's standing permission for one label. Times are RFC 3339 UTC."""

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

    def to_json(self) -> dict[str, Any]:
        """As it is shown and stored."""
        return asdict(self)

    def record(self) -> bytes:
        """As the vault seals it."""
        return json.dumps(self.to_json(), sort_keys=True).encode()

    @classmethod
    def from_record(cls, record: bytes) -> Grant:
        """What ``record`` made."""
        return cls(**json.loads(record))


def new_grant(fields: Mapping[str, Any], *, id: str, created: str) -> Grant:  # noqa: A002
    """A grant from a request's fields.

    Raises:
        RequestInvalid: It does not say what may run, or says it in two ways; or a number or a time
            can't be read.
    """
    label = check_label(fields.get("label", ""))
    ways = [name for name in ("script", "pattern", "any_command") if fields.get(name)]
    if len(ways) != 1:
        raise RequestInvalid(
            "A grant says what may run, in exactly one way.",
            "Give one of --command and --any-command.",
        )
    uses, until = fields.get("uses"), fields.get("until")
    if uses is not None and (not isinstance(uses, int) or isinstance(uses, bool) or uses < 1):
        raise RequestInvalid("The number of uses is a whole number from 1.")
    return Grant(
        id=id,
        label=label,
        created=created,
        notebook=_text_or_none(fields, "notebook"),
        script=_text_or_none(fields, "script"),
        pattern=_text_or_none(fields, "pattern"),
        any_command=fields.get("any_command") is True,
        cwd=_text_or_none(fields, "cwd"),
        uses=uses,
        until=_utc(until) if until is not None else None,
    )


def permits(grant: Grant, label: str, request: Request, now: datetime) -> bool:
    """Whether a grant lets a request use a label. Every doubt is a no.

    Args:
        grant: The permission.
        label: One of the request's labels.
        request: What wants to run.
        now: An aware datetime.
    """
    if not (
        grant.label == label
        and grant.notebook in (None, request.notebook)
        and grant.cwd in (None, request.cwd)
        and (grant.uses is None or grant.uses > 0)
        and (grant.until is None or now < datetime.fromisoformat(grant.until))
    ):
        return False
    if grant.any_command:
        return True
    if grant.script is not None:
        return grant.script == request.script
    return grant.pattern is not None and _covers(grant.pattern, request.script)


def missing(grants: Iterable[Grant], request: Request, now: datetime) -> list[str]:
    """The request's labels that no grant covers."""
    standing = list(grants)
    return [
        label
        for label in request.labels
        if not any(permits(grant, label, request, now) for grant in standing)
    ]


def spent(grants: Iterable[Grant], request: Request, now: datetime) -> list[Grant]:
    """The counted grants that this run uses, each with one use less.

    A label that an uncounted grant covers too costs nothing.
    """
    standing = list(grants)
    used: list[Grant] = []
    for label in request.labels:
        fitting = [grant for grant in standing if permits(grant, label, request, now)]
        if fitting and all(grant.uses is not None for grant in fitting):
            first = fitting[0]
            used.append(replace(first, uses=(first.uses or 0) - 1))
    return used


def _covers(pattern: str, script: str) -> bool:
    if pattern == script:
        return True
    # Beyond equality, a pattern covers one plain program call: word by word, same number of words,
    # the program's own name without wildcards. Anything a shell would read more into asks again.
    script = script.strip()
    if _SHELL_MEANING.search(script):
        return False
    try:
        wanted, given = shlex.split(pattern), shlex.split(script)
    except ValueError:
        return False
    if not wanted or len(wanted) != len(given) or wanted[0] != given[0]:
        return False
    return all(fnmatch.fnmatchcase(g, w) for w, g in zip(wanted[1:], given[1:], strict=True))


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
