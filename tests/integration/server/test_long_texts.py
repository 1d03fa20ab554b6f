"""While a long text is screened, everybody else of the server is answered.

What screens it here waits until the test lets it go on. On the event loop that would be for ever:
then nobody is answered, and the test fails.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading

import pytest
from jupyter_server.base.handlers import APIHandler
from kernel_pages import KernelPage, of_kind, printed, reply
from tornado import web

from jupyter_agent.long_texts import LONG

pytestmark = pytest.mark.one_server

BLOCKED = "application/vnd.jupyter-agent.blocked+json"
LINES = "# a line that says nothing\n" * (LONG // 20)


class Held:
    """A screener's ``screen``: of a long text it says nothing before it may go on."""

    def __init__(self, screen):
        self._screen = screen
        self._begun, self._go = threading.Event(), threading.Event()
        self._ended = threading.Semaphore(0)
        self.seen = []

    def __call__(self, text):
        if len(text) <= LONG:
            return self._screen(text)
        self.seen.append(text)
        self._begun.set()
        try:
            assert self._go.wait(30), "nobody else was answered meanwhile"
            return self._screen(text)
        finally:
            self._ended.release()

    async def begun(self):
        assert await asyncio.to_thread(self._begun.wait, 30)

    async def ended(self):
        assert await asyncio.to_thread(self._ended.acquire, timeout=30)

    def go_on(self):
        self._go.set()


@pytest.fixture
def held(jp_serverapp, monkeypatch):
    screener = jp_serverapp.web_app.settings["jupyter_agent"].screener
    held = Held(screener.screen)
    monkeypatch.setattr(screener, "screen", held)
    yield held
    held.go_on()


@pytest.fixture
def others_are_answered(jp_fetch, jp_ws_fetch):
    """Somebody asks the server, and runs a cell, while it has a long text to screen."""

    async def ask(kernel_id):
        answer = await jp_fetch("api", "status", request_timeout=20)
        assert answer.code == 200
        page = await KernelPage.connect(jp_ws_fetch, kernel_id)
        assert printed(await page.run("print('meanwhile')")) == "meanwhile\n"
        page.close()

    return ask


async def test_a_long_cell_holds_up_nobody_else_and_runs(pages, held, others_are_answered):
    for page in await pages():
        request = await page.execute(f"{LINES}print('ran')")
        await held.begun()

        await others_are_answered(page.kernel_id)
        held.go_on()

        assert printed((await page.answers(request))[request]) == "ran\n"


async def test_what_is_sent_behind_a_long_cell_arrives_behind_it(connect, held):
    page = await connect()

    requests = [
        await page.execute(f"{LINES}order = ['long']"),
        await page.execute("order.append('short')"),
        await page.execute(f"{LINES}order.append('long')"),
        await page.execute("print(order)"),
    ]
    await held.begun()
    held.go_on()
    answers = await page.answers(*requests)

    assert printed(answers[requests[-1]]) == "['long', 'short', 'long']\n"


async def test_a_secret_at_the_end_of_a_long_cell_is_stopped_and_looked_for_once(
    pages, held, canary, everything_logged
):
    held.go_on()
    for page in await pages():
        code = f"{LINES}key = '{canary.value}'"

        messages = await page.run(code)

        (shown,) = of_kind(messages, "display_data")
        (finding,) = shown["data"][BLOCKED]["findings"]
        assert code[finding["start"] : finding["end"]] == canary.value
        assert "not sent to the kernel" in shown["data"]["text/plain"]
        assert held.seen == [code]
        held.seen.clear()
        assert printed(await page.run("print('key' in globals())")) == "False\n"
        assert not canary.found_in(b"".join(page.raw))
    assert not canary.found_in(everything_logged())


async def test_a_secret_in_a_large_file_for_a_widget_is_stopped(connect, held, canary):
    page = await connect()
    held.go_on()

    sent = await page.send(
        "comm_msg",
        {"comm_id": "c1", "data": {}},
        buffers=[f"{LINES}TOKEN={canary.value}\n".encode()],
    )
    states = [await page.until(lambda m: m.parent == sent) for _ in range(2)]

    assert [m.content["execution_state"] for m in states] == ["busy", "idle"]
    assert not canary.found_in(b"".join(page.raw))


async def test_a_long_header_does_not_come_back(connect, held, canary):
    page = await connect()
    held.go_on()

    request = await page.send(
        "execute_request",
        {"code": "print('ran')", "silent": False},
        header={"username": f"{LINES}{canary.value}"},
    )
    messages = (await page.answers(request))[request]

    assert reply(messages)["ename"] == "SecretBlocked"
    assert not canary.found_in(b"".join(page.raw))
    assert max(map(len, page.raw)) < LONG


