"""What notebook and terminal put into a `run` request in the same way (docs/protocol.md).

No error repeats what was typed: people paste values where labels belong.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Final

from jupyter_agent import wire
from jupyter_agent.errors import RequestInvalid
from jupyter_agent.secret import check_label, check_variable

TEMPLATE: Final = "TEMPLATE"
"""The variable with the path of a template that was given none."""

MAX_TEMPLATE: Final = 256 * 1024
"""Most bytes of a template: a person is shown all of it."""


def secret(typed: str) -> tuple[str, str]:
    """What ``LABEL`` or ``ENV=LABEL`` means: the variable, and the label.

    Raises:
        RequestInvalid: The name can't be a variable's.
        LabelInvalid: What stands where a label belongs is none.
    """
    name, equals, label = typed.rpartition("=")
    check_label(label)
    return check_variable(name) if equals else label, label


def file(typed: str) -> tuple[str, str]:
    """What ``ENV=LABEL`` means, where the variable gets the path of a file.

    Raises:
        RequestInvalid: It has no name for the variable, or one that can't be.
        LabelInvalid: What stands where a label belongs is none.
    """
    if "=" not in typed:
        raise RequestInvalid(
            "--file needs a variable for the path of the file.", "--file KEY_FILE=LABEL"
        )
    return secret(typed)


def template(typed: str) -> tuple[str, str]:
    """What ``FILE`` or ``ENV=FILE`` means: the variable for the path, and the template's path.

    A file whose name has an equals sign is written with its folder: ``./a=b``.

    Raises:
        RequestInvalid: The name can't be a variable's.
    """
    name, equals, path = typed.partition("=")
    if not equals or not name.isidentifier():
        return TEMPLATE, typed
    return check_variable(name), path


def read_template(env: str, path: str) -> dict[str, str]:
    """A template as the request carries it.

    Args:
        env: The variable for the path of the filled-in file.
        path: The template's own path.

    Raises:
        RequestInvalid: It is not there, too long, or no text in UTF-8.
    """
    try:
        with open(path, "rb") as opened:  # noqa: PTH123  (startup time)
            content = opened.read(MAX_TEMPLATE + 1)
    except OSError as error:
        reason = os.strerror(error.errno or 0)
        raise RequestInvalid(
            f"The template can't be read: {reason}.", "Name a file: --template [ENV=]FILE"
        ) from None
    if len(content) > MAX_TEMPLATE:
        raise RequestInvalid(
            "The template is too long.", f"It may have {MAX_TEMPLATE // 1024} KiB."
        )
    try:
        text = content.decode()
    except UnicodeDecodeError:
        raise RequestInvalid("The template is no text in UTF-8.", "Save it as UTF-8.") from None
    return {"env": env, "name": os.path.basename(path), "text": text}  # noqa: PTH119


def check_shell(name: str) -> str:
    """Return the name of a shell.

    Raises:
        RequestInvalid: There is no such one.
    """
    if name not in wire.SHELLS:
        raise RequestInvalid(
            f"--shell is one of {', '.join(wire.SHELLS)}.", "For another program, call it in bash."
        )
    return name


def handed_on(environ: Mapping[str, str]) -> dict[str, str]:
    """What a command gets of its caller's environment.

    By name, because an environment holds other tokens, which are nobody's business.
    """
    return {name: value for name, value in environ.items() if wire.HANDED_ON.fullmatch(name)}
