"""The box in place of a cell that was not run."""

from __future__ import annotations

import html
import json
from collections.abc import Sequence
from typing import Any, Final, NoReturn

from jupyter_agent.errors import SecretBlocked

MIME: Final = "application/vnd.jupyter-agent.blocked+json"

_UNSCREENED: Final = "This cell could not be screened for secrets, so it was not run."
_SPLIT: Final = "Split it into smaller cells and run them again."
_WEBSITE_KINDS: Final = frozenset({"password", "login-code", "recovery"})


def stub(findings: Sequence[dict[str, Any]], label: str = "LABEL") -> str:
    """Code that shows the box and raises: what the kernel gets instead of the cell.

    Args:
        findings: As ``jupyter_agent.screen.to_json`` makes them, no value in any of them; none
            where the cell could not be screened.
        label: Suggested for the first of them.
    """
    # A literal of a literal: nothing of a finding can end the string and become code.
    packed = repr(json.dumps([list(findings), label]))
    return (
        "# This cell was not run; the guard of jupyter_agent put this line in its place.\n"
        f"__import__({__name__!r}, fromlist=['stop']).stop({packed})"
    )


def stop(packed: str) -> NoReturn:
    """Show the box and raise ``SecretBlocked``. Called by the stub.

    Args:
        packed: What ``stub`` packed.
    """
    from IPython.core.interactiveshell import InteractiveShell  # noqa: PLC0415  (stays cheap)

    findings, label = json.loads(packed)
    InteractiveShell.instance().display_pub.publish(data=bundle(findings, label))
    raise SecretBlocked(*_words(findings, label))


def bundle(findings: Sequence[dict[str, Any]], label: str) -> dict[str, Any]:
    """The box for every kind of client: our own page part, plain HTML, plain text."""
    title, hint = _words(findings, label)
    lines = [f"{finding['title']}: {finding['preview']}" for finding in findings]
    items = "".join(f"<li>{html.escape(line)}</li>" for line in lines)
    return {
        MIME: {"findings": list(findings)},
        "text/html": (
            '<div style="border-left:4px solid #c62828;padding:4px 12px">'
            f"<strong>{html.escape(title)}</strong><ul>{items}</ul>"
            f"<p>{html.escape(hint)}</p></div>"
        ),
        "text/plain": "\n".join([title, *(f"  • {line}" for line in lines), hint]),
    }


def _words(findings: Sequence[dict[str, Any]], label: str) -> tuple[str, str]:
    if not findings:
        return _UNSCREENED, _SPLIT
    titles = list(dict.fromkeys(finding["title"] for finding in findings))
    what = titles[0] if len(titles) == 1 else f"{titles[0]} and more"
    hint = f"Save it instead: %secret set {label}. Then use its label: %%agent_run -s {label}"
    if any(finding["kind"] in _WEBSITE_KINDS for finding in findings):
        hint += ". Passwords and codes for websites belong into the secure desktop."
    return f"This cell holds a secret ({what}), so it was not run.", hint
