"""What one way was permitted: at once, or place by place as they are first used."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from jupyter_agent import wire
from jupyter_agent.broker.callers import Caller
from jupyter_agent.broker.permission import Emit, Permission
from jupyter_agent.broker.permitting import Request
from jupyter_agent.broker.requests import request_of_way
from jupyter_agent.errors import GrantDenied

if TYPE_CHECKING:  # loading HTTP is for the first use
    from jupyter_agent.egress.one import OneRequest

_NO_LASTS: Final = 30.0
"""Seconds for which a no is not asked about again: a loop must not become a row of questions."""


@dataclass(frozen=True, slots=True)
class Permitted:
    """How a way was permitted.

    Attributes:
        request: What was permitted.
        decision: ``grant``, or what a person answered.
        grants: Ids of the grants it rests on; empty where a person said "once".
    """

    request: Request
    decision: str
    grants: tuple[str, ...] = ()


class Permits:
    """The permissions of one way.

    Args:
        permission: Says yes or no.
        caller: Whose way.
        labels: Whose values.
        why: What an agent says it wants them for, as ``Permission.said`` gives it.
        only: The one request that the way is for, if it is for one only.
    """

    def __init__(
        self,
        permission: Permission,
        caller: Caller,
        labels: tuple[str, ...],
        *,
        why: str = "",
        only: OneRequest | None = None,
    ) -> None:
        self.why = why
        self._only = only
        self._permission = permission
        self._caller = caller
        self._labels = labels
        self._given: dict[str, Permitted] = {}
        self._denied: dict[str, float] = {}
        self._asking: dict[str, asyncio.Lock] = {}

    async def ask(self, origin: str, place: str, emit: Emit, *, asks: bool) -> Permitted:
        """Return how a way to this origin is permitted, and remember it.

        Args:
            origin: Where to.
            place: Where the value goes there, for the person who decides.
            emit: Tells the caller that somebody is being asked.
            asks: The caller asks the person itself.

        Raises:
            GrantRequired, GrantDenied, LabelNotFound: As in ``Permission.for_way``.
        """
        request = request_of_way(self._caller, self._labels, origin, place, self._only)
        decision, ids = await self._permission.for_way(
            self._caller, request, place, emit, asks=asks, why=self.why
        )
        self._given[origin] = Permitted(request, decision, ids)
        return self._given[origin]

    async def of(self, origin: str, place: str) -> Permitted:
        """How a use of this origin is permitted; where it is the first, grants and people decide.

        Raises:
            GrantRequired, GrantDenied, LabelNotFound: As in ``ask``.
        """
        if origin in self._given:
            return self._given[origin]
        async with self._asking.setdefault(origin, asyncio.Lock()):
            if origin in self._given:  # somebody was asked meanwhile
                return self._given[origin]
            if time.monotonic() - self._denied.get(origin, -_NO_LASTS) < _NO_LASTS:
                raise GrantDenied(
                    f"The use of {self._labels[0]} at {origin} was denied a moment ago.",
                    f"Wait {_NO_LASTS:g} seconds to be asked again.",
                )
            try:
                # Nobody reads on the conversation that holds the way open: only those who watch
                # can be asked now.
                return await self.ask(origin, place, _to_nobody, asks=False)
            except GrantDenied:
                self._denied[origin] = time.monotonic()
                raise

    def forget(self, origin: str) -> None:
        """Let the next use of this origin be decided anew."""
        self._given.pop(origin, None)


async def _to_nobody(_event: wire.Message) -> None:
    pass
