"""What another user's processes do to a run: sudo starts them below it, and we can't end them.

There is no other user here: the programs under test are refused signals to `sleep 7966`.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest
from steps import sleeping, wait_until

_REFUSED = """
import os, signal
from pathlib import Path
def refuse(pid):
    if b"7966" in Path(f"/proc/{pid}/cmdline").read_bytes():
        raise PermissionError(1, "not yours")
def to_held(handle, number, really=signal.pidfd_send_signal):
    said = Path(f"/proc/self/fdinfo/{handle}").read_text()
    refuse(int(said.partition("Pid:")[2].split()[0]))
    really(handle, number)
def to_number(pid, number, really=os.kill):
    refuse(pid)
    really(pid, number)
signal.pidfd_send_signal, os.kill = to_held, to_number
"""
_KEEPER = """
import socket, sys
from jupyter_agent.shell import keeper
keeper.prepare()
nothing = os.open(os.devnull, os.O_RDWR)
sys.exit(keeper.keep(socket.socket(fileno=int(sys.argv[1])), nothing, *map(os.dup, (nothing,) * 2)))
"""
_RUNNER = """
import subprocess
from jupyter_agent.shell import runner
nowhere = dict.fromkeys(("stdout", "stderr"), subprocess.DEVNULL)
subprocess.Popen(["sleep", "7966"], **nowhere)
ours = subprocess.Popen(["sleep", "7968"], **nowhere)
first = runner._end_strays(())
print(ours.wait(), first, runner._end_strays(()), runner._end_strays((ours.pid,)))
"""


@pytest.fixture(autouse=True)
def nothing_left() -> Iterator[None]:
    yield
    for pid in sleeping("7966"):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _kept(script: str, *, stop: bool) -> dict[str, object]:
    """How a keeper says that its command has ended."""
    before = set(sleeping("7966"))
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.settimeout(30)
        keeper = subprocess.Popen(
            [sys.executable, "-P", "-c", _REFUSED + _KEEPER, str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
        )
        theirs.close()
        wanted = {"argv": ["sh", "-c", script], "env": {**os.environ, "N": "7966"}, "cwd": "/"}
        wanted |= {"folder": None, "files": {}, "terminal": False}
        packet = json.dumps(wanted).encode()
        ours.sendall(len(packet).to_bytes(4, "big") + packet)
        with ours.makefile("rb") as said:
            assert b"started" in said.readline()
            if stop:
                # Until it has started the command, a shell ends itself at the first signal.
                wait_until(lambda: set(sleeping("7966")) > before)
                ours.sendall(b"!")
            ending: dict[str, object] = json.loads(said.readline())
    assert keeper.wait(30) == 0
    return ending


def test_a_command_that_has_ended_is_over_although_sudo_left_something_behind():
    ending = _kept("sleep 7966 & exit 3", stop=False)
    assert ending == {"exit": 3, "signal": None, "others": True}


def test_a_command_that_is_stopped_is_over_although_sudo_is_not():
    ending = _kept("trap '' INT TERM; sleep $N", stop=True)
    assert ending == {"exit": 137, "signal": 9, "others": True}
    assert _kept("exec sleep $N", stop=True) == {"exit": 137, "signal": 9, "others": True}


def test_the_runner_ends_what_it_can_and_does_not_wait_for_the_rest():
    done = subprocess.run(
        [sys.executable, "-P", "-c", _REFUSED + _RUNNER],
        capture_output=True,
        timeout=30,
        check=False,
    )
    assert (done.stdout, done.stderr) == (b"-9 False True True\n", b"")
