"""A cell that something inside the server runs never reaches its kernel with a secret in it.

Clients are made as server-side executors make them: by ``km.client()``, from ``km.client_factory``
with a session of its own, and by ``km.blocking_client()``.
"""

from __future__ import annotations

import asyncio
import json
from functools import partial

import nbformat
import pytest
from jupyter_client.asynchronous.client import AsyncKernelClient
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

pytestmark = pytest.mark.one_server

BLOCKED = "application/vnd.jupyter-agent.blocked+json"
STOPPED = ["status", "display_data", "error", "status"]

every_kernel = pytest.mark.parametrize("name", ["python3", "bash"])


@pytest.fixture
def kernel(jp_serverapp, bash_kernel, new_kernel):
    """Start a kernel of this server and return its manager."""

    async def start(name="python3"):
        return jp_serverapp.kernel_manager.get_kernel(await new_kernel(name))

    return start


def by_client(manager):
    """As jupyter_server_nbmodel and most others do."""
    client = manager.client()
    client.start_channels()
    return client


def by_factory(manager):
    """As jupyter_server_documents does, for a session of its own."""
    client = manager.client_factory(parent=manager, config=manager.config)
    client.load_connection_info(manager.get_connection_info())
    client.start_channels()
    return client


@pytest.fixture
def connect(kernel):
    clients = []

    async def start(name="python3", *, manager=None, way=by_client):
        client = way(manager or await kernel(name))
        clients.append(client)
        await client.wait_for_ready(timeout=60)
        return client

    yield start
    for client in clients:
        client.stop_channels()


async def run(client, code, **more):
    """Run code the way executors do; returns the reply and what came before it."""
    heard = []
    reply = await client.execute_interactive(code, output_hook=heard.append, timeout=60, **more)
    return reply, heard


async def reply_to(client, request):
    """The reply to a request; others may come first, to what ``wait_for_ready`` asked."""
    while True:
        reply = await client.get_shell_msg(timeout=60)
        if reply["parent_header"]["msg_id"] == request:
            return reply


def kinds(messages):
    return [m["header"]["msg_type"] for m in messages if m["header"]["msg_type"] != "execute_input"]


def printed(messages):
    # Not stderr: ipykernel 7.4 warns there of comms that are still being opened.
    streams = (m["content"] for m in messages if m["header"]["msg_type"] == "stream")
    return "".join(stream["text"] for stream in streams if stream["name"] == "stdout")


def shown(messages):
    (box,) = (m for m in messages if m["header"]["msg_type"] == "display_data")
    # The guard inside an IPython kernel would say "not run".
    assert "not sent to the kernel" in box["content"]["data"]["text/plain"]
    return box["content"]["data"]


def assert_stopped(reply):
    """It was stopped here, and not by the guard inside the kernel."""
    assert reply["content"]["status"] == "error"
    assert reply["content"]["ename"] == "SecretBlocked"
    assert "not sent to the kernel" in reply["content"]["evalue"]


def text_of(messages):
    return json.dumps(messages, default=str).encode()


@every_kernel
async def test_a_cell_with_a_secret_ends_with_the_box_and_an_error(kernel, connect, canary, name):
    manager = await kernel(name)
    for way in (by_client, by_factory):
        await _runs_a_cell(await connect(manager=manager, way=way), canary, name)


async def _runs_a_cell(client, canary, name):
    reply, heard = await run(client, f"TOKEN={canary.value}")

    assert_stopped(reply)
    assert kinds(heard) == STOPPED
    assert shown(heard)[BLOCKED]["findings"]
    assert not canary.found_in(text_of([reply, *heard]))
    after, heard = await run(client, "echo later" if name == "bash" else "print('later')")
    assert after["content"]["status"] == "ok"
    assert printed(heard) == "later\n"


async def test_the_secret_is_in_no_history_log_or_memory_of_the_kernel(
    connect, canary, tmp_path, agent_home, everything_logged
):
    client = await connect()
    await run(client, "before = 1")
    await run(client, f"token = '{canary.value}'")
    await run(client, "1", user_expressions={"x": f"'{canary.value}'"})
    # Nobody waits for it, so a failure would abort the cell that comes behind it.
    client.execute(f"other = '{canary.value}'", silent=True, stop_on_error=False)

    _, heard = await run(
        client,
        "print(repr((In, _ih, globals().get('token'), globals().get('other'))));"
        " get_ipython().history_manager.writeout_cache()",
    )

    history = tmp_path / "home" / ".ipython" / "profile_default" / "history.sqlite"
    assert "before = 1" in printed(heard)
    assert history.exists()
    assert not canary.found_in(printed(heard).encode())
    assert not canary.found_in(everything_logged())
    assert b"Stopped a execute_request" in everything_logged()
    assert canary.search_tree(tmp_path, agent_home) == []
    assert canary.search_proc() == []


