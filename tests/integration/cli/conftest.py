"""The command line in an empty folder, and a saved secret."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
import steps
from canary import Canary
from command_line import CommandLine


@pytest.fixture
def cli(tmp_path: Path) -> CommandLine:
    """The command line, called in a folder of this test's own."""
    folder = tmp_path / "a project"
    folder.mkdir()
    return CommandLine(folder)


@pytest.fixture
def planted() -> Canary:
    """A value that must turn up nowhere."""
    canary = Canary.make(random.Random())
    steps.planted.append(canary.value)
    return canary


@pytest.fixture
def saved(cli: CommandLine, planted: Canary) -> Canary:
    """The value that DEMO_TOKEN holds."""
    done = cli("secret", "set", "DEMO_TOKEN", "--stdin", stdin=planted.value.encode() + b"\n")
    assert (done.code, done.err) == (0, b"")
    assert planted.found_in(done.out) == []
    return planted


@pytest.fixture
def granted(cli: CommandLine, saved: Canary) -> Canary:
    """The value that DEMO_TOKEN holds; any command may use it."""
    assert cli("grant", "DEMO_TOKEN", "--any-command").code == 0
    return saved
