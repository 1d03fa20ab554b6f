"""Carries out what the lease says, for every provider with a browser that we steer.

The agent is detached before a person drives, and fields are looked through before the agent does.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from jupyter_agent.desktop import hand_back, leave, tabs, undo
from jupyter_agent.desktop.agent import Hands
from jupyter_agent.desktop.cdp import Cdp, CommandRefused
from jupyter_agent.desktop.channel import AgentChannel
from jupyter_agent.desktop.conversation import Conversation
from jupyter_agent.desktop.lease import Lease, Leases, State, closed, person_drives
from jupyter_agent.desktop.provider import HandBack
from jupyter_agent.desktop.turn import Turn
from jupyter_agent.errors import LeaseLost

Begin = Callable[[Callable[[str], None], Callable[[str], None]], Awaitable[Conversation]]
"""Begins a program's conversation, given what sends it a message and what ends its connection."""

Publish = Callable[[Begin], Awaitable[str]]
"""Makes a one-time address on loopback at which a conversation can be begun."""


async def _nothing() -> None:
    """There is nothing to let go of: the browser stays steered while a person drives."""


class Driving:
    """Who drives one desktop, and everything that follows from it.

    Args:
        steer: Gives the browser's pipe, and makes one where there is none (strict mode).
        publish: Makes the address of a program's connection.
        let_be: Called once the agent is detached, before a person drives (strict mode: end the
            pipe).
        arrived: Returns once what a person has typed is with the browser, where it does not go the
            browser's own way; raises ``OSError`` where nobody can say.

    Attributes:
        leases: The state. Only this class changes it.
    """

    def __init__(
        self,
        steer: Callable[[], Awaitable[Cdp]],
        publish: Publish,
        let_be: Callable[[], Awaitable[None]] = _nothing,
        arrived: Callable[[], Awaitable[None]] = _nothing,
    ) -> None:
        self.leases = Leases()
        self._steer = steer
        self._publish = publish
        self._let_be = let_be
        self._arrived = arrived
        self._turn: Turn | None = None
        self._hands: Hands | None = None
        # One at a time: a second click waits until the first one's agent is detached.
        self._moving = asyncio.Lock()

    @property
    def state(self) -> State:
        """Who drives now."""
        return self.leases.state

    @property
    def may_type(self) -> bool:
        """Whether what a person types goes to the desktop."""
        return self.leases.may_type

    async def take_over(self, who: str) -> Lease:
        """Let a person drive. Returns once the agent is detached and its scripts are gone.

        Raises:
            DesktopError: The agent could not be detached: the desktop is paused.
            LeaseLost: Somebody else has clicked meanwhile.
        """
        lease = self.leases.begin_take_over(who)
        self._stop_agent()
        try:
            async with self._moving:
                await self._end_turn()
                await self._let_be()
            self.leases.complete_take_over(lease)
        except LeaseLost:
            raise
        except BaseException:
            self.leases.lose(lease)
            raise
        return lease

    async def hand_back(self, lease: Lease) -> HandBack:
        """Let the agent drive, unless a field for a password or a code holds text.

        Raises:
            LeaseLost: It is no longer by this lease that the desktop is driven.
        """
        self.leases.begin_hand_back(lease)
        try:
            async with self._moving:
                reason = await self._on_its_way()
                if not reason:
                    cdp = await self._steer()
                    reason = await _clear(cdp)
        except BaseException:
            # Also when this is cancelled: the person goes on, and the agent stays out.
            self.leases.complete_hand_back(lease, clear=False)
            raise
        self.leases.complete_hand_back(lease, clear=not reason)
        if not reason:
            self._let_in(cdp)
        return HandBack(not reason, reason)

    async def _on_its_way(self) -> str:
        """Wait for what was typed; one sentence where it might come once the agent is let in."""
        try:
            await self._arrived()
        except OSError:  # a TimeoutError is one, too
            return "The desktop's screen does not answer: what you typed may still be on its way."
        return ""

    def lose(self, lease: Lease) -> None:
        """The panel that held the lease is gone: paused."""
        self.leases.lose(lease)

    async def let_go(self) -> None:
        """The agent needs it no longer: it is detached, and the desktop is paused."""
        self.leases.let_go()
        self._stop_agent()
        async with self._moving:
            await self._end_turn()

    def drop(self) -> None:
        """The line to the browser is gone: so is whatever was attached by it, and it is paused.

        A person who drives goes on: the picture has a line of its own.
        """
        self.leases.let_go()
        self._stop_agent()
        self._turn = None

    def ask(self, why: str) -> None:
        """The agent asks for the other one to drive. Nothing but a sentence is shown."""
        self.leases.ask(why)

    async def agent_channel(self) -> AgentChannel:
        """What an agent drives with, until this turn ends.

        Raises:
            PersonDrives: A person drives, or it is paused.
        """
        self.leases.refuse_agent()
        if self._hands is None:
            raise person_drives(self.state)
        return self._hands

    async def host(self) -> str:
        """The real host of the page in front."""
        tab = await tabs.front(await self._steer())
        return tab.host if tab is not None else ""

    def close(self) -> None:
        """It is over: whoever waits is told."""
        self.leases.close()
        if self._turn is not None:
            self._turn.end(closed())
        self._turn = self._hands = None

    def _let_in(self, cdp: Cdp) -> None:
        turn = self._turn = Turn(cdp)
        self._hands = Hands(cdp, turn, lambda: self._publish(_beginner(cdp, turn)))

    def _stop_agent(self) -> None:
        """At once: whoever holds the lock may take a while."""
        self._hands = None
        if self._turn is not None:
            self._turn.end(person_drives("human"))

    async def _end_turn(self) -> None:
        if self._turn is None:
            return
        await self._turn.detach()
        if self._turn.scripted:
            await tabs.renew(await self._steer())
        # Only now: where one of these failed, the next take-over does it all again.
        self._turn = None


async def _clear(cdp: Cdp) -> str:
    """Make it ready for the agent; one sentence where something is in the way."""
    try:
        reason = await hand_back.in_the_way(cdp)
        if not reason:
            reason = await undo.forget(cdp)
        if not reason:
            await leave.leave_nothing(cdp)
    except (CommandRefused, TimeoutError):
        return "A page does not answer: wait until it has loaded, and try again."
    return reason


def _beginner(cdp: Cdp, turn: Turn) -> Begin:
    async def begin(say: Callable[[str], None], end: Callable[[str], None]) -> Conversation:
        conversation = Conversation(cdp, turn, say, end)
        await conversation.begin()
        return conversation

    return begin
