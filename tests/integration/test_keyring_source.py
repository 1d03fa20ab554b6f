"""The keyring source with a real Secret Service, apart from the keyring of whoever runs this."""

from __future__ import annotations

import base64
import os
import socket
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from contract.key_source_contract import STORE, KeySourceContract
from secret_service import session_bus
from vaults import open_vault

from jupyter_agent import spawn
from jupyter_agent.broker import sources
from jupyter_agent.errors import KeySourceUnavailable, VaultTampered
from jupyter_agent.secret import Secret
from jupyter_agent.vault.key_source import KeySource
from jupyter_agent.vault.keyring_source import KeyringSource

pytestmark = pytest.mark.secretservice


@pytest.fixture
def bus(tmp_path: Path) -> Iterator[str]:
    home = tmp_path / "keyring-home"
    home.mkdir()
    with session_bus(home) as address:
        yield address


@pytest.fixture
def source(bus: str) -> KeyringSource:
    return KeyringSource(bus=lambda: bus)


class TestKeyringSource(KeySourceContract):
    def again(self, source: KeySource) -> KeySource:
        assert isinstance(source, KeyringSource)
        return KeyringSource(bus=source._bus)


def test_an_unlocked_keyring_works(source: KeyringSource) -> None:
    assert source.works()


def test_the_probe_leaves_nothing_behind(source: KeyringSource, tmp_path: Path) -> None:
    keyrings = tmp_path / "keyring-home/.local/share/keyrings"
    assert source.works()  # the first one makes the keyring itself
    before = [path.stat().st_size for path in sorted(keyrings.iterdir())]
    assert source.works()
    assert [path.stat().st_size for path in sorted(keyrings.iterdir())] == before


def test_a_new_vault_prefers_a_working_keyring(source: KeyringSource, tmp_path: Path) -> None:
    vault = open_vault(tmp_path / "a", key_source=None, keyring=source)
    vault.put(Secret("ALPHA", b"a value"))
    vault.close()
    assert vault.tier == "os-keyring"
    assert not list(tmp_path.rglob("vault.key"))
    again = open_vault(tmp_path / "a", key_source=None, keyring=source)
    assert again.get("ALPHA").reveal() == b"a value"


def test_the_key_survives_a_restart_of_the_keyring(tmp_path: Path) -> None:
    home = tmp_path / "keyring-home"
    home.mkdir()
    with session_bus(home) as first:
        vault = open_vault(tmp_path / "a", key_source="os-keyring", keyring=_on(first))
        vault.put(Secret("ALPHA", b"a value"))
        vault.close()
    with session_bus(home) as second:
        again = open_vault(tmp_path / "a", keyring=_on(second))
        assert again.get("ALPHA").reveal() == b"a value"


def test_a_vault_that_stays_open_finds_the_keyring_of_the_next_session(bus: str) -> None:
    settings = {"dbus_address": "unix:path=/the/one/before"}
    source = sources.keyring(settings)
    assert not source.works()
    settings["dbus_address"] = bus
    assert source.works()


def test_a_vault_whose_keyring_is_gone_never_falls_back_to_a_file(
    source: KeyringSource, tmp_path: Path
) -> None:
    open_vault(tmp_path / "a", key_source="os-keyring", keyring=source).close()
    for setting in (None, "file", "memory"):
        with pytest.raises(KeySourceUnavailable):
            open_vault(tmp_path / "a", key_source=setting)
    assert not list(tmp_path.rglob("vault.key"))


def test_a_key_that_somebody_exchanged_in_the_keyring_opens_nothing(
    source: KeyringSource, tmp_path: Path
) -> None:
    open_vault(tmp_path / "a", key_source="os-keyring", keyring=source).close()
    store = (tmp_path / "a/state/vault.anchor").read_text(encoding="utf-8").split('"')[3]
    source._ask({"do": "delete", "account": store}, 20)
    with pytest.raises(KeySourceUnavailable, match="does not hold the key"):
        open_vault(tmp_path / "a", keyring=source)
    source.make(bytes.fromhex(store))
    with pytest.raises(VaultTampered):
        open_vault(tmp_path / "a", keyring=source)


