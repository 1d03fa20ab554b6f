"""What a person has said is no secret, so that the rules stop it no more.

An allowance never holds the value: only a mark of it, a hash under a key that the vault derives. It
answers for what a rule guessed, never for a stored value. Whoever asks whether a value is allowed
has to have all of it, and learns that it is no secret.
"""

from __future__ import annotations

import hmac
import json
import re
import secrets
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, Final

from jupyter_agent import wire
from jupyter_agent.broker import terms
from jupyter_agent.errors import RequestInvalid

if TYPE_CHECKING:
    from jupyter_agent.broker.callers import Caller
    from jupyter_agent.broker.matching import Pace
    from jupyter_agent.broker.safe import Safe
    from jupyter_agent.vault.vault import Vault

SCOPES: Final = ("once", "value", "rule")
DEFAULT_DAYS: Final = 90
MAX_DAYS: Final = 366
MAX_REASON: Final = 200
MAX_FINDINGS: Final = 1000

_STORED: Final = "stored-value"
_PURPOSE: Final = "allowances"
_MARK_BYTES: Final = 16
_ONCE: Final = timedelta(minutes=10)
"""How long "once" waits for the cell to be run again."""
_GRACE: Final = 60.0
"""Seconds: the cell that the server has let pass is screened again in its kernel."""

_RULE: Final = re.compile(r"[a-z0-9][a-z0-9_.-]{0,99}")


@dataclass(frozen=True, slots=True)
class Allowance:
    """One thing that is no secret. Times are RFC 3339 UTC.

    Attributes:
        id: Names it.
        scope: ``once`` (the next run), ``value`` (this value anywhere) or ``rule`` (whatever this
            rule finds in notebooks of one folder).
        rule: The rule that had found it.
        mark: Of the value; "" for a rule.
        folder: For a rule: this folder and those in it.
        reason: The person's own words.
        created: When it was said.
        expires: When it ends.
    """

    id: str
    scope: str
    rule: str
    mark: str
    folder: str
    reason: str
    created: str
    expires: str

    def to_json(self) -> dict[str, Any]:
        """As it is shown: without the mark, which helps nobody."""
        shown = asdict(self)
        del shown["mark"]
        return shown

    def record(self) -> bytes:
        """As the vault seals it."""
        return json.dumps(asdict(self), sort_keys=True).encode()

    @classmethod
    def from_record(cls, record: bytes) -> Allowance:
        """What ``record`` made."""
        return cls(**json.loads(record))

    def is_over(self, now: datetime) -> bool:
        """Whether its time is over."""
        return terms.is_over(self.created, self.expires, now)

    def covers(self, rule: str, mark: str, notebook: str) -> bool:
        """Whether it speaks of a finding, as long as it lasts. Every doubt is a no.

        Args:
            rule: The rule that found it.
            mark: Of its value.
            notebook: Where it stands, absolute, or "".
        """
        if rule == _STORED:
            return False
        if self.scope == "rule":
            return rule == self.rule and _lies_in(notebook, self.folder)
        return hmac.compare_digest(mark, self.mark)


def new_allowance(message: wire.Message, mark: str, now: datetime) -> Allowance:
    """An allowance from a request's fields.

    Args:
        message: With ``scope``, ``rule``, ``reason`` and, as they are needed, ``notebook`` and
            ``days``.
        mark: Of the value.
        now: The time.

    Raises:
        RequestInvalid: It is about a stored value, or something in it can't be read.
    """
    scope, rule = wire.text(message, "scope"), wire.text(message, "rule")
    reason = " ".join(wire.text(message, "reason", "").split())
    if scope not in SCOPES:
        raise RequestInvalid(f"An allowance is for one of {', '.join(SCOPES)}.")
    if rule == _STORED:
        raise RequestInvalid(
            "A stored value is a secret, whatever it looks like.", "Use it by its label."
        )
    if not _RULE.fullmatch(rule):
        raise RequestInvalid("That is not the name of a rule.")
    if not reason or len(reason) > MAX_REASON:
        raise RequestInvalid(
            "Say in a few words why it is no secret.", f"At most {MAX_REASON} characters."
        )
    days = message.get("days", DEFAULT_DAYS)
    if not isinstance(days, int) or isinstance(days, bool) or not 1 <= days <= MAX_DAYS:
        raise RequestInvalid(f"An allowance lasts 1 to {MAX_DAYS} days.")
    folder = ""
    if scope == "rule":
        notebook = PurePosixPath(wire.text(message, "notebook", ""))
        if not notebook.is_absolute():
            raise RequestInvalid(
                "A rule is switched off for a folder, and this notebook has none.",
                "Save the notebook, or allow the value alone.",
            )
        folder = str(notebook.parent)
    return Allowance(
        id=secrets.token_hex(8),
        scope=scope,
        rule=rule,
        mark="" if scope == "rule" else mark,
        folder=folder,
        reason=reason,
        created=wire.timestamp(now),
        expires=wire.timestamp(now + (_ONCE if scope == "once" else timedelta(days=days))),
    )


def check_request(message: wire.Message) -> None:
    """Look at a request that a person is yet to be asked about.

    Raises:
        RequestInvalid: It could not be kept.
    """
    wire.text(message, "value")
    new_allowance(message, "", datetime.now(UTC))


