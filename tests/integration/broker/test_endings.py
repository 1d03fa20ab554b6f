"""However a run ends, nothing is left of it and whoever waits is told."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import threading
from pathlib import Path

import pytest
from persons import person_is_there
from steps import collect, output_until, request, run, save, sleeping, until, wait_until

from jupyter_agent import person as person_door
from jupyter_agent import wire
from jupyter_agent.client import Client, Hello
from jupyter_agent.errors import AgentError, GrantRequired, LabelNotFound, RunLost
from jupyter_agent.folders import short_path
from jupyter_agent.processes import tree

pytestmark = pytest.mark.one_broker

VALUE = "correct-horse-battery-staple-42"


@pytest.fixture
def granted(person: Client) -> Client:
    save(person, "A", VALUE)
    person.call("grant.add", label="A", any_command=True)
    return person


def test_hanging_up_right_after_asking_runs_nothing(granted, folders):
    for _ in range(20):
        with socket.socket(socket.AF_UNIX) as raw, short_path(folders.socket) as path:
            raw.connect(path)
            wanted = {"id": 1, "op": "run", **request("sleep 7771", "A")}
            raw.sendall(wire.encode(Hello().to_json()) + wire.encode(wanted))
    wait_until(lambda: granted.call("status")["runs"] == 0)
    assert sleeping("7771") == []


def test_a_stop_sent_together_with_its_run_is_heard(guest):
    number = guest.begin("run", **request("sleep 7772"))
    guest.begin("stop", run=number)
    with contextlib.suppress(AgentError):  # stopped before it was started
        assert collect(guest, number).result["stopped"]
    assert sleeping("7772") == []


def test_hanging_up_is_written_down_with_the_exit_code(granted, folders):
    with Client(folders, Hello()) as caller:
        number = caller.begin("run", **request("echo up; sleep 7773", "A"))
        output_until(caller, number, b"up")
    wait_until(lambda: granted.call("audit.read")["events"][-1]["exit"] == 130)


def test_hanging_up_while_a_person_is_asked_takes_the_question_back(person, folders):
    save(person, "A", VALUE)
    with person_is_there(folders) as (watcher, number):
        with Client(folders, Hello()) as caller:
            caller.begin("run", **request("true", "A"))
            asked = until(watcher, number, "approval")["approval"]
        closed = until(watcher, number, "approval_closed")
        assert closed["approval_id"] == asked["approval_id"]
        assert person.call("approval.list")["approvals"] == []


def test_ending_the_broker_gently_ends_its_runs_and_says_so(granted, folders):
    with Client(folders, Hello()) as caller:
        number = caller.begin("run", **request("trap '' INT; echo up; sleep 7774", "A"))
        output_until(caller, number, b"up")
        os.kill(granted.welcome["pid"], signal.SIGTERM)
        assert collect(caller, number).result["stopped"]
        with pytest.raises(RunLost):
            run(caller, "true")
    assert sleeping("7774") == []
    with person_door.open_client(folders) as again:
        assert again.welcome["pid"] != granted.welcome["pid"]
        assert again.call("audit.read")["events"][-1]["exit"] is not None


def test_a_killed_keeper_takes_its_run_along(granted, guest):
    number = guest.begin("run", **request("setsid sleep 7775 & echo up; sleep 7776", "A"))
    output_until(guest, number, b"up")
    wait_until(lambda: len(sleeping("777")) == 2)
    os.kill(_keeper_of(sleeping("7776")[0]), signal.SIGKILL)
    assert collect(guest, number).exit == 137
    wait_until(lambda: sleeping("777") == [])
    assert run(guest, "echo still here").stdout == b"still here\n"


def test_a_killed_runner_takes_its_runs_along_and_the_next_call_works(granted, folders):
    with Client(folders, Hello()) as caller:
        number = caller.begin("run", **request("setsid sleep 7777 & echo up; sleep 7778", "A"))
        output_until(caller, number, b"up")
        os.kill(_runner_of(granted.welcome["pid"]), signal.SIGKILL)
        assert collect(caller, number).exit != 0
    wait_until(lambda: sleeping("777") == [])
    with Client(folders, Hello()) as caller:
        assert run(caller, "echo a new one").stdout == b"a new one\n"


def test_a_killed_broker_leaves_no_lock_and_no_socket_behind(granted, folders):
    """What the runner and the keepers inherit must not outlive the broker in them."""
    with Client(folders, Hello()) as caller:
        number = caller.begin("run", **request("echo up; sleep 7779", "A"))
        output_until(caller, number, b"up")
        wait_until(lambda: sleeping("7779"))
        keeper = _keeper_of(sleeping("7779")[0])
        runner = _runner_of(granted.welcome["pid"])
        for pid in (keeper, runner):
            os.kill(pid, signal.SIGSTOP)  # they can't get away in time
        try:
            os.kill(granted.welcome["pid"], signal.SIGKILL)
            with Client(folders, Hello()) as other:
                assert other.welcome["pid"] != granted.welcome["pid"]
        finally:
            for pid in (keeper, runner):
                os.kill(pid, signal.SIGCONT)
        with pytest.raises(RunLost):
            collect(caller, number)
    wait_until(lambda: sleeping("7779") == [])


def test_a_label_that_is_removed_while_a_person_is_asked_is_not_granted(person, folders):
    save(person, "A", VALUE)
    with person_is_there(folders) as (watcher, number), Client(folders, Hello()) as caller:
        asked = caller.begin("run", **request("true", "A"))
        approval = until(watcher, number, "approval")["approval"]
        person.call("secret.remove", label="A")
        save(person, "A", "another value")
        with contextlib.suppress(AgentError):  # the question may be gone with the label
            person.call(
                "approval.answer",
                approval_id=approval["approval_id"],
                nonce=approval["nonce"],
                answer="always",
            )
        with pytest.raises((LabelNotFound, AgentError)):
            collect(caller, asked)
    assert person.call("grant.list")["grants"] == []


def test_a_rename_leaves_no_grant_for_either_label(granted, guest):
    granted.call("secret.rename", label="A", to="B")
    assert granted.call("grant.list")["grants"] == []
    for label in ("A", "B"):
        with pytest.raises((LabelNotFound, GrantRequired)):
            run(guest, "true", label)


def test_a_counted_grant_is_not_used_twice_by_two_runs_at_once(person, folders):
    save(person, "A", VALUE)
    person.call("grant.add", label="A", any_command=True, uses=3)
    outcomes: list[str] = []

    def ask() -> None:
        with Client(folders, Hello()) as caller:
            try:
                outcomes.append(str(run(caller, "true", "A").exit))
            except GrantRequired as error:
                outcomes.append(error.code)

    threads = [threading.Thread(target=ask) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["0"] * 3 + ["grant_required"] * 7


def test_a_run_can_not_make_the_broker_leave(granted, guest, folders):
    script = (
        "import json, socket, sys; s = socket.socket(socket.AF_UNIX);"
        " import os; os.chdir(os.path.dirname(sys.argv[1]));"
        " s.connect(os.path.basename(sys.argv[1]));"
        ' s.sendall(json.dumps({"id": 0, "op": "hello", "protocol": [99], "role": "guest"})'
        '.encode() + b"\\n");'
        ' print(json.loads(s.makefile("rb").readline())["error"]["code"])'
    )
    done = run(guest, None, argv=["python3", "-I", "-c", script, str(folders.socket)])
    assert done.stdout == b"broker_refused\n"
    with Client(folders, Hello()) as again:
        assert again.welcome["pid"] == granted.welcome["pid"]


def test_an_old_broker_finishes_its_runs_before_it_leaves(granted, folders, tmp_path):
    go_on = tmp_path / "go on"
    os.mkfifo(go_on)
    script = 'echo up; cat "$GO_ON" >/dev/null; echo done'
    with Client(folders, Hello()) as caller:
        number = caller.begin("run", **request(script, "A", env={"GO_ON": str(go_on)}))
        output_until(caller, number, b"up")
        with pytest.raises(AgentError, match="older broker"):
            Client(folders, _from_the_future())
        with Client(folders, Hello()) as other:
            assert other.welcome["pid"] != granted.welcome["pid"]
            go_on.write_text("now", encoding="utf-8")
            assert collect(caller, number).stdout == b"done\n"
    wait_until(lambda: not Path(f"/proc/{granted.welcome['pid']}").exists())


def test_what_an_old_broker_runs_is_nobody_to_the_new_one(granted, folders, tmp_path):
    go_on = tmp_path / "go on"
    os.mkfifo(go_on)
    script = (
        "import json, os, socket, sys; print('up', flush=True); open(sys.argv[2]).read();"
        " os.chdir(os.path.dirname(sys.argv[1])); s = socket.socket(socket.AF_UNIX);"
        " s.connect(os.path.basename(sys.argv[1]));"
        ' s.sendall(json.dumps({"id": 0, "op": "hello", "protocol": [1], "role": "guest"})'
        '.encode() + b"\\n"); print(s.makefile().readline())'
    )
    words = ["python3", "-I", "-c", script, str(folders.socket), str(go_on)]
    with Client(folders, Hello()) as caller:
        number = caller.begin("run", **request(None, argv=words))
        output_until(caller, number, b"up")
        with pytest.raises(AgentError, match="older broker"):
            Client(folders, _from_the_future())
        with Client(folders, Hello()):
            go_on.write_text("now", encoding="utf-8")
            assert b'"broker_refused"' in collect(caller, number).stdout


class _FromTheFuture(Hello):
    def to_json(self) -> wire.Message:
        return Hello().to_json() | {"protocol": [99]}


def _from_the_future() -> Hello:
    return _FromTheFuture()


def _keeper_of(pid: int) -> int:
    """The nearest keeper above a process of a run."""
    return next(p for p, _ in tree.ancestry(pid) if _title(p).startswith(b"jupyter_agent.keeper"))


def _runner_of(broker: int) -> int:
    """The runner below a broker."""
    below = [pid for pid, _ in tree.descendants(broker)]
    return next(p for p in below if _title(p).startswith(b"jupyter_agent.runner"))


def _title(pid: int) -> bytes:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    return b""


def test_a_waiting_keeper_that_is_killed_is_replaced_and_none_outlives_its_broker(granted, guest):
    broker = granted.welcome["pid"]
    for _ in range(2):
        [waiting] = _keepers(broker)
        _kill(waiting)
        assert run(guest, "echo fine", "A").stdout == b"fine\n"
    [waiting] = _keepers(broker)
    os.kill(broker, signal.SIGKILL)
    wait_until(lambda: not _title(waiting).startswith(b"jupyter_agent"))


def _kill(pid: int) -> None:
    """Until it is dead: on its way out it may still be handed a run, which then says so."""
    handle = os.pidfd_open(pid)
    try:
        signal.pidfd_send_signal(handle, signal.SIGKILL)
        assert select.select([handle], [], [], 30)[0]
    finally:
        os.close(handle)


def _keepers(broker: int) -> list[int]:
    """The keepers below a broker, once there is one only: the one that waits."""
    found: list[int] = []

    def one_only() -> bool:
        below = [pid for pid, _ in tree.descendants(broker)]
        found[:] = [pid for pid in below if _title(pid).startswith(b"jupyter_agent.keeper")]
        return len(found) == 1

    wait_until(one_only)
    return found
