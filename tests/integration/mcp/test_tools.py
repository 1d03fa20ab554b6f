"""Whatever a model writes into the tools and a person permits: no answer holds a value."""

from __future__ import annotations

import asyncio
import json
import os
import random

from steps import save

from jupyter_agent import agenttoken
from jupyter_agent.folders import Folders
from jupyter_agent.mcp.entries import Page
from jupyter_agent.mcp.host import Host
from jupyter_agent.mcp.toolbox import Toolbox
from jupyter_agent.screen import Screener

TRICKS = (
    'echo "$K"', 'printf %s "$K" | base64', 'printf %s "$K" | xxd -p', 'printf %s "$K" | od -c',
    'echo "$K" >&2; exit 3', "env", "set", "cat /proc/self/environ", 'echo "${K:0:9}${K:9}"',
    'python3 -c "import os; print(repr(os.environ[\'K\']))"', 'echo "\\"$K\\"" ', "export -p",
    'python3 -c "import os; raise SystemExit(os.environ[\'K\'])"', '/no/such/"$K"', 'cd "$K"',
    'python3 -c "import os,json; print(json.dumps({\'x\': os.environ[\'K\']}))"', 'ls "$K"',
)  # fmt: skip


class NoSite:
    async def page(self, label: str, why: str) -> Page:
        return Page("id", "http://127.0.0.1:1/nonce/", asyncio.get_running_loop().create_future())


def given(rng: random.Random, value: str) -> tuple[str, dict]:
    """A call, sensible or not."""
    texts = (
        *TRICKS, "", "\0", "\ud800", "K", "DEMO_TOKEN", "K=DEMO_TOKEN", "../x", "x" * 5000,
        value, value[:20], value[::-1], "http://127.0.0.1:1/x", "https://x.example/?q={{DEMO_TOKEN}}",
        "file:///etc/passwd", "header: X: {}", "GET", "{}",
    )  # fmt: skip
    things = (
        lambda: rng.choice(texts), lambda: [rng.choice(texts)], lambda: {rng.choice(texts): "x"},
        lambda: rng.randrange(-5, 5), lambda: None, lambda: ["K=DEMO_TOKEN"], lambda: True,
    )  # fmt: skip
    name = rng.choice(("list_secret_labels", "http_request", "request_secret", "run_command", "x"))
    names = ("command", "secrets", "why", "timeout", "url", "secret", "method", "headers", "body",
             "place", "label", value)  # fmt: skip
    if name == "run_command" and rng.random() < 0.7:
        command = rng.choice(TRICKS)
        return name, {"command": command, "secrets": ["K=DEMO_TOKEN"], "why": rng.choice(texts[:9])}
    return name, {each: rng.choice(things)() for each in rng.sample(names, rng.randrange(0, 6))}


def test_no_tool_gives_a_value_whatever_is_written_and_permitted(
    stored, planted, agreeable, folders, token_file
):
    rng = random.Random(21)
    save(stored, "OTHER_TOKEN", planted.value[::-1])

    async def call_all() -> list[tuple[str, str]]:
        box = Toolbox(
            Folders.of(), agenttoken.hello(token_file), NoSite(), Screener(),
            cwd="/", env={"PATH": os.environ["PATH"]}, patience=2.0,
        )  # fmt: skip
        try:
            seen = []
            for trick in TRICKS:
                why = {"secrets": ["K=DEMO_TOKEN"], "why": "to try"}
                outcome = await box.call("run_command", {"command": trick, **why}, Host())
                seen.append((trick, json.dumps(outcome.data)))
            for _ in range(60):
                name, arguments = given(rng, planted.value)
                outcome = await box.call(name, arguments, Host())
                seen.append((name, json.dumps(outcome.data)))
            return seen
        finally:
            await box.close()

    seen = asyncio.run(call_all())
    assert sum('"exit"' in answer for _, answer in seen) >= len(TRICKS)  # they did run
    for called, answer in seen:
        assert planted.found_in(answer.encode()) == [], called
