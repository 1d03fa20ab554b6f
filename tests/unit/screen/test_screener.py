from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from itertools import chain, count, repeat
from pathlib import Path

import pytest

from jupyter_agent.errors import ScreenTimeout
from jupyter_agent.screen import Finding, Screener, mask, preview, to_json
from jupyter_agent.screen.examples import assemble

PLAIN = Screener()
COMPILED = Screener(PLAIN.compile())


@pytest.fixture(params=[PLAIN, COMPILED], ids=["plain", "compiled"])
def screener(request: pytest.FixtureRequest) -> Screener:
    engine: Screener = request.param
    return engine


def seen(screener: Screener, text: str) -> list[tuple[str, str]]:
    return [(finding.kind, text[finding.start : finding.end]) for finding in screener.screen(text)]


@pytest.mark.parametrize(
    ("text", "kind", "secret"),
    [
        ("my password is hunter2!!", "password", "hunter2!!"),
        ('the pw: "Tr0ub4dor&3".', "password", "Tr0ub4dor&3"),
        ("login with user bob and password gr33n-Kettle", "password", "gr33n-Kettle"),
        ("my login code is 482913", "login-code", "482913"),
        ("2FA code 123 456", "login-code", "123 456"),
        # A keyword ("pass is ") that ends behind its gate.
        ("my pass is kettle4242!", "password", "kettle4242!"),
        ("verification code: G-123456", "login-code", "G-123456"),
        ("postgres://app:" + "s3cr3tpw" + "@db:5432/prod", "connection-string", "s3cr3tpw"),
        ("https://ana:Kettle77pond@files.test/x", "password", "Kettle77pond"),
    ],
)
def test_the_span_is_the_secret_itself(
    screener: Screener, text: str, kind: str, secret: str
) -> None:
    assert seen(screener, text) == [(kind, secret)]


@pytest.mark.parametrize(
    "text",
    [
        "HTTP code 200",
        "exit code 137",
        "my zip code is 94110",
        "error code 0x80070005 and error code 500123",
        "password = getpass()",
        "tokenizer = AutoTokenizer.from_pretrained('bert-base-uncased')",
        "model.generate(**inputs, max_tokens=512, pad_token_id=50256)",
        "token_ids = [101, 2023, 102]",
        "run 8f14e45f-ceea-467f-a9af-32c5c5ae1234 failed",
        "git checkout 536c766299b9e66d0c5b40fbf1ce1d1be5f34c56",
        "os.environ['OPENAI_API_KEY']",
        "api_key=os.environ['OPENAI_API_KEY']",
        'f"https://{user}:{password}@host/"',
        "export API_KEY=$OTHER_KEY",
        "password: {{DB_PASSWORD}}",
        "password=[secret:DB_PASSWORD]",
        "",
    ],
)
def test_ordinary_text_is_clean(screener: Screener, text: str) -> None:
    assert screener.screen(text) == []


def test_a_basic_header_is_its_base64_and_nothing_else(screener: Screener) -> None:
    text = assemble("-H 'Authorization: Basic {basic:12}'")
    assert seen(screener, text) == [("password", text.split("Basic ")[1].rstrip("'"))]


def test_a_private_key_runs_from_begin_through_end(screener: Screener) -> None:
    key = assemble("-----BEGIN {+}PRIVATE KEY-----\n{pem:4}\n-----END {+}PRIVATE KEY-----")
    assert seen(screener, f"key:\n{key}\nthanks") == [("private-key", key)]


def test_a_recovery_phrase_runs_from_its_first_to_its_last_word(screener: Screener) -> None:
    phrase = assemble("{phrase:12}")
    for after in (".", " and it is mine", "\n\nwhat now", " please restore it"):
        assert seen(screener, f"seed phrase: {phrase}{after}") == [("recovery", phrase)]


def test_each_backup_code_is_a_finding_of_its_own(screener: Screener) -> None:
    assert seen(screener, "backup codes:\n8f3a-21bc\n77de-90aa") == [
        ("recovery", "8f3a-21bc"),
        ("recovery", "77de-90aa"),
    ]


def test_a_vendor_token_in_a_password_field_is_named_by_its_vendor(screener: Screener) -> None:
    text = assemble("password = 'gh{+}p_{alnum:36}'")
    assert [finding.rule for finding in screener.screen(text)] == ["github-token"]


def test_findings_are_in_code_points_whatever_stands_before(screener: Screener) -> None:
    token = assemble("gh{+}p_{alnum:36}")
    for before in ("", "é ", "密码 ", "\U0001f511 ", "\ud83d ", "\x00 ", "İı "):
        (finding,) = screener.screen(before + token)
        assert (finding.start, finding.end) == (len(before), len(before) + len(token))


def test_browsers_get_utf16_units_and_no_value() -> None:
    text = "\U0001f511 my password is Tulip-Harbor42, ok"
    (finding,) = PLAIN.screen(text)
    shown = to_json(finding, text, PLAIN.rule(finding.rule))
    assert shown == {
        "rule": "password-sentence",
        "kind": "password",
        "title": "Password in a sentence",
        "start": finding.start + 1,
        "end": finding.end + 1,
        "preview": "\u2022" * 8,
    }
    assert "Tulip" not in json.dumps(shown) + repr(finding)


def test_a_preview_of_a_vendor_token_is_the_public_prefix_and_dots() -> None:
    text = assemble("sk-{+}proj-{word:60}")
    (finding,) = PLAIN.screen(text)
    assert preview(text, finding, PLAIN.rule(finding.rule)) == "sk-" + "proj-" + "\u2022" * 8


