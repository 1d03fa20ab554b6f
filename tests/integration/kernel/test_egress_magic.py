"""The real libraries of services, in a real kernel, against a service that wants the real key."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator

import pytest
from bearer_service import Service, bearer_service
from canary import Canary
from memory import forms_in_memory
from persons import answer_next
from steps import save, wait_until

from jupyter_agent.client import Client


@pytest.fixture
def planted() -> Canary:
    return Canary.make(random.Random())


def json_answer(body: object):
    return lambda request: request.answer(
        200, json.dumps(body).encode(), ("Content-Type", "application/json")
    )


MODELS = {
    "object": "list",
    "data": [{"id": "m-1", "object": "model", "created": 1, "owned_by": "x"}],
}
MESSAGE = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "m-1",
    "content": [{"type": "text", "text": "hello from the service"}],
    "stop_reason": "end_turn",
    "usage": {"input_tokens": 1, "output_tokens": 1},
}
CHUNKS = [
    {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m-1",
     "choices": [{"index": 0, "delta": {"content": text}, "finish_reason": None}]}
    for text in ("str", "eam", "ed")
]  # fmt: skip


@pytest.fixture
def service(planted: Canary) -> Iterator[Service]:
    def knows(request) -> bool:
        given = (request.headers.get("Authorization"), request.headers.get("X-Api-Key"))
        return given[0] == f"Bearer {planted.value}" or given[1] == planted.value

    def only_who_is_known(answer):
        return lambda request: answer(request) if knows(request) else request.answer(401, b"{}")

    events = [b"data: %s\n\n" % json.dumps(chunk).encode() for chunk in CHUNKS]
    with bearer_service(knows) as service:
        service.more = {
            path: only_who_is_known(answer)
            for path, answer in {
                "/v1/models": json_answer(MODELS),
                "/v1/messages": json_answer(MESSAGE),
                "/v1/chat/completions": lambda request: request.stream(
                    [*events, b"data: [DONE]\n\n"], pause=0
                ),
                "/api/whoami-v2": json_answer({"type": "user", "name": "somebody", "orgs": []}),
            }.items()
        }
        yield service


@pytest.fixture
def stored(person: Client, planted: Canary, service: Service) -> Client:
    for label in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "HF_TOKEN", "MY_KEY"):
        save(person, label, planted.value)
        person.call("grant.add", label=label, script=f"egress {service.origin}")
    return person


OPENAI = """
from openai import OpenAI
client = OpenAI()
print([model.id for model in client.models.list()])
chat = client.chat.completions.create(model="m-1", messages=[], stream=True)
print("".join(chunk.choices[0].delta.content for chunk in chat))
"""
ANTHROPIC = """
from anthropic import Anthropic
message = Anthropic().messages.create(model="m-1", max_tokens=9, messages=[])
print(message.content[0].text)
"""
HUGGING_FACE = """
from huggingface_hub import whoami
print(whoami()["name"])
"""
BY_HAND = """
import os, {library}
bearer = {{"Authorization": "Bearer " + os.environ["MY_KEY"]}}
print({library}.get(os.environ["MY_KEY_URL"] + "/ok", headers=bearer).text)
"""
GENERAL = "%agent_egress MY_KEY --host {origin} --header 'Authorization: Bearer {{}}'"

LIBRARIES = {
    "openai": ("%agent_egress OPENAI_API_KEY --host {origin}", OPENAI, "['m-1']\nstreamed\n"),
    "anthropic": (
        "%agent_egress ANTHROPIC_API_KEY --host {origin}",
        ANTHROPIC,
        "hello from the service\n",
    ),
    "huggingface_hub": ("%agent_egress HF_TOKEN --host {origin}", HUGGING_FACE, "somebody\n"),
    "requests": (GENERAL, BY_HAND.format(library="requests"), "ok\n"),
    "httpx": (GENERAL, BY_HAND.format(library="httpx"), "ok\n"),
}


def test_libraries_work_with_a_key_that_is_not_in_the_kernel(kernel, stored, service, planted):
    for library, (line, code, printed) in LIBRARIES.items():
        opened = kernel.run(line.format(origin=service.origin))
        assert opened.reply["status"] == "ok", (library, opened.shown_error)
        cell = kernel.run(code)
        assert cell.text() == printed, (library, cell.shown_error[-600:])
    kernel.run("import os; shown = dict(os.environ)")
    assert planted.found_in(kernel.value("shown").encode()) == []
    assert forms_in_memory(kernel.pid, planted) == []


def test_a_person_is_asked_and_once_is_until_it_is_closed(
    kernel, person, folders, service, planted
):
    save(person, "MY_KEY", planted.value)
    answer_next(folders, "once")
    line = f"%agent_egress MY_KEY --host {service.origin} --header 'X-Api-Key: {{}}'"
    assert kernel.run(line).reply["status"] == "ok"
    assert person.call("egress.list")["ways"][0]["place"] == "header x-api-key: {}"
    ask = "import os, httpx; e = os.environ; h = {'X-Api-Key': e['MY_KEY']}; "
    for _ in range(2):
        assert kernel.run(ask + "print(httpx.get(e['MY_KEY_URL'], headers=h))").text() == (
            "<Response [200 OK]>\n"
        )
    assert person.call("grant.list")["grants"] == []
    answer_next(folders, "deny")
    assert kernel.run(line).ename == "GrantDenied"


def test_what_is_open_is_listed_and_closed_and_the_variables_are_put_back(kernel, stored, service):
    kernel.run("import os; os.environ['MY_KEY'] = 'before'")
    kernel.run(f"%agent_egress MY_KEY --host {service.origin} --header 'X-Api-Key: {{}}'")
    assert "MY_KEY_URL" in kernel.value("os.environ")
    listed = kernel.run("%agent_egress --list").data[0]["text/plain"]
    assert service.origin in listed
    assert listed.endswith("open")
    kernel.run("%agent_egress --off")
    assert kernel.value("(os.environ['MY_KEY'], os.environ.get('MY_KEY_URL'))") == (
        "('before', None)"
    )
    assert stored.call("egress.list")["ways"] == []


@pytest.mark.parametrize("order", [("MY_KEY", "HF_TOKEN"), ("HF_TOKEN", "MY_KEY"), ("",)])
def test_variables_of_two_ways_are_put_back_in_whatever_order_they_are_closed(
    kernel, stored, order
):
    kernel.run("import os; os.environ['PGHOST'] = 'mine.example'")
    line = "egress postgresql://me@127.0.0.1:1/sales?sslmode=disable"
    for label in ("MY_KEY", "HF_TOKEN"):
        stored.call("grant.add", label=label, script=line)
        database = "127.0.0.1:1/sales?sslmode=disable"
        opened = kernel.run(f"%agent_egress {label} --postgres '{database}' --user me")
        assert opened.reply["status"] == "ok", opened.shown_error
    for number, label in enumerate(order, 1):
        kernel.run(f"%agent_egress --off {label}")
        if number < len(order):  # what is still open works
            (left,) = {"MY_KEY", "HF_TOKEN"} - {label}
            assert kernel.value(
                f"os.environ['PGPASSWORD'] == os.environ['{left}'], os.environ['PGHOST']"
            ) == ("(True, '127.0.0.1')")
    names = "{n for n in os.environ if n.startswith(('PG', 'DATABASE', 'MY_', 'HF_T'))}"
    assert kernel.value(f"{names}, os.environ['PGHOST']") == "({'PGHOST'}, 'mine.example')"


def test_a_proxy_of_the_environment_gets_nothing_of_it(kernel, stored, service):
    kernel.run("import os; os.environ.pop('no_proxy', 0); os.environ.pop('NO_PROXY', 0)")
    kernel.run("os.environ['http_proxy'] = 'http://127.0.0.1:1'")
    assert kernel.run(GENERAL.format(origin=service.origin)).reply["status"] == "ok"
    for library in ("requests", "httpx"):
        cell = kernel.run(BY_HAND.format(library=library))
        assert cell.text() == "ok\n", (library, cell.shown_error[-600:])


def test_a_way_that_was_closed_is_told_once_below_the_cell_that_meets_it(kernel, stored, service):
    kernel.run(GENERAL.format(origin=service.origin))
    stored.call("lock")
    stored.call("unlock")
    cell = kernel.run(BY_HAND.format(library="httpx"))
    assert cell.ename == "ConnectError"
    notes = [data["text/plain"] for data in cell.data]
    assert len(notes) == 1
    assert notes[0].startswith("The way out for MY_KEY was closed. Open it again")
    assert kernel.run("1 + 1").data == [{"text/plain": "2"}]
    assert kernel.run(GENERAL.format(origin=service.origin)).reply["status"] == "ok"
    assert kernel.run(BY_HAND.format(library="httpx")).text() == "ok\n"


def test_unloading_the_extension_closes_ways_and_puts_variables_back(kernel, stored, service):
    kernel.run(GENERAL.format(origin=service.origin))
    kernel.run("%unload_ext jupyter_agent")
    wait_until(lambda: stored.call("egress.list")["ways"] == [])
    assert kernel.value("[n for n in __import__('os').environ if n.startswith('MY_KEY')]") == "[]"


def test_the_way_ends_with_the_kernel(kernel, stored, service):
    kernel.run(f"%agent_egress MY_KEY --host {service.origin} --header 'X-Api-Key: {{}}'")
    assert len(stored.call("egress.list")["ways"]) == 1
    kernel.manager.shutdown_kernel(now=True)
    assert stored.call("egress.list")["ways"] == []


def test_the_placeholder_is_no_secret_to_the_screen(kernel, stored, service):
    kernel.run(f"%agent_egress MY_KEY --host {service.origin} --header 'X-Api-Key: {{}}'")
    placeholder = kernel.value("__import__('os').environ['MY_KEY']")
    assert kernel.run(f"api_key = {placeholder}").reply["status"] == "ok"


def test_mistakes_are_explained_and_nothing_typed_is_repeated(kernel, stored):
    for line in (
        "%agent_egress --basic",
        "%agent_egress MY_KEY",
        "%agent_egress MY_KEY --service nobody",
        "%agent_egress MY_KEY --host '*.example.com' --header 'X: {}'",
        "%agent_egress MY_KEY --host http://example.com --header 'X: {}'",
        "%agent_egress MY_KEY --host example.com:8443 --header 'X: {}'",
        "%agent_egress MY_KEY --host example.com --header 'Host: {}'",
        "%agent_egress MY_KEY --host example.com --header 'X: {} {}'",
        "%agent_egress MY_KEY --host example.com --query k --basic",
        "%agent_egress MY_KEY hunter2-typed-by-mistake",
        "%agent_egress --off MY_KEY",
    ):
        cell = kernel.run(line)
        assert cell.reply["status"] == "error", line
        assert "→" in cell.shown_error, line
        assert "hunter2" not in cell.shown_error
