"""The hardware source with a TPM 2.0 in software: the same tools, and the same protocol."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from contract.key_source_contract import STORE, KeySourceContract
from software_tpm import software_tpm
from vaults import VALUES, folders_in, open_vault

from jupyter_agent import spawn
from jupyter_agent.errors import KeySourceUnavailable
from jupyter_agent.secret import Secret
from jupyter_agent.vault.hardware_source import HardwareSource
from jupyter_agent.vault.key_source import KeySource


@pytest.fixture(scope="module")
def chips() -> Iterator[Path]:
    """A folder with a short name: sockets lie in it."""
    folder = Path(tempfile.mkdtemp(prefix="tpm"))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def chip(chips: Path) -> Iterator[str]:
    with software_tpm(chips / "a") as tcti:
        yield tcti


@pytest.fixture
def source(chip: str, tmp_path: Path) -> HardwareSource:
    return HardwareSource(tmp_path / "vault.tpm", tcti=chip)


class TestHardwareSource(KeySourceContract):
    def again(self, source: KeySource) -> KeySource:
        assert isinstance(source, HardwareSource)
        return HardwareSource(source._kept.path, tcti=source._tcti)


def test_the_blob_opens_on_no_other_chip(
    source: HardwareSource, chips: Path, tmp_path: Path
) -> None:
    source.make(STORE)
    with (
        software_tpm(chips / "b") as other,
        pytest.raises(KeySourceUnavailable, match="another chip"),
    ):
        HardwareSource(tmp_path / "vault.tpm", tcti=other).load(STORE)


def test_nothing_of_the_secret_is_in_a_file_or_an_argument(chip: str, tmp_path: Path) -> None:
    lists: list[str] = []

    def run(
        argv: list[str], *, stdin: bytes, timeout: float, env: Mapping[str, str]
    ) -> spawn.HelperResult:
        lists.append(" ".join([*argv, *env.values()]))
        done = spawn.run_helper(argv, stdin=stdin, timeout=timeout, env=env)
        contents.extend(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
        return done

    contents: list[bytes] = []
    made = HardwareSource(tmp_path / "vault.tpm", tcti=chip, run_helper=run).make(STORE)
    assert len(contents) > 3
    assert not [each for each in contents if made in each or made.hex().encode() in each]
    assert not [each for each in lists if made.hex() in each]
    assert [path.name for path in tmp_path.iterdir()] == ["vault.tpm"]


@pytest.mark.parametrize("part", ["public", "private"])
def test_a_blob_that_was_changed_opens_nothing(source: HardwareSource, part: str) -> None:
    source.make(STORE)
    path = source._kept.path
    body = json.loads(path.read_bytes())
    text = body[STORE.hex()][part]
    body[STORE.hex()][part] = text[:40] + ("A" if text[40] != "A" else "B") + text[41:]
    path.write_text(json.dumps(body), encoding="utf-8")
    with pytest.raises(KeySourceUnavailable):
        source.load(STORE)


@pytest.mark.parametrize("tcti", ["device:/nowhere/tpmrm0", "swtpm:path=/nowhere/tpm"])
def test_a_machine_without_a_chip_says_what_is_missing(tmp_path: Path, tcti: str) -> None:
    with pytest.raises(KeySourceUnavailable) as caught:
        HardwareSource(tmp_path / "vault.tpm", tcti=tcti).make(STORE)
    assert "tpm2-tools" in caught.value.hint
    assert list(tmp_path.iterdir()) == []


def test_a_vault_moves_to_the_chip_and_a_copy_of_the_disk_is_useless(
    chip: str, chips: Path, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    vault = open_vault(home)
    for label, value in VALUES.items():
        vault.put(Secret(label, value))
    vault.rekey(_on(home, chip))
    vault.close()
    assert vault.tier == "hardware"
    assert not (home / "state/vault.key").exists()
    again = open_vault(home, hardware=_on(home, chip))
    assert {meta.label: again.get(meta.label).reveal() for meta in again.list()} == VALUES
    again.close()
    copy = tmp_path / "copy"
    shutil.copytree(home, copy)
    with software_tpm(chips / "c") as other, pytest.raises(KeySourceUnavailable):
        open_vault(copy, hardware=_on(copy, other))
    for setting in (None, "file", "memory"):  # and nothing weaker is tried
        with pytest.raises(KeySourceUnavailable):
            open_vault(copy, key_source=setting, hardware=_on(copy, "device:/nowhere"))


def test_a_new_vault_is_made_on_the_chip_where_that_is_chosen(chip: str, tmp_path: Path) -> None:
    hardware = _on(tmp_path, chip)
    open_vault(tmp_path, key_source="hardware", hardware=hardware).put(Secret("ALPHA", b"a value"))
    again = open_vault(tmp_path, key_source=None, hardware=_on(tmp_path, chip))
    assert (again.tier, again.get("ALPHA").reveal()) == ("hardware", b"a value")


def _on(home: Path, tcti: str) -> HardwareSource:
    return HardwareSource(folders_in(home).state / "vault.tpm", tcti=tcti)
