"""Why a command could not be started, and what to do then."""

from __future__ import annotations

import errno
import sys

import pytest

if sys.platform == "win32":
    pytest.skip("nothing is run on Windows", allow_module_level=True)

from jupyter_agent.shell import process


@pytest.mark.parametrize(
    ("number", "step"),
    [(errno.E2BIG, "--file"), (errno.EACCES, "may use"), (errno.ENOENT, "exist")],
)
def test_the_next_step_fits_the_reason(number: int, step: str) -> None:
    assert step in process._not_started({"failed": number}).hint