@every_kernel
async def test_whoever_sends_and_reads_by_himself_gets_every_answer(connect, canary, name):
    client = await connect(name)

    request = client.execute(f"TOKEN={canary.value}")
    reply = await reply_to(client, request)
    heard = []
    while kinds(heard)[-1:] != ["status"] or len(kinds(heard)) < len(STOPPED):
        message = await client.get_iopub_msg(timeout=60)
        if message["parent_header"].get("msg_id") == request:
            heard.append(message)

    assert_stopped(reply)
    assert kinds(heard) == STOPPED


async def test_whoever_is_already_waiting_is_answered_too(connect, canary):
    client = await connect("bash")
    known = await client.kernel_info(reply=True, timeout=60)
    waiting = asyncio.ensure_future(client.get_shell_msg(timeout=60))
    while (await client.get_iopub_msg(timeout=60))["parent_header"] != known["parent_header"]:
        pass  # meanwhile it has begun to wait: nothing is there for it

    request = client.execute(f"TOKEN={canary.value}")
    reply = await waiting

    assert reply["parent_header"]["msg_id"] == request
    assert reply["content"]["status"] == "error"


@every_kernel
async def test_other_requests_with_a_secret_get_an_empty_answer(connect, canary, name):
    client = await connect(name)
    code = f"x = '{canary.value}'"
    wait = partial(dict, reply=True, timeout=60)

    complete = await client.complete(code, 5, **wait())
    inspect = await client.inspect(code, 5, **wait())
    is_complete = await client.is_complete(code, **wait())
    history = await client.history(
        hist_access_type="search", pattern=f"*{canary.value}*", n=3, **wait()
    )

    assert complete["content"]["matches"] == []
    assert inspect["content"]["found"] is False
    assert is_complete["content"]["status"] == "unknown"
    assert history["content"]["history"] == []


@every_kernel
async def test_a_request_that_nobody_knows_is_refused_and_not_left_unanswered(
    connect, canary, name
):
    client = await connect(name)

    sent = client.session.msg("mystery_request", {"deep": [{"key": canary.value}]})
    client.control_channel.send(sent)
    reply = await client.get_control_msg(timeout=60)

    assert reply["header"]["msg_type"] == "mystery_reply"
    assert reply["parent_header"]["msg_id"] == sent["header"]["msg_id"]
    assert reply["content"]["status"] == "error"


@every_kernel
async def test_a_debugger_that_would_dump_a_secret_is_refused(connect, canary, name):
    client = await connect(name)

    client.session.send(
        client.control_channel.socket,
        "debug_request",
        {"seq": 4, "command": "dumpCell", "arguments": {"code": f"key = '{canary.value}'"}},
    )
    reply = await client.get_control_msg(timeout=60)

    assert reply["header"]["msg_type"] == "debug_reply"
    assert (reply["content"]["success"], reply["content"]["request_seq"]) == (False, 4)


WIDGET = """
def opened(comm, message):
    comm.on_msg(lambda m: print('got', m['content']['data'], len(m['buffers'])))
get_ipython().kernel.comm_manager.register_target('probe', opened)
"""


async def test_a_widget_message_with_a_secret_in_its_data_or_buffers_is_stopped(connect, canary):
    client = await connect()
    await run(client, WIDGET)
    send = partial(client.session.send, client.shell_channel.socket)
    send("comm_open", {"comm_id": "c1", "target_name": "probe", "data": {}})
    large = b"a line of some file\n" * 60_000 + f"TOKEN={canary.value}\n".encode()

    send("comm_msg", {"comm_id": "c1", "data": {"text": canary.value}})
    send("comm_msg", {"comm_id": "c1", "data": {}}, buffers=[b"\xff" + canary.value.encode()])
    send("comm_msg", {"comm_id": "c1", "data": {}}, buffers=[memoryview(large)])
    send("comm_msg", {"comm_id": "c1", "data": {"text": "hello"}}, buffers=[b"\0" * 2_000_000])
    heard = []
    while "hello" not in printed(heard):
        heard.append(await client.get_iopub_msg(timeout=60))

    assert printed(heard).strip() == "got {'text': 'hello'} 1"


async def test_an_answer_to_input_is_screened_and_input_does_not_hang(connect, canary):
    client = await connect()
    reply, heard = await run(
        client,
        "print(repr(input('token? ')))",
        stdin_hook=lambda _: client.input(canary.value),
        allow_stdin=True,
    )

    assert reply["content"]["status"] == "ok"
    assert printed(heard).endswith("''\n")
    assert shown(heard)[BLOCKED]["findings"]
    assert not canary.found_in(text_of(heard))


