"""Secrets on Windows from end to end: terminal, broker, vault, kernel and server; no value shows.

The tests of this module build on each other: starting a broker, a kernel and a server each once is
most of their time.
"""

from __future__ import annotations

import base64
import json
import os
import random
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import access_lists
import brokers_of_windows
import pytest
from canary import Canary
from jupyter_client.blocking import BlockingKernelClient
from jupyter_client.manager import KernelManager

from jupyter_agent import entry, owner, person
from jupyter_agent.folders import Folders

pytestmark = pytest.mark.timeout(600)

PATIENCE = 120
CELL = """
from jupyter_agent.kernel.entry_widget import EntryWidget
from jupyter_agent.kernel.identity import open_client
EntryWidget("FROM_A_WIDGET", "set", lambda: open_client(get_ipython()), "")
"""


@pytest.fixture(scope="module")
def canary() -> Canary:
    return Canary.make(random.Random(os.urandom(8)))


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, canary: Canary) -> Iterator[Path]:
    """A folder of one's own for all tests of this module, which is searched when they are over."""
    top = tmp_path_factory.mktemp("a person")
    yield top
    brokers_of_windows.end(top)
    assert canary.search_tree(top) == []


@pytest.fixture(autouse=True)
def agent_home(place: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("JUPYTER_AGENT_HOME", str(place / "home"))
    return place / "home"


def agent(*words: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "jupyter_agent.cli", *words],
        input=stdin,
        capture_output=True,
        check=False,
        timeout=PATIENCE,
    )


def labels() -> list[str]:
    listed = agent("secret", "list", "--json")
    assert listed.returncode == 0, listed.stderr
    return [each["label"] for each in json.loads(listed.stdout)["secrets"]]


def is_stored(canary: Canary) -> bool:
    """Whether the broker knows the value, asked as a person."""
    with person.open_client(Folders.of()) as client:
        answer = client.call("match", text=f"x {canary.value} y")
    return canary.value not in str(answer) and "DEMO_TOKEN" in str(answer)


def test_a_value_from_stdin_is_sealed_with_a_key_of_the_credential_manager(canary: Canary) -> None:
    saved = agent("secret", "set", "DEMO_TOKEN", "--stdin", stdin=canary.value.encode())
    assert saved.returncode == 0, saved.stderr
    assert labels() == ["DEMO_TOKEN"]
    status = json.loads(agent("vault", "status", "--json").stdout)
    assert "os-keyring" in str(status)
    assert is_stored(canary)


def test_folders_and_files_are_the_persons_alone(agent_home: Path) -> None:
    for each in agent_home.rglob("*"):
        assert owner.is_mine(each)
        assert owner.is_closed(each), each.name


def test_a_broker_that_was_killed_is_replaced_and_its_port_not_trusted(
    agent_home: Path, canary: Canary
) -> None:
    first = {process.pid for process in brokers_of_windows.of(agent_home)}
    (port,) = (agent_home / "run").glob("*.port")
    before = port.read_bytes()
    brokers_of_windows.end(agent_home)
    assert labels() == ["DEMO_TOKEN"]
    assert first.isdisjoint(process.pid for process in brokers_of_windows.of(agent_home))
    assert port.read_bytes() != before
    assert is_stored(canary)


def test_the_broker_takes_nothing_from_the_environment_of_who_started_it(
    agent_home: Path,
) -> None:
    environments = [process.environ() for process in brokers_of_windows.of(agent_home)]
    assert environments
    assert all("JUPYTER_AGENT_HOME" not in each for each in environments)


def test_what_can_not_be_had_yet_says_so_in_one_sentence() -> None:
    refused = agent("run", "-s", "DEMO_TOKEN", "--pty", "--", "x")
    assert refused.returncode == 125
    assert refused.stderr.startswith(b"error: There is no --pty on Windows")


def test_doctor_finds_the_broker_and_folders_well() -> None:
    checks = {each["id"]: each for each in json.loads(agent("doctor", "--json").stdout)["checks"]}
    for name in ("broker", "vault", "folder-data", "folder-state", "folder-run", "screener"):
        assert checks[name]["state"] == "ok", checks[name]


def test_a_folder_that_lets_others_in_is_refused_with_a_next_step(agent_home: Path) -> None:
    run = agent_home / "run"
    access_lists.let_everybody_in(run)
    refused = agent("vault", "status")
    assert refused.returncode == 1
    assert b"open to other users" in refused.stderr
    assert b"icacls" in refused.stderr
    access_lists.close(run)
    assert labels() == ["DEMO_TOKEN"]


@pytest.fixture(scope="module")
def kernel(place: Path) -> Iterator[BlockingKernelClient]:
    manager = KernelManager()
    manager.start_kernel(
        cwd=str(place), env={**os.environ, "JUPYTER_AGENT_HOME": str(place / "home")}
    )
    client = manager.client()
    client.start_channels()
    try:
        client.wait_for_ready(PATIENCE)
        yield client
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def executed(kernel: BlockingKernelClient, cell: str) -> tuple[dict[str, Any], list[Any]]:
    heard: list[Any] = []
    reply = kernel.execute_interactive(cell, output_hook=heard.append, timeout=PATIENCE)
    return reply["content"], heard


