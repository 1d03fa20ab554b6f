"""A conversation: its turns, what of it is kept, and what of that is sent again. Pure.

A turn is whole or not there: a model that is told of a tool's result without its call, or of an
answer without its question, refuses the request or makes something up.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Final

BUDGET: Final = 120_000
"""Characters that are sent of what was said before; some 30,000 tokens."""

_OLD_RESULT: Final = 2_000
"""Characters of a tool's result that are sent again in a later turn."""

_MOST_TURNS: Final = 200


@dataclass(frozen=True, slots=True)
class Attachment:
    """A variable or cell that went along with a message.

    Attributes:
        name: ``df``, or ``[3]`` for a cell.
        text: As the model reads it.
    """

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Step:
    """One use of a tool.

    Attributes:
        tool: Its name.
        arguments: As JSON.
        result: As text.
        failed: Whether it was not done.
    """

    tool: str
    arguments: str
    result: str
    failed: bool = False


@dataclass(frozen=True, slots=True)
class Turn:
    """What a person said, and what came of it.

    Attributes:
        message: What the person wrote.
        attachments: What went along.
        steps: The tools that were used, in order.
        answer: What the model said, all of it together.
        model: Which model.
        stopped: Whether the person stopped it.
    """

    message: str
    attachments: tuple[Attachment, ...] = ()
    steps: tuple[Step, ...] = ()
    answer: str = ""
    model: str = ""
    stopped: bool = False

    @property
    def prompt(self) -> str:
        """The message with what went along, as a model reads it."""
        return prompt(self.message, self.attachments)

    @property
    def size(self) -> int:
        """Characters."""
        steps = sum(len(s.tool) + len(s.arguments) + len(s.result) for s in self.steps)
        return len(self.prompt) + len(self.answer) + steps

    @property
    def texts(self) -> tuple[str, ...]:
        """Every text in it."""
        steps = (text for step in self.steps for text in (step.arguments, step.result))
        return (self.prompt, *steps, self.answer)

    def aged(self) -> Turn:
        """The same, as it is sent in later turns: long results of tools without their middle."""
        return replace(
            self, steps=tuple(replace(step, result=_short(step.result)) for step in self.steps)
        )


@dataclass(slots=True)
class Conversation:
    """The turns so far, oldest first.

    Attributes:
        turns: At most 200; older ones are forgotten.
    """

    turns: list[Turn] = field(default_factory=list)

    def add(self, turn: Turn) -> None:
        """Keep a turn."""
        self.turns = [*self.turns, turn][-_MOST_TURNS:]

    def clear(self) -> None:
        """Begin anew."""
        self.turns = []

    def sent(self, budget: int = BUDGET) -> list[Turn]:
        """The newest turns that fit into a budget, oldest first, each whole.

        Args:
            budget: Characters.
        """
        found: list[Turn] = []
        for turn in reversed(self.turns):
            aged = turn.aged()
            budget -= aged.size
            if budget < 0:
                break
            found.append(aged)
        return found[::-1]


def prompt(message: str, attachments: Iterable[Attachment]) -> str:
    """A message and what goes along with it, as a model reads it."""
    parts = [message]
    parts += [f'<attached name="{each.name}">\n{each.text}\n</attached>' for each in attachments]
    return "\n\n".join(parts)


def _short(text: str) -> str:
    if len(text) <= _OLD_RESULT:
        return text
    half = _OLD_RESULT // 2
    return f"{text[:half]}\n[{len(text) - 2 * half} characters left out]\n{text[-half:]}"
