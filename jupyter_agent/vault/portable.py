"""Secrets in a file with a passphrase, for another machine or for the day this one is lost.

    key    = HKDF(Argon2id(passphrase, salt, work), salt, "jupyter_agent/export/v1")
    sealed = AES-256-GCM(key, nonce, padded, aad = joined("export", format, salt, work))

Labels, notes and times are sealed too; what the file shows is its size in steps of 256 bytes, and
what a guess costs. Grants are not in it: they permit something on one machine.
"""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from jupyter_agent.entry import pad, unpad
from jupyter_agent.errors import AgentError, RequestInvalid, VaultTampered, VaultTooNew
from jupyter_agent.secret import Secret, check_label
from jupyter_agent.vault.meta import Meta
from jupyter_agent.vault.passphrase import SALT_BYTES, Work, stretch
from jupyter_agent.vault.seal import decrypt, encrypt, hkdf, joined, number
from jupyter_agent.vault.strength import is_weak

FORMAT: Final = 1
MAX_FILE: Final = 32 * 1024 * 1024
"""Longest export that is read, in bytes."""

_PURPOSE: Final = b"jupyter_agent/export/v1"
_NONCE_BYTES: Final = 12
_MARK: Final = "jupyter_agent_export"


@dataclass(frozen=True, slots=True)
class Entry:
    """One secret on its way from vault to vault."""

    meta: Meta
    secret: Secret


def seal_export(entries: Sequence[Entry], passphrase: Secret, work: Work) -> bytes:
    """The file.

    Args:
        entries: What goes into it.
        passphrase: What opens it.
        work: What a guess costs.
    """
    salt, nonce = secrets.token_bytes(SALT_BYTES), secrets.token_bytes(_NONCE_BYTES)
    return _seal_export(entries, passphrase, work, salt=salt, nonce=nonce)


def _seal_export(
    entries: Sequence[Entry], passphrase: Secret, work: Work, *, salt: bytes, nonce: bytes
) -> bytes:
    body = {"secrets": [_to_json(entry) for entry in entries]}
    content = json.dumps(body, separators=(",", ":"), sort_keys=True).encode()
    sealed = encrypt(_key(passphrase, salt, work), nonce, pad(content), _context(salt, work))
    file = {
        _MARK: FORMAT,
        "work": work.to_json(),
        "salt": base64.b64encode(salt).decode(),
        "nonce": base64.b64encode(nonce).decode(),
        "sealed": base64.b64encode(sealed).decode(),
    }
    return json.dumps(file).encode() + b"\n"


def open_export(file: bytes, passphrase: Secret) -> list[Entry]:
    """What is in such a file.

    Args:
        file: Its bytes.
        passphrase: What somebody typed for it.

    Raises:
        RequestInvalid: It is no export, asks for more work than we ever do, holds what no vault
            keeps, or does not open: another passphrase and changed bytes look alike.
        VaultTooNew: A newer release wrote it.
    """
    try:
        body = json.loads(file)
        form = body[_MARK]
        if type(form) is int and form > FORMAT:
            raise VaultTooNew(
                "The export was written by a newer release.", "Update jupyter-agent-secrets."
            )
        work = Work.from_json(body["work"])
        salt, nonce, sealed = (
            base64.b64decode(body[name], validate=True) for name in ("salt", "nonce", "sealed")
        )
        if form != FORMAT or len(salt) != SALT_BYTES:
            raise _no_export()
    except (ValueError, TypeError, KeyError, RecursionError):
        raise _no_export() from None
    try:
        padded = decrypt(_key(passphrase, salt, work), nonce, sealed, _context(salt, work))
    except VaultTampered:
        raise RequestInvalid(
            "The export does not open: the passphrase is another one, or the file was changed.",
            "Type the passphrase again, or take another copy of the file.",
        ) from None
    try:
        return [_from_json(each) for each in json.loads(unpad(memoryview(padded)))["secrets"]]
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise _no_export() from None


def _key(passphrase: Secret, salt: bytes, work: Work) -> bytes:
    try:
        return hkdf(stretch(passphrase, salt, work), salt, _PURPOSE)
    except MemoryError:
        raise AgentError(
            "This machine has too little free memory for that passphrase.",
            f"It needs {work.memory // 1024} MiB.",
        ) from None


def _context(salt: bytes, work: Work) -> bytes:
    numbers = (number(each) for each in (work.memory, work.passes, work.lanes))
    return joined(b"export", number(FORMAT), salt, *numbers)


def _to_json(entry: Entry) -> dict[str, Any]:
    value = base64.b64encode(entry.secret.reveal()).decode()
    return {**entry.meta.to_json(), "value": value}


def _from_json(body: dict[str, Any]) -> Entry:
    label = check_label(body["label"])
    secret = Secret(label, base64.b64decode(body["value"], validate=True))
    return Entry(Meta.checked(label, body, weak=is_weak(secret.reveal())), secret)


def _no_export() -> RequestInvalid:
    return RequestInvalid(
        "That file is no export of a vault, or is damaged.",
        "Make one: jupyter agent vault export FILE",
    )
