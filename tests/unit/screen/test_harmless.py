"""What every text is full of and no screen may stop at: stand-ins, references, ids and digests."""

from __future__ import annotations

import base64
import datetime as dt
import uuid

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from jupyter_agent.screen import Screener
from jupyter_agent.screen.examples import assemble
from jupyter_agent.screen.words import STAND_INS as WORDS

SCREENER = Screener()
# The first text that meets a rule compiles its expression; that is no time of the text.
CALM = settings(deadline=None)

NAMES = st.sampled_from(
    ["password", "db_password", "api_key", "API_KEY", "token", "secret", "client_secret", "DB_PASS"]
)
SIGNS = st.sampled_from(['{} = "{}"', "{}: {}", "{}={}", '"{}": "{}"', "export {}={}", "{} = '{}'"])
NOUN = st.sampled_from(["key", "token", "password", "secret", "api_key", "api-key"])
STAND_INS = st.one_of(
    st.builds("your_{}".format, NOUN),
    st.builds("YOUR-{}-HERE".format, NOUN),
    st.builds("<{}>".format, NOUN),
    st.builds("<your {}>".format, NOUN),
    st.builds("[{}]".format, NOUN),
    st.builds("{{{{ {} }}}}".format, NOUN),
    st.builds("${{{}}}".format, NOUN.map(lambda name: name.upper().replace("-", "_"))),
    st.builds("${}".format, NOUN.map(lambda name: name.upper().replace("-", "_"))),
    st.builds("%{}%".format, NOUN.map(lambda name: name.upper().replace("-", "_"))),
    st.builds("insert-{}-here".format, NOUN),
    st.builds("replace_with_{}".format, NOUN),
    st.builds("[secret:{}]".format, NOUN.map(lambda name: name.upper().replace("-", "_"))),
    st.integers(8, 40).map(lambda count: "x" * count),
    st.integers(8, 40).map(lambda count: "*" * count),
    st.integers(8, 40).map(lambda count: "\u2022" * count),
    st.sampled_from(["...", "changeme", "CHANGE_ME", "REDACTED", "placeholder", "dummy-value"]),
    st.sampled_from(
        ["sk-" + "...", "sk-" + "xxxxxxxxxxxxxxxxxxxx", "ghp" + "_xxxxxxxxxxxxxxxxxxxx"]
    ),
)
REFERENCES = st.one_of(
    st.builds('os.environ["{}"]'.format, NOUN.map(str.upper)),
    st.builds('os.getenv("{}")'.format, NOUN.map(str.upper)),
    st.builds("process.env.{}".format, NOUN.map(lambda name: name.upper().replace("-", "_"))),
    st.builds("settings.{}".format, NOUN.map(lambda name: name.replace("-", "_"))),
    st.builds("op://vault/item/{}".format, NOUN),
    st.builds("vault:secret/data/app#{}".format, NOUN),
    st.builds("secrets.{}".format, NOUN.map(lambda name: name.upper().replace("-", "_"))),
    st.builds('config.get("app", "{}")'.format, NOUN),
    st.sampled_from(
        ["getpass()", "getpass.getpass()", 'input("value: ")', "secrets.token_hex(16)"]
    ),
    st.sampled_from(["None", "null", "true", "false", "undefined", "nil", "str", "required"]),
)
HEX = "0123456789abcdef"


def clean(text: str) -> bool:
    return SCREENER.screen(text) == []


@CALM
@given(NAMES, SIGNS, STAND_INS)
@example("api_key", '{} = "{}"', "your_api_key")
def test_a_stand_in_is_no_secret_whatever_its_style(name: str, sign: str, value: str) -> None:
    assert clean(sign.format(name, value))


@CALM
@given(NAMES, st.sampled_from(["{} = {}", "{}={}", "{}: {}"]), REFERENCES)
def test_a_reference_is_no_secret(name: str, sign: str, value: str) -> None:
    assert clean(sign.format(name, value))


@CALM
@given(
    st.sampled_from(["commit {}", "sha1: {}", "revision='{}'", "git checkout {}", "etag {}", "{}"]),
    st.text(HEX, min_size=40, max_size=40),
)
def test_a_commit_is_no_secret(sentence: str, digest: str) -> None:
    assert clean(sentence.format(digest))


@CALM
@given(
    st.sampled_from(["sha256:{}", "digest = '{}'", "{}  model.bin", "checksum: {}", "md5sum {}"]),
    st.sampled_from([32, 56, 64, 96, 128]).flatmap(
        lambda size: st.text(HEX, min_size=size, max_size=size)
    ),
)
def test_a_digest_is_no_secret(sentence: str, digest: str) -> None:
    assert clean(sentence.format(digest))


@CALM
@given(
    st.sampled_from(["id = '{}'", "run {} failed", "/items/{}/edit", "request_id={}", "{}"]),
    st.uuids(),
)
def test_a_uuid_is_no_secret(sentence: str, value: uuid.UUID) -> None:
    assert clean(sentence.format(value))


