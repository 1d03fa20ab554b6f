"""What comes out of the scrubber depends on what went in, never on how it was cut into pieces."""

from __future__ import annotations

import base64
import urllib.parse
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_agent.scrub import Scrubber
from jupyter_agent.scrub.matches import Matches
from jupyter_agent.scrub.variants import needles

VALUES = (
    b"1212-3456",  # its beginning repeats inside it
    b"aabaabaab",
    b"aaaaaaaa",
    b"p@ss/w0rd!",
    b"%2Fnew\\n50%25",  # looks escaped itself
    b"line one 1\r\nline two 2\n",
    "pässwördü".encode(),
    b"\x00\x01\xff\xfe\x00\x02\x03\x04",
    b"<a&b;c&amp;d>",
    b"'\"\\ , +'\"",
    b"0x0u0x00",
    b"aab",
    b"7",
)
GAPS = (
    b"",
    b"\n",
    b"\r\n",
    b" ",
    b":",
    b"', '",
    b"\x1b[31m",
    b"\x1b[0m",
    b"\\n",
    b"%0A",
    b"0x",
    b"\\x",
)
NOISE = (
    b"%",
    b"\\",
    b"&",
    b"\x1b",
    b"\x1b[",
    b"\\u0",
    b"\\u00",
    b"&#",
    b";",
    b"0",
    b"%2",
    b"\n" * 40,
    b"x" * 30,
)


def _spellings(value: bytes) -> list[bytes]:
    return [
        value,
        value[::-1],
        value.upper(),
        base64.b64encode(b"q" + value),
        base64.urlsafe_b64encode(value),
        base64.encodebytes(b"-" * 50 + value),
        value.hex().encode(),
        value.hex(":").upper().encode(),
        urllib.parse.quote(value, safe="").encode(),
        urllib.parse.quote(value, safe="").lower().encode(),
        repr(value).encode(),
        b"".join(b"\\x%02x" % byte for byte in value),
        b"".join(b"&#%d;" % byte for byte in value),
        b"".join(b"\\u%04x" % byte for byte in value),
    ]


@st.composite
def outputs(draw: st.DrawFn, values: list[bytes]) -> bytes:
    """Output full of values, halves of values, and what stands between them."""
    pieces = []
    for _ in range(draw(st.integers(1, 6))):
        value = draw(st.sampled_from(values))
        spelled = draw(st.sampled_from(_spellings(value)))
        match draw(st.sampled_from(["whole", "cut", "gaps", "noise", "bytes"])):
            case "whole":
                pieces.append(spelled)
            case "cut":
                begin, end = sorted(draw(st.tuples(*[st.integers(0, len(spelled))] * 2)))
                pieces.append(spelled[begin:end])
            case "gaps":
                gap = draw(st.sampled_from(GAPS))
                every = draw(st.integers(1, 9))
                pieces.append(
                    gap.join(spelled[at : at + every] for at in range(0, len(spelled), every))
                )
            case "noise":
                pieces.append(draw(st.sampled_from(NOISE)))
            case _:
                pieces.append(draw(st.binary(max_size=4)))
    return b"".join(pieces)


@st.composite
def streams(draw: st.DrawFn) -> tuple[dict[str, bytes], bytes]:
    values = draw(st.lists(st.sampled_from(VALUES), min_size=1, max_size=3, unique=True))
    secrets = {f"S{number}": value for number, value in enumerate(values)}
    return secrets, draw(outputs(values))


def scrub(secrets: dict[str, bytes], *pieces: bytes) -> bytes:
    return passed_through(Scrubber(secrets), *pieces)


def passed_through(scrubber: Scrubber, *pieces: bytes) -> bytes:
    return b"".join([*map(scrubber.feed, pieces), scrubber.finish()])


def scrub_without_probes_or_stream(secrets: dict[str, bytes], data: bytes) -> bytes:
    """What the definition says: all values in the whole input, leftmost, then longest."""
    shown, at = [], 0
    for begin, end, label in Matches(data, needles(secrets), final=True).after(0):
        shown += data[at:begin], f"[secret:{label}]".encode()
        at = end
    return b"".join([*shown, data[at:]])


