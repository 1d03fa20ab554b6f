from __future__ import annotations

import base64
import json
import os
import time
from pathlib import Path

import pytest
from contract.key_source_contract import STORE, KeySourceContract

from jupyter_agent.errors import KeySourceUnavailable, PassphraseRequired, VaultUnsafe
from jupyter_agent.secret import Secret
from jupyter_agent.vault.file_source import FileSource
from jupyter_agent.vault.key_source import KeySource
from jupyter_agent.vault.memory_source import MemorySource
from jupyter_agent.vault.passphrase import Work
from jupyter_agent.vault.provided_source import KEY_NAME, ProvidedSource


class TestFileSource(KeySourceContract):
    @pytest.fixture
    def path(self, tmp_path: Path) -> Path:
        return tmp_path / "vault.key"

    @pytest.fixture
    def source(self, path: Path) -> FileSource:
        return FileSource(path)

    def again(self, source: KeySource) -> KeySource:
        assert isinstance(source, FileSource)
        return FileSource(source._path)

    def test_the_file_is_readable_by_its_owner_only(self, source: FileSource, path: Path) -> None:
        source.make(STORE)
        assert path.stat().st_mode & 0o777 == 0o600

    def test_a_file_that_is_open_to_others_is_refused(self, source: FileSource, path: Path) -> None:
        source.make(STORE)
        path.chmod(0o640)
        with pytest.raises(VaultUnsafe):
            source.load(STORE)

    def test_a_link_in_its_place_is_refused(self, source: FileSource, path: Path) -> None:
        source.make(STORE)
        path.rename(path.with_name("elsewhere"))
        path.symlink_to(path.with_name("elsewhere"))
        with pytest.raises(VaultUnsafe):
            source.load(STORE)
        with pytest.raises(VaultUnsafe):
            source.make(STORE)

    @pytest.mark.parametrize("content", [b"", b"AAAA\n", b"not base64!", bytes(40)])
    def test_a_damaged_file_is_no_key(self, source: FileSource, path: Path, content: bytes) -> None:
        source.make(STORE)
        path.write_bytes(content)
        with pytest.raises(KeySourceUnavailable):
            source.load(STORE)


class TestProvidedFile(KeySourceContract):
    @pytest.fixture
    def key(self, tmp_path: Path) -> Path:
        key = tmp_path / "secrets" / KEY_NAME
        key.parent.mkdir()
        key.write_bytes(b"0123456789abcdef" * 4 + b"\n")
        key.chmod(0o600)
        return key

    @pytest.fixture
    def source(self, tmp_path: Path, key: Path) -> ProvidedSource:
        return ProvidedSource(
            tmp_path / "vault.provided", mounted=key.parent, keep_out=[tmp_path / "state"]
        )

    def again(self, source: KeySource) -> KeySource:
        assert isinstance(source, ProvidedSource)
        return ProvidedSource(source._kept.path, mounted=Path("/nowhere"))

    def test_a_mounted_key_is_found_and_remembered(self, source: ProvidedSource) -> None:
        assert source.works()
        assert "provided from outside" in source.promise

    def test_a_credential_of_systemd_comes_before_a_mounted_key(
        self, source: ProvidedSource, key: Path, tmp_path: Path
    ) -> None:
        credentials = tmp_path / "credentials"
        credentials.mkdir(mode=0o700)
        (credentials / KEY_NAME).write_bytes(b"another key, of thirty-two bytes")
        (credentials / KEY_NAME).chmod(0o400)
        both = ProvidedSource(
            tmp_path / "other.provided", credentials=credentials, mounted=key.parent
        )
        assert both.make(STORE) != source.make(STORE)

    def test_a_credential_that_moved_with_its_service_is_found(
        self, source: ProvidedSource, key: Path, tmp_path: Path
    ) -> None:
        made = source.make(STORE)
        moved = tmp_path / "moved"
        key.parent.rename(moved)
        with pytest.raises(KeySourceUnavailable):
            self.again(source).load(STORE)
        assert ProvidedSource(source._kept.path, credentials=moved).load(STORE) == made

    def test_another_key_in_its_place_is_told_from_damage(
        self, source: ProvidedSource, key: Path
    ) -> None:
        source.make(STORE)
        key.write_bytes(b"another key, of thirty-two bytes")
        with pytest.raises(KeySourceUnavailable, match="not the one"):
            source.load(STORE)

    @pytest.mark.parametrize("content", [b"", b"a short passphrase", b"x" * 70_000])
    def test_what_is_no_key_is_refused(
        self, source: ProvidedSource, key: Path, content: bytes
    ) -> None:
        key.write_bytes(content)
        with pytest.raises(KeySourceUnavailable, match="no key"):
            source.make(STORE)

    @pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
    @pytest.mark.skipif(os.getuid() == 0, reason="root's own files may be read by others")
    def test_a_key_that_is_open_to_others_is_refused(
        self, source: ProvidedSource, key: Path, mode: int
    ) -> None:
        key.chmod(mode)
        with pytest.raises(VaultUnsafe):
            source.make(STORE)

    @pytest.mark.skipif(os.getuid() == 0, reason="nothing is closed to root")
    def test_a_folder_that_is_closed_to_us_holds_no_key(
        self, source: ProvidedSource, key: Path
    ) -> None:
        source.make(STORE)
        key.parent.chmod(0)
        try:
            assert not source.works()
            with pytest.raises(KeySourceUnavailable, match="not there"):
                source.load(STORE)
        finally:
            key.parent.chmod(0o700)

    def test_a_pipe_or_a_folder_is_no_key_and_holds_nobody_up(
        self, source: ProvidedSource, key: Path
    ) -> None:
        for make in (os.mkfifo, os.mkdir):
            key.unlink()
            make(key, 0o600)
            with pytest.raises((VaultUnsafe, KeySourceUnavailable)):
                source.make(STORE)
            if key.is_dir():
                key.rmdir()
                key.touch()

    def test_a_link_leads_to_the_key_as_kubernetes_has_it(
        self, source: ProvidedSource, key: Path
    ) -> None:
        key.rename(key.with_name("..data"))
        key.symlink_to("..data")
        assert source.make(STORE)

    def test_a_key_among_the_vaults_own_files_is_refused(
        self, source: ProvidedSource, key: Path, tmp_path: Path
    ) -> None:
        (tmp_path / "state").mkdir()
        key.rename(tmp_path / "state/key")
        key.symlink_to(tmp_path / "state/key")
        with pytest.raises(VaultUnsafe, match="own files"):
            source.make(STORE)

    @pytest.mark.parametrize("content", [b"", b"[]", b"{}x", b'{"zz": {}}'])
    def test_a_damaged_note_says_so(self, source: ProvidedSource, content: bytes) -> None:
        source.make(STORE)
        source._kept.path.write_bytes(content)
        with pytest.raises(KeySourceUnavailable):
            source.load(STORE)


