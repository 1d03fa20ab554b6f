"""``%secret`` and completion in a real kernel."""

from __future__ import annotations

import shlex

import pytest
from conftest import end_brokers
from persons import answer_next
from steps import save

from jupyter_agent.kernel.arguments import OPTIONS
from jupyter_agent.person import open_client

pytestmark = pytest.mark.one_kernel

VALUE = "correct-horse-battery-staple-42"


def test_an_empty_vault_says_how_to_begin(kernel):
    cell = kernel.run("%secret list")
    assert cell.data[0]["text/plain"] == "No secrets yet. Add one: %secret set LABEL"


def test_the_list_shows_labels_and_never_a_value(stored, kernel):
    save(stored, "SHORT_PIN", "1234", kind="password")
    cell = kernel.run("%secret list")
    lines = cell.data[0]["text/plain"].splitlines()
    assert [line.split()[0] for line in lines] == ["label", "DEMO_TOKEN", "SHORT_PIN"]
    assert "never" in lines[1]
    assert cell.data[0]["text/html"].count("<tr>") == 3
    assert VALUE not in str(cell.messages)


def test_show_tells_uses_and_grants(granted, kernel):
    kernel.run("%%agent_run -s DEMO_TOKEN\ntrue")
    shown = kernel.run("%secret show DEMO_TOKEN").data[0]["text/plain"]
    assert "DEMO_TOKEN" in shown
    assert "any command, any notebook" in shown


def test_a_note_cannot_put_html_into_the_page(person, kernel):
    save(person, "DEMO_TOKEN", VALUE, note="<img src=x onerror=alert(1)>")
    html = kernel.run("%secret show DEMO_TOKEN").data[0]["text/html"]
    assert "<img" not in html
    assert "&lt;img" in html


def test_status_says_where_the_key_lives_and_who_can_be_asked(stored, kernel):
    shown = kernel.run("%secret status").data[0]["text/plain"]
    assert "open" in shown
    assert "file" in shown
    assert "nobody is there to ask" in shown
    assert "no export was ever made" in shown


@pytest.mark.parametrize(
    ("line", "ename"),
    [
        ("%secret lst", "RequestInvalid"),
        ("%secret import", "RequestInvalid"),
        ("%secret show", "RequestInvalid"),
        ("%secret show not-a-label", "LabelInvalid"),
        ("%secret show NOT_THERE", "LabelNotFound"),
        ("%secret replace NOT_THERE", "LabelNotFound"),
        ("%secret set DEMO_TOKEN", "LabelTaken"),
        ("%%agent_run -s DEMO_TOKEN", "RequestInvalid"),
    ],
)
def test_a_line_that_can_not_be_done_says_why(stored, kernel, line, ename):
    assert kernel.run(line).ename == ename


@pytest.mark.parametrize(
    ("cell", "told"),
    [
        ("%secret", "%secret rename LABEL NEW"),
        ("%secret --help", "%secret rename LABEL NEW"),
        ("%agent_egress", "%agent_egress --off [LABEL]"),
        ("%agent_egress --help", "%agent_egress --off [LABEL]"),
        ("%agent_chat --help", "%agent_chat --history"),
        ("%%agent_chat --help\nanything", "--no-tools"),
        ("%%agent_run --help\ntouch ran", "--timeout SECONDS"),
        ("%%agent_run --help", "--timeout SECONDS"),
        ("%secret list --help", "%secret rename LABEL NEW"),
        ("%desktop", "--layout LAYOUT"),
    ],
)
def test_each_magic_says_how_it_is_used(kernel, cell, told):
    shown = kernel.run(cell)
    assert told in shown.text()
    assert "::" not in shown.text()


def test_what_is_no_command_is_not_repeated(kernel):
    cell = kernel.run("%secret swordfish99")
    assert cell.ename == "RequestInvalid"
    assert "swordfish99" not in str(cell.reply)


def test_a_value_on_the_line_is_refused_where_no_guard_stands(person, kernel):
    kernel.run("get_ipython().meta['jupyter_agent'].guard.uninstall()")
    cell = kernel.run("%secret set DEMO_TOKEN hunter2")
    assert cell.ename == "RequestInvalid"
    assert "exposed" in cell.shown_error
    assert "hunter2" not in str(cell.reply)
    assert person.call("secret.list")["secrets"] == []


def test_removing_from_a_kernel_needs_a_person(stored, kernel):
    cell = kernel.run("%secret remove DEMO_TOKEN")
    assert cell.ename == "GrantRequired"
    assert "jupyter agent secret remove DEMO_TOKEN" in cell.shown_error
    assert len(stored.call("secret.list")["secrets"]) == 1


def test_a_person_confirms_a_rename_and_a_removal(stored, kernel, folders):
    thread = answer_next(folders, "once")
    cell = kernel.run("%secret rename DEMO_TOKEN OTHER_TOKEN")
    thread.join(10)
    assert cell.text() == "OTHER_TOKEN is the new label of DEMO_TOKEN.\n"
    assert cell.data == []  # the line about waiting is gone
    thread = answer_next(folders, "deny")
    assert kernel.run("%secret remove OTHER_TOKEN").ename == "GrantDenied"
    thread.join(10)
    thread = answer_next(folders, "once")
    assert kernel.run("%secret remove OTHER_TOKEN").reply["status"] == "ok"
    thread.join(10)
    assert stored.call("secret.list")["secrets"] == []


