"""A machine: what it starts, and that nothing of it stays."""

from __future__ import annotations

import asyncio
import contextlib
import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from jupyter_agent.desktop import kin
from jupyter_agent.desktop import machine as machines
from jupyter_agent.desktop.keeper import BY_MARKS
from jupyter_agent.desktop.machine import Machine
from jupyter_agent.errors import DesktopClosed, DesktopUnavailable
from jupyter_agent.folders import Folders
from jupyter_agent.processes import tree

BASE = {"PATH": "/usr/bin:/bin"}
LEAVES = (
    "sleep 1000 & (setsid tail -f /dev/null $0 &) ; "
    "trap '' TERM INT HUP; sleep 1000 & echo ready >&3; wait"
)
"""What is hard to end: two background jobs, a daemon, and a shell that wants no signal. The daemon
has the folder in its arguments, as a browser has."""

OWNER = f"""
import asyncio, os, sys
from jupyter_agent.desktop import machine as machines
from jupyter_agent.desktop.machine import Machine
machines._HOW = tuple(sys.argv[1:])
def line(reads):
    # To its end: an X server writes the number of its display and the end of the line one by one.
    while os.read(reads, 1) != b"\\n":
        pass
async def own():
    machine = await Machine.make()
    reads, writes = os.pipe()
    x = await machine.start(
        ["Xtigervnc", "-displayfd", "3", "-rfbport", "-1", "-nolisten", "tcp",
         "-rfbunixpath", str(machine.folder / "rfb.sock")], env={BASE!r}, at={{3: writes}})
    await asyncio.to_thread(line, reads)
    await machine.start(
        ["/bin/sh", "-c", {LEAVES!r}, str(machine.folder)], env={BASE!r}, at={{3: writes}})
    await asyncio.to_thread(line, reads)
    print(machine.keeper, machine.folder, flush=True)
    await asyncio.Event().wait()
asyncio.run(own())
"""


async def started(machine: Machine, script: str) -> None:
    reads, writes = os.pipe()
    await machine.start(["/bin/sh", "-c", script], env=BASE, at={3: writes})
    os.close(writes)
    assert await asyncio.to_thread(os.read, reads, 6) == b"ready\n"
    os.close(reads)


async def test_a_program_has_its_environment_its_descriptors_and_an_exit_code(machine):
    reads, writes = os.pipe()
    program = await machine.start(
        ["/bin/sh", "-c", 'echo "$WORD" >&7; exit 3'],
        env={**BASE, "WORD": "Zürich"},
        at={7: writes},
    )
    os.close(writes)
    assert await asyncio.to_thread(os.read, reads, 100) == "Zürich\n".encode()
    assert await program.ended == 3
    os.close(reads)


async def test_a_program_that_is_not_there_is_named_in_the_error(machine):
    with pytest.raises(DesktopUnavailable, match="no-such-program could not be started"):
        await machine.start(["/usr/bin/no-such-program"], env=BASE)


async def test_a_signal_reaches_its_program_and_no_other(machine):
    first = await machine.start(["/bin/sleep", "1000"], env=BASE)
    second = await machine.start(["/bin/sleep", "1000"], env=BASE)
    machine.signal(first, signal.SIGTERM)
    assert await first.ended == -signal.SIGTERM
    assert not second.ended.done()


async def test_nothing_is_left_after_close_whatever_it_had_started(machine):
    await started(machine, LEAVES)
    (machine.folder / "kept").mkdir(mode=0)  # a folder that can't even be looked into
    below = tree.descendants(machine.keeper)
    assert len(below) >= 3
    report = await machine.close()
    assert not report.left
    assert not machine.folder.exists()
    assert not [pid for pid, start in below if tree.parent_and_start(pid) == (1, start)]
    assert await machine.close() is report
    with pytest.raises(DesktopClosed):
        await machine.start(["/bin/true"], env=BASE)


async def test_nothing_is_left_after_kill_9_of_the_keeper(machine):
    await started(machine, "echo ready >&3; exec sleep 1000")
    os.kill(machine.keeper, signal.SIGKILL)
    await machine.closed
    assert not (await machine.close()).left
    assert not machine.folder.exists()


@pytest.mark.parametrize("killed", [False, True], ids=["closed", "keeper killed"])
async def test_where_the_kernel_does_not_help_nothing_is_left_either(monkeypatch, killed):
    monkeypatch.setattr(machines, "_HOW", (BY_MARKS,))
    machine = await Machine.make()
    # A job in the background whose shell has ended: its group, and nothing else, is ours.
    await started(machine, "sleep 1000 & echo ready >&3")
    await started(machine, f"(setsid tail -f {machine.folder} /dev/null &) ; echo ready >&3")
    ended = _held(kin.of(machine._groups, machine.folder))
    assert len(ended) >= 2
    if killed:
        os.kill(machine.keeper, signal.SIGKILL)
        await machine.closed
    assert not (await machine.close()).left
    assert not machine.folder.exists()
    for handle in ended:
        _wait_for(handle)


@pytest.mark.parametrize("how", [(), (BY_MARKS,)], ids=["linux", "elsewhere"])
def test_nothing_is_left_after_kill_9_of_the_process_that_owns_the_machine(how):
    """Requirement 12: process, socket, X lock and folder, with an X server and a daemon in it."""
    owner = subprocess.Popen([sys.executable, "-c", OWNER, *how], stdout=subprocess.PIPE, text=True)
    assert owner.stdout is not None
    keeper, _, folder = owner.stdout.readline().strip().partition(" ")
    below = {pid for pid, _ in tree.descendants(int(keeper))} | set(kin.of((), Path(folder)))
    assert Path(folder, "rfb.sock").is_socket()
    ended = _held([int(keeper), *below])
    assert len(ended) >= 6  # keeper, X server, shell, its two jobs, the daemon
    owner.kill()
    owner.wait()
    for handle in ended:
        _wait_for(handle)
    assert not Path(folder).exists()


def _held(pids: list[int]) -> list[int]:
    """Pidfds of these processes, without those that have ended since, as a passing shell has."""
    handles = []
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            handles.append(os.pidfd_open(pid))
    return handles


def _wait_for(handle: int) -> None:
    """Wait until the process of a pidfd has ended."""
    assert select.select([handle], [], [], 30)[0]
    os.close(handle)


async def test_a_folder_is_private_and_its_path_short_enough_for_sockets(machine, tmp_path):
    assert machine.folder.stat().st_mode & 0o777 == 0o700
    far = tmp_path / "a folder with a name that is far too long for a socket in it"
    other = await Machine.make(Folders.of({"JUPYTER_AGENT_HOME": str(far)}))
    assert len(str(other.folder)) <= 48 < len(str(far))
    assert other.folder.stat().st_mode & 0o777 == 0o700
    await other.close()
    assert not other.folder.exists()


async def test_folders_that_nobody_holds_are_swept_and_those_in_use_stay(machine):
    stale = machine.folder.parent / "0000dead"
    stale.mkdir()
    (stale / "cookies").write_text("of a server and a keeper that were both killed")
    other = await Machine.make()
    assert not stale.exists()
    assert machine.folder.exists()
    await other.close()
