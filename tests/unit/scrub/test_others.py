"""Values of the vault that were not granted: shown whole they are masked, and nothing else."""

from __future__ import annotations

import base64
import random
import string
import sys

import pytest
from carriers import ESCAPES, made_up_secrets

from jupyter_agent.scrub import Others, Scrubber

TOKEN = made_up_secrets(1)["token"]
KEY = made_up_secrets(1)["ssh-key"]
GRANTED = made_up_secrets(2)["token"]


def stream(others: dict[str, bytes], **granted: bytes) -> Scrubber:
    return Scrubber(granted, others=Others(others))


def scrub(scrubber: Scrubber, *pieces: bytes) -> bytes:
    return b"".join([*map(scrubber.feed, pieces), scrubber.finish()])


# --- complete values


@pytest.mark.parametrize("value", [TOKEN, KEY], ids=["token", "ssh-key"])
@pytest.mark.parametrize("around", [b"key=%s\n", b'{"a": "%s"}', b"%s", b"Bearer %s!", b"\xff%s\0"])
def test_a_value_that_was_not_granted_is_masked_where_it_is_shown_whole(value, around):
    scrubber = stream({"OTHER": value})
    shown = scrub(scrubber, around.replace(b"%s", value))
    assert shown == around.replace(b"%s", b"[secret:OTHER]")
    assert scrubber.hits == {"OTHER": 1}


@pytest.mark.parametrize("hastened", [False, True])
@pytest.mark.parametrize("escape", ESCAPES)
def test_an_escape_in_front_of_it_hides_it_no_more_than_a_space(escape, hastened):
    others = Others({"OTHER": TOKEN})
    if hastened:
        others.hasten()
    text = b"x" + escape + TOKEN + b"\x1b[0m y\n"
    shown = text.replace(TOKEN, b"[secret:OTHER]")
    assert scrub(Scrubber({}, others=others), text) == shown
    scrubber = Scrubber({}, others=others)
    assert scrubber.feed(text[:-20]) == text[:-20]
    assert scrubber.feed(text[-20:]) == b"[secret:OTHER]\x1b[0m y\n"


def test_it_is_masked_beside_granted_values():
    scrubber = stream({"OTHER": TOKEN}, MINE=GRANTED)
    assert scrub(scrubber, b"a " + GRANTED + b" b " + TOKEN + b" c") == (
        b"a [secret:MINE] b [secret:OTHER] c"
    )
    assert scrubber.hits == {"MINE": 1, "OTHER": 1}


def test_a_granted_value_inside_it_keeps_its_own_marker():
    url = b"https://alice:" + GRANTED + b"@example.org/" + TOKEN
    shown = scrub(stream({"URL": url}, PASSWORD=GRANTED), b"<" + url + b">")
    assert shown == b"<[secret:URL][secret:PASSWORD]>"


def test_a_label_that_is_granted_is_none_of_the_others():
    assert scrub(stream({"A": TOKEN}, A=GRANTED), TOKEN) == TOKEN


def test_encoded_forms_of_it_do_not_count():
    shown = base64.b64encode(TOKEN) + b" " + TOKEN.hex().encode() + b" " + TOKEN[::-1]
    assert scrub(stream({"OTHER": TOKEN}), shown) == shown


def test_only_values_with_a_long_word_are_looked_for():
    others = Others({"OTHER": TOKEN, "PHRASE": b"correct horse battery staple"})
    assert others.uncovered == ("PHRASE",)
    assert not Others({"PHRASE": b"correct horse battery staple"})


def test_in_two_writes_the_rest_of_it_is_masked_and_nothing_waited():
    for cut in range(1, len(TOKEN)):
        scrubber = stream({"OTHER": TOKEN}, MINE=b"#pin#")
        assert scrubber.feed(b"x " + TOKEN[:cut]) == b"x " + TOKEN[:cut]
        assert scrubber.feed(TOKEN[cut:] + b" y") == b"[secret:OTHER] y"


def test_its_end_may_be_the_beginning_of_a_granted_value():
    scrubber = stream({"OTHER": TOKEN}, MINE=TOKEN[-3:] + GRANTED)
    assert scrubber.feed(TOKEN) == b"[secret:OTHER]"
    assert scrubber.feed(b" y") == b" y"


def test_siblings_share_the_values_and_nothing_of_the_stream():
    first = stream({"OTHER": TOKEN}, MINE=GRANTED)
    second = first.sibling()
    assert first.feed(TOKEN[:9] + b" " + GRANTED[:9]) == TOKEN[:9] + b" "
    assert (
        second.feed(TOKEN[9:] + b" " + GRANTED[9:] + b".") == TOKEN[9:] + b" " + GRANTED[9:] + b"."
    )
    assert second.feed(b" " + TOKEN + b" " + GRANTED) == b" [secret:OTHER] [secret:MINE]"
    assert first.hits == {"MINE": 0}
    assert second.hits == {"MINE": 1, "OTHER": 1}


# --- somebody who tries to guess one


def guesses() -> list[bytes]:
    """Everything that is nearly the value."""
    cut = [TOKEN[:end] for end in range(1, len(TOKEN))]
    late = [TOKEN[begin:] for begin in range(1, len(TOKEN))]
    changed = [TOKEN[:at] + b"!" + TOKEN[at + 1 :] for at in range(len(TOKEN))]
    wrong = [TOKEN[:at] + bytes([TOKEN[at] ^ 1]) + TOKEN[at + 1 :] for at in range(len(TOKEN))]
    return [*cut, *late, *changed, *wrong, TOKEN.swapcase(), TOKEN[::-1]]


@pytest.mark.parametrize("granted", [{}, {"MINE": b"#pin#"}], ids=["nothing", "something"])
def test_nothing_that_is_nearly_the_value_changes_what_is_shown_or_when(granted):
    for guess in guesses():
        with_it, without = stream({"OTHER": TOKEN}, **granted), Scrubber(granted)
        for write in (b"x ", guess, b" y\n", guess[:5], guess[5:] + b"\n"):
            assert with_it.feed(write) == without.feed(write) == write
        assert with_it.finish() == without.finish() == b""
        assert set(with_it.hits) == set(granted)


@pytest.mark.parametrize("compiled", [False, True])
def test_the_steps_for_a_guess_do_not_depend_on_how_much_of_it_is_right(compiled):
    rng = random.Random(4)
    letters = (string.ascii_letters + string.digits).encode()
    wrong = bytes(rng.choices(letters, k=len(TOKEN)))
    right = TOKEN[:-1] + (b"a" if TOKEN[-1:] != b"a" else b"b")  # all but the last character

    def steps(guess: bytes) -> int:
        """Calls of anything; a time would be a measure of this machine as well."""
        scrubber = stream({"OTHER": TOKEN})
        if compiled:
            scrubber.hasten()
        scrubber.feed(b"something before\n")
        calls = 0

        def count(_frame: object, event: str, _argument: object) -> None:
            nonlocal calls
            calls += event in ("call", "c_call")

        sys.setprofile(count)
        try:
            scrubber.feed((guess + b"\n") * 100)
        finally:
            sys.setprofile(None)
        return calls

    assert steps(right) == steps(wrong)
    assert steps(TOKEN) > steps(wrong)  # it would show
