"""A checked socket to the broker, and the broker's start where none answers."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import sys
import time
from typing import IO, Final

from jupyter_agent import spawn, transport, wire
from jupyter_agent.client.waiting import readable
from jupyter_agent.errors import (
    AgentError,
    BrokerError,
    BrokerRefused,
    BrokerUnreachable,
    RunLost,
)
from jupyter_agent.folders import Folders

_START_TIMEOUT: Final = 60.0 if sys.platform == "win32" else 15.0
"""Seconds. On Windows a virus scanner may read every file of a first start."""


def connect(folders: Folders, *, start: bool) -> socket.socket:
    """A connected socket whose other end is ours.

    Raises:
        BrokerUnreachable: No broker answers, and none could be started.
        BrokerRefused: The folder or the process behind the socket is not ours.
    """
    _refuse_sudo()
    with contextlib.suppress(OSError):
        return transport.of(folders).connect()
    if not start:
        raise BrokerUnreachable("No broker is running.", "Any command that needs it starts it.")
    _start(folders)
    try:
        return transport.of(folders).connect()
    except OSError:
        raise BrokerUnreachable(
            "The broker started but does not answer.", "Look at: jupyter agent doctor"
        ) from None


def _refuse_sudo() -> None:
    # Under sudo the environment is the person's and the uid is root's: files made now would be
    # root's, in the person's home, and the next normal call would be locked out.
    if sys.platform != "win32" and os.geteuid() == 0 and os.environ.get("SUDO_UID", "0") != "0":
        raise BrokerRefused(
            "jupyter agent does not run under sudo.", "Call it as yourself, without sudo."
        )


def _start(folders: Folders) -> None:
    folders.make()
    argv = spawn.python(
        "jupyter_agent.broker", str(folders.data), str(folders.state), str(folders.run)
    )
    try:
        pipe = spawn.start_broker(argv)
    except OSError:
        raise BrokerUnreachable("The broker could not be started.") from None
    with pipe:
        answer = _ready_line(pipe)
    if answer.get("ready"):
        return
    if "error" in answer:
        raise AgentError.from_json(answer["error"])
    raise _ended_at_once(argv[: argv.index("-m")])


def _ended_at_once(python: list[str]) -> BrokerUnreachable:
    """Why a broker said nothing at all; mostly it can't import what we can.

    Args:
        python: The program and the options that it was started with.
    """
    env = spawn.fixed_environment()
    try:
        tried = spawn.run_helper(
            [*python, "-c", "import jupyter_agent.broker.app"], stdin=b"", timeout=10, env=env
        )
    except OSError:
        said = ""
    else:
        said = tried.stderr.decode(errors="replace").rstrip().rpartition("\n")[2]
    if not said.startswith(("ModuleNotFoundError: ", "ImportError: ")):
        return BrokerUnreachable(
            "The broker ended while it started.",
            "Try again. Where it stays so, the log of the system (dmesg) may say what ends it.",
        )
    why = said.partition(": ")[2].rstrip(".")
    return BrokerUnreachable(
        f"The broker could not start: {why}.",
        "It goes by neither PYTHONPATH nor HOME. Install jupyter-agent-secrets with all it needs "
        "into an environment of its own: python -m venv DIR && DIR/bin/pip install …",
    )


def _ready_line(pipe: IO[bytes]) -> wire.Message:
    """What the broker says when it is up: ``{"ready": true}`` or ``{"error": …}``."""
    said = _in_time(pipe) if sys.platform == "win32" else _said(pipe.fileno())
    if said is None:
        raise BrokerUnreachable(
            f"The broker did not come up in {_START_TIMEOUT:g} s.",
            "Look at: jupyter agent doctor",
        )
    try:
        answer: wire.Message = json.loads(said)
    except ValueError:
        return {}
    return answer


def _said(handle: int) -> bytes | None:
    deadline = time.monotonic() + _START_TIMEOUT
    said = b""
    while not said.endswith(b"\n"):
        left = deadline - time.monotonic()
        if left <= 0 or not readable(handle, left):
            return None
        more = os.read(handle, 65536)
        if not more:
            break
        said += more
    return said


def _in_time(pipe: IO[bytes]) -> bytes | None:
    """The same where nobody can wait for a pipe and a clock at once: Windows."""
    import threading  # noqa: PLC0415  (a terminal elsewhere has no use for it)

    said: list[bytes] = []
    reading = threading.Thread(target=lambda: said.append(pipe.readline()), daemon=True)
    reading.start()
    reading.join(_START_TIMEOUT)
    return said[0] if said else None


def gone() -> BrokerError | RunLost:
    """What a caller gets to know when the other end has hung up."""
    return RunLost(
        "The broker went away; what it was running has been ended.",
        "Run it again: the next call starts a new broker.",
    )
