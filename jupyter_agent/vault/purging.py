"""Giving a vault up: its keys first, then its files, so that an interrupted end is an end too."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from typing import Final

from jupyter_agent.errors import AgentError, KeySourceUnavailable, VaultError
from jupyter_agent.folders import Folders, clear_unfinished, sync_folder
from jupyter_agent.vault.anchor import FileAnchor
from jupyter_agent.vault.key_source import OS_KEYRING
from jupyter_agent.vault.keyring_source import KeyringSource
from jupyter_agent.vault.open_vault import KEY_FILE, PROVIDED_FILE, TPM_FILE
from jupyter_agent.vault.opening import ANCHOR, STORE
from jupyter_agent.vault.provided_source import ProvidedSource
from jupyter_agent.vault.store import named_in

PROFILES: Final = "desktop"
"""The folder of browsers' profiles that are kept, in the data folder."""


def purge(folders: Folders, keyring: KeyringSource, provided: ProvidedSource) -> None:
    """Destroy this person's vault, its keys and its audit, in whatever state they are.

    Nothing here is believed or opened: a vault that is damaged, foreign or rolled back can be given
    up too. Called again, it finishes what was interrupted.

    Args:
        folders: Of this person.
        keyring: The system's.
        provided: What comes in from outside; only what we keep about it goes.

    Raises:
        VaultError: Something could not be removed.
    """
    store_ids, sources = _named_in(folders)
    # Where nothing says which source it was, the keyring is asked too: a key that nobody knows of
    # any more would stay in it for ever.
    if OS_KEYRING in sources or not sources:
        for store_id in store_ids:
            with suppress(KeySourceUnavailable):  # a keyring that is gone has nothing to forget
                keyring.forget(store_id)
    for store_id in store_ids:
        with suppress(AgentError, OSError):  # damaged or not ours: the file goes all the same
            provided.forget(store_id)
    state, data = folders.state, folders.data
    doomed = [
        state / KEY_FILE,
        state / PROVIDED_FILE,
        state / TPM_FILE,
        data / f"{STORE}-journal",
        data / STORE,
        *sorted(state.glob("audit-*.jsonl")),
        *sorted((data / PROFILES).glob("*")),  # their keys have gone with the store
        # Last: while it is there, a file that is missing is known to be missing.
        state / ANCHOR,
    ]
    try:
        for path in doomed:
            clear_unfinished(path)
            path.unlink(missing_ok=True)
        for folder in state.glob(".tpm-*"):  # a tool of the chip's was killed
            shutil.rmtree(folder)
        for folder in (state, data, data / PROFILES):
            if folder.exists():
                sync_folder(folder)
    except OSError as error:
        raise VaultError(
            f"Not everything could be removed: {os.strerror(error.errno or 0)}.",
            "Make data and state folder writable, then run it again.",
        ) from None


def _named_in(folders: Folders) -> tuple[list[bytes], set[str]]:
    """Store ids and key sources that the files name; they only say what to forget."""
    store_ids: list[bytes] = []
    sources: set[str] = set()
    with suppress(AgentError):
        place = FileAnchor(folders.state / ANCHOR).read()
        if place is not None:
            store_ids.append(place.store_id)
            if place.rekeying is not None:  # an end that came in the middle of new keys
                store_ids.append(place.rekeying.store_id)
                sources |= {place.rekeying.source, place.rekeying.left}
    named = named_in(folders.data / STORE)
    if named is not None:
        store_ids.append(named[0])
        sources.add(named[1])
    return list(dict.fromkeys(store_ids)), sources
