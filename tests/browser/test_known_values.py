"""A stored value is named by its label; what is no secret can be let through."""

from __future__ import annotations

import random
import string

import nbformat
from canary import Canary
from lab import Lab
from notebook_page import NotebookPage
from playwright.sync_api import expect
from steps import run, save, wait_until

# Words, as people choose them: no rule would stop it.
VALUE = "marmalade bicycle umbrella lighthouse tangerine violin quarry"


def test_a_stored_value_in_a_cell_is_blocked_by_its_label_and_replaced_by_it(
    lab: Lab, notebook: NotebookPage
) -> None:
    path = lab.notebook("known.ipynb", "")
    notebook.open("known.ipynb")
    with lab.person() as person:
        save(person, "ORCHARD_KEY", VALUE, kind="password")
        notebook.write(0, f'%%bash\necho "open {VALUE}"')
        notebook.run(0)
        box = notebook.output(0).locator(".ja-blocked")
        expect(box.locator(".ja-finding-title")).to_have_text("Stored secret ORCHARD_KEY")
        expect(box.locator(".ja-finding-preview")).to_have_text("••••••••")
        expect(box.locator(".ja-save-as-secret, .ja-not-a-secret")).to_have_count(0)
        expect(box.locator(".ja-blocked-desktop")).to_have_count(0)

        box.locator(".ja-use-label").press("Enter")
        expect(notebook.output(0).locator(".ja-blocked-saved")).to_contain_text("rotate")
        # The keyboard goes back to the notebook with the box that it was in.
        expect(notebook.page.locator(".jp-Notebook :focus")).to_have_count(1)
        assert notebook.source(0) == '%%agent_run -s ORCHARD_KEY\necho "open ${ORCHARD_KEY}"'
        assert VALUE not in notebook.texts_in_document()
        assert VALUE not in notebook.page.content()
        # The box saves the notebook; a save beside that one would be JupyterLab's "File Changed".
        expect(notebook.page.locator(".jp-mod-dirty")).to_have_count(0)
        assert VALUE not in path.read_text()
        person.call("grant.add", label="ORCHARD_KEY", any_command=True)
        assert run(person, 'echo "open ${ORCHARD_KEY}"', "ORCHARD_KEY").stdout == (
            b"open [secret:ORCHARD_KEY]\n"
        )

        def seen() -> set[str]:
            meta = person.call("secret.show", label="ORCHARD_KEY")["secret"]
            return {each["where"] for each in meta["exposed"]}

        wait_until(lambda: seen() == {"cell", "run"})  # a run does not wait until it is written


def test_a_finding_that_is_not_a_secret_runs_and_is_listed_and_taken_back(
    lab: Lab, notebook: NotebookPage
) -> None:
    path = lab.notebook("allowed.ipynb", "")
    notebook.open("allowed.ipynb")
    letters = random.Random(5).choices(string.ascii_letters + string.digits, k=36)
    harmless = Canary("ghp" + "_" + "".join(letters))  # an example, as in a tutorial
    notebook.write(0, f"token = '{harmless.value}'; print(len(token))")
    notebook.run(0)
    box = notebook.output(0).locator(".ja-blocked")
    box.locator(".ja-not-a-secret").click()
    form = box.get_by_role("form", name="Not a secret")
    form.get_by_role("button", name="Allow").click()
    expect(box.locator(".ja-finding-message")).to_have_text(
        "Say why it is no secret, in a word or two."
    )
    tall = [form.locator(part).bounding_box() or {} for part in ("select", ".ja-deny-allow")]
    assert len({(part["y"], part["height"]) for part in tall}) == 1  # one row
    form.get_by_label("Why").fill("the example from the tutorial")
    form.get_by_label("Allow").select_option("value")
    form.get_by_role("button", name="Allow").press("Enter")
    expect(box.locator(".ja-finding-message")).to_contain_text("Run the cell again")
    expect(notebook.page.locator(".jp-Notebook :focus")).to_have_count(1)

    notebook.run(0)
    expect(notebook.output(0)).to_have_text(str(len(harmless.value)))
    notebook.save()
    expect(notebook.page.locator(".jp-mod-dirty")).to_have_count(0)
    assert harmless.value in nbformat.read(path, 4).cells[0].source

    panel = notebook.open_secrets()
    entry = panel.locator(".ja-allowed-entry")
    panel.locator(".ja-allowed summary").click()
    expect(entry).to_contain_text("the example from the tutorial")
    entry.locator(".ja-allowed-remove").click()
    expect(panel.locator(".ja-allowed")).to_be_hidden()
    notebook.run(0)
    expect(notebook.output(0).locator(".ja-blocked")).to_be_visible()
    notebook.write(0, "")
    notebook.save()


def test_whoever_locked_the_vault_is_not_told_to_wait_for_a_broker(
    lab: Lab, notebook: NotebookPage
) -> None:
    lab.notebook("locked.ipynb", "1 + 1", "2 + 2")
    notebook.open("locked.ipynb")
    notebook.run(0)  # recognised, also where a test before this one ended otherwise
    expect(notebook.output(0)).to_contain_text("2")
    with lab.person() as person:
        person.call("lock")
    notebook.run(1)
    toast = notebook.page.locator(".Toastify__toast").filter(has_text="Exact match off")
    expect(toast).to_contain_text("screened by the rules only. The vault is locked.")
    expect(toast).not_to_contain_text("until")
    expect(notebook.output(1)).to_contain_text("4")
    toast.locator(".jp-Notification-Toast-Close").click()
