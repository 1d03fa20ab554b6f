"""``%%agent_chat`` in a real kernel, with a real broker and a service that wants the real key."""

from __future__ import annotations

import json
import random
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from canary import Canary
from chat_service import ChatService, chat_service
from persons import Watcher, answer_next, person_is_there
from steps import save, sleeping, wait_until

from jupyter_agent.client import Client

pytestmark = pytest.mark.one_kernel

Kernel = Any
"""Of this folder's ``conftest``, which tests can't import."""


@pytest.fixture
def planted() -> Canary:
    return Canary.make(random.Random())


@pytest.fixture
def service(planted: Canary) -> Iterator[ChatService]:
    def knows(request) -> bool:
        places = ("Authorization", "X-Api-Key", "X-Goog-Api-Key")
        given = [request.headers.get(name, "") for name in places]
        return any(each.removeprefix("Bearer ") == planted.value for each in given)

    with chat_service(knows) as service:
        yield service


@pytest.fixture
def free_service() -> Iterator[ChatService]:
    """One that wants no key."""
    with chat_service(lambda _: True) as service:
        yield service


@pytest.fixture
def keyed(person: Client, planted: Canary, service: ChatService) -> Client:
    save(person, "MODEL_KEY", planted.value)
    person.call("grant.add", label="MODEL_KEY", script=f"egress {service.http.origin}")
    return person


def shown(cell) -> str:
    """The Markdown that a cell shows in the end."""
    return cell.of("update_display_data")[-1]["content"]["data"]["text/markdown"]


def test_an_answer_streams_and_the_key_is_not_in_the_kernel(kernel, keyed, service, planted):
    service.script = lambda messages: f"you said: {messages[-1]['content']}, **twice**"
    service.pause = 0.06
    chosen = kernel.run(f"%agent_chat --model m-1 --url {service.url} --key MODEL_KEY")
    assert "MODEL_KEY" in chosen.data[-1]["text/plain"]
    cell = kernel.run("%%agent_chat\ngood morning")
    assert cell.reply["status"] == "ok", cell.shown_error
    assert shown(cell) == "you said: good morning, **twice**"
    first = cell.of("display_data")[0]["content"]["data"]["text/markdown"]
    assert shown(cell).startswith(first)
    assert first != shown(cell)
    assert "1,200 tokens sent, 7 received" in cell.data[-1]["text/plain"]
    # The conversation goes on, and the next kernel knows who answers.
    kernel.run("%%chat\nand again")
    said = [message["content"] for message in service.asked[1]["messages"]]
    assert said[-3:] == ["good morning", "you said: good morning, **twice**", "and again"]
    assert "2 messages" in kernel.run("%agent_chat --status").data[-1]["text/plain"]
    assert "good morning" in kernel.run("%agent_chat --history").data[-1]["text/plain"]
    kernel.run("%agent_chat --new")
    assert "Nothing was said yet" in kernel.run("%agent_chat --history").data[-1]["text/plain"]
    assert planted.found_in(b"".join(service.requests)) == []


@pytest.mark.parametrize(
    ("kind", "header"), [("anthropic", "authorization"), ("google", "x-goog-api-key")]
)
def test_other_makers_models_answer_with_tools_and_get_the_key_by_egress(  # noqa: PLR0917
    kernel, keyed, service, planted, kind, header
):
    calls = iter([{"tool": "list_secret_labels", "arguments": {}}])
    answer = "found **it**, " + "and more " * 6 + "END"
    service.script = lambda _: next(calls, answer)
    service.pause = 0.1
    line = f"%agent_chat --model {kind}:m-1 --url {service.http.origin} --key MODEL_KEY"
    chosen = kernel.run(line)
    assert f"{kind}:m-1" in chosen.data[-1]["text/plain"]
    cell = kernel.run("%%agent_chat\nlook")
    assert cell.reply["status"] == "ok", cell.shown_error
    assert shown(cell) == f"**list_secret_labels** ✓\n\n{answer}"
    states = [each["content"]["data"]["text/markdown"] for each in cell.of("update_display_data")]
    assert any("found" in state and "END" not in state for state in states)  # it streams
    assert "2,400 tokens sent, 14 received" in cell.data[-1]["text/plain"]
    given = [{name.lower(): text for name, text in head} for _, head in service.http.heads]
    assert [each[header].removeprefix("Bearer ") for each in given] == [planted.value] * 2
    assert b"MODEL_KEY" in service.requests[1]
    assert planted.found_in(b"".join(service.requests)) == []


