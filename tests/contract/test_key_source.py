from __future__ import annotations

from pathlib import Path

import pytest
from contract.key_source_contract import STORE, KeySourceContract

from jupyter_agent.errors import KeySourceUnavailable, VaultUnsafe
from jupyter_agent.vault.file_source import FileSource
from jupyter_agent.vault.key_source import KeySource
from jupyter_agent.vault.memory_source import MemorySource


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
