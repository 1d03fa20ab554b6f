"""The agents a person has let in, each known by a narrow token of its own.

A token makes its holder an ``agent`` and nothing more. It is kept hashed, in the state folder,
because agents outlive a broker; SHA-256 alone is enough for 32 random bytes. A process below a
kernel that shows a token is that kernel's agent (``callers``): what was permitted to Claude Code in
a terminal is not for a cell that has read its file.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import re
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from jupyter_agent import locks, wire
from jupyter_agent.errors import RequestInvalid, VaultUnsafe
from jupyter_agent.folders import check_private_dir, read_private, write_private
from jupyter_agent.opening import open_unfollowed

CHAT: Final = "chat"
"""The agent of a kernel's own chat cells; a kernel's capability proves it."""

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,31}")
_MOST: Final = 64


@dataclass(frozen=True, slots=True)
class Agent:
    """One agent.

    Attributes:
        name: How persons, grants and the audit call it.
        digest: SHA-256 of its token, in hex digits.
        created: When it got this token, RFC 3339 UTC.
    """

    name: str
    digest: str
    created: str


class Agents:
    """The register of agents.

    Read anew at each use, so that two brokers of one person (an old one that ends its runs, and a
    new one) agree; it is small.

    Args:
        path: Its file.
        seen: The folder with an empty file for each of them, whose time is when it was last here.
    """

    def __init__(self, path: Path, seen: Path) -> None:
        self._path = path
        self._seen = seen
        self._talking: dict[str, set[Callable[[], None]]] = {}

    def every(self) -> list[Agent]:
        """All of them, by name.

        Raises:
            VaultUnsafe: The file is not one of ours.
        """
        raw = read_private(self._path)
        if raw is None:
            return []
        try:
            return sorted((Agent(**one) for one in json.loads(raw)), key=lambda agent: agent.name)
        except (ValueError, TypeError):
            raise VaultUnsafe(
                "The register of agents can't be read.",
                f"Move {self._path.name} away, and add the agents again: jupyter agent agents add",
            ) from None

    def register(self, name: str, *, replace: bool) -> str:
        """Let an agent in, and return its token.

        Args:
            name: Small letters, digits, ``.``, ``_`` and ``-``.
            replace: Give a known one another token; the old one is worth nothing then.

        Raises:
            RequestInvalid: It can't be called so, or is known already, or there are too many.
        """
        check_name(name)
        token = secrets.token_urlsafe(32)
        with self._changing() as known:
            if name in known and not replace:
                raise RequestInvalid(
                    f"There is an agent {name} already.",
                    "Choose another name, or give it a new token: "
                    f"jupyter agent agents add {name} --replace",
                )
            if len(known) >= _MOST:
                raise RequestInvalid(
                    "There are too many agents.", "Forget some: jupyter agent agents"
                )
            if name not in known:
                self._forget_visit(name)  # of another one that was called so
            known[name] = Agent(name, _digest(token), wire.timestamp())
        return token

    def forget(self, name: str) -> None:
        """Let it in no more.

        Raises:
            RequestInvalid: There is no such agent.
        """
        with self._changing() as known:
            if known.pop(name, None) is None:
                raise RequestInvalid("There is no such agent.", "List them: jupyter agent agents")

    def named(self, token: str) -> str | None:
        """The name of the agent that holds a token."""
        digest = _digest(token)
        found = None
        for agent in self.every():
            if hmac.compare_digest(agent.digest, digest):
                found = agent.name
        return found

    def knows(self, name: str) -> bool:
        """Whether there is an agent of that name, whichever broker it was let in or out by."""
        return any(agent.name == name for agent in self.every())

    def talks(self, name: str) -> bool:
        """Whether it has a conversation with this broker now."""
        return bool(self._talking.get(name))

    @contextmanager
    def talking(self, name: str, hang_up: Callable[[], None]) -> Iterator[None]:
        """While entered, an agent has a conversation, which ends when it is forgotten."""
        mine = self._talking.setdefault(name, set())
        mine.add(hang_up)
        self._note_visit(name)
        try:
            yield
        finally:
            mine.discard(hang_up)
            if self._talking.get(name) is mine:  # else it is forgotten, and leaves no trace
                self._note_visit(name)

    def last_visit(self, name: str) -> str | None:
        """When an agent last had a conversation with a broker, RFC 3339 UTC, or None."""
        try:
            seen = (self._seen / name).lstat().st_mtime
        except OSError:
            return None
        return wire.timestamp(datetime.fromtimestamp(seen, UTC))

    def _note_visit(self, name: str) -> None:
        # A file's own time costs neither a write nor a wait for the disk, and two brokers can't
        # undo each other's.
        with suppress(OSError, VaultUnsafe):  # it is only shown, and decides nothing
            check_private_dir(self._seen)
            descriptor = open_unfollowed(self._seen / name, os.O_WRONLY | os.O_CREAT)
            try:
                if os.utime in os.supports_fd:
                    os.utime(descriptor)
                else:  # Windows: its own name, which was no link
                    os.utime(self._seen / name)
            finally:
                os.close(descriptor)

    def _forget_visit(self, name: str) -> None:
        with suppress(OSError):
            (self._seen / name).unlink(missing_ok=True)

    def hang_up(self, name: str) -> None:
        """End what an agent does now, on the event loop, once it was forgotten or has a new token.

        Who was let in before is counted among those that talk by then: the loop does both in one
        step.
        """
        for hang_up in self._talking.pop(name, set()).copy():
            hang_up()
        if not self.knows(name):
            self._forget_visit(name)

    @contextmanager
    def _changing(self) -> Iterator[dict[str, Agent]]:
        """Every agent by its name; what is done to that is written at the end.

        One at a time, whichever thread or broker it is: who is forgotten must not come back with
        what another one had read before.
        """
        lock = open_unfollowed(self._path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT)
        try:
            locks.take(lock)
            known = {agent.name: agent for agent in self.every()}
            yield known
            every = [asdict(one) for one in known.values()]
            write_private(self._path, json.dumps(every).encode())
        finally:
            os.close(lock)


def check_name(name: str) -> str:
    """Return an agent's name.

    Raises:
        RequestInvalid: It has another shape, or is the one of chat cells. It is not repeated.
    """
    if not _NAME.fullmatch(name):
        raise RequestInvalid(
            "An agent's name has small letters, digits, dots, - and _.", "Such as: claude-code"
        )
    if name == CHAT:
        raise RequestInvalid(f"{CHAT} is the agent of chat cells.", "Choose another name.")
    return name


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode(errors="surrogatepass")).hexdigest()
