"""A secret in a cell: stopped, saved under a label, and gone from the notebook."""

from __future__ import annotations

import json
import sys

import nbformat
import pytest
from canary import Canary
from lab import Lab
from notebook_page import NotebookPage
from playwright.sync_api import expect
from steps import run


def test_a_cell_with_a_secret_is_stopped_and_the_cells_behind_it_do_not_run(
    lab: Lab, notebook: NotebookPage, canary: Canary
) -> None:
    lab.notebook("stopped.ipynb", "before = 1", "", "after = 1", "")
    notebook.open("stopped.ipynb")
    notebook.write(1, f"token = '{canary.value}'")
    notebook.run_all()
    box = notebook.output(1).locator(".ja-blocked")
    expect(box).to_contain_text("Not sent to the kernel.")
    expect(box.locator(".ja-finding-preview")).to_have_text("ghp_••••••••")
    notebook.wait_idle()

    notebook.write(3, "print('before' in dir(), 'after' in dir(), 'token' in dir(), len(In))")
    notebook.run(3)
    expect(notebook.output(3)).to_contain_text("True False False")
    notebook.write(1, "")
    notebook.save()


@pytest.mark.parametrize(
    "source",
    [
        "%%ai claude\nplease log in, my password is {0}",
        "!curl -H 'Authorization: Bearer {0}' http://127.0.0.1:1/",
        "%env TOKEN={0}",
    ],
    ids=["chat magic", "shell line", "line magic"],
)
def test_magics_and_shell_lines_are_stopped_too(
    lab: Lab, notebook: NotebookPage, canary: Canary, source: str
) -> None:
    lab.notebook("magic.ipynb", "")
    notebook.open("magic.ipynb")
    notebook.write(0, source.format(canary.value))
    notebook.run(0)
    expect(notebook.output(0).locator(".ja-blocked")).to_be_visible()
    notebook.write(0, "")
    notebook.save()


def test_a_saved_notebook_never_holds_the_value_even_before_it_is_stored(
    lab: Lab, notebook: NotebookPage, canary: Canary
) -> None:
    path = lab.notebook("masked.ipynb", "")
    notebook.open("masked.ipynb")
    notebook.write(0, f"token = '{canary.value}'")
    notebook.save()
    expect(notebook.page.locator(".jp-mod-dirty")).to_have_count(0)
    assert nbformat.read(path, 4).cells[0].source == "token = '[secret:github-token]'"


def test_save_as_secret_takes_the_value_out_of_the_whole_document(
    lab: Lab, notebook: NotebookPage, canary: Canary
) -> None:
    path = lab.notebook("save.ipynb", "")
    notebook.open("save.ipynb")
    # Typed and corrected, as people do: the document remembers each step for undo.
    notebook.write(0, f"github_token = '{canary.value}' ")
    notebook.page.keyboard.press("Backspace")
    notebook.run(0)
    box = notebook.output(0).locator(".ja-blocked")
    box.locator(".ja-save-as-secret").click()
    expect(box.get_by_role("textbox", name="Label")).to_have_value("GITHUB_TOKEN")
    box.locator(".ja-finding-save").click()

    saved = notebook.output(0).locator(".ja-blocked-saved")
    expect(saved).to_contain_text("Saved as GITHUB_TOKEN.")
    expect(saved).to_contain_text("rotate")
    expect(notebook.page.locator(".jp-Notebook .jp-Cell:focus")).to_have_count(1)
    assert notebook.source(0) == "github_token = '[secret:GITHUB_TOKEN]'"
    assert canary.value not in notebook.texts_in_document()
    assert canary.value not in notebook.page.content()
    expect(notebook.page.locator(".jp-mod-dirty")).to_have_count(0)  # saved by itself
    assert "[secret:GITHUB_TOKEN]" in path.read_text()
    notebook.cells.nth(0).locator(".cm-content").click()
    for _ in range(5):
        notebook.page.keyboard.press("Control+z")
    assert canary.value not in notebook.page.content()

    with lab.person() as person:
        meta = person.call("secret.show", label="GITHUB_TOKEN")["secret"]
        person.call("grant.add", label="GITHUB_TOKEN", any_command=True)
        length = run(person, 'printf %s "${#GITHUB_TOKEN}"', "GITHUB_TOKEN").stdout
    assert length == str(len(canary.value)).encode()
    assert [(seen["where"], seen["notebook"]) for seen in meta["exposed"]] == [
        ("cell", "save.ipynb")
    ]


