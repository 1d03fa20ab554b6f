"""Opening a vault: an existing one with the key source it was made with, else a new one."""

from __future__ import annotations

import hmac
import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from jupyter_agent.errors import VaultError, WrongMachine
from jupyter_agent.folders import Folders, check_private_dir
from jupyter_agent.vault.anchor import Anchor, FileAnchor, MemoryAnchor, Place, known
from jupyter_agent.vault.change import Contents, put_all
from jupyter_agent.vault.key_source import MEMORY, SETTING, KeySource, check_setting, pick
from jupyter_agent.vault.keys import KeyRing
from jupyter_agent.vault.ledger import Ledger
from jupyter_agent.vault.machine import Machine
from jupyter_agent.vault.seal import machine_hash, machine_tag, manifest
from jupyter_agent.vault.store import Store, gone

STORE: Final = "vault.db"
ANCHOR: Final = "vault.anchor"
_STORE_ID_BYTES: Final = 16


@dataclass(frozen=True, slots=True)
class Opened:
    """An open ledger and what to tell the person about it.

    Attributes:
        store: To be closed at the end.
        ledger: Authenticated.
        keyring: Where its key came from, and where a new one could go.
        note: A sentence about a setting that was not followed, or "".
    """

    store: Store
    ledger: Ledger
    keyring: KeyRing
    note: str


def open_ledger(  # noqa: PLR0913  (what is outside of a vault comes in here)
    folders: Folders,
    setting: str | None,
    *,
    keyring: KeyRing,
    key_is_provided: bool,
    keyring_works: Callable[[], bool],
    machine: Machine,
    accept_restored: bool = False,
) -> Opened:
    """Open the existing vault, or make one.

    Args:
        folders: Of this person.
        setting: The key source they chose for a new vault, or None.
        keyring: The key sources of this version.
        key_is_provided: Whether a key has been laid ready for us.
        keyring_works: Tries the system's keyring out.
        machine: The one we run on.
        accept_restored: Take an existing file as the newest, however old it is.

    Raises:
        ConsentRequired: See ``key_source.pick``.
        KeySourceUnavailable: The setting, or the vault's own source, can't be used now.
        VaultUnsafe: A path is not ours alone.
        WrongMachine: The vault was made on another machine.
        VaultTooNew: A newer release wrote it.
        VaultTampered: It does not authenticate.
        VaultRolledBack: It is older than what this machine has seen, or gone.
        VaultError: It can't be read or written.
    """
    check_setting(setting)
    check_private_dir(folders.data)
    check_private_dir(folders.state)
    path = folders.data / STORE
    anchor: Anchor = FileAnchor(folders.state / ANCHOR)
    store = _existing(path)
    if store is None:
        _refuse_if_gone(anchor)
        name = pick(
            setting,
            key_is_provided=key_is_provided,
            keyring_works=keyring_works,
            machine=machine,
        )
        source = keyring.source(name)
        if source.name == MEMORY:
            store, anchor = Store.in_memory(), MemoryAnchor()
        else:
            store = Store.at(path)
        try:
            _make(store, source, anchor, keyring)
        except BaseException:
            store.close()
            raise
    try:
        return _unlocked(store, anchor, keyring, machine, setting, accept=accept_restored)
    except BaseException:
        store.close()
        raise


def move_to_disk(
    folders: Folders, keyring: KeyRing, source: KeySource, contents: Contents
) -> Opened:
    """Lay a vault that lived in memory down in a file.

    Args:
        folders: Of this person.
        keyring: The key sources.
        source: Keeps the key from now on.
        contents: Every record.

    Raises:
        VaultError: It could not be done; nothing is there.
    """
    check_private_dir(folders.data)
    check_private_dir(folders.state)
    anchor = FileAnchor(folders.state / ANCHOR)
    _refuse_if_gone(anchor)
    store = Store.at(folders.data / STORE)
    before = keyring.used
    try:
        keyring.adopt(source)
        # Where another process was faster, its vault is what is opened; ours is still in memory.
        is_ours = _make(store, source, anchor, keyring, contents)
        ledger = _ledger(store, keyring, anchor)
    except BaseException:
        store.close()
        keyring.adopt(before)
        raise
    if not is_ours:
        store.close()
        keyring.adopt(before)
        raise VaultError(
            "Another process has just made a vault here; the one in memory was not moved.",
            "Look at: jupyter agent vault status",
        )
    return Opened(store, ledger, keyring, "")


