"""What a run asks for, read and checked before anybody is asked or any value is opened."""

from __future__ import annotations

import math
import os
import shlex
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from jupyter_agent import spawn, wire
from jupyter_agent.broker import executables
from jupyter_agent.errors import RequestInvalid
from jupyter_agent.secret import check_label, check_variable

SHELLS: Final = {
    # No rc files: they are the caller's to write, and would steer every run.
    "bash": ("bash", "--noprofile", "--norc", "-c"),
    "sh": ("sh", "-c"),
}
MAX_SCRIPT: Final = 100_000
"""Longest script in bytes: Linux takes at most 128 KiB in one argument (MAX_ARG_STRLEN)."""

MAX_SECRETS: Final = 64
"""Most variables with a value in one run: each holds up to 64 KiB."""
MAX_TIMEOUT: Final = 366 * 86400
"""Longest timeout in seconds."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """One run as it was asked for.

    Attributes:
        argv: Program and arguments; for a script, the shell's.
        command: What a person sees and a grant names: the script, or the arguments quoted.
        shell: The shell's name, or "" for plain arguments.
        secrets: Variable → label.
        cwd: Absolute folder.
        env: What the caller supplies.
        timeout: Seconds, or None.
        asks: Whether the caller puts the question to the person itself (a terminal).
        background: Whether its caller goes on meanwhile; shown to persons.
    """

    argv: tuple[str, ...]
    command: str
    shell: str
    secrets: dict[str, str]
    cwd: str
    env: dict[str, str]
    timeout: float | None
    asks: bool
    background: bool = False

    @property
    def labels(self) -> tuple[str, ...]:
        """Its labels, each once."""
        return tuple(dict.fromkeys(self.secrets.values()))

    def environment(self, values: Mapping[str, bytes]) -> dict[str, str]:
        """The command's whole environment.

        Args:
            values: Label → value.

        Raises:
            RequestInvalid: A value holds a zero byte, which no variable can carry.
        """
        env = spawn.fixed_environment() | self.env
        for variable, label in self.secrets.items():
            if b"\0" in values[label]:
                raise RequestInvalid(
                    f"{label} holds a zero byte and can't be an environment variable."
                )
            env[variable] = os.fsdecode(values[label])
        return env

    def programs(self) -> list[dict[str, str | None]]:
        """Which programs it names."""
        path = self.env.get("PATH", spawn.FIXED_PATH)
        if self.shell:
            return executables.of_script(self.command, path)
        return executables.of_words(self.argv[:1], path)


def read_wanted(message: wire.Message) -> Wanted:
    """Read a `run` request.

    Raises:
        RequestInvalid: A field is missing, of another type, or asks for what is not allowed.
    """
    argv, command, shell = _command(message)
    timeout = message.get("timeout")
    if timeout is not None and not (
        isinstance(timeout, int | float) and 0 < timeout <= MAX_TIMEOUT
    ):
        raise RequestInvalid("A timeout is a number of seconds above 0, at most a year.")
    cwd = wire.text(message, "cwd")
    if not os.path.isabs(cwd) or _size(cwd) > MAX_SCRIPT:  # noqa: PTH117  (text in, text out)
        raise RequestInvalid("The folder of a command is an absolute path.")
    return Wanted(
        argv=argv,
        command=command,
        shell=shell,
        secrets=_secrets(message),
        cwd=cwd,
        env=_supplied(message),
        timeout=timeout,
        asks=message.get("approve") is True,
        background=message.get("background") is True,
    )


def _command(message: wire.Message) -> tuple[tuple[str, ...], str, str]:
    script, argv = message.get("script"), message.get("argv")
    if isinstance(argv, list) and argv and all(isinstance(word, str) for word in argv):
        _check_text("".join(argv))
        return tuple(argv), shlex.join(argv), ""
    if not isinstance(script, str) or argv is not None:
        raise RequestInvalid('A run needs a "script" or an "argv".')
    _check_text(script)
    name = wire.text(message, "shell", "bash")
    if name not in SHELLS:
        raise RequestInvalid(f"That shell is not offered; there are {', '.join(SHELLS)}.")
    program, *flags = SHELLS[name]
    where = shutil.which(program, path=spawn.FIXED_PATH) or program
    return (where, *flags, script), script, name


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


def _secrets(message: wire.Message) -> dict[str, str]:
    wanted: dict[str, str] = {}
    items = _list(message, "secrets")
    if len(items) > MAX_SECRETS:
        raise RequestInvalid(f"A run takes at most {MAX_SECRETS} secrets.")
    for item in items:
        label = check_label(wire.text(item, "label"))
        variable = check_variable(wire.text(item, "env", label))
        if wanted.setdefault(variable, label) != label:
            raise RequestInvalid(f"The variable {variable} is asked for twice.")
    return wanted


def _list(message: wire.Message, name: str) -> list[dict[str, Any]]:
    items = message.get(name, [])
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise RequestInvalid(f'"{name}" is a list of objects.')
    return items


def _supplied(message: wire.Message) -> dict[str, str]:
    env = message.get("env", {})
    if not isinstance(env, dict) or not all(isinstance(value, str) for value in env.values()):
        raise RequestInvalid('"env" is an object of texts.')
    for name, value in env.items():
        if _size(value) > MAX_SCRIPT:
            raise RequestInvalid("A variable is too long, or holds what no variable can.")
        if not wire.HANDED_ON.fullmatch(name):
            check_variable(name)
    return dict(env)
