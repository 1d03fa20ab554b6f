"""Notebook 7, and JupyterLab in the dark."""

from __future__ import annotations

from canary import Canary
from lab import Lab
from notebook_page import NotebookPage
from playwright.sync_api import Locator, Page, expect
from steps import save


def test_notebook_7_shows_the_box_and_the_panel(
    lab: Lab, notebook: NotebookPage, canary: Canary
) -> None:
    lab.notebook("seven.ipynb", "")
    notebook.open("seven.ipynb", app="notebook")
    notebook.write(0, f"token = '{canary.value}'")
    notebook.run(0)
    box = notebook.output(0).locator(".ja-blocked")
    expect(box).to_contain_text("Not sent to the kernel.")
    box.locator(".ja-save-as-secret").click()
    box.locator(".ja-finding-save").click()
    expect(notebook.output(0)).to_contain_text("Saved as")
    panel = notebook.open_secrets()
    expect(panel.locator(".ja-secret")).to_have_count(1)
    notebook.command("jupyter-agent:open-desktop", url="https://example.com/login")
    desktop = notebook.page.locator("#jp-right-stack .ja-desktop")  # beside the notebook
    expect(desktop.get_by_label("Address")).to_have_value("https://example.com/login")
    expect(desktop.get_by_label("Address")).to_be_focused()


def test_the_panel_can_be_read_in_the_dark_theme(
    lab: Lab, notebook: NotebookPage, page: Page, canary: Canary
) -> None:
    with lab.person() as person:
        save(person, "DEMO_TOKEN", canary.value)
    notebook.anywhere()
    notebook.command("apputils:change-theme", theme="JupyterLab Dark")
    expect(page.locator("body")).to_have_attribute("data-jp-theme-light", "false")
    panel = notebook.open_secrets()
    for part in (".ja-secret-label", ".ja-fact", ".ja-panel-foot"):
        assert contrast(panel.locator(part).first) >= 4.5  # WCAG 2.1, 1.4.3
    notebook.command("apputils:change-theme", theme="JupyterLab Light")


def contrast(part: Locator) -> float:
    """How far a text stands out from what is behind it."""
    measured = None
    while measured is None:  # the panel draws itself anew whenever it learns something
        measured = part.evaluate(CONTRAST)
    return float(measured)


CONTRAST = """node => {
  if (!node.isConnected) {
    return null;
  }
  const parse = color => color.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => {
    const part = x => (x /= 255) <= 0.03928 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4;
    return 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
  };
  let behind = node;
  let ground = [0, 0, 0, 0];
  while (behind && (ground[3] ?? 1) === 0) {
    ground = parse(getComputedStyle(behind).backgroundColor);
    behind = behind.parentElement;
  }
  const [a, b] = [light(parse(getComputedStyle(node).color)), light(ground)].sort((x, y) => y - x);
  return (a + 0.05) / (b + 0.05);
}"""
