"""Long texts are scanned by two threads, and nothing is lost between them."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator

import pytest

from jupyter_agent.screen import Screener, load_rules
from jupyter_agent.screen.examples import assemble
from jupyter_agent.screen.processors import processors, scan_all

PIECES = range(40)
TOGETHER = pytest.mark.skipif(processors() < 2, reason="one processor scans alone")


def nothing() -> None:
    """Stands for a look at a clock that has time left."""


def scanning_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "screening"]


@pytest.fixture
def one_processor() -> Iterator[None]:
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    yield
    os.sched_setaffinity(0, before)


def test_reports_come_in_the_order_of_their_pieces() -> None:
    assert scan_all(lambda piece: piece * 2, PIECES, nothing) == [piece * 2 for piece in PIECES]


@TOGETHER
def test_two_threads_scan_at_the_same_time() -> None:
    both = threading.Barrier(2)

    def scan(piece: int) -> str:
        if piece < 2:
            both.wait(timeout=60)
        return threading.current_thread().name

    assert len(set(scan_all(scan, PIECES, nothing))) == 2
    assert not scanning_threads()


@pytest.mark.usefixtures("one_processor")
def test_one_processor_scans_alone() -> None:
    me = threading.current_thread().name
    assert set(scan_all(lambda _: threading.current_thread().name, PIECES, nothing)) == {me}


def test_few_pieces_are_not_worth_a_thread() -> None:
    me = threading.current_thread().name
    assert set(scan_all(lambda _: threading.current_thread().name, range(3), nothing)) == {me}


@TOGETHER
def test_what_the_other_thread_raises_is_raised_here() -> None:
    failed = threading.Event()

    def scan(piece: int) -> int:
        if threading.current_thread().name == "screening":
            failed.set()
            raise MemoryError
        assert failed.wait(timeout=60)
        return piece

    with pytest.raises(MemoryError):
        scan_all(scan, PIECES, nothing)


@TOGETHER
def test_a_text_whose_time_is_up_leaves_no_thread_behind() -> None:
    def check() -> None:
        raise TimeoutError

    with pytest.raises(TimeoutError):
        scan_all(str, PIECES, check)
    assert not scanning_threads()


def test_where_there_may_be_no_more_threads_this_one_scans_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    assert scan_all(str, PIECES, nothing) == list(map(str, PIECES))


def long_text() -> str:
    """A megabyte with a secret in every tenth of it, also where two pieces meet."""
    filler = "rows = frame.groupby('week').mean()  # caf\u00e9\n" * 2_300
    key = assemble("ghp{+}_{alnum:36}")
    return "".join(f"{filler[: 98_000 + 37 * tenth]}token = '{key}'\n" for tenth in range(10))


def test_one_processor_finds_what_two_find(request: pytest.FixtureRequest) -> None:
    screener = Screener(rules=load_rules())
    text = long_text()
    together = screener.screen(text)
    assert len(together) == 10
    request.getfixturevalue("one_processor")
    assert screener.screen(text) == together
