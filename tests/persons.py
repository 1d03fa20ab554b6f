"""The person in front of JupyterLab, for tests that need one to ask."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

from steps import until

from jupyter_agent.client import Client
from jupyter_agent.folders import Folders
from jupyter_agent.person import open_client


@contextlib.contextmanager
def person_is_there(folders: Folders) -> Iterator[tuple[Client, int]]:
    """While entered, somebody can be asked. Gives the watching client and its request."""
    with open_client(folders) as watcher, open_client(folders) as person:
        number = watcher.begin("approval.watch")
        deadline = time.monotonic() + 30
        while person.call("status")["approvers"] == 0:
            assert time.monotonic() < deadline, "the watcher was not counted"
            time.sleep(0.01)
        yield watcher, number


def answer_next(folders: Folders, answer: str) -> threading.Thread:
    """Answer the next request; returns when the person is there to be asked."""
    there = threading.Event()

    def answer_it() -> None:
        with person_is_there(folders) as (watcher, number), open_client(folders) as person:
            there.set()
            while (event := watcher.receive(number)).get("event") != "approval":
                pass
            approval = event["approval"]
            person.call(
                "approval.answer",
                approval_id=approval["approval_id"],
                nonce=approval["nonce"],
                answer=answer,
            )

    thread = threading.Thread(target=answer_it, daemon=True)
    thread.start()
    assert there.wait(30)
    return thread


@contextlib.contextmanager
def answering(folders: Folders, decide: Callable[[dict[str, Any]], str]) -> Iterator[None]:
    """While entered, each question gets the answer that ``decide`` gives to it."""
    over = threading.Event()
    with person_is_there(folders) as (watcher, number), open_client(folders) as person:

        def answer_all() -> None:
            while not over.is_set():
                if not watcher.ready(0.05):
                    continue
                event = watcher.receive(number)
                if event.get("event") == "approval":
                    asked = event["approval"]
                    person.call(
                        "approval.answer",
                        approval_id=asked["approval_id"],
                        nonce=asked["nonce"],
                        answer=decide(asked),
                    )

        thread = threading.Thread(target=answer_all, daemon=True)
        thread.start()
        yield
        over.set()
        thread.join(30)


class Watcher:
    """Sees what is asked, and answers."""

    def __init__(self, client: Client, number: int, person: Client) -> None:
        self.client, self.number, self.person = client, number, person

    def asked(self) -> dict[str, Any]:
        """The next question."""
        return dict(until(self.client, self.number, "approval")["approval"])

    def answer(self, approval: dict[str, Any], answer: str, **more: Any) -> None:
        self.person.call(
            "approval.answer",
            approval_id=approval["approval_id"],
            nonce=approval["nonce"],
            answer=answer,
            **more,
        )
