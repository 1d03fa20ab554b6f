"""The words of a line that are more than letters."""

from __future__ import annotations

import re
from typing import Final

from jupyter_agent.screen.generated import generated_in

# No blanks, quotation marks, brackets or commas; at its ends nothing that ends a sentence or is put
# around a word, but for a star in front that is no pointer's and has no partner, "+" before a blank
# and "?" before a comma. Letters of Latin, Greek and Cyrillic: those of other scripts end it.
_LETTERS: Final = "A-Za-z0-9\u00c0-\u024f\u0370-\u03ff\u0400-\u052f"
_TOKEN: Final = re.compile(
    rf"(?<![{_LETTERS}!#$%&+@^~._-])(?<![A-Za-z0-9]\*)(?:\*(?=\S*[A-Z])(?!\S*\*))?[{_LETTERS}!#$@]"
    rf"[{_LETTERS}!#$%&*+.?@^_~-]{{3,78}}[{_LETTERS}!#$%@](?:\?(?=[,;])|\+(?=[\s,;]|$))?(?![A-Za-z0-9])"
)
_MORE_THAN_WORDS: Final = re.compile(r"[0-9!#$%&*+@^]|-[a-z]+-")


def mixed_words(text: str, begin: int, end: int) -> list[tuple[int, int]]:
    """Where the words begin and end that may be passwords, in a stretch of a line."""
    if not _MORE_THAN_WORDS.search(text, begin, end):
        return []
    drawn = generated_in(text, begin, end)
    return drawn + [
        match.span()
        for match in _TOKEN.finditer(text, begin, end)
        if not match[0].isalpha()
        and not any(start < match.end() and match.start() < stop for start, stop in drawn)
    ]
