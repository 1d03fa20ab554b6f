"""Stored values in what a kernel says reach no page, no executor: replaced, marked, told once."""

from __future__ import annotations

import asyncio
import json
import random
import string
import time

import pytest
from kernel_pages import KernelPage, of_kind, printed, reply
from steps import save, wait_until

from jupyter_agent import person as person_door
from jupyter_agent.folders import Folders

pytestmark = pytest.mark.one_server

TOKEN = "".join(random.Random(21).choices(string.ascii_letters + string.digits, k=36))
OTHER = "".join(random.Random(22).choices(string.ascii_letters + string.digits, k=36))
MARKER = "[secret:ORCHARD_KEY]"
# In a cell the value would be recognised and stopped; as numbers nobody sees it.
MADE = f"value = bytes({list(TOKEN.encode())}).decode()\n"


@pytest.fixture
def owner(agent_home, monkeypatch):
    """The owner of the vault, at a terminal."""
    monkeypatch.setenv("JUPYTER_AGENT_KEY_SOURCE", "file")
    with person_door.open_client(Folders.of()) as client:
        save(client, "ORCHARD_KEY", TOKEN)
        yield client


@pytest.fixture
def connect(connect, owner, jp_serverapp):
    """Start a kernel whose output is scrubbed of what the owner has stored."""

    async def start(*given, **more):
        page = await connect(*given, **more)
        await wait_until_recognised(jp_serverapp, TOKEN)
        return page

    return start


async def wait_until_recognised(serverapp, value):
    fingerprinted = serverapp.web_app.settings["jupyter_agent"].fingerprinted
    async with asyncio.timeout(30):
        while not (known := fingerprinted.known) or not known.spans(value):  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def with_value(connect) -> KernelPage:
    page = await connect()
    assert reply(await page.run(MADE))["status"] == "ok"
    return page


RICH = """
from IPython.display import display, HTML, clear_output
print('key', value, 'é')
import sys; print(value, file=sys.stderr)
html = HTML(f'<b title="{value}">{value}</b>')
handle = display(html, display_id='one', metadata={'note': value})
clear_output(wait=True)
handle.update({'application/json': {value: [1.5, None, {'deep': value}]}}, raw=True)
from comm import create_comm
create_comm(target_name='nobody', data={'state': value}, buffers=BUFFERS)
value
"""


async def test_every_kind_of_output_is_scrubbed_and_stays_json(pages, owner):
    v1, json_ = await pages()
    assert reply(await v1.run(MADE))["status"] == "ok"
    await _shows_everything(json_, v1=False)  # first: it can't read the other's buffers
    await _shows_everything(v1, v1=True)


async def _shows_everything(page, *, v1):
    # The older format sends buffers in another frame, which this page does not read.
    buffers = "[b'bytes stay ' + value.encode()]" if v1 else "None"
    messages = await page.run(RICH.replace("BUFFERS", buffers), user_expressions={"x": "value"})
    assert printed(messages) == f"key {MARKER} é\n{MARKER}\n"
    (shown,) = of_kind(messages, "display_data")
    assert shown["data"]["text/html"] == f'<b title="{MARKER}">{MARKER}</b>'
    assert shown["metadata"] == {"note": MARKER}
    (updated,) = of_kind(messages, "update_display_data")
    assert updated["data"]["application/json"] == {MARKER: [1.5, None, {"deep": MARKER}]}
    (result,) = of_kind(messages, "execute_result")
    assert result["data"]["text/plain"] == f"'{MARKER}'"
    assert reply(messages)["user_expressions"]["x"]["data"]["text/plain"] == f"'{MARKER}'"
    (opened,) = of_kind(messages, "comm_open")
    assert opened["data"] == {"state": MARKER}
    if v1:
        assert any(b"bytes stay " + TOKEN.encode() in raw for raw in page.raw)


async def test_a_traceback_and_its_reply_are_scrubbed(pages, owner):
    both = await pages()
    assert reply(await both[0].run(MADE))["status"] == "ok"
    for page in both:
        messages = await page.run("raise ValueError(value)")
        (error,) = of_kind(messages, "error")
        assert error["evalue"] == MARKER
        assert TOKEN not in json.dumps([message.content for message in messages])
        assert reply(messages)["evalue"] == MARKER


HIDDEN = r"""
print('the name \udcff of a file', value)
print('\x1b[31m' + value + '\x1b[0m')
display('two lines\n' + value)
raise ValueError('\udcff\x1b[1m' + value)
"""


async def test_bytes_that_are_no_text_and_escapes_in_front_of_a_value_hide_nothing(pages, owner):
    both = await pages()
    assert reply(await both[0].run(MADE))["status"] == "ok"
    for page in both:
        messages = await page.run(HIDDEN)
        assert printed(messages) == f"the name \ufffd of a file {MARKER}\n\x1b[31m{MARKER}\x1b[0m\n"
        (shown,) = of_kind(messages, "display_data")
        assert shown["data"]["text/plain"] == rf"'two lines\n{MARKER}'"
        assert reply(messages)["evalue"] == f"\ufffd\x1b[1m{MARKER}"
        assert TOKEN.encode() not in b"".join(page.raw)


async def test_the_environment_and_a_variable_that_is_looked_at_are_scrubbed(connect, owner):
    page = await with_value(connect)
    messages = await page.run("import os; print({**os.environ, 'MINE': value})")
    assert f"'MINE': '{MARKER}'" in printed(messages)
    number = await page.send(
        "inspect_request", {"code": "value", "cursor_pos": 3, "detail_level": 0}
    )
    looked_at = reply((await page.answers(number))[number])["data"]["text/plain"]
    assert MARKER in looked_at
    assert TOKEN.encode() not in b"".join(page.raw)


