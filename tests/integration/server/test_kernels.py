"""Kernels get a capability, and the broker always knows whose it is."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from kernel_pages import KernelPage, printed, reply

from jupyter_agent import person as person_door

pytestmark = pytest.mark.one_server

ASK = """
import os
from jupyter_agent.client import Client, Hello
from jupyter_agent.folders import Folders
def ask():
    proof = {"capability": os.environ["JUPYTER_AGENT_CAPABILITY"]}
    with Client(Folders.of(), Hello(role="kernel", proof=proof)) as client:
        return client.welcome["role"], client.welcome["notebook"]
print(*ask(), sep="|")
"""


@pytest.fixture
def notebook_kernel(
    jp_fetch: Callable[..., Awaitable[Any]],
    jp_ws_fetch: Callable[..., Awaitable[Any]],
    jp_create_notebook: Callable[[str], Any],
) -> Callable[..., Awaitable[tuple[KernelPage, dict[str, Any]]]]:
    """Open a notebook: its session, and a page connected to its kernel."""

    async def start(path: str = "sub/a.ipynb") -> tuple[KernelPage, dict[str, Any]]:
        jp_create_notebook(path)
        body = {
            "path": path,
            "name": Path(path).name,
            "type": "notebook",
            "kernel": {"name": "python3"},
        }
        answer = await jp_fetch(
            "api", "sessions", method="POST", body=json.dumps(body), request_timeout=60
        )
        session = json.loads(answer.body)
        return await KernelPage.connect(jp_ws_fetch, session["kernel"]["id"]), session

    return start


async def test_a_kernel_is_known_with_its_notebook(notebook_kernel, jp_root_dir):
    page, _ = await notebook_kernel()

    said = printed(await page.run(ASK))

    assert said == f"kernel|{(jp_root_dir / 'sub' / 'a.ipynb').resolve()}\n"


async def test_each_kernel_has_a_capability_of_its_own(connect):
    show = "import os; print(os.environ['JUPYTER_AGENT_CAPABILITY'])"
    one, other = await connect(), await connect()

    first, second = printed(await one.run(show)).strip(), printed(await other.run(show)).strip()

    assert first != second
    assert len(first) == 43  # 32 bytes in base64url
    assert "JUPYTER_AGENT_CAPABILITY" not in os.environ
    # Another kernel's capability is worth nothing.
    stolen = await one.run(ASK.replace('os.environ["JUPYTER_AGENT_CAPABILITY"]', f"'{second}'"))
    assert reply(stolen)["ename"] == "BrokerRefused"


async def test_it_is_known_again_after_a_restart_and_after_a_crash(
    notebook_kernel, jp_fetch, jp_ws_fetch, jp_serverapp
):
    page, session = await notebook_kernel()
    kernel_id = session["kernel"]["id"]
    before = printed(await page.run(ASK + "\nprint(os.getpid())"))

    await jp_fetch("api", "kernels", kernel_id, "restart", method="POST", body="")
    page = await KernelPage.connect(jp_ws_fetch, kernel_id)
    after_restart = printed(await page.run(ASK + "\nprint(os.getpid())"))

    pid = int(after_restart.split()[-1])
    died = asyncio.Event()
    jp_serverapp.event_logger.add_listener(
        schema_id="https://events.jupyter.org/jupyter_server/kernel_actions/v1",
        listener=_set_on_restart(died),
    )
    os.kill(pid, signal.SIGKILL)
    async with asyncio.timeout(30):
        await died.wait()
    page = await KernelPage.connect(jp_ws_fetch, kernel_id)
    after_crash = printed(await page.run(ASK + "\nprint(os.getpid())"))

    known = [text.splitlines()[0] for text in (before, after_restart, after_crash)]
    assert known[0].startswith("kernel|")
    assert known == [known[0]] * 3
    assert len({text.split()[-1] for text in (before, after_restart, after_crash)}) == 3


def _set_on_restart(event):
    async def listener(logger, schema_id, data):
        if data["action"] == "restart":
            event.set()

    return listener


@pytest.mark.one_server(shared=False)
async def test_it_is_known_again_after_the_broker_was_killed(notebook_kernel, folders):
    page, _ = await notebook_kernel()
    before = printed(await page.run(ASK))
    with person_door.open_client(folders) as person:
        pid = person.welcome["pid"]

    os.kill(pid, signal.SIGKILL)
    after = printed(await page.run(ASK))

    assert after == before
    with person_door.open_client(folders) as person:
        assert person.welcome["pid"] != pid


async def test_a_renamed_notebook_is_known_by_its_new_name(notebook_kernel, jp_fetch, jp_root_dir):
    page, session = await notebook_kernel()
    (jp_root_dir / "sub" / "a.ipynb").rename(jp_root_dir / "b.ipynb")

    body = json.dumps({"path": "b.ipynb", "name": "b.ipynb", "type": "notebook"})
    await jp_fetch("api", "sessions", session["id"], method="PATCH", body=body)

    assert await _says(page, ASK, f"kernel|{(jp_root_dir / 'b.ipynb').resolve()}\n")


async def _says(page: KernelPage, code: str, wanted: str) -> bool:
    """Whether a cell comes to print something; the server tells the broker a moment later."""
    async with asyncio.timeout(20):
        while printed(await page.run(code)) != wanted:
            pass
    return True


async def test_a_kernel_that_was_shut_down_is_forgotten(
    notebook_kernel, jp_fetch, jp_serverapp, monkeypatch
):
    page, session = await notebook_kernel()
    await page.run(ASK)
    forgotten = asyncio.Event()
    link = jp_serverapp.web_app.settings["jupyter_agent"].link
    call = link.call

    async def watched(op, **fields):
        answer = await call(op, **fields)
        if op == "kernel.forget" and fields["kernel_id"] == session["kernel"]["id"]:
            forgotten.set()
        return answer

    monkeypatch.setattr(link, "call", watched)
    await jp_fetch("api", "sessions", session["id"], method="DELETE")

    async with asyncio.timeout(20):
        await forgotten.wait()


@pytest.mark.one_server(shared=False)
async def test_kernels_start_without_a_broker(notebook_kernel, agent_home):
    (agent_home / "run").mkdir(mode=0o700, exist_ok=True)
    (agent_home / "run").chmod(0o777)  # open to others: no broker may be started or used there

    page, _ = await notebook_kernel()

    assert printed(await page.run("print('works')")) == "works\n"
