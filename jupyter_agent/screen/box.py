"""The box that stands where a stopped cell's output would be, for every guard alike."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from typing import Any, Final

MIME: Final = "application/vnd.jupyter-agent.blocked+json"
"""Fixed in docs/interfaces.md."""

ENAME: Final = "SecretBlocked"

_WEBSITE_KINDS: Final = frozenset({"password", "login-code", "recovery"})
_MOST_LINES: Final = 8
"""Findings told one by one; a pasted key file may hold hundreds."""


@dataclass(frozen=True, slots=True)
class Found:
    """One finding, as it is shown.

    Attributes:
        body: The finding as browsers get it (``screen.to_json``); with ``label`` where the value
            is stored under it already.
        label: A label that would suit the secret.
    """

    body: dict[str, Any]
    label: str


@dataclass(frozen=True, slots=True)
class Stop:
    """Why a cell or message does not go on. Holds no value.

    Attributes:
        found: What was found; empty where the text could not be screened.
        late: Whether screening took too long.
        kept_from: What did not happen to it: the guard inside a kernel can't say "not sent".
        block: Under which name the server remembers it, or "". Tells nothing.
    """

    found: tuple[Found, ...] = ()
    late: bool = False
    kept_from: str = "sent to the kernel"
    block: str = ""


def sentence(stop: Stop) -> str:
    """What happened, in one sentence: the error's message."""
    if stop.late:
        return f"This cell could not be screened in its time, so it was not {stop.kept_from}."
    if not stop.found:
        return f"This cell could not be screened, so it was not {stop.kept_from}."
    titles = list(dict.fromkeys(found.body["title"] for found in stop.found))
    what = titles[0] if len(titles) == 1 else f"{titles[0]} and more"
    return f"This cell holds a secret ({what}), so it was not {stop.kept_from}."


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
        MIME: {
            # Before all words: behind "Password in a sentence" a random name reads like a password,
            # and the guard in the kernel, which screens this as code, would show its own box.
            **({"block": stop.block} if stop.block else {}),
            "findings": [found.body for found in stop.found],
        },
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
    steps = [_use(label, magics=magics) for label in dict.fromkeys(_stored_labels(stop))]
    unsaved = [found for found in stop.found if "label" not in found.body]
    if unsaved:
        steps.append(_save(unsaved[0].label or "LABEL", magics=magics))
    if any(found.body["kind"] in _WEBSITE_KINDS for found in unsaved):
        way = "%desktop open https://…" if magics else "a panel in JupyterLab"
        steps.append(f"Passwords and codes for websites belong on the secure desktop: {way}")
    return steps


def _stored_labels(stop: Stop) -> Iterator[str]:
    for found in stop.found:
        if "label" in found.body:
            yield found.body["label"]


def _use(label: str, *, magics: bool) -> str:
    way = f"%%agent_run -s {label}" if magics else _in_a_shell(label)
    return (
        f"{label} is stored already. Use it by its label: {way}. "
        "It stood in a cell, so treat it as exposed: rotate it when you can."
    )


def _save(label: str, *, magics: bool) -> str:
    if not magics:
        return (
            "Save it instead: in the Secrets panel, or with "
            f"jupyter agent secret set {label} in a terminal. "
            f"Then use it by its label: {_in_a_shell(label)}"
        )
    return (
        f"Save it instead: in the Secrets panel, or with %secret set {label}. "
        f"Then use it by its label: %%agent_run -s {label}"
    )


def _in_a_shell(label: str) -> str:
    return f"jupyter agent run -s {label} -- COMMAND"
