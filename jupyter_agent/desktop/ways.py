"""How a provider's service is asked: by a way out, for a placeholder, never with its key.

The key stays in the broker. What a provider has here is a port on loopback that leads to its
service's one host, and a placeholder that the broker exchanges for the key there (docs/egress.md).
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, Protocol

from jupyter_agent.errors import ProviderFailed


@dataclass(frozen=True, slots=True, repr=False)
class Answer:
    """What a service has answered. Its body may hold the address of a picture: no repr.

    Attributes:
        status: HTTP's number.
        body: The parsed JSON; None where there is none.
    """

    status: int
    body: Any = None

    def __repr__(self) -> str:
        return f"Answer({self.status})"


class Way(Protocol):
    """One open way to one service.

    Attributes:
        address: Where it begins: ``http://127.0.0.1:PORT``.
        placeholder: What stands for the key; good there, for this process, until it is closed.
    """

    @property
    def address(self) -> str: ...  # noqa: D102  (said above)

    @property
    def placeholder(self) -> str: ...  # noqa: D102

    async def ask(
        self, method: str, path: str, *, headers: Mapping[str, str], body: Any = None
    ) -> Answer:
        """Send a request, and wait for its answer.

        Args:
            method: HTTP's.
            path: At the service.
            headers: The one that has the placeholder among them.
            body: Sent as JSON; None for no body.

        Raises:
            AgentError: It could not be asked.
        """
        ...

    async def close(self) -> None:
        """Close it."""
        ...


class Ways(Protocol):
    """Opens ways out for a label's value."""

    async def missing(self, label: str) -> str:
        """Why a label can't be used now, in one sentence; "" where it can."""
        ...

    async def open(self, label: str, host: str, header: str) -> Way:
        """Open one. A person is asked, unless it was permitted before.

        Args:
            label: Whose value.
            host: Exactly one: ``api.example.com``.
            header: Where the value goes: ``X-API-Key: {}``.

        Raises:
            AgentError: It is not permitted, not stored, or the broker can't be reached.
        """
        ...


def refused(provider: str, title: str, label: str, status: int) -> ProviderFailed:
    """What a service's refusal means, and what to do. Nothing of its answer is repeated.

    Args:
        provider: Its id.
        title: As people know it.
        label: Whose value was used.
        status: HTTP's number of its answer.
    """
    kind = next(each for each in _KINDS if status in each.statuses)
    return ProviderFailed(
        kind.message.format(title=title, label=label, status=status),
        kind.hint.format(title=title, label=label),
        data={"provider": provider, "reason": kind.reason, "status": status},
    )


class _Kind(NamedTuple):
    statuses: Container[int]
    reason: str
    message: str
    hint: str


_KINDS: Final = (
    _Kind(
        (401, 403),
        "key",
        "{title} did not take the key that is stored as {label} ({status}).",
        "Look at it in its dashboard, then: jupyter agent secret replace {label}",
    ),
    _Kind(
        (402, 429),
        "quota",
        "{title} has no room for another session: a limit or the credit is used up ({status}).",
        "End other sessions in its dashboard, or wait, and try again.",
    ),
    _Kind(
        (404, 410),
        "gone",
        "{title} no longer has that session ({status}).",
        "Close this desktop, and open another.",
    ),
    _Kind(
        (423,),  # how a way out says it
        "locked",
        "The vault is locked, and {title} can't be asked without {label}.",
        "Open it in the Secrets panel, or: jupyter agent unlock",
    ),
    _Kind((408, 504), "time", "{title} took too long ({status}).", "Try again."),
    _Kind(
        range(500, 1000),
        "down",
        "{title} could not be reached, or has a problem of its own ({status}).",
        "Look at its status page, and try again.",
    ),
    _Kind(
        range(1000),
        "answer",
        "{title} did not take the request ({status}).",
        "Its interface may have changed: is there a newer jupyter-agent-secrets?",
    ),
)
"""What a status means; the first that fits."""


def unusable(provider: str, title: str) -> ProviderFailed:
    """An answer that has not what it should, or leads elsewhere."""
    return ProviderFailed(
        f"{title} gave an answer that can't be used.",
        "Its interface may have changed: is there a newer jupyter-agent-secrets?",
        data={"provider": provider, "reason": "answer"},
    )


def not_stored(label: str) -> str:
    """The sentence where a label has no value."""
    return f"No secret is stored under {label}."
