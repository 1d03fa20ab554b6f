"""The Secrets panel has what the terminal has, without a mouse too."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from canary import Canary
from lab import Lab
from notebook_page import NotebookPage, labels
from playwright.sync_api import Locator, Page, expect
from steps import run, save


@pytest.fixture
def panel(lab: Lab, notebook: NotebookPage) -> Locator:
    panel = notebook.anywhere().open_secrets()
    # The page hears one by one that the secrets of the test before are gone.
    expect(panel.locator(".ja-secret")).to_have_count(0)
    return panel


def row_of(panel: Locator, label: str) -> Locator:
    return panel.locator(f".ja-secret[data-label={label}]")


def digest(lab: Lab, label: str) -> str:
    """SHA-256 of what is stored, made by a command that was granted it."""
    with lab.person() as person:
        person.call("grant.add", label=label, any_command=True, uses=1)
        outcome = run(person, f'printf %s "${label}" | sha256sum', label)
    return outcome.stdout.decode().split()[0]


def ahead(days: float) -> str:
    return (datetime.now(UTC) + timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")


def test_a_file_is_picked_in_the_page_and_kept_byte_for_byte(
    lab: Lab, panel: Locator, page: Page, canary: Canary, tmp_path: Path
) -> None:
    key = f"-- begin\r\n{canary.value}\n\n".encode()
    path = tmp_path / "id_demo"
    path.write_bytes(key)
    panel.locator(".ja-add").first.click()
    panel.get_by_role("textbox", name="Label").fill("FROM_FILE")
    with page.expect_file_chooser() as chooser:
        panel.get_by_role("button", name="From a file").click()
    chooser.value.set_files(path)
    expect(panel.locator(".ja-picked")).to_contain_text(f"id_demo, {len(key)} bytes")
    assert canary.value not in page.content()
    panel.locator(".ja-form-more summary").click()
    panel.get_by_label("Kind").select_option("private-key")
    panel.get_by_label("Note").fill("deploys")
    panel.get_by_label("Rotate").select_option("90")
    panel.get_by_role("button", name="30 days", exact=True).click()
    panel.locator(".ja-form-save").click()

    expect(row_of(panel, "FROM_FILE")).to_be_focused()
    assert digest(lab, "FROM_FILE") == hashlib.sha256(key).hexdigest()
    with lab.person() as person:
        saved = person.call("secret.show", label="FROM_FILE")["secret"]
    assert (saved["kind"], saved["note"], saved["rotate_every"]) == ("private-key", "deploys", 90)
    assert saved["expires"] > ahead(29)


def test_several_lines_are_pasted_and_a_file_that_is_too_long_is_refused(
    lab: Lab, panel: Locator, page: Page, canary: Canary, tmp_path: Path
) -> None:
    panel.locator(".ja-add").first.click()
    panel.get_by_role("textbox", name="Label").fill("LINES")
    (tmp_path / "long").write_bytes(b"x" * 70_000)
    panel.locator(".ja-panel-form input[type=file]").set_input_files(tmp_path / "long")
    expect(panel.locator(".ja-field-remark").first).to_contain_text("at most 64 KiB")
    panel.get_by_role("button", name="Several lines").click()
    lines = f"one {canary.value}\ntwo"
    field = panel.locator("textarea.ja-field-value")
    field.fill(lines)
    assert field.evaluate("node => getComputedStyle(node).webkitTextSecurity") == "disc"
    field.press("Control+Enter")
    expect(row_of(panel, "LINES")).to_be_visible()
    assert digest(lab, "LINES") == hashlib.sha256(lines.encode()).hexdigest()


def test_nothing_leaves_a_masked_field_and_no_line_of_it_is_joined_to_another(
    lab: Lab, panel: Locator, page: Page, canary: Canary
) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    panel.locator(".ja-add").first.click()
    panel.get_by_role("textbox", name="Label").fill("LINES")
    # What was generated is not what is stored, so nobody may copy it any more.
    panel.locator(".ja-generator summary").click()
    panel.get_by_role("button", name="Generate", exact=True).click()
    copy_once = panel.get_by_role("button", name="Copy once")
    expect(copy_once).to_be_enabled()
    lines = f"one {canary.value}\ntwo"
    page.evaluate("text => navigator.clipboard.writeText(text)", lines)
    panel.locator("input.ja-field-value").press("Control+v")
    field = panel.locator("textarea.ja-field-value")
    expect(field).to_have_value(lines)
    expect(copy_once).to_be_disabled()

    page.evaluate("() => navigator.clipboard.writeText('as before')")
    for keys in ("Control+c", "Control+x"):
        field.press("Control+a")
        field.press(keys)
        assert page.evaluate("() => navigator.clipboard.readText()") == "as before"
        expect(field).to_have_value(lines)
    assert not field.evaluate(
        "node => node.dispatchEvent(new DragEvent('dragstart', { cancelable: true }))"
    )

    panel.get_by_role("button", name="Several lines").click()
    expect(field).to_have_value(lines)
    expect(panel.locator(".ja-field-remark").first).to_contain_text("It has several lines")
    panel.get_by_role("button", name="Show", exact=True).click()
    field.press("Control+a")
    field.press("Control+c")
    assert page.evaluate("() => navigator.clipboard.readText()") == lines  # it is in sight
    field.press("Control+Enter")
    expect(row_of(panel, "LINES")).to_be_visible()
    assert digest(lab, "LINES") == hashlib.sha256(lines.encode()).hexdigest()


def test_several_lines_that_are_dropped_on_the_field_stay_several(
    lab: Lab, panel: Locator, page: Page, canary: Canary
) -> None:
    panel.locator(".ja-add").first.click()
    panel.get_by_role("textbox", name="Label").fill("DROPPED")
    lines = f"one {canary.value}\ntwo"
    # A drag by the mouse from a text in the page, as from a cell.
    page.evaluate(
        """text => {
          const from = document.createElement("pre");
          from.id = "dragged";
          from.textContent = text;
          from.style = "position: fixed; left: 600px; top: 300px; z-index: 9";
          document.body.append(from);
          getSelection().selectAllChildren(from);
        }""",
        lines,
    )
    page.drag_and_drop("#dragged", ".ja-panel input.ja-field-value")
    page.evaluate("() => document.querySelector('#dragged').remove()")
    field = panel.locator("textarea.ja-field-value")
    expect(field).to_have_value(lines)
    field.press("Control+Enter")
    expect(row_of(panel, "DROPPED")).to_be_visible()
    assert digest(lab, "DROPPED") == hashlib.sha256(lines.encode()).hexdigest()


def test_a_day_that_is_no_whole_date_is_told_and_not_noted_as_none(
    lab: Lab, panel: Locator, page: Page, canary: Canary
) -> None:
    panel.locator(".ja-add").first.click()
    panel.get_by_role("textbox", name="Label").fill("DATED")
    panel.locator("input.ja-field-value").fill(canary.value)
    panel.locator(".ja-form-more summary").click()
    day = panel.get_by_label("Expires")
    day.press_sequentially("1231")  # and no year
    panel.locator(".ja-form-more summary").click()
    panel.locator(".ja-form-save").click()
    expect(panel.locator(".ja-form-problem")).to_contain_text("no whole date")
    expect(day).to_be_focused()
    day.press_sequentially("123126")
    panel.locator(".ja-form-save").click()
    expect(panel.locator(".ja-form-problem")).to_contain_text("four digits")
    day.fill("2031-12-31")
    panel.locator(".ja-form-save").click()
    row = row_of(panel, "DATED")
    expect(row).to_be_focused()

    row.press("Enter")
    row.get_by_role("button", name="Edit").click()
    day = row.get_by_label("Expires")
    day.fill("")
    day.press_sequentially("0102")
    row.get_by_role("button", name="Note it").click()
    expect(row.locator(".ja-form-problem")).to_contain_text("no whole date")
    expect(day).to_be_focused()
    day.evaluate("node => { node.value = '20271-01-02'; }")  # as a slip of the finger writes it
    row.get_by_role("button", name="Note it").click()
    expect(row.locator(".ja-form-problem")).to_contain_text("four digits")
    day.fill("2032-01-02")
    row.get_by_role("button", name="Note it").click()
    expect(row.locator(".ja-details")).to_contain_text("2032")


def test_details_say_where_it_was_seen_and_where_to_rotate_it_and_can_be_edited(
    lab: Lab, panel: Locator, page: Page, canary: Canary
) -> None:
    with lab.person() as person:
        exposed = {"where": "cell", "notebook": "work/release.ipynb"}
        save(person, "GITHUB_TOKEN", canary.value, kind="access-token", exposed=exposed)
        person.call("grant.add", label="GITHUB_TOKEN", any_command=True, uses=7)
        person.call("grant.add", label="GITHUB_TOKEN", pattern="gh auth *", deny=True)
    row = row_of(panel, "GITHUB_TOKEN")
    expect(row).to_contain_text("Seen in work/release.ipynb on")
    expect(row).to_contain_text("rotate it")
    row.locator(".ja-secret-label").click()
    expect(row).to_have_attribute("aria-expanded", "true")
    details = row.locator(".ja-details")
    for fact in ("Access token", "Last used", "Uses", "work/release.ipynb", "7 more times"):
        expect(details).to_contain_text(fact)
    permitted, denied = (details.locator(".ja-details-grants").nth(i) for i in (0, 1))
    expect(permitted).not_to_contain_text("gh auth")
    expect(denied).to_contain_text("Commands like gh auth * anywhere")
    page_of_vendor = details.get_by_role("link", name="github.com")
    expect(page_of_vendor).to_have_attribute("rel", "noopener noreferrer")

    details.get_by_role("button", name="Edit").click()
    row.get_by_label("Note").fill("for releases")
    row.get_by_label("Expires").fill(
        (datetime.now().astimezone() + timedelta(days=5)).strftime("%Y-%m-%d")
    )
    row.get_by_label("Rotate").select_option("60")
    row.get_by_label("Note").press("Enter")
    expect(row).to_contain_text("expires in")
    expect(details).to_contain_text("for releases")
    with lab.person() as person:
        noted = person.call("secret.show", label="GITHUB_TOKEN")["secret"]
        assert (noted["note"], noted["rotate_every"], noted["due"]["level"]) == (
            "for releases",
            60,
            7,
        )
        # What happens elsewhere is shown here, and what is open stays open.
        person.call("secret.describe", label="GITHUB_TOKEN", note="changed in a terminal")
        expect(details).to_contain_text("changed in a terminal")
        edit = details.get_by_role("button", name="Edit")
        edit.focus()
        person.call("secret.describe", label="GITHUB_TOKEN", note="and once more")
    expect(details).to_contain_text("and once more")
    expect(edit).to_be_focused()


def test_labels_are_searched_sorted_and_narrowed_to_what_is_due(
    lab: Lab, panel: Locator, page: Page
) -> None:
    with lab.person() as person:
        save(person, "ALPHA", "a value", note="the oldest")
        save(person, "BRAVO", "a value", kind="password", expires=ahead(400))
        save(person, "CHARLIE", "a value", expires=ahead(6))
        person.call("grant.add", label="ALPHA", any_command=True)
        run(person, "true", "ALPHA")
    expect(row_of(panel, "ALPHA")).to_contain_text("used once")
    order = panel.get_by_label("Sort by")
    assert labels(panel) == ["ALPHA", "BRAVO", "CHARLIE"]
    order.select_option("expires")
    assert labels(panel) == ["CHARLIE", "BRAVO", "ALPHA"]
    for sort in ("uses", "last_used"):
        order.select_option(sort)
        assert labels(panel) == ["ALPHA", "BRAVO", "CHARLIE"]

    search = panel.get_by_role("searchbox")
    search.fill("passw")
    assert labels(panel) == ["BRAVO"]
    expect(panel.locator(".ja-list-count")).to_have_text("1 of 3")
    search.fill("nothing like it")
    expect(panel.locator(".ja-list-count")).to_have_text("No secret matches.")
    search.press("Escape")
    assert len(labels(panel)) == 3
    panel.get_by_role("button", name="1 secret needs your attention").click()
    assert labels(panel) == ["CHARLIE"]
    panel.get_by_role("button", name="Show all secrets").click()
    order.select_option("label")


def test_everything_works_with_the_keyboard_and_the_focus_is_kept(
    lab: Lab, panel: Locator, page: Page, notebook: NotebookPage
) -> None:
    with lab.person() as person:
        for label in ("ALPHA", "BRAVO", "CHARLIE"):
            save(person, label, "a value")
    expect(panel.locator(".ja-secret")).to_have_count(3)
    search = panel.get_by_role("searchbox")
    search.focus()
    page.keyboard.press("ArrowDown")
    expect(row_of(panel, "ALPHA")).to_be_focused()
    page.keyboard.press("End")
    expect(row_of(panel, "CHARLIE")).to_be_focused()
    page.keyboard.press("ArrowUp")
    bravo = row_of(panel, "BRAVO")
    expect(bravo).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(bravo.locator(".ja-secret-copy")).to_be_focused()
    page.keyboard.press("Escape")
    page.keyboard.press("Enter")
    expect(bravo.locator(".ja-details")).to_be_visible()

    with lab.person() as person:  # the list is drawn anew around the focus
        save(person, "AAA", "a value")
    expect(row_of(panel, "AAA")).to_be_visible()
    expect(bravo).to_be_focused()
    page.keyboard.press("Escape")
    expect(bravo).to_have_attribute("aria-expanded", "false")

    page.keyboard.press("F2")
    expect(panel.locator(".ja-rename input")).to_be_focused()
    page.keyboard.type("BRAVO_2")
    page.keyboard.press("Enter")
    expect(row_of(panel, "BRAVO_2")).to_be_focused()
    page.keyboard.press("Delete")
    dialog = page.locator(".jp-Dialog")
    expect(dialog).to_contain_text("Remove BRAVO_2?")
    page.keyboard.press("Escape")
    expect(row_of(panel, "BRAVO_2")).to_be_focused()
    page.keyboard.press("Delete")
    dialog.get_by_role("button", name="Remove").press("Enter")
    expect(row_of(panel, "CHARLIE")).to_be_focused()
    page.keyboard.press("/")
    expect(search).to_be_focused()
    assert labels(panel) == ["AAA", "ALPHA", "CHARLIE"]
    roles = panel.locator(".ja-list").evaluate(
        "grid => [grid, grid.children[0], ...grid.children[0].children].map(n => n.role)"
    )
    assert roles == ["treegrid", "row", "gridcell", "gridcell", "gridcell"]
    assert panel.locator(".ja-secret[tabindex='0']").count() == 1


def test_a_generated_password_is_stored_without_being_seen_and_copied_once(
    lab: Lab, panel: Locator, page: Page
) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    sent: list[str] = []
    listen = lambda request: sent.append(request.post_data or "")  # noqa: E731  (removed below)
    page.on("request", listen)
    panel.locator(".ja-add").first.click()
    panel.get_by_role("textbox", name="Label").fill("GENERATED")
    panel.locator(".ja-generator summary").click()
    panel.get_by_label("Length").fill("48")
    panel.get_by_label("Characters").select_option("signs")
    expect(panel.locator(".ja-generator-bits")).to_have_text("300 bits")
    panel.get_by_role("button", name="Generate", exact=True).click()
    expect(panel.locator(".ja-field-value")).to_have_attribute("type", "password")
    copy = panel.get_by_role("button", name="Copy once")
    copy.click()
    expect(panel.get_by_role("button", name="Copied")).to_be_disabled()
    made = page.evaluate("() => navigator.clipboard.readText()")
    assert len(made) == 48
    assert made not in page.content()
    panel.locator(".ja-form-save").click()
    expect(row_of(panel, "GENERATED")).to_be_visible()
    page.remove_listener("request", listen)

    assert digest(lab, "GENERATED") == hashlib.sha256(made.encode()).hexdigest()
    assert not Canary(made).found_in("".join(sent).encode())
    assert not Canary(made).search_tree(lab.root)


def test_the_panel_says_where_the_key_is_and_how_to_do_better(panel: Locator, lab: Lab) -> None:
    with lab.person() as person:
        vault = person.call("status")["vault"]
    foot = panel.locator(".ja-panel-foot")
    expect(foot).to_contain_text(f"Key: {vault['tier']}. {vault['promise']}")
    foot.locator("summary").click()
    expect(foot).to_contain_text(vault["better"])
    panel.locator(".ja-import summary").click()
    expect(panel.locator(".ja-import")).to_contain_text("jupyter agent secret import")