def test_mistakes_are_explained_with_a_next_step(kernel, person, service, planted):
    nothing = kernel.run("%%agent_chat\nhello")
    assert nothing.ename == "ModelMissing"
    assert "%agent_chat --model ollama:NAME" in nothing.shown_error
    assert "%secret set OPENAI_API_KEY" in kernel.run("%agent_chat").text()
    line = f"%%agent_chat --model m-1 --url {service.url}"
    refused = kernel.run(f"{line}\nhello")  # no key at all
    assert refused.ename == "ModelFailed"
    assert "wants a key" in refused.shown_error
    assert "--key LABEL" in refused.shown_error
    missing = kernel.run(f"{line} --key MODEL_KEY\nhello")
    assert missing.ename == "LabelNotFound"
    save(person, "MODEL_KEY", planted.value)
    denied = kernel.run(f"{line} --key MODEL_KEY\nhello")
    assert denied.ename == "GrantRequired"
    gone = kernel.run("%%agent_chat --model x --url http://127.0.0.1:9/v1\nhello")
    assert gone.ename == "ModelFailed"
    assert "can't be reached" in gone.shown_error
    for wrong in (
        "%%agent_chat --nonsense\nx",
        "%%agent_chat --model nobody\nx",
        "%%agent_chat --with not_there --model a --url http://127.0.0.1:9\nx",
        "%%agent_chat --model a --url hunter2\nx",
        "%%agent_chat --model a --url http://127.0.0.1:9 --key hunter2\nx",
        "%%agent_chat\n \n",
        "%agent_chat hunter2",
    ):
        cell = kernel.run(wrong)
        assert cell.reply["status"] == "error", wrong
        assert "→" in cell.shown_error, wrong
        assert "hunter2" not in cell.shown_error


def test_another_key_changes_nothing_about_where_messages_go(kernel, person, planted):
    for named in ("m-1", "anthropic:m-1"):
        kernel.run(f"%agent_chat --model {named} --url https://gateway.example/v1 --key ONE")
        status = kernel.run("%agent_chat --key OTHER").data[-1]["text/plain"]
        assert "https://gateway.example/v1" in status
        assert "OTHER" in status


def test_a_message_with_a_secret_goes_nowhere(kernel, person, free_service):
    line = f"%%agent_chat --model m-1 --url {free_service.url}"
    for message in (
        "my password is hunter2-Xy9-tandem",
        f"use ghp_{random.Random(3).randbytes(18).hex()} please",
        "the login code is 481 516, hurry",
    ):
        assert kernel.run(f"{line}\n{message}").ename == "SecretBlocked", message
    strong = Canary.make(random.Random()).value
    save(person, "OTHER", strong)
    assert kernel.run(f"{line}\nwhat is {strong}?").ename == "SecretBlocked"
    assert kernel.run(f"{line} --with x\nlook").ename == "RequestInvalid"
    numbers = [ord(each) ^ 5 for each in strong]  # a cell that holds the value is stopped itself
    kernel.run(f"x = {{'a': [''.join(chr(n ^ 5) for n in {numbers})]}}")
    seen = kernel.run(f"{line} --with x\nlook")
    assert seen.reply["status"] == "ok", seen.shown_error
    assert Canary(strong).found_in(b"".join(free_service.requests)) == []
    assert "withheld" in free_service.asked[0]["messages"][-1]["content"]
    assert len(free_service.requests) == 1


def test_a_model_uses_tools_by_label_and_a_person_decides(
    kernel, person, folders, free_service, planted
):
    save(person, "DEMO_TOKEN", planted.value)
    command = {"command": "echo got $DEMO_TOKEN", "secrets": ["DEMO_TOKEN"], "why": "to look"}

    def script(messages):
        if messages[-1]["role"] == "tool":
            return f"It says: {messages[-1]['content']}"
        return {"tool": "run_command", "arguments": command}

    free_service.script = script
    line = f"%%agent_chat --model m-1 --url {free_service.url}"
    answer_next(folders, "once")
    cell = kernel.run(f"{line}\nrun it")
    assert cell.reply["status"] == "ok", cell.shown_error
    states = [each["content"]["data"]["text/markdown"] for each in cell.of("update_display_data")]
    assert any("waiting for your permission" in state for state in states)
    assert "exit 0" in shown(cell)
    assert "got [secret:DEMO_TOKEN]" in shown(cell)
    answer_next(folders, "deny")
    cell = kernel.run(f"{line}\nrun it again")
    assert "✗ not permitted" in shown(cell)
    assert "grant_denied" in json.dumps(free_service.asked[-1]["messages"][-1])
    assert planted.found_in(b"".join(free_service.requests)) == []


def test_a_model_reads_cells_and_offers_new_ones(kernel, person, free_service):
    number = kernel.run("x = 41\nx").reply["execution_count"]
    calls = iter(
        [
            {"tool": "read_cell", "arguments": {"number": number}},
            {"tool": "add_cell", "arguments": {"source": "x + 1"}},
        ]
    )
    free_service.script = lambda _: next(calls, "done")
    cell = kernel.run(f"%%agent_chat --model m-1 --url {free_service.url}\ngo on")
    results = [m["content"] for m in free_service.asked[-1]["messages"] if m["role"] == "tool"]
    assert json.loads(results[0])["result"] == "41"
    assert cell.reply["payload"][0]["text"] == "x + 1"


