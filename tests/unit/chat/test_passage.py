"""What passes to a model is read while the loop goes on, where it is long."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from jupyter_agent.chat.passage import Passage
from jupyter_agent.errors import SecretBlocked
from jupyter_agent.long_texts import LONG
from jupyter_agent.screen import Screener
from jupyter_agent.screen.examples import assemble

RULES = Screener()
TOKEN = assemble("sk-{+}ant-api03-{word:93}AA", 5)


class Screens:
    """The rules, and the threads in which they were asked."""

    def __init__(self) -> None:
        self.threads: set[int] = set()

    def screen(self, text: str) -> Any:
        self.threads.add(threading.get_ident())
        return RULES.screen(text)

    def rule(self, rule_id: str) -> Any:
        return RULES.rule(rule_id)


async def nothing(_text: str) -> None:
    return None


@pytest.mark.parametrize(
    ("before", "here"), [("", True), ("é nothing\n" * LONG, False)], ids=["short", "long"]
)
async def test_a_long_text_is_screened_in_another_thread(before: str, *, here: bool) -> None:
    screens = Screens()
    passage = Passage(screens, nothing)

    with pytest.raises(SecretBlocked):
        await passage.check([f"{before}{TOKEN}"], "Your message")
    cleaned = await passage.clean({"text": f"{before}{TOKEN}"})

    assert cleaned == {"text": f"{before}[secret:anthropic-api-key]"}
    assert (threading.get_ident() in screens.threads) is here