def test_a_locked_keyring_is_unavailable_and_says_what_to_do(tmp_path: Path) -> None:
    home = tmp_path / "keyring-home"
    home.mkdir()
    with session_bus(home) as address:
        _on(address).make(STORE)
    with session_bus(home, locked=True) as address:
        assert not _on(address).works()
        with pytest.raises(KeySourceUnavailable) as caught:
            _on(address).load(STORE)
        assert "unlock" in caught.value.hint


def test_a_planted_configuration_does_not_choose_the_backend(
    bus: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """keyring reads a file and two variables that can name any class; our helper must not."""
    planted = tmp_path / "planted"
    planted.mkdir()
    loot = tmp_path / "loot"
    (planted / "thief.py").write_text(
        "import pathlib\n"
        f"pathlib.Path({str(loot)!r}).write_text('loaded')\n"
        "from keyring.backend import KeyringBackend\n"
        "class Keyring(KeyringBackend):\n"
        "    priority = 100\n"
        "    def get_password(self, *names): return None\n"
        f"    def set_password(self, *names): pathlib.Path({str(loot)!r}).write_text(str(names))\n",
        encoding="utf-8",
    )
    config = tmp_path / "config/python_keyring"
    config.mkdir(parents=True)
    (config / "keyringrc.cfg").write_text(
        f"[backend]\ndefault-keyring=thief.Keyring\nkeyring-path={planted}\n", encoding="utf-8"
    )
    hostile = {
        "PYTHON_KEYRING_BACKEND": "thief.Keyring",
        "PYTHONPATH": str(planted),
        "XDG_CONFIG_HOME": str(tmp_path / "config"),
        "HOME": str(tmp_path),
    }
    for name, value in hostile.items():
        monkeypatch.setenv(name, value)
    # Even with the planted variables in its very own environment the helper stays with its list.
    seen: list[Mapping[str, str]] = []

    def run_in_hostile_place(
        argv: list[str], *, stdin: bytes, timeout: float, env: Mapping[str, str]
    ) -> spawn.HelperResult:
        seen.append(env)
        return spawn.run_helper(argv, stdin=stdin, timeout=timeout, env={**env, **hostile})

    source = KeyringSource(run_in_hostile_place, bus=lambda: bus)
    made = source.make(STORE)
    assert KeyringSource(bus=lambda: bus).load(STORE) == made
    assert not loot.exists()
    assert not [env for env in seen if hostile.keys() & env.keys() - {"HOME"}]


def test_the_key_is_never_in_an_argument_list(bus: str) -> None:
    lists: list[list[str]] = []

    def run(
        argv: list[str], *, stdin: bytes, timeout: float, env: Mapping[str, str]
    ) -> spawn.HelperResult:
        lists.append([*argv, *env.values()])
        return spawn.run_helper(argv, stdin=stdin, timeout=timeout, env=env)

    made = KeyringSource(run, bus=lambda: bus).make(STORE)
    assert KeyringSource(run, bus=lambda: bus).load(STORE) == made
    text = base64.b64encode(made).decode()
    assert len(lists) == 2
    assert not [each for words in lists for each in words if text in each or made.hex() in each]


def test_a_keyring_that_never_answers_is_given_up(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as silent:  # a bus that accepts and says nothing
        silent.bind(str(tmp_path / "bus"))
        silent.listen()
        address = f"unix:path={tmp_path / 'bus'}"
        source = KeyringSource(bus=lambda: address, probe_seconds=0.5)
        started = time.monotonic()
        assert not source.works()
    assert time.monotonic() - started < 10
    assert not [pid for pid in _processes() if str(tmp_path / "bus") in pid]


def _processes() -> list[str]:
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and int(folder.name) != os.getpid():
            try:
                found.append((folder / "environ").read_bytes().decode(errors="replace"))
            except OSError:
                continue
    return found


def _on(address: str) -> KeyringSource:
    # A prompt that nobody answers need not be waited for as long as a person would be.
    return KeyringSource(bus=lambda: address, probe_seconds=5.0, prompt_seconds=10.0)
