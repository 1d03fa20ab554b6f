"""What is left in the notebook of an answer that was stopped, or broke off: nothing unscreened."""

from __future__ import annotations

import json
import os
import random
import shlex
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from canary import Canary
from chat_service import ChatService, chat_service
from steps import save, sleeping, wait_until

from jupyter_agent.screen.examples import assemble

pytestmark = pytest.mark.one_kernel

SCRIPT = Path(__file__).parents[2] / "acp_script.py"
TOKEN = assemble("gh{+}p_{alnum:36}", 11)
"""Known to the rules, and stored nowhere."""


@pytest.fixture
def planted() -> Canary:
    return Canary.make(random.Random())


@pytest.fixture
def free_service() -> Iterator[ChatService]:
    """One that wants no key."""
    with chat_service(lambda _: True) as service:
        yield service


@pytest.fixture
def agent(tmp_path: Path) -> str:
    words = [sys.executable, str(SCRIPT), str(tmp_path / "heard")]
    return f"%%agent_chat --agent {shlex.quote(shlex.join(words))}"


def shown(cell) -> str:
    """The Markdown that a cell shows in the end."""
    messages = [*cell.of("display_data"), *cell.of("update_display_data")]
    bundles = [message["content"]["data"] for message in messages]
    return str([data["text/markdown"] for data in bundles if "text/markdown" in data][-1])


def test_an_answer_that_breaks_off_is_screened_as_far_as_it_came(
    kernel, person, free_service, planted
):
    save(person, "DEMO_TOKEN", planted.value)
    line = f"%%agent_chat --model m-1 --url {free_service.url}"
    free_service.breaks, free_service.pause = True, 0.11
    for said in (TOKEN, planted.value):
        free_service.script = lambda _, said=said: f"it is {said} and so on and so on"
        cell = kernel.run(f"{line}\nwhat is it?")
        assert cell.ename == "ModelFailed"
        assert said not in shown(cell)
    assert planted.found_in(shown(cell).encode()) == []


def test_an_answer_that_is_stopped_is_screened_as_far_as_it_came_with_what_went_along(
    kernel, person, free_service
):
    free_service.script = lambda _: f"it is {TOKEN} and {'more ' * 200}"
    free_service.pause = 0.02
    pressed = []

    def stop(message):
        if "more" in str(message["content"].get("data")) and not pressed:
            pressed.append(message)
            kernel.manager.interrupt_kernel()

    kernel.run(f"log = ''.join(map(chr, {list(map(ord, TOKEN))}))")
    line = f"%%agent_chat --model m-1 --url {free_service.url}"
    cell = kernel.run(f"{line} --with log\nwhat is it?", stop)
    assert cell.ename == "KeyboardInterrupt"
    assert TOKEN not in shown(cell)
    # The next message takes what was said before along.
    free_service.script = lambda _: "fine"
    kernel.run(f"{line}\nand now?")
    assert "attached" in str(free_service.asked[-1]["messages"])
    assert all(TOKEN.encode() not in body for body in free_service.requests)


@pytest.mark.parametrize("waits", [False, True])
def test_an_agent_that_breaks_off_or_is_stopped_leaves_nothing_unscreened(  # noqa: PLR0917
    kernel, person, planted, agent, tmp_path, waits
):
    save(person, "DEMO_TOKEN", planted.value)
    left = tmp_path / "left"
    left.write_text(f"it is {planted.value} and {TOKEN}")

    def stop(message):
        if waits and message["msg_type"] == "display_data":
            kernel.manager.interrupt_kernel()

    steps = [{"do": "leave", "path": str(left), "waits": waits}]
    cell = kernel.run(f"{agent}\n{json.dumps(steps)}", stop)
    left.unlink()
    assert cell.ename == ("KeyboardInterrupt" if waits else "ModelFailed")
    assert planted.found_in(shown(cell).encode()) == []
    assert TOKEN not in shown(cell)


