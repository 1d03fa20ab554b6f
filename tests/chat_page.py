"""A chat of Jupyter AI in a browser, in the words of someone who uses it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from lab import Lab
from notebook_page import LOADING
from playwright.sync_api import Locator, Page, expect

_OPEN_INSTEAD = """async name => {
  const app = window.jupyterapp;
  for (const widget of [...app.shell.widgets("main")]) {
    widget.dispose();
  }
  await app.commands.execute("jupyterlab-chat:open", { filepath: name });
}"""

_MODEL = "window.jupyterapp.shell.currentWidget.model"

_FRAME = """([url, frame]) => new Promise((resolve, reject) => {
  // What a program would do that speaks to the chat's own websocket.
  const socket = new WebSocket(url);
  socket.onerror = () => reject(new Error("no socket"));
  socket.onmessage = ({ data }) => {
    const answer = JSON.parse(data);
    if (answer.action === "connection") {
      socket.send(JSON.stringify(frame));
    } else if (answer.action === "refused" || answer.message?.id === frame.id) {
      socket.close();
      resolve(answer);
    }
  };
})"""


class ChatPage:
    """One chat, open in one page."""

    def __init__(self, page: Page, lab: Lab, name: str) -> None:
        self.page = page
        self._lab = lab
        self.name = name

    @property
    def path(self) -> Path:
        """Its file."""
        return self._lab.notebooks / self.name

    def open(self) -> ChatPage:
        """Make it, open it and wait until something can be typed."""
        self.path.write_text("{}")
        if not self.page.url.startswith(f"{self._lab.url}/lab"):
            self.page.goto(f"{self._lab.url}/lab?reset&token={self._lab.token}")
            ready = "() => window.jupyterapp?.commands.hasCommand('jupyterlab-chat:open')"
            self.page.wait_for_function(ready, timeout=LOADING)
            self.page.evaluate("() => window.jupyterapp.restored")
        self.page.evaluate(_OPEN_INSTEAD, self.name)
        self.box.wait_for(timeout=LOADING)
        return self

    @property
    def box(self) -> Locator:
        """Where a message is typed."""
        return self.page.locator(
            ".jp-MainAreaWidget .jp-chat-input-container textarea:not([aria-hidden])"
        ).last

    @property
    def dialog(self) -> Locator:
        """What says that a message was not sent."""
        return self.page.locator(".ja-not-sent")

    def write(self, text: str) -> None:
        """Replace what stands in the box."""
        self.box.click()
        self.page.keyboard.press("Control+a")
        self.page.keyboard.insert_text(text)

    def send(self, text: str | None = None) -> None:
        """Enter."""
        if text is not None:
            self.write(text)
        self.box.press("Enter")

    def shown(self, text: str) -> None:
        """Wait until the server has taken a message and the page shows it."""
        expect(self.page.locator(".jp-chat-rendered-message", has_text=text).last).to_be_visible()

    def stored(self) -> list[dict[str, Any]]:
        """The messages in its file."""
        messages: list[dict[str, Any]] = json.loads(self.path.read_text()).get("messages", [])
        return messages

    def call(self, what: str, argument: Any = None) -> Any:
        """Call the chat's model past its own box: ``m.sendMessage(x)``."""
        return self.page.evaluate(
            f"async x => {{ const m = {_MODEL}; await m.ready; return {what}; }}", argument
        )

    def frame(self, frame: dict[str, Any]) -> dict[str, Any]:
        """Send a frame on a socket of one's own, and wait for what comes of it."""
        url = f"{self._lab.url.replace('http', 'ws')}/api/chat/ws/{self.name}"
        answer: dict[str, Any] = self.page.evaluate(
            _FRAME, [f"{url}?token={self._lab.token}", frame]
        )
        return answer
