"""What stands in a file that is attached to a chat message.

A message carries a path, and whoever answers opens the file, all of it. So all of it is screened,
notebook outputs included, as it is on the disk when the message is sent.
"""

from __future__ import annotations

import json
import re
from base64 import b64decode
from functools import partial
from http import HTTPStatus
from typing import Any, Final

from jupyter_core.utils import ensure_async
from tornado.web import HTTPError

from jupyter_agent.long_texts import aside
from jupyter_agent.screen.notebook import fields, is_notebook

LARGEST: Final = 8 * 1024 * 1024
"""Bytes. Who sends the message waits while a thread screens them."""

_DRIVE: Final = re.compile(r"^[A-Za-z]\w*:")
"""What collaboration puts before a path; contents managers do not know it."""


class NotScreened(Exception):
    """An attached file can't be screened. Says nothing about it."""


class Attached:
    """Reads attached files.

    Args:
        contents: The server's contents manager, which also knows who may read what.
    """

    def __init__(self, contents: Any) -> None:
        self._contents = contents

    async def texts(self, path: str) -> list[bytes]:
        """Every text in the file; empty where there is no such file.

        Args:
            path: As the message has it, relative to the server's folder.

        Raises:
            NotScreened: It is a folder, or too large.
        """
        model = await self._model(path)
        if model is None:
            return []
        if model["type"] == "directory" or (model.get("size") or 0) > LARGEST:
            raise NotScreened
        where = model["path"]
        read = await ensure_async(self._contents.get(where, content=True, type="file"))
        content = read["content"]
        raw = b64decode(content) if read["format"] == "base64" else _bytes(content)
        if len(raw) > LARGEST:
            raise NotScreened
        if not where.endswith(".ipynb"):
            return [raw]
        return await aside(partial(_of_notebook, raw), raw)

    async def _model(self, path: str) -> dict[str, Any] | None:
        for candidate in dict.fromkeys((path, _DRIVE.sub("", path))):
            try:
                model: dict[str, Any] = await ensure_async(
                    self._contents.get(candidate, content=False)
                )
            except HTTPError as error:
                if error.status_code != HTTPStatus.NOT_FOUND:
                    raise
            else:
                return model
        return None


def _of_notebook(raw: bytes) -> list[bytes]:
    try:
        content = json.loads(raw)
    except (ValueError, RecursionError):
        return [raw]
    if not is_notebook(content):
        return [raw]
    texts = (text for field in fields(content) for text in field.texts() if text)
    return [_bytes(text) for text in dict.fromkeys(texts)]


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
