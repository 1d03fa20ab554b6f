"""Another process that talks to the broker, registered as a kernel where a test wants one."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import jupyter_agent
from jupyter_agent.client import Client
from jupyter_agent.processes import tree

ROOT = str(Path(jupyter_agent.__file__).parents[1])

PERSON_ONLY = [
    ("lock", {}),
    ("unlock", {}),
    ("secret.exposed", {"label": "A", "where": "cell"}),
    ("grant.add", {"label": "A", "any_command": True}),
    ("grant.list", {}),
    ("grant.remove", {"grant": "x"}),
    ("grant.revoke_all", {}),
    ("grant.refused", {"label": "A"}),
    ("approval.watch", {}),
    ("approval.list", {}),
    ("approval.answer", {"approval_id": "x", "nonce": "y", "answer": "once"}),
    ("kernel.register", {"kernel_id": "k", "capability": "c"}),
    ("kernel.forget", {"kernel_id": "k"}),
    ("kernel.above", {"pids": [1]}),
    ("desktop.serve", {"server": "s"}),
    ("desktop.answer", {"server": "s", "ask": 1, "result": {}}),
    ("audit.read", {}),
    ("audit.verify", {}),
    ("secret.describe", {"label": "A", "note": "x"}),
    ("vault.offer", {"origin": "o"}),
    ("vault.move", {"to": "file"}),
    ("vault.verify", {}),
    ("vault.export", {"path": "/nowhere/copy"}),
    ("vault.import", {"path": "/nowhere/copy"}),
    ("vault.merge", {"import": "x"}),
    ("vault.accept_restored", {}),
    ("vault.purge", {}),
]
"""What nobody but a person may ask."""


class Elsewhere:
    """A process of its own that talks to the broker as it is told, one JSON line at a time."""

    PROGRAM = """
import json, sys
sys.path.insert(0, sys.argv[1])
from jupyter_agent.client import Client, Hello
from jupyter_agent.errors import AgentError
from jupyter_agent.folders import Folders
for line in sys.stdin:
    order = json.loads(line)
    try:
        with Client(Folders.of(), Hello(**order["hello"])) as client:
            answer = {"welcome": client.welcome}
            if "op" in order:
                answer["result"] = client.call(order["op"], **order["fields"])
    except AgentError as error:
        answer = error.to_json()
    print(json.dumps(answer), flush=True)
"""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", self.PROGRAM, ROOT],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    @classmethod
    @contextlib.contextmanager
    def process_of_its_own(cls) -> Iterator[Elsewhere]:
        """One that ends with the block."""
        other = cls()
        with other.process:
            yield other
            other.process.kill()

    def says(self, hello: dict, op: str | None = None, **fields: object) -> dict:
        self.begins(hello, op, **fields)
        return self.heard()

    def begins(self, hello: dict, op: str | None = None, **fields: object) -> None:
        assert self.process.stdin is not None
        order = {"hello": hello} | ({"op": op, "fields": fields} if op else {})
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()

    def heard(self) -> dict:
        assert self.process.stdout is not None
        return json.loads(self.process.stdout.readline())


def register_kernel(person: Client, elsewhere: Elsewhere, capability: str, **more: object) -> None:
    pid = elsewhere.process.pid
    found = tree.parent_and_start(pid)
    assert found is not None
    person.call(
        "kernel.register",
        kernel_id="k1",
        capability=capability,
        **{"notebook": "/n/a.ipynb", "pid": pid, "started": found[1], **more},
    )
