"""How the values of a run get into its command: variables, standard input, files, templates."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from jupyter_agent import wire
from jupyter_agent.broker import markers
from jupyter_agent.errors import RequestInvalid
from jupyter_agent.secret import check_label, check_variable

MAX_SECRETS: Final = 64
"""Most places for a value in one run: each value holds up to 64 KiB."""

MAX_TEMPLATES: Final = 256 * 1024
"""Most bytes that the templates of a run have together: a person is shown all of them."""

_FILE_NAME: Final = re.compile(r"[^/\0\ud800-\udfff]{1,60}")  # at most 240 bytes, of the usual 255
_MAX_FILLED: Final = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Template:
    """A file with markers.

    Attributes:
        env: The variable that gets the path of the filled-in file.
        name: What that file is called; programs look at endings.
        text: Its text, with the markers.
    """

    env: str
    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Injection:
    """Which label goes where.

    Attributes:
        variables: Variable → label, the value in the environment.
        stdin: The label whose value is the standard input, or None.
        files: Variable → label, the value in a file and the file's path in the variable.
        templates: Files to fill in.
    """

    variables: Mapping[str, str] = field(default_factory=dict)
    stdin: str | None = None
    files: Mapping[str, str] = field(default_factory=dict)
    templates: tuple[Template, ...] = ()

    @property
    def labels(self) -> tuple[str, ...]:
        """Every label it uses, each once."""
        fed = (self.stdin,) if self.stdin else ()
        filled = [label for file in self.templates for label in markers.labels_in(file.text)]
        return tuple(dict.fromkeys([*self.variables.values(), *fed, *self.files.values(), *filled]))

    @property
    def paths(self) -> dict[str, str]:
        """Variable → path of its file below the folder of the run.

        A folder for each, because two templates may have one name.
        """
        return {name: f"{name}/{name}" for name in self.files} | {
            file.env: f"{file.env}/{file.name}" for file in self.templates
        }

    @property
    def by_label(self) -> dict[str, str]:
        """Label → the first variable that holds its value."""
        return {label: env for env, label in reversed(list(self.variables.items()))}

    def naming(self, labels: Iterable[str]) -> Injection:
        """The same with a variable for each of these labels: one there is, or one of its name.

        Raises:
            RequestInvalid: A variable of that name is taken, or they are too many.
        """
        variables, there = dict(self.variables), self.by_label
        for label in labels:
            if label not in there and (label in variables or label in self.paths):
                raise _twice(label)
            if label not in there:
                variables[check_variable(label)] = label
        changed = replace(self, variables=variables)
        changed.check_size()
        return changed

    def check_size(self) -> None:
        """Raise where there are too many places for values.

        Raises:
            RequestInvalid: There are.
        """
        places = len(self.variables) + len(self.files) + len(self.templates)
        if places > MAX_SECRETS or len(self.labels) > MAX_SECRETS:
            raise RequestInvalid(f"A run takes at most {MAX_SECRETS} secrets.")

    def plain(self) -> bool:
        """Whether each value just stands in the variable of its label's name."""
        return not (self.stdin or self.files or self.templates) and all(
            name == label for name, label in self.variables.items()
        )

    def shown(self) -> dict[str, Any]:
        """As a person who approves sees it."""
        return {
            "secrets": [{"env": env, "label": label} for env, label in self.variables.items()],
            "stdin": self.stdin,
            "files": [{"env": env, "label": label} for env, label in self.files.items()],
            "templates": [
                {"env": file.env, "name": file.name, "text": file.text} for file in self.templates
            ],
        }

    def identity(self) -> dict[str, Any]:
        """The same for comparing: templates by their hash."""
        return {
            "secrets": dict(self.variables),
            "stdin": self.stdin,
            "files": dict(self.files),
            "templates": {
                file.env: [file.name, hashlib.sha256(file.text.encode()).hexdigest()]
                for file in self.templates
            },
        }

    def environment(self, values: Mapping[str, bytes]) -> dict[str, str]:
        """The variables that hold values.

        Args:
            values: Label → value.

        Raises:
            RequestInvalid: A value holds a zero byte, which no variable can carry.
        """
        env: dict[str, str] = {}
        for variable, label in self.variables.items():
            if b"\0" in values[label]:
                raise RequestInvalid(
                    f"{label} holds a zero byte and can't be an environment variable.",
                    f"Hand it over in a file: --file {variable}={label}",
                )
            env[variable] = os.fsdecode(values[label])
        return env

    def contents(self, values: Mapping[str, bytes]) -> dict[str, bytes]:
        """Path below the folder of the run → what the file holds.

        Args:
            values: Label → value.

        Raises:
            RequestInvalid: A template would become too long, or a value can't be written as asked.
        """
        paths = self.paths
        found = {paths[env]: values[label] for env, label in self.files.items()}
        for file in self.templates:
            found[paths[file.env]] = markers.fill(file.text, values)
        if sum(map(len, found.values())) > _MAX_FILLED:
            raise RequestInvalid(
                "The files of this run are too large.",
                f"Together they may have {_MAX_FILLED // 1024} KiB.",
            )
        return found


def read_injection(message: wire.Message) -> Injection:
    """Read the fields of a `run` that say where values go.

    Raises:
        RequestInvalid: A field has another type, asks for one variable twice, or for too much.
        LabelInvalid: What stands where a label belongs is none.
    """
    variables: dict[str, str] = {}
    for item in _list(message, "secrets"):
        label = check_label(wire.text(item, "label"))
        variable = check_variable(wire.text(item, "env", label))
        if variables.setdefault(variable, label) != label:
            raise _twice(variable)
    files: dict[str, str] = {}
    for item in _list(message, "files"):
        variable = check_variable(wire.text(item, "env"))
        if variable in variables or variable in files:
            raise _twice(variable)
        files[variable] = check_label(wire.text(item, "label"))
    templates: list[Template] = []
    for item in _list(message, "templates"):
        template = _template(item)
        if template.env in {*variables, *files, *(other.env for other in templates)}:
            raise _twice(template.env)
        templates.append(template)
    if sum(len(file.text.encode()) for file in templates) > MAX_TEMPLATES:
        raise RequestInvalid(
            "The templates are too long.", f"Together they may have {MAX_TEMPLATES // 1024} KiB."
        )
    stdin = wire.optional_text(message, "stdin")
    injection = Injection(
        variables, check_label(stdin) if stdin is not None else None, files, tuple(templates)
    )
    injection.check_size()
    return injection


def _template(item: dict[str, Any]) -> Template:
    env, name, text = (wire.text(item, field) for field in ("env", "name", "text"))
    if name in ("", ".", "..") or not _FILE_NAME.fullmatch(name):
        raise RequestInvalid("A template needs the name of a file, without its folder.")
    try:
        text.encode()
    except UnicodeEncodeError:  # half of a surrogate pair, which JSON can carry
        raise RequestInvalid("A template is text.") from None
    if not markers.labels_in(text):
        raise RequestInvalid(
            "The template holds no marker.", "Write {{LABEL}} where the value belongs."
        )
    return Template(check_variable(env), name, text)


def _list(message: wire.Message, name: str) -> list[dict[str, Any]]:
    items = message.get(name)
    if items is None:
        return []
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise RequestInvalid(f'"{name}" is a list of objects.')
    return items


def _twice(variable: str) -> RequestInvalid:
    return RequestInvalid(f"The variable {variable} is asked for twice.")