def test_what_an_agent_sends_and_nobody_can_read_is_logged_nowhere(kernel, person, agent):
    update = {"sessionUpdate": "of_the_next_release", "text": "k8Wd not for a log"}
    unknown = {"method": "session/update", "params": {"sessionId": "s", "update": update}}
    steps = [
        {"do": "raw", "line": json.dumps({"jsonrpc": "2.0", **unknown})},
        {"do": "raw", "line": "Welcome to k8Wd"},
    ]
    kernel.run("import logging; logging.getLogger().handlers.clear()")
    cell = kernel.run(f"{agent}\n{json.dumps(steps)}")
    assert cell.reply["status"] == "ok", cell.shown_error
    assert cell.of("stream") == []
    assert kernel.value("logging.getLogger().handlers") == "[]"


def test_halves_of_characters_and_odd_arguments_of_a_model_end_no_turn(
    kernel, person, free_service
):
    line = f"%%agent_chat --model m-1 --url {free_service.url}"
    free_service.script = lambda _: "smile \ud83d \ude00 and \U0001f600"
    cell = kernel.run(f"{line}\nhello")
    assert cell.reply["status"] == "ok", cell.shown_error
    assert shown(cell) == "smile \ufffd \ufffd and \U0001f600"
    kernel.run("log = 'half ' + chr(0xd83d)")
    assert kernel.run(f"{line} --with log\nlook").reply["status"] == "ok"
    assert "half \ufffd" in str(free_service.asked[-1]["messages"][-1])
    calls = iter([{"tool": "run_command", "arguments": ["echo"]}])
    free_service.script = lambda _: next(calls, "fine")
    cell = kernel.run(f"{line}\ngo on")
    assert cell.reply["status"] == "ok", cell.shown_error
    assert shown(cell) == "fine"


def test_what_an_agent_does_is_shown_once_as_it_says_it_and_as_no_markdown(kernel, person, agent):
    title = "Read `x`\n\n![it](http://127.0.0.1:9/x) \ud83d"
    about = {"toolCallId": "1", "title": title, "kind": "read", "status": "pending"}
    updates = [
        {"sessionUpdate": "tool_call", **about},
        {"sessionUpdate": "tool_call_update", "toolCallId": "1", "status": "completed"},
        {"sessionUpdate": "tool_call_update", "toolCallId": "1"},
    ]
    lines = [
        {"method": "session/update", "params": {"sessionId": "s", "update": update}}
        for update in updates
    ]
    steps = [{"do": "raw", "line": json.dumps({"jsonrpc": "2.0", **line})} for line in lines]
    cell = kernel.run(f"{agent}\n{json.dumps(steps)}")
    assert cell.reply["status"] == "ok", cell.shown_error
    called = "**`Read 'x' ![it](http://127.0.0.1:9/x) \ufffd`** \u2713"
    assert [line for line in shown(cell).splitlines() if line.startswith("**")] == [called]
    assert kernel.run("%agent_chat --history").data[-1]["text/plain"].count("Read") == 1


def test_an_agent_that_did_not_end_its_answer_is_said_to_have_been_cut(kernel, person, agent):
    cell = kernel.run(f"{agent}\n{json.dumps([{'do': 'end', 'reason': 'max_tokens'}])}")
    assert "ask it to go on" in cell.data[-1]["text/plain"]
    cell = kernel.run(f"{agent}\n{json.dumps([{'do': 'end', 'reason': 'end_turn'}])}")
    assert "ask it to go on" not in cell.data[-1]["text/plain"]


def test_what_an_agent_has_started_by_itself_ends_with_it(kernel, person, agent):
    def stop(message):
        if "started" in str(message["content"].get("data")):
            wait_until(lambda: len(sleeping("8643")) == 2)
            kernel.manager.interrupt_kernel()

    steps = [{"do": "start", "script": "sleep 8643 & setsid sleep 8643 & wait"}]
    cell = kernel.run(f"{agent}\n{json.dumps(steps)}", stop)
    assert cell.ename == "KeyboardInterrupt"
    wait_until(lambda: sleeping("8643") == [])


@pytest.mark.one_kernel(shared=False)
def test_an_agent_ends_with_its_kernel_and_with_all_that_it_has_started(kernel, person, agent):
    steps = [{"do": "start", "script": "sleep 8644 & setsid sleep 8644 & wait"}]
    kernel.client.execute(f"{agent}\n{json.dumps(steps)}")
    wait_until(lambda: len(sleeping("8644")) == 2, 60)
    os.kill(kernel.pid, signal.SIGKILL)
    wait_until(lambda: sleeping("8644") == [])
