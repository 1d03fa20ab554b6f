"""Where a secret can be rotated: the vendor's page, known from the label alone.

Labels are public, and most of them come from a rule or are what everybody calls that key. So nobody
has to look at a value to say where a new one is made.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from jupyter_agent.screen.rule import Rule, load_rules

# What any vendor's key may be called: says nothing about whose it is.
_ANYBODYS: Final = re.compile(
    "ACCESS|ADMIN|API|APP|AUTH|BOT|CLIENT|CREDENTIAL|ID|JWT|KEY|OAUTH|PASS|PASSWORD|PAT|PERSONAL|"
    "PRIVATE|REFRESH|SECRET|SESSION|TOKEN|URL|USER"
)


@lru_cache(maxsize=1)
def _shipped() -> dict[str, str]:
    return pages_by_name(load_rules())


def rotation_page(label: str) -> str:
    """The vendor's page to rotate or revoke what is called this, or "" where none is known.

    The first call reads the rules, which takes some tenths of a second.

    Args:
        label: A secret's, such as ``GITHUB_TOKEN``, ``GITHUB_PAT_2`` or ``MY_GITHUB_TOKEN``.
    """
    pages = _shipped()
    name = re.sub(r"_\d+$", "", label)
    if page := pages.get(_vendor(name)):
        return page
    # Somebody's own word in front. The longest is meant: AZURE_OPENAI_API_KEY is no OpenAI key.
    words = name.split("_")
    behind = ("_".join(words[start:]) for start in range(1, len(words) - 1))
    return next((pages[_vendor(rest)] for rest in behind if _vendor(rest) in pages), "")


def pages_by_name(rules: Iterable[Rule]) -> dict[str, str]:
    """The vendors' pages by the vendor's words in the label that a rule suggests.

    Args:
        rules: Any; those without a page, or with a label that could be anybody's, are left out.
    """
    pages: dict[str, str] = {}
    for rule in rules:
        vendor = _vendor(rule.label)
        if rule.revoke.startswith("https://") and vendor:
            pages.setdefault(vendor, rule.revoke)
    return pages


def _vendor(label: str) -> str:
    return "_".join(word for word in label.split("_") if not _ANYBODYS.fullmatch(word))
