"""The first thing that a person decides: where the vault's key shall be."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from conftest import end_brokers
from lab import Lab, running_lab
from notebook_page import NotebookPage
from playwright.sync_api import Page, expect

from jupyter_agent.vault.machine import this_machine


@pytest.fixture(scope="module")
def undecided(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A server whose owner has chosen no place for the key."""
    root = tmp_path_factory.mktemp("undecided")
    with running_lab(root, key_source=None) as lab:
        yield lab
    end_brokers(root)


@pytest.mark.skipif(
    this_machine().container, reason="containers get a vault in memory and no question"
)
def test_one_click_is_the_consent_to_a_file(undecided: Lab, own_page: Page) -> None:
    notebook = NotebookPage(own_page, undecided)
    undecided.notebook("first.ipynb", "%secret status")
    panel = notebook.open("first.ipynb").open_secrets()
    gate = panel.locator(".ja-gate")
    expect(gate).to_contain_text("Where shall the vault")
    notebook.run(0)
    expect(notebook.output(0)).to_contain_text("absent")

    gate.get_by_role("button", name="Keep it in that file").click()

    expect(panel.locator(".ja-panel-foot")).to_contain_text("Key: file.")
    expect(panel.locator(".ja-empty")).to_be_visible()
    expect(gate).to_be_hidden()
