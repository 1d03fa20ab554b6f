"""What all commands have in common: help, errors, pipes, colours, speed of the start."""

from __future__ import annotations

import resource
import shlex
import subprocess
import sys

import pytest
from command_line import PATIENCE, ended

from jupyter_agent import __version__


def test_the_version_is_told(cli):
    assert cli("--version").out == f"jupyter-agent {__version__}\n".encode()


def test_help_starts_no_broker(cli, agent_home):
    done = cli("secret", "set", "--help")
    assert (done.code, done.err) == (0, b"")
    assert b"examples:" in done.out
    assert list(agent_home.iterdir()) == []


def test_errors_are_a_sentence_and_a_next_step(cli):
    done = cli("secret", "show", "NO_SUCH_LABEL")
    first, second = done.err.decode().splitlines()
    assert first.startswith("error: ")
    assert second.startswith("hint: ")
    assert "NO_SUCH_LABEL" in first


def test_a_reader_that_goes_away_is_no_error(cli):
    running = cli.start("--help")
    running.stdout.close()
    assert running.stderr.read() == b""
    running.wait(PATIENCE)


@pytest.mark.parametrize(
    ("env", "coloured"), [({"NO_COLOR": ""}, True), ({"NO_COLOR": "1"}, False)]
)
def test_colours_are_for_terminals_of_people_who_want_them(cli, env, coloured):
    terminal = cli.on_terminal("secret", "show", "no label", env=env)
    assert (b"\x1b[" in ended(terminal)[1]) is coloured
    assert b"\x1b[" not in cli("secret", "show", "no label", env=env).err


def test_streams_that_are_closed_are_no_error(cli):
    argv = shlex.join(cli.argv("run", "--", "sh", "-c", "echo out; echo err >&2; exit 3"))
    shell = ["sh", "-c", f"{argv} <&- >&- 2>&-"]
    done = subprocess.run(shell, cwd=cli.cwd, timeout=PATIENCE, check=False)
    assert done.returncode == 3


def test_the_start_is_quick():
    def best(*words: str) -> float:
        """Seconds of processor time, which a busy machine does not stretch as it does the clock."""
        times = []
        for _ in range(5):
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            subprocess.run([sys.executable, *words], check=True, stdout=subprocess.DEVNULL)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            times.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
        return min(times)

    extra = best("-m", "jupyter_agent.cli", "--version") - best("-c", "pass")
    assert extra < 0.060
