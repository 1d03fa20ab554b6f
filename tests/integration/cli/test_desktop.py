"""`jupyter agent desktop`: what is missing is said, with the command that installs it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from jupyter_agent.desktop import programs


def test_status_names_every_program_and_no_desktop_where_no_server_runs(cli):
    told = json.loads(cli("desktop", "status", "--json").out)
    assert told["format"] == 1
    assert {one["role"] for one in told["programs"]} == set(programs.NAMES)
    assert told["desktops"] == []
    assert b"No desktop runs." in cli("desktop", "status").out


def test_doctor_has_a_look_at_the_desktop(cli):
    checks = {c["id"]: c for c in json.loads(cli("doctor", "--json").out)["checks"]}
    complete = not programs.Programs.find().missing(*programs.NAMES)
    assert checks["desktop"]["state"] == ("ok" if complete else "warn")


@pytest.fixture
def bare(tmp_path: Path) -> dict[str, str]:
    """An environment of a machine that has none of the programs, and a `sudo` that notes."""
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "sudo").write_text(f'#!/bin/sh\necho "$@" >{folder}/asked\n')
    (folder / "sudo").chmod(0o755)
    return {"PATH": str(folder)}


SCRIPT = """
import sys
from jupyter_agent.desktop import programs
programs.FIXED_PATH = "/nowhere"
programs.system.__defaults__ = (f"ID={sys.argv.pop(1)}",)
from jupyter_agent import cli
sys.exit(cli.main())
"""


def called(bare: dict[str, str], system: str, *words: str) -> subprocess.CompletedProcess[bytes]:
    """The command line on a machine of that system."""
    argv = [sys.executable, "-P", "-c", SCRIPT, system, "desktop", *words]
    return subprocess.run(
        argv, env={**os.environ, **bare}, capture_output=True, check=False, timeout=60
    )


@pytest.mark.parametrize(
    ("system", "begins"),
    [("fedora", "sudo dnf install"), ("arch", "sudo pacman"), ("ubuntu", "sudo apt-get install")],
)
def test_the_exact_command_is_shown_for_each_system(bare, system, begins):
    done = called(bare, system, "install", "--print")
    assert done.returncode == 0, done.stderr
    assert done.stdout.decode().startswith(begins)
    assert not (Path(bare["PATH"]) / "asked").exists()


def test_on_debian_it_is_run_by_sudo_and_what_is_still_missing_is_an_error(bare):
    done = called(bare, "debian", "install")
    asked = (Path(bare["PATH"]) / "asked").read_text()
    assert asked.startswith("apt-get install -y")
    assert "tigervnc-standalone-server" in asked
    assert done.returncode == 1
    assert b"could not be installed" in done.stderr


def test_without_sudo_it_says_what_root_has_to_run(bare):
    (Path(bare["PATH"]) / "sudo").unlink()
    done = called(bare, "debian", "install")
    assert done.returncode == 1
    if os.getuid():  # root needs none, and finds no apt-get here
        assert b"there is no sudo" in done.stderr
    assert b"Have root run: apt-get install -y" in done.stderr


def test_a_system_that_nobody_knows_is_told_what_it_needs(bare):
    done = called(bare, "other", "install")
    assert done.returncode == 1
    assert b"Chromium, TigerVNC" in done.stderr
    assert [path.name for path in Path(bare["PATH"]).iterdir()] == ["sudo"]
