"""The whole record of uses: today's file, those from before new keys, and how far each has got.

The vault keeps one sealed record about it: name and head of today's file, and of each earlier file
its name, key and head. That record is written together with the counts of uses, about a second
after a run, so it costs no write of its own.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from pathlib import Path
from typing import Any

from jupyter_agent import wire
from jupyter_agent.broker.audit import Audit, Head


class Trail:
    """The record of one vault, as long as its keys stay.

    Args:
        folder: The state folder.
        record: What the vault keeps, or None.
        first: Name of today's file where the vault keeps nothing yet.
        key: Of today's file, 32 bytes.
    """

    def __init__(self, folder: Path, record: bytes | None, *, first: str, key: bytes) -> None:
        self._folder = folder
        self._name: str = _body(record).get("file") or first
        self._key = key
        self._now = Audit(folder / self._name, key)

    def append(self, event: dict[str, Any]) -> None:
        """Add an event; see ``Audit.append``."""
        self._now.append(event)

    def keyed_hash(self, text: str) -> str:
        """Tells whether two texts are the same, and nothing about them to who has no key."""
        message = b"command\0" + text.encode("utf-8", "surrogatepass")
        return hmac.new(self._key, message, hashlib.sha256).hexdigest()[:32]

    def events(self, record: bytes | None) -> list[dict[str, Any]]:
        """Every event, oldest first."""
        runs: dict[str, dict[str, Any]] = {}  # one may begin under other keys than it ends under
        files = [*(audit for audit, _ in self._past(record)), self._now]
        return [event for audit in files for event in audit.events(runs)]

    def verify(self, record: bytes | None) -> tuple[int, int | None]:
        """Check every file; see ``Audit.verify``, whose numbers go on from file to file."""
        total = 0
        for audit, head in (*self._past(record), (self._now, _head(record))):
            count, broken = audit.verify(head)
            if broken is not None:
                return total + count, total + broken
            total += count
        return total, None

    def advance(self, record: bytes | None) -> bytes | None:
        """What the vault shall keep instead; None where there is nothing new to say.

        Also None where the vault has been given new keys by another broker just now: today's file
        is then another one.

        Raises:
            OSError: The file is not surely on the disk.
        """
        if _body(record).get("file", self._name) != self._name:
            return None
        old = _head(record)
        new = self._now.advance(old)
        if new is None or new == old:
            return None
        return _encoded(_body(record)["past"], self._name, new)

    def handed_over(self, record: bytes | None) -> bytes:
        """What the vault shall keep when it gets new keys: today's file is then an earlier one."""
        head = _head(record)
        mine = {
            "file": self._name,
            "key": self._key.hex(),
            # A file that does not lead through its head keeps it, and stays broken for all to see.
            "head": (self._now.advance(head) or head).to_json(),
        }
        fresh = f"audit-{secrets.token_hex(4)}.jsonl"
        return _encoded([*_body(record)["past"], mine], fresh, Head())

    def accepted(self, record: bytes | None) -> bytes:
        """What the vault shall keep once a person has accepted the record as it is here."""
        past = [
            {**each, "head": (audit.advance(Head()) or Head()).to_json()}
            for each, (audit, _) in zip(_body(record)["past"], self._past(record), strict=True)
        ]
        return _encoded(past, self._name, self._now.advance(Head()) or Head())

    def _past(self, record: bytes | None) -> list[tuple[Audit, Head]]:
        return [
            (
                Audit(self._folder / each["file"], bytes.fromhex(each["key"])),
                Head(**each["head"]),
            )
            for each in _body(record)["past"]
        ]


def act(what: str, labels: list[str]) -> dict[str, Any]:
    """What a person did to the vault as a whole, as an event.

    Args:
        what: The command, such as ``vault export``.
        labels: Whose values it touched.
    """
    return {
        "time": wire.timestamp(),
        "actor": "person",
        "notebook": None,
        "labels": labels,
        "command": f"jupyter agent {what}",
        "decision": "done",
        "exit": None,
        "seconds": None,
        "bytes": None,
        "hits": {},
    }


def _body(record: bytes | None) -> dict[str, Any]:
    body: dict[str, Any] = {"past": []} if record is None else json.loads(record)
    return body


def _head(record: bytes | None) -> Head:
    return Head(**_body(record).get("head", {}))


def _encoded(past: list[dict[str, Any]], file: str, head: Head) -> bytes:
    body = {"past": past, "file": file, "head": head.to_json()}
    return json.dumps(body, separators=(",", ":")).encode()