async def test_a_getpass_is_the_persons_own_masked_entry(connect, canary):
    client = await connect()
    _, heard = await run(
        client,
        "import getpass; print(len(getpass.getpass('token? ')))",
        stdin_hook=lambda _: client.input(canary.value),
        allow_stdin=True,
    )

    assert printed(heard) == f"{len(canary.value)}\n"


async def test_a_secret_beside_the_content_does_not_reach_the_kernel(connect, canary):
    client = await connect()
    content = {"code": "print('ran')", "silent": False, "stop_on_error": False}
    for part, field in (
        ("header", {"username": canary.value}),
        ("metadata", {"tags": [canary.value]}),
        ("parent_header", {"msg_id": canary.value}),
    ):
        message = client.session.msg("execute_request", content)
        message[part] = {**message[part], **field}
        client.shell_channel.send(message)
        heard = []
        while "error" not in kinds(heard):
            heard.append(await client.get_iopub_msg(timeout=60))
        assert not canary.found_in(text_of(heard)), part
        assert printed(heard) == "", part


async def test_bytes_made_by_somebody_else_are_screened_before_they_are_signed(connect, canary):
    client = await connect("bash")
    parts = [
        json.dumps(part).encode()
        for part in (
            {"msg_id": "12ab", "msg_type": "execute_request", "session": "34cd"},
            {},
            {},
            {"code": f"TOKEN={canary.value}", "silent": False},
        )
    ]

    client.session.send_raw(client.shell_channel.socket, parts)
    assert_stopped(await reply_to(client, "12ab"))


@every_kernel
async def test_a_blocking_client_gets_the_same_answers(kernel, canary, name):
    manager = await kernel(name)

    def work():
        client = manager.blocking_client()
        client.start_channels()
        try:
            client.wait_for_ready(timeout=60)
            heard = []
            reply = client.execute_interactive(
                f"TOKEN={canary.value}", output_hook=heard.append, timeout=60
            )
            alone = client.execute(f"TOKEN={canary.value}", reply=True, timeout=60)
            return reply, heard, alone
        finally:
            client.stop_channels()

    loop = asyncio.get_running_loop()
    reply, heard, alone = await loop.run_in_executor(None, work)

    assert_stopped(reply)
    assert_stopped(alone)
    assert kinds(heard) == STOPPED


@every_kernel
async def test_nbclient_in_the_server_stops_at_the_cell(kernel, canary, name):
    manager = await kernel(name)
    sources = ["echo one", f"TOKEN={canary.value}", "echo three"]
    if name == "python3":
        sources = ["!" + source for source in sources]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(s) for s in sources])
    executor = NotebookClient(notebook, km=manager, timeout=60)
    executor.kc = by_client(manager)
    await executor.kc.wait_for_ready(timeout=60)

    await executor.async_execute_cell(notebook.cells[0], 0)
    with pytest.raises(CellExecutionError) as failure:
        await executor.async_execute_cell(notebook.cells[1], 1)
    executor.kc.stop_channels()

    first, second, third = notebook.cells
    assert first.outputs[0].text.strip() == "one"
    assert [output.output_type for output in second.outputs] == ["display_data", "error"]
    assert BLOCKED in second.outputs[0].data
    assert third.outputs == []
    assert "not sent to the kernel" in failure.value.evalue


async def test_a_client_class_that_is_set_later_is_guarded_too(jp_serverapp, bash_kernel, canary):
    kernels = jp_serverapp.kernel_manager
    manager = kernels.get_kernel(await kernels.start_kernel(kernel_name=bash_kernel))

    class Another(AsyncKernelClient):
        """Somebody's own client."""

    manager.client_factory = Another
    client = by_client(manager)
    await client.wait_for_ready(timeout=60)

    assert isinstance(client, Another)
    reply, _ = await run(client, f"TOKEN={canary.value}")
    client.stop_channels()
    assert_stopped(reply)


async def test_clean_messages_pass_as_they_are(connect):
    client = await connect()
    await run(client, "%config Completer.use_jedi = False")  # which reads for seconds at first

    _, heard = await run(
        client,
        "name = input('name? '); print('hello', name)",
        stdin_hook=lambda _: client.input("Ada"),
        allow_stdin=True,
    )
    found = await client.complete("pri", 3, reply=True, timeout=60)

    assert printed(heard).endswith("hello Ada\n")
    assert "print" in found["content"]["matches"]