class Allowances:
    """The allowances of one vault.

    Args:
        safe: Keeps them.
        pace: So many questions a second for everybody but a person.
        changed: Called when there is one more or less.
    """

    def __init__(self, safe: Safe, pace: Pace, changed: Callable[[], None]) -> None:
        self._safe = safe
        self._pace = pace
        self._changed = changed
        self._passing: dict[str, float] = {}

    async def check(self, caller: Caller, message: wire.Message) -> wire.Message:
        """Which findings are allowed; for a person also their marks, for ``add``.

        Raises:
            RequestInvalid: There are too many, or they can't be read.
            AgentError: The vault can't be used.
        """
        findings = _findings(message)
        is_person = caller.role == "person"
        if is_person:
            notebook = wire.text(message, "notebook", "")
        else:
            self._pace.spend(caller.kernel_id or caller.role, sum(len(v) for _, v in findings))
            notebook = caller.notebook or caller.claimed or ""
        if self._safe.stamp() is None and not is_person:
            return {"allowed": [False] * len(findings)}  # nothing was ever said

        def look(vault: Vault) -> tuple[list[str], list[Allowance]]:
            key = vault.derive(_PURPOSE)
            return [_mark(key, value) for _, value in findings], _all(vault)

        marks, every = await self._safe.use(look)
        now, found = datetime.now(UTC), []
        is_kept = message.get("kept") is True  # "once" is for a run; a file is there for good
        standing = [
            one for one in every if not one.is_over(now) and not (is_kept and one.scope == "once")
        ]
        spent: list[Allowance] = []
        for (rule, _), mark in zip(findings, marks, strict=True):
            covering = [one for one in standing if one.covers(rule, mark, notebook)]
            in_grace = not is_person and self._passing.get(mark, 0.0) > time.monotonic()
            found.append(bool(covering) or in_grace)
            lasting = any(one.scope != "once" for one in covering)
            spent += [] if lasting else covering
        if not is_person:
            return {"allowed": found}
        # A cell that is stopped all the same has not been run, and neither has what is saved.
        if spent and all(found) and message.get("spend", True) is not False:
            await self._spend(spent)
        return {"allowed": found, "marks": marks}

    async def add(self, message: wire.Message) -> Allowance:
        """Keep a new one.

        Raises:
            RequestInvalid: See ``new_allowance``; or it has no value.
            AgentError: The vault can't be used.
        """
        value = message.get("value")
        now = datetime.now(UTC)

        def put(vault: Vault) -> Allowance:
            if isinstance(value, str):
                mark = _mark(vault.derive(_PURPOSE), value)
            else:
                mark = wire.text(message, "mark")
            if not re.fullmatch(r"[0-9a-f]{32}", mark):
                raise RequestInvalid("That is not the mark of a value.")
            made = new_allowance(message, mark, now)
            for old in _all(vault):
                if old.expires <= wire.timestamp(now):
                    vault.remove_allowance(old.id)
            vault.put_allowance(made.id, made.record())
            return made

        made = await self._safe.use(put)
        self._changed()
        return made

    async def every(self) -> list[Allowance]:
        """Those that have not ended."""
        now = wire.timestamp()
        return [one for one in await self._safe.use(_all) if one.expires > now]

    async def remove(self, allowance_id: str) -> None:
        """Take one back.

        Raises:
            RequestInvalid: There is none of that id.
        """
        if not await self._safe.use(lambda vault: vault.remove_allowance(allowance_id)):
            raise RequestInvalid("There is no such entry.", "List them: jupyter agent allow list")
        self._passing.clear()
        self._changed()

    async def _spend(self, spent: Iterable[Allowance]) -> None:
        until = time.monotonic() + _GRACE
        self._passing = {m: t for m, t in self._passing.items() if t > time.monotonic()}
        self._passing |= {one.mark: until for one in spent}

        def remove(vault: Vault) -> None:
            for allowance_id in {one.id for one in spent}:
                vault.remove_allowance(allowance_id)

        await self._safe.use(remove)
        self._changed()


def _findings(message: wire.Message) -> list[tuple[str, str]]:
    findings = message.get("findings")
    if not isinstance(findings, list) or len(findings) > MAX_FINDINGS:
        raise RequestInvalid('The request needs "findings", a list of at most 1,000.')
    if not all(isinstance(each, dict) for each in findings):
        raise RequestInvalid("A finding has a rule and a value.")
    return [(wire.text(each, "rule"), wire.text(each, "value")) for each in findings]


def _all(vault: Vault) -> list[Allowance]:
    return [Allowance.from_record(record) for record in vault.allowances()]


def _mark(key: bytes, value: str) -> str:
    raw = value.encode("utf-8", "surrogatepass")
    return hmac.digest(key, raw, "sha256")[:_MARK_BYTES].hex()


def _lies_in(notebook: str, folder: str) -> bool:
    # As text: a link that leads out of the folder is not followed, and ".." is no folder's name.
    path = PurePosixPath(notebook)
    return path.is_absolute() and ".." not in path.parts and path.is_relative_to(folder)
