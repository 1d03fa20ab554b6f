"""``%%agent_chat --agent``: a real ACP agent works in our terminals, with labels."""

from __future__ import annotations

import json
import os
import random
import shlex
import sys
import threading
from pathlib import Path

import pytest
from canary import Canary
from persons import person_is_there
from steps import save, sleeping, wait_until

from jupyter_agent.errors import AgentError
from jupyter_agent.person import open_client

pytestmark = pytest.mark.one_kernel

SCRIPT = Path(__file__).parents[2] / "acp_script.py"


@pytest.fixture
def planted() -> Canary:
    return Canary.make(random.Random())


@pytest.fixture
def agreeing(folders):
    """A person who says yes, but for what has "forbidden" in it."""
    scripts: list[str] = []
    with person_is_there(folders) as (watcher, number):

        def agree() -> None:
            with open_client(folders) as person:
                try:
                    while True:
                        event = watcher.receive(number)
                        if event.get("event") == "approval":
                            asked = event["approval"]
                            scripts.append(asked["script"])
                            answer = "deny" if "forbidden" in asked["script"] else "once"
                            fields = {name: asked[name] for name in ("approval_id", "nonce")}
                            person.call("approval.answer", **fields, answer=answer)
                except AgentError:
                    pass

        threading.Thread(target=agree, daemon=True).start()
        yield scripts


def test_an_agent_works_in_our_terminals_and_sees_no_value(
    kernel, person, agreeing, planted, tmp_path
):
    save(person, "DEMO_TOKEN", planted.value)
    heard, secret_file, new = (tmp_path / name for name in ("heard", "left", "new"))
    secret_file.write_text(f"one\n{planted.value}\n")
    steps = [
        {"do": "run", "command": "echo", "args": ["a {{DEMO_TOKEN}} b"]},
        {"do": "run", "command": "printf %s $X | base64 -w0", "env": {"X": "{{DEMO_TOKEN}}"}},
        {"do": "run", "command": "echo forbidden"},
        {"do": "read", "path": str(secret_file)},
        {"do": "write", "path": str(new), "content": "it's new\n"},
        {"do": "permission", "title": "edit a file"},
        {"do": "permission", "title": "run it", "input": {"command": 'rm -r "x y" # forbidden'}},
        # More than what is held back, and then nothing for as long as anybody would wait.
        {"do": "watch", "command": "seq -w 1 900; sleep 9754"},
    ]
    agent = shlex.join([sys.executable, str(SCRIPT), str(heard)])
    cell = kernel.run(f"%%agent_chat --agent {shlex.quote(agent)}\n{json.dumps(steps)}")
    assert cell.reply["status"] == "ok", cell.shown_error
    secret_file.unlink()
    said = heard.read_text()
    assert "0: a [secret:DEMO_TOKEN] b" in said
    assert said.count("[secret:DEMO_TOKEN]") == 2
    assert "126: " in said
    assert "withheld" in said
    assert new.read_text() == "it's new\n"
    head, _, watched = said.rpartition("\nNone ")
    assert head.endswith("written\nselected\ncancelled")
    assert agreeing[-2].endswith('#   run it\n#   rm -r "x y" # forbidden\ntrue')
    assert watched.split() == ["2576", "643", "644"]
    wait_until(lambda: sleeping("9754") == [], 30)
    assert planted.found_in(heard.read_bytes()) == []
    # A message that holds a value reaches no agent, and Stop ends what it runs.
    waits = json.dumps([{"do": "run", "command": "sleep 9753"}])

    def stop() -> None:
        wait_until(lambda: len(sleeping("9753")) == 1, 30)
        os.kill(kernel.pid, 2)

    threading.Thread(target=stop, daemon=True).start()
    cell = kernel.run(f"%%agent_chat --agent {shlex.quote(agent)}\n{waits}")
    assert cell.ename == "KeyboardInterrupt"
    wait_until(lambda: sleeping("9753") == [])
    missing = kernel.run("%%agent_chat --agent no-such-agent-here\nhello")
    assert missing.ename == "ModelMissing"


FORM = {"type": "object", "properties": {"branch": {"type": "string", "enum": ["main", "next"]}}}
SECRET_FORM = {"type": "object", "properties": {"apiKey": {"type": "string", "title": "Yours"}}}


def test_questions_of_an_agent_are_put_or_declined_with_a_reason(kernel, person, planted, tmp_path):
    save(person, "DEMO_TOKEN", planted.value)
    heard = tmp_path / "heard"
    agent = shlex.quote(shlex.join([sys.executable, str(SCRIPT), str(heard)]))
    steps = [
        {"do": "lead", "url": "https://example.com/sign-in"},
        {"do": "lead", "url": "https://example.com@evil.example/"},
        {"do": "form", "message": "Which branch?", "form": FORM},
        {"do": "form", "message": "To go on", "form": SECRET_FORM},
        {"do": "form", "message": "And which?", "form": FORM},
        {"do": "form", "message": "Say it", "form": {"properties": {"x": {"type": "string"}}}},
    ]
    answers = iter(["y", "next", "other", "".join(planted.value)])
    prompts: list[str] = []

    def typed(prompt: str) -> str:
        prompts.append(prompt)
        return next(answers)

    cell = kernel.run(f"%%agent_chat --agent {agent}\n{json.dumps(steps)}", typed=typed)
    assert cell.reply["status"] == "ok", cell.shown_error
    assert heard.read_text().splitlines() == [
        "accept",
        "decline",
        "accept {'branch': 'next'}",
        "decline None",
        "decline None",
        "decline None",
    ]
    assert "to open https://example.com/sign-in (at example.com). Will you?" in prompts[0]
    assert "Which branch?" in prompts[1]
    assert "[main / next, or nothing]" in prompts[1]
    shown = cell.of("update_display_data")[-1]["content"]["data"]["text/markdown"]
    for reason in (
        "hides where it leads",
        "It wants a secret in a form, so the form was declined. Save it with %secret set LABEL",
        "That is none of the choices.",
        "Your answer holds the value of DEMO_TOKEN",
    ):
        assert reason in shown
