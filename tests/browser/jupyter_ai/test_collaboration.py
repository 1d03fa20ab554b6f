"""With real-time collaboration a chat is a shared document: the page screens, the server can't."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from canary import Canary
from chat_page import ChatPage
from conftest import end_brokers
from jupyter_ai_doctor import doctor
from jupyter_ai_environment import COLLABORATION, Environment, made
from lab import Lab, running_lab
from playwright.sync_api import expect


@pytest.fixture(scope="module")
def collaboration() -> Environment:
    return made(COLLABORATION)


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory, collaboration: Environment) -> Iterator[Lab]:
    root = tmp_path_factory.mktemp("a lab for several")
    options = "--MCPExtensionApp.mcp_port=0"
    with running_lab(root, "file", options, environment=collaboration) as lab:
        yield lab
    end_brokers(root)


def test_with_collaboration_layer_b_is_off_and_said_to_be(
    lab: Lab, collaboration: Environment, chat: ChatPage, canary: Canary
) -> None:
    chat.send(f"please use {canary.value}")
    expect(chat.dialog).to_contain_text("Not sent: this holds a secret")
    chat.page.keyboard.press("Escape")
    chat.send("hello there")
    chat.shown("hello there")
    assert canary.value not in chat.path.read_text()

    status = chat.page.request.get(f"{lab.url}/jupyter-agent/status").json()
    assert status["guards"]["chats"] == "rtc"
    assert "screened in the page only (rtc)" in lab.log.read_text()
    said = doctor(collaboration, lab.root, {})["chat-server"]
    assert said["state"] == "warn"
    assert said["message"].startswith("Layer B is not active: with real-time collaboration")
