"""What a person sees of the scrubber; test_matrix.py has the ways to print a value."""

from __future__ import annotations

import base64
import json
import random
import subprocess
import time
import traceback

import pytest
from carriers import made_up_secrets

from jupyter_agent.scrub import Scrubber, forms, scrubber

TOKEN = made_up_secrets(1)["token"]
KEY = made_up_secrets(1)["ssh-key"]


def scrub(secrets: dict[str, bytes], *pieces: bytes) -> bytes:
    stream = Scrubber(secrets)
    return b"".join([*map(stream.feed, pieces), stream.finish()])


# --- the interface


def test_a_value_becomes_the_marker_of_its_label():
    assert scrub({"API_TOKEN": TOKEN}, b"<" + TOKEN + b">") == b"<[secret:API_TOKEN]>"


def test_without_secrets_everything_passes_through():
    stream = Scrubber({})
    assert stream.feed(b"anything \xff\x00") == b"anything \xff\x00"
    assert stream.finish() == b""


def test_an_empty_value_is_refused_by_label():
    with pytest.raises(ValueError, match="EMPTY"):
        Scrubber({"FULL": TOKEN, "EMPTY": b""})


@pytest.mark.parametrize("secrets", [{}, {"A": TOKEN}])
def test_after_finish_nothing_goes_in(secrets):
    stream = Scrubber(secrets)
    stream.finish()
    with pytest.raises(ValueError, match="finished"):
        stream.feed(b"")
    with pytest.raises(ValueError, match="finished"):
        stream.finish()


def test_of_equal_values_the_first_label_is_shown():
    assert scrub({"FIRST": TOKEN, "SECOND": TOKEN}, TOKEN) == b"[secret:FIRST]"


def test_the_leftmost_value_wins_and_of_these_the_longest():
    secrets = {"SHORT": b"abcdefgh", "LONG": b"abcdefghij", "LATER": b"cdefghijklmnop"}
    assert scrub(secrets, b"abcdefghijklmnop") == b"[secret:LONG]klmnop"
    assert scrub(secrets, b"abcdefghi-") == b"[secret:SHORT]i-"
    assert scrub(secrets, b"_bcdefghijklmnop") == b"_b[secret:LATER]"


def test_hits_are_counted_for_each_label():
    stream = Scrubber({"USED": TOKEN, "UNUSED": b"another-value"})
    stream.feed(TOKEN + b" " + base64.b64encode(TOKEN))
    stream.finish()
    assert stream.hits == {"USED": 2, "UNUSED": 0}


def test_bytes_that_are_no_text_pass_unchanged():
    noise = random.Random(3).randbytes(100_000)
    assert scrub({"A": TOKEN}, noise) == noise


def test_neither_repr_nor_a_traceback_of_ours_shows_a_value():
    stream = Scrubber({"A": TOKEN})
    stream.finish()
    try:
        stream.feed(b"x")
    except ValueError:
        shown = traceback.format_exc()
    shown += repr(stream) + repr(stream._known) + repr(stream._known._tails)
    shown += repr(stream._known.needles)
    assert not any(form in shown.encode() for form in forms(TOKEN).values())


# --- a marker is not looked at again


def test_a_value_that_is_part_of_a_marker_is_not_masked_inside_it():
    secrets = {"API_TOKEN": TOKEN, "WORD": b"API_TOKEN", "SIGN": b"]"}
    assert scrub(secrets, TOKEN + b"API_TOKEN") == b"[secret:API_TOKEN][secret:WORD]"


def test_a_value_that_a_marker_completes_was_never_in_the_output():
    secrets = {"A": TOKEN, "B": b"pre[secret:A]post"}
    assert scrub(secrets, b"pre" + TOKEN + b"post") == b"pre[secret:A]post"
    assert scrub(secrets, b"pre[secret:A]post") == b"[secret:B]"


# --- what waits, and what does not


@pytest.mark.parametrize(
    "prompt", [b"Password: ", b"[y/N] ", b">>> ", b"$ ", b"Enter code:\n", b"100%\r", b"\x1b[0m"]
)
def test_a_prompt_is_shown_at_once(prompt):
    stream = Scrubber(made_up_secrets(5))
    assert b"".join(map(stream.feed, [b"hello\n", prompt])) == b"hello\n" + prompt


