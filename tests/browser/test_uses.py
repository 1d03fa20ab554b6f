"""The Secrets panel about uses, and approvals that are not asked in front of the notebook."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from canary import Canary
from lab import Lab
from notebook_page import NotebookPage
from playwright.sync_api import Locator, expect
from steps import run, save, wait_until

RUN = "%%agent_run -s DEMO_TOKEN\n"
IMPATIENT = """
import sys
from jupyter_agent.broker import __main__ as broker, app
app.Broker.__init__.__kwdefaults__["seconds_to_answer"] = 4.0
sys.exit(broker.main())
"""


@contextlib.contextmanager
def impatient_broker(lab: Lab) -> Iterator[None]:
    """While entered, a question is open for four seconds."""

    def is_up() -> bool:
        with lab.person() as person:
            pid = person.call("status")["pid"]
        if IMPATIENT.encode() in Path(f"/proc/{pid}/cmdline").read_bytes():
            return True
        os.kill(pid, signal.SIGKILL)  # the server may have been quicker to start one
        folders = (str(folder) for folder in (lab.folders.data, lab.folders.state, lab.folders.run))
        subprocess.run(
            [sys.executable, "-I", "-c", IMPATIENT, *folders, "jupyter_agent.broker"], check=True
        )
        return False

    wait_until(is_up, 30)
    try:
        yield
    finally:
        with lab.person() as person:
            os.kill(person.call("status")["pid"], signal.SIGKILL)
        with lab.person() as person:  # the next one; until the server is there again, nobody asks
            wait_until(lambda: person.call("status")["approvers"] > 0, 30)


def folded(panel: Locator, name: str) -> Locator:
    """A folded section, opened."""
    section = panel.locator(f".ja-{name}")
    expect(section).to_be_visible()
    if section.get_attribute("open") is None:
        section.locator("summary").click()
    return section


def show_news(lab: Lab, panel: Locator, label: str) -> None:
    """Save a secret somewhere else, and wait until the panel has looked for what is new."""
    with lab.person() as person:
        save(person, label, "a value")
    expect(panel.locator(f"[data-label={label}]")).to_be_visible()


def test_a_pattern_is_edited_in_the_dialog_and_held_to_the_command(
    lab: Lab, notebook: NotebookPage, canary: Canary
) -> None:
    with lab.person() as person:
        save(person, "DEMO_TOKEN", canary.value)
    lab.notebook("pattern.ipynb", RUN + "seq 1 3", RUN + "seq 1 4", RUN + "seq 1 5 9")
    notebook.open("pattern.ipynb")
    notebook.run(0)
    approval = notebook.approval
    expect(approval).to_contain_text("DEMO_TOKEN → $DEMO_TOKEN")
    expect(approval.locator(".ja-approval-program small")).to_have_count(1)
    approval.locator(".ja-approval-pattern").click()
    text = approval.get_by_label("Commands that may run without being asked for")
    expect(text).to_have_value("seq 1 3")
    for wrong, why in (("seq 2 *", "does not cover"), ("curl *", "too wide")):
        text.fill(wrong)
        approval.locator(".ja-approval-pattern-allow").click()
        expect(approval.locator(".ja-approval-problem")).to_contain_text(why)
    text.fill("seq 1 *")
    approval.locator(".ja-approval-pattern-allow").click()
    expect(notebook.output(0)).to_contain_text("3")
    notebook.run(1)
    expect(notebook.output(1)).to_contain_text("4")
    notebook.run(2)
    notebook.answer("deny")
    expect(notebook.output(2)).to_contain_text("GrantDenied")


def test_a_question_is_read_and_answered_in_a_small_window_and_without_a_mouse(
    lab: Lab, notebook: NotebookPage, canary: Canary
) -> None:
    with lab.person() as person:
        save(person, "DEMO_TOKEN", canary.value)
    programs = "cat comm cp cut dd df du env expr fold head id ln"
    lab.notebook("small.ipynb", RUN + programs.replace(" ", "\n"))
    notebook.open("small.ipynb")
    approval, page = notebook.approval, notebook.page
    page.set_viewport_size({"width": 640, "height": 580})
    notebook.run(0)
    expect(approval.locator(".ja-approval-deny")).to_be_focused()
    facts = approval.locator(".ja-approval-facts")
    page.keyboard.press("Shift+Tab")  # the script is before the answers, the facts before it
    page.keyboard.press("Shift+Tab")
    expect(facts).to_be_focused()
    page.keyboard.press("End")
    rest = facts.get_by_text("The first 12 that it names.")  # there is one more
    expect(rest).to_be_in_viewport(ratio=1)

    page.set_viewport_size({"width": 640, "height": 400})  # as with a zoom of 200 %
    for answer in ("deny", "always", "minutes", "once"):
        expect(approval.locator(f".ja-approval-{answer}")).to_be_in_viewport(ratio=1)
    script = approval.locator(".ja-approval-script")
    assert script.evaluate("node => node.scrollHeight <= node.clientHeight")
    page.emulate_media(forced_colors="active")  # no backgrounds: a button is seen by its edge
    deny = approval.locator(".ja-approval-deny")
    assert deny.evaluate("node => getComputedStyle(node).borderStyle") == "solid"
    page.emulate_media(forced_colors="none")
    page.keyboard.press("Escape")
    expect(approval).to_have_count(0)
    page.set_viewport_size({"width": 1280, "height": 800})


def test_enter_and_a_scripts_click_allow_nothing(
    lab: Lab, notebook: NotebookPage, canary: Canary
) -> None:
    with lab.person() as person:
        save(person, "DEMO_TOKEN", canary.value)
    witness = lab.root / "allowed by a key"
    lab.notebook("keys.ipynb", RUN + f"touch '{witness}'")
    notebook.open("keys.ipynb")
    notebook.run(0)
    once = notebook.approval.locator(".ja-approval-once")
    expect(once).to_be_enabled()
    expect(notebook.approval.locator(".ja-approval-deny")).to_be_focused()
    once.evaluate("button => button.click()")  # as script in an output could
    once.focus()
    notebook.page.keyboard.press("Enter")
    expect(notebook.approval).to_be_visible()
    assert not witness.exists()
    notebook.page.keyboard.press("Escape")
    expect(notebook.output(0)).to_contain_text("GrantDenied")


def test_a_question_that_nobody_answers_closes_itself_and_is_a_no(
    lab: Lab, notebook: NotebookPage, canary: Canary
) -> None:
    with lab.person() as person:
        save(person, "DEMO_TOKEN", canary.value)
    witness = lab.root / "ran without an answer"
    lab.notebook("silence.ipynb", RUN + f"touch '{witness}'")
    notebook.open("silence.ipynb")
    with impatient_broker(lab):
        with lab.person() as person:
            wait_until(lambda: person.call("status")["approvers"] > 0, 30)
        notebook.run(0)
        expect(notebook.approval.locator(".ja-approval-time")).to_contain_text("Denied in 0:0")
        expect(notebook.approval).to_have_count(0)
        expect(notebook.output(0)).to_contain_text("Nobody answered within 4 seconds")
    assert not witness.exists()


def test_a_notebook_out_of_sight_waits_in_the_panel(
    lab: Lab, notebook: NotebookPage, canary: Canary
) -> None:
    with lab.person() as person:
        save(person, "DEMO_TOKEN", canary.value)
    lab.notebook("hidden.ipynb", RUN + "echo <b>done</b>".replace("<", "'<'").replace(">", "'>'"))
    lab.notebook("front.ipynb", "1")
    notebook.open("hidden.ipynb")
    notebook.page.evaluate(
        """async () => {
          const panel = window.jupyterapp.shell.currentWidget;
          await window.jupyterapp.commands.execute("docmanager:open", {path: "front.ipynb"});
          const code = panel.content.widgets[0].model.sharedModel.getSource();
          panel.sessionContext.session.kernel.requestExecute({ code });
        }"""
    )
    panel = notebook.open_secrets()
    waiting = panel.locator(".ja-waiting")
    expect(waiting).to_contain_text("hidden.ipynb")
    expect(waiting.locator(".ja-waiting-command")).to_contain_text("echo")
    expect(notebook.approval).to_have_count(0)
    notices = notebook.page.locator(".Toastify__toast")
    expect(notices.filter(has_text="asks for DEMO_TOKEN")).to_be_visible()
    # A focus stays, and a click counts, though the panel shows news in the middle of it.
    answer = waiting.locator(".ja-waiting-answer")
    answer.focus()
    show_news(lab, panel, "SAVED_MEANWHILE")
    expect(answer).to_be_focused()
    answer.hover()
    notebook.page.mouse.down()
    show_news(lab, panel, "SAVED_THEN")
    notebook.page.mouse.up()
    notebook.answer("once")
    expect(waiting).to_be_hidden()
    # The button that had the focus is gone with the question: it goes on in the panel.
    expect(panel.get_by_role("heading", name="Secrets")).to_be_focused()


def test_grants_are_listed_and_revoked_one_by_one_and_all_at_once(
    lab: Lab, notebook: NotebookPage, canary: Canary
) -> None:
    with lab.person() as person:
        save(person, "DEMO_TOKEN", canary.value)
        person.call("grant.add", label="DEMO_TOKEN", pattern="seq 1 *", uses=3)
        person.call("grant.add", label="DEMO_TOKEN", script="echo <img src=x onerror=alert(1)>")
        person.call("grant.add", label="DEMO_TOKEN", pattern="printenv *", deny=True)
    lab.notebook("grants.ipynb", "1")
    panel = notebook.open("grants.ipynb").open_secrets()
    grants = folded(panel, "grants")
    expect(grants.locator("summary")).to_have_text("Grants (3)")
    expect(grants).to_contain_text("3 uses left")
    expect(grants).to_contain_text("echo <img src=x onerror=alert(1)>")
    expect(grants.locator("img")).to_have_count(0)
    expect(grants.locator("[data-deny=true]")).to_contain_text("denied")
    row = grants.locator("[data-grant]").filter(has_text="seq 1")
    revoke = row.locator(".ja-revoke")
    revoke.focus()
    with lab.person() as person:
        run(person, "seq 1 2", "DEMO_TOKEN")
    expect(row).to_contain_text("2 uses left")  # a row that is drawn anew
    expect(revoke).to_be_focused()
    notebook.page.keyboard.press("Enter")
    expect(grants.locator("[data-grant]")).to_have_count(2)
    # Near, and on no button that a key which is still held would press.
    expect(grants.locator("summary")).to_be_focused()
    grants.locator(".ja-revoke-all").click()
    notebook.page.locator(".jp-Dialog").get_by_role("button", name="Revoke all").click()
    expect(grants.locator("[data-grant]")).to_have_count(1)
    grants.locator(".ja-revoke").click()
    expect(grants).to_contain_text("None: each use of a secret is asked for.")
    grants.locator("summary").click()


def test_a_grant_is_read_whole_in_a_narrow_panel_and_by_keyboard(
    lab: Lab, notebook: NotebookPage, canary: Canary
) -> None:
    label = "TOKEN_OF_THE_WAREHOUSE_OF_THE_SECOND_REGION_FOR_READING_ONLY"
    script = "\n".join(f"echo line {number}" for number in range(9))
    with lab.person() as person:
        save(person, label, canary.value)
        person.call("grant.add", label=label, script=script, notebook=f"/{'n' * 90}.ipynb")
    panel = notebook.anywhere().open_secrets()
    grants = folded(panel, "grants")
    entry = grants.locator("[data-grant]")
    for part in (panel, entry.locator(".ja-secret-label"), entry.locator("code")):
        expect(part).to_be_visible()
        assert part.evaluate("node => node.scrollWidth <= node.clientWidth"), "something is cut off"
    entry.locator(".ja-revoke").focus()
    notebook.page.keyboard.press("Tab")
    expect(entry.locator("code")).to_be_focused()
    notebook.page.keyboard.press("End")
    at_its_end = "code => code.scrollTop + code.clientHeight >= code.scrollHeight - 1"
    wait_until(lambda: bool(entry.locator("code").evaluate(at_its_end)))
    grants.locator("summary").click()


def test_runs_are_shown_and_stopped_and_written_down(
    lab: Lab, notebook: NotebookPage, canary: Canary
) -> None:
    lab.notebook("runs.ipynb", "1")
    panel = notebook.open("runs.ipynb").open_secrets()
    with lab.person() as person, lab.person() as other:
        save(person, "DEMO_TOKEN", canary.value)
        person.call("grant.add", label="DEMO_TOKEN", any_command=True)
        assert run(person, "printenv DEMO_TOKEN", "DEMO_TOKEN").exit == 0
        fields = {"secrets": [{"label": "DEMO_TOKEN", "env": "DEMO_TOKEN"}], "cwd": "/"}
        numbers = [client.begin("run", script="sleep 600", **fields) for client in (person, other)]
        running = panel.locator(".ja-running")
        expect(running.locator("[data-run]")).to_have_count(2)
        running.locator(".ja-stop").first.click()
        expect(running.locator("[data-run]")).to_have_count(1)
        for number, client in zip(numbers, (person, other), strict=True):
            client.begin("run", script="sleep 600", **fields)
            assert number
        expect(running.locator("[data-run]")).to_have_count(3)
        running.locator(".ja-stop-all").click()
        expect(running).to_be_hidden()

    uses = folded(panel, "audit")
    expect(uses.locator("[data-decision=grant]").first).to_contain_text("sleep 600")
    uses.get_by_label("Secret").select_option("DEMO_TOKEN")
    expect(uses).to_contain_text("scrubbed DEMO_TOKEN")
    uses.locator(".ja-audit-verify").click()
    expect(uses.locator(".ja-audit-state")).to_contain_text("The record is whole")
    uses.locator("summary").click()
