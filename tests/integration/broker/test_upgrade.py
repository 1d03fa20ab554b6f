"""What is installed over a running broker takes over from it."""

from __future__ import annotations

import os
import random
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from canary import Canary
from steps import collect, output_until, request, run, save, wait_until

import jupyter_agent
from jupyter_agent import person as person_door
from jupyter_agent import spawn
from jupyter_agent.cli.checks import every_check
from jupyter_agent.client import Client, Hello
from jupyter_agent.folders import Folders

_START = (
    "import runpy, sys; sys.path.insert(0, sys.argv.pop(1)); module = sys.argv[1];"
    " del sys.argv[0]; runpy.run_module(module, run_name='__main__', alter_sys=True)"
)


@pytest.fixture(autouse=True)
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the package, from which brokers are started here."""
    place = tmp_path / "site"
    left_out = shutil.ignore_patterns("__pycache__", "labextension_dist", "static")
    shutil.copytree(Path(jupyter_agent.__file__).parent, place / "jupyter_agent", ignore=left_out)
    flags = [sys.executable, "-I", "-c", _START, str(place)]
    monkeypatch.setattr(spawn, "python", lambda *words: [*flags, *words])
    return place / "jupyter_agent"


@pytest.fixture
def upgrade(installed: Path) -> Callable[[], None]:
    """Write a file of the package anew, as pip does with each."""

    def upgrade_() -> None:
        new = installed / "new"
        shutil.copy(installed / "__init__.py", new)
        new.replace(installed / "__init__.py")

    return upgrade_


@pytest.fixture
def planted() -> Canary:
    return Canary.make(random.Random())


@pytest.fixture
def granted(person: Client, planted: Canary) -> Client:
    save(person, "A", planted.value)
    person.call("grant.add", label="A", any_command=True)
    return person


def pid_of(folders: Folders) -> int:
    """The broker that whoever comes next meets."""
    with Client(folders, Hello()) as client:
        return client.welcome["pid"]


def broker_line() -> dict[str, str]:
    return next(line for line in every_check() if line["id"] == "broker")


def test_the_next_command_after_an_upgrade_meets_the_new_broker(granted, folders, upgrade):
    old = granted.welcome["pid"]
    assert pid_of(folders) == old
    upgrade()
    assert (new := pid_of(folders)) != old
    assert pid_of(folders) == new
    wait_until(lambda: not Path(f"/proc/{old}").exists())
    with person_door.open_client(folders) as person:
        assert [meta["label"] for meta in person.call("secret.list")["secrets"]] == ["A"]
        assert run(person, 'echo "$A"', "A").stdout == b"[secret:A]\n"
        assert person.call("status")["replaced"] is False


def test_in_the_middle_of_an_upgrade_the_broker_stays(granted, folders, installed, upgrade):
    aside = installed / "aside"
    (installed / "__init__.py").replace(aside)
    assert pid_of(folders) == granted.welcome["pid"]
    aside.replace(installed / "__init__.py")
    upgrade()
    assert pid_of(folders) != granted.welcome["pid"]


def test_a_run_that_an_upgrade_finds_comes_to_its_end(granted, folders, upgrade, tmp_path):
    go_on = tmp_path / "go on"
    os.mkfifo(go_on)
    script = 'echo up; cat "$GO_ON" >/dev/null; echo "$A"'
    with Client(folders, Hello()) as caller:
        number = caller.begin("run", **request(script, "A", env={"GO_ON": str(go_on)}))
        output_until(caller, number, b"up")
        upgrade()
        assert pid_of(folders) != granted.welcome["pid"]
        go_on.write_text("now", encoding="utf-8")
        assert collect(caller, number).stdout == b"[secret:A]\n"


def test_secrets_in_memory_keep_an_old_broker_and_doctor_says_what_ends_it(
    folders, upgrade, planted, monkeypatch
):
    monkeypatch.setenv("JUPYTER_AGENT_KEY_SOURCE", "memory")
    with person_door.open_client(folders) as person:
        save(person, "A", planted.value)
        upgrade()
        assert pid_of(folders) == (old := person.welcome["pid"])
        assert person.call("status")["replaced"] is True
    line = broker_line()
    assert line["state"] == "warn"
    assert "older than what is installed" in line["message"]
    assert "lost when it ends" in line["hint"]
    assert str(old) in line["hint"]
