"""What a set of values may look like: built once, shared by the streams scrubbed of them."""

from __future__ import annotations

import threading
from collections.abc import Mapping

from jupyter_agent.scrub.probes import Probes
from jupyter_agent.scrub.sieve import Sieve, Window
from jupyter_agent.scrub.tail import Tail
from jupyter_agent.scrub.variants import Needle, needles


class Known:
    """The forms of a set of values, and ways to look for them.

    It works at once with the standard library; ``hasten`` makes it faster and changes nothing else.

    Args:
        values: Label → value, any bytes. Of equal values the first label counts.

    Attributes:
        needles: All that is looked for.

    Raises:
        ValueError: A value is empty. The message names the label only.
    """

    __slots__ = ("_begun", "_lock", "_probes", "_sieve", "_tails", "needles")

    def __init__(self, values: Mapping[str, bytes]) -> None:
        self.needles = needles(values)
        self._probes = Probes(self.needles)
        self._tails = _tails(self.needles)
        self._sieve: Sieve | None = None
        self._begun = False
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return f"<Known with {len(self.needles)} needles>"

    @property
    def hastened(self) -> bool:
        """Whether ``hasten`` has been here and found hyperscan."""
        return self._sieve is not None

    def possible(self, raw: bytes) -> tuple[list[Needle], list[Window]]:
        """The needles that may be in ``raw``, and the parts of it outside of which there is none.

        Every needle that is in it, and seldom another.
        """
        windows = [(0, len(raw))] if self._sieve is None else self._sieve.windows(raw)
        found: dict[int, Needle] = {}
        close: list[Window] = []
        for begin, end in windows:
            here = self._probes.possible(raw[begin:end])
            if here:
                close.append((begin, end))
                found.update((id(needle), needle) for needle in here)
        return list(found.values()), close

    def unsettled(self, raw: bytes, at: int) -> int:
        """Where in ``raw``, not before ``at``, a value may have begun; its length if nowhere."""
        return min((tail.unsettled(raw, at) for tail in self._tails), default=len(raw))

    def hasten(self) -> None:
        """Compile what makes looking fast: 10 ms for a secret, 0.2 s for a hundred.

        For a thread; hyperscan lets the other threads run while it compiles. Where hyperscan is
        missing (musl, Windows on Arm) nothing happens: the same result, slower.
        """
        with self._lock:
            if self._begun:
                return
            self._begun = True
        try:
            self._probes.compile()
            for tail in self._tails:
                tail.compile()
            self._sieve = Sieve(self.needles)
        except (ImportError, ValueError):
            return


def _tails(wanted: list[Needle]) -> list[Tail]:
    by_view: dict[int, list[Needle]] = {}
    for needle in wanted:
        by_view.setdefault(id(needle.view), []).append(needle)
    return [Tail(group[0].view, [needle.text for needle in group]) for group in by_view.values()]
