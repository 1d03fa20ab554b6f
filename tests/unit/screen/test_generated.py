"""Passwords as managers draw them hold what ends, begins or excuses other values."""

from __future__ import annotations

import string
from random import Random

import pytest

from jupyter_agent.screen import Screener, load_rules
from jupyter_agent.screen.generated import generated_in, is_generated, trimmed, whole_end

RULES = load_rules()
SCREENER = Screener(Screener(rules=RULES).compile(), rules=RULES, clock=lambda: 0.0)
KINDS = {
    "letters and digits": "",
    "eight signs": "!@#$%^&*",
    "no quotation marks": "!#$%&()*+,-./:;<=>?@[]^_{|}~",
    "every sign": string.punctuation,
}
SAID = (
    "my password is {}",
    "log in as ana with {} on the portal",
    "password: {}",
    "das Passwort lautet {}",
    "пароль {}",
    "user: ana, pass: {}",
    "DB_PASSWORD={}",
    "use {} as the password for the vpn",
    "{} is the password",
    "the root pw on it is {}, don't lose it",
)
WRITTEN = (
    "type(L2[0])",
    "pd.eval('df2.T[0]')",
    "nn.Conv2d(32, 64, 3)",
    "getpass.getpass()",
    "A[i,j]+=B[k]*3/C2",
    "${DB_PASSWORD:-Ab1$}",
    "{{ .Values.Db2.password }}",
    "<Your-Password-2>",
    "https://acme.test/?v=dQ7$w4Xg",
    "I\\342\\200\\231m A2",
    "=?UTF-8?Q?caf=C3=A9?=",
    "Kettle-Harbor-42-Tulip!",
    "[A-Za-z0-9]+",
    "f(x)&&g(Y2)||H3",
    "&#x3C;SpanA1;",
)


def drawn(kind: str, times: int) -> list[str]:
    """Passwords of 10 to 18 characters with a letter and a digit."""
    random = Random(kind)
    letters = string.ascii_letters + string.digits + KINDS[kind]
    lengths = [random.randrange(8, 17) for _ in range(times)]
    return [
        random.choice("aBc") + random.choice("37") + "".join(random.choices(letters, k=n))
        for n in lengths
    ]


@pytest.mark.parametrize(
    ("kind", "found_least", "exact_least"),
    [
        ("letters and digits", 0.98, 0.98),
        ("eight signs", 0.97, 0.95),
        ("no quotation marks", 0.95, 0.85),
        ("every sign", 0.93, 0.75),
    ],
)
def test_what_a_manager_drew_is_found_wherever_it_is_said(
    kind: str, found_least: float, exact_least: float
) -> None:
    found = exact = all_of_them = 0
    for said in SAID:
        for value in drawn(kind, 100):
            text = said.format(value)
            start = said.index("{")
            spans = [(each.start, each.end) for each in SCREENER.screen(text)]
            found += any(begin < start + len(value) and start < end for begin, end in spans)
            exact += (start, start + len(value)) in spans
            all_of_them += 1
    assert found >= found_least * all_of_them, found / all_of_them
    assert exact >= exact_least * all_of_them, exact / all_of_them


def test_it_is_found_whole_between_the_quotation_marks_of_code() -> None:
    values = [v for v in drawn("every sign", 300) if not set(v) & {'"', "\\"}]
    for value in values:
        for text in (f'password = "{value}"', f'{{"db_password": "{value}"}}'):
            found = [text[each.start : each.end] for each in SCREENER.screen(text)]
            assert value in found or not is_generated(value), (text, found)


@pytest.mark.parametrize("text", WRITTEN)
def test_what_people_and_programs_write_was_not_drawn(text: str) -> None:
    assert not is_generated(text)
    assert not generated_in(text, 0, len(text))


def test_a_value_that_goes_on_behind_a_bracket_ends_where_it_ends() -> None:
    value = "a7Kq2(Lm9wT<z"
    for behind in (
        "",
        " and more",
        ", user=ana",
        ";Port=5432",
        "</password>",
        "\\n",
        "@db.acme.test/x",
    ):
        text = f"pw={value}{behind}"
        assert text[3 : whole_end(text, 3, 8)] == value
    assert whole_end("password=foo(bar)", 9, 12) == 12
    assert trimmed("a7Kq2(Lm9wT).") == "a7Kq2(Lm9wT)"
    assert trimmed("a7Kq2Lm9wT).") == "a7Kq2Lm9wT"


@pytest.mark.parametrize("value", [r"\s-1MIME\s0", r"\s-1DES,\s0", r"\s+2PEM\s0"])
def test_a_size_of_letters_in_a_manual_page_was_not_drawn(value: str) -> None:
    assert not is_generated(value)


def test_what_looks_like_the_next_field_ends_no_password_that_has_hardly_begun() -> None:
    value = "h~UU;f" + "=L(V+7"
    for name in ("Kennwort: ", "password: ", "DB_PASSWORD="):
        (finding,) = SCREENER.screen(name + value)
        assert (finding.start, finding.end) == (len(name), len(name + value))
    field = "password=" + "h~UU4fL(V+7"
    (finding,) = SCREENER.screen(field + ";Server=db")
    assert finding.end == len(field)