async def test_of_a_page_that_has_gone_nothing_is_let_through(
    connect, held, jp_serverapp, jp_ws_fetch
):
    page = await connect()
    await page.run("before = 1")
    await page.execute(f"{LINES}after = 1")
    await held.begun()

    connections = jp_serverapp.kernel_manager._kernel_connections
    before = connections[page.kernel_id]
    page.close()
    async with asyncio.timeout(30):
        while connections[page.kernel_id] == before:  # noqa: ASYNC110  (its end sends no event)
            await asyncio.sleep(0)
    held.go_on()
    await held.ended()

    later = await KernelPage.connect(jp_ws_fetch, page.kernel_id)
    assert printed(await later.run("print('before' in globals(), 'after' in globals())")) == (
        "True False\n"
    )


@pytest.fixture
def client(jp_serverapp, new_kernel):
    """A client inside the server, as executors make them."""
    with contextlib.ExitStack() as ends:

        async def start():
            manager = jp_serverapp.kernel_manager.get_kernel(await new_kernel())
            client = manager.client()
            client.start_channels()
            ends.callback(client.stop_channels)
            await client.wait_for_ready(timeout=60)
            return client

        yield start


async def test_a_long_cell_of_a_client_in_the_server_holds_up_nobody_either(
    client, held, others_are_answered
):
    kernel = await client()
    heard = []

    async def run(code):
        hook = heard.append
        reply = await kernel.execute_interactive(code, output_hook=hook, timeout=60)
        return reply["content"]["status"]

    waiting = asyncio.ensure_future(run(f"{LINES}print('ran')"))
    await held.begun()
    await others_are_answered(kernel.parent.kernel_id)
    held.go_on()

    assert await waiting == "ok"


async def test_what_such_a_client_sends_behind_a_long_cell_arrives_behind_it(client, held):
    kernel = await client()

    requests = [
        kernel.execute(f"{LINES}order = ['long']"),
        kernel.execute("order.append('short')"),
        kernel.execute("assert order == ['long', 'short']"),
    ]
    await held.begun()
    held.go_on()
    came = {}
    while len(came) < len(requests):
        reply = await kernel.get_shell_msg(timeout=60)
        if (request := reply["parent_header"]["msg_id"]) in requests:
            came[request] = reply["content"]["status"]

    assert list(came.items()) == [(request, "ok") for request in requests]


async def test_a_long_cell_with_a_secret_of_such_a_client_is_stopped(client, held, canary):
    kernel = await client()
    held.go_on()

    request = kernel.execute(f"{LINES}key = '{canary.value}'")
    reply = None
    while reply is None or reply["parent_header"]["msg_id"] != request:
        reply = await kernel.get_shell_msg(timeout=60)

    # Stopped here, and not by the guard inside the kernel, which would say "not run".
    assert "not sent to the kernel" in reply["content"]["evalue"]


class Echo(APIHandler):
    """``POST api/kernels/<id>/execute`` of another extension."""

    @web.authenticated
    async def post(self):
        self.finish(self.request.body)


@pytest.fixture
def execute_route(jp_serverapp):
    """Its address."""
    address = "api/kernels/11111111-2222/execute"
    jp_serverapp.web_app.add_handlers(".*$", [(jp_serverapp.base_url + address, Echo)])
    return address.split("/")


async def test_a_long_cell_in_a_request_holds_up_nobody_either(
    connect, jp_fetch, execute_route, held, others_are_answered
):
    page = await connect()
    body = json.dumps({"code": f"{LINES}print('ran')"})

    posting = asyncio.ensure_future(
        jp_fetch(*execute_route, method="POST", body=body, request_timeout=60)
    )
    await held.begun()
    await others_are_answered(page.kernel_id)
    held.go_on()

    assert (await posting).body == body.encode()


async def test_a_long_message_of_a_chat_holds_up_nobody_either(
    connect, call, held, others_are_answered, canary
):
    page = await connect()
    frame = {"action": "send", "body": f"{LINES}{canary.value}"}

    asking = asyncio.ensure_future(call("POST", "chats/screen", {"path": "a.chat", "frame": frame}))
    await held.begun()
    await others_are_answered(page.kernel_id)
    held.go_on()

    assert (await asking).body["refused"]["findings"]


async def test_a_long_note_holds_up_nobody_either(connect, call, held, others_are_answered, canary):
    page = await connect()
    note = f"{LINES}{canary.value}"

    asking = asyncio.ensure_future(
        call("POST", "allowances", {"block": "none", "scope": "notebook", "reason": note})
    )
    await held.begun()
    await others_are_answered(page.kernel_id)
    held.go_on()

    assert (await asking).body["error"]["code"] == "secret_blocked"
