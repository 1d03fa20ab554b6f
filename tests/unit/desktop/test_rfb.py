"""What of a viewer's words goes on to the screen."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_agent.desktop.listening import Listening
from jupyter_agent.desktop.rfb import (
    MOST_KEPT,
    MOST_TEXT,
    VERSION,
    ClientMessages,
    ViewerRefused,
)

GREETING = VERSION + b"\x01\x01"
KEY_DOWN, KEY_UP = b"\x04\x01\0\0\0\0\0a", b"\x04\0\0\0\0\0\0a"
QEMU_DOWN = b"\xff\0\0\x01\0\0\0b\0\0\0\x1e"
POINTER = b"\x05\x01\0\x10\0\x10"
TEXT = b"\x06\0\0\0\0\0\0\x03abc"
EXTENDED_TEXT = b"\x06\0\0\0\xff\xff\xff\xfc\x08\0\0\x01"
RESIZE = b"\xfb\0\x04\0\x03\0\x01\0" + bytes(16)
ASK = b"\x03\x01" + bytes(8)
ENCODINGS = b"\x02\0\0\x02" + bytes(8)
FENCE = b"\xf8\0\0\0\0\0\0\0\x02ab"
LOOKS = (bytes(20), ENCODINGS, ASK, FENCE, b"\x96\x01" + bytes(8))
DOES = (KEY_DOWN, QEMU_DOWN, POINTER, TEXT, EXTENDED_TEXT, RESIZE)
PIECES = st.lists(st.sampled_from((*LOOKS, *DOES)), max_size=12)


def listening(*, is_open: bool = True) -> Listening:
    made = Listening()
    if is_open:
        made.open()
    return made


def viewer(*, may: bool) -> ClientMessages:
    return ClientMessages(lambda: may, listening())


def fed(messages: ClientMessages, data: bytes, cuts: list[int]) -> bytes:
    out, before = b"", 0
    for cut in [*sorted(c % (len(data) + 1) for c in cuts), len(data)]:
        out += messages.feed(data[before:cut])
        before = cut
    return out


@given(PIECES, st.lists(st.integers(0, 10_000), max_size=6))
def test_everything_goes_on_from_whoever_may_type_however_it_is_cut(pieces, cuts) -> None:
    data = GREETING + b"".join(pieces)
    assert fed(viewer(may=True), data, cuts) == data


@given(PIECES, st.lists(st.integers(0, 10_000), max_size=6))
def test_from_whoever_may_only_look_nothing_goes_on_that_does_something(pieces, cuts) -> None:
    data = GREETING + b"".join(pieces)
    looks = GREETING + b"".join(piece for piece in pieces if piece in LOOKS)
    assert fed(viewer(may=False), data, cuts) == looks


def test_a_key_that_is_down_may_be_let_go_when_its_person_may_type_no_more() -> None:
    may = True
    messages = ClientMessages(lambda: may, listening())
    assert messages.feed(GREETING + KEY_DOWN).endswith(KEY_DOWN)
    may = False
    assert messages.feed(KEY_DOWN) == b""
    assert messages.feed(KEY_UP) == KEY_UP
    assert messages.feed(KEY_UP) == b""


@pytest.mark.parametrize(
    "said",
    [
        b"RFB 003.003\n\x01",
        VERSION + b"\x02",  # a password, which there is none of
        GREETING + b"\x07",
        GREETING + b"\xff\x01\0\0",
        GREETING + b"\x06\0\0\0" + (MOST_TEXT + 1).to_bytes(4, "big"),
        GREETING + b"\x06\0\0\0" + (-MOST_TEXT - 1).to_bytes(4, "big", signed=True),
        GREETING + b"\x02\0\xff\xff",
    ],
)
def test_what_is_not_known_or_too_long_is_refused_before_it_has_come(said: bytes) -> None:
    with pytest.raises(ViewerRefused):
        viewer(may=True).feed(said)


@given(st.binary(max_size=200))
def test_no_bytes_whatever_do_more_than_be_refused(data: bytes) -> None:
    messages = viewer(may=False)
    try:
        out = messages.feed(GREETING + data)
    except ViewerRefused:
        return
    assert (GREETING + data).startswith(GREETING)
    assert len(out) <= len(GREETING + data)


@given(PIECES, st.lists(st.integers(0, 10_000), max_size=6))
def test_what_is_typed_before_the_browser_takes_it_waits_in_its_order(pieces, cuts) -> None:
    browser = listening(is_open=False)
    messages = ClientMessages(lambda: True, browser)
    kept: list[bytes] = []
    browser.tell(lambda: kept.append(messages.release()))
    out = fed(messages, GREETING + b"".join(pieces), cuts)
    browser.open()
    waits = (KEY_DOWN, QEMU_DOWN, POINTER, TEXT, EXTENDED_TEXT)
    assert out == GREETING + b"".join(piece for piece in pieces if piece not in waits)
    assert kept == [b"".join(piece for piece in pieces if piece in waits)]
    assert messages.feed(KEY_DOWN) == KEY_DOWN


def test_what_waited_is_dropped_if_its_person_drives_no_more() -> None:
    may = True
    browser = listening(is_open=False)
    messages = ClientMessages(lambda: may, browser)
    messages.feed(GREETING + KEY_DOWN)
    may = False
    assert messages.release() == b""
    may = True
    assert messages.release() == b""


def test_a_click_into_a_window_that_has_the_focus_lets_through_what_waits() -> None:
    browser = listening(is_open=False)
    messages = ClientMessages(lambda: True, browser)
    let_go: list[bytes] = []
    browser.tell(lambda: let_go.append(messages.release()))
    assert messages.feed(GREETING + KEY_DOWN + POINTER) == GREETING
    browser.focused = True
    assert messages.feed(POINTER) == POINTER
    assert let_go == [KEY_DOWN + POINTER]
    assert browser.is_open


def test_no_more_than_a_little_waits() -> None:
    messages = ClientMessages(lambda: True, listening(is_open=False))
    messages.feed(GREETING + KEY_DOWN * (MOST_KEPT // len(KEY_DOWN)))
    with pytest.raises(ViewerRefused):
        messages.feed(KEY_DOWN)
