"""A secret in a chat message: not sent, not stored, and its label in its place."""

from __future__ import annotations

import uuid

import nbformat
import pytest
from canary import Canary
from chat_page import ChatPage
from lab import Lab
from playwright.sync_api import expect
from steps import save


def test_a_message_with_a_secret_stays_in_the_box_and_goes_nowhere(
    chat: ChatPage, canary: Canary
) -> None:
    text = f"please use {canary.value} for this"
    chat.send(text)
    expect(chat.dialog).to_contain_text("Not sent: this holds a secret")
    expect(chat.dialog.locator(".ja-finding-preview")).to_have_text("ghp_••••••••")
    assert canary.value not in chat.dialog.inner_text()
    chat.page.keyboard.press("Escape")
    expect(chat.dialog).to_have_count(0)
    expect(chat.box).to_have_value(text)

    chat.send("hello there")
    chat.shown("hello there")
    expect(chat.box).to_have_value("")
    assert [message["body"] for message in chat.stored()] == ["hello there"]


def test_save_as_secret_puts_a_reference_into_the_message(
    lab: Lab, chat: ChatPage, canary: Canary
) -> None:
    chat.send(f"log in with GITHUB_TOKEN={canary.value} please")
    chat.dialog.locator(".ja-save-as-secret").click()
    expect(chat.dialog.get_by_role("textbox", name="Label")).to_have_value("GITHUB_TOKEN")
    chat.dialog.locator(".ja-finding-save").click()
    expect(chat.dialog).to_have_count(0)
    reference = "log in with GITHUB_TOKEN={{GITHUB_TOKEN}} please"
    expect(chat.box).to_have_value(reference)
    for _ in range(4):
        chat.page.keyboard.press("Control+z")
    assert canary.value not in chat.page.content() + chat.box.input_value()

    chat.send(reference)
    chat.shown("{{GITHUB_TOKEN}}")
    with lab.person() as person:
        assert person.call("secret.show", label="GITHUB_TOKEN")["secret"]["exposed"] == []


def test_a_stored_value_is_known_whatever_it_looks_like(lab: Lab, chat: ChatPage) -> None:
    value = "marmalade bicycle umbrella lighthouse tangerine violin quarry"
    with lab.person() as person:
        save(person, "ORCHARD_KEY", value, kind="password")
    chat.send(f"it is {value}, as ever")
    expect(chat.dialog).to_contain_text("ORCHARD_KEY")
    chat.dialog.locator(".ja-use-label").click()
    expect(chat.box).to_have_value("it is {{ORCHARD_KEY}}, as ever")
    assert chat.stored() == []


def test_labels_complete_behind_two_braces(lab: Lab, chat: ChatPage, canary: Canary) -> None:
    with lab.person() as person:
        save(person, "GITHUB_TOKEN", canary.value)
        save(person, "DB_PASSWORD", canary.value[::-1])
    chat.write("")
    chat.page.keyboard.type("use {{gi")
    expect(chat.page.get_by_role("option")).to_have_count(1)
    chat.page.keyboard.press("Enter")
    expect(chat.box).to_have_value("use {{GITHUB_TOKEN}} ")


def test_an_edit_of_a_message_is_screened_too(chat: ChatPage, canary: Canary) -> None:
    chat.send("a harmless beginning")
    chat.shown("a harmless beginning")
    message = chat.page.locator(".jp-chat-message").last
    message.hover()
    message.get_by_role("button", name="Edit").click()
    edited = chat.page.locator(".jp-chat-message textarea:not([aria-hidden])").last
    edited.fill(f"now with {canary.value}")
    edited.press("Enter")
    expect(chat.dialog).to_be_visible()
    chat.page.keyboard.press("Escape")
    assert [message["body"] for message in chat.stored()] == ["a harmless beginning"]


def test_a_selection_that_goes_along_is_screened_too(chat: ChatPage, canary: Canary) -> None:
    chat.send("warm up")  # from here on the box is known
    chat.shown("warm up")
    chat.call("m.input.send(x)", f"look at this\n```\ntoken = '{canary.value}'\n```")
    expect(chat.dialog).to_be_visible()
    chat.page.keyboard.press("Escape")
    assert [message["body"] for message in chat.stored()] == ["warm up"]


