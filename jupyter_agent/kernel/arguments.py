"""The line behind ``%%agent_run``: options in, ``RunArguments`` out. Pure.

No message repeats what stood on the line: people paste values where labels belong.
"""

from __future__ import annotations

import keyword
import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Final, Literal

from jupyter_agent.errors import RequestInvalid
from jupyter_agent.secret import check_label, check_variable

Shell = Literal["bash", "sh"]
SHELLS: Final[tuple[Shell, ...]] = ("bash", "sh")

LATER: Final = ("--stdin", "--file", "--template")
"""Named in docs/interfaces.md, and not there yet. Refused, so that nobody relies on them."""

_HELP: Final = "See all options: %%agent_run?"


@dataclass(frozen=True, slots=True)
class RunArguments:
    """What ``%%agent_run`` was asked to do.

    Attributes:
        secrets: Label by the name of the variable that it is put into.
        cwd: Folder as written, or "" for the kernel's own.
        timeout: Seconds, or None for no end.
        shell: Which shell reads the script.
        variables: Python variables to export.
        out: Python name that stdout is bound to, or "".
        err: Python name that stderr is bound to, or "".
        json: Python name that the object in stdout is bound to, or "".
        quiet: Print no notes of our own.
        raises: Whether a non-zero exit code raises.
        pty: Run it on a terminal.
        answers: Labels that are typed at its hidden prompts, in order; only on a terminal.
        background: Python name that the handle of a run in the background is bound to, or "".
    """

    secrets: dict[str, str] = field(default_factory=dict)
    cwd: str = ""
    timeout: float | None = None
    shell: Shell = "bash"
    variables: tuple[str, ...] = ()
    out: str = ""
    err: str = ""
    json: str = ""
    quiet: bool = False
    raises: bool = True
    pty: bool = False
    answers: tuple[str, ...] = ()
    background: str = ""

    @property
    def labels(self) -> tuple[str, ...]:
        """Its labels, each once."""
        return tuple(dict.fromkeys([*self.secrets.values(), *self.answers]))


def parse(line: str) -> RunArguments:
    """Read the options of one ``%%agent_run`` line.

    Raises:
        RequestInvalid: An option is unknown, misses its value, or its value can't be used.
        LabelInvalid: What stands where a label belongs is none.
    """
    try:
        words = iter(shlex.split(line))
    except ValueError:
        raise RequestInvalid("A quote in the options is not closed.", _HELP) from None
    arguments = RunArguments()
    for word in words:
        option, equals, attached = word.partition("=") if word.startswith("--") else (word, "", "")
        if option in LATER:
            raise RequestInvalid(f"{option} is not in this version of %%agent_run.", _HELP)
        if option in _SWITCHES:
            if equals:
                raise RequestInvalid(f"{option} takes no value.", _HELP)
            arguments = _SWITCHES[option](arguments)
        elif option in _VALUES:
            value = attached if equals else _following(option, words)
            arguments = _VALUES[option](arguments, value)
        elif word.startswith("-"):
            raise RequestInvalid("%%agent_run has no such option.", _HELP)
        else:
            raise RequestInvalid(
                "Only options stand on the %%agent_run line; the script goes below it.", _HELP
            )
    for name in arguments.variables:
        if name in arguments.secrets:
            raise RequestInvalid(f"The variable {name} is named by -s and by -v.", _HELP)
    _check_together(arguments)
    return arguments


def _check_together(arguments: RunArguments) -> None:
    if arguments.pty and arguments.err:
        raise RequestInvalid(
            "With --pty there is no --err: a terminal has one stream for everything.",
            "--out NAME binds it.",
        )
    if arguments.background and (arguments.out or arguments.err or arguments.json):
        raise RequestInvalid(
            "With --bg nothing is bound when the cell ends: the script goes on.",
            "Read it from the handle: NAME.tail()",
        )


def _following(option: str, words: Iterator[str]) -> str:
    value = next(words, "")
    if not value or value in OPTIONS:
        raise RequestInvalid(f"{option} needs a value behind it.", _HELP)
    return value


def _secret(arguments: RunArguments, value: str) -> RunArguments:
    name, equals, label = value.rpartition("=")
    check_label(label)
    name = check_variable(name) if equals else label
    if name in arguments.secrets:
        raise RequestInvalid(f"The variable {name} is named twice by -s.", _HELP)
    return replace(arguments, secrets={**arguments.secrets, name: label})


def _timeout(arguments: RunArguments, value: str) -> RunArguments:
    try:
        seconds = float(value)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < float("inf"):
        raise RequestInvalid("--timeout needs a number of seconds above 0.", "--timeout 30")
    return replace(arguments, timeout=seconds)


def _shell(arguments: RunArguments, value: str) -> RunArguments:
    if value not in SHELLS:
        raise RequestInvalid("--shell is bash or sh.", "For another program, call it in bash.")
    return replace(arguments, shell=value)


def _export(arguments: RunArguments, value: str) -> RunArguments:
    name = check_variable(_python_name("-v", value))
    return replace(arguments, variables=(*arguments.variables, name))


def _python_name(option: str, value: str) -> str:
    if not value.isidentifier() or keyword.iskeyword(value):
        raise RequestInvalid(f"{option} needs the name of a Python variable.", _HELP)
    return value


def _answer(arguments: RunArguments, value: str) -> RunArguments:
    label = check_label(value)
    return replace(arguments, pty=True, answers=(*arguments.answers, label))


_SWITCHES: Final[dict[str, Callable[[RunArguments], RunArguments]]] = {
    "--pty": lambda arguments: replace(arguments, pty=True),
    "--quiet": lambda arguments: replace(arguments, quiet=True),
    "--no-raise": lambda arguments: replace(arguments, raises=False),
}
_VALUES: Final[dict[str, Callable[[RunArguments, str], RunArguments]]] = {
    "-s": _secret,
    "-v": _export,
    "--cwd": lambda arguments, value: replace(arguments, cwd=value),
    "--timeout": _timeout,
    "--shell": _shell,
    "--out": lambda arguments, value: replace(arguments, out=_python_name("--out", value)),
    "--err": lambda arguments, value: replace(arguments, err=_python_name("--err", value)),
    "--json": lambda arguments, value: replace(arguments, json=_python_name("--json", value)),
    "--answer": _answer,
    "--bg": lambda arguments, value: replace(arguments, background=_python_name("--bg", value)),
}

OPTIONS: Final = (*_VALUES, *_SWITCHES)
"""Every option this version has, in the order in which they are offered for completion."""