@CALM
@given(
    st.sampled_from(["AZURE_TENANT_ID={}", "datadog org id: {}", "HEROKU_PROJECT_ID='{}'"]),
    st.uuids(),
)
def test_a_uuid_that_says_which_one_is_no_token_of_the_vendor(
    sentence: str, value: uuid.UUID
) -> None:
    assert clean(sentence.format(value))


@CALM
@given(st.binary(min_size=60, max_size=900))
@example(bytes(13) + b"\xf8\x03\xc0" + bytes(39) + b"\x02" + bytes(4))  # a prefix, soon
def test_a_picture_is_no_secret(picture: bytes) -> None:
    text = base64.b64encode(b"\x89PNG\r\n\x1a\n" + picture).decode()
    assert clean(f'<img src="data:image/png;base64,{text}">')
    assert clean(f'"image/png": "{text}"')


@CALM
@given(
    st.sampled_from(["on {}", "date: {}", "build {}", "password changed on {}", "code of {}"]),
    st.dates(dt.date(1950, 1, 1), dt.date(2100, 1, 1)),
    st.sampled_from(["%Y-%m-%d", "%d.%m.%Y", "%m/%d/%Y", "%Y%m%d", "%d %B %Y"]),
)
def test_a_date_is_no_secret(sentence: str, day: dt.date, style: str) -> None:
    assert clean(sentence.format(day.strftime(style)))


@CALM
@given(
    st.sampled_from(
        [
            "order number {}",
            "invoice {} was paid",
            "zip code {}",
            "error code {}",
            "ticket {} is open",
            "exit code {}",
            "postal code {}",
            "version {}",
            "{} rows and a login page",
            "PLZ {}",
            "code postal {}",
        ]
    ),
    st.integers(1_000, 99_999_999),
)
def test_a_number_with_another_meaning_is_no_code(sentence: str, number: int) -> None:
    assert clean(sentence.format(number))


@pytest.mark.parametrize(
    "template",
    [
        "pk{+}_live_{alnum:24}",
        "pk{+}_test_{alnum:24}",
        "cus_{alnum:14}",
        "client_id = '{digit:12}-{lowernum:32}.apps.googleusercontent.com'",
        "tenant_id: {hex:8}-{hex:4}-4{hex:3}-a{hex:3}-{hex:12}",
        "measurement_id: 'G-{uppernum:10}'",
        "arn:aws:iam::{digit:12}:role/reader",
        "project_id = 'acme-prod-{digit:6}'",
        "public_key = '{base64:43}='",
        "recaptcha_site_key = '6L{alnum:38}'",
        "publishable_key: {alnum:32}",
    ],
)
def test_what_is_public_by_design_is_no_secret(template: str) -> None:
    for seed in range(20):
        assert clean(assemble(template, seed)), assemble(template, seed)


@CALM
@given(st.sampled_from("abcdefghijkmnpqrstuvwxyz"), st.integers(0, 35))
def test_a_token_with_a_typo_is_still_found(letter: str, at: int) -> None:
    # The checksum in its last characters no longer fits.
    body = assemble("{alnum:36}", at)
    text = "gh" + "p_" + body[:at] + letter + body[at + 1 :]
    assert [(finding.start, finding.end) for finding in SCREENER.screen(text)] == [(0, len(text))]


def test_a_short_value_with_any_word_of_an_instruction_is_none() -> None:
    drawn = assemble("{alnum:12}")
    assert SCREENER.screen(f"api_key = '{drawn}'")
    assert not [word for word in WORDS if SCREENER.screen(f"api_key = '{word}-{drawn}'")]


def test_the_line_below_a_password_is_none() -> None:
    drawn = assemble("{alnum:9}")
    for text in (
        f"htpasswd -nb ana {drawn}\nplt.show()\n",
        f"nimm {drawn} als passwort\n\x1b[31mred\x1b[0m\n",
        f"curl https://acme.test -u {drawn}{drawn}:\\nplt.show()\\n",
    ):
        for finding in SCREENER.screen(text):
            assert text[finding.start : finding.end] in (drawn, drawn + drawn)


@pytest.mark.parametrize(
    "line", ["AK{+}Chb{alnum:59}", "{alnum:20}+AP{+}5q{alnum:39}", "{alnum:64}"]
)
@pytest.mark.parametrize("head", ["CERTIFICATE", "PGP PUBLIC KEY BLOCK"])
def test_no_line_of_a_public_block_is_a_token_by_chance(head: str, line: str) -> None:
    above = assemble("{alnum:20}m3o{alnum:21}+{alnum:18}/", 3)
    chance = assemble(line, 4)
    text = f"-----BEGIN {head}-----\n{above}\n{chance}\n{above[::-1]}\n-----END {head}-----\n"
    assert SCREENER.screen(text) == []


def test_a_token_below_another_one_is_no_line_of_a_block() -> None:
    above, below = (assemble("AK{+}Cp{alnum:69}", seed) for seed in (5, 6))
    assert len(SCREENER.screen(f"{above}\n{below}\n")) == 2