def _existing(path: Path) -> Store | None:
    """The store, or None where there is none, or only an empty file that was never filled."""
    # A link that leads nowhere exists too: the store then says that it is unsafe.
    if not os.path.lexists(path):
        return None
    store = Store.at(path)
    try:
        with store.reading():
            filled = store.head() is not None
    except BaseException:
        store.close()
        raise
    if not filled:
        store.close()
        return None
    return store


def refuse_if_gone(folders: Folders) -> None:
    """Refuse to take a vault that this machine has used before for one that was never made.

    Args:
        folders: Where there is none.

    Raises:
        VaultRolledBack: It is gone, or nobody can say.
        VaultUnsafe: The anchor is no file of ours.
    """
    _refuse_if_gone(FileAnchor(folders.state / ANCHOR))


def _refuse_if_gone(anchor: Anchor) -> None:
    place = anchor.read()
    if place is not None and place.epoch > 0:
        raise gone()


def _unlocked(  # noqa: PLR0913  (see open_ledger)
    store: Store,
    anchor: Anchor,
    keyring: KeyRing,
    machine: Machine,
    setting: str | None,
    *,
    accept: bool,
) -> Opened:
    with store.reading():
        head = store.head()
    hashed = machine_hash(machine.identity)
    if head and not hmac.compare_digest(head.machine_tag, machine_tag(head.store_id, hashed)):
        raise WrongMachine(
            "The vault was made on another machine, and its key stays there.",
            "Begin a new vault here with: jupyter agent vault purge; then bring the secrets over "
            "with: jupyter agent vault export, on the other machine, and import.",
        )
    ledger = _ledger(store, keyring, anchor, accept=accept)
    return Opened(store, ledger, keyring, _note(setting, keyring.used))


def _ledger(store: Store, keyring: KeyRing, anchor: Anchor, *, accept: bool = False) -> Ledger:
    with store.reading():
        head = store.head()
    if head is None:
        raise gone()
    if not accept:
        known(
            anchor, head.store_id
        )  # before its key is asked for: an older store's key may be gone
    ledger = Ledger(store, keyring, anchor, head)
    if accept:
        ledger.accept()
    ledger.check()
    return ledger


def _make(
    store: Store,
    source: KeySource,
    anchor: Anchor,
    keyring: KeyRing,
    contents: Contents | None = None,
) -> bool:
    """Write the head of a new vault; False where another process was faster."""
    with store.writing():
        if store.head() is not None:
            return False
        store_id = secrets.token_bytes(_STORE_ID_BYTES)
        head, keys = keyring.new_head(source, store_id, 1, fresh=contents is not None)
        # Epoch 0 first: whatever is killed from here on, the file is never behind its anchor, and
        # an anchor at 0 does not stand in the way of making the vault again.
        anchor.write(Place(store_id, 0))
        store.make(head)
        digests = put_all(store, keys, contents or {}, {})
        store.set_head(replace(head, manifest=manifest(keys, 1, head.digest, digests)))
    return True


def _note(setting: str | None, source: KeySource) -> str:
    if setting in (None, source.name):
        return ""
    said = (
        f'This vault was made with the key source "{source.name}" and keeps it; '
        f"{SETTING}={setting} counts only for a new vault."
    )
    if setting == MEMORY:  # nothing moves to where it would be lost
        return said
    return f"{said} To change it: jupyter agent vault move {setting}"
