"""A cell that holds a secret never reaches its kernel."""

from __future__ import annotations

import json
import os

import pytest
from kernel_pages import KernelPage, of_kind, printed, reply

from jupyter_agent.errors import ScreenTimeout
from jupyter_agent.server.gate import Gate

pytestmark = pytest.mark.one_server

BLOCKED = "application/vnd.jupyter-agent.blocked+json"


async def test_a_cell_with_a_secret_ends_with_the_box_and_an_error(pages, canary):
    for page in await pages():
        await _runs_a_cell(page, canary)


async def _runs_a_cell(page, canary):
    messages = await page.run(f'client = Client("{canary.value}")')

    (shown,) = of_kind(messages, "display_data")
    (finding,) = shown["data"][BLOCKED]["findings"]
    assert finding.keys() == {"rule", "kind", "title", "start", "end", "preview"}
    assert (finding["start"], finding["end"]) == (17, 17 + len(canary.value))
    assert finding["preview"].endswith("•" * 8)
    assert "not sent to the kernel" in shown["data"]["text/plain"]
    assert "%secret set" in shown["data"]["text/plain"]
    assert shown["data"]["text/html"]
    (error,) = of_kind(messages, "error")
    assert error["ename"] == "SecretBlocked"
    assert len(error["traceback"]) == 1
    assert reply(messages)["status"] == "error"
    assert not canary.found_in(b"".join(page.raw))


async def test_the_secret_is_nowhere_but_in_the_page(
    connect, canary, tmp_path, agent_home, everything_logged
):
    page = await connect()
    await page.run("before = 1")
    await page.run(f"token = '{canary.value}'")
    await page.run("%%sh\necho " + canary.value)
    await page.run("", user_expressions={"x": f"'{canary.value}'"})
    for request in ("complete_request", "inspect_request", "is_complete_request"):
        number = await page.send(request, {"code": f"x = '{canary.value}'", "cursor_pos": 3})
        await page.answers(number)

    seen = await page.run(
        "print(repr((In, _ih, globals().get('_i'), globals().get('token'),"
        " get_ipython().history_manager.input_hist_raw)));"
        " get_ipython().history_manager.writeout_cache()"
    )

    history = tmp_path / "home" / ".ipython" / "profile_default" / "history.sqlite"
    assert "before = 1" in printed(seen)
    assert history.exists()
    assert "jupyter_agent" not in printed(seen)  # the stub is not kept either
    assert not canary.found_in(b"".join(page.raw))
    assert not canary.found_in(everything_logged())
    assert canary.search_tree(tmp_path, agent_home) == []
    assert canary.search_proc() == []


async def test_run_all_stops_at_the_cell_that_was_stopped(connect, canary):
    page = await connect()
    cells = ["print('first')", f"key = '{canary.value}'", "print('third')", "print('fourth')"]

    requests = [await page.execute(cell) for cell in cells]
    first, second, third, fourth = (await page.answers(*requests)).values()

    assert printed(first) == "first\n"
    assert reply(first)["status"] == "ok"
    assert reply(second)["ename"] == "SecretBlocked"
    assert reply(third)["status"] == reply(fourth)["status"] == "aborted"
    assert printed(third) == printed(fourth) == ""
    assert printed(await page.run("print('later')")) == "later\n"


async def test_without_stop_on_error_the_next_cell_runs(connect, canary):
    page = await connect()

    blocked = await page.execute(f"key = '{canary.value}'", stop_on_error=False)
    following = await page.execute("print('next')")
    answers = await page.answers(blocked, following)

    assert reply(answers[blocked])["status"] == "error"
    assert printed(answers[following]) == "next\n"


async def test_a_cell_on_the_control_channel_is_stopped_too(connect, canary):
    page = await connect()

    request = await page.send(
        "execute_request", {"code": f"key = '{canary.value}'", "silent": False}, channel="control"
    )
    messages = (await page.answers(request))[request]

    assert reply(messages)["ename"] == "SecretBlocked"
    assert not canary.found_in(b"".join(page.raw))


ODD_NAMESPACE = """
Exception = BaseException = type = __import__ = exec = getattr = dict = list = 'shadowed'
builtins = InteractiveShell = SecretBlocked = data = None
%autoawait asyncio
names_before = set(globals())
"""


