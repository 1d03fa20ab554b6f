"""What all commands have in common: help, errors, pipes, colours, speed of the start."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys

import pytest
from command_line import PATIENCE, ended

from jupyter_agent import __version__


def test_the_version_is_told(cli):
    assert cli("--version").out == f"jupyter-agent {__version__}\n".encode()


def test_help_starts_no_broker(cli, agent_home):
    before = sorted(agent_home.rglob("*"))
    done = cli("secret", "set", "--help")
    assert (done.code, done.err) == (0, b"")
    assert b"examples:" in done.out
    assert sorted(agent_home.rglob("*")) == before


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


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="a device of Linux")  # noqa: PTH110
@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("secret", "list"), 1),
        (("run", "--", "echo", "much"), 125),
        (("screen", "-", "--sarif"), 1),
    ],
)
def test_a_disk_that_is_full_is_said_and_is_no_bug(cli, monkeypatch, words, code):
    monkeypatch.delenv("PYTHONUNBUFFERED", raising=False)  # a short answer is written at the end
    with open("/dev/full", "wb") as full:  # noqa: PTH123  (no path)
        done = subprocess.run(
            cli.argv(*words), cwd=cli.cwd, stdin=subprocess.DEVNULL, stdout=full,
            stderr=subprocess.PIPE, timeout=PATIENCE, check=False,
        )  # fmt: skip
    assert done.returncode == code
    assert done.stderr.startswith(b"error: Not all could be written: No space left on device.")
    assert done.stderr.count(b"\n") == 2


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("grant", "DEMO_TOKEN", "--any-command"), 1),
        (("screen", "here"), 1),
        (("vault", "export", "here"), 1),
        (("run", "--", "true"), 125),
    ],
)
def test_a_folder_that_was_removed_is_said_and_is_no_bug(cli, saved, words, code):
    gone = cli.cwd / "gone"
    gone.mkdir()
    go = f'cd {shlex.quote(str(gone))} && rmdir "$PWD" && exec "$@"'
    done = subprocess.run(
        ["bash", "-c", go, "go", *cli.argv(*words)], stdin=subprocess.DEVNULL,
        capture_output=True, timeout=PATIENCE, check=False,
    )  # fmt: skip
    assert done.returncode == code
    assert done.stderr.splitlines() == [
        b"error: The current folder is gone.",
        b"hint: Go to one that exists.",
    ]


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="a device of Linux")  # noqa: PTH110
@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_a_hook_whose_answer_can_not_be_written_stops_its_host(cli, monkeypatch, stream):
    monkeypatch.delenv("PYTHONUNBUFFERED", raising=False)
    event = {"hook_event_name": "UserPromptSubmit", "prompt": "my password is kV7rQ2mWz"}
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with open("/dev/full", "wb") as full:  # noqa: PTH123  (no path)
        done = subprocess.run(
            cli.argv("screen", "--hook", "codex"), cwd=cli.cwd, input=json.dumps(event).encode(),
            **{**streams, stream: full}, timeout=PATIENCE, check=False,
        )  # fmt: skip
    assert done.returncode == 2
    assert b"Traceback" not in (done.stderr or b"")


def test_the_start_is_quick_because_it_loads_next_to_nothing():
    code = "import sys; from jupyter_agent.cli import main\nsys.exit(main(['--version']))"
    told = [sys.executable, "-P", "-X", "importtime", "-c", code]
    done = subprocess.run(told, capture_output=True, check=True, timeout=PATIENCE)
    loaded = {line.rpartition(b"|")[2].strip().decode() for line in done.stderr.splitlines()}
    assert "jupyter_agent.cli.parser" in loaded
    assert not loaded & {"asyncio", "dataclasses", "inspect", "hashlib", "socket", "json"}
    assert len({name for name in loaded if name.startswith("jupyter_agent")}) < 10
