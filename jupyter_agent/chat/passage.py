"""What passes between people, tools and a model: nothing that the rules or the broker recognise.

Both ways, and both times by rules and by the broker's match. What is on its way out as somebody's
words is refused, so that whoever wrote it can mend it. What comes back as data is masked.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from typing import Any, Final

from jupyter_agent.chat.plain import seen
from jupyter_agent.errors import RequestInvalid, ScreenTimeout, SecretBlocked
from jupyter_agent.long_texts import aside
from jupyter_agent.screen.cell import Screens
from jupyter_agent.screen.masking import Masker

Match = Callable[[str], Awaitable[str | None]]

_SEPARATOR: Final = "\n\n"
"""Between readings that the broker is asked about in one question, because each one is a round
trip. What is found across it would be a text refused without need, and never one let through."""
_PATIENCE: Final = 0.3
"""Seconds between two questions where the broker says that there were too many."""


class Passage:
    """Stands between a model and everybody else.

    Args:
        screener: Finds what the rules know.
        match: Asks the broker; see ``Door.match``.
    """

    def __init__(self, screener: Screens, match: Match) -> None:
        self._screener = screener
        self._masker = Masker(screener)
        self._match = match

    async def check(self, value: Any, what: str) -> None:
        """Let somebody's words pass, or refuse them.

        Args:
            value: A text, or JSON with texts in it.
            what: What it is, as a sentence's subject: ``Your message``.

        Raises:
            SecretBlocked: A secret stands in it. The error names a rule or label and no value.
            ScreenTimeout: It could not be screened in its time.
            AgentError: The broker could not say.
        """
        readings = await aside(partial(_readings, value), value)
        for text in readings[:2]:  # run together, harmless words may look like a token
            if title := await aside(partial(self._found, text), text):
                raise SecretBlocked(
                    f"{what} holds a secret ({title}), so it was not passed on.",
                    "Leave it out, or save it and write its label instead.",
                )
        label = await self._label_in(_SEPARATOR.join(readings))
        if label is not None:
            raise SecretBlocked(
                f"{what} holds the value of {label}, so it was not passed on.",
                f"Write the label {label} instead of the value, and treat the value as "
                "exposed: rotate it when you can.",
            )

    async def clean(self, value: Any) -> Any:
        """Data for a model: masked where the rules find something, withheld where a value is known.

        Args:
            value: JSON.

        Raises:
            ScreenTimeout: It could not be screened in its time.
            AgentError: The broker could not say.
        """
        masked = await aside(partial(self._masker.tree, value), value)
        if await self.is_clear(masked):
            return masked
        masked = await self._without_known(masked)
        # A value may be spread over several texts of one result.
        return masked if await self.is_clear(masked) else _withheld("a stored secret")

    async def is_clear(self, value: Any) -> bool:
        """Whether no stored value stands in it."""
        return await self._known_in(value) is None

    async def _known_in(self, value: Any) -> str | None:
        """The label of a stored value that stands in it, as it is or to somebody who reads it."""
        readings = await aside(partial(_readings, value), value)
        return await self._label_in(_SEPARATOR.join(readings))

    def _found(self, text: str) -> str:
        findings = self._screener.screen(text)
        return self._screener.rule(findings[0].rule).title if findings else ""

    async def _without_known(self, value: Any) -> Any:
        if isinstance(value, str):
            label = await self._known_in(value)
            return value if label is None else _withheld(label)
        if isinstance(value, list):
            return [await self._without_known(each) for each in value]
        if isinstance(value, dict):
            return {
                "withheld" if await self._known_in(name) else name: await self._without_known(each)
                for name, each in value.items()
            }
        return value

    async def _label_in(self, text: str) -> str | None:
        for _ in range(20):
            try:
                return await self._match(text)
            except RequestInvalid as error:
                if "Too many" not in error.message:
                    raise
                await asyncio.sleep(_PATIENCE)
        raise ScreenTimeout(
            "The broker was asked about too many texts at once.", "Wait a moment, then try again."
        )


def _withheld(label: str) -> str:
    return f"[withheld: this text held {label}]"


def _readings(value: Any) -> list[str]:
    """The texts in which a value is looked for.

    All of it in one, with names beside what they name; its texts one below the other; and run
    together, so that what was cut into pieces is whole.
    """
    texts = list(_texts(value))
    whole = value if isinstance(value, str) else _written(value)
    readings = [whole, "\n".join(texts), "".join(texts)]
    # Models write, and are told to write, characters that are not seen between those that are.
    return list(dict.fromkeys([*readings, *map(seen, readings)]))


def _written(value: Any) -> str:
    """As JSON, without its escapes: rules read those as part of what stands before them."""
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, dict):
        return "\n".join(f'"{name}": {_written(each)}' for name, each in value.items())
    if isinstance(value, list | tuple):
        return "\n".join(map(_written, value))
    return json.dumps(value)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _texts(each)
