"""The quickstart without a browser: nobody is there to be asked."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest
from canary import Canary
from nbclient import NotebookClient
from sources import ROOT

NOTEBOOKS = ROOT / "notebooks"


def agent(*words: str, stdin: str = "") -> None:
    """`jupyter agent …` in a terminal."""
    subprocess.run(
        [sys.executable, "-P", "-m", "jupyter_agent.cli", *words],
        input=stdin,
        text=True,
        check=True,
    )


@pytest.fixture
def canary(tmp_path: Path, agent_home: Path) -> Canary:
    return Canary.make(random.Random("quickstart"))


def executed(tmp_path: Path, name: str = "quickstart") -> dict[str, Any]:
    """A notebook after a run from top to bottom: text of each cell's output by its source."""
    notebook = nbformat.read(NOTEBOOKS / f"{name}.ipynb", 4)
    resources = {"metadata": {"path": str(NOTEBOOKS)}}
    NotebookClient(notebook, kernel_name="python3", timeout=60, resources=resources).execute()
    nbformat.write(notebook, tmp_path / "executed.ipynb")
    return {
        cell.source: "\n".join(map(_text, cell.outputs))
        for cell in notebook.cells
        if cell.cell_type == "code"
    }


def _text(output: Any) -> str:
    if output.output_type == "error":
        return f"{output.ename}: {output.evalue}"
    return str(output.get("text") or output.data["text/plain"])


def by_start(outputs: dict[str, str], start: str) -> list[str]:
    return [text for source, text in outputs.items() if source.startswith(start)]


def test_it_runs_from_top_to_bottom_with_a_grant_made_beforehand(
    tmp_path: Path, agent_home: Path, canary: Canary
) -> None:
    agent("secret", "set", "DEMO_TOKEN", "--stdin", stdin=canary.value)
    agent("grant", "DEMO_TOKEN", "--any-command")
    outputs = executed(tmp_path)
    assert "401" in by_start(outputs, "!curl")[0]
    first, second = by_start(outputs, "%%agent_run")
    assert '"your token": "[secret:DEMO_TOKEN]"' in first
    assert second.count("[secret:DEMO_TOKEN]") == 2
    assert by_start(outputs, "import os") == ["False"]
    assert "[secret:github-token]" in by_start(outputs, "import secrets")[0]
    assert not canary.search_tree(tmp_path, agent_home)


def test_the_tour_of_egress_runs_from_top_to_bottom(
    tmp_path: Path, agent_home: Path, canary: Canary
) -> None:
    agent("secret", "set", "DEMO_TOKEN", "--stdin", stdin=canary.value)
    agent("grant", "DEMO_TOKEN", "--any-command")
    outputs = executed(tmp_path, "egress")
    assert by_start(outputs, "import json") == [
        "{'signed in': True, 'your token': '[secret:DEMO_TOKEN]'}"
    ]
    assert "api.openai.com" in by_start(outputs, "%agent_egress --services")[0]
    assert by_start(outputs, "%agent_egress --list")[0].endswith("open")
    assert not canary.search_tree(tmp_path, agent_home)


def test_the_tour_of_the_desktop_says_that_it_needs_jupyterlab_where_there_is_none(
    tmp_path: Path, agent_home: Path
) -> None:
    outputs = executed(tmp_path, "desktop")
    assert "needs JupyterLab" in by_start(outputs, "get_ipython()")[0]
    assert "needs JupyterLab" in by_start(outputs, "from jupyter_agent import desktop")[0]
    assert by_start(outputs, "website.stdin") == ["0"]


def test_without_a_grant_it_says_which_command_permits_it(
    tmp_path: Path, agent_home: Path, canary: Canary
) -> None:
    agent("secret", "set", "DEMO_TOKEN", "--stdin", stdin=canary.value)
    for text in by_start(executed(tmp_path), "%%agent_run"):
        assert text.startswith("GrantRequired")
        assert "jupyter agent grant DEMO_TOKEN" in text


def test_without_the_secret_it_says_how_to_add_it_and_goes_on(tmp_path: Path) -> None:
    outputs = executed(tmp_path)
    for text in by_start(outputs, "%%agent_run"):
        assert "%secret set DEMO_TOKEN" in text
    assert by_start(outputs, "service.stdin") == ["0"]


def test_the_file_holds_no_outputs() -> None:
    notebook = nbformat.read(NOTEBOOKS / "quickstart.ipynb", 4)
    nbformat.validate(notebook)
    assert not any(cell.get("outputs") or cell.get("execution_count") for cell in notebook.cells)
