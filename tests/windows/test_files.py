"""Opening, locking and owning files, with Windows' own calls."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from pathlib import Path

import pytest
from access_lists import let_everybody_in

from jupyter_agent import locks, owner
from jupyter_agent.opening import open_unfollowed
from jupyter_agent.windows import security

HOLDER = """
import sys
from jupyter_agent import locks
from jupyter_agent.opening import open_unfollowed
import os
handle = open_unfollowed(sys.argv[1], os.O_RDWR)
locks.take(handle)
print("taken", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    handle = open_unfollowed(tmp_path / "a file", os.O_RDWR | os.O_CREAT | os.O_EXCL)
    os.write(handle, b"one\ntwo\r\n")
    os.close(handle)
    return tmp_path / "a file"


def test_what_is_written_is_kept_byte_for_byte_and_can_be_appended_to(file: Path) -> None:
    handle = open_unfollowed(file, os.O_WRONLY | os.O_APPEND)
    os.write(handle, b"three\n")
    os.fsync(handle)
    os.close(handle)
    assert file.read_bytes() == b"one\ntwo\r\nthree\n"
    with pytest.raises(FileExistsError):
        open_unfollowed(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
    os.close(open_unfollowed(file, os.O_WRONLY | os.O_TRUNC))
    assert file.read_bytes() == b""


def test_what_is_not_there_is_said_to_be_so(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        open_unfollowed(tmp_path / "none", os.O_RDONLY)


def test_a_link_is_refused_and_what_it_leads_to_stays_as_it_is(file: Path) -> None:
    link = file.with_name("link")
    with contextlib.suppress(OSError):
        link.symlink_to(file)
    if not link.is_symlink():
        pytest.skip("this account may not make links, or this is Wine 8, which has none")
    for flags in (os.O_RDONLY, os.O_WRONLY | os.O_TRUNC, os.O_RDWR | os.O_CREAT):
        with pytest.raises(OSError, match="link"):
            open_unfollowed(link, flags)
    assert file.read_bytes() == b"one\ntwo\r\n"


def test_a_new_file_is_its_persons_alone_whatever_its_folder_would_hand_on(file: Path) -> None:
    assert owner.is_mine(file)
    assert owner.is_closed(file)
    handle = open_unfollowed(file, os.O_RDONLY)
    assert owner.is_closed(handle)
    os.close(handle)


def test_a_folder_is_closed_from_the_start_and_open_once_everybody_is_let_in(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "closed"
    security.make_folder(str(folder))
    assert owner.is_mine(folder)
    assert owner.is_closed(folder)
    let_everybody_in(folder)
    assert not owner.is_closed(folder)


def test_a_lock_keeps_another_process_out_but_lets_it_read(file: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(file)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout
        assert holder.stdout.readline().strip() == b"taken"
        handle = open_unfollowed(file, os.O_RDWR)
        with pytest.raises(BlockingIOError):
            locks.take(handle, wait=False)
        with pytest.raises(BlockingIOError):
            locks.take(handle, shared=True, wait=False)
        assert os.read(handle, 100) == b"one\ntwo\r\n"
        holder.kill()
        holder.wait(30)
        locks.take(handle)  # however its process ends
        locks.let_go(handle)
        os.close(handle)


def test_a_shared_lock_is_shared_and_let_go_of(file: Path) -> None:
    first, second = (open_unfollowed(file, os.O_RDWR) for _ in range(2))
    locks.take(first, shared=True)
    locks.take(second, shared=True, wait=False)
    locks.let_go(second)
    with pytest.raises(BlockingIOError):
        locks.take(second, wait=False)
    locks.let_go(first)
    locks.take(second, wait=False)
    os.close(first)
    os.close(second)
