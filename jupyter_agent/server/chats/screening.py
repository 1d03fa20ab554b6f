"""The verdict on a chat message, for the page that is about to send it and for the server."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

from jupyter_agent.screen.box import Stop
from jupyter_agent.server.chats.attached import Attached
from jupyter_agent.server.gate import CHAT
from jupyter_agent.server.judge import Judge

_MOST_ATTACHED: Final = 50
_ID: Final = re.compile(r"[0-9a-f]+(?:-[0-9a-f]+)*")
"""As pages make them. No vendor's token has this shape."""

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Refused:
    """Why a message is not stored. Holds no value.

    Attributes:
        stop: What was found.
        attachment: The attached file that it stands in, or "" for the message itself.
    """

    stop: Stop
    attachment: str = ""

    def body(self) -> Json:
        """As pages get it (docs/protocol.md)."""
        return {
            "attachment": self.attachment,
            "late": self.stop.late,
            "findings": [found.body for found in self.stop.found],
            "block": self.stop.block,
        }


class ChatScreening:
    """Decides on messages.

    Args:
        judge: Decides by all there is; made for chats, so that it takes their paths.
        attached: Reads attached files.
    """

    def __init__(self, judge: Judge, attached: Attached) -> None:
        self._judge = judge
        self._attached = attached

    async def verdict(self, frame: Any, path: str, *, spend: bool) -> Refused | None:
        """The reason to refuse a message, or None where it may be stored.

        Args:
            frame: As it travels on the chat's websocket, read as JSON: text, metadata, mime model,
                attachments, a new message or a change of one.
            path: Of the chat's file.
            spend: Whether "once" is used up; not where the message will be asked about again.
        """
        try:
            return await self._verdict(frame, path, spend=spend)
        except Exception:  # noqa: BLE001  (fail closed, whatever went wrong)
            return Refused(Stop())

    async def _verdict(self, frame: Any, path: str, *, spend: bool) -> Refused | None:
        content = _content(frame)
        if (stop := await self._judge.decide(CHAT, content, (), path, spend=spend)) is not None:
            return Refused(stop)
        attachments = content.get("attachments") or []
        if len(attachments) > _MOST_ATTACHED:
            return Refused(Stop())
        for attachment in attachments:
            file = attachment["value"]
            try:
                texts = await self._attached.texts(file)
            except Exception:  # noqa: BLE001  (whatever could not be read was not screened)
                return Refused(Stop(), file)
            if texts:
                stop = await self._judge.decide(CHAT, {}, texts, path, spend=spend)
                if stop is not None:
                    return Refused(stop, file)
        return None


def _content(frame: Any) -> Json:
    """What there is to screen in a frame: everything but the names the protocol chooses from."""
    if not isinstance(frame, dict):
        return {"frame": frame}
    content = {name: value for name, value in frame.items() if value is not None}
    if (id_ := content.get("id")) is not None and _is_id(id_):
        del content["id"]
    if content.get("type") == "client":
        del content["type"]
    if content.get("action") in ("send", "edit"):
        del content["action"]
    return content


def _is_id(value: Any) -> bool:
    return isinstance(value, str) and _ID.fullmatch(value) is not None
