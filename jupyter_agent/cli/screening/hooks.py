"""Hooks of coding agents: an event in, an answer out. Pure.

A host calls us before a prompt reaches its model, before a tool is used, and before a tool's
result reaches the model. What hosts send and take:

- Claude Code: https://code.claude.com/docs/en/hooks
- Codex: https://developers.openai.com/codex/hooks, and the schemas in openai/codex,
  codex-rs/hooks/schema/generated

Both read exit code 2 with a reason on standard error as "stop", and 1 as "go on", so nothing here
may end with 1. A stop is told in JSON as well, for hosts that read it. Only Claude Code can swap
a tool's result for a masked one, and it takes that with exit code 0 alone; the swap must have the
exact shape of the result, or it is dropped without a word (anthropics/claude-code#68951). Codex
puts the reason in place of the result.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from jupyter_agent.cli.screening import CLAUDE_CODE
from jupyter_agent.errors import RequestInvalid, ScreenTimeout
from jupyter_agent.screen.cell import Screens
from jupyter_agent.screen.masking import Masker
from jupyter_agent.screen.notebook import tree_texts
from jupyter_agent.screen.stored import rule_of

STOP: Final = 2

_CARRIES: Final[Mapping[str, tuple[str, ...]]] = {
    "UserPromptSubmit": ("prompt",),
    "UserPromptExpansion": ("prompt", "command_args"),
    "PreToolUse": ("tool_input",),
    "PermissionRequest": ("tool_input",),
    "PostToolUse": ("tool_response",),
    "PostToolUseFailure": ("error",),
}
"""Event → its fields that hold text on the way to a model or a tool; the first must be there."""

_SILENT: Final = frozenset(
    {
        "Interrupt", "Notification", "SessionEnd", "SessionStart", "Stop", "StopFailure",
        "SubagentStop",
    }
)  # fmt: skip
"""Events that bring a model nothing it does not have; stopping at a Stop would never end."""

_ABOUT_THE_CALL: Final = frozenset(
    {
        "agent_id", "agent_type", "cwd", "effort", "hook_event_name", "model", "permission_mode",
        "prompt_id", "session_id", "tool_name", "tool_use_id", "transcript_path", "turn_id",
    }
)  # fmt: skip
_PLAIN_NAME: Final = re.compile("[A-Za-z_]{1,40}")
"""What a field of a tool's result is called; a key or a code has digits."""
_WITHHELD: Final = "[withheld by jupyter agent: it could not be screened for secrets]"


@dataclass(frozen=True, slots=True)
class Answer:
    """What the host is told.

    Attributes:
        code: Exit code.
        body: For standard output; None for nothing.
        reason: For standard error, or "".
    """

    code: int
    body: dict[str, Any] | None = None
    reason: str = ""


def answer(host: str, raw: bytes, screener: Screens) -> Answer:
    """What to answer to an event.

    Args:
        host: One of ``screening.HOSTS``.
        raw: The event, as JSON.
        screener: Finds the secrets.

    Raises:
        RequestInvalid: The event can't be read.
        ScreenTimeout: It could not be screened in its time.
    """
    event = _event(raw)
    name = event["hook_event_name"]
    if name in _SILENT:
        return Answer(0)
    if name == "PostToolUse" and host == CLAUDE_CODE:
        return _result_swapped(event, screener)
    titles = _titles(_carried(event), screener)
    return _stopped(host, name, titles) if titles else Answer(0)


def _event(raw: bytes) -> dict[str, Any]:
    try:
        event = json.loads(raw)
    except (ValueError, RecursionError):
        event = None
    if not isinstance(event, dict) or not isinstance(event.get("hook_event_name"), str):
        raise RequestInvalid("The hook's event can't be read.", "Is --hook the right host?")
    return event


def _carried(event: dict[str, Any]) -> list[Any]:
    """The parts of an event that hold text on its way.

    Raises:
        RequestInvalid: The event lacks what it is about.
    """
    names = _CARRIES.get(event["hook_event_name"])
    if names is None:  # an event we do not know: everything that some person or model wrote
        return [value for name, value in event.items() if name not in _ABOUT_THE_CALL]
    if names[0] not in event:
        raise RequestInvalid("The hook's event can't be read.", "Is --hook the right host?")
    return [event[name] for name in names if name in event]


def _titles(carried: list[Any], screener: Screens) -> list[str]:
    titles: dict[str, None] = {}
    for tree in carried:
        for text in tree_texts(tree):
            for finding in screener.screen(text):
                titles[rule_of(finding, screener).title] = None
    return list(titles)


