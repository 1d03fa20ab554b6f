"""A run request, before anybody is asked."""

from __future__ import annotations

import os

import pytest
from steps import request

from jupyter_agent.broker.commands import named
from jupyter_agent.broker.wanted import MAX_SCRIPT, read_wanted
from jupyter_agent.errors import AgentError, RequestInvalid


def test_a_script_runs_in_a_shell_that_reads_no_rc_file():
    wanted = read_wanted(request("echo hello"))
    assert wanted.argv[1:] == ("--noprofile", "--norc", "-c", "echo hello")


def test_arguments_are_shown_as_a_shell_would_need_them():
    wanted = read_wanted(request(None, argv=["echo", "a b"]))
    assert wanted.command == "echo 'a b'"


@pytest.mark.parametrize(
    "change",
    [
        {"cwd": "relative"},
        {"timeout": 0},
        {"timeout": "1"},
        {"shell": "perl"},
        {"script": None},
        {"script": "a\0b"},
        {"script": "x" * (MAX_SCRIPT + 1)},
        {"argv": ["x"], "script": "y", "secrets": "no"},
        {"env": {"LD_PRELOAD": "x"}},
        {"env": {"ld_preload": "x"}},
        {"env": {"OK": "a\0b"}},
        {"secrets": [{"label": "A", "env": "X"}, {"label": "B", "env": "X"}]},
    ],
)
def test_what_can_not_be_meant_is_refused(change):
    with pytest.raises(RequestInvalid):
        read_wanted({**request("true"), **change})


@pytest.mark.parametrize(
    "name",
    [
        "LD_PRELOAD",
        "DYLD_INSERT_LIBRARIES",
        "PYTHONPATH",
        "PYTHONSTARTUP",
        "NODE_OPTIONS",
        "BASH_ENV",
        "ENV",
        "GIT_SSH_COMMAND",
        "PATH",
        "PERL5OPT",
        "PERLLIB",
        "RUBYOPT",
        "JAVA_TOOL_OPTIONS",
        "_JAVA_OPTIONS",
        "IFS",
        "PS4",
        "PROMPT_COMMAND",
        "SHELLOPTS",
        "BASHOPTS",
        "ZDOTDIR",
        "FPATH",
        "fish_function_path",
        "__fish_config_dir",
        "FISH_UNIT_TESTS",
        "GLIBC_TUNABLES",
        "GCONV_PATH",
        "XDG_CONFIG_HOME",
        "JUPYTER_TOKEN",
        "JPY_API_TOKEN",
        "HOME",
        "SHELL",
        "TMPDIR",
        "EDITOR",
        "PAGER",
        "LESSOPEN",
        "OPENSSL_CONF",
        "CLASSPATH",
        "LESS",
        "MAKEFLAGS",
        "TAR_OPTIONS",
        "GOFLAGS",
        "RUSTC_WRAPPER",
        "ld_preload",
        "a-b",
    ],
)
def test_a_variable_that_steers_programs_is_refused_for_every_use(name):
    uses = (
        {"secrets": [{"label": "A", "env": name}]},
        {"files": [{"label": "A", "env": name}]},
        {"templates": [{"env": name, "name": "t", "text": "{{A}}"}]},
        {"env": {name: "x"}},
    )
    for use in uses:
        if name == "PATH" and "env" in use:
            continue  # the caller's own, handed on by name
        with pytest.raises(RequestInvalid):
            read_wanted({**request("true"), **use})


@pytest.mark.parametrize(
    "name",
    [
        *("http_proxy", "HTTPS_PROXY", "SSL_CERT_FILE", "PGHOST", "KUBECONFIG", "PIP_INDEX_URL"),
        *("npm_config_registry", "NPM_CONFIG_REGISTRY", "GOPROXY", "CARGO_HTTP_PROXY"),
    ],
)
def test_what_leads_programs_elsewhere_may_hold_a_label_and_nothing_else(name):
    with pytest.raises(RequestInvalid, match="leads programs elsewhere"):
        read_wanted(request("true", env={name: "x"}))
    assert read_wanted(request("true", f"{name}=A")).injection.variables == {name: "A"}


def test_what_is_permitted_has_no_name_of_its_own_in_the_plain_case_only():
    assert read_wanted(request("true", "A", "B")).identity == ""
    assert read_wanted({**request("true", "A"), "shell": "sh"}).identity == ""
    assert read_wanted(request(None, "A", argv=["true"])).identity == ""
    assert read_wanted(request("echo {{A}}")).identity == ""
    others = [
        request("true", "X=A"),
        request("true", stdin="A"),
        request("true", files=[{"env": "X", "label": "A"}]),
        request("true", templates=[{"env": "X", "name": "a", "text": "{{A}}"}]),
        request("true", templates=[{"env": "X", "name": "b", "text": "{{A}}"}]),
        request("true", templates=[{"env": "X", "name": "a", "text": "{{A}}."}]),
        request("true", "A", env={"X": "1"}),
        {**request("true", "A"), "shell": "zsh"},
        request("true", "A", stdin="A"),
    ]
    identities = {read_wanted(other).identity for other in others}
    assert "" not in identities
    assert len(identities) == len(others)


def test_a_variable_is_asked_for_once():
    file = [{"env": "X", "label": "A"}]
    for wrong in (
        request("true", "X=A", files=file),
        request("true", files=file, templates=[{"env": "X", "name": "a", "text": "{{A}}"}]),
        request("true", "X=A", env={"X": "1"}),
        request("echo {{X}}", files=file),
        request("echo {{X}}", "X=A"),
    ):
        with pytest.raises(RequestInvalid, match="asked for twice"):
            read_wanted(wrong)


def test_a_value_with_a_zero_byte_can_not_be_a_variable():
    wanted = read_wanted(request("true", "A"))
    with pytest.raises(AgentError, match="zero byte"):
        wanted.environment({"A": b"x\0y"}, None)


def test_a_value_that_is_no_text_passes_byte_for_byte():
    wanted = read_wanted(request("true", "A"))
    assert os.fsencode(wanted.environment({"A": b"\xff\xfe"}, None)["A"]) == b"\xff\xfe"


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("cat x | grep y && ls; (sort)", ["cat", "grep", "ls", "sort"]),
        ("A=1 env", ["env"]),
        ("one \\\n two\nthree", ["one", "three"]),
        ("echo 'a; b'", ["echo"]),
        ("echo 'open", ["echo"]),
        ("", []),
    ],
)
def test_the_programs_a_script_names_are_shown(script, words):
    assert named(script) == words
