"""JupyterLab in a browser, in the words of someone who uses it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from lab import Lab
from playwright.sync_api import Locator, Page, ViewportSize, expect

LOADING = 60_000
"""Milliseconds for JupyterLab itself, on a slow machine."""

_TEXTS_IN_DOCUMENT = """() => {
  // Every string that the shared document still holds, deleted ones included.
  const { ydoc } = window.jupyterapp.shell.currentWidget.context.model.sharedModel;
  const texts = [];
  for (const structs of ydoc.store.clients.values()) {
    for (const { content } of structs) {
      texts.push(content?.str ?? JSON.stringify(content?.arr ?? content?.embed ?? null));
    }
  }
  return texts.join("");
}"""


_OPEN_INSTEAD = """async name => {
  // Without JupyterLab's own questions about what is not saved.
  const app = window.jupyterapp;
  for (const widget of [...app.shell.widgets("main")]) {
    widget.dispose();
  }
  await app.serviceManager.sessions.shutdownAll();
  const panel = await app.commands.execute("docmanager:open", { path: name, factory: "Notebook" });
  await panel.context.ready;
  await panel.sessionContext.ready;
}"""

_TIDY = """async () => {
  const app = window.jupyterapp;
  for (const widget of [...app.shell.widgets("main"), ...app.shell.widgets("right")]) {
    if (widget.hasClass("jp-Document") || widget.hasClass("ja-desktop")) {
      widget.dispose();
    }
  }
  await app.serviceManager.sessions.shutdownAll();
  for (const button of document.querySelectorAll(
    ".jp-Dialog-close-button, .jp-Notification-Toast-Close, .ja-panel .ja-form-cancel",
  )) {
    button.click();
  }
  for (const part of document.querySelectorAll(".ja-panel .ja-search, .ja-panel .ja-order")) {
    part.value = part.options?.[0].value ?? "";
    part.dispatchEvent(new Event(part.options ? "change" : "input"));
  }
  for (const part of document.querySelectorAll(".ja-panel details[open]")) {
    part.open = false;
  }
  app.shell.activateById("filebrowser");
  app.shell.collapseRight();
  if (document.body.dataset.jpThemeLight === "false") {
    await app.commands.execute("apputils:change-theme", { theme: "JupyterLab Light" });
  }
}"""


_IDLE = """() => {
  const { sessionContext } = window.jupyterapp?.shell.currentWidget ?? {};
  const kernel = sessionContext?.session?.kernel;
  return kernel?.connectionStatus === "connected" && kernel.status === "idle";
}"""


class NotebookPage:
    """One notebook, open in one page."""

    def __init__(self, page: Page, lab: Lab) -> None:
        self.page = page
        self._lab = lab

    def open(self, name: str, *, app: str = "lab") -> NotebookPage:
        """Open a notebook and wait until its kernel can take a cell."""
        if app == "lab" and self.page.url.startswith(f"{self._lab.url}/lab/"):
            self.page.evaluate(_OPEN_INSTEAD, name)
        else:
            where = f"lab/tree/{name}?reset&" if app == "lab" else f"notebooks/{name}?"
            self.page.goto(f"{self._lab.url}/{where}token={self._lab.token}")
        self.cells.first.wait_for(timeout=LOADING)
        self.wait_idle()
        return self

    def anywhere(self) -> NotebookPage:
        """JupyterLab as it stands, whatever is open in it; a notebook costs a kernel."""
        if not self.page.url.startswith(f"{self._lab.url}/lab/"):
            self._lab.notebook("anywhere.ipynb", "1")
            self.open("anywhere.ipynb")
        return self

    @property
    def cells(self) -> Locator:
        """The code cells, top to bottom."""
        return self.page.locator(".jp-Notebook .jp-CodeCell")

    @property
    def approval(self) -> Locator:
        """The dialog that asks a person."""
        return self.page.locator(".ja-approval")

    @property
    def panel(self) -> Locator:
        """The Secrets side panel."""
        return self.page.locator(".ja-panel")

    def wait_idle(self) -> None:
        """Wait until the kernel is there and has nothing to do.

        The toolbar says idle before there is a kernel, and Notebook 7 has no status bar.
        """
        self.page.wait_for_function(_IDLE, timeout=LOADING)

    def output(self, index: int) -> Locator:
        """What stands below a cell."""
        return self.cells.nth(index).locator(".jp-Cell-outputArea")

    def source(self, index: int) -> str:
        """A cell's text."""
        return str(
            self.page.evaluate(
                "i => window.jupyterapp.shell.currentWidget.content.widgets"
                ".filter(cell => cell.model.type === 'code')[i].model.sharedModel.getSource()",
                index,
            )
        )

    def write(self, index: int, text: str) -> None:
        """Put the cursor into a cell and replace what stands there."""
        self.cells.nth(index).locator(".cm-content").click()
        self.page.keyboard.press("Control+a")
        self.page.keyboard.insert_text(text)

    def run(self, index: int) -> None:
        """Shift-Enter."""
        self.cells.nth(index).locator(".cm-content").click()
        self.page.keyboard.press("Shift+Enter")

    def command(self, name: str, **arguments: Any) -> None:
        """One of JupyterLab's commands, as its menus call them."""
        self.page.evaluate(
            "([name, args]) => window.jupyterapp.commands.execute(name, args)", [name, arguments]
        )

    def save(self) -> None:
        """Save, and wait for it."""
        self.command("docmanager:save")

    def run_all(self) -> None:
        """Run all cells, without waiting."""
        self.page.evaluate("() => { void window.jupyterapp.commands.execute('runmenu:run-all'); }")

    def interrupt(self) -> None:
        """The ■ of the toolbar."""
        self.page.get_by_role("button", name="Interrupt the kernel").click()

    def answer(self, answer: str) -> None:
        """Answer the approval dialog: once, always, deny."""
        self.approval.locator(f".ja-approval-{answer}").click()
        expect(self.approval).to_have_count(0)

    def open_secrets(self) -> Locator:
        """Show the Secrets panel."""
        self.page.evaluate("() => window.jupyterapp.commands.execute('jupyter-agent:open-secrets')")
        expect(self.panel).to_be_visible()
        return self.panel

    def texts_in_document(self) -> str:
        """Every string that the shared document holds, deleted ones included."""
        return str(self.page.evaluate(_TEXTS_IN_DOCUMENT))


def tidy(page: Page, lab: Lab, size: ViewportSize) -> None:
    """A page that others have used, as one that was loaded just now: for those who use it next."""
    page.unroute_all()
    page.context.clear_permissions()
    page.set_viewport_size(size)
    if page.url.startswith(f"{lab.url}/lab"):
        page.evaluate(_TIDY)
        expect(page.locator(".jp-Dialog, .Toastify__toast, .ja-form")).to_have_count(0)
    else:
        page.goto("about:blank")  # another server's, which may be gone


def labels(panel: Locator) -> Sequence[str]:
    """The labels that a Secrets panel lists."""
    # What the document says: a row that is not drawn yet has no inner text.
    return panel.locator(".ja-list .ja-secret-label").all_text_contents()


RUN_ENDED = re.compile(r"^\[\d+\]:$")
"""The prompt of a cell that is done."""