def _stopped(host: str, name: str, titles: list[str]) -> Answer:
    reason = _reason(name, titles)
    if name == "PreToolUse":
        specific = {
            "hookEventName": name,
            "permissionDecision": "deny",
            "permissionDecisionReason": reason,
        }
        return Answer(STOP, {"hookSpecificOutput": specific}, reason)
    if name == "PermissionRequest":
        decision = {"behavior": "deny", "message": reason}
        specific_request = {"hookEventName": name, "decision": decision}
        return Answer(STOP, {"hookSpecificOutput": specific_request}, reason)
    body: dict[str, Any] = {"decision": "block", "reason": reason}
    if host == CLAUDE_CODE and name in ("UserPromptSubmit", "UserPromptExpansion"):
        # Without it the message about the stopped prompt repeats the prompt. Codex does not know
        # the field and would refuse the whole answer.
        body["hookSpecificOutput"] = {"hookEventName": name, "suppressOriginalPrompt": True}
    return Answer(STOP, body, reason)


def _reason(name: str, titles: list[str]) -> str:
    what = ", ".join(titles[:3]) + (" and more" if len(titles) > 3 else "")
    if name in ("UserPromptSubmit", "UserPromptExpansion"):
        return (
            f"Not sent: this looks like a secret ({what}). Write its label instead; where it has "
            "none, save it with: jupyter agent secret set LABEL. The host may have kept the text "
            "in its transcript: treat the value as exposed and rotate it."
        )
    if name in ("PreToolUse", "PermissionRequest"):
        return (
            f"Stopped: the tool's input holds a secret ({what}). Use it by its label instead: "
            "jupyter agent run -s LABEL -- COMMAND"
        )
    return (
        f"Withheld: the tool's result holds a secret ({what}). Use secrets by their label: "
        "jupyter agent run -s LABEL -- COMMAND"
    )


def _result_swapped(event: dict[str, Any], screener: Screens) -> Answer:
    """Claude Code after a tool: its result, masked."""
    (result,) = _carried(event)
    masker = Masker(screener)
    try:
        masked = masker.tree(result)
        if masker.count == 0:
            return Answer(0)
        if not _same_shape(result, masked):
            masked = _withheld(result, screener)
        note = "jupyter agent masked what looks like a secret in this result. "
    except ScreenTimeout:
        # Exit code 2 would be too late here: the model would see the result all the same.
        masked = _withheld(result, screener)
        note = "jupyter agent withheld this result: it could not be screened in its time. "
    if isinstance(masked, dict):
        # Where a long result was also put into a file, the host shows the file's content.
        masked = {
            name: value for name, value in masked.items() if not name.startswith("persistedOutput")
        }
    specific = {
        "hookEventName": "PostToolUse",
        "updatedToolOutput": masked,
        "additionalContext": note + "Use secrets by their label: jupyter agent run -s LABEL",
    }
    return Answer(0, {"hookSpecificOutput": specific})


def _same_shape(one: Any, other: Any) -> bool:
    if isinstance(one, dict):
        return (
            isinstance(other, dict)
            and one.keys() == other.keys()
            and all(_same_shape(one[name], other[name]) for name in one)
        )
    if isinstance(one, list):
        return (
            isinstance(other, list) and len(one) == len(other) and all(map(_same_shape, one, other))
        )
    return type(one) is type(other)


def _withheld(tree: Any, screener: Screens) -> Any:
    """The same shape, with nothing in it that was said."""
    if isinstance(tree, str):
        return _WITHHELD
    if isinstance(tree, dict):
        return {
            _name(name, number, screener): (
                member if _is_type(name, member) else _withheld(member, screener)
            )
            for number, (name, member) in enumerate(tree.items(), 1)
        }
    if isinstance(tree, list):
        return [_withheld(member, screener) for member in tree]
    return tree


def _name(name: str, number: int, screener: Screens) -> str:
    """A field's name as it may be shown: where a secret is the name, no shape is worth keeping."""
    try:
        is_clean = not screener.screen(name)
    except ScreenTimeout:
        is_clean = _PLAIN_NAME.fullmatch(name) is not None
    return name if is_clean else f"withheld-{number}"


def _is_type(name: str, value: Any) -> bool:
    """Whether this says which sort of object it stands in: without it the shape is another."""
    return (
        name == "type"
        and isinstance(value, str)
        and re.fullmatch("[a-z_]{1,24}", value) is not None
    )
