"""What went wrong with a model, as a sentence with a next step.

A vendor's error may repeat the request, so none of them is chained or shown as it is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from jupyter_agent.errors import AgentError, ModelFailed

_KEY, _LONG, _PAID, _MODEL = 401, 413, 402, 404
_TOOLS, _NOTHING = 0, 1  # no statuses: what is meant by some
_BY_STATUS: Final = {
    400: (
        "did not understand the request",
        "It may be no chat model, or one that has no tools: %%agent_chat --no-tools",
    ),
    _KEY: ("did not accept the key", "Store a new one: %secret replace LABEL"),
    _PAID: ("wants to be paid", "Look at your account there."),
    403: ("does not let this key use the model", "Look at what the key may do."),
    _MODEL: (
        "has no such model there",
        "See %agent_chat --status, and choose: --model KIND:NAME",
    ),
    _NOTHING: (
        "has nothing at that address",
        "That of most servers ends in /v1: --url http://127.0.0.1:11434/v1",
    ),
    _LONG: ("found the conversation too long", "Begin a new one: %agent_chat --new"),
    429: ("has had enough for now, or your quota is used up", "Wait a while, then run it again."),
    _TOOLS: (
        "can't use tools",
        "Ask it without them: %%agent_chat --no-tools, or choose another model.",
    ),
}
_BY_CLASS: Final = (
    ("ModelAuthentication", _KEY),
    ("ModelContextWindow", _LONG),
    ("ModelQuota", _PAID),
)
_BY_WORDS: Final = tuple(
    (re.compile(words), status)
    for words, status in (
        # Makers say 400 for much: Google for a wrong key, Anthropic for an empty account.
        (
            r"api[ _-]?key (?:is )?(?:not valid|invalid)|(?:invalid|incorrect)[ _-]api[ _-]?key",
            _KEY,
        ),
        (r"api_key_invalid|invalid x-api-key", _KEY),
        (r"context[ _](?:length|window|size)|(?:prompt|input) is too long|too many tokens", _LONG),
        (r"token count \S*\s*exceeds|exceeds the maximum number of tokens", _LONG),
        (r"credit balance|insufficient[ _](?:quota|balance|credits)", _PAID),
        (r"not support (?:tool|function)|support tool use|tools? (?:is|are) not supported", _TOOLS),
    )
)
_ERRORS_OF_REQUESTS: Final = (400, 403, 404, 413, 422, 429)
_MOST_READ: Final = 2_000

_UNREACHED: Final = (
    "can't be reached",
    "Is its server running, and the address right? See %agent_chat --status",
)
_NO_ANSWER: Final = (
    "answered with something that is no answer",
    "Run it again, or choose another model.",
)
_BY_KIND: Final = (
    (
        "UsageLimitExceeded",
        ("used its tools very often in this turn and was stopped", "Ask for less at once."),
    ),
    (
        "ContentFilter",
        ("declined to answer that", "Say it in other words, or choose another model."),
    ),
    (
        "OutputTokenLimit",
        ("reached its longest answer before it was done", "Ask for less at once."),
    ),
    ("UnexpectedModelBehavior", _NO_ANSWER),
    ("JSONDecodeError", _NO_ANSWER),
    ("UnicodeDecodeError", _NO_ANSWER),
    ("Connect", _UNREACHED),
    ("Timeout", _UNREACHED),
    ("ModelAPIError", _UNREACHED),
)
_OURS: Final = "jupyter_agent: "


def told(error: Exception, name: str, *, key: str = "", began: bool = False) -> AgentError:
    """An error as people read it.

    Args:
        error: Whatever the model's library has raised, or one of ours.
        name: The model, as people call it.
        key: The label of its key; "" where none was sent.
        began: Whether it had begun to answer.
    """
    while isinstance(error, ExceptionGroup):
        error = error.exceptions[0]
    # Libraries call all that goes wrong on the way a lost connection, and ours stands behind that.
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, AgentError):
            return cause
        cause = cause.__cause__
    status = getattr(error, "status_code", None)
    if isinstance(status, int):
        body = getattr(error, "body", None)
        return _ours(body) or _answered(_meant(error, status, body), name, key)
    what, hint = next(
        (said for part, said in _BY_KIND if any(part in kind for kind in _kinds(error))),
        (f"could not be asked ({type(error).__name__})", "See %agent_chat --status"),
    )
    if began and (what, hint) == _UNREACHED:
        what, hint = "broke off in the middle of its answer", "Run it again."
    return ModelFailed(f"{name} {what}.", hint)


def _kinds(error: Exception) -> list[str]:
    """What an error is, and what it came of: its classes' names, of which libraries have many."""
    found = [each.__name__ for each in type(error).__mro__]
    if error.__cause__ is not None:
        found.insert(0, type(error.__cause__).__name__)
    return found


def _meant(error: Exception, status: int, body: Any) -> int:
    """The status that says what is meant; a maker's words are read for it, and never shown."""
    if status not in _ERRORS_OF_REQUESTS:
        return status
    names = [each.__name__ for each in type(error).__mro__]
    for part, meant in _BY_CLASS:
        if any(part in name for name in names):
            return meant
    said = str(body)[:_MOST_READ].lower()
    if status == _MODEL and (not isinstance(body, Mapping) or body == {"detail": "Not Found"}):
        return _NOTHING  # of a server, not of an API
    return next((meant for words, meant in _BY_WORDS if words.search(said)), status)


def _answered(status: int, name: str, key: str) -> ModelFailed:
    what, hint = _BY_STATUS.get(
        status, (f"answered with an error ({status})", "Run it again in a while.")
    )
    if status == _KEY and key:
        hint = hint.replace("LABEL", key)
    elif status == _KEY:
        what, hint = "wants a key", "Store it with %secret set LABEL, and name it: --key LABEL"
    return ModelFailed(f"{name} {what}.", hint)


def _ours(body: Any) -> AgentError | None:
    """What our own way out says (docs/protocol.md), where it did not pass the request on."""
    found = body.get("error", body) if isinstance(body, Mapping) else None
    if not isinstance(found, Mapping):
        return None
    said = {name: str(found.get(name, "")) for name in ("code", "message", "hint")}
    if not said["message"].startswith(_OURS) or said["code"] != found.get("type"):
        return None
    message = said["message"].removeprefix(_OURS)
    return AgentError.from_json({**said, "message": message.removesuffix(said["hint"]).strip()})
