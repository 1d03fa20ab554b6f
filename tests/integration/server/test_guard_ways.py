"""No kind of message is a way around: not by its type, its channel, or where in it the secret is.

Most are tried in both formats of the websocket, on a kernel that is IPython and one that is not.
"""

from __future__ import annotations

import itertools
import json

import pytest
from kernel_pages import of_kind, printed, reply

pytestmark = pytest.mark.one_server

BLOCKED = "application/vnd.jupyter-agent.blocked+json"

everywhere = pytest.mark.parametrize("name", ["python3", "bash"])


@everywhere
@pytest.mark.usefixtures("bash_kernel")
async def test_every_request_with_a_secret_is_answered_and_does_not_go_on(pages, canary, name):
    for page in await pages(name):
        await _asks_everything(page, canary)


async def _asks_everything(page, canary):
    code = f"x = '{canary.value}'"
    at_cursor = {"code": code, "cursor_pos": 5, "detail_level": 0}
    search = {"hist_access_type": "search", "pattern": canary.value, "raw": True, "output": False}
    dump = {"seq": 7, "command": "evaluate", "arguments": {"expression": code}}
    on_control = {"code": code, "silent": False, "stop_on_error": False}
    asked = {
        "complete": await page.send("complete_request", at_cursor),
        "inspect": await page.send("inspect_request", at_cursor),
        "is_complete": await page.send("is_complete_request", {"code": code}),
        "history": await page.send("history_request", search),
        "debug": await page.send("debug_request", dump, channel="control"),
        "unknown": await page.send("tomorrows_request", {"deep": [{"key": canary.value}]}),
        "silent": await page.execute(code, silent=True, store_history=False, stop_on_error=False),
        "control": await page.send("execute_request", on_control, channel="control"),
        "expression": await page.execute("", user_expressions={"x": f"'{canary.value}'"}),
    }

    answers = await page.answers(*asked.values())
    given = {kind: reply(answers[request]) for kind, request in asked.items()}

    assert given["complete"]["matches"] == []
    assert given["inspect"]["found"] is False
    assert given["is_complete"]["status"] == "unknown"
    assert given["history"]["history"] == []
    assert (given["debug"]["success"], given["debug"]["request_seq"]) == (False, 7)
    for kind in ("unknown", "silent", "control", "expression"):
        assert given[kind]["ename"] == "SecretBlocked", kind
    assert not canary.found_in(b"".join(page.raw))


def beside(place, value):
    """A message's extras with a secret in one of them."""
    return {
        "user name": {"header": {"username": value}},
        "field of the header": {"header": {"note": {"deep": [value]}}},
        "parent header": {"parent": {"msg_id": "1a", "session": value}},
        "cell's metadata": {"metadata": {"cellId": "0a1b-2c3d", "tags": [value]}},
        "name of a switch": {"metadata": {value: True}},
    }[place]


PLACES = (
    "user name",
    "field of the header",
    "parent header",
    "cell's metadata",
    "name of a switch",
)


@everywhere
@pytest.mark.usefixtures("bash_kernel")
async def test_a_secret_beside_the_content_does_not_reach_the_kernel(pages, canary, name):
    both = await pages(name)
    for page, place in itertools.product(both, PLACES):
        request = await page.send(
            "execute_request",
            {"code": "echo ran", "silent": False},
            **beside(place, canary.value),
        )
        messages = (await page.answers(request))[request]

        assert reply(messages)["ename"] == "SecretBlocked", place
        assert printed(messages) == "", place
        following = "echo next" if name == "bash" else "print('next')"
        assert printed(await page.run(following)) == "next\n", place
    for page in both:
        assert not canary.found_in(b"".join(page.raw))


async def test_a_secret_as_the_type_of_a_message_is_neither_sent_nor_logged(
    connect, canary, everything_logged
):
    page = await connect()

    await page.send(canary.value, {})
    assert printed(await page.run("print('alive')")) == "alive\n"

    assert not canary.found_in(everything_logged())


PROBE = """
def opened(comm, message):
    comm.on_msg(lambda m: print('got', m['content']['data'], [len(b) for b in m['buffers']]))
get_ipython().kernel.comm_manager.register_target('probe', opened)
"""


async def test_a_file_for_a_widget_is_screened_whatever_its_size_and_bytes(pages, canary):
    for page in await pages():
        await _sends_files(page, canary)


async def _sends_files(page, canary):
    await page.run(PROBE)
    await page.send("comm_open", {"comm_id": "c1", "target_name": "probe", "data": {}})
    text = b"a line of some file\n" * 60_000 + f"TOKEN={canary.value}\n".encode()
    files = [text, b"caf\xe9\n" + text[-200:], text[-200:].decode().encode("utf-16")]

    sent = [
        await page.send("comm_msg", {"comm_id": "c1", "data": {}}, buffers=[b"x", file])
        for file in files
    ]
    image = b"\x89PNG\r\n\x1a\n\0\0" + bytes(range(256)) * 8000
    sent.append(await page.send("comm_msg", {"comm_id": "c1", "data": {}}, buffers=[image]))
    output = await page.until(
        lambda m: m.parent in sent and m.kind == "stream" and "got" in m.content["text"]
    )

    # The first one that comes, so those before it were stopped.
    assert output.content["text"].strip() == f"got {{}} [{len(image)}]"


async def test_a_cell_for_a_subshell_is_stopped_in_that_subshell(connect, canary):
    page = await connect()
    created = await page.send("create_subshell_request", {}, channel="control")
    subshell = reply((await page.answers(created))[created])["subshell_id"]
    running = await page.execute("input('go on? ')")
    await page.until(lambda m: m.kind == "input_request")

    content = {"code": f"key = '{canary.value}'", "silent": False}
    stopped = await page.send("execute_request", content, header={"subshell_id": subshell})
    messages = (await page.answers(stopped))[stopped]  # the main shell is still busy

    assert reply(messages)["ename"] == "SecretBlocked"
    assert BLOCKED in of_kind(messages, "display_data")[0]["data"]
    await page.send("input_reply", {"value": "yes"}, channel="stdin")
    await page.answers(running)
    assert printed(await page.run("print('key' in globals())")) == "False\n"
    assert not canary.found_in(b"".join(page.raw))


async def test_a_message_that_says_two_things_at_once_is_dropped(connect, canary):
    page = await connect()
    header = json.dumps(page._header("execute_request")).encode()
    twice = f'{{"code": "print(1)", "code": "x = \'{canary.value}\'", "code": "1"}}'.encode()

    await page.send_parts([header, b"{}", b"{}", twice])

    assert printed(await page.run("print('x' in globals())")) == "False\n"
    assert not canary.found_in(b"".join(page.raw))


async def test_ordinary_messages_of_a_page_pass(connect):
    page = await connect()
    cell = "3f0d6a1c-8f0a-4c1e-9d5b-0d6a1c8f0a4c"

    request = await page.send(
        "execute_request",
        {"code": "print('ran')", "silent": False},
        header={"username": "Zoë", "subshell_id": None},
        metadata={"cellId": cell, "deletedCells": [cell], "recordTiming": True, "tags": ["plot"]},
    )

    assert printed((await page.answers(request))[request]) == "ran\n"
