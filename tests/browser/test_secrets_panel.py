"""The Secrets panel: what a person can do with labels."""

from __future__ import annotations

from canary import Canary
from lab import Lab
from notebook_page import NotebookPage, labels
from playwright.sync_api import Locator, Route, expect
from steps import run, save


def fill(form: Locator, label: str | None, value: str) -> None:
    if label is not None:
        form.get_by_role("textbox", name="Label").fill(label)
    form.locator("input[type=password]").fill(value)
    form.locator(".ja-form-save").click()


def stored(lab: Lab) -> list[str]:
    with lab.person() as person:
        return [secret["label"] for secret in person.call("secret.list")["secrets"]]


def length_in_a_run(lab: Lab, label: str) -> int:
    with lab.person() as person:
        person.call("grant.add", label=label, any_command=True, uses=1)
        return int(run(person, f'printf %s "${{#{label}}}"', label).stdout)


def without_a_vault(notebook: NotebookPage, status: int, code: str) -> Locator:
    """The panel before there is a vault, which containers without a keyring never show."""
    page = notebook.anywhere().page

    def absent(route: Route) -> None:
        told = route.fetch().json()
        route.fulfill(json={**told, "vault": {**told["vault"], "state": "absent"}})

    page.route("**/jupyter-agent/status*", absent)
    return with_an_error(notebook, status, code)


def with_an_error(notebook: NotebookPage, status: int, code: str) -> Locator:
    error = {"code": code, "message": "A vault is to be made.", "hint": ""}
    notebook.page.route(
        "**/jupyter-agent/secrets*",
        lambda route: route.fulfill(status=status, json={"error": error}),
    )
    refresh(notebook)
    expect(notebook.panel.locator(".ja-gate")).to_be_visible()
    return notebook.panel


def refresh(notebook: NotebookPage) -> None:
    notebook.page.evaluate("() => window.jupyterapp.commands.execute('jupyter-agent:open-secrets')")


def with_it_again(notebook: NotebookPage) -> None:
    notebook.page.unroute_all()
    panel = notebook.open_secrets()
    expect(panel.locator(".ja-gate")).to_be_hidden()


def test_an_empty_panel_says_what_it_is_for_and_how_to_begin(
    lab: Lab, notebook: NotebookPage
) -> None:
    panel = notebook.anywhere().open_secrets()
    expect(panel.locator(".ja-empty")).to_contain_text("Keep API keys")
    panel.locator(".ja-empty .ja-add").click()
    expect(panel.get_by_role("textbox", name="Label")).to_be_focused()
    panel.locator(".ja-form-cancel").click()  # the page is this module's: leave it as it was


def test_whoever_looked_at_the_passphrase_can_still_choose_another_place(
    notebook: NotebookPage,
) -> None:
    panel = without_a_vault(notebook, 428, "consent_required")
    panel.get_by_role("button", name="Use a passphrase…").click()
    expect(panel.locator("#ja-passphrase-0")).to_be_focused()

    panel.get_by_role("button", name="Back").click()

    expect(panel.get_by_role("button", name="Use a passphrase…")).to_be_focused()
    expect(panel.get_by_role("button", name="Keep it in that file")).to_be_visible()
    with_it_again(notebook)


def test_a_new_passphrase_is_typed_twice_and_takes_nobodys_keyboard(notebook: NotebookPage) -> None:
    notebook.anywhere().open_secrets()
    elsewhere = notebook.page.locator(".jp-SideBar .lm-TabBar-tab.lm-mod-current").first
    elsewhere.focus()  # as whoever is busy elsewhere when a broker ends
    # It may be told after the rest that there is none.
    panel = with_an_error(notebook.anywhere(), 423, "passphrase_required")
    expect(panel.locator("#ja-passphrase-0")).to_be_visible()
    expect(panel.locator("#ja-passphrase-1")).to_have_count(0)
    without_a_vault(notebook, 423, "passphrase_required")
    expect(panel.locator("#ja-passphrase-0")).to_be_visible()
    expect(panel.locator("#ja-passphrase-1")).to_be_visible()
    expect(elsewhere).to_be_focused()
    with_it_again(notebook)


def test_a_secret_is_added_replaced_renamed_and_removed(
    lab: Lab, notebook: NotebookPage, canary: Canary
) -> None:
    panel = notebook.anywhere().open_secrets()

    panel.locator(".ja-add").first.click()
    fill(panel.locator(".ja-panel-form"), "FIRST", canary.value)
    row = panel.locator(".ja-secret[data-label=FIRST]")
    expect(row).to_contain_text("never used")
    assert stored(lab) == ["FIRST"]
    assert length_in_a_run(lab, "FIRST") == len(canary.value)

    row.locator(".ja-secret-replace").click()
    fill(panel.locator(".ja-panel-form"), None, canary.value + "x")
    expect(row).to_contain_text("replaced")
    assert length_in_a_run(lab, "FIRST") == len(canary.value) + 1

    row.locator(".ja-secret-rename").click()
    row.locator(".ja-rename input").fill("SECOND")
    row.locator(".ja-rename").get_by_role("button", name="Rename", exact=True).click()
    renamed = panel.locator(".ja-secret[data-label=SECOND]")
    expect(renamed).to_be_visible()
    assert labels(panel) == stored(lab) == ["SECOND"]

    renamed.locator(".ja-secret-remove").click()
    dialog = notebook.page.locator(".jp-Dialog")
    dialog.get_by_role("button", name="Cancel").click()
    assert stored(lab) == ["SECOND"]
    renamed.locator(".ja-secret-remove").click()
    dialog.get_by_role("button", name="Remove").click()
    expect(panel.locator(".ja-empty")).to_be_visible()
    assert stored(lab) == []


