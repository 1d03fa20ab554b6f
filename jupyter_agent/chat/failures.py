"""What went wrong with a model, as a sentence with a next step.

A vendor's error may repeat the request, so none of them is chained or shown as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from jupyter_agent.errors import AgentError, ModelFailed

_BY_STATUS: Final = {
    400: ("did not understand the request", "It may be no chat model, or one that has no tools."),
    401: ("did not accept the key", "Store a new one: %secret replace LABEL"),
    402: ("wants to be paid", "Look at your account there."),
    403: ("does not let this key use the model", "Look at what the key may do."),
    404: ("has no such model there", "See %agent_chat --status, and choose: --model KIND:NAME"),
    413: ("found the conversation too long", "Begin a new one: %agent_chat --new"),
    429: ("has had enough for now, or your quota is used up", "Wait a while, then run it again."),
}

_UNREACHED: Final = (
    "can't be reached",
    "Is its server running, and the address right? See %agent_chat --status",
)
_BY_KIND: Final = (
    (
        "UsageLimitExceeded",
        ("used its tools very often in this turn and was stopped", "Ask for less at once."),
    ),
    (
        "UnexpectedModelBehavior",
        ("answered with something that is no answer", "Run it again, or choose another model."),
    ),
    ("Connect", _UNREACHED),
    ("Timeout", _UNREACHED),
    ("ModelAPIError", _UNREACHED),
)
_OURS: Final = "jupyter_agent: "


def told(error: Exception, name: str) -> AgentError:
    """An error as people read it.

    Args:
        error: Whatever the model's library has raised, or one of ours.
        name: The model, as people call it.
    """
    if isinstance(error, AgentError):
        return error
    status = getattr(error, "status_code", None)
    if isinstance(status, int):
        return _ours(getattr(error, "body", None)) or _answered(status, name)
    kind = type(error).__name__
    what, hint = next(
        (said for part, said in _BY_KIND if part in kind),
        (f"could not be asked ({kind})", "See %agent_chat --status"),
    )
    return ModelFailed(f"{name} {what}.", hint)


def _answered(status: int, name: str) -> ModelFailed:
    what, hint = _BY_STATUS.get(
        status, (f"answered with an error ({status})", "Run it again in a while.")
    )
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
