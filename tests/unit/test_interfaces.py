"""docs/interfaces.md and the code say the same."""

from __future__ import annotations

import dataclasses
import inspect
import re
import subprocess
import sys
import tomllib

import pytest
from sources import ROOT

from jupyter_agent import cli
from jupyter_agent.cli.screening import HOSTS
from jupyter_agent.cli.screening.found import Found
from jupyter_agent.errors import GrantRequired, ScreenTimeout
from jupyter_agent.folders import Folders
from jupyter_agent.kernel import arguments
from jupyter_agent.screen import Finding, Screener, box
from jupyter_agent.scrub import Scrubber
from jupyter_agent.secret import KINDS

PAGE = (ROOT / "docs/interfaces.md").read_text()


def test_the_package_has_its_three_names() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["name"] == "jupyter-agent-secrets"
    assert project["scripts"] == {"jupyter-agent": "jupyter_agent.cli:main"}
    assert callable(cli.main)


@pytest.mark.parametrize("heading", ["Run", "Test"])
def test_the_readme_has_one_command_below_each_of_its_two_headings(heading: str) -> None:
    section = re.search(
        rf"^## {heading}\n(.*?)(?=^## |\Z)",
        (ROOT / "README.md").read_text(),
        re.MULTILINE | re.DOTALL,
    )
    assert section
    commands = re.findall(r"^```\w*\n(.*?)^```", section[1], re.MULTILINE | re.DOTALL)
    assert commands == [f"bash dev.sh {heading.lower()}\n"]


def test_one_variable_moves_every_folder() -> None:
    folders = Folders.of({"JUPYTER_AGENT_HOME": "/somewhere"})
    assert [str(folder) for folder in (folders.data, folders.state, folders.run)] == [
        "/somewhere/data",
        "/somewhere/state",
        "/somewhere/run",
    ]


def test_a_finding_has_four_fields_and_is_frozen() -> None:
    assert [(field.name, field.type) for field in dataclasses.fields(Finding)] == [
        ("rule", "str"),
        ("kind", "str"),
        ("start", "int"),
        ("end", "int"),
    ]
    finding = Finding("rule", "password", 0, 1)
    with pytest.raises(dataclasses.FrozenInstanceError):
        finding.start = 2  # type: ignore[misc]


def test_screening_takes_a_text_and_gives_a_list() -> None:
    assert Screener().screen("nothing here") == []
    assert issubclass(ScreenTimeout, Exception)


def test_the_kinds_are_those_of_the_page() -> None:
    line = re.search(r"^- Kinds: (.*)\.$", PAGE, re.MULTILINE)
    assert line
    assert tuple(re.findall(r"`([a-z-]+)`", line[1])) == KINDS


def test_the_scrubber_takes_granted_values_by_label() -> None:
    scrubber = Scrubber({"DEMO": b"a value that is long enough"})
    assert scrubber.feed(b"<a value that is long enough>") + scrubber.finish() == b"<[secret:DEMO]>"
    with pytest.raises(ValueError, match="DEMO"):
        Scrubber({"DEMO": b""})
    assert Scrubber({}).feed(b"anything") == b"anything"


def test_feeding_a_finished_scrubber_raises() -> None:
    scrubber = Scrubber({})
    scrubber.finish()
    with pytest.raises(Exception, match=r"\w"):
        scrubber.feed(b"late")


def test_every_option_of_agent_run_is_known_or_refused_by_name() -> None:
    table = PAGE.partition("`%%agent_run` with")[2].partition("The body is never")[0]
    promised = set(re.findall(r"`(--?[a-z-]+)", table))
    assert promised == set(arguments.OPTIONS)


def test_both_guards_show_the_same_box() -> None:
    assert box.MIME == "application/vnd.jupyter-agent.blocked+json"
    assert box.ENAME == "SecretBlocked"
    assert box.MIME in PAGE


@pytest.mark.parametrize(
    "words",
    [
        *(f"secret {name}" for name in ("set", "list", "show", "replace", "rename", "remove")),
        *("run", "grant", "screen", "doctor", "audit", "lock"),
        *("desktop status", "desktop install"),
    ],
)
def test_the_command_line_has_the_command(words: str) -> None:
    shown = subprocess.run(
        [sys.executable, "-m", "jupyter_agent.cli", *words.split(), "--help"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    # Every command but `run` answers in JSON.
    assert ("--json" in shown) == (words != "run")


def test_grants_are_asked_for_by_their_code() -> None:
    assert GrantRequired.code == "grant_required"
    assert inspect.getdoc(GrantRequired)


def test_a_finding_on_the_command_line_has_the_fields_of_the_page() -> None:
    shape = r'^- `screen \[PATH… \| -\]`: `\{"findings": \[\{(.*?)\}\]'
    line = re.search(shape, PAGE, re.MULTILINE)
    assert line
    names = {field.name for field in dataclasses.fields(Found)}
    told = Found(**dict.fromkeys(names)).to_json()  # type: ignore[arg-type]
    assert set(re.findall(r'"(\w+)"', line[1])) == told.keys()


def test_hooks_are_answered_for_the_hosts_of_the_page() -> None:
    line = re.search(r"^- `screen --hook ([a-z|-]+)`", PAGE, re.MULTILINE)
    assert line
    assert tuple(line[1].split("|")) == HOSTS
