"""Who is calling, and how often one may say so."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from jupyter_agent import wire

# A broker that was just killed may still take a connection and never answer. Nothing has been asked
# of it before it has answered hello, so that greeting the next one is safe.
GREETINGS: Final = 10
BETWEEN_GREETINGS: Final = 0.05


@dataclass(frozen=True, slots=True, repr=False)
class Hello:
    """Who is calling. No repr: it may hold a key.

    Attributes:
        role: What the caller asks to be.
        proof: ``{"key": …}`` of a person, ``{"token": …}`` of an agent, ``{"capability": …}`` of a
            kernel or of the agent in its chat cells, or nothing.
        claims: Shown to people, never trusted.
        settings: A person's choices for a vault that is yet to be made.
    """

    role: wire.Role = "guest"
    proof: dict[str, str] = field(default_factory=dict)
    claims: dict[str, str] = field(default_factory=dict)
    settings: dict[str, str] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"Hello(role={self.role!r})"

    def to_json(self) -> wire.Message:
        """The first line of a conversation."""
        return {
            "id": 0,
            "op": "hello",
            "protocol": list(wire.PROTOCOLS),
            "role": self.role,
            **self.proof,
            "claims": self.claims,
            "settings": self.settings,
        }
