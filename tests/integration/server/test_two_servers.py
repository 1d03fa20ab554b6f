"""Two Jupyter servers and the command line at once: one vault, and one truth about it."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from command_line import CommandLine
from steps import planted, sealed_fields, told_by_server

from jupyter_agent import entry

TOKEN = "made-up-login-for-this-test"  # noqa: S105  (Jupyter's, for two servers of this test)


@dataclass(frozen=True)
class Server:
    """A running server.

    Attributes:
        url: With a slash at the end.
    """

    url: str

    def __call__(self, route: str, *, post: bool = False, **body: Any) -> dict[str, Any]:
        """Ask it, as its page does; the answer, or the error."""
        request = urllib.request.Request(  # noqa: S310  (our own server, http)
            f"{self.url}jupyter-agent/{route}",
            data=json.dumps(body).encode() if body or post else None,
            headers={"Authorization": f"token {TOKEN}", "Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
                return json.loads(answer.read() or b"{}")
        except urllib.error.HTTPError as error:
            return json.loads(error.read())

    def save(self, label: str, value: str) -> None:
        """Seal a value as the page does, and save it."""
        planted.append(value)
        offer = self("offers", label=label, replace=False)["offer"]
        sealed = entry.seal(entry.Offer.from_json(offer), value.encode())
        assert self("secrets", **sealed_fields(offer, sealed))["secret"]["label"] == label

    def labels(self) -> list[str]:
        """Every label it knows."""
        return [meta["label"] for meta in self("secrets")["secrets"]]


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[list[Server]]:
    with contextlib.ExitStack() as stack:
        runtimes = [stack.enter_context(running(tmp_path / name)) for name in ("one", "two")]
        yield [Server(url_of(*each)) for each in runtimes]


@contextlib.contextmanager
def running(root: Path) -> Iterator[tuple[Path, subprocess.Popen[bytes]]]:
    root.mkdir()
    arguments = [
        *("--no-browser", "--ServerApp.port=0", f"--ServerApp.root_dir={root}"),
        *(
            f"--IdentityProvider.token={TOKEN}",
            "--ServerApp.jpserver_extensions=jupyter_agent=True",
        ),
        *(["--allow-root"] if os.getuid() == 0 else []),
    ]
    names = ("HOME", "JUPYTER_RUNTIME_DIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR")
    with (root / "log").open("wb") as log:
        server = subprocess.Popen(
            [sys.executable, "-P", "-m", "jupyter_server", *arguments],
            env={**os.environ, **{name: str(root / name) for name in names}},
            stdout=log,
            stderr=log,
        )
    try:
        yield root / "JUPYTER_RUNTIME_DIR", server
    finally:
        server.terminate()
        server.wait(30)


def url_of(runtime: Path, server: subprocess.Popen[bytes]) -> str:
    """Where a server is, as soon as it says so and listens."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and server.poll() is None:
        if told := told_by_server(runtime):
            return str(told["url"])
        time.sleep(0.05)
    raise AssertionError((runtime.parent / "log").read_text()[-3000:])


def test_two_servers_and_the_command_line_share_one_vault(
    servers: list[Server], tmp_path: Path
) -> None:
    one, two = servers
    cli = CommandLine(tmp_path)

    def by_server(number: int) -> None:
        for n in range(8):
            servers[number].save(f"SERVER_{number}_{n}", f"made-up value {number} of {n} servers")

    def by_command_line() -> None:
        for n in range(3):
            value = f"made-up value {n} of a terminal"
            planted.append(value)
            done = cli("secret", "set", f"TERMINAL_{n}", "--stdin", stdin=value.encode())
            assert done.code == 0, done.err

    with ThreadPoolExecutor(3) as pool:
        works = [pool.submit(by_server, 0), pool.submit(by_server, 1), pool.submit(by_command_line)]
        for work in works:
            work.result(90)
    expected = sorted(
        [f"SERVER_{s}_{n}" for s in (0, 1) for n in range(8)] + [f"TERMINAL_{n}" for n in range(3)]
    )
    shown = [meta["label"] for meta in cli("secret", "list", "--json").json["secrets"]]
    assert one.labels() == two.labels() == shown == expected
    # One closes it, and it is closed for all; what one of them does, all of them see.
    assert "error" not in one("lock", post=True)
    assert two("secrets")["error"]["code"] == "vault_locked"
    assert cli("secret", "list", "--json").error["code"] == "vault_locked"
    assert cli("unlock").code == 0
    two("secrets/remove", label="TERMINAL_0")
    assert one.labels() == [label for label in expected if label != "TERMINAL_0"]
    taken = one("offers", label="TERMINAL_1", replace=False)
    assert taken["error"]["code"] == "label_taken"
    pids = {server("status")["pid"] for server in servers}
    assert pids == {cli("status", "--json").json["pid"]}
