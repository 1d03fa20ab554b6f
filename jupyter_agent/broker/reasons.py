"""What an agent says about why it wants something, made fit to be shown to a person.

It is the agent's claim and is shown as such. It is bounded, because what is long is not read, and
holds no secret, because it is shown in places where none belongs.
"""

from __future__ import annotations

from typing import Final

from jupyter_agent.broker.opened import OpenedValues
from jupyter_agent.errors import AgentError, RequestInvalid
from jupyter_agent.screen import Screener, mask
from jupyter_agent.scrub import Scrubber

MOST: Final = 500
"""Longest reason in characters; the rest is cut off, and said so."""

_MOST_READ: Final = 8000


class Reasons:
    """Prepares reasons for the persons who decide.

    Args:
        screener: Finds unknown secrets.
        values: The known ones.
    """

    def __init__(self, screener: Screener, values: OpenedValues) -> None:
        self._screener = screener
        self._values = values

    async def shown(self, why: object) -> str:
        """A reason as a person sees it; "" where none was given.

        Args:
            why: What the agent sent.

        Raises:
            RequestInvalid: It is no text.
        """
        if why is None:
            return ""
        if not isinstance(why, str):
            raise RequestInvalid('"why" is a text.')
        text = " ".join(why[:_MOST_READ].encode(errors="replace").decode().split())
        try:
            values = await self._values.current()
            clean = _scrubbed(text, Scrubber({}, others=values.others if values else None))
            clean = mask(clean, self._screener.screen(clean))
        except AgentError:
            return "[it could not be looked through for secrets]"
        # Cut only now: a part of a value would not have been recognised.
        return f"{clean[:MOST]}…" if len(clean) > MOST else clean


def _scrubbed(text: str, scrubber: Scrubber) -> str:
    return (scrubber.feed(text.encode()) + scrubber.finish()).decode(errors="replace")