async def test_a_question_on_stdin_is_scrubbed(connect, owner):
    page = await with_value(connect)
    number = await page.execute("x = input(value + '? ')")
    question = await page.until(lambda message: message.kind == "input_request")
    assert question.content["prompt"] == MARKER + "? "
    await page.send("input_reply", {"value": "yes", "status": "ok"}, channel="stdin")
    await page.answers(number)


async def test_a_value_printed_in_two_pieces_is_replaced_from_where_it_is_complete(connect, owner):
    page = await with_value(connect)
    code = "import sys\nfor part in (value[:20], value[20:], '\\n'):\n"
    messages = await page.run(code + "    sys.stdout.write(part); sys.stdout.flush()")
    assert printed(messages) == TOKEN[:20] + MARKER + "\n"


async def test_messages_keep_their_order_around_a_long_one(connect, owner):
    page = await with_value(connect)
    code = "from IPython.display import display\nprint('first')\n"
    code += "display({'text/plain': 'a word ' * 200_000 + value}, raw=True)\nprint('last')"
    messages = await page.run(code)
    kinds = [m.kind for m in messages if m.kind in ("stream", "display_data")]
    assert kinds == ["stream", "display_data", "stream"]
    (shown,) = of_kind(messages, "display_data")
    assert shown["data"]["text/plain"].endswith("word " + MARKER)


async def test_the_label_is_marked_and_the_page_is_told_once(
    connect, owner, jp_ws_fetch, jp_serverapp
):
    # A label of its own: that a test before this one said ORCHARD_KEY may be told in this one.
    save(owner, "MEADOW_KEY", OTHER)
    events = await jp_ws_fetch("jupyter-agent", "events")
    page = await connect()
    await wait_until_recognised(jp_serverapp, OTHER)
    await page.run(f"value = bytes({list(OTHER.encode())}).decode()")
    await page.run("print(value)")
    await page.run("print(value)")
    told = [event async for event in _events(events, "exposed") if event["label"] == "MEADOW_KEY"]
    events.close()
    assert told == [
        {
            "event": "exposed",
            "label": "MEADOW_KEY",
            "where": "output",
            "notebook": "",
            "revoke": "",
        }
    ]
    (place,) = owner.call("secret.show", label="MEADOW_KEY")["secret"]["exposed"]
    assert place["where"] == "output"


async def _events(socket, kind):
    """Events of a kind, until nothing has come for a while behind the first one."""
    seconds = 30
    while True:
        try:
            async with asyncio.timeout(seconds):
                event = json.loads(await socket.read_message())
        except TimeoutError:
            return
        if event["event"] == kind:
            seconds = 2
            yield event


async def test_a_value_that_is_stored_later_is_replaced_from_then_on(connect, owner):
    page = await with_value(connect)
    late = TOKEN[::-1] + "Z"
    code = f"late = bytes({list(late.encode())}).decode(); print(late)"
    assert printed(await page.run(code)) == late + "\n"
    save(owner, "LATE_KEY", late)
    deadline = time.monotonic() + 30
    while printed(await page.run("print(late)")) != "[secret:LATE_KEY]\n":
        assert time.monotonic() < deadline


async def test_nearly_a_value_is_shown_as_it_is(connect, owner):
    page = await with_value(connect)
    assert printed(await page.run("print(value[:-1], value + 'x')")) == f"{TOKEN[:-1]} {TOKEN}x\n"


async def test_an_executor_reads_markers_and_the_label_is_marked(jp_serverapp, new_kernel, owner):
    client = jp_serverapp.kernel_manager.get_kernel(await new_kernel()).client()
    client.start_channels()
    await client.wait_for_ready(timeout=60)
    messages = []
    code = f"value = bytes({list(TOKEN.encode())}).decode()\nprint(value)\nvalue"
    async with asyncio.timeout(30):
        while MARKER not in json.dumps(messages):
            messages.clear()
            reply = await client.execute_interactive(
                code, output_hook=lambda message: messages.append(message["content"]), timeout=60
            )
    client.stop_channels()
    assert reply["content"]["status"] == "ok"
    texts = [message["text"] for message in messages if message.get("name") == "stdout"]
    assert "".join(texts) == f"{MARKER}\n"  # a kernel that is slow says the line's end apart
    assert TOKEN not in json.dumps(messages)

    def seen() -> list[str]:
        meta = owner.call("secret.show", label="ORCHARD_KEY")["secret"]
        return [place["where"] for place in meta["exposed"]]

    await asyncio.to_thread(wait_until, lambda: seen() == ["output"])


@pytest.mark.one_server(shared=False)
@pytest.mark.stands(reason="nobody could know the value")
async def test_without_a_vault_that_opens_output_passes_and_that_is_said(
    new_kernel, jp_ws_fetch, owner, everything_logged
):
    owner.call("lock")
    page = await KernelPage.connect(jp_ws_fetch, await new_kernel())
    assert reply(await page.run(MADE))["status"] == "ok"
    assert printed(await page.run("print(value)")) == TOKEN + "\n"
    assert b"what kernels say is not scrubbed" in everything_logged()
    owner.call("unlock")
    deadline = time.monotonic() + 30
    while printed(await page.run("print(value)")) != MARKER + "\n":
        assert time.monotonic() < deadline
