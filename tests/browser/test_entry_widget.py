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
    field.click()
    notebook.page.keyboard.type(canary.value)
    form.locator(".ja-entry-save").click()
    expect(form).to_contain_text("Saved TYPED_TOKEN.")

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


def test_a_label_that_exists_is_not_offered_again(
    lab: Lab, notebook: NotebookPage, canary: Canary
) -> None:
    with lab.person() as person:
        save(person, "TYPED_TOKEN", canary.value)
    lab.notebook("entry.ipynb", "%secret set TYPED_TOKEN")
    notebook.open("entry.ipynb")
    notebook.run(0)
    expect(notebook.output(0)).to_contain_text("%secret replace TYPED_TOKEN")
