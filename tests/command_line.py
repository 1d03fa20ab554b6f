"""The real command line in a process of its own: without a terminal, or on a pseudo-terminal."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pexpect

PATIENCE = 30
"""Seconds after which a test gives up on a process."""


@dataclass(frozen=True)
class Done:
    """How a call ended."""

    code: int
    out: bytes
    err: bytes

    @property
    def json(self) -> dict[str, Any]:
        """The answer of a call with ``--json``."""
        return json.loads(self.out)

    @property
    def error(self) -> dict[str, Any]:
        """The error of a call with ``--json``."""
        return json.loads(self.err)["error"]


@dataclass(frozen=True)
class CommandLine:
    """Calls ``jupyter agent`` in one folder.

    Attributes:
        cwd: Where it is called.
    """

    cwd: Path

    def __call__(self, *words: str, stdin: bytes = b"", env: dict[str, str] | None = None) -> Done:
        """Call it to its end, with no terminal anywhere."""
        started = self.start(*words, env=env)
        out, err = started.communicate(stdin, timeout=PATIENCE)
        return Done(started.returncode, out, err)

    def start(self, *words: str, env: dict[str, str] | None = None) -> subprocess.Popen[bytes]:
        """Start it in a session of its own, so that it has no controlling terminal."""
        return subprocess.Popen(
            self.argv(*words),
            cwd=self.cwd,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            env={**os.environ, **(env or {})},
        )

    def on_terminal(
        self,
        *words: str,
        env: dict[str, str] | None = None,
        before: Callable[[], None] | None = None,
        typed: str = "",
    ) -> pexpect.spawn:
        """Start it on a pseudo-terminal.

        Args:
            words: Its arguments.
            env: Variables beside those of this process.
            before: What the process does first.
            typed: What stands on the terminal before it begins; letters, and Enter.
        """
        program, *arguments = self.argv(*words)
        if typed:
            arguments = ["-c", 'kill -STOP $$; exec "$@"', "sh", program, *arguments]
            program = "sh"
        terminal = pexpect.spawn(
            program,
            arguments,
            cwd=str(self.cwd),
            timeout=PATIENCE,
            dimensions=(50, 300),
            env={**os.environ, "TERM": "xterm", **(env or {})},
            preexec_fn=before,
        )
        if typed:
            os.waitpid(terminal.pid, os.WUNTRACED)
            terminal.send(typed)
            terminal.expect_exact(typed.rstrip("\r"))  # its echo: the terminal has it
            os.kill(terminal.pid, signal.SIGCONT)
        return terminal

    @contextmanager
    def shell_on_terminal(self) -> Iterator[pexpect.spawn]:
        """A plain shell with jobs on a pseudo-terminal, which leaves that as it finds it."""
        env = {**os.environ, "TERM": "xterm", "PS1": "prompt> ", "ENV": ""}
        shell = pexpect.spawn("/bin/dash", ["-i"], cwd=str(self.cwd), timeout=PATIENCE, env=env)
        shell.expect("prompt> ")
        try:
            yield shell
        finally:
            shell.close(force=True)

    @classmethod
    def line(cls, *words: str) -> str:
        """A call as a shell takes it."""
        return shlex.join(cls.argv(*words))

    @staticmethod
    def argv(*words: str) -> list[str]:
        """The argument list of a call."""
        return [sys.executable, "-P", "-m", "jupyter_agent.cli", *words]


def ended(terminal: pexpect.spawn) -> tuple[int, bytes]:
    """The exit code and what was still printed."""
    terminal.expect(pexpect.EOF)
    rest = terminal.before
    terminal.wait()  # or closing would end it, a tenth of a second later
    terminal.close()
    return terminal.exitstatus, rest
