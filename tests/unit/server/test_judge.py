"""What the rules have found in a message is asked about, and not looked for again."""

from __future__ import annotations

from typing import Any

import pytest

from jupyter_agent.errors import ScreenTimeout
from jupyter_agent.screen import Screener
from jupyter_agent.screen.box import Stop
from jupyter_agent.screen.cell import CellScreener
from jupyter_agent.screen.examples import assemble
from jupyter_agent.server.blocks import Blocks
from jupyter_agent.server.gate import Gate, Looked
from jupyter_agent.server.judge import Judge

RULES = CellScreener(Screener())
TOKEN = assemble("sk-{+}ant-api03-{word:93}AA", 5)
OTHER = assemble("sk-{+}ant-api03-{word:93}AA", 6)
LINES = "# a line that says nothing\n" * 5000


class Screens:
    """The rules, and which texts they were asked about."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def screen(self, text: str) -> Any:
        self.seen.append(text)
        return RULES.screen(text)

    def rule(self, rule_id: str) -> Any:
        return RULES.rule(rule_id)


class Values:
    """The broker: it knows no value, and a person has allowed some."""

    values = ""

    def __init__(self, *allowed: str) -> None:
        self._allowed = allowed

    async def find(self, _text: str) -> list[Any]:
        return []

    async def allowed(self, findings: list[dict[str, str]], *_: Any, **__: Any) -> dict[str, Any]:
        return {
            "allowed": [each["value"] in self._allowed for each in findings],
            "marks": ["" for _ in findings],
        }


def judge(screens: Screens, *allowed: str) -> Judge:
    return Judge(Gate(screens), screens, Values(*allowed), Blocks())


@pytest.mark.parametrize("before", ["", LINES])
async def test_each_text_is_screened_once(before: str) -> None:
    screens = Screens()
    code = f"{before}x = '{TOKEN}'"

    stop = await judge(screens).decide("execute_request", {"code": code}, ())

    assert stop is not None
    (found,) = stop.found
    assert code[found.body["start"] : found.body["end"]] == TOKEN
    assert screens.seen == [code]


@pytest.mark.parametrize("before", ["", LINES])
async def test_what_stands_behind_a_text_that_is_allowed_is_screened_too(before: str) -> None:
    content = {"code": f"x = '{TOKEN}'", "user_expressions": {"y": f"{before}'{OTHER}'"}}

    stopped = await judge(Screens(), TOKEN).decide("execute_request", content, ())
    passed = await judge(Screens(), TOKEN, OTHER).decide("execute_request", content, ())

    assert stopped is not None
    assert [found.body["start"] for found in stopped.found] == [0]  # nowhere in the cell
    assert passed is None


async def test_of_more_secrets_than_anybody_reads_the_first_are_told_and_none_is_allowed() -> None:
    code = "%secret set DOOR open-sesame\n" * 1001

    stop = await judge(Screens(), "open-sesame").decide("execute_request", {"code": code}, ())

    assert stop is not None
    assert len(stop.found) == 1000


@pytest.mark.parametrize("text", ["x = 1", LINES])
async def test_a_text_that_could_not_be_screened_is_stopped_whatever_is_allowed(text: str) -> None:
    class Late(Screens):
        def screen(self, text: str) -> Any:
            raise ScreenTimeout("A text could not be screened in its time.")

    stop = await judge(Late(), text).decide("execute_request", {"code": text}, ())

    assert stop == Stop(late=True)


async def test_a_stop_that_is_about_none_of_the_texts_stays() -> None:
    assert await judge(Screens()).verdict(Looked(Stop(late=True))) == Stop(late=True)


def test_what_the_rules_say_has_no_repr_of_what_it_is_about() -> None:
    looked = Gate(Screens()).look("execute_request", {"code": f"x = '{TOKEN}'"}, ())

    assert looked.stop
    assert looked.texts
    assert TOKEN not in repr(looked) + repr(looked.texts)
