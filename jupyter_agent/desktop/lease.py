"""Who drives a desktop: a pure state machine.

A lease is a person's, from the click on "take over" to the click on "hand back". Nothing an agent
does or asks for ends it, and losing it (the tab was closed) does not give the desktop to the agent:
it stays paused.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, repr=False)
class Lease:
    """A person's right to drive one desktop. Its id is a capability: no repr, no log.

    Attributes:
        who: The person, as Jupyter names them; shown.
        id: 256 bits, known to the panel that took over and to nobody else.
    """

    who: str
    id: str = field(default_factory=lambda: secrets.token_urlsafe(32))

    def __repr__(self) -> str:
        return f"Lease(who={self.who!r})"
