"""Nothing that is long, slow, many or odd makes the broker grow, hang or forget."""

from __future__ import annotations

import contextlib
import os
import resource
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from canary import Canary
from persons import person_is_there
from steps import collect, request, run, save, until, wait_until

from jupyter_agent import person as person_door
from jupyter_agent import wire
from jupyter_agent.client import Client, Hello
from jupyter_agent.errors import AgentError, CommandNotStarted, GrantRequired, RequestInvalid
from jupyter_agent.folders import Folders, short_path
from jupyter_agent.processes import tree
from jupyter_agent.secret import Secret
from jupyter_agent.vault.vault import Vault

VALUE = "correct-horse-battery-staple-42"
LONG = "\u00e9" * 45_000  # 90,000 bytes; six times that in a line


@pytest.fixture
def granted(person: Client) -> Client:
    save(person, "A", VALUE)
    person.call("grant.add", label="A", any_command=True)
    return person


def _descriptors(person: Client) -> set[str]:
    folder = Path(f"/proc/{person.welcome['pid']}/fd")
    return {entry.name for entry in folder.iterdir()}


AT_REST = 2
"""The runner, and a keeper that waits for the next run."""


def _processes_below(person: Client) -> int:
    """The runner, and whatever it and its keepers have below them."""
    return len(tree.descendants(person.welcome["pid"]))


def test_fifty_runs_at_once_are_all_right(granted, guest):
    numbers = [guest.begin("run", **request(f"echo {n}", "A")) for n in range(50)]
    said: dict[int, bytes] = dict.fromkeys(numbers, b"")
    left = set(numbers)
    while left:
        message = wire.decode(guest._line())
        assert "error" not in message
        if message.get("event") == "output":
            said[message["id"]] += wire.data(message, "data")
        elif "result" in message:
            left.discard(message["id"])
    assert [said[number] for number in numbers] == [b"%d\n" % n for n in range(50)]


@pytest.mark.root
def test_three_hundred_runs_leave_no_descriptor_and_little_memory(granted, guest):
    for _ in range(20):
        run(guest, "true", "A")
    before, memory = _descriptors(granted), granted.call("status")["memory"]
    for n in range(300):
        if n % 10 == 0:
            with pytest.raises(CommandNotStarted):
                run(guest, None, argv=["/nowhere"])
        run(guest, "true", "A")
    assert _descriptors(granted) == before
    assert granted.call("status")["memory"] < memory + 4 * 2**20


@pytest.mark.root
def test_runs_that_are_stopped_at_any_moment_leave_no_descriptor(granted, folders):
    with Client(folders, Hello()) as first:
        run(first, "true", "A")
    wait_until(lambda: granted.call("status")["runs"] == 0)
    wait_until(lambda: _processes_below(granted) == AT_REST)
    before = _descriptors(granted)
    for n in range(60):
        with Client(folders, Hello()) as caller:
            caller.begin("run", **request("sleep 8881", "A"))
            time.sleep(n * 0.0005)  # not a wait: each time another moment of its start
    wait_until(lambda: granted.call("status")["runs"] == 0)
    wait_until(lambda: _processes_below(granted) == AT_REST)
    wait_until(lambda: _descriptors(granted) == before)


def test_a_run_that_is_stopped_at_any_moment_has_its_ending_in_the_audit(granted, folders):
    for n in range(100):
        with Client(folders, Hello()) as caller:
            caller.begin("run", **request("sleep 8882", "A"))
            time.sleep(n * 0.0002)  # not a wait: each time another moment of its start
    wait_until(lambda: granted.call("status")["runs"] == 0)
    events = granted.call("audit.read")["events"]
    assert events
    # Those that were stopped before they were permitted have not begun.
    begun = [event for event in events if event["decision"] != "stopped"]
    assert [event for event in begun if event["exit"] is None] == []


def test_a_hundred_megabytes_for_a_slow_reader_stay_out_of_memory(granted, folders):
    with Client(folders, Hello()) as slow:
        number = slow.begin("run", **request("head -c 100000000 /dev/zero", "A"))
        until(slow, number, "started")
        before = granted.call("status")["memory"]
        most, got = before, 0
        while "result" not in (message := slow.receive(number)):
            got += len(wire.data(message, "data"))
            if got % 100 == 0 or got < 2_000_000:
                most = max(most, granted.call("status")["memory"])
        assert got == 100_000_000 == message["result"]["bytes"]["stdout"]
        assert most < before + 20 * 2**20


