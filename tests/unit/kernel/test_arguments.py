"""The ``%%agent_run`` line."""

from __future__ import annotations

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_agent.errors import RequestInvalid
from jupyter_agent.kernel.arguments import RunArguments, parse


def test_nothing_on_the_line_is_a_plain_run():
    assert parse("") == RunArguments()


def test_every_option_is_understood():
    line = (
        "-s DEMO_TOKEN -s api_key=DEMO_TOKEN --stdin PASSWORD --file KEY=SSH_KEY --file X=DEMO "
        "--template 'a b.toml' --template CONF=~/x=y "
        "-v city -v count --cwd 'a b' --timeout 2.5 "
        "--shell fish --out good --err bad --json answer --quiet --no-raise"
    )
    assert parse(line) == RunArguments(  # noqa: S604  (which shell, not whether)
        secrets={"DEMO_TOKEN": "DEMO_TOKEN", "api_key": "DEMO_TOKEN"},
        stdin="PASSWORD",
        files={"KEY": "SSH_KEY", "X": "DEMO"},
        templates={"TEMPLATE": "a b.toml", "CONF": "~/x=y"},
        cwd="a b",
        timeout=2.5,
        shell="fish",
        variables=("city", "count"),
        out="good",
        err="bad",
        json="answer",
        quiet=True,
        raises=False,
    )


def test_a_value_may_be_joined_to_a_long_option():
    assert parse("--out=text --timeout=3") == RunArguments(out="text", timeout=3.0)


@pytest.mark.parametrize(
    "line",
    [
        "-s",
        "-s --quiet",
        "--out",
        "--out 1x",
        "--out class",
        "--timeout soon",
        "--timeout 0",
        "--timeout -1",
        "--timeout inf",
        "--timeout nan",
        "--shell perl",
        "--stdin A --stdin A",
        "--file A",
        "--file =A",
        "--file LD_PRELOAD=A",
        "--file X=A --file X=B",
        "--file A=B -s A",
        "--template a --template b",
        "--template PATH=a",
        "--template X=a --file X=B",
        "-v http_proxy",
        "-v SSL_CERT_FILE",
        "--quiet=yes",
        "-v a-b",
        "-v PATH",
        "-v LD_PRELOAD",
        "-s PATH=DEMO",
        "-s A -s A=B",
        "-s DEMO -v DEMO",
        "--unknown",
        "-x",
        "echo hello",
        "'open",
    ],
)
def test_what_can_not_be_done_is_an_error(line):
    with pytest.raises(RequestInvalid):
        parse(line)


@pytest.mark.parametrize("line", ["-s", "-s --quiet", "--stdin", "--file", "--answer"])
def test_a_missing_label_is_never_called_a_value(line):
    with pytest.raises(RequestInvalid, match="needs a label behind it"):
        parse(line)


def test_a_template_whose_name_has_an_equals_sign_is_written_with_its_folder():
    assert parse("--template ./a=b").templates == {"TEMPLATE": "./a=b"}


def test_a_backslash_at_the_end_is_no_quote_that_is_not_closed():
    with pytest.raises(RequestInvalid, match="one line"):
        parse("-s DEMO_TOKEN \\")
    with pytest.raises(RequestInvalid, match="quote"):
        parse("-s 'DEMO_TOKEN")


@pytest.mark.parametrize("label", ["demo", "9A", "A-B", "A B", "", "X=", "=", "PYTHONPATH"])
def test_what_is_no_label_is_no_label(label):
    for option in ("-s ", "--stdin ", "--file X="):
        with pytest.raises(RequestInvalid):
            parse(option + shlex.quote(label))


@given(
    st.text("qzjx79", min_size=6),  # letters of none of our sentences
    st.sampled_from(
        [
            "-s {}",
            "--stdin {}",
            "--file X={}",
            "--file {}",
            "--shell {}",
            "-s A={}",
            "{}",
            "-v {}",
            "-{}",
            "--{}",
            "--{}=1",
        ]
    ),
)
def test_no_error_repeats_what_stood_on_the_line(text, line):
    # Somebody pastes the value where the label, an option or the script belongs.
    with pytest.raises(RequestInvalid) as caught:
        parse(line.format(text) if "-v" not in line else line.format(text + "-"))
    assert text not in str(caught.value)


@given(
    st.dictionaries(
        st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True).filter(lambda n: n not in _STEERING),
        st.from_regex(r"K[A-Z0-9_]{1,8}", fullmatch=True),
        max_size=5,
    )
)
def test_any_number_of_secrets_arrives_as_written(secrets):
    line = " ".join(f"-s {env}={label}" for env, label in secrets.items())
    assert parse(line).secrets == secrets


_STEERING = {"path", "home", "env", "ifs", "shell", "user", "logname", "zdotdir", "cdpath", "ps4"}
_STEERING |= {"tmpdir", "shellopts"}


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("--bg job --out x", "NAME.tail"),
        ("--bg job --json x", "NAME.tail"),
        ("--pty --err x", "--out NAME"),
        ("--answer A --err x", "--out NAME"),
    ],
)
def test_options_that_make_no_sense_together_are_refused(line, said):
    with pytest.raises(RequestInvalid) as refused:
        parse(line)
    assert said in refused.value.hint


def test_an_answer_takes_a_terminal_along_and_counts_as_a_label():
    arguments = parse("-s A -s X=B --answer B --answer C")
    assert arguments.pty
    assert (arguments.answers, arguments.labels) == (("B", "C"), ("A", "B", "C"))
