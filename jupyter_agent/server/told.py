"""What the server's log says of a message that was stopped: its type and the rules, no more."""

from __future__ import annotations

import logging
from typing import Any, Final

from jupyter_agent.screen.box import Stop

# Completion asks at every keystroke; only what a person sent off is worth a warning.
_SENT_OFF: Final = frozenset({"execute_request", "input_reply"})

# Other type names are the sender's own words and stay out of the log.
_NAMED_TYPES: Final = _SENT_OFF | {
    "complete_request",
    "inspect_request",
    "is_complete_request",
    "history_request",
    "comm_open",
    "comm_msg",
    "comm_close",
    "debug_request",
}


def tell(log: Any, kind: str, stop: Stop) -> None:
    """Log that a message was stopped.

    Args:
        log: The logger.
        kind: The message's type.
        stop: Why.
    """
    log.log(
        logging.WARNING if kind in _SENT_OFF else logging.DEBUG,
        "Stopped a %s on its way to a kernel: %s.",
        kind if kind in _NAMED_TYPES else "message",
        ", ".join(sorted({found.body["rule"] for found in stop.found})) or "not screened",
    )
