"""Which file a program's name means in one run."""

from __future__ import annotations

import hashlib
import os
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from jupyter_agent.broker.executables import Executables


def program(folder: Path, text: str = "#!/bin/sh\n") -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / "curl"
    path.write_text(text, encoding="ascii")
    path.chmod(0o755)
    return path


@pytest.fixture
def executables() -> Executables:
    return Executables()


def test_a_name_is_the_first_file_on_the_path_that_may_be_run(tmp_path, executables):
    program(tmp_path / "a").chmod(0o644)
    (tmp_path / "b").mkdir()
    there = program(tmp_path / "c")
    path = ":".join(str(tmp_path / name) for name in "abc")
    expected = hashlib.sha256(there.read_bytes()).hexdigest()
    assert executables.look("curl", path, "/") == (str(there), expected)
    assert executables.look("nothing", path, "/") is None


def test_a_link_is_the_file_it_leads_to(tmp_path, executables):
    real = program(tmp_path / "real")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/curl").symlink_to(real)
    found = executables.look("curl", str(tmp_path / "bin"), "/")
    assert found is not None
    assert found[0] == str(real)


@pytest.mark.parametrize("path", [".:{bin}", ":{bin}"])
def test_a_path_that_begins_here_finds_what_lies_here(tmp_path, executables, path):
    program(tmp_path / "bin")
    here = program(tmp_path / "here", "#!/bin/sh\necho other\n")
    found = executables.look("curl", path.format(bin=tmp_path / "bin"), str(tmp_path / "here"))
    assert found is not None
    assert found[0] == str(here)


def test_a_path_that_shells_read_differently_finds_nothing(tmp_path, executables):
    program(tmp_path / "bin")
    assert executables.look("curl", f"~/bin:{tmp_path / 'bin'}", "/") is None


def test_a_name_with_a_slash_is_looked_for_in_the_folder_of_the_run(tmp_path, executables):
    there = program(tmp_path / "here")
    found = executables.look("./curl", "/usr/bin", str(tmp_path / "here"))
    assert found is not None
    assert found[0] == str(there)


def test_a_file_that_has_changed_has_another_hash_whatever_its_times_say(tmp_path, executables):
    there = program(tmp_path / "here", "#!/bin/sh\necho one\n")
    before = executables.look(str(there), "", "/")
    about = there.stat()
    there.write_text("#!/bin/sh\necho two\n", encoding="ascii")
    os.utime(there, ns=(about.st_atime_ns, about.st_mtime_ns))
    after = executables.look(str(there), "", "/")
    assert before is not None
    assert after is not None
    assert before[1] != after[1]


def test_a_program_written_twice_within_a_tick_of_the_files_clock_is_looked_at_again(
    tmp_path, executables, monkeypatch
):
    there, fstat, clock = program(tmp_path / "a"), os.fstat, [time.monotonic_ns()]
    ticked = time.time_ns()  # as on Linux before 6.13, and on many file systems since

    def coarse(handle: int) -> SimpleNamespace:
        info = fstat(handle)
        names = ("st_mode", "st_dev", "st_ino", "st_size")
        same = {name: getattr(info, name) for name in names}
        return SimpleNamespace(**same, st_mtime_ns=ticked, st_ctime_ns=ticked)

    monkeypatch.setattr(os, "fstat", coarse)
    monkeypatch.setattr(time, "monotonic_ns", lambda: clock[0])
    first = executables.look("curl", str(tmp_path / "a"), "/")
    there.write_text("#!/bin/ls\n", encoding="ascii")
    second = executables.look("curl", str(tmp_path / "a"), "/")
    assert first is not None
    assert second == (first[0], hashlib.sha256(b"#!/bin/ls\n").hexdigest())

    clock[0] += 30_000_000
    assert executables.look("curl", str(tmp_path / "a"), "/") == second
    monkeypatch.setattr(hashlib, "file_digest", None)  # from here on it is known
    assert executables.look("curl", str(tmp_path / "a"), "/") == second
