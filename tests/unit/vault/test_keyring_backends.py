"""The backends of macOS and Windows behind our seam: keyring's own code, on a system made up here.

Nobody has run them on those systems yet. What can be shown here is that the classes exist, that no
other one is taken, and what they are told to do with our key.
"""

from __future__ import annotations

import base64
import importlib
import secrets
import sys
import types
from typing import Any

import pytest

from jupyter_agent.vault import keyring_helper
from jupyter_agent.vault.keyring_source import KEY_BYTES

ACCOUNT = "00112233445566778899aabbccddeeff"
WINDOWS_LIMIT = 2560  # bytes of a credential: CRED_MAX_CREDENTIAL_BLOB_SIZE in wincred.h


class CredentialManager(types.ModuleType):
    """As much of ``win32cred`` as keyring uses. Constants as in wincred.h."""

    CRED_TYPE_GENERIC = 1
    CRED_PERSIST_SESSION, CRED_PERSIST_LOCAL_MACHINE, CRED_PERSIST_ENTERPRISE = 1, 2, 3

    class error(Exception):  # noqa: N801  (its name there)
        winerror, funcname = 1168, "CredRead"

    def __init__(self) -> None:
        super().__init__("win32cred")
        self.kept: dict[str, dict[str, Any]] = {}

    def CredRead(self, Type: int, TargetName: str) -> dict[str, Any]:  # noqa: N802, N803
        if TargetName not in self.kept:
            raise self.error
        found = self.kept[TargetName]
        return {**found, "CredentialBlob": found["CredentialBlob"].encode("utf-16-le")}

    def CredWrite(self, credential: dict[str, Any], flags: int) -> None:  # noqa: N802
        self.kept[credential["TargetName"]] = credential

    def CredDelete(self, Type: int, TargetName: str) -> None:  # noqa: N802, N803
        del self.kept[TargetName]


@pytest.fixture
def windows(monkeypatch: pytest.MonkeyPatch) -> CredentialManager:
    manager = CredentialManager()
    pywintypes = types.ModuleType("pywintypes")
    pywintypes.error = CredentialManager.error  # type: ignore[attr-defined]
    package = types.ModuleType("win32ctypes.pywin32")
    package.pywintypes, package.win32cred = pywintypes, manager  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "win32ctypes", types.ModuleType("win32ctypes"))
    monkeypatch.setitem(sys.modules, "win32ctypes.pywin32", package)
    monkeypatch.delitem(sys.modules, "keyring.backends.Windows", raising=False)
    monkeypatch.setattr(sys, "platform", "win32")
    return manager


@pytest.fixture
def keychain(monkeypatch: pytest.MonkeyPatch) -> dict[tuple[str, str], str]:
    kept: dict[tuple[str, str], str] = {}
    api = types.SimpleNamespace(
        set_generic_password=lambda _chain, service, name, text: kept.update(
            {(service, name): text}
        ),
        find_generic_password=lambda _chain, service, name: kept[service, name],
        delete_generic_password=lambda _chain, service, name: kept.pop((service, name)),
        NotFound=KeyError, KeychainDenied=PermissionError, Error=OSError,
    )  # fmt: skip
    module = importlib.import_module("keyring.backends.macOS")
    monkeypatch.setattr(module, "api", api, raising=False)
    monkeypatch.setattr(sys, "platform", "darwin")
    return kept


def made(keyring: Any) -> str:
    """A key, as ``KeyringSource`` makes one."""
    text = base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()
    answer = keyring_helper.answer_to({"do": "make", "account": ACCOUNT, "secret": text}, keyring)
    assert answer == {"ok": True, "secret": text}
    return text


def test_windows_keeps_the_key_on_this_machine_and_within_its_limit(
    windows: CredentialManager,
) -> None:
    keyring = keyring_helper.backend()
    assert type(keyring).__name__ == "WinVaultKeyring"
    text = made(keyring)
    (kept,) = windows.kept.values()
    assert kept["Persist"] == CredentialManager.CRED_PERSIST_LOCAL_MACHINE  # it does not roam
    assert kept["CredentialBlob"] == text
    assert len(text) == 44
    assert len(text.encode("utf-16-le")) < WINDOWS_LIMIT
    assert keyring_helper.answer_to({"do": "delete", "account": ACCOUNT}, keyring) == {"ok": True}
    assert windows.kept == {}


def test_windows_probe_leaves_nothing_behind(windows: CredentialManager) -> None:
    answer = keyring_helper.answer_to({"do": "probe", "account": ""}, keyring_helper.backend())
    assert answer == {"ok": True}
    assert windows.kept == {}


def test_macos_keeps_the_key_in_the_keychain(keychain: dict[tuple[str, str], str]) -> None:
    keyring = keyring_helper.backend()
    assert type(keyring).__module__ == "keyring.backends.macOS"
    text = made(keyring)
    assert keychain == {(keyring_helper.SERVICE, ACCOUNT): text}
    again = {"do": "make", "account": ACCOUNT, "secret": "another"}
    assert keyring_helper.answer_to(again, keyring)["secret"] == text  # never replaced
    assert keyring_helper.answer_to({"do": "get", "account": "unknown"}, keyring)["ok"] is False


@pytest.mark.parametrize("platform", ["win32", "darwin", "linux"])
def test_neither_a_variable_nor_a_chain_chooses_the_backend(
    monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest, platform: str
) -> None:
    if platform != "linux":
        request.getfixturevalue({"win32": "windows", "darwin": "keychain"}[platform])
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    known = {
        "win32": "keyring.backends.Windows",
        "darwin": "keyring.backends.macOS",
        "linux": "keyring.backends.SecretService",
    }
    assert type(keyring_helper.backend()).__module__ == known[platform]
