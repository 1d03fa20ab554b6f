"""Layer B: every frame of a chat is screened before the chat's own handler reads it.

Around ``jupyterlab_chat.websocket_handler.WSChatHandler.on_message``, which stores and broadcasts
what it gets, and logs a frame that it does not understand. There is no hook to refuse a message, so
the method is wrapped; docs/jupyter-ai.md says with which versions that was tried.

Under real-time collaboration there is no such handler: pages write into a shared document, and
whoever looks at it here looks too late. Then layer B is off, and says so.
"""

from __future__ import annotations

import contextlib
import inspect
import json
from collections.abc import Callable
from importlib import import_module
from logging import Logger
from typing import Any, Final

from tornado.websocket import WebSocketClosedError

from jupyter_agent.chat import jupyter_ai
from jupyter_agent.server.chats.screening import ChatScreening, Refused

_SETTING: Final = "jupyter_agent_chats"

Tell = Callable[[dict[str, Any]], None]


class ChatGuard:
    """Screens the chats of one server.

    Args:
        screening: Decides.
        tell: Tells the pages what was refused.
        log: Told the rule, and never what stood there.
    """

    def __init__(self, screening: ChatScreening, tell: Tell, log: Logger) -> None:
        self._screening = screening
        self._tell = tell
        self._log = log
        self._settings: dict[str, Any] = {}
        self._state = "absent"

    def watch(self, app: Any) -> None:
        """Screen the chats of this server from now on.

        Args:
            app: The ``ServerApp``; its extensions are linked, and not all of them loaded.
        """
        extension = app.extension_manager.extensions.get(jupyter_ai.PACKAGE)
        if extension is None or not extension.enabled:
            return
        self._settings = app.web_app.settings
        try:
            handler = import_module(f"{jupyter_ai.PACKAGE}.websocket_handler").WSChatHandler
            _wrap(handler)
        except Exception:  # noqa: BLE001  (a version that is built in another way)
            self._state = "off"
        else:
            tried = jupyter_ai.is_tried(jupyter_ai.installed())
            self._state = "on" if tried else "untried"
            self._settings[_SETTING] = self
        app.io_loop.add_callback(self._say)  # when all extensions are loaded

    @property
    def state(self) -> str:
        """Whether messages are screened here: see docs/protocol.md, ``status``."""
        return "rtc" if self._state != "absent" and self._is_collaborative else self._state

    @property
    def wraps(self) -> bool:
        """Whether what a page has screened comes here again."""
        return _SETTING in self._settings and not self._is_collaborative

    async def refuses(self, handler: Any, raw: str | bytes) -> bool:
        """Whether a frame is not to be handed on; the page has been told then.

        Args:
            handler: The chat's websocket.
            raw: As it came in.
        """
        try:
            frame = json.loads(raw)
        except (ValueError, RecursionError):
            self._log.warning("Dropped a chat frame that could not be read.")
            return True
        path = str(handler.path_args[0]) if handler.path_args else ""
        refused = await self._screening.verdict(frame, path, spend=True)
        if refused is None:
            return False
        rules = sorted({found.body["rule"] for found in refused.stop.found})
        self._log.warning("Refused a chat message: %s.", ", ".join(rules) or "not screened")
        self._answer(handler, path, refused)
        return True

    def _answer(self, handler: Any, path: str, refused: Refused) -> None:
        body = refused.body()
        with contextlib.suppress(WebSocketClosedError):
            handler.write_message(json.dumps({"type": "server", "action": "refused", **body}))
        self._tell({"event": "chat_refused", "path": path, **body})

    @property
    def _is_collaborative(self) -> bool:
        page = self._settings.get("page_config_data") or {}
        return bool((page.get("serverSessionRtcInfo") or {}).get("enabled"))

    def _say(self) -> None:
        if self.state != "on":
            self._log.warning(
                "Jupyter AI chat: messages are screened in the page only (%s). "
                "jupyter agent doctor says more.",
                self.state,
            )


def _wrap(handler: Any) -> None:
    """Put the guard of a handler's own server before its ``on_message``; once in a process."""
    inner = handler.__dict__["on_message"]
    if getattr(inner, _SETTING, False):
        return

    # Tornado waits for it before it reads the next frame, so messages keep their order.
    async def on_message(self: Any, raw: str | bytes) -> None:
        guard: ChatGuard | None = self.settings.get(_SETTING)
        if guard is not None and await guard.refuses(self, raw):
            return
        result = inner(self, raw)
        if inspect.isawaitable(result):
            await result

    setattr(on_message, _SETTING, True)
    handler.on_message = on_message
