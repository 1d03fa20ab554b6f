"""A program that says more than the browser takes."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from jupyter_agent.desktop import conversation
from jupyter_agent.desktop.cdp import Cdp
from jupyter_agent.desktop.conversation import Conversation
from jupyter_agent.errors import AgentError

ADDRESS = "http://site.example/" + "a" * 1000


class Browser:
    """Takes what it is told, and answers if it is told to."""

    def __init__(self, *, answers: bool) -> None:
        self.cdp = Cdp(self)
        self.heard = 0
        self._answers = answers

    def say(self, message: bytes) -> None:
        self.heard += 1
        if self._answers:
            self.cdp.take(json.dumps({"id": json.loads(message)["id"], "result": {}}))

    def close(self) -> None:
        pass


class Turn:
    """An agent's turn that goes on."""

    scripted = False

    async def attach(self) -> str:
        return "root"

    def when_ended(self, _end: Callable[[AgentError], None]) -> None:
        pass


async def goes_on(browser: Browser, times: int) -> tuple[list[str], list[str]]:
    """What a program hears that sends so many commands, and why it is cut off."""
    told: list[str] = []
    ended: list[str] = []
    turn: Any = Turn()
    program = Conversation(browser.cdp, turn, told.append, ended.append)
    await program.begin()
    for number in range(times):
        params = {"url": ADDRESS}
        program.take(json.dumps({"id": number, "method": "Target.createTarget", "params": params}))
    return told, ended


@pytest.fixture(autouse=True)
def little(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conversation, "MOST_UNANSWERED", 100_000)


async def test_a_program_that_says_more_than_the_browser_takes_is_cut_off():
    browser = Browser(answers=False)
    told, ended = await goes_on(browser, 1000)
    assert ended == ["The program says more than the browser takes."]
    assert not told
    assert 10 < browser.heard < 100


async def test_a_program_whose_commands_are_answered_says_as_much_as_it_likes():
    browser = Browser(answers=True)
    told, ended = await goes_on(browser, 1000)
    assert not ended
    assert len(told) == browser.heard == 1000