@settings(max_examples=100, deadline=None)
@given(streams())
def test_every_cut_in_two_gives_the_same_output(stream):
    secrets, data = stream
    whole = scrub_without_probes_or_stream(secrets, data)
    first = Scrubber(secrets)
    for cut in range(len(data) + 1):
        assert passed_through(first.sibling(), data[:cut], data[cut:]) == whole


@settings(max_examples=200, deadline=None)
@given(streams())
def test_one_byte_at_a_time_gives_the_same_output(stream):
    secrets, data = stream
    assert scrub(secrets, *(data[at : at + 1] for at in range(len(data)))) == (
        scrub_without_probes_or_stream(secrets, data)
    )


@settings(max_examples=200, deadline=None)
@given(streams(), st.data())
def test_random_cuts_give_the_same_output(stream, data_source):
    secrets, data = stream
    cuts = sorted(data_source.draw(st.lists(st.integers(0, len(data)), max_size=12)))
    pieces = [data[begin:end] for begin, end in pairwise([0, *cuts, len(data)])]
    assert scrub(secrets, *pieces) == scrub_without_probes_or_stream(secrets, data)


@settings(max_examples=100, deadline=None)
@given(streams(), st.data())
def test_compiled_or_not_the_output_is_the_same(stream, data_source):
    secrets, data = stream
    compiled = Scrubber(secrets)
    compiled.hasten()
    assert compiled._known.hastened
    # Much that is nothing between the pieces, so that only parts of it get a close look.
    filler = data_source.draw(
        st.sampled_from([b"", b".\n" * 1500, b"words, and 12 more;\n" * 4000])
    )
    data = data + filler + data[::-1] + filler + data
    cuts = sorted(data_source.draw(st.lists(st.integers(0, len(data)), max_size=6)))
    pieces = [data[begin:end] for begin, end in pairwise([0, *cuts, len(data)])]
    whole = scrub_without_probes_or_stream(secrets, data)
    assert b"".join([*map(compiled.feed, pieces), compiled.finish()]) == whole
    again = compiled.sibling()
    assert again.feed(data) + again.finish() == whole


@given(st.binary(max_size=400), st.sets(st.integers(0, 400), max_size=4))
def test_without_secrets_everything_passes_at_once(data, cuts):
    scrubber = Scrubber({})
    assert scrubber.feed(data) == data
    assert scrubber.finish() == b""


@settings(max_examples=150, deadline=None)
@given(
    st.dictionaries(st.sampled_from("ABC"), st.binary(min_size=1, max_size=40), min_size=1),
    st.lists(st.one_of(st.binary(max_size=30), st.integers(0, 2)), max_size=8),
)
def test_no_value_survives_outside_a_marker(secrets, plan):
    values = list(secrets.values())
    data = b"".join(
        values[piece % len(values)] if isinstance(piece, int) else piece for piece in plan
    )
    shown = scrub(secrets, data)
    for label in secrets:
        shown = shown.replace(b"[secret:%s]" % label.encode(), b"\xff\x00MARKER\x00\xff")
    for piece in shown.split(b"\xff\x00MARKER\x00\xff"):
        assert not any(value in piece for value in values)


@settings(max_examples=100, deadline=None)
@given(streams(), st.sampled_from([b"\n", b" ", b"z", b"0", b"\\", b"\x1b[0m"]))
def test_what_waits_is_bounded_by_the_values_and_not_by_the_output(stream, filler):
    secrets, data = stream
    scrubber = Scrubber(secrets)
    shown = scrubber.feed(data + filler * 20_000)
    longest = max(len(value) for value in secrets.values())
    # A character is written with at most 24 bytes, and at most 32 stand before the next.
    assert len(scrubber.finish()) <= longest * 2 * (24 + 32)
    assert shown
