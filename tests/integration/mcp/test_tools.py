"""Whatever a model writes into the tools and a person permits: no answer holds a value."""

from __future__ import annotations

import asyncio
import json
import os
import random
from pathlib import Path

from bearer_service import bearer_service
from persons import answering
from steps import save, wait_until

from jupyter_agent import agenttoken
from jupyter_agent.chat.tools import Outcome
from jupyter_agent.client.loop import AsyncClient
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


def toolbox(token_file: Path) -> Toolbox:
    return Toolbox(
        Folders.of(), agenttoken.hello(token_file), NoSite(), Screener(),
        cwd="/", env={"PATH": os.environ["PATH"]}, patience=2.0,
    )  # fmt: skip


def test_a_yes_to_one_request_serves_no_other_path_that_the_model_then_tries(
    stored, planted, folders, token_file
):
    asked: list[str] = []

    async def model(origin: str) -> list[Outcome]:
        box = toolbox(token_file)
        try:
            first = {"url": f"{origin}/echo?page=1", "secret": "DEMO_TOKEN", "why": "GET /harmless"}
            return [
                await box.call("http_request", {**first, **more}, Host())
                for more in (
                    {},
                    {"url": f"{origin}/admin/delete", "method": "DELETE"},
                    {"url": f"{origin}/echo?page=2"},
                    {},
                )
            ]
        finally:
            await box.close()

    def answer(question: dict) -> str:
        asked.append(question["script"].removeprefix("egress "))
        return "always" if len(asked) == 1 else "deny"

    with (
        bearer_service(lambda request: planted.value in str(request.headers)) as service,
        answering(folders, answer),
    ):
        first, *others, again = asyncio.run(model(service.origin))
    assert [first.data["status"], again.data["status"]] == [200, 200]
    assert [each.code for each in others] == ["grant_denied", "grant_denied"]
    assert [line.split()[:2] for line, _ in service.heads] == [["GET", "/echo?page=1"]] * 2
    assert asked == [
        f"GET {service.origin}/echo?page=1",
        f"DELETE {service.origin}/admin/delete",
        f"GET {service.origin}/echo?page=2",
    ]
    events = stored.call("audit.read")["events"]
    assert {event["why"] for event in events} == {"GET /harmless"}


def test_calls_share_a_conversation_until_one_is_given_up_or_the_agent_is_forgotten(
    stored, token_file
):
    opened = 0

    def running() -> list:
        return stored.call("runs.list")["runs"]

    async def act() -> None:
        nonlocal opened
        box = toolbox(token_file)
        really = box.open_client

        async def counted() -> AsyncClient:
            nonlocal opened
            opened += 1
            return await really()

        box._door.open_client = counted
        run = {"command": 'echo "$DEMO_TOKEN"', "secrets": ["DEMO_TOKEN"], "why": "to see it"}
        try:
            for _ in range(3):
                assert (await box.call("run_command", run, Host())).data["exit"] == 0
            assert opened == 2  # one in which texts are matched, and one for the runs
            wait = {"command": "sleep 60", "secrets": [], "why": "to wait"}
            given_up = asyncio.create_task(box.call("run_command", wait, Host()))
            await asyncio.to_thread(wait_until, lambda: len(running()) == 1, 30)
            given_up.cancel()
            await asyncio.to_thread(wait_until, lambda: running() == [], 30)
            assert (await box.call("run_command", run, Host())).data["exit"] == 0
            assert opened == 3
            lasting = asyncio.create_task(box.call("run_command", wait, Host()))
            await asyncio.to_thread(wait_until, lambda: len(running()) == 1, 30)
            stored.call("agent.forget", name="claude")
            assert (await lasting).code == "broker_refused"
            await asyncio.to_thread(wait_until, lambda: running() == [], 30)
            assert (await box.call("run_command", run, Host())).code == "broker_refused"
        finally:
            await box.close()

    asyncio.run(asyncio.wait_for(act(), 60))


def test_no_tool_gives_a_value_whatever_is_written_and_permitted(
    stored, planted, agreeable, folders, token_file
):
    rng = random.Random(21)
    save(stored, "OTHER_TOKEN", planted.value[::-1])

    async def call_all() -> list[tuple[str, str]]:
        box = toolbox(token_file)
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


def test_an_agent_that_was_forgotten_is_told_so_before_it_sees_that_it_was_hung_up(
    stored, token_file
):
    async def act() -> Outcome:
        box = toolbox(token_file)
        try:
            assert not (await box.call("list_secret_labels", {}, Host())).failed
            # Nothing is awaited between the two: its end of the conversation still seems open.
            stored.call("agent.forget", name="claude")
            return await box.call("list_secret_labels", {}, Host())
        finally:
            await box.close()

    told = asyncio.run(act())
    assert told.code == "broker_refused"
