"""What a run asks for, read and checked before anybody is asked or any value is opened."""

from __future__ import annotations

import json
import math
import os
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from jupyter_agent import spawn, wire
from jupyter_agent.broker import script_markers, shells
from jupyter_agent.broker.injection import Injection, read_injection
from jupyter_agent.broker.terminals import WantedTerminal, read_terminal
from jupyter_agent.errors import RequestInvalid
from jupyter_agent.secret import check_exported

MAX_SCRIPT: Final = 100_000
"""Longest script in bytes: Linux takes at most 128 KiB in one argument (MAX_ARG_STRLEN)."""

MAX_TIMEOUT: Final = 366 * 86400
"""Longest timeout in seconds."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """One run as it was asked for.

    Attributes:
        argv: Program and arguments; for a script, the shell's.
        command: What a person sees and a grant names: the script, or the arguments quoted.
        shell: The shell's name, or "" for plain arguments.
        injection: Which label goes where.
        cwd: Absolute folder.
        env: What the caller supplies.
        timeout: Seconds, or None.
        asks: Whether the caller puts the question to the person itself (a terminal).
        background: Whether its caller goes on meanwhile; shown to persons.
        terminal: The terminal it runs on, or None for pipes.
        shows_output: Whether its output is shown although it was granted a short value.
        why: What an agent says about it; not checked here.
        confirmed: Whether a person is asked although it uses no secret: what a model wants to run.
    """

    argv: tuple[str, ...]
    command: str
    shell: str
    injection: Injection
    cwd: str
    env: dict[str, str]
    timeout: float | None
    asks: bool
    background: bool = False
    terminal: WantedTerminal | None = None
    shows_output: bool = False
    why: object = None
    confirmed: bool = False

    @property
    def labels(self) -> tuple[str, ...]:
        """Its labels, each once."""
        return tuple(dict.fromkeys([*self.injection.labels, *self.answers]))

    @property
    def answers(self) -> tuple[str, ...]:
        """The labels that are typed at hidden prompts."""
        return self.terminal.answers if self.terminal else ()

    @property
    def exported(self) -> tuple[str, ...]:
        """The variables whose content the caller chooses anew each time."""
        return tuple(sorted(name for name in self.env if not wire.HANDED_ON.fullmatch(name)))

    @property
    def identity(self) -> str:
        """What a person permits beyond the script's text, as one text to compare.

        Which value goes where, what the templates say, which variables come from outside, and which
        language the script is read in. "" for the plain case: bash or sh, and each value in the
        variable of its label's name.
        """
        injection, shell = self.injection, self.shell
        if (
            injection.plain()
            and not (self.exported or self.answers)
            and shell in shells.SAME_LANGUAGE
        ):
            return ""
        language = "sh" if shell in shells.SAME_LANGUAGE else shell
        parts = {
            **injection.identity(),
            **({"answers": self.answers} if self.answers else {}),
            "exported": self.exported,
            "language": language,
        }
        return json.dumps(parts, sort_keys=True, separators=(",", ":"))

    def environment(self, values: Mapping[str, bytes], folder: Path | None) -> dict[str, str]:
        """The command's whole environment.

        Args:
            values: Label → value.
            folder: Where the run's private files are, if it has any.

        Raises:
            RequestInvalid: A value holds a zero byte, which no variable can carry.
        """
        env = spawn.fixed_environment() | self.env
        if self.terminal:
            env |= self.terminal.environment(self.env)
        env |= self.injection.environment(values)
        if folder is not None:
            env |= {name: str(folder / path) for name, path in self.injection.paths.items()}
        return env


def read_wanted(message: wire.Message) -> Wanted:
    """Read a `run` request.

    Raises:
        RequestInvalid: A field is missing, of another type, or asks for what is not allowed.
        LabelInvalid: What stands where a label belongs is none.
        CommandNotStarted: The shell is not installed.
    """
    timeout = message.get("timeout")
    if timeout is not None and not (
        isinstance(timeout, int | float) and 0 < timeout <= MAX_TIMEOUT
    ):
        raise RequestInvalid("A timeout is a number of seconds above 0, at most a year.")
    cwd = wire.text(message, "cwd")
    if not os.path.isabs(cwd) or _size(cwd) > MAX_SCRIPT:  # noqa: PTH117  (text in, text out)
        raise RequestInvalid("The folder of a command is an absolute path.")
    env, injection = _supplied(message), read_injection(message)
    argv, command, shell = _command(message)
    if shell:
        read = script_markers.read_script(command, shell)
        injection = injection.naming(read.labels)
        script = read.with_references(injection.by_label)
        _check_text(script)
        argv = shells.call(shell, script, env)
    else:
        argv = script_markers.plain_words(argv)
    for name in (*injection.variables, *injection.paths):
        if name in env and not wire.HANDED_ON.fullmatch(name):
            raise RequestInvalid(f"The variable {name} is asked for twice.")
    terminal = read_terminal(message)
    if terminal and injection.stdin:
        raise RequestInvalid(
            "On a terminal the standard input is the terminal.",
            "Have the value typed at a hidden prompt: --answer LABEL",
        )
    return Wanted(
        argv=argv,
        command=command,
        shell=shell,
        injection=injection,
        cwd=cwd,
        env=env,
        timeout=timeout,
        asks=message.get("approve") is True,
        background=message.get("background") is True,
        terminal=terminal,
        shows_output=message.get("show_output") is True,
        why=message.get("why"),
        confirmed=message.get("confirm") is True,
    )


def _command(message: wire.Message) -> tuple[tuple[str, ...], str, str]:
    script, argv = message.get("script"), message.get("argv")
    if isinstance(argv, list) and argv and all(isinstance(word, str) for word in argv):
        _check_text("".join(argv))
        return tuple(argv), shlex.join(argv), ""
    if not isinstance(script, str) or argv is not None:
        raise RequestInvalid('A run needs a "script" or an "argv".')
    _check_text(script)
    return (), script, shells.check_shell(wire.text(message, "shell", wire.SHELLS[0]))


def _check_text(text: str) -> None:
    if _size(text) > MAX_SCRIPT:
        raise RequestInvalid(
            "That command is too long, or holds what no command can.",
            f"Put it into a file and run that; the most is {MAX_SCRIPT} bytes.",
        )


def _size(text: str) -> float:
    """Bytes that a text has for the operating system; infinite where it can't take it at all."""
    try:
        return math.inf if "\0" in text else len(text.encode(errors="surrogateescape"))
    except UnicodeEncodeError:  # half of a surrogate pair, which JSON can carry
        return math.inf


def _supplied(message: wire.Message) -> dict[str, str]:
    env = message.get("env", {})
    if not isinstance(env, dict) or not all(isinstance(value, str) for value in env.values()):
        raise RequestInvalid('"env" is an object of texts.')
    for name, value in env.items():
        if _size(value) > MAX_SCRIPT:
            raise RequestInvalid("A variable is too long, or holds what no variable can.")
        if not wire.HANDED_ON.fullmatch(name):
            check_exported(name)
    return dict(env)
