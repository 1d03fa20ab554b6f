"""The tour of chat cells, run without a browser: nobody is there to be asked."""

from __future__ import annotations

from typing import Any

import nbformat
from nbclient import NotebookClient
from sources import ROOT


def test_the_tour_of_chat_cells_runs_from_top_to_bottom() -> None:
    folder = ROOT / "notebooks"
    notebook = nbformat.read(folder / "chat.ipynb", 4)
    resources = {"metadata": {"path": str(folder)}}
    NotebookClient(notebook, kernel_name="python3", timeout=60, resources=resources).execute()
    shown = [_shown(cell) for cell in notebook.cells if cell.cell_type == "code"]
    assert "You wrote: *Good morning!*" in shown[1]
    assert "nothing yet" in shown[2]
    assert "list_secret_labels" in shown[2]
    assert "SecretBlocked" in shown[4]
    assert "Good morning!" in shown[5]


def _shown(cell: Any) -> str:
    return "\n".join(
        str(output.get("text") or output.get("data", {}).get("text/plain", ""))
        for output in cell.outputs
    )