def test_what_comes_past_the_page_is_refused_by_the_server(
    lab: Lab, chat: ChatPage, canary: Canary
) -> None:
    chat.call("m.sendMessage({body: x})", f"here: {canary.value}")
    notice = chat.page.locator(".jp-Notification-Toast, .Toastify__toast").filter(
        has_text="Not stored in"
    )
    expect(notice).to_be_visible()
    notice.get_by_role("button", name="close").or_(notice.locator("button")).first.click()

    id_ = str(uuid.uuid4())
    for hidden in (
        {"body": f"here: {canary.value}"},
        {"body": "x", "metadata": {"note": canary.value}},
        {"body": "x", "mime_model": {"data": {"text/plain": canary.value}}},
        {"body": "x", "attachments": [{"type": "file", "value": canary.value}]},
        {"body": "x", "mentions": [canary.value]},
        {"action": "edit", "body": canary.value},
        {"action": "nobody knows", "body": canary.value},
    ):
        answer = chat.frame({"type": "client", "action": "send", "id": id_, **hidden})
        assert answer["action"] == "refused", hidden.keys()
        assert answer["findings"]
        assert canary.value not in str(answer)
    assert chat.stored() == []
    log = lab.log.read_text()
    assert "Refused a chat message: github-token." in log

    answer = chat.frame({"type": "client", "action": "send", "id": id_, "body": "nothing here"})
    assert answer["message"]["body"] == "nothing here"


def test_a_message_that_nobody_can_screen_is_not_sent(chat: ChatPage) -> None:
    chat.page.route("**/jupyter-agent/chats/screen*", lambda route: route.abort())
    try:
        chat.send("harmless")
        expect(chat.dialog).to_contain_text("could not be screened")
    finally:
        chat.page.unroute("**/jupyter-agent/chats/screen*")
    chat.page.keyboard.press("Escape")
    expect(chat.box).to_have_value("harmless")
    assert chat.stored() == []


@pytest.mark.parametrize("how", ["a notebook's output", "a plain file"])
def test_a_file_is_screened_when_it_is_attached(
    lab: Lab, chat: ChatPage, canary: Canary, how: str
) -> None:
    if how == "a plain file":
        name = "attached.txt"
        path = lab.notebooks / name
        path.write_text(f"first line\ntoken: {canary.value}\n")
    else:
        name = "attached.ipynb"
        path = lab.notebook(name, "print(token)")
        notebook = nbformat.read(path, 4)
        printed = nbformat.v4.new_output("stream", text=f"{canary.value}\n")
        notebook.cells[0].outputs.append(printed)
        nbformat.write(notebook, path)
    chat.call("m.input.addAttachment(x)", {"type": "file", "value": name})
    chat.send("what is in there?")
    expect(chat.dialog).to_contain_text(f"all of {name}")
    frame = {"type": "client", "action": "send", "id": str(uuid.uuid4()), "body": "and this?"}
    answer = chat.frame({**frame, "attachments": [{"type": "file", "value": name}]})
    assert (answer["action"], answer["attachment"]) == ("refused", name)

    chat.dialog.locator(".ja-remove-attachment").click()
    path.unlink()
    chat.send("never mind")
    chat.shown("never mind")
    assert [message["body"] for message in chat.stored()] == ["never mind"]


def test_what_a_person_says_is_no_secret_is_sent(chat: ChatPage, canary: Canary) -> None:
    made_up = canary.value[:4] + canary.value[:3:-1]
    chat.send(f"an example: {made_up}")
    chat.dialog.locator(".ja-not-a-secret").click()
    chat.dialog.get_by_label("Why").fill("from a manual")
    chat.dialog.locator(".ja-deny-allow").click()
    expect(chat.dialog).to_contain_text("send the message again")
    chat.page.keyboard.press("Escape")
    chat.send()
    chat.shown(made_up)
    assert len(chat.stored()) == 1
