"""Which programs a script names, and what those names mean here: shown to a person who approves."""

from __future__ import annotations

import re
import shlex
import shutil
from collections.abc import Sequence
from pathlib import Path

_MOST_SHOWN = 12
_SEPARATORS = ";&|()\n"
_ASSIGNMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*=")


def of_script(script: str, path: str) -> list[dict[str, str | None]]:
    """The first word of each command in a script, with the file it resolves to.

    Only for showing: a script can start programs in ways no reader sees. What is permitted is the
    exact script, never this list.

    Args:
        script: Text for a shell.
        path: The PATH it will run with.
    """
    lexer = shlex.shlex(script.replace("\\\n", " "), posix=True, punctuation_chars=_SEPARATORS)
    lexer.whitespace = " \t"
    words: list[str] = []
    at_start = True
    try:
        for token in lexer:
            if set(token) <= set(_SEPARATORS):
                at_start = True
            elif at_start and not _ASSIGNMENT.match(token):
                words.append(token)
                at_start = False
    except ValueError:
        pass  # an open quote: what was read so far is shown
    return of_words(words, path)


def of_words(words: Sequence[str], path: str) -> list[dict[str, str | None]]:
    """Each word once, with the file it resolves to, or None (a builtin, or not there)."""
    found = []
    for word in list(dict.fromkeys(words))[:_MOST_SHOWN]:
        where = shutil.which(word, path=path)
        found.append({"word": word, "path": str(Path(where).resolve()) if where else None})
    return found
