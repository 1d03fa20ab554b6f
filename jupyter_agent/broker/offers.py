"""Offers for sealed entries: one key pair for each form, used once, for five minutes."""

from __future__ import annotations

import hmac
from collections import OrderedDict
from datetime import UTC, datetime
from typing import Final

from jupyter_agent import entry
from jupyter_agent.errors import EntryInvalid
from jupyter_agent.secret import Secret, check_label

_MOST_OPEN: Final = 256  # a caller that asks for ever must not fill the memory


class Offers:
    """The open offers and their private keys, in memory only."""

    def __init__(self) -> None:
        self._open: OrderedDict[str, tuple[entry.Offer, bytes, bool]] = OrderedDict()

    def make(self, label: str, origin: str, *, replace: bool) -> entry.Offer:
        """A new offer.

        Args:
            label: What the value will be called.
            origin: The page (or program) that asks; bound into the seal.
            replace: Whether it may take the place of a stored value.

        Raises:
            LabelInvalid: The label has the wrong shape.
        """
        offer, private = entry.new_offer(check_label(label), origin, datetime.now(UTC))
        self._open[offer.kid] = (offer, private, replace)
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
        offer, private, replace = self._open.pop(kid, (None, b"", False))
        if (
            offer is None
            or datetime.fromisoformat(offer.expires) <= datetime.now(UTC)
            or not hmac.compare_digest(offer.ticket.encode(), ticket.encode())
            or (offer.label, offer.origin) != (label, origin)
        ):
            raise EntryInvalid(
                "This form has been used or is too old; nothing was stored.",
                "Open it again and enter the value once more.",
            )
        return Secret(label, entry.open_entry(offer, private, sealed)), replace
