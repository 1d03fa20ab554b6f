"""What was stopped lately, so that a person can say that it is no secret without sending it again.

No value is kept: the broker has given each finding a mark, a hash under a key of the vault.
"""

from __future__ import annotations

import secrets
from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

from jupyter_agent.errors import RequestInvalid

_REMEMBERED: Final = 1000


@dataclass(frozen=True, slots=True)
class Block:
    """One stopped text.

    Attributes:
        findings: Rule and mark of each finding that was shown, in order; the mark is "" for a
            stored value, which is a secret whatever anybody says.
        notebook: Where it stood, absolute, or "".
    """

    findings: tuple[tuple[str, str], ...]
    notebook: str


class Blocks:
    """The newest blocks of this server."""

    def __init__(self) -> None:
        self._blocks: OrderedDict[str, Block] = OrderedDict()

    def remember(self, findings: list[tuple[str, str]], notebook: str) -> str:
        """Remember a block and return its name."""
        name = secrets.token_urlsafe(16)
        self._blocks[name] = Block(tuple(findings), notebook)
        if len(self._blocks) > _REMEMBERED:
            self._blocks.popitem(last=False)
        return name

    def finding(self, name: str, number: int) -> tuple[str, str, str]:
        """Rule, mark and notebook of one finding of a block.

        Raises:
            RequestInvalid: It is not remembered, or the value is stored.
        """
        block = self._blocks.get(name)
        if block is None or not 0 <= number < len(block.findings):
            raise RequestInvalid("That cell was stopped too long ago.", "Run it again.")
        rule, mark = block.findings[number]
        if not mark:
            raise RequestInvalid("That value is stored as a secret.", "Use it by its label.")
        return rule, mark, block.notebook