def test_a_kernel_lists_labels_and_stops_a_cell_with_a_stored_value(
    kernel: BlockingKernelClient, canary: Canary
) -> None:
    assert executed(kernel, "%load_ext jupyter_agent")[0]["status"] == "ok"
    reply, heard = executed(kernel, "%secret list")
    assert reply["status"] == "ok"
    assert "DEMO_TOKEN" in str(heard)
    # While a broker that has just come up is slow to answer, cells are screened by the rules alone,
    # and the kernel says so.
    ends = time.monotonic() + PATIENCE
    while (reply := executed(kernel, f"x = '{canary.value}'")[0])["status"] == "ok":
        assert time.monotonic() < ends
        time.sleep(1)
    assert canary.value not in str(reply)
    assert "DEMO_TOKEN" in str(reply)


def test_the_entry_widget_takes_a_value_sealed(
    kernel: BlockingKernelClient, canary: Canary
) -> None:
    reply, heard = executed(kernel, CELL)
    assert reply["status"] == "ok", reply
    opened = [each["content"] for each in heard if each["msg_type"] == "comm_open"]
    (comm,) = [each for each in opened if "label" in each["data"]["state"]]
    (offered,) = told(kernel, comm["comm_id"], {"type": "offer", "origin": "http://localhost"})
    offer = entry.Offer.from_json(offered["offer"])
    sealed = base64.b64encode(entry.seal(offer, canary.value[::-1].encode())).decode()
    fields = {name: offered["offer"][name] for name in ("kid", "ticket", "label", "origin")}
    answered = told(kernel, comm["comm_id"], {"type": "sealed", **fields, "sealed": sealed})
    assert answered == [{"type": "saved", "label": "FROM_A_WIDGET"}]
    assert labels() == ["DEMO_TOKEN", "FROM_A_WIDGET"]


def told(kernel: BlockingKernelClient, comm: str, content: dict[str, Any]) -> list[Any]:
    """Send the widget a message, as a page does, and return its answers."""
    data = {"method": "custom", "content": content}
    message = kernel.session.msg("comm_msg", {"comm_id": comm, "data": data})
    kernel.shell_channel.send(message)
    answers = []
    while True:
        heard = kernel.get_iopub_msg(timeout=PATIENCE)
        if heard["parent_header"].get("msg_id") != message["header"]["msg_id"]:
            continue
        if heard["msg_type"] == "status" and heard["content"]["execution_state"] == "idle":
            return answers
        if heard["msg_type"] == "comm_msg" and heard["content"]["data"]["method"] == "custom":
            answers.append(heard["content"]["data"]["content"])


@pytest.fixture(scope="module")
def server(place: Path) -> Iterator[str]:
    (place / "work").mkdir()
    with subprocess.Popen(
        [
            *(sys.executable, "-m", "jupyter_server", "--port=0", "--no-browser"),
            "--ServerApp.jpserver_extensions={'jupyter_agent': True}",
            "--IdentityProvider.token=",
            *("--ServerApp.disable_check_xsrf=True", f"--ServerApp.root_dir={place / 'work'}"),
        ],
        env={**os.environ, "JUPYTER_AGENT_HOME": str(place / "home"),
             "JUPYTER_RUNTIME_DIR": str(place / "runtime")},
        stdout=subprocess.DEVNULL,
        stderr=(place / "server.log").open("wb"),
    ) as process:  # fmt: skip
        try:
            yield until_served(place, process)
        finally:
            process.kill()
            process.wait(30)


def until_served(place: Path, process: subprocess.Popen[bytes]) -> str:
    ends = time.monotonic() + PATIENCE
    while time.monotonic() < ends and process.poll() is None:
        for file in (place / "runtime").glob("jpserver-*.json"):
            url = str(json.loads(file.read_bytes())["url"])
            try:
                urllib.request.urlopen(f"{url}api", timeout=10).close()  # noqa: S310  (http)
            except OSError:
                break
            return url
        time.sleep(0.1)
    raise AssertionError((place / "server.log").read_text(errors="replace")[-2000:])


def fetched(url: str, body: Any = None, method: str | None = None) -> tuple[int, Any]:
    sent = None if body is None else json.dumps(body).encode()
    kind = {"Content-Type": "application/json"}
    request = urllib.request.Request(url, sent, kind, method=method)  # noqa: S310  (http)
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:  # noqa: S310
            return answer.status, json.loads(answer.read() or b"null")
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read() or b"null")


def test_the_panels_routes_list_and_take_secrets(server: str, canary: Canary) -> None:
    code, body = fetched(f"{server}jupyter-agent/secrets")
    assert (code, [each["label"] for each in body["secrets"]]) == (
        200, ["DEMO_TOKEN", "FROM_A_WIDGET"],
    )  # fmt: skip
    offer = fetched(f"{server}jupyter-agent/offers", {"label": "FROM_THE_PANEL"})[1]["offer"]
    sealed = entry.seal(entry.Offer.from_json(offer), canary.value[1:].encode())
    fields = {name: offer[name] for name in ("kid", "ticket", "label", "origin")}
    fields["sealed"] = base64.b64encode(sealed).decode()
    code, body = fetched(f"{server}jupyter-agent/secrets", fields)
    assert code == 201, body
    assert canary.value[1:] not in str(body)


def test_a_secret_is_removed_for_good() -> None:
    assert agent("secret", "remove", "DEMO_TOKEN", "--yes").returncode == 0
    assert "DEMO_TOKEN" not in labels()