def test_a_reader_that_looks_away_for_a_while_misses_nothing(granted, folders):
    sizes = range(150_000, 600_000, 50_000)  # some of them end while we look away
    with contextlib.ExitStack() as clients:
        begun = []
        for size in sizes:
            slow = clients.enter_context(Client(folders, Hello()))
            begun.append((slow, slow.begin("run", **request(f"head -c {size} /dev/zero", "A"))))
        for slow, number in begun:
            until(slow, number, "started")
        time.sleep(3)  # longer than anything in the broker waits for output of an ended command
        assert [len(collect(*each).stdout) for each in begun] == list(sizes)


def test_lock_does_not_wait_for_a_caller_that_does_not_read(granted, folders):
    with Client(folders, Hello()) as deaf:
        deaf.begin("run", **request("yes", "A"))
        wait_until(lambda: granted.call("status")["runs"] == 1)
        began = time.monotonic()
        granted.call("lock")
        assert time.monotonic() - began < 6.5
        assert granted.call("status")["runs"] == 0
        granted.call("unlock")
        assert granted.call("audit.read")["events"][-1]["exit"] is not None


def test_a_list_longer_than_a_line_comes_whole(person):
    save(person, "LABEL_0", VALUE)
    vault = Vault.open(Folders.of(), key_source="file")
    for n in range(1, 200):
        vault.put(Secret(f"LABEL_{n}", VALUE.encode()), note="\u00e9" * 1000)
    vault.close()
    listed = person.call("secret.list")["secrets"]
    assert len(listed) == 200
    assert {"label", "created", "uses"} <= listed[0].keys()


def test_a_refusal_that_is_too_long_for_a_line_is_answered_all_the_same(person, guest):
    labels = [f"LABEL_{n}" for n in range(8)]
    for label in labels:
        save(person, label, VALUE)
    with pytest.raises(GrantRequired) as caught:
        run(guest, f": {LONG}", *labels)
    assert "jupyter agent grant LABEL_0" in caught.value.hint


def test_a_question_that_is_too_long_is_refused_and_approvers_stay(person, folders):
    save(person, "A", VALUE)
    with person_is_there(folders) as (watcher, number), Client(folders, Hello()) as guest:
        with pytest.raises(RequestInvalid):
            run(guest, None, "A", argv=["echo", "\1" * 99_000])
        asked = guest.begin("run", **request("true", "A"))
        assert until(watcher, number, "approval")["approval"]["script"] == "true"
        guest.call("stop", run=asked)


def test_many_long_questions_can_be_listed(person, folders):
    save(person, "A", VALUE)
    with person_is_there(folders), Client(folders, Hello()) as guest:
        for n in range(12):
            guest.begin("run", **request(f"echo {n} {LONG}", "A"))
        wait_until(lambda: bool(person.call("approval.list")["approvals"]))
        assert person.call("approval.list")["approvals"][0]["labels"] == ["A"]


def test_an_approver_that_does_not_read_is_none_after_a_while(person, folders):
    save(person, "A", VALUE)
    with person_door.open_client(folders) as deaf, Client(folders, Hello()) as guest:
        deaf.begin("approval.watch")
        wait_until(lambda: person.call("status")["approvers"] == 1)
        for n in range(300):
            if person.call("status")["approvers"] == 0:
                break
            asked = guest.begin("run", **request(f"echo {n} {LONG}", "A"))
            until(guest, asked, "asking")
            guest.call("stop", run=asked)
        assert person.call("status")["approvers"] == 0
        with pytest.raises(GrantRequired):
            run(guest, "true", "A")


def test_a_caller_that_does_not_read_leaves_no_question_behind(person, folders):
    save(person, "A", VALUE)
    with person_is_there(folders), _raw(folders) as deaf:
        deaf.sendall(wire.encode(Hello().to_json()))
        for n in range(1, 60):
            deaf.sendall(wire.encode({"id": n, "op": "run", **request("yes" if n < 2 else "id")}))
        deaf.sendall(wire.encode({"id": 99, "op": "run", **request("true", "A")}))
        wait_until(lambda: person.call("approval.list")["approvals"] != [])
        deaf.close()
        wait_until(lambda: person.call("approval.list")["approvals"] == [])


