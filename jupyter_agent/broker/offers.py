"""Offers for sealed entries: one key pair for each form, used once, for five minutes."""

from __future__ import annotations

import hmac
import sys
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from jupyter_agent import entry
from jupyter_agent.errors import EntryInvalid
from jupyter_agent.secret import Secret, check_label

_MOST_OPEN: Final = 256  # a caller that asks for ever must not fill the memory


def _seconds() -> float:
    """Time that nobody can set, and that goes on while the machine sleeps where it can."""
    if sys.platform == "win32":  # it goes on there
        return time.monotonic()
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


@dataclass(frozen=True, slots=True, repr=False)
class _Open:
    """One open offer.

    Attributes:
        private: Its key, in memory only.
        replace: Whether it may take the place of a stored value.
        until: By ``_seconds``. The wall clock, which pages are shown, may be set back.
    """

    offer: entry.Offer
    private: bytes
    replace: bool
    until: float


class Offers:
    """The open offers and their private keys.

    Args:
        now: The time of day, with a zone.
        seconds: Time that nobody can set.
    """

    def __init__(
        self,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        seconds: Callable[[], float] = _seconds,
    ) -> None:
        self._open: OrderedDict[str, _Open] = OrderedDict()
        self._now = now
        self._seconds = seconds

    def make(self, label: str, origin: str, *, replace: bool) -> entry.Offer:
        """A new offer.

        Args:
            label: What the value will be called.
            origin: The page (or program) that asks; bound into the seal.
            replace: Whether it may take the place of a stored value.

        Raises:
            LabelInvalid: The label has the wrong shape.
        """
        offer, private = entry.new_offer(check_label(label), origin, self._now())
        until = self._seconds() + entry.LIFETIME.total_seconds()
        self._drop_overdue()
        self._open[offer.kid] = _Open(offer, private, replace, until)
        while len(self._open) > _MOST_OPEN:
            self._open.popitem(last=False)
        return offer

    def redeem(
        self, *, kid: str, ticket: str, label: str, origin: str, sealed: bytes
    ) -> tuple[Secret, bool]:
        """Open a sealed entry; the offer is used up, whatever comes of it.

        Returns:
            The secret, and whether it may replace a stored one.

        Raises:
            EntryInvalid: The offer is unknown, used, expired or another one's; or the seal does
                not open.
            RequestInvalid: The value is empty or too long.
        """
        self._drop_overdue()
        found = self._open.pop(kid, None)
        if (
            found is None
            or found.offer.expired(self._now())
            or not hmac.compare_digest(found.offer.ticket.encode(), ticket.encode())
            or (found.offer.label, found.offer.origin) != (label, origin)
        ):
            raise EntryInvalid(
                "This form has been used or is too old; nothing was stored.",
                "Open it again and enter the value once more.",
            )
        return Secret(label, entry.open_entry(found.offer, found.private, sealed)), found.replace

    def _drop_overdue(self) -> None:
        """Drop keys whose time is over: nobody needs them, and somebody might find them."""
        now = self._seconds()
        while self._open and next(iter(self._open.values())).until <= now:
            self._open.popitem(last=False)  # they end in the order in which they were made
