"""The line behind ``%%agent_run``: options in, ``RunArguments`` out. Pure.

No message repeats what stood on the line: people paste values where labels belong.
"""

from __future__ import annotations

import keyword
import shlex
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Final

from jupyter_agent import wire
from jupyter_agent.client import run_fields
from jupyter_agent.errors import RequestInvalid
from jupyter_agent.secret import check_exported, check_label

_HELP: Final = "See all options: %%agent_run?"


@dataclass(frozen=True, slots=True)
class RunArguments:
    """What ``%%agent_run`` was asked to do.

    Attributes:
        secrets: Label by the name of the variable that it is put into.
        stdin: The label whose value is the script's standard input, or "".
        files: Label by the name of the variable that holds the path of its file.
        templates: Path of a template, as written, by the name of the variable for the result's.
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
        save: File that the whole output is written into, or "".
        overwrite: Whether that file may be there already.
        shows_output: Show the output although a short value is used.
        background: Python name that the handle of a run in the background is bound to, or "".
    """

    secrets: dict[str, str] = field(default_factory=dict)
    stdin: str = ""
    files: dict[str, str] = field(default_factory=dict)
    templates: dict[str, str] = field(default_factory=dict)
    cwd: str = ""
    timeout: float | None = None
    shell: str = wire.SHELLS[0]
    variables: tuple[str, ...] = ()
    out: str = ""
    err: str = ""
    json: str = ""
    quiet: bool = False
    raises: bool = True
    pty: bool = False
    answers: tuple[str, ...] = ()
    background: str = ""
    save: str = ""
    overwrite: bool = False
    shows_output: bool = False

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels that its options name, each once; markers may name more."""
        named = [*self.secrets.values(), self.stdin, *self.files.values(), *self.answers]
        return tuple(dict.fromkeys(filter(None, named)))


def parse(line: str) -> RunArguments:
    """Read the options of one ``%%agent_run`` line.

    Raises:
        RequestInvalid: An option is unknown, misses its value, or its value can't be used.
        LabelInvalid: What stands where a label belongs is none.
    """
    try:
        words = iter(shlex.split(line))
    except ValueError:
        if line.endswith("\\"):  # as shells join lines; behind %% there is one
            raise RequestInvalid("All options stand on one line.", _HELP) from None
        raise RequestInvalid("A quote in the options is not closed.", _HELP) from None
    arguments = RunArguments()
    for word in words:
        option, equals, attached = word.partition("=") if word.startswith("--") else (word, "", "")
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
    names = (arguments.secrets, arguments.files, arguments.templates, arguments.variables)
    for name, times in Counter(name for group in names for name in group).items():
        if times > 1:
            raise RequestInvalid(f"The variable {name} is named twice.", _HELP)
    _check_together(arguments)
    return arguments


def _check_together(arguments: RunArguments) -> None:
    if arguments.pty and arguments.err:
        raise RequestInvalid(
            "With --pty there is no --err: a terminal has one stream for everything.",
            "--out NAME binds it.",
        )
    if arguments.overwrite and not arguments.save:
        raise RequestInvalid("--overwrite needs a file.", "--save FILE --overwrite")
    if arguments.background and arguments.save:
        raise RequestInvalid("With --bg there is no --save.", "Read it: NAME.tail()")
    if arguments.background and (arguments.out or arguments.err or arguments.json):
        raise RequestInvalid(
            "With --bg nothing is bound when the cell ends: the script goes on.",
            "Read it from the handle: NAME.tail()",
        )


def _following(option: str, words: Iterator[str]) -> str:
    value = next(words, "")
    if not value or value in OPTIONS:
        # Never "a value" where a label belongs: somebody would type the secret's.
        what = "a label" if option in _TAKE_LABELS else "something"
        raise RequestInvalid(f"{option} needs {what} behind it.", _HELP)
    return value


def _secret(arguments: RunArguments, value: str) -> RunArguments:
    name, label = run_fields.secret(value)
    if name in arguments.secrets:
        raise RequestInvalid(f"The variable {name} is named twice by -s.", _HELP)
    return replace(arguments, secrets={**arguments.secrets, name: label})


def _stdin(arguments: RunArguments, value: str) -> RunArguments:
    if arguments.stdin:
        raise RequestInvalid("There is one standard input, so --stdin stands once.", _HELP)
    return replace(arguments, stdin=check_label(value))


def _file(arguments: RunArguments, value: str) -> RunArguments:
    name, label = run_fields.file(value)
    if name in arguments.files:
        raise RequestInvalid(f"The variable {name} is named twice by --file.", _HELP)
    return replace(arguments, files={**arguments.files, name: label})


def _template(arguments: RunArguments, value: str) -> RunArguments:
    name, path = run_fields.template(value)
    if name in arguments.templates:
        raise RequestInvalid(
            f"The variable {name} is named twice by --template.", "--template ENV=FILE"
        )
    return replace(arguments, templates={**arguments.templates, name: path})


def _timeout(arguments: RunArguments, value: str) -> RunArguments:
    try:
        seconds = float(value)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < float("inf"):
        raise RequestInvalid("--timeout needs a number of seconds above 0.", "--timeout 30")
    return replace(arguments, timeout=seconds)


def _shell(arguments: RunArguments, value: str) -> RunArguments:
    return replace(arguments, shell=run_fields.check_shell(value))


def _export(arguments: RunArguments, value: str) -> RunArguments:
    name = check_exported(_python_name("-v", value))
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
    "--overwrite": lambda arguments: replace(arguments, overwrite=True),
    "--show-output": lambda arguments: replace(arguments, shows_output=True),
    "--quiet": lambda arguments: replace(arguments, quiet=True),
    "--no-raise": lambda arguments: replace(arguments, raises=False),
}
_VALUES: Final[dict[str, Callable[[RunArguments, str], RunArguments]]] = {
    "-s": _secret,
    "--stdin": _stdin,
    "--file": _file,
    "--template": _template,
    "-v": _export,
    "--cwd": lambda arguments, value: replace(arguments, cwd=value),
    "--timeout": _timeout,
    "--shell": _shell,
    "--out": lambda arguments, value: replace(arguments, out=_python_name("--out", value)),
    "--err": lambda arguments, value: replace(arguments, err=_python_name("--err", value)),
    "--json": lambda arguments, value: replace(arguments, json=_python_name("--json", value)),
    "--save": lambda arguments, value: replace(arguments, save=value),
    "--answer": _answer,
    "--bg": lambda arguments, value: replace(arguments, background=_python_name("--bg", value)),
}

_TAKE_LABELS: Final = ("-s", "--stdin", "--file", "--answer")

OPTIONS: Final = (*_VALUES, *_SWITCHES)
"""Every option this version has, in the order in which they are offered for completion."""
