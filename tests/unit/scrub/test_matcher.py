"""Recognising whole values in texts."""

from __future__ import annotations

import base64
import json
import random
import string
import sys
import urllib.parse

import pytest

from jupyter_agent.scrub.matcher import Match, Matcher
from jupyter_agent.scrub.windows import Windows
from jupyter_agent.vault.strength import estimated_bits, is_weak

LETTERS = string.ascii_letters + string.digits
SEEN = "".join(sorted(set(LETTERS) - set("0xXuU")))  # what folding leaves over
KEY_FILE = "\n".join(
    ["-----BEGIN " + "PRIVATE KEY-----", *("".join(["aZ9" * 21, str(n)]) for n in range(4)), ""]
)


def value(seed: int, length: int = 32, alphabet: str = LETTERS) -> bytes:
    return "".join(random.Random(seed).choices(alphabet, k=length)).encode()


def matcher(**values: bytes) -> Matcher:
    strong = {label: each for label, each in values.items() if not is_weak(each)}
    weak = {label: each for label, each in values.items() if is_weak(each)}
    return Matcher(strong, {label: estimated_bits(each) for label, each in strong.items()}, weak)


FORMS = {
    "as it is": lambda v: v,
    "base64": base64.b64encode,
    "base64 inside something": lambda v: base64.b64encode(b"ab" + v + b"c"),
    "base64 in lines": lambda v: base64.encodebytes(v * 3),
    "hex": lambda v: v.hex().encode(),
    "hex with colons": lambda v: v.hex(":").encode(),
    "JSON": lambda v: json.dumps(v.decode()).encode(),
    "URL": lambda v: urllib.parse.quote(v, safe="").encode(),
    "backwards": lambda v: v[::-1],
    "capitals": lambda v: v.upper(),
    "one character a line": lambda v: b"\n" + b"\n".join(v[i : i + 1] for i in range(len(v))),
    "concatenated": lambda v: v[:9] + b'" + "' + v[9:],
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("length", [16, 17, 20, 32, 64, 300])
@pytest.mark.parametrize("alphabet", [LETTERS, "0123456789abcdef", LETTERS + "+/=-_%&!#"])
def test_a_value_is_recognised_in_every_form_and_at_every_place(form, length, alphabet):
    hidden = value(length, max(length, 24) if len(alphabet) == 16 else length, alphabet)
    assert not is_weak(hidden)
    known = matcher(OTHER=value(0), TOKEN=hidden)
    for before in (0, 1, 7, 8_180, 8_191, 16_384 - 5):
        text = (
            b"x = 1 " * (before // 6) + b"=" * (before % 6) + b" " + FORMS[form](hidden) + b" end"
        )
        assert known.first(text) == "TOKEN", before


def test_every_place_is_told_and_none_twice():
    one, two = value(1), value(2)
    known = matcher(ONE=one, TWO=two)
    text = b"a " + two + b" b " + one + b" c " + two
    assert known.every(text) == [
        Match("TWO", 2, 34),
        Match("ONE", 37, 69),
        Match("TWO", 72, 104),
    ]
    assert known.first(text) == "TWO"


def test_a_value_inside_another_one_is_covered_by_it():
    inner = value(3, 20)
    outer = b"postgresql://me:" + inner + b"@db.example.org/x"
    known = matcher(PASSWORD=inner, URL=outer)
    assert [match.label for match in known.every(b"u = " + outer)] == ["URL"]


def test_of_equal_values_the_first_label_is_told():
    assert matcher(A=value(4), B=value(4)).first(value(4)) == "A"


def test_nothing_is_found_where_nothing_is_stored():
    assert matcher().first(b"anything") is None
    assert matcher().every(b"anything") == []


def test_only_a_whole_value_counts():
    hidden = value(5, 40)
    known = matcher(TOKEN=hidden)
    for cut in range(40):
        assert known.first(hidden[:cut]) is None
        assert known.first(hidden[40 - cut :]) is None
        assert known.first(base64.b64encode(hidden)[: cut * 5 // 4]) is None
        wrong = hidden[:cut] + (b"~" if hidden[cut : cut + 1] != b"~" else b"^") + hidden[cut + 1 :]
        assert known.first(wrong) is None


def test_a_line_of_a_key_file_is_not_the_key():
    known = matcher(KEY=KEY_FILE.encode())
    assert known.first(json.dumps(KEY_FILE).encode()) == "KEY"
    for line in KEY_FILE.splitlines():
        assert known.first(line.encode()) is None


@pytest.mark.parametrize(
    ("stored", "text", "seen"),
    [
        (b"4821", b"pin = 4821", True),
        (b"4821", b"pin = 48213", False),
        (b"4821", b"range(4821)", True),
        (b"4821", b"in 4821 rows", False),
        (b"postgres", b"postgresql://postgres:postgres@db", True),
        (b"postgres", b"import postgres", False),
        (b"hunter2!", b"my password is hunter2!", True),
        (b"hunter2!", b"xhunter2!", False),
        (b"correct horse battery", b"p = 'correct horse battery'", True),
        (b"abc", b"x = 'abc'", False),
        (b"hunter2-hunter2", base64.b64encode(b"user:hunter2-hunter2"), True),
    ],
)
def test_a_weak_value_is_told_to_its_owner_where_it_stands_as_a_value(stored, text, seen):
    assert is_weak(stored)
    known = matcher(WEAK=stored)
    assert bool(known.every(text)) is seen
    assert known.first(text) is None


def test_bytes_that_are_no_text_are_recognised_too():
    hidden = random.Random(6).randbytes(32)
    known = matcher(BYTES=hidden)
    assert known.first(b"\xff\xfe " + hidden) == "BYTES"
    assert known.first(base64.b64encode(hidden)) == "BYTES"


# -- what a guess can learn


def test_the_exact_search_never_begins_for_a_part_of_a_value(monkeypatch):
    """The way through the code is what takes time: it is the same for every wrong guess."""
    hidden = value(7, 40, SEEN)
    known = matcher(TOKEN=hidden, OTHER=value(8))
    searched = []
    exactly = Matcher._exactly
    monkeypatch.setattr(Matcher, "_exactly", lambda *a, **k: searched.append(a) or exactly(*a, **k))
    for known_characters in range(40):
        guess = (hidden[:known_characters] + b"~" * 40)[:40]
        assert known.first(b" ".join([guess] * 200)) is None
        late = (b"~" * 40 + hidden[40 - known_characters :])[-40:]
        assert known.first(b" ".join([late] * 200)) is None
    assert searched == []
    assert known.first(b" ".join([hidden] * 3)) == "TOKEN"
    assert searched  # the probe above can fail


class _Counted(bytes):
    """A text that counts how often somebody compares a stretch of it."""

    compared = 0

    def __getitem__(self, place):
        return _Counted(super().__getitem__(place)) if isinstance(place, slice) else NotImplemented

    def __eq__(self, other):
        _Counted.compared += 1
        return bytes.__eq__(self, other)

    __hash__ = bytes.__hash__


def test_no_stretch_of_a_text_is_compared_to_a_window_it_does_not_equal():
    """Comparing stops at the first difference. Looking up, by a keyed hash, does not begin."""
    hidden = value(9, 40, SEEN)
    known = matcher(TOKEN=hidden)
    table: Windows = known._windows
    for length in range(41):
        _Counted.compared = 0
        guess = _Counted((hidden.lower()[:length] + b"~" * 40)[:40] * 50)
        list(table._folded.hits(guess))
        windows_met = 40 - length < 8  # only who has all but a few characters meets one at all
        if not windows_met:
            assert _Counted.compared == 0


def test_a_text_full_of_almost_right_guesses_takes_the_steps_of_any_other_text():
    """Counted in lines of code that are run, which no busy machine changes."""
    hidden = value(10, 48, SEEN)
    known = matcher(TOKEN=hidden)
    right = known.first  # slices are made once for each length; warm them up
    right(b"~" * 60_000)

    def steps(guess: bytes) -> int:
        text = (guess * 2000)[:60_000]
        return _lines_run(lambda: known.first(text))

    assert len({steps((hidden[:n] + b"~" * 48)[:48]) for n in range(0, 40, 3)}) == 1
    assert len({steps((b"~" * 48 + hidden[48 - n :])[-48:]) for n in range(12)}) == 1
    assert steps(hidden) != steps(b"~" * 48)


def _lines_run(work) -> int:
    count = 0

    def trace(frame, event, _arg):
        nonlocal count
        count += event == "line"
        # Ours only: the collector of garbage calls other people's functions at any time.
        return trace if "jupyter_agent" in frame.f_code.co_filename else None

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        work()
    finally:
        sys.settrace(before)
    return count
