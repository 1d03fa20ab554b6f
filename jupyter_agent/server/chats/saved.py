"""A chat's file, as saves look through it: as if each message were a cell of a notebook.

With real-time collaboration a message is in the shared document before the server sees it, but the
file is written by the contents manager, like every other. Form: JSON of jupyterlab-chat's
``YChat.get``, ``{"messages": [{"body", "mime_model"?, "metadata"?, …}], …}``.
"""

from __future__ import annotations

from typing import Any, Final

SUFFIX: Final = ".chat"
_SAID: Final = ("mime_model", "metadata")
"""What a message may say besides its body. Its other fields are names and times of the chat's."""


def as_notebook(chat: Any) -> dict[str, Any] | None:
    """The messages as cells of a notebook, or None where it is no chat.

    Args:
        chat: What its file holds.
    """
    messages = chat.get("messages") if isinstance(chat, dict) else None
    if not isinstance(messages, list) or not all(isinstance(each, dict) for each in messages):
        return None
    cells = [
        {
            "cell_type": "markdown",
            "source": each.get("body", ""),
            "metadata": {name: each[name] for name in _SAID if name in each},
        }
        for each in messages
    ]
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells}


def put_back(chat: dict[str, Any], notebook: dict[str, Any]) -> None:
    """Say in a chat what was masked in its cells.

    Args:
        chat: Changed in place.
        notebook: From ``as_notebook``, masked.
    """
    for message, cell in zip(chat["messages"], notebook["cells"], strict=True):
        if "body" in message:
            message["body"] = cell["source"]
        message.update(cell["metadata"])
