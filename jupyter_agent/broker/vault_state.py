"""What there is to say about the vault: one object, with the same fields in every state."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from jupyter_agent.errors import AgentError, KeySourceUnavailable
from jupyter_agent.folders import Folders, check_private_path

if TYPE_CHECKING:  # loading it is for the first use (see ``safe``)
    from jupyter_agent.vault.vault import Vault

_SAID: Final = ("tier", "promise", "better", "note")


def absent(folders: Folders, wanted: AgentError | None) -> dict[str, Any]:
    """A vault that was never made: not one that is gone, or whose file something stands for.

    Args:
        folders: Where no vault was found.
        wanted: What has to be decided before there can be one.

    Raises:
        VaultUnsafe: What lies in its place, or in that of the anchor, is no file of ours.
        VaultRolledBack: This machine has used one before.
    """
    with suppress(FileNotFoundError):
        check_private_path(folders.data / "vault.db")
    if os.path.lexists(folders.state / "vault.anchor"):
        from jupyter_agent.vault.opening import refuse_if_gone  # noqa: PLC0415  (see the top)

        refuse_if_gone(folders)
    return without_vault("absent", wanted)


def needs_opening_anew(vault: Vault) -> bool:
    """Whether another process has given an open vault keys that this one can't have by itself.

    A passphrase, say, or another one: only who opens the vault is asked for it. Never true of one
    in memory, which closing would destroy.
    """
    try:
        vault.refresh()
    except KeySourceUnavailable:
        return True
    except AgentError:
        return False
    return False


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
