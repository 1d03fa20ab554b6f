"""Which HTTP status an error has: the only table of its kind (docs/protocol.md, section 2)."""

from __future__ import annotations

from typing import Any, Final

from jupyter_agent import errors

# The first class that fits counts, so special ones stand before what they derive from.
_STATUS: Final[tuple[tuple[type[errors.AgentError], int], ...]] = (
    (errors.RequestInvalid, 400),
    (errors.PlainHttp, 403),
    (errors.RoleDenied, 403),
    (errors.BrokerRefused, 403),
    (errors.GrantError, 403),
    (errors.LabelNotFound, 404),
    (errors.LabelTaken, 409),
    (errors.DesktopClosed, 404),
    (errors.PersonDrives, 409),
    (errors.LeaseLost, 409),
    (errors.DesktopUnavailable, 503),
    (errors.SecretBlocked, 422),
    (errors.ScreenTimeout, 422),
    (errors.VaultBusy, 503),
    (errors.VaultLocked, 423),
    (errors.ConsentRequired, 428),
    (errors.PassphraseRequired, 423),
    (errors.KeySourceUnavailable, 503),
    (errors.BrokerError, 503),
    (errors.RunLost, 503),
)


def status_of(error: errors.AgentError) -> int:
    """The HTTP status for an error; 500 for all that a request can't be blamed for."""
    return next((status for kind, status in _STATUS if isinstance(error, kind)), 500)


def body_of(error: errors.AgentError) -> dict[str, Any]:
    """The error as pages get it."""
    return {"error": {"code": error.code, "message": error.message, "hint": error.hint}}