@pytest.mark.one_kernel(shared=False)
def test_a_form_for_a_vault_in_memory_says_that_it_does_not_last(kernel, folders, monkeypatch):
    monkeypatch.setenv("JUPYTER_AGENT_KEY_SOURCE", "memory")
    with open_client(folders) as person:
        save(person, "OTHER_TOKEN", VALUE)
    assert "all is gone when the broker ends" in kernel.run("%secret set DEMO_TOKEN").text()


def test_a_form_for_a_vault_that_lasts_says_nothing(stored, kernel):
    assert kernel.run("%secret set OTHER_TOKEN").text() == ""


def test_a_file_is_saved_by_the_broker_once_a_person_confirms_it(person, kernel, folders, tmp_path):
    key = tmp_path / "id_ed25519"
    key.write_text(f"-----BEGIN MADE UP-----\n{VALUE}\n-----END MADE UP-----\n")
    line = f"%secret set DEPLOY_KEY --file {shlex.quote(str(key))}"
    refused = kernel.run(line)
    assert refused.ename == "GrantRequired"
    assert "jupyter agent secret set DEPLOY_KEY --file" in refused.shown_error
    thread = answer_next(folders, "deny")
    assert kernel.run(line).ename == "GrantDenied"
    thread.join(10)
    assert person.call("secret.list")["secrets"] == []
    thread = answer_next(folders, "once")
    cell = kernel.run(line)
    thread.join(10)
    assert cell.text() == "DEPLOY_KEY is saved.\n"
    assert VALUE not in str(cell.messages)
    assert [meta["label"] for meta in person.call("secret.list")["secrets"]] == ["DEPLOY_KEY"]


def test_a_file_that_is_not_there_is_told_only_after_a_yes(person, kernel, folders):
    line = "%secret set DEPLOY_KEY --file /nowhere/at/all"
    assert kernel.run(line).ename == "GrantRequired"
    thread = answer_next(folders, "once")
    assert kernel.run(line).ename == "RequestInvalid"
    thread.join(10)


# -- completion and help


def _completions(kernel, code):
    answer = kernel.client.complete(code, reply=True, timeout=60)["content"]
    start = answer["cursor_start"]
    return {code[:start] + match for match in answer["matches"]}


def test_labels_complete_where_labels_belong(stored, kernel):
    assert "%secret show DEMO_TOKEN" in _completions(kernel, "%secret show DE")
    assert "%%agent_run -s DEMO_TOKEN" in _completions(kernel, "%%agent_run -s DE")
    assert "%%agent_run -s KEY=DEMO_TOKEN" in _completions(kernel, "%%agent_run -s KEY=DE")


def test_commands_and_options_complete(kernel):
    assert _completions(kernel, "%secret re") == {
        "%secret replace",
        "%secret rename",
        "%secret remove",
    }
    assert "%secret set NEW_TOKEN --file" in _completions(kernel, "%secret set NEW_TOKEN --")
    assert "%%agent_run --timeout" in _completions(kernel, "%%agent_run --ti")
    assert "%%agent_run --quiet --no-raise" in _completions(kernel, "%%agent_run --quiet --no")
    assert "%%agent_run --shell bash" in _completions(kernel, "%%agent_run --shell b")


def test_labels_services_and_options_of_ways_complete(stored, kernel):
    assert "%agent_egress DEMO_TOKEN" in _completions(kernel, "%agent_egress DE")
    assert "%agent_egress --services" in _completions(kernel, "%agent_egress --se")
    assert "%agent_egress KEY --service openai" in _completions(
        kernel, "%agent_egress KEY --service open"
    )
    assert "%agent_egress KEY --postgres" in _completions(kernel, "%agent_egress KEY --po")
    assert "%agent_egress --off DEMO_TOKEN" in _completions(kernel, "%agent_egress --off DE")


def test_completion_starts_no_broker(kernel, folders, agent_home):
    end_brokers(agent_home)
    folders.socket.unlink(missing_ok=True)
    _completions(kernel, "%secret show DE")
    assert not folders.socket.exists()


def test_help_explains_every_option(kernel):
    cell = kernel.run("%%agent_run?")
    (page,) = cell.reply["payload"]
    text = page["data"]["text/plain"]
    assert [option for option in OPTIONS if option not in text] == []
    assert "jupyter agent grant" in text


@pytest.mark.one_kernel(shared=False)
def test_a_form_whose_package_is_missing_names_it_and_other_ways(kernel):
    kernel.run("import sys; sys.modules['anywidget'] = None")
    cell = kernel.run("%secret set DEMO_TOKEN")
    assert cell.ename == "EntryInvalid"
    assert "anywidget" in cell.shown_error
    assert "jupyter agent secret set DEMO_TOKEN" in cell.shown_error
    assert "File" not in cell.shown_error


@pytest.mark.one_kernel(shared=False)
def test_a_python_that_leaves_descriptions_out_says_so_where_one_is_asked_for(start_kernel):
    kernel = start_kernel({"PYTHONOPTIMIZE": "2"})
    for line in ("%secret", "%secret --help", "%agent_egress --help"):
        assert "PYTHONOPTIMIZE" in kernel.run(line).text()