def test_no_line_of_an_ordinary_log_waits():
    rng = random.Random(8)
    words = ["info", "GET", "/v1/items", "200", "7", "ok", "0x7f", "done", "a", "Z", "took", "3ms"]
    stream = Scrubber(made_up_secrets(5))
    waiting = 0
    for _ in range(2000):
        line = " ".join(rng.choices(words, k=6)).encode() + b"\n"
        waiting += stream.feed(line) != line
    assert waiting == 0


def test_only_the_beginning_of_a_value_waits():
    stream = Scrubber({"A": b"correct-horse"})
    assert stream.feed(b"is it correct-h") == b"is it "
    assert stream.feed(b"and? no") == b"correct-hand? no"
    assert stream.feed(b"...\n") == b"...\n"
    assert stream.feed(b"correct-hors") == b""
    assert stream.feed(b"e!") == b"[secret:A]!"


# --- single traps


def test_a_value_that_repeats_its_beginning_is_found_in_every_cut():
    data = b"log 1212-1212-3456 end"
    for cut in range(len(data)):
        assert scrub({"A": b"1212-3456"}, data[:cut], data[cut:]) == b"log 1212-[secret:A] end"


@pytest.mark.parametrize("before", ["0x", "\\x", "%", "\\u00", ":", ", 0x"])
def test_hex_is_found_with_whatever_stands_between_the_bytes(before):
    spelled = "".join(f"{before}{byte:02X}" for byte in TOKEN).encode()
    assert scrub({"A": TOKEN}, spelled).endswith(b"[secret:A]")


@pytest.mark.parametrize("after", [b"2F end", b" end", b"", b"4", b"%2F"])
def test_a_value_that_ends_like_an_escape_waits_for_what_follows(after):
    secrets = {"A": b"abcdefgh%"}
    data = b"ABCDEFGH%" + after
    assert scrub(secrets, b"ABCDEFGH%", after) == scrub(secrets, data)
    # "%2F" is an escaped slash, so what was printed is another text then.
    assert (b"[secret:A]" in scrub(secrets, data)) == (after != b"2F end")


def test_a_short_value_is_found_as_it_is_and_in_no_other_form():
    assert scrub({"PIN": b"4711"}, b"pin 4711") == b"pin [secret:PIN]"
    assert scrub({"PIN": b"4711"}, base64.b64encode(b"4711")) == base64.b64encode(b"4711")
    assert scrub({"PIN": b"4711"}, b"4 7 1 1 34373131") == b"4 7 1 1 34373131"


def test_each_secret_line_of_a_key_is_scrubbed_alone_and_its_armour_is_not():
    begin, first, second, end = KEY.splitlines()
    assert scrub({"KEY": KEY}, first + b"\n") == b"[secret:KEY]\n"
    assert scrub({"KEY": KEY}, b"2: " + second) == b"2: [secret:KEY]"
    assert scrub({"KEY": KEY}, begin + b"\n" + end) == begin + b"\n" + end


def test_a_short_line_of_a_value_does_not_blank_the_log():
    value = b'{\n"private": "' + TOKEN + b'"\n}\n'
    assert scrub({"A": value}, b"{ } and { }\n") == b"{ } and { }\n"


def test_a_long_pause_between_the_characters_ends_a_value():
    apart = TOKEN[:20] + b"\n" * 33 + TOKEN[20:]
    assert scrub({"A": TOKEN}, apart) == apart
    assert scrub({"A": TOKEN}, TOKEN[:20] + b"\n" * 32 + TOKEN[20:]) == b"[secret:A]"


def test_quotes_at_the_very_ends_of_an_escaped_value_may_stay():
    value = b"'secret-words\""
    assert scrub({"A": value}, value) == b"[secret:A]"
    assert scrub({"A": value}, b"&#x27;secret-words&quot;") == b"&#x27;[secret:A]&quot;"


