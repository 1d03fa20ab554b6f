"""Locks on open files, as the system here has them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from jupyter_agent import locks, owner
from jupyter_agent.opening import open_unfollowed


def test_a_lock_keeps_others_out_until_it_is_let_go_of(tmp_path: Path) -> None:
    first, second = (open_unfollowed(tmp_path / "x", os.O_RDWR | os.O_CREAT) for _ in range(2))
    locks.take(first)
    with pytest.raises(BlockingIOError):
        locks.take(second, shared=True, wait=False)
    locks.let_go(first)
    locks.take(second, shared=True)
    locks.take(first, shared=True, wait=False)
    os.close(first)
    os.close(second)


def test_a_link_is_not_followed_and_a_new_file_is_its_persons_alone(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("x")
    with pytest.raises(OSError, match="link"):
        open_unfollowed(tmp_path / "link", os.O_RDWR | os.O_CREAT)
    handle = open_unfollowed(tmp_path / "x", os.O_RDWR | os.O_CREAT)
    assert owner.is_mine(handle)
    assert owner.is_closed(tmp_path / "x")
    (tmp_path / "x").chmod(0o640)
    assert not owner.is_closed(handle)
    os.close(handle)
