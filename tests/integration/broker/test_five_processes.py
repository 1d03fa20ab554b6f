"""However a run ends, nothing of it is left two seconds later, however it was started.

The five: in the background, in a session of its own, with nohup, forked twice, and a plain child.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from steps import collect, output_until, request, run, save, sleeping, wait_until

from jupyter_agent import person as person_door
from jupyter_agent.client import Client, Hello
from jupyter_agent.errors import AgentError
from jupyter_agent.folders import Folders
from jupyter_agent.processes import tree
from jupyter_agent.shell import keeper, runner

VALUE = "basalt-finch-harbour-4-ended"
FIVE = (
    "sleep 7951 & setsid sleep 7952 & nohup sleep 7953 >/dev/null 2>&1 & ( (sleep 7954 &) & );"
    " echo up; sleep 7955"
)

Ending = Callable[[Client, Client, int], None]


def _stop(_person: Client, caller: Client, number: int) -> None:
    caller.begin("stop", run=number)


def _hang_up(_person: Client, caller: Client, _number: int) -> None:
    caller.close()


def _lock(person: Client, _caller: Client, _number: int) -> None:
    person.call("lock")


def _stop_all(person: Client, _caller: Client, _number: int) -> None:
    person.call("runs.stop")


def _end_the_broker(person: Client, _caller: Client, _number: int) -> None:
    os.kill(person.welcome["pid"], signal.SIGTERM)


def _kill_the_broker(person: Client, _caller: Client, _number: int) -> None:
    os.kill(person.welcome["pid"], signal.SIGKILL)


def _kill_the_runner(person: Client, _caller: Client, _number: int) -> None:
    os.kill(_below(person, runner.TITLE), signal.SIGKILL)


def _kill_the_keeper(person: Client, _caller: Client, _number: int) -> None:
    above = [pid for pid, _ in tree.ancestry(sleeping("7955")[0])]
    os.kill(next(pid for pid in above if tree.title(pid) == keeper.TITLE), signal.SIGKILL)


def _end_the_command(_person: Client, _caller: Client, _number: int) -> None:
    os.kill(sleeping("7955")[0], signal.SIGTERM)


ENDINGS: dict[str, tuple[Ending, list[int | None]]] = {
    "the command ends by itself": (_end_the_command, [143]),
    "stop": (_stop, [130]),
    "the caller hangs up": (_hang_up, [130]),
    "lock": (_lock, [130]),
    "stop all": (_stop_all, [130]),
    "the broker is ended": (_end_the_broker, [130]),
    "the broker is killed": (_kill_the_broker, [None]),
    "the runner is killed": (_kill_the_runner, [137, 130]),
    "the keeper is killed": (_kill_the_keeper, [137]),
}


@pytest.mark.parametrize("terminal", [None, {"rows": 24, "cols": 80}], ids=["pipes", "terminal"])
@pytest.mark.parametrize("how", ENDINGS)
def test_nothing_is_left_and_the_record_says_how_it_ended(
    person: Client, folders: Folders, how: str, terminal: dict[str, Any] | None
) -> None:
    end, codes = ENDINGS[how]
    save(person, "A", VALUE)
    person.call("grant.add", label="A", any_command=True)
    with Client(folders, Hello()) as caller:
        number = caller.begin("run", **request(FIVE, "A", terminal=terminal))
        output_until(caller, number, b"up")
        wait_until(lambda: len(sleeping("795")) == 5)
        end(person, caller, number)
        wait_until(lambda: not sleeping("795"), seconds=2)
        if how not in ("the caller hangs up", "the broker is killed"):
            assert collect(caller, number).exit in codes
    with Client(folders, Hello()) as again:
        # A caller that is gone is told nothing: its run may still be writing down its end.
        wait_until(lambda: again.call("status")["runs"] == 0)
    with person_door.open_client(folders) as reader:
        if how == "lock":
            reader.call("unlock")
        wait_until(lambda: reader.call("audit.read")["events"][-1]["exit"] in codes)


def test_a_timeout_leaves_nothing(guest: Client) -> None:
    done = run(guest, f"trap '' INT TERM; {FIVE}", timeout=0.5)
    assert done.exit == 124
    assert sleeping("795") == []
    assert done.result["seconds"] < 0.5 + 2


def test_a_caller_that_is_killed_leaves_nothing_although_its_child_holds_the_connection(
    person: Client, folders: Folders, tmp_path: Path
) -> None:
    code = (
        "import os, sys; sys.path[:0] = sys.argv[1:2]\n"
        "from steps import output_until, request\n"
        "from jupyter_agent.client import Client, Hello\n"
        "from jupyter_agent.folders import Folders\n"
        "client = Client(Folders.of(), Hello())\n"
        f"number = client.begin('run', **request({FIVE!r}))\n"
        "output_until(client, number, b'up')\n"
        "if os.fork() == 0:\n"
        "    import time; time.sleep(60)\n"
        "print('up', flush=True)\n"
        "os.wait()\n"
    )
    caller = subprocess.Popen(
        [sys.executable, "-c", code, str(Path(__file__).parents[2])],
        stdout=subprocess.PIPE,
        cwd=tmp_path,
        process_group=0,
    )
    assert caller.stdout is not None
    assert caller.stdout.readline() == b"up\n"
    try:
        wait_until(lambda: len(sleeping("795")) == 5)
        caller.kill()
        caller.wait()
        wait_until(lambda: not sleeping("795"), seconds=2)
        wait_until(lambda: person.call("status")["runs"] == 0)
    finally:
        os.killpg(caller.pid, signal.SIGKILL)
        caller.stdout.close()


def test_a_broker_that_was_frozen_for_a_while_goes_on_where_it_was(
    person: Client, guest: Client
) -> None:
    """As far as that can be tried, what a suspended machine does to it."""
    number = guest.begin("run", **request("echo up; read -t 0.6 <> <(:); echo done", timeout=30))
    output_until(guest, number, b"up")
    frozen = [person.welcome["pid"], *(pid for pid, _ in tree.descendants(person.welcome["pid"]))]
    for pid in frozen:
        os.kill(pid, signal.SIGSTOP)
    for pid in frozen:
        os.kill(pid, signal.SIGCONT)
    done = collect(guest, number)
    assert (done.stdout, done.exit) == (b"done\n", 0)


def _below(person: Client, title: str) -> int:
    return next(
        pid
        for pid, _ in tree.descendants(int(person.welcome["pid"]))
        if tree.title(pid).startswith(title)
    )


def test_no_answer_is_left_for_a_run_that_was_lost(person: Client, folders: Folders) -> None:
    with Client(folders, Hello()) as caller:
        number = caller.begin("run", **request("echo up; sleep 7956"))
        output_until(caller, number, b"up")
        os.kill(person.welcome["pid"], signal.SIGKILL)
        with pytest.raises(AgentError, match="went away"):
            collect(caller, number)
    wait_until(lambda: not sleeping("7956"), seconds=2)