async def test_the_box_survives_an_odd_namespace_and_leaves_nothing_in_it(connect, canary):
    page = await connect()
    assert reply(await page.run(ODD_NAMESPACE))["status"] == "ok"

    messages = await page.run(f"await get('{canary.value}')")

    assert reply(messages)["ename"] == "SecretBlocked"
    assert BLOCKED in of_kind(messages, "display_data")[0]["data"]
    left = await page.run("print({n for n in globals() if n not in names_before and n[0] != '_'})")
    assert printed(left) == "{'names_before'}\n"
    assert printed(await page.run("print(SecretBlocked)")) == "None\n"
    assert (
        printed(await page.run("print([n for n in globals() if 'jupyter_agent' in n])")) == "[]\n"
    )


async def test_a_value_on_the_line_of_the_secret_magic_is_stopped_whatever_it_looks_like(connect):
    page = await connect()

    messages = await page.run("%secret set DOOR_CODE open-sesame-3")

    assert reply(messages)["ename"] == "SecretBlocked"
    assert b"open-sesame-3" not in b"".join(page.raw)


async def test_an_answer_to_input_is_screened_and_input_does_not_hang(connect, canary):
    page = await connect()
    request = await page.execute("print(repr(input('token? ')))")
    question = await page.until(lambda m: m.kind == "input_request")
    assert question.content["password"] is False

    await page.send("input_reply", {"value": canary.value}, channel="stdin")
    messages = (await page.answers(request))[request]

    assert printed(messages).endswith("''\n")
    assert BLOCKED in of_kind(messages, "display_data")[0]["data"]
    assert not canary.found_in(b"".join(page.raw))


async def test_a_getpass_is_the_persons_own_masked_entry(connect, canary):
    page = await connect()
    request = await page.execute("import getpass; print(len(getpass.getpass('token? ')))")
    question = await page.until(lambda m: m.kind == "input_request")
    assert question.content["password"] is True

    await page.send("input_reply", {"value": canary.value}, channel="stdin")
    messages = (await page.answers(request))[request]

    assert printed(messages) == f"{len(canary.value)}\n"


@pytest.mark.parametrize("v1", [True, False])
async def test_a_question_outlives_a_lost_line(new_kernel, jp_ws_fetch, canary, v1):
    kernel = await new_kernel()

    async def answered_by_another_line(ask):
        page = await KernelPage.connect(jp_ws_fetch, kernel, v1=v1, session="the-page")
        request = await page.execute(f"from getpass import getpass; print(len({ask}('token? ')))")
        await page.until(lambda m: m.kind == "input_request")
        page.close()
        again = await KernelPage.connect(jp_ws_fetch, kernel, v1=v1, session="the-page")
        await again.send("input_reply", {"value": canary.value}, channel="stdin")
        messages = (await again.answers(request))[request]
        again.close()
        return messages

    masked = await answered_by_another_line("getpass")
    shown = await answered_by_another_line("input")

    assert printed(masked) == f"{len(canary.value)}\n"
    assert printed(shown) == "0\n"
    assert BLOCKED in of_kind(shown, "display_data")[0]["data"]


async def test_completion_and_inspection_of_a_secret_answer_nothing(pages, canary):
    content = {"code": f"x = '{canary.value}'", "cursor_pos": 5, "detail_level": 0}
    for page in await pages():
        numbers = [
            await page.send(f"{name}_request", content)
            for name in ("complete", "inspect", "is_complete")
        ]
        complete, inspect, is_complete = (await page.answers(*numbers)).values()

        assert reply(complete)["matches"] == []
        assert reply(inspect)["found"] is False
        assert reply(is_complete)["status"] == "unknown"


async def test_a_debugger_that_would_dump_a_secret_is_refused(connect, canary):
    page = await connect()

    request = await page.send(
        "debug_request",
        {
            "type": "request",
            "seq": 4,
            "command": "dumpCell",
            "arguments": {"code": f"key = '{canary.value}'\n"},
        },
        channel="control",
    )
    messages = (await page.answers(request))[request]

    assert reply(messages)["success"] is False
    assert reply(messages)["request_seq"] == 4


WIDGET = """
from ipykernel.comm import Comm
def opened(comm, message):
    comm.on_msg(lambda m: print('got', m['content']['data']))
get_ipython().kernel.comm_manager.register_target('probe', opened)
"""


