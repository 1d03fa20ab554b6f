"""The lines of ``%%agent_chat`` and ``%agent_chat``: options in, ``ChatArguments`` out. Pure.

No message repeats what stood on the line: people paste values where labels belong.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from jupyter_agent.errors import RequestInvalid

VALUES: Final = ("--model", "--url", "--key", "--agent")
SWITCHES: Final = ("--new", "--history", "--status", "--no-tools")
OPTIONS: Final = ("--with", *VALUES, *SWITCHES)

_OF_MODELS: Final = frozenset(("model", "url", "key", "no_tools"))
_HELP: Final = "See all of it: %agent_chat --help, or %%agent_chat?"


@dataclass(frozen=True, slots=True)
class ChatArguments:
    """What a chat cell or line was asked for.

    Attributes:
        attached: Names of variables, or numbers of cells as ``[3]``.
        model: Which model; "" for the one that is chosen.
        url: Its server's address.
        key: The label of its key.
        agent: An agent that answers instead of a model, as a command line.
        new: Begin a new conversation.
        history: Show the conversation.
        status: Show who answers, and where that is.
        no_tools: Let the model use none.
    """

    attached: tuple[str, ...] = ()
    model: str = ""
    url: str = ""
    key: str = ""
    agent: str = ""
    new: bool = False
    history: bool = False
    status: bool = False
    no_tools: bool = False

    @property
    def chooses(self) -> bool:
        """Whether it says who answers."""
        return bool(self.model or self.url or self.key or self.agent)


def parse(line: str) -> ChatArguments:
    """Read one line.

    Raises:
        RequestInvalid: An option is unknown, or misses its value.
    """
    try:
        words = shlex.split(line)
    except ValueError:
        raise RequestInvalid("A quote in the options is not closed.", _HELP) from None
    given: dict[str, Any] = {"attached": ()}
    while words:
        word = words.pop(0)
        option, equals, attached = word.partition("=")
        if option == "--with":
            names = [attached] if equals else list(_taken(words))
            if not any(names):
                raise RequestInvalid("--with needs a name behind it.", "--with df, or --with [3]")
            split = [name for each in names for name in each.split(",") if name]
            given["attached"] = (*given["attached"], *split)
        elif option in VALUES:
            value = attached if equals else words.pop(0) if words else ""
            if not value or value.startswith("--"):
                raise RequestInvalid(f"{option} needs a value behind it.", _HELP)
            given[_field(option)] = value
        elif word in SWITCHES:
            given[_field(word)] = True
        else:
            raise RequestInvalid("%agent_chat has no such option.", _HELP)
    if "agent" in given and not _OF_MODELS.isdisjoint(given):
        raise RequestInvalid(
            "--agent names who answers, and an agent has a model, a key and tools of its own.",
            "Leave out --agent, or --model, --url, --key and --no-tools.",
        )
    return ChatArguments(**given)


def _taken(words: list[str]) -> Iterable[str]:
    while words and not words[0].startswith("--"):
        yield words.pop(0)


def _field(option: str) -> str:
    return option.removeprefix("--").replace("-", "_")
