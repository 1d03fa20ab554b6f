"""A lock that can't be written down counts all the same, and says what to do."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from jupyter_agent.broker import locking
from jupyter_agent.broker.locking import LockMark
from jupyter_agent.errors import VaultLocked


@pytest.mark.parametrize("number", [errno.EROFS, errno.ENOSPC])
def test_a_disk_that_takes_no_lock_is_to_be_made_writable_or_emptied(number, monkeypatch, tmp_path):
    def refuses(_path: Path, _content: bytes) -> Any:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(locking, "write_private", refuses)
    mark = LockMark(tmp_path / "locked")
    problem = mark.set()
    assert problem is not None
    assert os.strerror(number) in problem.message
    assert "writable" in problem.hint
    assert "room" in problem.hint
    with pytest.raises(VaultLocked):
        mark.check()
