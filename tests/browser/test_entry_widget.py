"""`%secret set LABEL`: a masked form below the cell."""

from __future__ import annotations

from canary import Canary
from lab import Lab
from notebook_page import NotebookPage
from playwright.sync_api import expect
from steps import run, save


def test_the_form_seals_in_the_page_and_leaves_nothing_behind(
    lab: Lab, notebook: NotebookPage, canary: Canary
) -> None:
    sent: list[str] = []
    notebook.page.on("request", lambda request: sent.append(request.post_data or ""))
    notebook.page.on(
        "websocket",
        lambda socket: socket.on("framesent", lambda frame: sent.append(str(frame))),
    )
    lab.notebook("entry.ipynb", "%secret set TYPED_TOKEN", "%secret list")
    notebook.open("entry.ipynb")
    notebook.run(0)
    form = notebook.output(0).locator(".ja-entry")
    field = form.locator(".ja-field-value")
    expect(field).to_have_attribute("type", "password")
    # Shift-Enter has left the keyboard in the next cell, where a value would be in the notebook.
    expect(field).to_be_focused()
    notebook.page.keyboard.type(canary.value)
    notebook.page.keyboard.press("Enter")
    expect(notebook.output(0)).to_contain_text("Saved TYPED_TOKEN.")
    expect(field).to_have_count(0)
    expect(notebook.page.locator(".jp-Notebook .jp-Cell:focus")).to_have_count(1)

    notebook.run(1)
    expect(notebook.output(1)).to_contain_text("TYPED_TOKEN")
    notebook.save()
    assert canary.value not in notebook.page.content()
    assert canary.value not in notebook.texts_in_document()
    assert sent
    assert not canary.found_in("".join(sent).encode())
    with lab.person() as person:
        person.call("grant.add", label="TYPED_TOKEN", any_command=True)
        outcome = run(person, 'printf "<%s>" "$TYPED_TOKEN"', "TYPED_TOKEN")
    assert outcome.stdout == b"<[secret:TYPED_TOKEN]>"


def test_a_form_outlives_a_restart_and_says_what_to_do_once_the_notebook_is_opened_again(
    lab: Lab, notebook: NotebookPage, canary: Canary
) -> None:
    lab.notebook("forms.ipynb", "%secret set SAVED_BEFORE", "%secret set LEFT", "%secret set LATE")
    notebook.open("forms.ipynb")
    fields = [notebook.output(index).locator(".ja-field-value") for index in range(3)]
    for index, field in enumerate(fields):
        notebook.run(index)
        expect(field).to_be_visible()
    fields[0].click()  # or the last one might take the keyboard, as a new form does
    fields[0].fill(canary.value)
    fields[0].press("Enter")
    # The sentence is the kernel's: the form is gone.
    expect(fields[0]).to_have_count(0)
    expect(notebook.output(0).locator("pre")).to_contain_text("Saved SAVED_BEFORE.")
    notebook.page.evaluate(
        "() => window.jupyterapp.shell.currentWidget.sessionContext.restartKernel()"
    )
    fields[2].fill(canary.value)
    fields[2].press("Enter")
    expect(notebook.output(2)).to_contain_text("Saved LATE.")
    with lab.person() as person:
        saved = {secret["label"] for secret in person.call("secret.list")["secrets"]}
    assert saved == {"SAVED_BEFORE", "LATE"}
    notebook.save()

    notebook.open("forms.ipynb")
    expect(notebook.output(0)).to_contain_text("Saved SAVED_BEFORE. Use it with %%agent_run")
    expect(notebook.output(1)).to_contain_text("run this cell in JupyterLab")
    expect(notebook.output(1)).not_to_contain_text("model not found")
    # Whoever only looks at it is not asked to save it.
    model = "window.jupyterapp.shell.currentWidget.context.model"
    assert notebook.page.evaluate(f"() => {model}.dirty") is False


def test_a_label_that_exists_is_not_offered_again(
    lab: Lab, notebook: NotebookPage, canary: Canary
) -> None:
    with lab.person() as person:
        save(person, "TYPED_TOKEN", canary.value)
    lab.notebook("entry.ipynb", "%secret set TYPED_TOKEN")
    notebook.open("entry.ipynb")
    notebook.run(0)
    expect(notebook.output(0)).to_contain_text("%secret replace TYPED_TOKEN")
