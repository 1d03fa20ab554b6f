"""The matcher agrees with the scrubber, and a part of a value never counts."""

from __future__ import annotations

import base64
import string
from itertools import pairwise

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from jupyter_agent.scrub import Scrubber
from jupyter_agent.scrub.matcher import Matcher
from jupyter_agent.vault.strength import estimated_bits, is_weak

_printable = st.text(alphabet=string.printable, min_size=16, max_size=80).map(str.encode)
_values = st.one_of(
    _printable,
    st.binary(min_size=16, max_size=80),
    st.text(alphabet=string.ascii_letters + string.digits, min_size=16, max_size=300).map(
        str.encode
    ),
).filter(lambda value: not is_weak(value))
_around = st.one_of(
    st.binary(max_size=60), st.sampled_from([b"", b"x" * 8180, b"%5C\\n " * 2000, b"0x" * 4100])
)

_slow = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def matcher(**values: bytes) -> Matcher:
    return Matcher(values, {label: estimated_bits(value) for label, value in values.items()})


@_slow
@given(_values, _around, _around)
def test_a_value_is_recognised_between_any_bytes(value, before, after):
    """As it is: wherever the scrubber masks it, the matcher knows it."""
    text = before + b" " + value + b" " + after
    scrubber = Scrubber({"A": value})
    scrubber.feed(text)
    scrubber.finish()
    assert scrubber.hits["A"] >= 1
    assert matcher(A=value).first(text) == "A"


@_slow
@given(_values, _around, st.sampled_from(["base64", "hex", "reversed"]))
def test_a_value_is_recognised_encoded(value, before, form):
    coded = {
        "base64": base64.b64encode(value),
        "hex": value.hex().encode(),
        "reversed": value[::-1],
    }[form]
    text = before + b"\n" + coded + b"\n"
    scrubber = Scrubber({"A": value})
    scrubber.feed(text)
    scrubber.finish()
    assume(scrubber.hits["A"])
    assert matcher(A=value).first(text) == "A"


@_slow
@given(_values, _around)
def test_what_is_recognised_is_masked_by_the_scrubber_too(value, text):
    known = matcher(A=value)
    for hidden in (text, text + value[: len(value) // 2], value[3:] + text):
        scrubber = Scrubber({"A": value})
        scrubber.feed(hidden)
        scrubber.finish()
        if known.first(hidden) is not None:
            assert scrubber.hits["A"] >= 1


@_slow
@given(_values, st.integers(1, 79))
def test_without_its_last_character_or_its_first_it_is_not_recognised(value, cut):
    cut = 1 + cut % (len(value) - 1)
    known = matcher(A=value)
    # White space and quotes do not count in the text view, so a value may seem to end earlier.
    assume(value[-1:].isalnum() and value[:1].isalnum())
    for part in (value[:-1], value[1:], value[:cut]):
        if value not in part * 2:
            assert known.first(part) is None


@_slow
@given(st.lists(_values, min_size=1, max_size=4, unique=True), _around)
def test_every_match_is_where_it_says_and_none_overlaps(values, before):
    labels = {f"L{number}": value for number, value in enumerate(values)}
    text = before + b" " + b" , ".join(values) + b" "
    found = matcher(**labels).every(text)
    assert found
    for match, following in pairwise(found):
        assert match.end <= following.start
    for match in found:
        if match.exact:
            assert text[match.start : match.end] == labels[match.label]
