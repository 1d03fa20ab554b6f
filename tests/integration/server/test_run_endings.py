"""What becomes of runs when the page closes, the kernel restarts, or the server ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from jupyter_client.blocking import BlockingKernelClient
from kernel_pages import KernelPage, printed
from steps import sleeping, told_by_server, wait_until

FIVE = (
    "sleep 7961 & setsid sleep 7962 & nohup sleep 7963 >/dev/null 2>&1 & ( (sleep 7964 &) & );"
    " echo up; sleep 7965"
)


def _all_five() -> bool:
    return len(sleeping("796")) == 5


async def test_a_run_goes_on_when_the_page_closes_and_its_output_is_there_afterwards(
    jp_fetch, jp_ws_fetch, tmp_path
):
    """As with any cell. The server keeps the output for a page that comes back."""
    answer = await jp_fetch("api", "kernels", method="POST", body="{}", request_timeout=60)
    kernel = json.loads(answer.body)["id"]
    page = await KernelPage.connect(jp_ws_fetch, kernel, session="the-page")
    go = tmp_path / "go"
    await page.run("%load_ext jupyter_agent")
    waits = f"until [ -e '{go}' ]; do sleep 0.02; done; echo late"
    await page.run(f"%%agent_run --bg job\n{waits}")
    await page.execute(f"%%agent_run --timeout 30\necho early; {waits}")
    await page.until(lambda message: "early" in message.text)
    page.close()
    go.touch()
    again = await KernelPage.connect(jp_ws_fetch, kernel, session="the-page")
    await again.until(lambda message: message.kind == "stream" and "late" in message.text)
    assert printed(await again.run("print(job.wait(60), job.tail())")) == "0 late\n\n"


async def test_a_restart_of_the_kernel_leaves_nothing(jp_fetch, connect):
    page = await connect()
    await page.run("%load_ext jupyter_agent")
    await page.execute(f"%%agent_run\n{FIVE}")
    await page.until(lambda message: message.kind == "stream" and "up" in message.text)
    wait_until(_all_five)
    [kernel] = json.loads((await jp_fetch("api", "kernels")).body)
    await jp_fetch("api", "kernels", kernel["id"], "restart", method="POST", body="")
    wait_until(lambda: not sleeping("796"), seconds=2)


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[bytes], int, Path]]:
    """A Jupyter server in a process of its own, its port, and its folder of connection files."""
    runtime = tmp_path / "runtime"
    env = {**os.environ, "JUPYTER_RUNTIME_DIR": str(runtime), "JUPYTER_TOKEN": "t"}
    (tmp_path / "work").mkdir()
    words = ["-m", "jupyter_server", f"--ServerApp.root_dir={tmp_path / 'work'}", "--no-browser"]
    with (tmp_path / "server.log").open("wb") as log:
        server = subprocess.Popen(
            [sys.executable, *words, "--ServerApp.port=0"],
            env=env,
            cwd=tmp_path,
            stdout=log,
            stderr=log,
            process_group=0,
        )
    try:
        wait_until(lambda: told_by_server(runtime) is not None, seconds=60)
        yield server, (told_by_server(runtime) or {})["port"], runtime
    finally:
        os.killpg(server.pid, signal.SIGKILL)
        server.wait()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_server_that_ends_leaves_nothing(own_server, number):
    server, port, runtime = own_server
    url = f"http://localhost:{port}/api/kernels"
    request = urllib.request.Request(url, data=b"{}", method="POST")
    request.add_header("Authorization", "token t")
    with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
        kernel = json.loads(answer.read())["id"]
    client = BlockingKernelClient(connection_file=str(runtime / f"kernel-{kernel}.json"))
    client.load_connection_file()
    client.start_channels(hb=False)  # a kernel that is slow to start is not dead
    try:
        client.wait_for_ready(timeout=60)
        client.execute_interactive("%load_ext jupyter_agent", timeout=60)
        client.execute_interactive(f"%%agent_run --bg job\n{FIVE}", timeout=60)
        wait_until(_all_five)
        os.kill(server.pid, number)
        # The kernel looks after its server once a second; then it has the usual two.
        wait_until(lambda: not sleeping("796"), seconds=4)
    finally:
        client.stop_channels()
