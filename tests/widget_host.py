"""A page that shows the entry widget as VS Code does: anywidget's module, and a comm to the kernel.

There is no JupyterLab in it, no server of ours and no ``crypto.subtle``. What VS Code's notebook
renderer gives to a widget is the contract of https://anywidget.dev/en/afm/: a module with
``render({model, el})``, whose model has traits, messages and events.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from jupyter_client.blocking import BlockingKernelClient
from jupyter_client.manager import KernelManager
from playwright.sync_api import Page

WEBVIEW = "https://webview.example/"
PLAIN = "http://notebook.example/"

_PAGE = """<!doctype html><title>notebook</title><div id="output"></div><script>
const sent = [], waiting = [], listeners = new Map();
const fire = (event, ...args) => (listeners.get(event) ?? []).forEach(heard => heard(...args));
window.nextSent = () => new Promise(done => sent.length ? done(sent.shift()) : waiting.push(done));
window.show = async ({ _esm, ...state }) => {
  const model = {
    get: name => state[name],
    send: content => (waiting.shift() ?? (message => sent.push(message)))(content),
    on: (event, heard) => listeners.set(event, [...(listeners.get(event) ?? []), heard]),
    off: (event, heard) =>
      listeners.set(event, (listeners.get(event) ?? []).filter(each => each !== heard)),
  };
  window.hear = ({ method, content, state: changed }) => {
    if (method === "custom") {
      fire("msg:custom", content, []);
    } else if (method === "update") {
      Object.assign(state, changed);
      Object.keys(changed).forEach(name => fire(`change:${name}`));
    }
  };
  const url = URL.createObjectURL(new Blob([_esm], { type: "text/javascript" }));
  const widget = (await import(url)).default;
  await widget.render({ model, el: document.getElementById("output") });
};
</script>"""

_NO_WEBCRYPTO = """
Object.defineProperty(Crypto.prototype, "subtle", { get() { throw new Error("no WebCrypto"); } });
"""


class PlainKernel:
    """A kernel that no Jupyter server started, and everything that was said to and by it."""

    def __init__(self, manager: KernelManager, client: BlockingKernelClient) -> None:
        self._client = client
        self.heard: list[dict[str, Any]] = []
        self.sent: list[dict[str, Any]] = []
        self._manager = manager

    def run(self, code: str) -> list[dict[str, Any]]:
        """Run a cell; its messages."""
        return self._answers(self._client.execute(code))

    def comm(self, comm_id: str, data: dict[str, Any]) -> list[dict[str, Any]]:
        """Send a comm message; what the kernel's comm says to it."""
        session = self._client.session
        message = session.msg("comm_msg", {"comm_id": comm_id, "data": data})
        self.sent.append(message)
        self._client.shell_channel.send(message)
        answers = self._answers(message["header"]["msg_id"])
        return [m["content"]["data"] for m in answers if m["msg_type"] == "comm_msg"]

    def _answers(self, parent: str) -> list[dict[str, Any]]:
        answers = []
        while True:
            message = self._client.get_iopub_msg(timeout=60)
            self.heard.append(message)
            if message["parent_header"].get("msg_id") != parent:
                continue
            answers.append(message)
            content = message["content"]
            if message["msg_type"] == "status" and content["execution_state"] == "idle":
                with contextlib.suppress(queue.Empty):
                    self.heard.append(self._client.get_shell_msg(timeout=0))
                return answers


class WidgetPage:
    """The page, and the form in it.

    Args:
        page: A fresh one.
        kernel: Where the widget lives.
        address: Of the page: ``WEBVIEW`` or ``PLAIN``.
    """

    def __init__(self, page: Page, kernel: PlainKernel, address: str) -> None:
        self._page = page
        self._kernel = kernel
        page.add_init_script(_NO_WEBCRYPTO)
        page.route(address, lambda route: route.fulfill(body=_PAGE, content_type="text/html"))
        page.goto(address)

    def show(self, magic: str) -> None:
        """Run the magic and show the widget that it returns."""
        opened = [m["content"] for m in self._kernel.run(magic) if m["msg_type"] == "comm_open"]
        (comm,) = [c for c in opened if "_esm" in c["data"].get("state", {})]
        self.comm_id = comm["comm_id"]
        self._page.evaluate("state => window.show(state)", comm["data"]["state"])

    def relay(self) -> str:
        """Carry the page's next message to the kernel and the answers back; the message's type."""
        content = self._page.evaluate("() => window.nextSent()")
        for answer in self._kernel.comm(self.comm_id, {"method": "custom", "content": content}):
            self._page.evaluate("data => window.hear(data)", answer)
        return str(content["type"])


@contextlib.contextmanager
def plain_kernel(root: Path, environ: dict[str, str]) -> Iterator[PlainKernel]:
    """Start a kernel in a folder, without a server.

    Args:
        root: Everything it writes is below.
        environ: More of its environment.
    """
    root.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="ja-") as sockets:  # its paths are short
        manager = KernelManager(kernel_name="python3", transport="ipc", ip=f"{sockets}/kernel")
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("JUPYTER", "IPYTHON"))}
        env = {**clean, "HOME": str(root), "IPYTHONDIR": str(root / "ipython"), **environ}
        manager.start_kernel(cwd=str(root), env=env)
        client = manager.client()
        client.start_channels()
        try:
            client.wait_for_ready(timeout=60)
            yield PlainKernel(manager, client)
        finally:
            client.stop_channels()
            manager.shutdown_kernel(now=True)


def everything_said(kernel: PlainKernel) -> bytes:
    """All messages both ways, as they could be logged."""
    return json.dumps([kernel.sent, kernel.heard], default=str).encode()
