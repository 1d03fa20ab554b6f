"""The verdict on a message, for whoever can await: ``verdict``, or ``decide`` for all of it.

After the rules (``gate``) come the broker's exact match, and what a person has allowed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final

from jupyter_agent.errors import ScreenTimeout
from jupyter_agent.long_texts import aside
from jupyter_agent.screen import Finding
from jupyter_agent.screen.box import Stop
from jupyter_agent.screen.cell import Screens
from jupyter_agent.screen.stored import MOST, StoredFinding, combined, stored
from jupyter_agent.server.blocks import Blocks
from jupyter_agent.server.gate import Gate, Looked, Text
from jupyter_agent.server.stored import StoredValues

_BETWEEN: Final = "\0"
"""Between two texts that are asked about at once. No view of the scrubber drops it, so that no
value is seen across it."""

_MARK_AGAIN: Final = 600.0
"""Seconds. A page asks for completion at every key, and each would be a write of the vault."""


_ONLY_LOOKING: Final = frozenset(
    {"complete_request", "inspect_request", "is_complete_request", "history_request"}
)
"""What a page asks on its own while a person types, or before it sends off what they typed."""


def spends(kind: str) -> bool:
    """Whether a message of this type uses up what a person has allowed once."""
    return kind not in _ONLY_LOOKING


class Judge:
    """Decides on messages.

    Args:
        gate: Knows what is screened in a message.
        screener: The rules.
        values: The broker's match.
        blocks: Remembers what was stopped, for a person who says that it is no secret.
        notebook_of: The notebook of a kernel, absolute, or "".
        exposes: Whether a stored value in a message counts as seen: in a cell, which its notebook
            keeps; not in the input of a chat, which keeps nothing.
    """

    def __init__(  # noqa: PLR0913  (the server's rooms)
        self,
        gate: Gate,
        screener: Screens,
        values: StoredValues,
        blocks: Blocks,
        notebook_of: Callable[[str], str] = lambda _kernel_id: "",
        *,
        exposes: bool = True,
    ) -> None:
        self._gate = gate
        self._screener = screener
        self._values = values
        self._blocks = blocks
        self._notebook_of = notebook_of
        self._exposes = exposes
        self._marked: dict[tuple[str, str], float] = {}
        self._marked_of = ""

    @staticmethod
    def may_ask(looked: Looked) -> bool:
        """Whether ``verdict`` could say anything else than the rules do."""
        if looked.stop is None:
            return any(text.text for text in looked.texts)
        return any(text.findings for text in looked.texts)

    async def decide(
        self,
        kind: str,
        content: dict[str, Any],
        buffers: Sequence[Any],
        kernel_id: str = "",
        *,
        spend: bool = True,
    ) -> Stop | None:
        """The reason to stop a message, or None: ``verdict``, and before it what the rules say.

        Args:
            kind: See ``Gate.look``.
            content: See there.
            buffers: See there.
            kernel_id: See ``verdict``.
            spend: See there.
        """
        look = partial(self._gate.look, kind, content, buffers)
        looked = await aside(look, content, buffers)
        if not self.may_ask(looked):
            return looked.stop
        return await self.verdict(looked, kernel_id, spend=spend)

    async def verdict(
        self, looked: Looked, kernel_id: str = "", *, spend: bool = True
    ) -> Stop | None:
        """The reason to stop a message, or None where it may go on.

        Args:
            looked: What the rules say about it.
            kernel_id: The kernel it is for, or "".
            spend: Whether "once" is used up; not where the message will be asked about again.
        """
        try:
            return await self._verdict(looked, self._notebook_of(kernel_id), spend=spend)
        except ScreenTimeout:
            return Stop(late=True)
        except Exception:  # noqa: BLE001  (fail closed, whatever went wrong)
            return Stop()

    async def _verdict(self, looked: Looked, notebook: str, *, spend: bool) -> Stop | None:
        stop, texts = looked.stop, looked.texts
        matches = await self._matches([text.text for text in texts])
        if stop is None and not any(matches):
            return None
        if stop is not None and not any(matches) and not any(text.findings for text in texts):
            return stop  # for something that is not in these texts
        for text, certain in zip(texts, matches, strict=True):
            by_rules = [] if stop is None else await self._findings(text)
            findings = await aside(partial(combined, by_rules, certain), text.text)
            if findings:
                left, block = await self._not_allowed(text.text, findings, notebook, spend=spend)
                if left:
                    if self._exposes:
                        self._mark_exposed(left, notebook)
                    show = partial(text.shown, left, self._screener)
                    return Stop(await aside(show, text.text), block=block)
        return None

    async def _findings(self, text: Text) -> list[Finding]:
        if text.findings is None:  # what was found in one before it is allowed
            text.findings = await aside(partial(self._screener.screen, text.text), text.text)
        return text.findings

    async def _matches(self, texts: list[str]) -> list[list[StoredFinding]]:
        """The stored values in each text; asked for all of them at once."""
        found_in: list[list[StoredFinding]] = [[] for _ in texts]
        known = await self._values.find(_BETWEEN.join(texts)) if any(texts) else None
        begin = number = 0
        for match in known or []:
            while match.start >= begin + len(texts[number]) + len(_BETWEEN):
                begin += len(texts[number]) + len(_BETWEEN)
                number += 1
            start, end = match.start - begin, match.end - begin
            found_in[number].append(stored(match.label, match.kind, start, end, exact=match.exact))
        return found_in

    async def _not_allowed(
        self, text: str, findings: list[Finding], notebook: str, *, spend: bool
    ) -> tuple[list[Finding], str]:
        """The findings that stop a text, and the name under which they are remembered."""
        guessed = [f for f in findings if not isinstance(f, StoredFinding)]
        if not guessed or len(guessed) > MOST:
            return findings, ""
        asked = [{"rule": f.rule, "value": text[f.start : f.end]} for f in guessed]
        answer = await self._values.allowed(asked, notebook, spend=spend)
        if answer is None:
            return findings, ""
        passed = {id(f) for f, ok in zip(guessed, answer["allowed"], strict=True) if ok}
        marks = dict(zip(map(id, guessed), answer["marks"], strict=True))
        left = [f for f in findings if id(f) not in passed]
        entries = [(f.rule, marks.get(id(f), "")) for f in left]
        return left, self._blocks.remember(entries, notebook) if left else ""

    def _mark_exposed(self, findings: list[Finding], notebook: str) -> None:
        if self._marked_of != self._values.values:  # a value that was replaced is another one
            self._marked_of = self._values.values
            self._marked.clear()
        now = time.monotonic()
        for finding in findings:
            if isinstance(finding, StoredFinding):
                place = (finding.label, notebook)
                if now - self._marked.get(place, -_MARK_AGAIN) >= _MARK_AGAIN:
                    self._marked[place] = now
                    self._values.mark_exposed(*place)
