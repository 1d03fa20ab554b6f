"""Opening a vault: an existing one with the key source it was made with, else a new one."""

from __future__ import annotations

import hmac
import os
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from jupyter_agent.errors import KeySourceUnavailable, WrongMachine
from jupyter_agent.folders import Folders, check_private_dir
from jupyter_agent.vault.anchor import Anchor, FileAnchor, MemoryAnchor
from jupyter_agent.vault.key_source import MEMORY, SETTING, KeySource, check_setting, pick
from jupyter_agent.vault.ledger import Ledger
from jupyter_agent.vault.machine import Machine
from jupyter_agent.vault.seal import (
    KEY_BYTES,
    Keys,
    machine_hash,
    machine_tag,
    manifest,
    unwrap_root,
    wrap_root,
    wrapping_key,
)
from jupyter_agent.vault.store import Head, Store, gone

STORE: Final = "vault.db"
ANCHOR: Final = "vault.anchor"


@dataclass(frozen=True, slots=True)
class Opened:
    """An open ledger and what to tell the person about it.

    Attributes:
        store: To be closed at the end.
        ledger: Authenticated.
        source: Where its key came from.
        note: A sentence about a setting that was not followed, or "".
    """

    store: Store
    ledger: Ledger
    source: KeySource
    note: str


def open_ledger(
    folders: Folders,
    setting: str | None,
    *,
    sources: Mapping[str, KeySource],
    keyring_works: Callable[[], bool],
    machine: Machine,
) -> Opened:
    """Open the existing vault, or make one.

    Args:
        folders: Of this person.
        setting: The key source they chose for a new vault, or None.
        sources: The key sources of this version, by name.
        keyring_works: Tries the keyring out.
        machine: The one we run on.

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
        source = sources[pick(setting, keyring_works=keyring_works, machine=machine)]
        if source.name == MEMORY:
            store, anchor = Store.in_memory(), MemoryAnchor()
        else:
            store = Store.at(path)
        _make(store, source, anchor, machine)
    try:
        return _unlocked(store, anchor, sources, machine, setting)
    except BaseException:
        store.close()
        raise


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


def _refuse_if_gone(anchor: Anchor) -> None:
    place = anchor.read()
    if place is not None and place[1] > 0:
        raise gone()


def _unlocked(
    store: Store,
    anchor: Anchor,
    sources: Mapping[str, KeySource],
    machine: Machine,
    setting: str | None,
) -> Opened:
    with store.reading():
        head = store.head()
    if head is None:
        raise gone()
    hashed = machine_hash(machine.identity)
    if not hmac.compare_digest(head.machine_tag, machine_tag(head.store_id, hashed)):
        raise WrongMachine(
            "The vault was made on another machine, and its key stays there.",
            f"Move {STORE} and {ANCHOR} away to begin a new vault here, and save the secrets anew.",
        )
    source = sources.get(head.source)
    if source is None:
        raise KeySourceUnavailable(
            "The vault's key comes from a source that is not in this version.",
            "Update jupyter-agent-secrets.",
        )
    kek = wrapping_key(source.load(head.store_id), hashed, head.store_id)
    root = unwrap_root(head.root, kek, head.store_id, head.source)
    ledger = Ledger(store, Keys.of(root, head.store_id), anchor)
    ledger.check()
    return Opened(store, ledger, source, _note(setting, source))


def _make(store: Store, source: KeySource, anchor: Anchor, machine: Machine) -> None:
    """Write the head of a new vault, unless another process was faster."""
    with store.writing():
        if store.head() is not None:
            return
        store_id, root = secrets.token_bytes(16), secrets.token_bytes(KEY_BYTES)
        hashed = machine_hash(machine.identity)
        kek = wrapping_key(source.make(store_id), hashed, store_id)
        # Epoch 0 first: whatever is killed from here on, the file is never behind its anchor, and
        # an anchor at 0 does not stand in the way of making the vault again.
        anchor.write(store_id, 0)
        head = Head(
            store_id=store_id,
            source=source.name,
            machine_tag=machine_tag(store_id, hashed),
            root=wrap_root(root, kek, store_id, source.name),
            epoch=1,
            manifest=b"",
        )
        tag = manifest(Keys.of(root, store_id), 1, head.digest, ())
        store.make(replace(head, manifest=tag))


def _note(setting: str | None, source: KeySource) -> str:
    if setting in (None, source.name):
        return ""
    return (
        f'This vault was made with the key source "{source.name}" and keeps it; '
        f"{SETTING}={setting} counts only for a new vault."
    )
