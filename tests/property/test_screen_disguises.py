"""A token that its surroundings disguised by accident is found, and its span is the original's."""

from __future__ import annotations

import html
from collections.abc import Callable
from urllib.parse import quote

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from jupyter_agent.screen import Screener, mask
from jupyter_agent.screen.disguise import AFTER, BLOCK, stretches
from jupyter_agent.screen.examples import assemble

PLAIN = Screener()
COMPILED = Screener(PLAIN.compile())

seeds = st.integers(0, 9999)
# Behind the vendor's prefix, well before the end.
cuts = st.integers(8, 28)


def token(seed: int) -> str:
    return assemble("gh{+}p_{alnum:36}", seed)


def between(what: str) -> Callable[[str, int], str]:
    return lambda value, cut: value[:cut] + what + value[cut:]


INSIDE: dict[str, Callable[[str, int], str]] = {
    "zero-width space": between("\u200b"),
    "soft hyphen": between("\u00ad"),
    "word joiner": between("\u2060"),
    "byte order mark": between("\ufeff"),
    "colour": between("\x1b[31m"),
    "colour written in code": between("\\x1b[0m"),
    "plus": between("' + '"),
    "plus over lines": between("' +\n    '"),
    "neighbouring literals": between("' '"),
    "literals over lines": between("'\n    '"),
    "neighbouring bytes": between("' b'"),
    "backslash at a line's end": between("\\\n"),
    "soft line break": between("=\r\n"),
    "full-width": lambda value, cut: value[:cut] + chr(ord(value[cut]) + 0xFEE0) + value[cut + 1 :],
    "JSON escape": lambda value, cut: f"{value[:cut]}\\u{ord(value[cut]):04x}{value[cut + 1 :]}",
    "hexadecimal escape": lambda value, cut: (
        f"{value[:cut]}\\x{ord(value[cut]):02x}{value[cut + 1 :]}"
    ),
    "percent": lambda value, cut: f"{value[:cut]}%{ord(value[cut]):02X}{value[cut + 1 :]}",
    "HTML": lambda value, cut: f"{value[:cut]}&#{ord(value[cut])};{value[cut + 1 :]}",
    "markdown": lambda value, _: value.replace("_", "\\_", 1),
    "zero-width in the prefix": lambda value, _: value[:2] + "\u200b" + value[2:],
}


@pytest.mark.parametrize("disguise", INSIDE)
@settings(max_examples=25, deadline=None)
@given(seeds, cuts)
@example(3456, 8)  # its "XXx" is no stand-in
def test_a_disguised_token_is_found_with_its_whole_span(disguise: str, seed: int, cut: int) -> None:
    hidden = INSIDE[disguise](token(seed), cut)
    text = f"key = '{hidden}' # mine"
    (finding,) = COMPILED.screen(text)
    assert (finding.rule, text[finding.start : finding.end]) == ("github-token", hidden)
    assert PLAIN.screen(text) == [finding]
    assert COMPILED.screen(mask(text, [finding])) == []


@settings(max_examples=60, deadline=None)
@given(
    seeds,
    st.integers(12, 30),
    st.sampled_from(["\n", "\r\n", "\n  ", "\n> "]),
    st.sampled_from([".\nplease", "</pre>", "**", '\\n",', "`"]),
)
def test_a_token_wrapped_before_its_end_is_found_whole(
    seed: int, cut: int, wrap: str, behind: str
) -> None:
    value = token(seed)
    # Cut so early that no rule sees a whole token on the first line.
    hidden = value[:cut] + wrap + value[cut:]
    text = f"use {hidden}{behind}"
    (finding,) = COMPILED.screen(text)
    assert text[finding.start : finding.end] == hidden
    assert PLAIN.screen(text) == [finding]


@settings(max_examples=40, deadline=None)
@given(seeds, st.sampled_from(["DB2_KEY={}", "AUTH0_SECRET = {}", "app_2.Key={}", "K9: {}"]))
def test_a_token_above_another_setting_is_not_joined_with_its_name(seed: int, line: str) -> None:
    # As long as lines that get wrapped, and of a length that may be more.
    value = assemble("sb{+}_secret_{alnum:31}", seed)
    text = f"THE_SECRET_KEY_OF_SUPABASE={value}\n{line.format('postgres2')}\n"
    (finding,) = COMPILED.screen(text)
    assert text[finding.start : finding.end] == value
    assert PLAIN.screen(text) == [finding]


