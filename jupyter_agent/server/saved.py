"""What the broker knows about a notebook that is being saved: stored values, and what is allowed.

Only what has changed is asked about: a text that held no stored value is asked about again when
other values are stored. Where the broker can't say, the rules alone decide, as in cells.
"""

from __future__ import annotations

import contextlib
import secrets
from collections import OrderedDict
from collections.abc import Sequence
from hashlib import blake2b
from logging import Logger
from pathlib import Path
from typing import Any, Final

from jupyter_agent.client import Client, matching
from jupyter_agent.errors import AgentError, ScreenTimeout
from jupyter_agent.screen import Finding, Rule
from jupyter_agent.screen.cell import Screens
from jupyter_agent.screen.masking import Masker, mask_notebook
from jupyter_agent.screen.notebook import SOURCE, Field, fields
from jupyter_agent.screen.stored import StoredFinding, stored
from jupyter_agent.server.door import Door

PATIENCE: Final = 3.0
"""Seconds that a save waits for the broker; more for long notebooks."""

_CHARACTERS_A_SECOND: Final = 2_000_000
_REMEMBERED: Final = 50_000
_MOST_ROUNDS: Final = 200  # each takes a thousand matches away
_BETWEEN: Final = "\0"  # no view of the scrubber drops it: no value is seen across it


class SavedValues:
    """Masks stored values in notebooks.

    Args:
        door: The way to the broker.
        log: Told that they could not be looked for.
    """

    def __init__(self, door: Door, log: Logger) -> None:
        self._door = door
        self._log = log
        # Keyed with a key of this process: a plain hash of a short text would give it away.
        self._key = secrets.token_bytes(32)
        self._clean: OrderedDict[bytes, None] = OrderedDict()
        self._values = ""
        self._on = True

    def mask(self, content: dict[str, Any], path: str) -> int:
        """Mask every stored value in a notebook, in place, and mark it as exposed.

        Args:
            content: For which ``is_notebook`` holds.
            path: Of the notebook.

        Returns:
            How many were masked; 0 also where nobody could say.

        Raises:
            ScreenTimeout: There is no end of them.
        """
        count = 0
        try:
            for _ in range(_MOST_ROUNDS):
                found = self._found(_texts(content))
                if not found:
                    break
                self._mark_exposed(content, found, path)
                masker = Masker(_Fixed(found), remembered=1)
                mask_notebook(content, masker)
                count += masker.count
            else:
                raise ScreenTimeout("Too many stored values.")  # noqa: TRY301  (the loop's end)
        except ScreenTimeout:
            raise
        except AgentError as error:
            if self._on:
                self._log.warning("Saved without exact match. %s", error.message)
            self._on = False
        else:
            self._on = True
        return count

    def _found(self, texts: list[str]) -> dict[str, list[StoredFinding]]:
        """The stored values in each text that has one."""
        new = [text for text in texts if self._digest(text) not in self._clean]
        answer = self._ask(new)
        if answer.values != self._values:
            self._values = answer.values
            self._clean.clear()
            if len(new) < len(texts):
                new, answer = texts, self._ask(texts)
        found: dict[str, list[StoredFinding]] = {}
        begin = number = 0
        for match in answer.matches:
            while match.start >= begin + len(new[number]) + len(_BETWEEN):
                begin += len(new[number]) + len(_BETWEEN)
                number += 1
            start, end = match.start - begin, match.end - begin
            found.setdefault(new[number], []).append(stored(match.label, match.kind, start, end))
        whole = len(answer.matches) < matching.MOST  # else nobody has looked at the rest yet
        for text in new if whole else ():
            if text not in found:
                self._clean[self._digest(text)] = None
        while len(self._clean) > _REMEMBERED:
            self._clean.popitem(last=False)
        return found

    def _ask(self, texts: list[str]) -> matching.Answer:
        text = _BETWEEN.join(texts)
        seconds = PATIENCE + len(text) / _CHARACTERS_A_SECOND
        return self._door.ask(lambda client: matching.find(client, text), seconds)

    def _mark_exposed(
        self, content: dict[str, Any], found: dict[str, list[StoredFinding]], path: str
    ) -> None:
        places = {
            (finding.label, "cell" if field.part == SOURCE else "output")
            for field in fields(content)
            for text in field.texts()
            for finding in found.get(text, ())
        }

        def mark(client: Client) -> None:
            for label, where in sorted(places):
                with contextlib.suppress(AgentError):
                    client.call("secret.exposed", label=label, where=where, notebook=path)

        self._door.ask(mark, PATIENCE)

    def _digest(self, text: str) -> bytes:
        raw = text.encode("utf-8", "surrogatepass")
        return blake2b(raw, key=self._key, digest_size=16).digest()


class Allowing:
    """Screens, and lets pass what a person has allowed in the notebook that is being saved.

    Args:
        screener: Finds what the rules know.
        door: The way to the broker.
        root: The folder that notebook paths are relative to.

    Attributes:
        passed: Whether anything was let pass since ``begin``; such a text is not clean for good.
    """

    def __init__(self, screener: Screens, door: Door, root: Path) -> None:
        self._screener = screener
        self._door = door
        self._root = root
        self._notebook = ""
        self._asks = True
        self.passed = False

    def begin(self, path: str) -> None:
        """Screen the notebook at this path from now on."""
        self._notebook = str(self._root / path)
        self._asks, self.passed = True, False

    def screen(self, text: str) -> list[Finding]:
        """See ``Screener.screen``.

        Raises:
            ScreenTimeout: It took too long; treat the text as if it held a secret.
        """
        findings = self._screener.screen(text)
        if not findings or not self._asks:
            return findings
        asked = [{"rule": f.rule, "value": text[f.start : f.end]} for f in findings]
        try:
            answer = self._door.ask(
                lambda client: client.call(
                    "allow.check",
                    findings=asked,
                    notebook=self._notebook,
                    spend=False,
                    kept=True,
                ),
                PATIENCE,
            )
        except AgentError:
            self._asks = False  # not again for this notebook: it is masked
            return findings
        left = [f for f, ok in zip(findings, answer["allowed"], strict=True) if not ok]
        self.passed = self.passed or len(left) < len(findings)
        return left

    def doubtful(self, texts: Sequence[str]) -> Sequence[int]:
        """See ``Screener.doubtful``."""
        return self._screener.doubtful(texts)

    def rule(self, rule_id: str) -> Rule:
        """See ``Screener.rule``."""
        return self._screener.rule(rule_id)


class _Fixed:
    """Finds what is known already."""

    def __init__(self, found: dict[str, list[StoredFinding]]) -> None:
        self._found = found

    def screen(self, text: str) -> list[Finding]:
        return list(self._found.get(text, ()))

    def doubtful(self, texts: Sequence[str]) -> Sequence[int]:
        return [number for number, text in enumerate(texts) if text in self._found]

    def rule(self, rule_id: str) -> Rule:
        raise KeyError(rule_id)


def _texts(content: dict[str, Any]) -> list[str]:
    every: list[Field] = list(fields(content))
    return list(dict.fromkeys(text for field in every for text in field.texts() if text))
