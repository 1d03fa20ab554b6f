"""A file that was masked, and a page that still shows the secret: the page follows when asked."""

from __future__ import annotations

import re

import nbformat
from canary import Canary
from lab import Lab
from notebook_page import NotebookPage
from playwright.sync_api import Locator, expect

MASK = "[secret:github-token]"


def notice(notebook: NotebookPage) -> Locator:
    """What pops up in a corner of the page."""
    return notebook.page.locator(".Toastify__toast").filter(has_text="saved with a secret masked")


def test_a_notebook_that_came_with_a_secret_is_masked_in_the_page_too(
    lab: Lab, notebook: NotebookPage, canary: Canary
) -> None:
    path = lab.notebook("came.ipynb", f"token = '{canary.value}'", "print('clean')")
    content = nbformat.read(path, 4)
    printed = nbformat.v4.new_output("stream", name="stdout", text=f"{canary.value}\n")
    content.cells[0].outputs = [printed]
    content.cells[0].metadata["note"] = {"token": canary.value}
    nbformat.write(content, path)
    notebook.open("came.ipynb")
    expect(notebook.output(0)).to_contain_text(canary.value)

    notebook.save()
    expect(notice(notebook)).to_be_visible()
    assert canary.value not in path.read_text()
    notebook.write(1, "print('typed before the click')")
    notice(notebook).get_by_role("button", name="Mask it here too").click()

    expect(notebook.output(0)).to_have_text(re.compile(re.escape(MASK)))
    assert notebook.source(0) == f"token = '{MASK}'"
    assert notebook.source(1) == "print('typed before the click')"
    expect(notebook.page.locator(".Toastify__toast").filter(has_text="rotate")).to_be_visible()
    expect(notice(notebook)).to_have_count(0)
    assert canary.value not in notebook.texts_in_document()
    notebook.cells.nth(0).locator(".cm-content").click()
    for _ in range(5):
        notebook.page.keyboard.press("Control+z")
    assert notebook.source(0) == f"token = '{MASK}'"
    assert canary.value not in notebook.page.content()
    assert nbformat.read(path, 4).cells[1].source == "print('typed before the click')"


def test_the_notice_stays_closed_until_the_notebook_was_clean_once(
    lab: Lab, notebook: NotebookPage, canary: Canary
) -> None:
    lab.notebook("closed.ipynb", "")
    notebook.open("closed.ipynb")
    notebook.write(0, f"token = '{canary.value}'")
    notebook.save()
    notice(notebook).locator(".jp-Notification-Toast-Close").click()
    expect(notice(notebook)).to_have_count(0)

    notebook.write(0, f"token = '{canary.value}'  # once more")
    notebook.save()
    expect(notebook.page.locator(".jp-mod-dirty")).to_have_count(0)
    expect(notice(notebook)).to_have_count(0)

    notebook.write(0, "token = 1")
    notebook.save()
    notebook.write(0, f"token = '{canary.value}'")
    notebook.save()
    expect(notice(notebook)).to_be_visible()
    notebook.write(0, "")
    notebook.save()
    expect(notice(notebook)).to_have_count(0)