async def test_a_widget_message_with_a_secret_is_stopped_and_the_widget_is_not_stuck(
    connect, canary
):
    page = await connect()
    await page.run(WIDGET)
    await page.send("comm_open", {"comm_id": "c1", "target_name": "probe", "data": {}})

    stopped = await page.send("comm_msg", {"comm_id": "c1", "data": {"text": canary.value}})
    passed = await page.send("comm_msg", {"comm_id": "c1", "data": {"text": "hello"}})
    after_stopped = [
        await page.until(lambda m: m.parent == stopped and m.kind == "status") for _ in range(2)
    ]
    output = await page.until(lambda m: m.parent == passed and m.kind == "stream")

    assert [m.content["execution_state"] for m in after_stopped] == ["busy", "idle"]
    assert output.content["text"].strip() == "got {'text': 'hello'}"


async def test_a_message_that_cannot_be_read_is_dropped_and_never_logged(
    connect, canary, everything_logged
):
    page = await connect()

    await page.send_raw(b"\x05" + canary.value.encode())
    await page.send_raw(f'{{"header": "{canary.value}"')
    assert printed(await page.run("print('alive')")) == "alive\n"

    assert b"could not be read" in everything_logged()
    assert not canary.found_in(everything_logged())


async def test_an_old_client_that_names_no_channel_is_served_and_not_logged(
    connect, canary, everything_logged
):
    page = await connect(v1=False)
    note = "a text that is nobody else's business"
    header = page._header("execute_request")
    message = {
        "header": header,
        "parent_header": {},
        "metadata": {},
        "content": {"code": f"print({note!r})", "silent": False},
    }

    await page.send_raw(json.dumps(message))
    messages = (await page.answers(header["msg_id"]))[header["msg_id"]]

    assert note in printed(messages)
    assert b"No channel specified" not in everything_logged()


async def test_a_text_that_takes_too_long_to_screen_counts_as_blocked(
    new_kernel, jp_ws_fetch, jp_serverapp, monkeypatch
):
    class Slow:
        def screen(self, text):
            raise ScreenTimeout("A text could not be screened in its time.")

    kernel = await new_kernel()
    connection = jp_serverapp.web_app.settings["kernel_websocket_connection_class"]
    monkeypatch.setattr(connection, "jupyter_agent_gate", Gate(Slow()))
    page = await KernelPage.connect(jp_ws_fetch, kernel)

    messages = await page.run("print('harmless')")

    assert reply(messages)["ename"] == "SecretBlocked"
    assert of_kind(messages, "display_data")[0]["data"][BLOCKED] == {"findings": []}
    assert printed(messages) == ""


class TestAKernelThatIsNoIPython:
    async def test_gets_nothing_and_the_page_gets_the_box(self, pages, bash_kernel, canary):
        for page in await pages(bash_kernel):
            await self._runs_a_command(page, canary)

    async def _runs_a_command(self, page, canary):
        messages = await page.run(f"export TOKEN={canary.value}")

        assert [m.kind for m in messages] == [
            "status",
            "display_data",
            "error",
            "execute_reply",
            "status",
        ]
        assert reply(messages)["status"] == "error"
        assert of_kind(messages, "error")[0]["ename"] == "SecretBlocked"
        data = of_kind(messages, "display_data")[0]["data"]
        assert data[BLOCKED]["findings"]
        assert "%" not in data["text/plain"]  # magics are IPython's
        assert "jupyter agent run -s" in data["text/plain"]
        assert printed(await page.run('echo "[$TOKEN]"')) == "[]\n"
        assert not canary.found_in(b"".join(page.raw))

    async def test_does_not_run_the_rest_of_a_run_all(self, connect, bash_kernel, canary):
        page = await connect(bash_kernel)
        cells = ["echo first", f"export K={canary.value}", "echo third", "echo fourth"]

        requests = [await page.execute(cell) for cell in cells]
        first, second, third, fourth = (await page.answers(*requests)).values()

        assert printed(first) == "first\n"
        assert reply(second)["status"] == "error"
        assert printed(await page.run("echo later")) == "later\n"
        assert reply(third)["status"] == reply(fourth)["status"] == "aborted"

    async def test_is_shown_busy_while_it_is(self, connect, bash_kernel, canary, tmp_path):
        page = await connect(bash_kernel)
        gate = tmp_path / "gate"
        os.mkfifo(gate)
        running = await page.execute(f"cat '{gate}'")
        await page.until(lambda m: m.parent == running and m.kind == "execute_input")

        blocked = await page.execute(f"export K={canary.value}")
        await page.answers(blocked)
        state = await page.until(lambda m: m.kind == "status")
        gate.write_text("opened\n")
        output = (await page.answers(running))[running]

        assert (state.parent, state.content["execution_state"]) == ("", "busy")
        assert printed(output) == "opened\n"
