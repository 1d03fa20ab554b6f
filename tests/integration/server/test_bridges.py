"""Connections that are not Jupyter Server's own: bridged by a client here, and by a gateway there.

The first does what jupyter_server_documents does: each page gets a client of the kernel's manager,
whose sockets are read and written directly. The second is a real second server.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time

import pytest
from jupyter_server.gateway.gateway_client import GatewayClient
from jupyter_server.services.kernels.connection.base import (
    BaseKernelWebsocketConnection,
    deserialize_msg_from_ws_v1,
    serialize_msg_to_ws_v1,
)
from kernel_pages import of_kind, printed, reply
from steps import told_by_server
from tornado.websocket import WebSocketClosedError
from traitlets.config import Config

from jupyter_agent.server.guard import guarded

pytestmark = pytest.mark.one_server

BLOCKED = "application/vnd.jupyter-agent.blocked+json"


class Bridge(BaseKernelWebsocketConnection):
    """A page's own client of its kernel."""

    kernel_ws_protocol = "v1.kernel.websocket.jupyter.org"

    async def connect(self):
        self._client = self.kernel_manager.client()
        self._client.load_connection_info(self.kernel_manager.get_connection_info())
        self._client.start_channels(hb=False)
        self._tasks = [
            asyncio.create_task(self._listen(name))
            for name in ("shell", "control", "stdin", "iopub")
        ]

    def disconnect(self):
        for task in self._tasks:
            task.cancel()
        self._client.stop_channels()

    def handle_incoming_message(self, incoming_msg):
        name, parts = deserialize_msg_from_ws_v1(incoming_msg)
        channel = getattr(self._client, f"{name}_channel")
        self._client.session.send_raw(channel.socket, parts)

    async def _listen(self, name):
        channel = getattr(self._client, f"{name}_channel")
        while True:
            parts = await channel.socket.recv_multipart()
            _, fed = self._client.session.feed_identities(parts)
            try:
                message = serialize_msg_to_ws_v1(fed[1:], name)
                self.websocket_handler.write_message(message, binary=True)
            except WebSocketClosedError:
                return


class TestAClientForEachPage:
    @pytest.fixture
    def page_of(self, connect, bash_kernel, jp_serverapp, monkeypatch):
        settings = jp_serverapp.web_app.settings
        ours = settings["kernel_websocket_connection_class"]
        bridge = guarded(Bridge, ours.jupyter_agent_gate)
        monkeypatch.setitem(settings, "kernel_websocket_connection_class", bridge)
        return connect

    @pytest.mark.parametrize("name", ["python3", "bash"])
    async def test_a_stopped_cell_shows_one_box(self, page_of, canary, name):
        page = await page_of(name)

        messages = await page.run(f"TOKEN={canary.value}")

        assert reply(messages)["ename"] == "SecretBlocked"
        (box,) = of_kind(messages, "display_data")
        assert box["data"][BLOCKED]["findings"]
        after = await page.run("echo next" if name == "bash" else "print('next')")
        assert printed(after) == "next\n"
        assert not canary.found_in(b"".join(page.raw))

    @pytest.mark.parametrize(("asked", "length"), [("input", 0), ("getpass", None)])
    async def test_answers_are_screened_by_who_heard_the_question(
        self, page_of, canary, asked, length
    ):
        page = await page_of("python3")
        request = await page.execute(f"from getpass import getpass; print(len({asked}('token? ')))")
        await page.until(lambda m: m.kind == "input_request")

        await page.send("input_reply", {"value": canary.value}, channel="stdin")
        messages = (await page.answers(request))[request]

        expected = len(canary.value) if length is None else length
        assert printed(messages).splitlines()[-1].endswith(str(expected))


def url_of(runtime, server):
    """Where a server is, as soon as it says so and listens."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and server.poll() is None:
        if told := told_by_server(runtime):
            return told["url"].rstrip("/")
        time.sleep(0.05)
    raise AssertionError("the gateway did not come up")


@pytest.mark.one_server(shared=False)
class TestAGateway:
    """Kernels on another server: there is no socket of theirs here, and no kernelspec."""

    @pytest.fixture
    def gateway(self, tmp_path_factory):
        root = tmp_path_factory.mktemp("gateway")
        arguments = [
            *("--no-browser", "--allow-root", "--ServerApp.ip=127.0.0.1"),
            "--ServerApp.port=0",
            "--IdentityProvider.token=",  # Jupyter Server's own client of a gateway sends none
            "--ServerApp.disable_check_xsrf=True",
            f"--ServerApp.root_dir={root}",
            "--ServerApp.jpserver_extensions={'jupyter_agent': False}",
        ]
        folders = {
            name: str(root / name) for name in ("HOME", "JUPYTER_RUNTIME_DIR", "JUPYTER_CONFIG_DIR")
        }
        with (root / "log").open("wb") as log:
            server = subprocess.Popen(
                [sys.executable, "-m", "jupyter_server", *arguments],
                env={**os.environ, **folders},
                stdout=log,
                stderr=log,
            )
        GatewayClient.clear_instance()  # one of an earlier server knows no gateway
        try:
            yield url_of(root / "JUPYTER_RUNTIME_DIR", server)
        finally:
            server.terminate()
            server.wait(30)
            GatewayClient.clear_instance()

    @pytest.fixture
    def jp_server_config(self, gateway):
        return Config(
            {
                "ServerApp": {"jpserver_extensions": {"jupyter_agent": True}},
                "GatewayClient": {"url": gateway},
            }
        )

    async def test_pages_and_clients_are_guarded_there_too(self, jp_serverapp, connect, canary):
        page = await connect("python3", v1=False)
        messages = await page.run(f"TOKEN = '{canary.value}'")
        assert "not sent to the kernel" in reply(messages)["evalue"]
        assert BLOCKED in of_kind(messages, "display_data")[0]["data"]
        assert printed(await page.run("print('TOKEN' in globals())")) == "False\n"

        request = await page.execute("import getpass; print(len(getpass.getpass('token? ')))")
        await page.until(lambda m: m.kind == "input_request")
        await page.send("input_reply", {"value": canary.value}, channel="stdin")
        answered = (await page.answers(request))[request]
        assert printed(answered).splitlines()[-1] == str(len(canary.value))

        manager = jp_serverapp.kernel_manager
        (kernel_id,) = manager.list_kernel_ids()
        client = manager.get_kernel(kernel_id).client()
        await client.start_channels()
        stopped = await client.execute(f"TOKEN = '{canary.value}'", reply=True, timeout=60)
        passed = await client.execute("1", reply=True, timeout=60)
        await asyncio.to_thread(client.stop_channels)

        assert "not sent to the kernel" in stopped["content"]["evalue"]
        assert passed["content"]["status"] == "ok"
        assert printed(await page.run("print('TOKEN' in globals())")) == "False\n"
        page.close()
        await manager.shutdown_all()  # while the gateway is still there
