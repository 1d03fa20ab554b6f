"""Who drives a desktop: a pure state machine.

A lease is a person's, from the click on "take over" to the click on "hand back". Nothing an agent
does or asks for ends it, and losing it (the tab was closed) does not give the desktop to the agent:
it stays paused.

            ready                        begin_take_over          complete_take_over
  starting ───────► idle ◄──────┐ ┌──────────────────────► taking ───────────► human
                     │ ▲        │ │ (from idle, agent and human)               │  ▲
                     │ │ let_go │ │                          begin_hand_back   ▼  │ not clear
                     │ └─────── agent ◄──────────────────────────────────── checking
                     │                     complete_hand_back, clear
                     └◄── lose (from taking, human, checking)         closed: from everywhere

There is one arrow into ``agent``, and it needs the lease's id. A desktop begins as ``idle``, so
that an agent that had one opened does not drive it before a person has clicked: a profile that is
kept may be signed in already.
"""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass, field
from typing import Literal

from jupyter_agent.errors import DesktopClosed, LeaseLost, PersonDrives

State = Literal["starting", "agent", "human", "idle", "closed"]
"""``agent`` and ``human``: who drives. ``idle``: nobody does, since nobody has clicked yet, a lease
was lost, or the agent has let go or is being detached; it stays paused until a person clicks."""

_Phase = Literal["starting", "idle", "taking", "human", "checking", "agent", "closed"]

_SHOWN: dict[_Phase, State] = {
    "starting": "starting",
    "idle": "idle",
    "taking": "idle",
    "human": "human",
    "checking": "human",
    "agent": "agent",
    "closed": "closed",
}

LONGEST_REASON = 200
"""Characters of an agent's request that are shown."""


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


class Leases:
    """One desktop's state, and the only ways from one to the next.

    Attributes:
        asked: Why the agent would like to drive, or a person to; "" where it has not asked.
    """

    def __init__(self) -> None:
        self.asked = ""
        self._phase: _Phase = "starting"
        self._lease: Lease | None = None

    @property
    def state(self) -> State:
        """Who drives now."""
        return _SHOWN[self._phase]

    @property
    def who(self) -> str:
        """The person who drives, or "" where none does."""
        return self._lease.who if self._lease is not None and self.state == "human" else ""

    @property
    def lease(self) -> Lease | None:
        """By which a person drives, or None where none does. For the desktop itself only."""
        return self._lease

    @property
    def may_type(self) -> bool:
        """Whether what a person types goes to the desktop.

        Not while its fields are looked through at hand-back either: what is typed after the look
        would be in a field that the agent then reads.
        """
        return self._phase == "human"

    def ready(self) -> None:
        """It has started."""
        self._refuse_closed()
        if self._phase == "starting":
            self._phase = "idle"

    def begin_take_over(self, who: str) -> Lease:
        """A person has clicked: from now on the agent may do nothing, and is to be detached.

        A person who drives already is superseded, as when the same person clicks in another tab.

        Raises:
            DesktopClosed: It is over, or has not started yet.
        """
        self._refuse_closed()
        if self._phase == "starting":
            raise DesktopClosed("The desktop has not started yet.", "Wait until it is shown.")
        self._phase, self._lease = "taking", Lease(who)
        return self._lease

    def require(self, lease: Lease) -> None:
        """Do nothing if it is by this lease that a person drives, or is about to.

        Raises:
            LeaseLost: It is not.
        """
        self._refuse_closed()
        if not self._is_current(lease):
            raise _lost()

    def complete_take_over(self, lease: Lease) -> None:
        """The agent is detached: the person drives.

        Raises:
            LeaseLost: Somebody else has clicked meanwhile, or the lease was lost.
        """
        self._require(lease, "taking")
        self._phase = "human"
        self.asked = ""

    def begin_hand_back(self, lease: Lease) -> None:
        """The person has clicked: its fields are looked through, and nobody may type.

        Raises:
            LeaseLost: It is no longer by this lease that the desktop is driven.
        """
        self._require(lease, "human")
        self._phase = "checking"

    def complete_hand_back(self, lease: Lease, *, clear: bool) -> None:
        """The fields were looked through.

        Args:
            lease: The one that it began with.
            clear: Nothing stands in them: the agent drives. If not, the person goes on.

        Raises:
            LeaseLost: Somebody else has clicked meanwhile, or the lease was lost.
        """
        self._require(lease, "checking")
        if clear:
            self._phase, self._lease = "agent", None
            self.asked = ""
        else:
            self._phase = "human"

    def lose(self, lease: Lease) -> None:
        """The panel that held the lease is gone, or its person can't be let drive: paused."""
        if self._phase in ("taking", "human", "checking") and self._is_current(lease):
            self._phase, self._lease = "idle", None

    def let_go(self) -> None:
        """The agent needs it no longer: paused."""
        if self._phase == "agent":
            self._phase = "idle"

    def ask(self, why: str) -> None:
        """The agent would like a person to drive, or to drive itself. Shown, and nothing else.

        Args:
            why: Its words. Control characters and what is too long are cut off.
        """
        self._refuse_closed()
        self.asked = "".join(c for c in why if c.isprintable())[:LONGEST_REASON]

    def close(self) -> None:
        """It is over."""
        self._phase, self._lease = "closed", None
        self.asked = ""

    def refuse_agent(self) -> None:
        """Do nothing if the agent drives.

        Raises:
            PersonDrives: A person does, or nobody.
            DesktopClosed: It is over.
        """
        self._refuse_closed()
        if self._phase != "agent":
            raise person_drives(self.state)

    def _refuse_closed(self) -> None:
        if self._phase == "closed":
            raise closed()

    def _is_current(self, lease: Lease) -> bool:
        return self._lease is not None and hmac.compare_digest(
            self._lease.id.encode(), lease.id.encode()
        )

    def _require(self, lease: Lease, phase: _Phase) -> None:
        self._refuse_closed()
        if self._phase != phase or not self._is_current(lease):
            raise _lost()


def _lost() -> LeaseLost:
    return LeaseLost(
        "It is no longer by this lease that the desktop is driven.", "Take over again."
    )


def person_drives(state: State) -> PersonDrives:
    """What an agent is told while it is detached."""
    if state == "human":
        return PersonDrives(
            "A person drives the desktop now.", "Wait until they hand back; `status` says when."
        )
    return PersonDrives(
        "The desktop is paused.", "A person lets you drive with a click in the desktop's panel."
    )


def closed() -> DesktopClosed:
    """What everybody is told once it is over."""
    return DesktopClosed("The desktop is closed.", "Open it again.")
