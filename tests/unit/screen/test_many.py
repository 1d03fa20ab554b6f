"""Many texts asked about together: none is passed over that would be looked at by itself."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_agent.screen import Screener, load_rules
from jupyter_agent.screen.catalogue import unpack
from jupyter_agent.screen.compiled import CompiledAnchors
from jupyter_agent.screen.examples import assemble
from jupyter_agent.screen.many import ROW

RULES = load_rules()
PLAIN = Screener(rules=RULES)
DATABASE = PLAIN.compile()
SCREENER = Screener(DATABASE, rules=RULES)
CATALOGUE, KEYWORDS, COMPILED = unpack(DATABASE)
ANCHORS = CompiledAnchors(KEYWORDS, CATALOGUE.needs.by_rule, COMPILED)

WORDS = sorted({keyword for rule in RULES for keyword in rule.keywords})
SIGNS = ("\x1b[31m", "\\x1b[0m", "\u200b", "%41", "&quot;", "\u00a0", "'\n '", "\\\n", "\ud83d")
VALUES = ("Tulip-Harbor42", "1234", "0123456789abcdef" * 2, "=", ": ", " is ", "\n", "\\", "x", "")
PARTS = st.sampled_from([*WORDS, *SIGNS, *VALUES, *SIGNS, *VALUES]) | st.text(max_size=5)
SPEECH = st.sampled_from(["my pass", "word", "password", "token", "otp", *SIGNS, *VALUES])
SAID = "my password is Tulip-Harbor42"


def noticed(texts: list[str]) -> set[int]:
    """The texts that stage 1 does not take for clean, each by itself."""
    encoded = enumerate(text.encode("utf-8", "surrogatepass") for text in texts)
    return {number for number, data in encoded if ANCHORS.noticed(data)}


@given(st.lists(st.lists(PARTS, max_size=5).map("".join), max_size=12))
def test_what_is_noticed_in_a_text_is_noticed_among_others(texts: list[str]) -> None:
    among = [number for number, _ in ANCHORS.among(texts)]
    assert len(among) == len(set(among))
    assert noticed(texts) <= set(among)


def test_every_rule_s_secrets_are_noticed_among_ordinary_texts() -> None:
    secrets = [assemble(template) for rule in RULES for template in rule.match]
    texts = [text for secret in secrets for text in ("x = 1", secret)]
    among = {number for number, _ in ANCHORS.among(texts)}
    assert noticed(texts) <= among
    # What they seem to hold together with their neighbours counts in few of these.
    assert sum(1 - number % 2 for number in among) < len(secrets) / 50


def test_what_gates_let_through_is_doubtful_at_a_text_s_end_and_elsewhere() -> None:
    gated = [assemble(template) for rule in RULES if rule.gate for template in rule.match]
    texts = [text for secret in gated for text in (secret, "x = 1", f"{secret}\n")]
    found = {number for number, text in enumerate(texts) if SCREENER.screen(text)}
    assert len(found) >= len(gated)
    assert found <= set(SCREENER.doubtful(texts))


@settings(max_examples=50, deadline=None)
@given(st.lists(st.lists(SPEECH, max_size=5).map("".join), max_size=12))
def test_screened_together_texts_hold_what_each_of_them_holds(texts: list[str]) -> None:
    doubtful = SCREENER.doubtful(texts)
    together = [SCREENER.screen(text) if n in doubtful else [] for n, text in enumerate(texts)]
    assert together == [SCREENER.screen(text) for text in texts]


def test_a_sign_that_is_reported_once_counts_in_every_text_that_shows_it() -> None:
    coloured = ["my pass\x1b[31mword is Tulip-Harbor42", "my passw\\x1b[0mord is Tulip-Harbor42"]
    texts = [*coloured, "x = 1", *coloured, "y = 2", SAID, *coloured]
    assert list(SCREENER.doubtful(texts)) == [0, 1, 3, 4, 6, 7, 8]
    assert all(SCREENER.screen(texts[number]) for number in SCREENER.doubtful(texts))


def test_every_colour_counts_in_a_text_of_many_bytes() -> None:
    text = "\x1b[31mx\x1b[0m " + "é" * (ROW - 100) + " my pass\x1b[31mword is Tulip-Harbor42"
    assert SCREENER.screen(text)
    assert list(SCREENER.doubtful(["x = 1", text])) == [1]


def test_what_ends_with_a_text_is_no_part_of_the_next_one() -> None:
    texts = ["host=db ", "password=Tulip-Harbor42", "my password is", "Tulip-Harbor42", "token="]
    assert list(SCREENER.doubtful(texts)) == [1]


def test_texts_of_any_size_keep_their_numbers() -> None:
    texts = [
        "",
        "x" * (2 * ROW),
        SAID,
        "",
        "x" * ROW + SAID,
        "é" * (ROW // 2),
        SAID,
        "\ud83d",
    ]
    assert list(SCREENER.doubtful(texts)) == [1, 2, 4, 6]
    assert list(SCREENER.doubtful([])) == []


def test_without_the_compiled_rules_every_text_is_looked_at() -> None:
    assert list(PLAIN.doubtful(["x = 1", SAID])) == [0, 1]


def test_a_keyword_that_begins_in_the_text_before_hides_nothing() -> None:
    """A line end is part of a few, and texts are laid end to end with one between them."""
    assert any(keyword.startswith("\n") for keyword in WORDS)
    assert not any(keyword.endswith("\n") for keyword in WORDS)
    texts = ["é", f"p: é, {SAID}", "é", f"p= {SAID}é", "é", "p: é", "x", f"p: {SAID}", "p: 1"]
    assert list(SCREENER.doubtful(texts)) == [1, 3, 7]
