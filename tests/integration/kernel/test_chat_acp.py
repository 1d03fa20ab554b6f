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

SCRIPT = Path(__file__).parents[2] / "acp_script.py"


@pytest.fixture
def planted() -> Canary:
    return Canary.make(random.Random())


@pytest.fixture
def agreeing(folders):
    """A person who says yes, but for what has "forbidden" in it."""
    with person_is_there(folders) as (watcher, number):

        def agree() -> None:
            with open_client(folders) as person:
                try:
                    while True:
                        event = watcher.receive(number)
                        if event.get("event") == "approval":
                            asked = event["approval"]
                            answer = "deny" if "forbidden" in asked["script"] else "once"
                            fields = {name: asked[name] for name in ("approval_id", "nonce")}
                            person.call("approval.answer", **fields, answer=answer)
                except AgentError:
                    pass

        threading.Thread(target=agree, daemon=True).start()
        yield


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
        {"do": "permission", "title": "something forbidden"},
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
    assert said.endswith("written\nselected\ncancelled\n")
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
