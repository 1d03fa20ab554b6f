"""``jupyter agent run`` puts values where a command wants them."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.one_broker


def test_standard_input_files_and_templates_reach_the_command(cli, granted):
    text = 'password = "{{DEMO_TOKEN}}"\n'
    (cli.cwd / "app.toml").write_text(text, encoding="utf-8")
    options = ["--stdin", "DEMO_TOKEN", "--file", "KEY=DEMO_TOKEN", "--template", "app.toml"]
    script = 'cat; echo; cat "$KEY"; echo; cat "$TEMPLATE"; echo "${TEMPLATE##*/}" "$KEY"'
    done = cli("run", *options, "-c", script)
    assert (done.code, done.err) == (0, b"")
    *lines, last = done.out.decode().splitlines()
    marker = "[secret:DEMO_TOKEN]"
    assert lines == [marker, marker, f'password = "{marker}"']
    name, path = last.split(" ", 1)
    assert name == "app.toml"
    assert not Path(path).exists()
    assert granted.search_tree(cli.cwd) == []


def test_a_program_gets_them_without_a_shell(cli, granted):
    done = cli("run", "--stdin", "DEMO_TOKEN", "--", "cat")
    assert (done.code, done.out) == (0, b"[secret:DEMO_TOKEN]")


def test_shells_and_markers(cli, granted):
    for shell, script in {
        "sh": "echo {{DEMO_TOKEN}}; exit 3",
        "zsh": "print {{DEMO_TOKEN}}; exit 3",
        "fish": "echo {{DEMO_TOKEN}}; exit 3",
        "python": "print({{DEMO_TOKEN}}); exit(3)",
    }.items():
        done = cli("run", "--shell", shell, "-c", script)
        assert (done.code, done.out) == (3, b"[secret:DEMO_TOKEN]\n"), shell


def test_python_is_the_one_of_the_terminals_environment(cli):
    env = {"VIRTUAL_ENV": sys.prefix, "PATH": "/usr/bin:/bin"}
    done = cli("run", "--shell", "python", "-c", "import sys; print(sys.prefix)", env=env)
    assert done.out.decode() == f"{sys.prefix}\n"


def test_what_makes_no_sense_is_refused_before_anything_runs(cli, granted):
    (cli.cwd / "none").write_text("no marker", encoding="utf-8")
    for words in (
        ["--stdin", "not a label", "--", "touch", "ran"],
        ["--file", "DEMO_TOKEN", "--", "touch", "ran"],
        ["--file", "LD_PRELOAD=DEMO_TOKEN", "--", "touch", "ran"],
        ["--template", "missing", "--", "touch", "ran"],
        ["--template", "none", "--", "touch", "ran"],
        ["--shell", "perl", "-c", "touch ran"],
        ["-c", "touch ran; echo '{{DEMO_TOKEN}}'"],
        ["--", "touch", "ran", "{{DEMO_TOKEN}}"],
        ["--stdin", "UNKNOWN_LABEL", "--", "touch", "ran"],
        ["-c", "touch ran; echo {{UNKNOWN_LABEL}}"],
    ):
        done = cli("run", *words)
        assert (done.code, done.out) == (125, b""), words
        assert done.err
    assert not (cli.cwd / "ran").exists()


def test_the_line_that_grants_it_covers_standard_input_too(cli, saved):
    command = ("run", "--stdin", "DEMO_TOKEN", "--", "cat")
    refused = cli(*command)
    assert (refused.code, refused.out) == (125, b"")
    line = refused.err.decode().partition("terminal: ")[2].strip().splitlines()[0]
    assert cli(*shlex.split(line)[2:]).code == 0
    assert cli(*command).out == b"[secret:DEMO_TOKEN]"


def test_help_says_where_values_can_go(cli):
    shown = cli("run", "--help").out.decode()
    for word in ("--stdin LABEL", "--file ENV=LABEL", "--template [ENV=]FILE", "fish", "{{LABEL}}"):
        assert word in shown


def test_nothing_of_the_callers_goes_along(cli, granted):
    mine = {"OPENAI_API_KEY": "x", "JPY_PARENT_PID": "1", "https_proxy": "http://evil.example"}
    done = cli("run", "-s", "DEMO_TOKEN", "--shell", "python", "-c", _NAMES, env=mine)
    names = set(done.out.decode().split())
    handed_on = {"PATH", "LANG", "LANGUAGE", "TZ", "TERM", "VIRTUAL_ENV", "CONDA_PREFIX"}
    assert names - handed_on - {
        name for name in os.environ if name.startswith(("LC_", "CONDA_"))
    } <= {
        "DEMO_TOKEN",
        "HOME",
        "LOGNAME",
        "USER",
        "LC_CTYPE",  # Python sets it for itself
    }


_NAMES = "import os; print(*os.environ)"
