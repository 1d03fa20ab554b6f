"""A secret is found wherever it stands: below and above other lines, in files of Windows, at the
border of two pieces, as one text of many. What is found is covered whole, and a masked text is
clean.
"""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_agent.screen import Screener, load_rules, mask
from jupyter_agent.screen.examples import assemble

RULES = load_rules()
# No clock: a text of the borders of two pieces is judged on a busy machine as on any other.
SCREENER = Screener(Screener(rules=RULES).compile(), rules=RULES, clock=lambda: 0.0)
TEMPLATES = [template for rule in RULES for template in rule.match]

# They end and begin with what means something right before a name or behind a value.
LINES = (
    *("x = 1", "DEBUG=on", "STORAGE=s3", "the mean of each group", "Sort it by the model.", ""),
    *("an image", "## Data", "plt.show()", "from numpy import random", "'a' + 'b'", "50 %"),
    *("[secret:DB_PASSWORD]", "user [secret:github-token] and", "\x1b[31mred\x1b[0m", "%41 &quot;"),
    *("图表显示了每组的平均值。", "ключ", "\U0001f389 done", "\ud83d", "\u00a0", "caf\u00e9"),
)
lines = st.lists(st.sampled_from(LINES), max_size=4)


def example(template: str, seed: int) -> str:
    # Line ends and blanks are put there by the tests, and not twice.
    return assemble(template, seed).replace("\r\n", "\n").rstrip(" ")


examples = st.builds(example, st.sampled_from(TEMPLATES), st.integers(0, 999))
# Bytes at which a block, a short text, a piece and its overlap end.
BORDERS = (512, 1_024, 8_192, 65_536 - 1_280, 65_536, 2 * 65_536 - 1_280, 2 * 65_536)
FILLED = ("x = 1; y = 2\n", "图表显示了每组。\n", "caf\u00e9 au lait\n")


def is_covered(text: str, value: str) -> bool:
    """Whether a finding covers a value, and nothing is found once all of them are masked."""
    findings = SCREENER.screen(text)
    return (
        any(value in text[finding.start : finding.end] for finding in findings)
        and SCREENER.screen(mask(text, findings)) == []
        and 1 in SCREENER.doubtful(["x = 1", text, "y = 2"])
    )


def values(text: str) -> list[str]:
    return [text[finding.start : finding.end] for finding in SCREENER.screen(text)]


@settings(max_examples=400, deadline=None)
@given(examples, lines, lines, st.sampled_from(("\n", "\r\n")), st.sampled_from(("", " ", "   ")))
def test_other_lines_and_line_ends_hide_nothing(
    text: str, above: list[str], below: list[str], line_end: str, blanks: str
) -> None:
    around = "\n".join((*above, text + blanks, *below)).replace("\n", line_end)
    for value in values(text):
        assert is_covered(around, value.replace("\n", line_end))


@settings(max_examples=100, deadline=None)
@given(
    examples,
    st.sampled_from(BORDERS),
    st.integers(-40, 120),
    st.sampled_from(FILLED),
    st.sampled_from((1, 100, 6_000)),
)
def test_no_border_inside_a_text_hides_anything(
    text: str, border: int, before: int, line: str, below: int
) -> None:
    size = len(line.encode())
    lines = max(0, border - before) // size
    filler = line * lines + "#" * (max(0, border - before) - lines * size) + "\n"
    around = filler + text + "\n" + line * below
    for value in values(text):
        assert is_covered(around, value)


@settings(max_examples=100, deadline=None)
@given(st.lists(examples, min_size=1, max_size=12), st.sampled_from(FILLED), st.integers(0, 5_500))
def test_of_many_texts_none_with_a_secret_is_passed_over(
    texts: list[str], line: str, length: int
) -> None:
    many = [part for text in texts for part in (text, line * length, f"{line}{text}")]
    doubtful = set(SCREENER.doubtful(many))
    assert {number for number, text in enumerate(many) if SCREENER.screen(text)} <= doubtful
