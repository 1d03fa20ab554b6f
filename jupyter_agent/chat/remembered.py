"""Which model a person has chosen last, for notebooks that say nothing else. Labels only."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from typing import Final

from jupyter_agent.chat import choice
from jupyter_agent.chat.choice import Choice
from jupyter_agent.folders import Folders
from jupyter_agent.opening import open_unfollowed

_NAME: Final = "chat-model.json"
_MOST: Final = 10_000


def recall(folders: Folders) -> Choice | None:
    """The choice, or None where there is none, or none that can be read."""
    try:
        with (folders.state / _NAME).open(encoding="utf-8") as file:
            return choice.of_json(json.loads(file.read(_MOST)))
    except (OSError, ValueError):
        return None


def remember(folders: Folders, chosen: Choice) -> None:
    """Keep a choice. Where it can't be written, it holds for this kernel only."""
    with suppress(OSError):
        folders.make()
        path = folders.state / _NAME
        new = path.with_suffix(".new")
        handle = open_unfollowed(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        with open(handle, "w", encoding="utf-8") as file:  # noqa: PTH123  (mode)
            json.dump(chosen.to_json(), file)
        new.replace(path)
