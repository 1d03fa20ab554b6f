"""``{{LABEL}}`` in a script: each becomes a reference to the variable that holds the value. Pure.

Never text: whatever the value is, it can't add a command, and it is not in the argument list of the
shell. A reference only works where the language expands variables; where it does not, as between
single quotes, the marker is refused instead of meaning something else.
"""

from __future__ import annotations

import io
import re
import token
import tokenize
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from jupyter_agent.broker import markers
from jupyter_agent.broker.shell_reader import CODE, COMMENT, ESCAPED, QUOTED, Place, places
from jupyter_agent.errors import RequestInvalid
from jupyter_agent.secret import check_label

_REFERENCES: Final[dict[str, dict[str, str]]] = {
    "sh": {CODE: '"${%s}"', QUOTED: "${%s}"},
    # fish knows no ${}. Between double quotes: close them, the variable in its own, open again.
    "fish": {CODE: '"$%s"', QUOTED: '""$%s""'},
    "python": {CODE: '__import__("os").environ["%s"]'},
}

_LONE_RETURN: Final = re.compile(r"\r(?!\n)")


@dataclass(frozen=True, slots=True)
class Script:
    """A script and its markers.

    Attributes:
        labels: What its markers name, each once.
    """

    text: str
    labels: tuple[str, ...]
    _references: Mapping[str, str]
    _places: tuple[Place, ...]

    def with_references(self, variables: Mapping[str, str]) -> str:
        """Its text as the shell gets it.

        Args:
            variables: Label → the variable that holds its value, for each of ``labels``.
        """
        pieces: list[str] = []
        end = 0
        for place in self._places:
            if place.context == COMMENT:
                continue
            pieces.append(self.text[end : place.start])
            if place.context == ESCAPED:
                pieces.append(self.text[place.start + 1 : place.end])
            else:
                pieces.append(self._references[place.context] % variables[place.label])
            end = place.end
        return "".join(pieces) + self.text[end:]


def read_script(text: str, shell: str) -> Script:
    """Find the markers of a script.

    Args:
        text: The script.
        shell: Which one reads it.

    Raises:
        RequestInvalid: A marker stands where no variable can, or where that can't be told.
        LabelInvalid: A marker names what can't be a label.
    """
    if not markers.BARE.search(text):
        return Script(text, (), {}, ())
    found = _python_places(text) if shell == "python" else places(text, shell)
    for place in found:
        if place.context not in (CODE, QUOTED, ESCAPED, COMMENT):
            raise _refused(place.label, place.context, shell)
    labels = {check_label(place.label): None for place in found if place.context in (CODE, QUOTED)}
    references = _REFERENCES[shell if shell in _REFERENCES else "sh"]
    return Script(text, tuple(labels), references, tuple(found))


def plain_words(words: Sequence[str]) -> tuple[str, ...]:
    """Arguments without a shell: no marker can work there, so there must be none.

    Raises:
        RequestInvalid: There is one.
    """
    plain = []
    for word in words:
        pieces: list[str] = []
        end = 0
        for found in markers.BARE.finditer(word):
            if word[found.start() - 1 : found.start()] != "\\":
                raise RequestInvalid(
                    f"{{{{{found[1]}}}}} in an argument would be in every list of processes.",
                    "Use a script, in which it becomes a variable; or \\{{…}} for the text itself.",
                )
            pieces.append(word[end : found.start() - 1])
            end = found.start()
        plain.append("".join(pieces) + word[end:])
    return tuple(plain)


def _refused(label: str, context: str, shell: str) -> RequestInvalid:
    how = f'os.environ["{label}"] there' if shell == "python" else f'"${label}" outside of it'
    return RequestInvalid(
        f"{{{{{label}}}}} stands {context}, where no variable works.",
        f"Write {how}, or \\{{{{{label}}}}} for the text itself.",
    )


def _python_places(text: str) -> list[Place]:
    """Where a Python script's markers stand."""
    strings, comments = _python_spans(text)
    found = []
    for marker in markers.BARE.finditer(text):
        start, end = marker.span()
        if any(first <= start < last for first, last in comments):
            found.append(Place(start, end, marker[1], COMMENT))
        elif text[start - 1 : start] == "\\":
            found.append(Place(start - 1, end, marker[1], ESCAPED))
        elif any(first <= start < last for first, last in strings):
            found.append(Place(start, end, marker[1], "in a text of Python"))
        else:
            found.append(Place(start, end, marker[1], CODE))
    return found


def _python_spans(text: str) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    # As Python itself does before it reads; each is one character for another, so places stay.
    text = _LONE_RETURN.sub("\n", text)
    starts = [0]
    for line in text.split("\n"):
        starts.append(starts[-1] + len(line) + 1)
    strings: list[tuple[int, int]] = []
    comments: list[tuple[int, int]] = []
    open_at: list[int] = []  # f-strings, which are several tokens from Python 3.12 on
    try:
        text.encode()  # bytes that are no text: Python runs none, and from 3.12 on reads none
        for found in tokenize.generate_tokens(io.StringIO(text).readline):
            start = starts[found.start[0] - 1] + found.start[1]
            end = starts[found.end[0] - 1] + found.end[1]
            name = token.tok_name[found.type]
            if name == "COMMENT":
                comments.append((start, end))
            elif name == "STRING":
                strings.append((start, end))
            elif name.endswith("STRING_START"):
                open_at.append(start)
            elif name.endswith("STRING_END"):
                strings.append((open_at.pop(), end))
    except (tokenize.TokenError, SyntaxError, IndexError, UnicodeEncodeError):
        raise RequestInvalid(
            "The script can't be read as Python, so its markers have no sure place.",
            'Correct it, or write os.environ["LABEL"] instead of {{LABEL}}.',
        ) from None
    return strings, comments
