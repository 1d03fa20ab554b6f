"""The quickstart, as a person goes through it."""

from __future__ import annotations

import shutil

from canary import Canary
from lab import Lab
from notebook_page import NotebookPage
from playwright.sync_api import expect
from sources import ROOT
from steps import save


def test_the_quickstart_runs_from_top_to_bottom(
    lab: Lab, notebook: NotebookPage, canary: Canary
) -> None:
    for name in ("quickstart.ipynb", "demo_service.py"):
        shutil.copy(ROOT / "notebooks" / name, lab.notebooks)
    with lab.person() as person:
        save(person, "DEMO_TOKEN", canary.value)
    notebook.open("quickstart.ipynb")
    cells = notebook.cells.count()
    sources = [notebook.source(index) for index in range(cells)]
    runs = [i for i, source in enumerate(sources) if source.startswith("%%agent_run")]
    assert len(runs) == 2

    notebook.run_all()
    expect(notebook.approval).to_contain_text("curl -s")
    notebook.answer("always")
    expect(notebook.approval).to_contain_text("base64")
    notebook.answer("once")
    last = notebook.cells.nth(cells - 1).locator(".jp-InputPrompt").first
    expect(last).to_have_text("[8]:")

    expect(notebook.output(1)).to_contain_text("401 Unauthorized")
    expect(notebook.output(2)).to_contain_text("DEMO_TOKEN")
    expect(notebook.output(runs[0])).to_contain_text('"your token": "[secret:DEMO_TOKEN]"')
    expect(notebook.output(runs[1])).to_contain_text("[secret:DEMO_TOKEN]")
    expect(notebook.output(runs[1] + 1)).to_contain_text("False")
    expect(notebook.output(runs[1] + 2)).to_contain_text("[secret:github-token]")
    expect(
        notebook.page.locator("[data-mime-type='application/vnd.jupyter.stderr']")
    ).to_have_count(0)
    notebook.save()
