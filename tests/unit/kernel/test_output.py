"""Decoding and flushing of a run's output."""

from __future__ import annotations

import io
import itertools

from hypothesis import given
from hypothesis import strategies as st

from jupyter_agent import wire
from jupyter_agent.kernel.output import Kept, Output, Printed


class Recorder(io.StringIO):
    """A stream that remembers when it was flushed."""

    def __init__(self, log, name):
        super().__init__()
        self.log, self.name = log, name

    def write(self, text):
        self.log.append((self.name, text))
        return len(text)

    def flush(self):
        self.log.append((self.name, "flush"))


class KernelRecorder(Recorder):
    flush_interval = 0.2


def _event(data: bytes, stream: str = "stdout"):
    return {"event": "output", "stream": stream, "data": wire.to_base64(data)}


@given(st.binary(max_size=60), st.lists(st.integers(0, 60), max_size=5))
def test_any_split_decodes_like_the_whole(data, cuts):
    edges = sorted({0, len(data), *(min(cut, len(data)) for cut in cuts)})
    kept = Kept()
    output = Output(kept, Kept())
    for start, end in itertools.pairwise(edges):
        output.feed(_event(data[start:end]))
    output.finish()
    assert kept.text == data.decode("utf-8", "replace")


def test_the_first_text_is_shown_at_once_and_a_flood_is_gathered():
    log = []
    printed = Printed(KernelRecorder(log, "out"))
    for _ in range(50):
        printed.write("x")
    assert log[:2] == [("out", "x"), ("out", "flush")]
    assert log.count(("out", "flush")) < 50


def test_a_terminal_is_flushed_each_time():
    log = []
    printed = Printed(Recorder(log, "out"))
    for _ in range(3):
        printed.write("x")
    assert log == [("out", "x"), ("out", "flush")] * 3


def test_a_change_of_stream_shows_the_other_one_first():
    log = []
    output = Output(Printed(KernelRecorder(log, "out")), Printed(KernelRecorder(log, "err")))
    output.feed(_event(b"1"))
    output.feed(_event(b"2"))
    output.feed(_event(b"3", "stderr"))
    before_three = log[: log.index(("err", "3"))]
    assert before_three[-1] == ("out", "flush")
    assert [text for _, text in log if text != "flush"] == ["1", "2", "3"]


def test_half_a_character_at_the_end_is_shown_as_one_that_is_missing():
    kept = Kept()
    output = Output(kept, Kept())
    output.feed(_event("ä".encode()[:1]))
    assert kept.text == ""
    output.finish()
    assert kept.text == "\ufffd"
