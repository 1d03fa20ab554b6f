"""Lets a page whose policy names what it may frame also frame desktops.

Jupyter's own policy names nothing, so that pages may frame anything, as outputs do; it stays so.
Where an admin has limited frames, the origins of enabled providers are added, and no others.
Content Security Policy Level 3, 6.1: ``frame-src`` falls back to ``child-src``, then to
``default-src``.
"""

from __future__ import annotations

from collections.abc import MutableMapping, Sequence
from typing import Any, Final

LOCAL: Final = ("http://127.0.0.1:*",)
"""Where pictures of this machine come from. The port is free and known only when one is shown,
which is after the page has its policy."""

_HEADER: Final = "Content-Security-Policy"
_FALLBACKS: Final = ("frame-src", "child-src", "default-src")


def let_frame(settings: MutableMapping[str, Any], origins: Sequence[str]) -> None:
    """Change the policy that an admin has set, where there is one.

    Args:
        settings: The web application's.
        origins: What may be framed besides.
    """
    headers = settings.get("headers") or {}
    if _HEADER in headers:
        policy = with_frames(str(headers[_HEADER]), origins)
        settings["headers"] = {**headers, _HEADER: policy}


def with_frames(policy: str, origins: Sequence[str]) -> str:
    """The policy, in which these origins may be framed.

    Args:
        policy: As in the header.
        origins: Sources as CSP writes them.
    """
    directives = [words for part in policy.split(";") if (words := part.split())]
    named = {words[0].lower(): words for words in reversed(directives)}  # the first one counts
    limit = next((named[name] for name in _FALLBACKS if name in named), None)
    if limit is None:
        return policy
    sources = [source for source in limit[1:] if source.lower() != "'none'"]
    added = [origin for origin in origins if origin not in sources]
    frames = ["frame-src", *sources, *added]
    kept = [words for words in directives if words[0].lower() != "frame-src"]
    return "; ".join(" ".join(words) for words in [*kept, frames])