def test_a_masked_text_reads_on() -> None:
    text = "my password is hunter2!! and it works"
    assert (
        mask(text, PLAIN.screen(text)) == "my password is [secret:password-sentence] and it works"
    )


def test_a_finding_can_not_be_changed_and_has_no_room_for_a_value() -> None:
    finding = Finding("rule", "password", 1, 2)
    with pytest.raises(AttributeError):
        finding.start = 3  # type: ignore[misc]
    assert not hasattr(finding, "__dict__")


def test_a_megabyte_of_clean_text_is_screened(screener: Screener) -> None:
    assert screener.screen("the quick brown fox jumps over it; " * 30_000) == []


def test_a_secret_at_the_end_of_a_megabyte_is_found(screener: Screener) -> None:
    text = "x = 1\n" * 170_000 + assemble("gh{+}p_{alnum:36}")
    assert [finding.rule for finding in screener.screen(text)] == ["github-token"]


HOSTILE = [
    "password ",
    "password is ",
    "password=",
    "-----BEGIN PRIVATE KEY-----\n",
    "sk-",
    "eyJ.",
    "eyJ" + "a" * 60 + ".",
    "://a:",
    "://:",
    "my login code is the ",
    "seed: word word ",
    "token=a1",
    "curl -u ",
    "mysql -u -u ",
    "akia",
    "echo a | sudo -s",
    "cookie: a=b; ",
    "backup codes: aaaa-aaaa ",
    "A" * 100,
    "password is password for the my the my ",
]


@pytest.mark.parametrize("piece", HOSTILE)
def test_a_hostile_text_takes_its_budget_at_most(screener: Screener, piece: str) -> None:
    text = piece * (200_000 // len(piece))
    began = time.thread_time()
    with contextlib.suppress(ScreenTimeout):
        screener.screen(text)
    budget = 0.1 if screener.compiled else 0.8
    # The rest is one expression that may finish, and compiling them.
    assert time.thread_time() - began < budget + 0.4


def test_looking_for_keywords_in_a_long_text_counts_too() -> None:
    """It is looked at in pieces; between two of them others have their turn."""
    ticks: Iterator[int] = count()
    slow = Screener(clock=lambda: next(ticks))
    assert slow.screen("." * 60_000) == []
    with pytest.raises(ScreenTimeout):
        slow.screen("." * 200_000)


def test_over_its_budget_a_text_counts_as_blocked() -> None:
    ticks: Iterator[int] = count()
    slow = Screener(clock=lambda: next(ticks))
    with pytest.raises(ScreenTimeout) as blocked:
        slow.screen("password = " * 1000)
    assert "password =" not in f"{blocked.value}{blocked.value!r}"


def test_one_long_pause_is_not_held_against_a_small_text() -> None:
    # The garbage collector of a kernel with a large heap may stop everything for a second.
    readings = chain([0.0, 0.0, 0.0], repeat(1.0))
    paused = Screener(clock=lambda: next(readings))
    assert paused.screen("password = getpass()\n" * 50 + "my password is hunter2!!")


def test_an_unusable_database_is_refused_and_the_engine_in_use_stays() -> None:
    screener = Screener()
    with pytest.raises(ValueError, match="does not accept"):
        screener.adopt(b"not a database")
    assert not screener.compiled
    assert screener.screen("my password is hunter2!!")


def test_screening_never_compiles_by_itself() -> None:
    screener = Screener()
    screener.screen("my password is hunter2!!")
    assert not screener.compiled


def test_the_fingerprint_depends_on_the_rules() -> None:
    fewer = Screener(rules=[PLAIN.rule("github-token")])
    assert Screener().fingerprint == PLAIN.fingerprint != fewer.fingerprint


def test_threads_share_one_screener() -> None:
    text = "my password is hunter2!! " + "x" * 20_000
    wrong: list[object] = []

    def work() -> None:
        for _ in range(100):
            found = COMPILED.screen(text)
            if [finding.start for finding in found] != [15]:
                wrong.append(found)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def run(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[3],
    )
    return done.stdout.strip()


def test_importing_loads_neither_hyperscan_nor_the_rules() -> None:
    assert (
        run(
            "import sys, jupyter_agent.screen;"
            "print([m for m in ('hyperscan', 'tomllib', 'hashlib', 'asyncio') if m in sys.modules])"
        )
        == "[]"
    )


def test_without_hyperscan_the_same_secrets_are_found() -> None:
    code = (
        "import sys; sys.modules['hyperscan'] = None\n"
        "from jupyter_agent.screen import Screener\n"
        "s = Screener()\n"
        "print([f.rule for f in s.screen('my password is hunter2!!')], s.compiled)\n"
        "try: s.compile()\n"
        "except ImportError: print('no compiler')"
    )
    assert run(code) == "['password-sentence'] False\nno compiler"


def test_screening_opens_no_socket() -> None:
    code = (
        "import sys\n"
        "sys.addaudithook(lambda e, a: sys.exit('socket') if e.startswith('socket.') else None)\n"
        "from jupyter_agent.screen import Screener\n"
        "s = Screener(); s.adopt(s.compile()); print(len(s.screen('my password is hunter2!!')))"
    )
    assert run(code) == "1"


def test_headers_of_many_cookies_are_screened_in_their_time() -> None:
    # A blank that two parts of an expression may take doubles its time with each cookie.
    header = "Cookie: " + "; ".join(f"k{number}=v{number}x" for number in range(14)) + "\n"
    assert Screener().screen(header * 200) == []
