"""What is screened in a kernel message, and the verdict.

Everything fails closed: a text that can't be screened counts as one that holds a secret.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any, Final

from jupyter_agent.errors import ScreenTimeout
from jupyter_agent.screen import Finding, to_json
from jupyter_agent.screen.box import Found, Stop
from jupyter_agent.screen.cell import Screens

_LARGEST_BUFFER: Final = 1024 * 1024
"""Bigger buffers are files on their way into a widget; screening them would stall every kernel."""

# Fields that hold program text as the person typed it.
_CODE_FIELDS: Final = {
    "execute_request": "code",
    "complete_request": "code",
    "inspect_request": "code",
    "is_complete_request": "code",
    "input_reply": "value",
}


class Gate:
    """Says of a message whether it may go on.

    Args:
        screener: Finds the secrets.
    """

    def __init__(self, screener: Screens) -> None:
        self._screener = screener

    def check(self, kind: str, content: dict[str, Any], buffers: Sequence[Any]) -> Stop | None:
        """The reason to stop a message, or None where it may go on.

        Args:
            kind: Its message type. Types that nobody knows yet are screened like any other.
            content: Its content.
            buffers: The bytes beside it.
        """
        try:
            return self._check(kind, content, buffers)
        except ScreenTimeout:
            return Stop(late=True)
        except Exception:  # noqa: BLE001  (fail closed, whatever went wrong)
            return Stop()

    def texts(
        self, kind: str, content: dict[str, Any], buffers: Sequence[Any]
    ) -> Iterator[tuple[str, bool]]:
        """What ``check`` screens, each with whether it is the cell's own text, which comes first.

        Args:
            kind: The message's type.
            content: Its content.
            buffers: The bytes beside it.
        """
        code, elsewhere = _split(kind, content)
        if code is not None:
            yield code, True
        if elsewhere or buffers:
            for text in _texts(elsewhere, buffers):
                yield text, False

    def _check(self, kind: str, content: dict[str, Any], buffers: Sequence[Any]) -> Stop | None:
        code, elsewhere = _split(kind, content)
        if code is not None and (findings := self._screener.screen(code)):
            return Stop(tuple(self._found(finding, code) for finding in findings))
        if not elsewhere and not buffers:
            return None
        for text in _texts(elsewhere, buffers):
            if findings := self._screener.screen(text):
                return Stop(tuple(self._found_elsewhere(finding, text) for finding in findings))
        return None

    def _found(self, finding: Finding, text: str) -> Found:
        rule = self._screener.rule(finding.rule)
        return Found(to_json(finding, text, rule), rule.label)

    def _found_elsewhere(self, finding: Finding, text: str) -> Found:
        # Places count in the cell's text; one beside it gets an empty span, not a misleading one.
        found = self._found(finding, text)
        return Found({**found.body, "start": 0, "end": 0}, found.label)


def _split(kind: str, content: dict[str, Any]) -> tuple[str | None, dict[str, Any]]:
    """The cell's text, if the message has one, and what else is in its content."""
    field = _CODE_FIELDS.get(kind)
    if field is None:
        return None, content
    code = content.get(field, "")
    if not isinstance(code, str):
        raise TypeError
    # user_expressions, and whatever else somebody put beside the code.
    return code, {
        name: value
        for name, value in content.items()
        if name != field and value and isinstance(value, str | dict | list)
    }


def _texts(value: dict[str, Any], buffers: Sequence[Any]) -> Iterator[str]:
    """The value as JSON, so that names stand beside what they name, and its strings unescaped."""
    yield json.dumps(value, ensure_ascii=False)
    yield from _escaped_strings(value)
    for buffer in buffers:
        if len(buffer) <= _LARGEST_BUFFER:
            try:
                yield str(buffer, "utf-8")
            except UnicodeDecodeError:
                continue  # not a text


def _escaped_strings(value: Any) -> Iterator[str]:
    """Strings that look different inside JSON: with line breaks, quotes or backslashes."""
    if isinstance(value, str):
        if not value.isprintable() or '"' in value or "\\" in value:
            yield value
    elif isinstance(value, dict):
        for key, member in value.items():
            yield from _escaped_strings(key)
            yield from _escaped_strings(member)
    elif isinstance(value, list):
        for member in value:
            yield from _escaped_strings(member)