def test_a_value_in_the_middle_of_a_wrapped_base64_text_is_found_wherever_it_begins():
    for before in range(80):
        shown = scrub({"A": TOKEN}, base64.encodebytes(b"u" * before + TOKEN + b"!" * 9))
        assert b"[secret:A]" in shown
        assert len(shown.partition(b"[secret:A]")[2]) <= 20


def _in_every_cut(value: bytes, printed: bytes) -> set[bytes]:
    return {scrub({"A": value}, printed[:cut], printed[cut:]) for cut in range(len(printed) + 1)}


def test_a_value_beyond_ascii_is_found_as_a_shell_traces_it_where_the_locale_has_no_letters():
    value = "größe-'ключ'-9\\Ωmega"
    traced = subprocess.run(
        ["/bin/bash", "-c", 'set -x; : "$V"; printf %q "$V" >&2'],
        env={"V": value, "LC_ALL": "C"},
        stderr=subprocess.PIPE,
        check=True,
    ).stderr
    assert b"\\303" in traced  # else this bash shows nothing that is new
    (shown,) = _in_every_cut(value.encode(), traced)
    assert shown.count(b"[secret:A]") == 3  # two lines of the trace, and what printf says
    assert not any(part in shown for part in (b"gr", b"\\303", b"\\321", b"mega"))


def test_base64_that_is_wrapped_inside_a_json_text_is_found():
    file = b"# settings of the service\nTOKEN=" + TOKEN + b"\n"
    for ending in (b"\n", b"\r\n"):
        text = base64.encodebytes(file * 2).replace(b"\n", ending).decode()
        (shown,) = _in_every_cut(TOKEN, json.dumps({"content": text}).encode())
        assert shown.count(b"[secret:A]") == 2
        assert len(shown) < 2 * len(base64.b64encode(file[: -len(TOKEN)])) + 80


def test_a_value_without_a_letter_or_digit_is_found_in_its_forms():
    value = b"!@#$%^&*()-="
    for form in ("raw", "URL", "JSON", "hex", "base64 at offset 0"):
        assert b"[secret:A]" in scrub({"A": value}, forms(value).get(form, value))


# --- size


def test_a_large_output_in_one_piece_equals_the_same_in_many():
    rng = random.Random(4)
    secrets = made_up_secrets(4)
    parts: list[bytes] = []
    for _ in range(300):
        form = rng.choice(list(forms(rng.choice(list(secrets.values()))).values()))
        parts += [rng.randbytes(rng.randrange(1500)), form[: rng.randrange(1, len(form) + 9)]]
    data = b"".join(parts)
    whole = scrub(secrets, data)
    assert whole.count(b"[secret:") > 50
    for size in (1, 1000, 4096, scrubber._BLOCK + 1):
        if size == 1:
            sample = data[:20_000]
            assert scrub(secrets, *(bytes([byte]) for byte in sample)) == scrub(secrets, sample)
        else:
            pieces = (data[at : at + size] for at in range(0, len(data), size))
            assert scrub(secrets, *pieces) == whole


@pytest.mark.parametrize(
    ("value", "unit"),
    [
        (b"a" * 36, b"a"),
        (b"a" * 35 + b"b", b"a"),
        (b"a" * 36, b"a "),
        (b"aab" * 12, b"aabaa"),
        (b"1212-3456" * 4, b"1212-3456" * 3 + b"1212-345"),
        (TOKEN, TOKEN[:-1]),
        (TOKEN, b"\n"),
        (TOKEN, b"%"),
        (TOKEN, b"\\"),
        (TOKEN, b"\x1b[0"),
    ],
    ids=lambda text: repr(text[:8]),
)
def test_output_made_to_be_slow_takes_time_in_proportion_to_its_size(value, unit):
    def seconds(size: int) -> float:
        data = unit * (size // len(unit))
        stream = Scrubber({"A": value})
        begin = time.process_time()
        stream.feed(data)
        stream.finish()
        return time.process_time() - begin

    seconds(10_000)
    small = min(seconds(20_000) for _ in range(3))
    # Four times as much; sixteen times the time would be the square.
    assert seconds(80_000) <= 9 * small + 0.01
