"""What there is to say about the vault: one object, with the same fields in every state."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:  # loading it is for the first use (see ``safe``)
    from jupyter_agent.errors import AgentError
    from jupyter_agent.vault.vault import Vault

_SAID: Final = ("tier", "promise", "better", "note")


def of(vault: Vault) -> dict[str, Any]:
    """What an open vault says of itself."""
    about = {name: getattr(vault, name) for name in _SAID}
    copied = vault.copied()
    export = None if copied is None else copied.to_json()
    return {"state": "open", **about, "export": export, "error": None}


def without_vault(state: str, error: AgentError | None = None) -> dict[str, Any]:
    """A vault that is not open.

    Args:
        state: ``closed`` (it waits for its passphrase), ``locked``, ``absent`` or ``error``.
        error: Why it is not, or what has to be decided before there can be one.
    """
    said = None if error is None else error.to_json()
    return {"state": state, **dict.fromkeys(_SAID), "export": None, "error": said}