QUICK = Work(memory=32, passes=1, lanes=1)
WORDS = b"six words nobody would ever guess"


class TestPassphrase(KeySourceContract):
    @pytest.fixture
    def source(self, tmp_path: Path) -> ProvidedSource:
        return self.typed(tmp_path / "vault.provided", WORDS)

    @staticmethod
    def typed(path: Path, words: bytes | None) -> ProvidedSource:
        passphrase = None if words is None else Secret("VAULT_PASSPHRASE", words)
        return ProvidedSource(path, mounted=Path("/nowhere"), passphrase=passphrase, work=QUICK)

    def again(self, source: KeySource) -> KeySource:
        assert isinstance(source, ProvidedSource)
        return self.typed(source._kept.path, WORDS)

    def test_nothing_typed_asks_for_it(self, source: ProvidedSource) -> None:
        source.make(STORE)
        with pytest.raises(PassphraseRequired) as caught:
            self.typed(source._kept.path, None).load(STORE)
        assert "jupyter agent unlock" in caught.value.hint

    def test_a_new_vault_without_a_key_asks_for_a_new_passphrase(self, tmp_path: Path) -> None:
        with pytest.raises(PassphraseRequired) as caught:
            self.typed(tmp_path / "vault.provided", None).make(STORE)
        assert caught.value.data == {"new": True}

    def test_a_wrong_one_is_told_from_damage_and_not_repeated(self, source: ProvidedSource) -> None:
        source.make(STORE)
        with pytest.raises(PassphraseRequired) as caught:
            self.typed(source._kept.path, b"five other words").load(STORE)
        assert "five" not in repr(caught.value) + str(caught.value)

    def test_nothing_of_it_is_on_the_disk(self, source: ProvidedSource, tmp_path: Path) -> None:
        key = source.make(STORE)
        content = source._kept.path.read_bytes()
        assert WORDS not in content
        assert key not in content
        assert base64.b64encode(key) not in content
        assert source._kept.path.stat().st_mode & 0o777 == 0o600

    @pytest.mark.parametrize(
        "work",
        [
            {"memory": 100 * 2**20, "passes": 3, "lanes": 4},  # 100 GiB
            {"memory": 64, "passes": 2**40, "lanes": 1},
            {"memory": 64, "passes": 1, "lanes": 10**6},
            {"memory": 64, "passes": 0, "lanes": 1},
            {"memory": True, "passes": 1, "lanes": 1},
            {"memory": "64", "passes": 1, "lanes": 1},
            {},
            [],
            None,
        ],
    )
    def test_a_hostile_file_does_not_choose_the_work(
        self, source: ProvidedSource, work: object
    ) -> None:
        source.make(STORE)
        body = json.loads(source._kept.path.read_bytes())
        body[STORE.hex()]["work"] = work
        source._kept.path.write_text(json.dumps(body), encoding="utf-8")
        started = time.thread_time()
        with pytest.raises(KeySourceUnavailable, match="damaged"):
            source.load(STORE)
        assert time.thread_time() - started < 0.5


class TestMemorySource(KeySourceContract):
    @pytest.fixture
    def source(self) -> MemorySource:
        return MemorySource()

    def again(self, source: KeySource) -> KeySource:
        return source  # it ends with its process, so the same process is the only "later"

    def test_another_process_has_another_memory(self, source: MemorySource) -> None:
        source.make(STORE)
        with pytest.raises(KeySourceUnavailable):
            MemorySource().load(STORE)
