"""What tests do with a broker, in one line each."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jupyter_agent import entry
from jupyter_agent.client import Client
from jupyter_agent.errors import AgentError
from jupyter_agent.processes import tree

planted: list[str | bytes] = []
"""What this test has stored so far: an autouse fixture looks for it everywhere afterwards."""


def save(
    client: Client, label: str, value: str | bytes, *, replace: bool = False, **more: Any
) -> dict[str, Any]:
    """Seal a value as a form does, and store it."""
    planted.append(value)
    offer = client.call("secret.offer", label=label, origin="test", replace=replace)["offer"]
    raw = value.encode() if isinstance(value, str) else value
    sealed = entry.seal(entry.Offer.from_json(offer), raw)
    return client.call("secret.save", **sealed_fields(offer, sealed), **more)["secret"]


def empty(person: Client) -> None:
    """Open the vault and leave nothing behind: no run, no agent, no value, nothing permitted."""
    for run_ in person.call("runs.list")["runs"]:
        with contextlib.suppress(AgentError):  # it has just ended
            person.call("runs.stop", run_id=run_["run_id"])
    for agent in person.call("agent.list")["agents"]:
        person.call("agent.forget", name=agent["name"])
    state = person.call("status")["vault"]["state"]
    if state == "absent":
        return
    if state == "locked":
        person.call("unlock")
    for grant in person.call("grant.list")["grants"]:
        person.call("grant.remove", grant=grant["id"])
    for allowance in person.call("allow.list")["allowances"]:
        person.call("allow.remove", allowance=allowance["id"])
    for secret in person.call("secret.list")["secrets"]:
        person.call("secret.remove", label=secret["label"])


def sealed_fields(offer: dict[str, Any], sealed: bytes) -> dict[str, str]:
    """The fields of `secret.save` that come from a form."""
    return {
        "kid": offer["kid"],
        "ticket": offer["ticket"],
        "label": offer["label"],
        "origin": offer["origin"],
        "sealed": base64.b64encode(sealed).decode(),
    }


@dataclass(frozen=True)
class Outcome:
    """What a run did."""

    stdout: bytes
    stderr: bytes
    result: dict[str, Any]
    events: list[dict[str, Any]]

    @property
    def exit(self) -> int:
        return int(self.result["exit"])


def request(script: str | None, *labels: str, **more: Any) -> dict[str, Any]:
    """The fields of a `run`; a label may be `ENV=LABEL`."""
    secrets = []
    for label in labels:
        env, _, name = label.rpartition("=")
        secrets.append({"label": name, "env": env or name})
    env = {"PATH": os.environ["PATH"], **more.pop("env", {})}
    return {"script": script, "secrets": secrets, "cwd": "/", "env": env, **more}


def run(client: Client, script: str | None, *labels: str, **more: Any) -> Outcome:
    """Run a script to its end."""
    return collect(client, client.begin("run", **request(script, *labels, **more)))


def collect(client: Client, number: int) -> Outcome:
    """Everything a run that was begun still says."""
    streams = {"stdout": b"", "stderr": b""}
    events: list[dict[str, Any]] = []
    while True:
        message = client.receive(number)
        if "result" in message:
            return Outcome(streams["stdout"], streams["stderr"], message["result"], events)
        events.append(message)
        if message["event"] == "output":
            streams[message["stream"]] += base64.b64decode(message["data"])


def until(client: Client, number: int, event: str) -> dict[str, Any]:
    """The next event of a kind."""
    while (message := client.receive(number)).get("event") != event:
        pass
    return message


def output_until(client: Client, number: int, wanted: bytes) -> bytes:
    """Output of a run, read until it holds something."""
    seen = b""
    while wanted not in seen:
        seen += base64.b64decode(until(client, number, "output")["data"])
    return seen


def sleeping(seconds: str) -> list[int]:
    """The pids of every `sleep` whose time begins with these digits.

    Without those below a broker of other tests: a machine may have two checkouts that are tested.
    """
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        pid = int(process.name)
        with contextlib.suppress(OSError):
            started = (process / "cmdline").read_bytes().startswith(b"sleep\0" + seconds.encode())
            if started and not _is_of_other_tests(pid):
                found.append(pid)
    return found


def _is_of_other_tests(pid: int) -> bool:
    ours = os.fsencode(Path(os.environ["JUPYTER_AGENT_HOME"]).parent) + b"/"
    for above, _ in tree.ancestry(pid):
        words = Path(f"/proc/{above}/cmdline").read_bytes().split(b"\0")
        if b"jupyter_agent.broker" in words:
            return not any(word.startswith(ours) for word in words)
    return False  # nobody's any more, or no run: what is left behind counts, whoever left it


def wait_until(holds: Callable[[], bool], seconds: float = 30.0) -> None:
    """Poll something that sends no event."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def allow(person: Any, rule: str, value: str, *, scope: str = "value") -> None:
    """Say that a finding is no secret."""
    (mark,) = person.call("allow.check", findings=[{"rule": rule, "value": value}])["marks"]
    person.call("allow.add", scope=scope, rule=rule, mark=mark, reason="a test's own")


def told_by_server(runtime: Path) -> dict[str, Any] | None:
    """What a Jupyter server says of itself in its runtime folder, once it listens."""
    for path in runtime.glob("jpserver-[0-9]*.json"):
        # Half written; or, as Jupyter Server does, said before it listens.
        with contextlib.suppress(ValueError, OSError):
            told: dict[str, Any] = json.loads(path.read_text())
            socket.create_connection((told["hostname"], told["port"]), 5).close()
            return told
    return None
