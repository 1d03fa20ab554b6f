"""Putting masks over whole documents: texts, trees of JSON, notebooks. Pure.

What was clean once is not screened again, so a save costs what has changed since the last one.
"""

from __future__ import annotations

import contextlib
import json
import re
import secrets
from collections import OrderedDict
from collections.abc import Iterable
from hashlib import blake2b
from typing import Any, Final

from jupyter_agent.screen.cell import Screens
from jupyter_agent.screen.finding import mask
from jupyter_agent.screen.notebook import (
    Field,
    Form,
    fields,
    is_spelled_differently,
    joined,
    whole,
)

_REMEMBERED: Final = 50_000
"""Texts known to be clean: 16 bytes of digest each, some 8 MB at most."""

_ROUNDS: Final = 4
"""Looks at a tree, each at what the one before has masked."""

_NUMBER_MASKED: Final = re.compile(r'(?:(?<=: )|(?<=, )|(?<=\[))\[secret:[^\]"\\]*\](?=[,}\]])')
"""A mask where a number stood: a code, which has to become a text now."""

_ANSI: Final = re.compile(r"\x1b\[[0-9;]*m")


class Masker:
    """Masks texts and remembers which ones were clean.

    Args:
        screener: Finds the secrets.
        remembered: How many clean texts to remember.

    Attributes:
        count: How many findings have been masked so far.
    """

    def __init__(self, screener: Screens, remembered: int = _REMEMBERED) -> None:
        self._screener = screener
        self._remembered = remembered
        # Keyed with a key of this process: a plain hash of a short text would give it away.
        self._key = secrets.token_bytes(32)
        self._clean: OrderedDict[bytes, None] = OrderedDict()
        self.count = 0

    def text(self, text: str) -> str:
        """The text, masked.

        Raises:
            ScreenTimeout: It could not be screened in its time.
        """
        digest = self._digest(text, b"text")
        if self._is_clean(digest):
            return text
        masked = self._masked(text)
        bare = _ANSI.sub("", masked)
        if len(bare) != len(masked) and (clean := self._masked(bare)) != bare:
            masked = clean  # colours had split a secret; they are lost here, the words stay
        if masked == text:
            self._remember(digest)
        return masked

    def forget(self) -> None:
        """Screen every text again."""
        self._clean.clear()

    def lines(self, value: Any) -> Any:
        """A multi-line string of nbformat, text or list of texts, masked in its own form."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list) and all(isinstance(line, str) for line in value):
            before = joined(value)
            masked = self.text(before)
            return value if masked == before else masked.splitlines(keepends=True)
        return self.tree(value)

    def traceback(self, entries: Any) -> Any:
        """A traceback: entries carry no line breaks, and a secret may lie across two of them."""
        if isinstance(entries, str):
            return self.text(entries)
        before = joined(entries, Form.TRACEBACK)
        masked = self.text(before)
        return entries if masked == before else masked.split("\n")

    def tree(self, value: Any) -> Any:
        """JSON, masked: as one text, so that names stand beside what they name."""
        if isinstance(value, str):
            return self.text(value)
        if not isinstance(value, dict | list) or not value:
            return value
        text = whole(value)
        # Of a tree that is known, the texts inside it need not be walked either.
        digest = self._digest(text, b"tree")
        if self._is_clean(digest):
            return value
        known = self.count
        masked_tree = value
        # Each text by itself comes first: among the escapes of JSON half of a pair may be found,
        # and with that masked nothing leads to its other half. A mask may uncover something.
        for _ in range(_ROUNDS):
            before = self.count
            masked_tree = self._leaves(masked_tree)
            if self.count > before:
                text = whole(masked_tree)
            masked = self.text(text)
            if masked != text:
                masked_tree = _loaded(masked, like=masked_tree)
                text = whole(masked_tree)
            if self.count == before:
                break
        if self.count > known:
            return masked_tree
        self._remember(digest)
        return value

    def doubtful(self, some: Iterable[Field]) -> list[Field]:
        """Those of a notebook's fields that need a look of their own, in order.

        Args:
            some: The fields. They are looked at together, which is sooner done than one by one.
        """
        numbered = list(enumerate(some))
        left = {number for number, field in numbered if field.form is Form.TREE}
        unknown: list[tuple[int, str, bytes]] = []
        for number, field in numbered:
            if number not in left:
                text = joined(field.value, field.form)
                digest = self._digest(text, b"text")
                if not self._is_clean(digest):
                    unknown.append((number, text, digest))
        doubtful = set(self._screener.doubtful([text for _, text, _ in unknown]))
        for place, (number, _, digest) in enumerate(unknown):
            if place in doubtful:
                left.add(number)
            else:
                self._remember(digest)
        return [field for number, field in numbered if number in left]

    def field(self, field: Field) -> None:
        """Mask one field of a notebook, in place.

        Raises:
            ScreenTimeout: It could not be screened in its time.
        """
        by_form = {Form.LINES: self.lines, Form.TRACEBACK: self.traceback, Form.TREE: self.tree}
        before = field.value
        masked = by_form[field.form](before)
        if masked is not before:
            field.put(masked)

    def _digest(self, text: str, sort: bytes) -> bytes:
        return blake2b(
            text.encode("utf-8", "surrogatepass"), key=self._key, person=sort, digest_size=16
        ).digest()

    def _is_clean(self, digest: bytes) -> bool:
        if digest not in self._clean:
            return False
        self._clean.move_to_end(digest)
        return True

    def _remember(self, digest: bytes) -> None:
        self._clean[digest] = None
        if len(self._clean) > self._remembered:
            self._clean.popitem(last=False)

    def _masked(self, text: str) -> str:
        findings = self._screener.screen(text)
        self.count += len(findings)
        return mask(text, findings) if findings else text

    def _leaves(self, value: Any) -> Any:
        if isinstance(value, str):
            return self.text(value) if is_spelled_differently(value) else value
        if isinstance(value, dict):
            return {name: self._leaves(member) for name, member in value.items()}
        if isinstance(value, list):
            return [self._leaves(member) for member in value]
        return value


def mask_notebook(content: dict[str, Any], masker: Masker) -> None:
    """Mask a notebook in place; what is clean keeps its very objects.

    Args:
        content: A notebook for which ``is_notebook`` holds.
        masker: Masks its fields.

    Raises:
        ScreenTimeout: A field could not be screened in its time.
    """
    for field in masker.doubtful(fields(content)):
        masker.field(field)


def _loaded(masked: str, *, like: dict[str, Any] | list[Any]) -> Any:
    try:
        value = json.loads(masked)
    except ValueError:
        with contextlib.suppress(ValueError):
            return json.loads(_NUMBER_MASKED.sub(r'"\g<0>"', masked))
        # A finding over quotes. What is left is the mask alone: lossy, but what must be an object
        # for the notebook to be valid still is one.
        marker = "".join(re.findall(r"\[secret:[^\]]*\]", masked)[:1]) or "[secret:hidden]"
        return {"masked": marker} if isinstance(like, dict) else [marker]
    return value