@pytest.mark.parametrize("behind", ["Does not start, why?", "thanks, ana", "and the port"])
def test_a_value_that_ends_with_padding_does_not_go_on_with_the_sentence_below(behind: str) -> None:
    setting = assemble("jwt.secret={alnum:43}=", 5)
    (finding,) = COMPILED.screen(f"{setting}\n{behind}")
    assert finding.end == len(setting)
    assert PLAIN.screen(f"{setting}\n{behind}") == [finding]


BEFORE = [
    "\x1b[32m",
    "\\n",
    "\\t",
    "\\u003d",
    "%3D",
    "&quot;",
    "**token:** ",
    "`",
    "**",
    "\u3000",
    "f'",
    "b'",
]


@pytest.mark.parametrize("before", BEFORE)
def test_what_stands_before_a_token_hides_nothing(before: str) -> None:
    value = token(7)
    text = f"x {before}{value}"
    (finding,) = COMPILED.screen(text)
    assert text[finding.start : finding.end] == value
    assert PLAIN.screen(text) == [finding]


SENTENCES = [
    "**Password:** {}",
    "**Password**: {}",
    "the password is **{}**",
    "pass\u200bword: {}",
    "password\u00a0: {}",
    "\uff30\uff41\uff53\uff53\uff57\uff4f\uff52\uff44\uff1a{}",
    "password&#58; {}",
    "\x1b[1mpassword\x1b[0m: {}",
    '{{"note": "first\\npassword: {}"}}',
    "https://app.test/?password%3D{}",
    "<b>Password</b>: <code>{}</code>",
    "<p>Your temporary password is <strong>{}</strong>.</p>",
    "<tr><td>password</td><td>{}</td></tr>",
    "<tr><th>user</th><th>Password</th></tr>\n<tr><td>ana</td><td>{}</td></tr>",
    '<span class="label">Password</span><span class="value">{}</span>',
    "<dt>Passwort</dt><dd>{}</dd>",
    "Password:<br>{}<br>",
    "<b>{}</b> is your new password",
    "password = \\\n    '{}'",
    "PASSWORD = \\\n    {}",
]


@pytest.mark.parametrize("sentence", SENTENCES)
def test_a_disguised_noun_still_introduces_a_password(sentence: str) -> None:
    value = "Tulip-Harbor" + "42x"
    text = sentence.format(value)
    (finding,) = COMPILED.screen(text)
    assert text[finding.start : finding.end] == value
    assert PLAIN.screen(text) == [finding]


@settings(max_examples=40, deadline=None)
@given(seeds)
def test_a_whole_text_in_an_escape_gives_its_token_away(seed: int) -> None:
    value = token(seed)
    for written in (
        quote(f"a token={value}&b"),
        html.escape(f"<b>'{value}'</b>"),
        f"a {value}".encode("unicode_escape").decode(),
    ):
        (finding,) = COMPILED.screen(written)
        assert written[finding.start : finding.end] == value


CLEAN = [
    "print('loss: ' + str(loss))",
    "x = 'a' 'b'",
    "\x1b[0;31mValueError\x1b[0m: bad shape",
    "5 &lt; 6 &amp;&amp; 7",
    "**Note:** see chapter 12 and [the docs](https://x.test/a%20b)",
    "caf\u00e9\u00a0: 12\u00a0%",
    "re.compile('\\x41\\u0042')",
    "\u6587\u5b57\uff1a\uff21\uff22",
    "<td>Password</td><td>at least 12 characters</td>",
    "<p>Forgot your <b>password</b>? <a href='/reset'>Reset it</a>.</p>",
    "<code>token</code> is what <strong>generate_text()</strong> gives back",
    "model = \\\n    build_model(units=64)",
]


@pytest.mark.parametrize("text", CLEAN)
def test_a_disguise_of_nothing_is_clean(text: str) -> None:
    assert COMPILED.screen(text) == PLAIN.screen(text) == []


def test_a_stretch_that_is_looked_at_again_cuts_no_word_at_a_text_s_end() -> None:
    # In half of a word filters see less than in the word: a value that is none would be found.
    for length in (BLOCK + AFTER, BLOCK + AFTER + 97):
        data = "\u200b".encode() + b"x" * length
        assert stretches(data, [(0, 0)], ()) == [(0, len(data), 1)]
