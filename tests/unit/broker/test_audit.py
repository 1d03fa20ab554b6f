"""The record keeps its chain whatever happens to the last line."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_agent.broker.audit import Audit

KEY = bytes(range(32))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "audit.jsonl"


@given(cut=st.integers(1, 200), length=st.integers(0, 200_000))
def test_a_last_line_that_was_torn_swallows_nothing(
    tmp_path_factory: pytest.TempPathFactory, cut: int, length: int
) -> None:
    path = tmp_path_factory.mktemp("audit") / "audit.jsonl"
    audit = Audit(path, KEY)
    audit.append({"n": 1})
    whole = path.read_bytes()
    audit.append({"n": 2, "command": "x" * length})
    line = path.read_bytes()[len(whole) :]
    path.write_bytes(whole + line[: -min(cut, len(line))])
    audit.append({"n": 3})
    assert audit.verify() == (2, None)
    assert [event["n"] for event in audit.events()] == [1, 3]


def test_a_changed_line_is_found_although_the_last_one_was_torn(path: Path) -> None:
    audit = Audit(path, KEY)
    for n in range(3):
        audit.append({"n": n})
    path.write_bytes(path.read_bytes().replace(b'"n":1', b'"n":7') + b'{"torn')
    audit.append({"n": 3})
    assert audit.verify()[1] == 2


def test_many_writers_keep_one_chain(path: Path) -> None:
    def write() -> None:
        audit = Audit(path, KEY)  # as another broker would
        for n in range(50):
            audit.append({"n": n})

    writers = [threading.Thread(target=write) for _ in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert Audit(path, KEY).verify() == (200, None)


def test_another_key_verifies_nothing(path: Path) -> None:
    Audit(path, KEY).append({"n": 1})
    assert Audit(path, bytes(32)).verify() == (1, 1)
