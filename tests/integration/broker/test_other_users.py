"""Another user of the machine: what the folders keep out, and what the broker refuses itself."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from canary import Canary
from steps import save

from jupyter_agent import person as person_door
from jupyter_agent.client import Client
from jupyter_agent.folders import Folders

NOBODY = 65534
VALUE = "a-made-up-value-of-somebody-else"


@pytest.fixture
def folders(monkeypatch: pytest.MonkeyPatch) -> Iterator[Folders]:
    """A home whose parents everybody may pass through, as homes often are."""
    home = Path(tempfile.mkdtemp())  # pytest closes its own folders to everybody
    home.chmod(0o755)
    monkeypatch.setenv("JUPYTER_AGENT_HOME", str(home))
    monkeypatch.setenv("JUPYTER_AGENT_KEY_SOURCE", "file")
    yield Folders.of({"JUPYTER_AGENT_HOME": str(home)})
    shutil.rmtree(home, ignore_errors=True)


def as_nobody(work: Callable[[], object]) -> str:
    """What somebody else gets: the answer, or the name of the error."""
    reading, writing = os.pipe()
    if (pid := os.fork()) == 0:
        try:
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
            answer = str(work())
        except BaseException as error:  # noqa: BLE001  (whatever it is, it is the answer)
            answer = type(error).__name__
        os.write(writing, answer.encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        answer = pipe.read()
    os.waitpid(pid, 0)
    return answer


def hello(folders: Folders) -> str:
    """What the broker says to somebody who shows the person key."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(30)
        connection.connect(str(folders.socket))
        asked = {"id": 0, "op": "hello", "protocol": [1, 2, 3], "person": "0" * 43}
        with contextlib.suppress(BrokenPipeError):  # it may not even wait for it
            connection.sendall(json.dumps(asked).encode() + b"\n")
        return connection.makefile().readline()


@pytest.mark.root
def test_another_user_reads_none_of_our_files_and_the_broker_does_not_talk_to_them(folders):
    if os.getuid() != 0:
        pytest.skip("only root can become somebody else")
    with person_door.open_client(folders) as person:
        save(person, "DEMO_TOKEN", VALUE)
        paths = [path for path in folders.data.parent.rglob("*") if path.is_file()]
        assert {"vault.db", "vault.key", "vault.anchor", "person.key"} <= {p.name for p in paths}
        for path in paths:
            assert as_nobody(path.read_bytes) == "PermissionError"
        assert as_nobody(lambda: hello(folders)) == "PermissionError"
        memory = f"/proc/{person.welcome['pid']}/mem"
        assert as_nobody(lambda: Path(memory).read_bytes()) == "PermissionError"
        # The folders open by mistake: the broker itself looks at who is there.
        folders.data.parent.chmod(0o755)
        folders.run.chmod(0o755)
        folders.socket.chmod(0o777)
        answer = json.loads(as_nobody(lambda: hello(folders)))
        assert answer["error"]["code"] == "broker_refused"
        assert Canary(VALUE).found_in(json.dumps(answer).encode()) == []
        # And our own client takes no such folder any more.
        with pytest.raises(Exception, match="open to other users"):
            Client(folders, person_door.hello(folders, {}))
        os.kill(person.welcome["pid"], signal.SIGKILL)  # it lies where no fixture looks for it
