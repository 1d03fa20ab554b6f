"""What a model's tools need from outside: one small protocol, behind which the broker stands."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

State = Literal["asking", "running"]
"""Where a use stands: a person is being asked, or has said yes and it is under way."""

Told = Callable[[State], None]
"""Called as a use goes on, so that whoever watches sees it."""

Heard = Callable[[str], None]
"""Called with what a command prints, scrubbed, as it comes."""

EntryState = Literal["saved", "declined", "pending"]
"""Of a secret that was asked for: stored, refused by the person, or not there yet."""


def untold(_state: State) -> None:
    """For callers whom nobody watches."""


@dataclass(frozen=True, slots=True)
class Command:
    """A command that a model wants to run.

    Attributes:
        script: Read by bash.
        secrets: Label by the variable that holds its value.
        why: The model's reason, for the person who is asked.
        timeout: Seconds.
    """

    script: str
    secrets: Mapping[str, str] = field(default_factory=dict)
    why: str = ""
    timeout: float = 60.0


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended.

    Attributes:
        exit: Its exit code, as shells count.
        seconds: How long it took.
        stdout: What it printed, scrubbed; where it was much, the beginning and the end.
        stderr: Likewise.
        scrubbed: How often each label's value stood in it.
        withheld: Labels whose values are too short to be replaced: then nothing is shown.
        ending: ``exited``, ``stopped`` or ``timed out``.
    """

    exit: int
    seconds: float
    stdout: str
    stderr: str
    scrubbed: Mapping[str, int] = field(default_factory=dict)
    withheld: tuple[str, ...] = ()
    ending: str = "exited"


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """A request that a model wants to send with a label's value in one place.

    Attributes:
        method: In capitals.
        url: Whole; http only to this machine.
        secret: The label.
        place: ``""`` for the service's usual one, else ``header: NAME: form with {}``,
            ``query: NAME`` or ``basic: USER``.
        headers: More of them.
        body: Sent as UTF-8.
        why: The model's reason, for the person who is asked.
    """

    method: str
    url: str
    secret: str
    place: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """What a service answered, scrubbed.

    Attributes:
        status: 200 and so on.
        headers: Small letters.
        body: As text; cut where it was long.
        cut: Whether it was.
    """

    status: int
    headers: Mapping[str, str]
    body: str
    cut: bool = False


class Door(Protocol):
    """The way to the broker, as whoever runs the conversation: a kernel, an MCP host.

    Every method may raise ``AgentError``. When the task that waits in one is cancelled, what it had
    started ends: the command with everything it has started, the request, the question.
    """

    async def run(self, command: Command, told: Told, heard: Heard | None = None) -> Ended:
        """Run a command, once it is permitted, to its end."""
        ...

    async def send(self, request: HttpRequest, told: Told) -> HttpAnswer:
        """Send one request, once it is permitted, to the host of its address and no other."""
        ...

    async def labels(self) -> list[dict[str, Any]]:
        """Label, kind and times of every secret."""
        ...

    async def ask_for_secret(self, label: str, why: str, told: Told) -> EntryState:
        """Open a masked entry for a person."""
        ...

    async def match(self, text: str) -> str | None:
        """The label of a stored value that stands in a text, in any of its forms, or None."""
        ...


class Notebook(Protocol):
    """What a kernel knows of the notebook that a conversation is in."""

    async def read_cell(self, number: int) -> dict[str, Any]:
        """Source, and result as text, of the cell that was run as number N."""
        ...

    async def add_cell(self, source: str) -> None:
        """Offer a new cell below the one that runs."""
        ...