def test_a_label_that_is_taken_is_not_overwritten(
    lab: Lab, notebook: NotebookPage, canary: Canary
) -> None:
    with lab.person() as person:
        save(person, "TAKEN", canary.value)
    panel = notebook.anywhere().open_secrets()
    expect(panel.locator(".ja-secret[data-label=TAKEN]")).to_be_visible()
    panel.locator(".ja-add").first.click()
    panel.get_by_role("textbox", name="Label").fill("TAKEN")
    panel.locator(".ja-add").first.click()  # again: what is typed stays
    expect(panel.get_by_role("textbox", name="Label")).to_have_value("TAKEN")
    fill(panel.locator(".ja-panel-form"), None, "another value")
    expect(panel.locator(".ja-form-problem")).to_contain_text("TAKEN")
    assert length_in_a_run(lab, "TAKEN") == len(canary.value)
    panel.locator(".ja-form-cancel").click()


def test_a_form_whose_answer_does_not_come_says_so_and_can_be_left(
    lab: Lab, notebook: NotebookPage, canary: Canary
) -> None:
    panel = notebook.anywhere().open_secrets()
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    notebook.page.route("**/jupyter-agent/offers*", hold)
    panel.locator(".ja-add").first.click()
    panel.get_by_role("textbox", name="Label").fill("WAITS")
    value = panel.locator("input.ja-field-value")
    value.fill(canary.value)
    with notebook.page.expect_request("**/jupyter-agent/offers*"):
        value.press("Enter")
    save_button = panel.locator(".ja-form-save")
    expect(save_button).to_be_disabled()
    expect(save_button).to_have_text("Saving…")
    notebook.page.keyboard.press("Escape")
    expect(panel.locator(".ja-form")).to_have_count(0)
    with notebook.page.expect_response("**/jupyter-agent/offers*"):
        held[0].continue_()
    notebook.page.unroute_all()
    assert stored(lab) == []


def test_after_a_rename_in_vain_the_keys_are_still_for_the_same_secret(
    lab: Lab, notebook: NotebookPage, canary: Canary
) -> None:
    with lab.person() as person:
        save(person, "MINE", canary.value)
        save(person, "TAKEN", canary.value + "x")
    panel = notebook.anywhere().open_secrets()
    row = panel.locator(".ja-secret[data-label=MINE]")
    row.press("F2")
    row.locator(".ja-rename input").fill("TAKEN")
    row.locator(".ja-rename input").press("Enter")
    toast = notebook.page.locator(".Toastify__toast")
    expect(toast).to_contain_text("already stored under TAKEN")
    expect(row).to_be_focused()
    toast.locator(".jp-Notification-Toast-Close").click()


def test_a_secret_saved_in_the_terminal_appears_by_itself(
    lab: Lab, notebook: NotebookPage, canary: Canary
) -> None:
    panel = notebook.anywhere().open_secrets()
    expect(panel.locator(".ja-empty")).to_be_visible()
    with lab.person() as person:
        save(person, "FROM_TERMINAL", canary.value)
    expect(panel.locator(".ja-secret[data-label=FROM_TERMINAL]")).to_be_visible()


def test_locking_stops_the_panel_until_a_person_unlocks(
    lab: Lab, notebook: NotebookPage, canary: Canary
) -> None:
    with lab.person() as person:
        save(person, "DEMO", canary.value)
        person.call("grant.add", label="DEMO", any_command=True)
    panel = notebook.anywhere().open_secrets()
    expect(panel.locator(".ja-grants")).to_contain_text("Grants (1)")
    panel.locator(".ja-lock").press("Enter")
    expect(panel).to_contain_text("The vault is locked.")
    expect(panel.locator(".ja-secret")).to_have_count(0)
    expect(panel.locator(".ja-grants")).to_be_hidden()  # and not as if there were none
    # Whoever has no mouse goes on from the panel's beginning, not from the page's.
    heading = panel.get_by_role("heading", name="Secrets")
    expect(heading).to_be_focused()
    notebook.page.keyboard.press("Tab")
    expect(panel.locator(".ja-unlock")).to_be_focused()
    notebook.page.keyboard.press("Enter")
    expect(panel.locator(".ja-secret[data-label=DEMO]")).to_be_visible()
    expect(heading).to_be_focused()


def test_what_is_tried_again_in_vain_can_be_tried_again_at_once(notebook: NotebookPage) -> None:
    panel = notebook.anywhere().open_secrets()
    page = notebook.page
    error = {"code": "broker_unavailable", "message": "It does not answer.", "hint": ""}
    status = "**/jupyter-agent/status*"
    page.route(status, lambda route: route.fulfill(status=503, json={"error": error}))
    page.evaluate("() => window.jupyterapp.commands.execute('filebrowser:activate')")
    retry = notebook.open_secrets().locator(".ja-retry")
    retry.focus()
    with page.expect_response(status):
        page.keyboard.press("Enter")
    with page.expect_response(status):  # the first answer was shown before this one is asked for
        page.keyboard.press("Enter")
    expect(retry).to_be_focused()
    page.unroute_all()
    retry.press("Enter")
    expect(panel.locator(".ja-add").first).to_be_visible()
