"""The record keeps its chain whatever happens to the last line."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_agent import wire
from jupyter_agent.broker.audit import Audit, Head
from jupyter_agent.broker.audit_operations import page
from jupyter_agent.broker.trail import Trail

KEY = bytes(range(32))
EVENT = {
    "time": "2026-11-28T12:00:00Z",
    "actor": "kernel",
    "notebook": "/home/me/a notebook.ipynb",
    "labels": ["GITHUB_TOKEN"],
    "command": "curl -s -H 'Authorization: Bearer $GITHUB_TOKEN' https://api.github.com/user",
    "command_hash": "0" * 32,
    "decision": "grant",
}


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


@pytest.mark.parametrize(
    "event",
    [
        {},
        {"time": 5, "labels": None, "exit": "x", "hits": []},
        {"labels": [["A"]], "run": []},
        {"run": "1"},
    ],
)
def test_a_line_that_somebody_else_wrote_is_read_with_all_that_an_event_has(
    path: Path, event: dict[str, Any]
) -> None:
    audit = Audit(path, KEY)
    audit.append(EVENT)
    with path.open("a", encoding="utf-8") as file:
        file.write("[" * 100_000 + "\n" + json.dumps({"event": event, "mac": "0"}) + "\n")
    known, strange = audit.events()
    assert known["command"] == EVENT["command"]
    assert {name: strange[name] for name in ("time", "labels", "command", "exit", "seconds")} == {
        "time": "", "labels": [], "command": "", "exit": None, "seconds": None
    }  # fmt: skip
    assert audit.verify() == (2, 2)


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


def test_ten_thousand_runs_verify_in_two_seconds(path: Path) -> None:
    audit = Audit(path, KEY)
    audit.append({"n": 0})
    lines, mac = [path.read_bytes()], json.loads(path.read_bytes())["mac"]
    for n in range(10_000):
        for event in ({**EVENT, "run": f"{n:016x}"}, {"run": f"{n:016x}", "exit": 0, "hits": {}}):
            mac = audit._mac(mac, event)
            lines.append(json.dumps({"event": event, "mac": mac}).encode() + b"\n")
    path.write_bytes(b"".join(lines))
    begun = time.process_time()
    assert audit.verify() == (20_001, None)
    assert time.process_time() - begun < 2


# --- Read page by page ---


@given(
    kept=st.lists(st.booleans(), max_size=40),
    limit=st.integers(1, 9),
    size=st.sampled_from([1, 300_000]),
)
def test_pages_are_every_event_once_and_in_order(kept: list[bool], limit: int, size: int) -> None:
    events = [{"n": n, "kept": keep, "text": "x" * size} for n, keep in enumerate(kept)]
    read: list[dict[str, Any]] = []
    before: int | None = len(events)
    while before is not None:
        found = page(events, wanted=lambda event: event["kept"], before=before, limit=limit)
        assert len(found["events"]) <= limit
        assert wire.fits(found)
        read = found["events"] + read
        before = found["earlier"]
    assert read == [event for event in events if event["kept"]]


# --- How far it has got ---


def written(path: Path, *numbers: int) -> Audit:
    audit = Audit(path, KEY)
    for n in numbers:
        audit.append({"n": n})
    return audit


def test_a_record_that_was_not_touched_leads_through_its_head_and_further(path: Path) -> None:
    audit = written(path, 1, 2)
    head = audit.advance(Head())
    assert head is not None
    assert (head.lines, head.size) == (2, path.stat().st_size)
    assert audit.verify(head) == (2, None)
    written(path, 3)
    assert audit.verify(head) == (3, None)  # a crash came before the next head was put down
    assert audit.advance(head) == Audit(path, KEY).advance(Head())


@pytest.mark.parametrize("left", [0, 1, 2])
def test_lines_cut_off_the_end_are_missed_also_by_who_goes_on_writing(
    path: Path, left: int
) -> None:
    audit = written(path, 1, 2, 3)
    head = audit.advance(Head())
    assert head is not None
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:left]))
    assert audit.verify(head) == (left, left + 1)
    assert audit.advance(head) is None
    written(path, 7, 8, 9, 10)
    assert audit.verify(head)[1] == 3  # the line that was the last is another one now
    assert audit.advance(head) is None


def test_a_record_that_is_gone_is_missed(path: Path) -> None:
    audit = written(path, 1)
    head = audit.advance(Head())
    assert head is not None
    path.unlink()
    assert audit.verify(head) == (0, 1)
    assert audit.advance(head) is None


def test_an_empty_record_has_nothing_to_miss(path: Path) -> None:
    assert Audit(path, KEY).verify(Head()) == (0, None)
    assert Audit(path, KEY).advance(Head()) == Head()


def test_a_torn_line_is_not_counted_and_an_honest_record_stays_whole(path: Path) -> None:
    audit = written(path, 1, 2)
    path.write_bytes(path.read_bytes() + b'{"event": {"n": 3}, "ma')
    head = audit.advance(Head())
    assert head is not None
    assert head.lines == 2
    audit.append({"n": 4})
    assert audit.verify(head) == (3, None)


def test_the_head_never_leads_over_a_line_that_was_changed(path: Path) -> None:
    audit = written(path, 1, 2, 3)
    path.write_bytes(path.read_bytes().replace(b'"n":2', b'"n":7'))
    head = audit.advance(Head())
    assert head is not None
    assert head.lines == 1
    assert audit.verify(head) == (2, 2)


def test_what_is_not_surely_on_the_disk_is_never_put_down(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a power cut could take lines that the vault already knows of."""
    audit = written(path, 1)

    def fail(_handle: int) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr("os.fsync", fail)
    with pytest.raises(OSError, match="Input/output"):
        audit.advance(Head())


def test_a_trail_of_another_file_puts_nothing_down(tmp_path: Path) -> None:
    """Another broker has made new keys meanwhile: its file is not the one we write."""
    old = Trail(tmp_path, None, first="audit-1.jsonl", key=KEY)
    old.append({"n": 1})
    record = old.handed_over(old.advance(None))
    assert old.advance(record) is None
    new = Trail(tmp_path, record, first="unused", key=bytes(32))
    new.append({"n": 2})
    record = new.advance(record)
    assert new.verify(record) == (2, None)
    assert [event["n"] for event in new.events(record)] == [1, 2]
    old.append({"n": 3})  # by the other broker, before it noticed
    assert new.verify(record) == (3, None)
    (tmp_path / "audit-1.jsonl").unlink()
    assert new.verify(record) == (0, 1)
