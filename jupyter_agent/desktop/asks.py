"""What pages ask a person by windows of the browser's own: in no picture, so the viewer shows it.

    list      a ``select``: {"kind": "list", "options": [{"label", "group", "disabled"}], "chosen",
              "box": [x, y, width, height]} → {"index"}
    dialog    ``alert``, ``confirm``, ``prompt``, leaving a page: {"kind": "dialog", "sort", "host",
              "message", "text"} → {"accept", "text"}
    files     a file field: {"kind": "files", "many"} → pieces by ``take_file``, then {"accept"}
    login     a page behind HTTP authentication: {"kind": "login", "host"} → {"user", "password"}

Each has an id, and is answered once. One is open at a time: a page that asks waits until it is
answered. Permissions (where you are, camera, …) are not asked, but given beforehand (``permits``).
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import itertools
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from jupyter_agent.desktop.cdp import Cdp, Event
from jupyter_agent.desktop.http_login import HttpLogin
from jupyter_agent.desktop.lists import Lists
from jupyter_agent.desktop.stage import Stage
from jupyter_agent.desktop.tabs import host_of
from jupyter_agent.errors import DesktopError, RequestInvalid

LARGEST_UPLOAD: Final = 50 * 1024 * 1024
"""Bytes of all files for one field."""

_LONGEST_NAME: Final = 200  # bytes of a file's name


class Asks:
    """What is asked in the tab that is shown.

    Args:
        cdp: The browser's pipe.
        stage: The tab that is shown.
        folder: Where files lie that a person gives to a page; in the desktop's own.

    Attributes:
        changed: Called when something is asked, or no longer.
    """

    def __init__(self, cdp: Cdp, stage: Stage, folder: Path) -> None:
        self.changed: Callable[[], None] = lambda: None
        self._cdp = cdp
        self._stage = stage
        self._folder = folder
        self._lists = Lists(cdp, stage)
        self._login = HttpLogin(cdp, stage)
        self._ids = itertools.count(1)
        self._open: dict[str, Any] | None = None
        self._session = ""
        self._node = 0
        self._files: list[Path] = []
        self._received = 0
        self._tasks: set[asyncio.Task[None]] = set()
        stage.heard = self._hear
        stage.entered = self._enter

    def open(self) -> dict[str, Any] | None:
        """What is asked now. One that was asked in a tab that is no longer shown is over."""
        if self._open is not None and self._session != self._stage.session:
            self._open = None
        return self._open

    async def list_at(self, x: float, y: float) -> bool:
        """Whether there is a ``select`` at a place; it is asked then."""
        return self._ask_list(await self._lists.at(x, y))

    async def list_with_focus(self) -> bool:
        """The same for the one that has the focus."""
        return self._ask_list(await self._lists.with_focus())

    async def answer(self, ask: str, answer: dict[str, Any]) -> None:
        """A person has answered. What is answered already, or of another kind, is dropped.

        What a page only then does is not waited for: it may ask something else before it is done,
        and the person's next answer would wait behind this.
        """
        asked = self.open()
        if asked is None or asked["id"] != ask:
            return
        self._open = None
        self.changed()
        if asked["kind"] == "list":
            index = answer.get("index")
            await self._lists.choose(index if isinstance(index, int) else -1)
        elif asked["kind"] == "dialog":
            text = answer.get("text")
            given = {"promptText": text} if isinstance(text, str) else {}
            accept = {"accept": answer.get("accept") is True, **given}
            await self._cdp.send("Page.handleJavaScriptDialog", accept, self._session)
        elif asked["kind"] == "files":
            files = self._files if answer.get("accept") is True else []
            self._soon(self._give_files(files, self._node, self._session))
        else:
            user, password = str(answer.get("user", "")), str(answer.get("password", ""))
            self._soon(self._login.give(user, password))

    async def take_file(self, ask: str, piece: dict[str, Any]) -> None:
        """A piece of a file for the field that asks.

        Raises:
            RequestInvalid: It can't be read, or is too much.
        """
        asked = self.open()
        if asked is None or asked["id"] != ask or asked["kind"] != "files":
            return
        try:
            data = base64.b64decode(str(piece.get("data", "")), validate=True)
        except ValueError:
            raise RequestInvalid("That is no piece of a file.") from None
        self._received += len(data)
        if self._received > LARGEST_UPLOAD:
            raise RequestInvalid("These files are too large for a page here.")
        path = self._place(str(piece.get("name", "")), first=piece.get("first") is True)
        await asyncio.to_thread(_append, path, data)

    def _ask_list(self, found: dict[str, Any] | None) -> bool:
        if found is not None:
            self._ask("list", **found)
        return found is not None

    def _ask(self, kind: str, **what: Any) -> None:
        self._session = self._stage.session
        self._open = {"id": str(next(self._ids)), "kind": kind, **what}
        self.changed()

    def _hear(self, event: Event) -> None:
        params = event.params
        if event.method == "Page.javascriptDialogOpening":
            self._ask(
                "dialog",
                sort=params["type"],
                host=host_of(params["url"]),
                message=params["message"],
                text=params.get("defaultPrompt", ""),
            )
        elif event.method == "Page.javascriptDialogClosed":
            self._close("dialog")  # somebody else has answered it: the agent, or the page has gone
        elif event.method == "Page.fileChooserOpened" and "backendNodeId" in params:
            self._node, self._files, self._received = params["backendNodeId"], [], 0
            self._ask("files", many=params["mode"] == "selectMultiple")
        elif event.method == "Page.frameNavigated" and "parentId" not in params["frame"]:
            self._close("list", "files", "login")
            # An answer without a page is shown by one of the browser's own, which says for which.
            url = params["frame"].get("unreachableUrl") or params["frame"]["url"]
            self._soon(self._look_for_login(str(url)))

    def _enter(self) -> None:
        """A tab is shown whose page may have been refused before anybody heard of it."""
        urls = (tab["url"] for tab in self._stage.tabs() if tab["id"] == self._stage.target)
        self._soon(self._look_for_login(next(urls, "")))

    def _close(self, *kinds: str) -> None:
        if self._open is not None and self._open["kind"] in kinds:
            self._open = None
            self.changed()

    async def _look_for_login(self, url: str) -> None:
        session = self._stage.session
        if await self._login.is_asked() and self.open() is None and session == self._stage.session:
            self._ask("login", host=host_of(url))

    def _place(self, name: str, *, first: bool) -> Path:
        """Where a file's pieces go: in a folder of its own, so that none takes another's name."""
        if first or not self._files:
            folder = self._folder / f"{self._open['id'] if self._open else 0}-{len(self._files)}"
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._files.append(folder / _clean(name))
        return self._files[-1]

    async def _give_files(self, files: list[Path], node: int, session: str) -> None:
        given = {"files": [str(path) for path in files], "backendNodeId": node}
        if files:
            await self._cdp.send("DOM.setFileInputFiles", given, session)

    def _soon(self, work: Any) -> None:
        task = asyncio.ensure_future(_quiet(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _clean(name: str) -> str:
    plain = re.sub(r"[\x00-\x1f\x7f/\\]", "_", name).strip(". ") or "file"
    return plain.encode()[:_LONGEST_NAME].decode(errors="ignore")


def _append(path: Path, data: bytes) -> None:
    with path.open("ab") as file:
        file.write(data)


async def _quiet(work: Any) -> None:
    with contextlib.suppress(DesktopError):  # the page has gone meanwhile
        await work
