"""Whether a page that renders a text as Markdown would fetch something from elsewhere. Pure.

An answer can be steered by whatever the model has read, and a picture's address can carry what was
attached: the page would send it to whoever is named there, with no click and nobody asked. Two
parsers never agree on all of Markdown, so this does not take pictures out: it says whether there
may be one, and the text is then shown as text.
"""

from __future__ import annotations

import re
from typing import Final

# Each runs once over the text, at every change of what is shown.
_TAG: Final = re.compile(
    r"<(?:img|image|picture|source|video|audio|track|input|iframe|frame|object|embed|link|use|svg"
    r"|style|body|table|td|th|portal|base|meta)\b|\bstyle\s{0,9}=",
    re.IGNORECASE,
)
_ADDRESSED: Final = re.compile(r"\][(\[]")
_NAMED: Final = re.compile(r"^[ \t>*+\-\d.)]{0,16}\[[^\]\n]{1,999}\]:", re.MULTILINE)
_ELSEWHERE: Final = re.compile(
    r"[/\\]\s{0,9}[/\\]|h\s{0,3}t\s{0,3}t\s{0,3}p|ftp:|&(?:#|sol|bsol|colon|tab|newline)",
    re.IGNORECASE,
)


def fetches(markdown: str) -> bool:
    """Whether it may: never False for a picture from elsewhere, and True for some harmless texts.

    Args:
        markdown: All of it, since one part may say what another one means.
    """
    if _ELSEWHERE.search(markdown) is None:
        return False
    if _TAG.search(markdown):
        return True
    begins = markdown.find("![")
    if begins < 0:
        return False
    return bool(_ADDRESSED.search(markdown, begins) or _NAMED.search(markdown))
