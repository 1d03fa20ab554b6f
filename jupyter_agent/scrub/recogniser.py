"""Which known values are in a text, in any form: complete ones only, each with its place."""

from __future__ import annotations

from collections.abc import Mapping

from jupyter_agent.scrub.known import Known
from jupyter_agent.scrub.matches import Matches


class Recogniser:
    """Recognises values in texts. Built once, used for any number of texts.

    Only complete values count, in the forms that the scrubber knows: nothing that is returned
    depends on a part of a value. (A line of a key that has 32 characters of base64 counts as
    complete: it is a secret by itself.) Values below 8 bytes are recognised as they are only.

    Args:
        values: Label → value. Of equal values the first label is named.

    Attributes:
        labels: The labels, in order.

    Raises:
        ValueError: A value is empty. The message names the label only.
    """

    __slots__ = ("_known", "labels")

    def __init__(self, values: Mapping[str, bytes]) -> None:
        self.labels = tuple(values)
        self._known = Known(values, complete=True)

    def __repr__(self) -> str:
        return f"<Recogniser of {len(self.labels)} values>"

    def hasten(self) -> None:
        """Compile what makes it fast with many values; blocks, so call it in a thread.

        It works before this, too, and where hyperscan is missing: the same result, slower.
        """
        self._known.hasten()

    def spans(self, text: bytes) -> list[tuple[str, int, int]]:
        """Label, begin and end of each value in ``text``: leftmost, then longest, none overlapping.

        Args:
            text: Any bytes, read as a whole. Offsets are in bytes.
        """
        found, _ = self._known.possible(text)
        if not found:
            return []
        matches = Matches(text, found, final=True).after(0)
        return [(label, begin, end) for begin, end, label in matches]
