"""Each shell starts without anything that somebody else may have written."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from jupyter_agent import wire
from jupyter_agent.broker import shells
from jupyter_agent.errors import CommandNotStarted, RequestInvalid

PATH = "/usr/local/bin:/usr/bin:/bin"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home, and a folder to run in, full of files that shells and interpreters like to read."""
    version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    shell = "echo read; READ=yes; export READ\n"
    python = "print('read')\n"
    files = {
        **dict.fromkeys((".bashrc", ".bash_profile", ".profile", ".bash_aliases"), shell),
        **dict.fromkeys((".zshenv", ".zprofile", ".zshrc", ".zlogin"), shell),
        ".config/fish/config.fish": "echo read\nset -gx READ yes\n",
        ".config/fish/conf.d/a.fish": "echo read\n",
        ".config/fish/functions/ls.fish": "function ls; echo read; end\n",
        ".config/fish/fish_variables": "# VERSION: 3.0\nSETUVAR --export READ:yes\n",
        f".local/lib/{version}/site-packages/usercustomize.py": python,
        f".local/lib/{version}/site-packages/sitecustomize.py": python,
        "work/json.py": python,
        "work/sitecustomize.py": python,
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("shell", wire.SHELLS)
def test_no_file_of_anybody_is_read(shell, home):
    script = {
        "python": "import json, os, sys; print(os.environ.get('READ', 'no'), end=''); sys.exit(7)",
        "fish": "ls >/dev/null; set -q READ; and printf yes; or printf no; exit 7",
    }.get(shell, 'ls >/dev/null; printf %s "${READ-no}"; exit 7')
    argv = shells.call(shell, script, {"PATH": PATH})
    env = {"PATH": PATH, "HOME": str(home), "USER": "me", "LANG": "C.UTF-8"}
    done = subprocess.run(argv, env=env, cwd=home / "work", capture_output=True, check=False)
    assert (done.stdout, done.stderr, done.returncode) == (b"no", b"", 7)


def test_python_is_the_one_of_the_callers_environment(tmp_path):
    fallback = shells.find("python", {"PATH": PATH})
    assert fallback is not None
    for name in ("VIRTUAL_ENV", "CONDA_PREFIX"):
        env = {"PATH": PATH, name: str(tmp_path)}
        assert shells.find("python", env) == fallback  # there is none in it
        program = tmp_path / "bin" / "python"
        program.parent.mkdir(exist_ok=True)
        program.symlink_to(sys.executable)
        assert shells.find("python", env) == str(program)
        program.unlink()
    assert shells.find("python", {"PATH": PATH, "VIRTUAL_ENV": "relative"}) == fallback


def test_shells_are_the_systems_whatever_lies_on_the_callers_path(tmp_path):
    planted = tmp_path / "bash"
    planted.write_text("#!/bin/sh\n", encoding="utf-8")
    planted.chmod(0o755)
    assert shells.find("bash", {"PATH": f"{tmp_path}{os.pathsep}{PATH}"}) != str(planted)


def test_a_shell_that_is_not_there_is_said():
    with pytest.raises(CommandNotStarted, match="python is not installed"):
        shells.call("python", "1", {"PATH": "/nowhere"})
    with pytest.raises(RequestInvalid, match="bash, sh, zsh, fish, python"):
        shells.check_shell("perl")
