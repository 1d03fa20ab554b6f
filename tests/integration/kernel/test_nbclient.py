"""A notebook run by nbclient, as `jupyter execute` and CI do it: no server of ours anywhere."""

from __future__ import annotations

import random

import nbformat
import pytest
from canary import Canary
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbformat.v4 import new_code_cell, new_notebook


def _execute(folder, *sources):
    notebook = new_notebook(cells=[new_code_cell(source) for source in sources])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "", "language": "python"}
    resources = {"metadata": {"path": str(folder)}}
    try:
        NotebookClient(notebook, timeout=60, resources=resources).execute()
    finally:
        nbformat.write(notebook, folder / "done.ipynb")
    return notebook


def test_a_granted_run_works_and_the_file_holds_the_label_only(granted, ipython_folder, tmp_path):
    notebook = _execute(
        tmp_path,
        '%%agent_run -s DEMO_TOKEN --out text\necho "token: $DEMO_TOKEN"',
        "print(text, end='')",
    )
    assert notebook.cells[1].outputs[0].text == "token: [secret:DEMO_TOKEN]\n"
    assert Canary("correct-horse-battery-staple-42").search_tree(tmp_path) == []


def test_without_a_grant_it_says_which_one_is_missing(stored, ipython_folder, tmp_path):
    with pytest.raises(CellExecutionError, match="jupyter agent grant DEMO_TOKEN"):
        _execute(tmp_path, "%%agent_run -s DEMO_TOKEN\ntrue")


def test_a_secret_in_a_cell_stops_the_notebook(ipython_folder, tmp_path):
    token = "ghp" + "_" + Canary.make(random.Random(7)).value[:31] + "abcde"
    with pytest.raises(CellExecutionError, match="SecretBlocked"):
        _execute(tmp_path, f"token = '{token}'", f"open('{tmp_path}/ran', 'w')")
    assert not (tmp_path / "ran").exists()
    assert Canary(token).search_tree(ipython_folder) == []
