"""The box that stands where a stopped cell's output would be."""

from __future__ import annotations

from html import escape
from typing import Any, Final

from jupyter_agent.server.gate import Found, Stop

MIME: Final = "application/vnd.jupyter-agent.blocked+json"
"""Fixed in docs/interfaces.md."""

ENAME: Final = "SecretBlocked"

_WEBSITE_KINDS: Final = frozenset({"password", "login-code", "recovery"})
_MOST_LINES: Final = 8
"""Findings told one by one; a pasted key file may hold hundreds."""


def sentence(stop: Stop) -> str:
    """What happened, in one sentence: the error's message."""
    if stop.late:
        return "This cell could not be screened in its time, so it was not sent to the kernel."
    if not stop.found:
        return "This cell could not be screened, so it was not sent to the kernel."
    titles = list(dict.fromkeys(found.body["title"] for found in stop.found))
    what = titles[0] if len(titles) == 1 else f"{titles[0]} and more"
    return f"This cell holds a secret ({what}), so it was not sent to the kernel."


def bundle(stop: Stop, *, magics: bool) -> dict[str, Any]:
    """The box as a mime bundle for ``display_data``.

    Args:
        stop: Why the cell was stopped.
        magics: Whether the kernel has our ``%secret``.
    """
    what = [_line(found) for found in stop.found[:_MOST_LINES]]
    if len(stop.found) > _MOST_LINES:
        what.append(f"and {len(stop.found) - _MOST_LINES} more")
    next_steps = _next_steps(stop, magics=magics)
    return {
        MIME: {"findings": [found.body for found in stop.found]},
        "text/plain": "\n".join(
            [sentence(stop), *(f"  • {line}" for line in what), *next_steps],
        ),
        "text/html": (
            '<div class="jupyter-agent-blocked">'
            f"<p><strong>{escape(sentence(stop))}</strong></p>"
            f"<ul>{''.join(f'<li>{escape(line)}</li>' for line in what)}</ul>"
            f"{''.join(f'<p>{escape(step)}</p>' for step in next_steps)}"
            "</div>"
        ),
    }


def _line(found: Found) -> str:
    return f"{found.body['title']}: {found.body['preview']}"


def _next_steps(stop: Stop, *, magics: bool) -> list[str]:
    if not stop.found:
        return ["Split the cell into smaller ones and run it again."]
    label = stop.found[0].label or "LABEL"
    command = f"%secret set {label}" if magics else f"jupyter agent secret set {label}"
    where = "" if magics else " in a terminal"
    steps = [
        f"Save it instead: in the Secrets panel, or with {command}{where}. "
        f"Then use it by its label: %%agent_run -s {label}"
        if magics
        else f"Save it instead: in the Secrets panel, or with {command}{where}."
    ]
    if any(found.body["kind"] in _WEBSITE_KINDS for found in stop.found):
        steps.append(
            "Passwords and codes for websites belong into a secure desktop, which comes later."
        )
    return steps