ODD = [
    {"script": "echo \ud800"},
    {"env": {"ODD": "\ud800"}},
    {"cwd": "/\0"},
    {"cwd": "/\ud800"},
    {"secrets": [{"label": "A", "env": f"V{n}"} for n in range(2000)]},
    {"timeout": float("inf")},
    {"timeout": "1"},
]


def test_a_run_that_can_not_be_is_refused_in_a_sentence(granted, guest, subtests):
    for number, odd in enumerate(ODD):
        with subtests.test(number=number):
            with pytest.raises(RequestInvalid) as caught:
                run(guest, **{"script": "true", **odd})
            assert caught.value.message


def test_a_hello_that_can_not_be_is_answered(person, folders, subtests):
    for odd in [{"key": "\ud800"}, {"key": 5, "protocol": [1]}, {"role": []}, {"protocol": [True]}]:
        with subtests.test(ascii(odd)), _raw(folders) as raw:
            raw.sendall(wire.encode(Hello(role="person").to_json() | odd))
            assert "code" in wire.decode(raw.makefile("rb").readline())["error"]


def test_a_stop_of_nothing_is_no_failure(guest):
    for odd in (99, [], None, "x"):
        assert guest.call("stop", run=odd) == {}


def test_a_value_in_the_path_of_a_failure_appears_nowhere(person, guest, folders):
    """A value that no variable can carry makes the run fail while the value is in hand."""
    canary = Canary(VALUE)
    save(person, "A", VALUE.encode() + b"\0" + VALUE.encode())
    person.call("grant.add", label="A", any_command=True)
    with pytest.raises(AgentError) as caught:
        run(guest, "true", "A")
    save(person, "B", VALUE)
    person.call("grant.add", label="B", any_command=True)
    with pytest.raises(CommandNotStarted) as also:
        run(guest, None, "B", argv=["/nowhere"])
    for error in (caught.value, also.value):
        assert canary.found_in(repr(error.to_json()).encode()) == []
    for folder in (folders.data, folders.state, folders.run):
        assert canary.search_tree(folder) == []


def test_a_command_that_can_not_be_started_is_written_down_as_such(granted, guest):
    with pytest.raises(CommandNotStarted):
        run(guest, None, "A", argv=["/nowhere"])
    assert granted.call("audit.read")["events"][-1]["exit"] == 127


@pytest.fixture
def many_files() -> Iterator[None]:
    """This program has more than 1023 descriptors open, as a kernel in a container may."""
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(2048, limits[1]), limits[1]))
    with contextlib.ExitStack() as files:
        while files.enter_context(open(os.devnull, "rb")).fileno() < 1024:  # noqa: PTH123
            pass
        yield
    resource.setrlimit(resource.RLIMIT_NOFILE, limits)


@pytest.mark.skipif(
    resource.getrlimit(resource.RLIMIT_NOFILE)[1] < 2048, reason="no program has so many here"
)
def test_a_program_with_a_thousand_files_open_starts_a_broker_and_hears_it(many_files, folders):
    with Client(folders, Hello()) as guest:
        number = guest.begin("run", **request("echo hi"))
        assert guest.ready(30)
        assert collect(guest, number).stdout == b"hi\n"


@pytest.mark.root
def test_the_broker_may_open_more_than_the_usual_number_of_files_and_a_command_may_not(person):
    limits = Path(f"/proc/{person.welcome['pid']}/limits").read_text(encoding="ascii")
    soft, hard = next(x for x in limits.splitlines() if x.startswith("Max open files")).split()[3:5]
    usual, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    assert soft == str(max(usual, min(8192, int(hard))))
    assert run(person, "ulimit -n").stdout == b"%d\n" % usual


def test_many_guests_at_once_are_served(granted, folders):
    outcomes: list[int] = []

    def ask() -> None:
        with Client(folders, Hello()) as caller:
            outcomes.append(run(caller, "true", "A").exit)

    threads = [threading.Thread(target=ask) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes == [0] * 20


@contextlib.contextmanager
def _raw(folders: Folders) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX) as raw, short_path(folders.socket) as path:
        raw.settimeout(30)
        raw.connect(path)
        yield raw
