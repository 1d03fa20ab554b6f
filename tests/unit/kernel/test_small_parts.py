"""Identity, tables, failures and the form's page part."""

from __future__ import annotations

import builtins
import subprocess
from types import SimpleNamespace
from unittest.mock import Mock, patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_agent.errors import AgentError
from jupyter_agent.kernel import entry_widget, failures, tables
from jupyter_agent.kernel.background import BackgroundRun
from jupyter_agent.kernel.guard import Guard
from jupyter_agent.kernel.identity import hello
from jupyter_agent.screen import stub as stubs
from jupyter_agent.screen.box import Found, Stop
from jupyter_agent.server.blocks import Blocks


def _shell(**names):
    return SimpleNamespace(user_ns=names)


# -- identity


def test_a_capability_makes_a_kernel_and_nothing_else_does():
    assert hello(_shell(), {"JUPYTER_AGENT_CAPABILITY": "c"}).role == "kernel"
    assert hello(_shell(), {"JUPYTER_AGENT_CAPABILITY": "c"}).proof == {"capability": "c"}
    assert hello(_shell(), {}).role == "guest"
    assert hello(_shell(), {}).proof == {}


def test_a_notebook_name_is_a_claim_wherever_it_comes_from():
    assert hello(_shell(), {"JPY_SESSION_NAME": "/a.ipynb"}).claims["notebook"] == "/a.ipynb"
    assert hello(_shell(__vsc_ipynb_file__="/b.ipynb"), {}).claims["notebook"] == "/b.ipynb"
    assert "notebook" not in hello(_shell(__vsc_ipynb_file__=5), {}).claims


# -- failures


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (1, "ended with exit code 1"),
        (143, "was ended by SIGTERM"),
        (255, "ended with exit code 255"),
    ],
)
def test_an_exit_code_is_said_in_words(code, words):
    error = failures.failure({"exit": code}, "false", None, "out", None)
    assert isinstance(error, subprocess.CalledProcessError)
    assert type(error).__name__ == "CalledProcessError"
    assert words in error._render_traceback_()[0]
    assert (error.returncode, error.cmd, error.output) == (code, "false", "out")


def test_success_is_no_failure():
    assert failures.failure({"exit": 0}, "true", None, None, None) is None


def test_a_timeout_is_both_errors():
    error = failures.failure({"exit": 124, "timed_out": True}, "sleep 9", 2.0, None, None)
    assert isinstance(error, TimeoutError)
    assert isinstance(error, subprocess.CalledProcessError)
    assert error.returncode == 124


# -- tables


def test_columns_are_aligned_and_empty_cells_leave_no_blanks():
    table = tables.Table(("a", "long heading"), [("xxxx", "1"), ("y", "")])
    assert repr(table) == "a     long heading\nxxxx  1\ny"


@given(st.lists(st.tuples(st.text(), st.text()), min_size=1))
def test_no_cell_becomes_markup(rows):
    html = tables.Table(("a", "b"), rows)._repr_html_()
    assert html.count("<") == html.count("</") * 2
    assert html.count("<td") == 2 * len(rows)


def test_a_screen_reader_is_told_what_is_a_heading():
    headed = tables.Table(("a", "b"), [("1", "2")])._repr_html_()
    assert headed.count('scope="col"') == 2
    facts = tables.Table(("", ""), [("kind", "password"), ("uses", "3")])
    assert facts._repr_html_().count('scope="row"') == 2
    assert "<thead" not in facts._repr_html_()
    assert repr(facts) == "kind  password\nuses  3"


def test_what_is_denied_does_not_read_like_what_is_permitted():
    always = {"label": "DEMO", "pattern": "gh auth *", "notebook": None, "who": None}
    agents = {**always, "who": "agent:claude-code"}
    shown = tables.secret({"label": "DEMO"}, [{**always, "deny": True}, always, agents])
    assert [row[1] for row in shown.rows if row[0] == "grant"] == [
        "not: gh auth *, any notebook",
        "gh auth *, any notebook",
        "gh auth *, agent:claude-code",
    ]


# -- the guard


def test_a_stub_is_clean_for_the_guard_that_made_it():
    guard = Guard(_shell())
    body = "aB3dE6gH9jK2mN5pQ8sT1vW4yZ7" * 2
    stub = guard.replacement("key = '" + "sk-" + "proj-" + body[:48] + "'")
    assert stub
    assert guard.replacement(stub) is None


def test_a_servers_stub_is_clean_for_the_guard_in_the_kernel():
    # Or the box would be the kernel's, which has nothing to allow and nothing to save.
    guard = Guard(_shell())
    for kind, title in (("password", "Password in a sentence"), ("login-code", "Login code")):
        told = {"rule": "a-rule", "kind": kind, "title": title, "start": 25, "end": 40}
        stopped = Found({**told, "preview": "•" * 8}, "PASSWORD")
        for _ in range(20):
            name = Blocks().remember([("a-rule", "11")], "/home/ana/a.ipynb")
            assert guard.replacement(stubs.code(Stop((stopped,), block=name))) is None


@pytest.mark.parametrize(
    "text",
    ["%secret set DEMO", "%secret list", "%secret rename A B", "x = 1"],
)
def test_the_secret_magic_itself_is_not_stopped(text):
    assert Guard(_shell()).replacement(text) is None


@pytest.mark.parametrize(
    "text", ["%secret set DEMO pw", "%secret set my pass", "%secret replace A b"]
)
def test_a_value_on_the_secret_line_is_stopped(text):
    assert "value-on-secret-line" in (Guard(_shell()).replacement(text) or "")


# -- the form


def test_a_form_without_its_page_part_says_what_to_do(monkeypatch, tmp_path):
    monkeypatch.setattr(entry_widget.resources, "files", lambda _: tmp_path)
    with pytest.raises(AgentError, match="jupyter agent secret set"):
        entry_widget.entry_widget("DEMO", "set", lambda: None)


def test_whoever_stops_waiting_for_a_run_is_told_that_it_goes_on():
    run = BackgroundRun("JOB", Mock(), 1)
    with (
        patch.object(run, "_over", Mock(wait=Mock(side_effect=builtins.KeyboardInterrupt))),
        pytest.raises(builtins.KeyboardInterrupt, match=r"JOB goes on .* JOB\.stop\(\)") as stopped,
    ):
        run.wait()
    assert len(stopped.value._render_traceback_()) == 1  # instead of our own frames
