"""Whatever a model writes into any tool's arguments: no value comes back, and no traceback.

A real broker, whose person says no to everything: what is made up here is never run.
"""

from __future__ import annotations

import asyncio
import base64
import json
import random
import threading
import urllib.parse
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from canary import Canary
from conftest import end_brokers
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from persons import person_is_there
from steps import save

from jupyter_agent import errors
from jupyter_agent import person as person_door
from jupyter_agent.chat.passage import Passage
from jupyter_agent.chat.tools import Outcome, Tool, tools
from jupyter_agent.client import Client, Hello
from jupyter_agent.client.loop import AsyncClient
from jupyter_agent.client.model_door import ModelDoor
from jupyter_agent.errors import AgentError
from jupyter_agent.folders import Folders
from jupyter_agent.screen import Screener

VALUE = Canary.make(random.Random("what a fuzzing model would like to read"))
CODES = {getattr(each, "code", None) for each in vars(errors).values()} - {None}

_RAW = VALUE.value
_FORMS = (
    _RAW,
    _RAW[::-1],
    _RAW.encode().hex(),
    base64.b64encode(_RAW.encode()).decode(),
    urllib.parse.quote(_RAW, safe=""),
    "\u200b".join(_RAW),
    json.dumps({"key": _RAW}),
)
_LABELS = ("DEMO_TOKEN", "X=DEMO_TOKEN", "LD_PRELOAD=DEMO_TOKEN", "{{DEMO_TOKEN}}", "no label", "")
_ADDRESSES = ("http://127.0.0.1:9/x", "https://example.com", "file:///etc/passwd", "http://[::1")
_WORDS = st.one_of(
    st.sampled_from((*_FORMS, *_LABELS, *_ADDRESSES, "header: X: {}", "query: k", "basic: me")),
    st.text(max_size=30),
    st.builds("{} {}".format, st.text(max_size=8), st.sampled_from(_FORMS)),
)
_ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | _WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_WORDS, inner, max_size=3),
    max_leaves=5,
)


class _Cells:
    """A notebook whose only cell prints the value (``chat.door.Notebook``)."""

    async def read_cell(self, number: int) -> dict[str, Any]:
        return {"number": number, "source": "print(key)", "result": _FORMS[number % len(_FORMS)]}

    async def add_cell(self, source: str) -> None:
        assert VALUE.found_in(source.encode()) == []


Call = Callable[[str, Any], Outcome]


@pytest.fixture(scope="module")
def call(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[dict[str, Tool], Call]]:
    home = tmp_path_factory.mktemp("fuzzed")
    folders = Folders.of({"JUPYTER_AGENT_HOME": str(home)})
    hello = person_door.hello(folders, {"JUPYTER_AGENT_KEY_SOURCE": "file"})
    loop = asyncio.new_event_loop()
    with Client(folders, hello) as person:
        save(person, "DEMO_TOKEN", _RAW)
        token = person.call("agent.register", name="fuzz")["token"]
        who = Hello(role="agent", proof={"token": token})
        with person_is_there(folders) as (watcher, number):
            threading.Thread(target=_deny, args=(watcher, number, person), daemon=True).start()
            door = ModelDoor(lambda: AsyncClient.open(folders, who), None, cwd="/", confirms=True)
            made = tools(door, Passage(Screener(), door.match), _Cells(), door)
            by_name = {tool.name: tool for tool in made}
            yield by_name, lambda name, given: loop.run_until_complete(by_name[name].call(given))
            loop.run_until_complete(door.close())
        assert VALUE.search_tree(home) == []
    loop.close()
    end_brokers(home)


def _deny(watcher: Client, number: int, person: Client) -> None:
    try:
        while True:
            event = watcher.receive(number)
            if event.get("event") == "approval":
                asked = event["approval"]
                fields = {name: asked[name] for name in ("approval_id", "nonce")}
                person.call("approval.answer", **fields, answer="deny")
    except AgentError:
        pass  # the broker has ended


@settings(max_examples=70, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_no_tool_gives_a_value_back_and_errors_are_typed(call, data):
    by_name, calling = call
    tool = by_name[data.draw(st.sampled_from(sorted(by_name)))]
    known: dict[str, Any] = tool.parameters["properties"]
    arguments = data.draw(
        st.one_of(
            # What the schema asks for, as a model would write it; then anything at all.
            st.fixed_dictionaries({name: _fitting(each) for name, each in known.items()}),
            st.dictionaries(st.sampled_from([*known, "approve", *_FORMS[:1]]), _ANY, max_size=4),
            _ANY,
        )
    )
    outcome = calling(tool.name, arguments)
    assert VALUE.found_in(outcome.text.encode()) == []
    seen = json.dumps(outcome.data, ensure_ascii=False).replace("\u200b", "")
    assert VALUE.found_in(seen.encode()) == []
    assert "Traceback" not in outcome.text
    if outcome.failed:
        error = outcome.data["error"]
        assert error["code"] in CODES
        assert error["message"]
        assert error["next_step"]


def _fitting(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    if schema["type"] == "integer":
        most = min(schema["maximum"], 3)  # nobody waits for an hour here
        return st.integers(schema["minimum"], most)
    if schema["type"] == "array":
        return st.lists(_WORDS, max_size=3)
    if schema["type"] == "object":
        return st.dictionaries(_WORDS, _WORDS, max_size=3)
    return _WORDS