def test_in_a_shell_cell_the_label_works_as_it_stands(
    lab: Lab, notebook: NotebookPage, canary: Canary
) -> None:
    lab.notebook("shell.ipynb", "")
    notebook.open("shell.ipynb")
    notebook.write(0, f'%%bash\necho "hello {canary.value}"')
    notebook.run(0)
    box = notebook.output(0).locator(".ja-blocked")
    box.locator(".ja-save-as-secret").click()
    box.locator(".ja-finding-save").click()
    expect(notebook.output(0)).to_contain_text("run it again")
    assert notebook.source(0) == ('%%agent_run -s GITHUB_TOKEN\necho "hello ${GITHUB_TOKEN}"')

    notebook.run(0)
    notebook.answer("once")
    expect(notebook.output(0)).to_contain_text("hello [secret:GITHUB_TOKEN]")


@pytest.fixture
def shell_kernel(lab: Lab, notebook: NotebookPage) -> str:
    """The name of a kernel that is no IPython, known to the server and to the page."""
    folder = lab.root / "share" / "kernels" / "shell"
    folder.mkdir(parents=True, exist_ok=True)
    argv = [sys.executable, "-m", "bash_kernel", "-f", "{connection_file}"]
    spec = {"argv": argv, "display_name": "A shell", "language": "bash"}
    (folder / "kernel.json").write_text(json.dumps(spec))
    notebook.anywhere().page.evaluate(
        "() => window.jupyterapp.serviceManager.kernelspecs.refreshSpecs()"
    )
    return "shell"


def test_in_a_kernel_without_magics_a_saved_secret_is_used_as_the_box_says(
    lab: Lab, notebook: NotebookPage, canary: Canary, shell_kernel: str
) -> None:
    path = lab.notebook("a shell.ipynb", "")
    content = nbformat.read(path, 4)
    content.metadata["kernelspec"] = {"name": shell_kernel, "display_name": "A shell"}
    nbformat.write(content, path)
    notebook.open("a shell.ipynb")
    notebook.write(0, f"export TOKEN={canary.value}")
    notebook.run(0)
    box = notebook.output(0).locator(".ja-blocked")
    box.locator(".ja-save-as-secret").click()
    box.locator(".ja-finding-save").click()

    saved = notebook.output(0).locator(".ja-blocked-saved")
    expect(saved).to_contain_text("jupyter agent run -s GITHUB_TOKEN -- COMMAND")
    expect(saved).not_to_contain_text("%%")

    said = f"'{sys.executable}' -m jupyter_agent.cli run -s GITHUB_TOKEN -- printenv GITHUB_TOKEN"
    notebook.write(0, said)
    notebook.run(0)
    notebook.answer("once")
    expect(notebook.output(0)).to_contain_text("[secret:GITHUB_TOKEN]")


def test_nothing_of_a_stopped_cell_is_in_the_kernels_history(
    lab: Lab, notebook: NotebookPage, canary: Canary
) -> None:
    lab.notebook("history.ipynb", "", "")
    notebook.open("history.ipynb")
    notebook.write(0, f"token = '{canary.value}'")
    notebook.run(0)
    expect(notebook.output(0).locator(".ja-blocked")).to_be_visible()
    # No known form of it: two halves that are added up would be stopped, and this text stays.
    mixed = bytes(byte ^ 1 for byte in canary.value.encode()).hex()
    notebook.write(
        1,
        f"needle = bytes(byte ^ 1 for byte in bytes.fromhex({mixed!r})).decode()\n"
        "any(needle in text for text in [*In, *_ih, *map(str, Out.values())])",
    )
    notebook.run(1)
    expect(notebook.output(1)).to_contain_text("False")
    notebook.write(0, "")
    notebook.write(1, "")
    notebook.save()
