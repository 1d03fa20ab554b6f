"""Fifty runs at once are all right; whoever floods delays nobody for long and fills no memory."""

from __future__ import annotations

import base64
import contextlib
import threading
import time
from collections.abc import Iterator

import pytest
from steps import request, run, save, wait_until

from jupyter_agent.client import Client, Hello
from jupyter_agent.folders import Folders

VALUE = "juniper-walrus-pebble-3-many"


@pytest.fixture
def granted(person: Client) -> Client:
    save(person, "A", VALUE)
    person.call("grant.add", label="A", any_command=True)
    return person


@contextlib.contextmanager
def _floods(folders: Folders, number: int, *, read: bool) -> Iterator[list[int]]:
    """Runs that print without end; how much of each was read so far."""
    seen = [0] * number
    over = threading.Event()

    def flood(which: int) -> None:
        with Client(folders, Hello()) as client:
            client.begin("run", **request("yes", "A"))
            while not over.is_set():
                client.receive_any()
                seen[which] += 1
                if not read and seen[which] == 2:
                    over.wait()

    threads = [threading.Thread(target=flood, args=(which,)) for which in range(number)]
    for thread in threads:
        thread.start()
    try:
        wait_until(lambda: min(seen) >= 2, seconds=30)
        yield seen
    finally:
        over.set()
        for thread in threads:
            thread.join()


def test_fifty_runs_at_once_each_get_their_own_output_and_exit_code(granted, guest):
    numbers = [
        guest.begin("run", **request(f'echo {which} "$A"; exit {which}', "A"))
        for which in range(50)
    ]
    said = dict.fromkeys(numbers, b"")
    exits: dict[int, int] = {}
    while len(exits) < 50:
        message = guest.receive_any()
        if message.get("event") == "output":
            said[message["id"]] += base64.b64decode(message["data"])
        elif "event" not in message:
            exits[message["id"]] = message["result"]["exit"]
    assert [exits[number] for number in numbers] == list(range(50))
    assert [said[number] for number in numbers] == [
        b"%d [secret:A]\n" % which for which in range(50)
    ]
    events = granted.call("audit.read")["events"]
    assert sorted(event["exit"] for event in events) == list(range(50))


def test_small_runs_come_through_beside_floods_and_every_flood_moves_on(granted, folders, guest):
    with _floods(folders, 10, read=True) as seen:
        before = list(seen)
        taken = []
        for _ in range(3):
            started = time.monotonic()
            assert run(guest, "true", "A").exit == 0
            taken.append(time.monotonic() - started)
        wait_until(
            lambda: all(now > then for now, then in zip(seen, before, strict=True)), seconds=10
        )
    assert min(taken) < 1, taken


def test_floods_that_nobody_reads_wait_and_memory_stays_bounded(granted, folders, guest):
    before = guest.call("status")["memory"]
    with _floods(folders, 10, read=False):
        assert run(guest, "echo fine", "A").stdout == b"fine\n"
        assert guest.call("status")["memory"] - before < 100 * 2**20
    wait_until(lambda: guest.call("status")["runs"] == 0)