def test_tab_and_the_question_mark_say_what_there_is(kernel, person):
    save(person, "MODEL_KEY", Canary.make(random.Random()).value)
    # Without Jedi, which looks through all that the kernel has loaded: that takes seconds.
    kernel.run("%config Completer.use_jedi = False")
    number = kernel.run("sales = 1").reply["execution_count"]

    def offered(code: str) -> list[str]:
        return list(kernel.client.complete(code, reply=True, timeout=30)["content"]["matches"])

    for magic in ("%%agent_chat", "%agent_chat", "%%chat"):
        assert {"--with", "--model", "--agent", "--new"} <= set(offered(f"{magic} "))
    assert {"anthropic:", "ollama:", "local:"} <= set(offered("%agent_chat --model "))
    assert "http://127.0.0.1:11434/v1" in offered("%agent_chat --url ")
    assert "MODEL_KEY" in offered("%agent_chat --key ")
    assert {"claude-code", "codex"} <= set(offered("%%agent_chat --agent "))
    attached = offered("%%agent_chat --with ")
    assert {"sales", f"[{number}]"} <= set(attached)
    help_text = kernel.run("%%agent_chat?").reply["payload"][0]["data"]["text/plain"]
    for option in ("--with NAME", "--model KIND:NAME", "--agent NAME", "--no-tools", "interrupt"):
        assert option in help_text


def test_the_short_name_is_taken_only_where_nobody_has_it(kernel):
    taken = (
        "get_ipython().extension_manager.unload_extension('jupyter_agent')\n"
        "def chat(line, cell): print('theirs:', cell)\n"
        "get_ipython().register_magic_function(chat, 'cell')\n"
        "get_ipython().extension_manager.load_extension('jupyter_agent')"
    )
    kernel.run(taken)
    try:
        assert kernel.run("%%chat\nhello").text() == "theirs: hello\n\n"
        assert kernel.run("%%agent_chat\nhello").ename == "ModelMissing"
    finally:
        kernel.run("del get_ipython().magics_manager.magics['cell']['chat']")


def test_stop_ends_the_answer_and_everything_that_runs(kernel, folders, person, free_service):
    free_service.script = lambda _: {
        "tool": "run_command",
        "arguments": {"command": "sleep 8642 & sleep 8642", "why": "wait"},
    }
    answer_next(folders, "once")

    def stop(message):
        if message["msg_type"] == "update_display_data" and "running" in str(message["content"]):
            wait_until(lambda: len(sleeping("8642")) == 2)
            kernel.manager.interrupt_kernel()

    cell = kernel.run(f"%%agent_chat --model m-1 --url {free_service.url}\nwait", stop)
    assert cell.ename == "KeyboardInterrupt"
    assert "with everything that the model had started" in cell.shown_error
    wait_until(lambda: sleeping("8642") == [])
    # A stream that is stopped midway is kept as far as it came.
    free_service.script = lambda _: "word " * 500
    free_service.pause = 0.02
    pressed = []

    def press_once(message):
        if message["msg_type"] == "update_display_data" and not pressed:
            pressed.append(message)
            kernel.manager.interrupt_kernel()

    cell = kernel.run(f"%%agent_chat --model m-1 --url {free_service.url}\ntalk", press_once)
    assert cell.ename == "KeyboardInterrupt"
    assert "(stopped)" in kernel.run("%agent_chat --history").data[-1]["text/plain"]


def test_in_a_kernel_of_ours_the_chat_is_an_agent_with_a_name_and_a_desktop(  # noqa: PLR0917
    start_kernel, person, folders, free_service, planted, tmp_path
):
    save(person, "DEMO_TOKEN", planted.value)
    person.call("grant.add", label="DEMO_TOKEN", any_command=True)  # serves cells, and no agent
    capability = "C" * 43
    kernel = start_kernel({"JUPYTER_AGENT_CAPABILITY": capability})
    person.call(
        "kernel.register",
        kernel_id="k1",
        capability=capability,
        notebook=str(tmp_path / "chat.ipynb"),
        pid=kernel.pid,
        started=kernel.started,
    )
    calls = iter(
        [
            {
                "tool": "run_command",
                "arguments": {
                    "command": "echo got $DEMO_TOKEN",
                    "secrets": ["DEMO_TOKEN"],
                    "why": "to see that it works",
                },
            },
            {"tool": "desktop_read", "arguments": {}},
        ]
    )
    free_service.script = lambda _: next(calls, "done")
    with person_is_there(folders) as (client, number):
        watcher = Watcher(client, number, person)
        asked: list[dict] = []

        def answer() -> None:
            asked.append(watcher.asked())
            watcher.answer(asked[0], "once")

        answering = threading.Thread(target=answer, daemon=True)
        answering.start()
        cell = kernel.run(f"%%agent_chat --model m-1 --url {free_service.url}\ngo on")
        answering.join(10)
    assert cell.reply["status"] == "ok", cell.shown_error
    assert (asked[0]["agent"], asked[0]["why"]) == ("chat", "to see that it works")
    assert asked[0]["notebook"] == str(tmp_path / "chat.ipynb")
    assert "got [secret:DEMO_TOKEN]" in shown(cell)
    offered = {each["function"]["name"] for each in free_service.asked[0]["tools"]}
    assert {"open_desktop", "desktop_click", "run_command", "add_cell"} <= offered
    assert "desktop_unavailable" in str(free_service.asked[-1]["messages"][-1])
    assert planted.found_in(b"".join(free_service.requests)) == []
