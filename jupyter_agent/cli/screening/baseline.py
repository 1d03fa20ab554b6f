"""A baseline: findings that are known and accepted, in a file that can be committed.

An entry is a path, a rule, and a tag of the value: the first eight bits of an HMAC-SHA256 under a
random key that stands in the file, so that the file works on every machine. Eight bits, because
whoever has the file can try guesses against it: of any value, however weak, it gives away no more
than those eight bits. The price is that one of 256 other values at the same place would be accepted
too. docs/decisions/0007-what-a-baseline-remembers.md weighs it.
"""

from __future__ import annotations

import hmac
import json
import os
import secrets
from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

from jupyter_agent.errors import RequestInvalid

if TYPE_CHECKING:
    from jupyter_agent.cli.screening.found import Found

_FORMAT: Final = 1
_KEY_BYTES: Final = 16
_LARGEST: Final = 16 * 2**20
_WRITE: Final = "Write one first, with --write-baseline."

_Entry = tuple[str, str, str]
"""Path, rule, tag."""


class Baseline:
    """Accepted findings.

    Args:
        path: The file; its folder is what paths inside it are relative to.
        key: Under which values are tagged.
        accepted: How often each entry is accepted.
    """

    def __init__(self, path: str, key: bytes, accepted: Counter[_Entry]) -> None:
        self._path = path
        self._folder = os.path.dirname(os.path.abspath(path))  # noqa: PTH100, PTH120  (startup)
        self._key = key
        self._accepted = accepted

    @staticmethod
    def read(path: str) -> Baseline:
        """Read one from its file.

        Raises:
            RequestInvalid: It can't be read, or is no baseline.
        """
        try:
            with open(path, encoding="utf-8") as file:  # noqa: PTH123  (startup time)
                body = json.loads(file.read(_LARGEST))
            key, accepted = _parsed(body)
        except OSError as error:
            raise RequestInvalid(
                f"The baseline can't be read: {os.strerror(error.errno or 0)}.",
                _WRITE if isinstance(error, FileNotFoundError) else "Name one that can be read.",
            ) from None
        except (ValueError, TypeError, KeyError, RecursionError):
            raise RequestInvalid(
                "That file is no baseline.", "Name another file, or remove this one and write it."
            ) from None
        return Baseline(path, key, accepted)

    @staticmethod
    def read_or_new(path: str) -> Baseline:
        """Read one, or begin one where there is no file yet.

        Raises:
            RequestInvalid: See ``read``.
        """
        if os.path.lexists(path):
            return Baseline.read(path)
        return Baseline(path, secrets.token_bytes(_KEY_BYTES), Counter())

    def tag(self, value: str) -> str:
        """What is remembered of a value: eight bits, as two hexadecimal digits."""
        return hmac.digest(self._key, value.encode("utf-8", "surrogatepass"), "sha256")[:1].hex()

    def new(self, found: Iterable[Found]) -> list[Found]:
        """The findings that are not accepted; one entry accepts one finding."""
        left = self._accepted.copy()
        fresh: list[Found] = []
        for finding in found:
            entry = self._entry(finding)
            if left[entry] > 0:
                left[entry] -= 1
            else:
                fresh.append(finding)
        return fresh

    def write(self, found: Iterable[Found], screened: Iterable[str]) -> None:
        """Accept these findings, and forget what was accepted in the files that were screened.

        Args:
            found: What there is now.
            screened: The files that were looked at; entries of others stay.

        Raises:
            RequestInvalid: It can't be written.
        """
        looked_at = {self._relative(path) for path in screened}
        kept = {entry: n for entry, n in self._accepted.items() if entry[0] not in looked_at}
        now = Counter(kept) + Counter(self._entry(finding) for finding in found)
        body = {
            "format": _FORMAT,
            # Named so that no screen takes it for a secret: it is public.
            "salt": self._key.hex(),
            "accepted": [
                {"path": path, "rule": rule, "tag": tag, "count": now[path, rule, tag]}
                for path, rule, tag in sorted(now)
            ],
        }
        from pathlib import Path  # noqa: PLC0415  (startup time)

        from jupyter_agent.cli.screening import whole  # noqa: PLC0415

        try:
            whole.write(Path(self._path), json.dumps(body, indent=1) + "\n")
        except OSError as error:
            raise RequestInvalid(
                f"The baseline can't be written: {os.strerror(error.errno or 0)}.",
                "It is as it was. Make room, or make its folder writable.",
            ) from None

    def _entry(self, finding: Found) -> _Entry:
        return self._relative(finding.path), finding.rule, finding.tag or ""

    def _relative(self, path: str) -> str:
        return os.path.relpath(path, self._folder).replace(os.sep, "/")


def _parsed(body: dict[str, Any]) -> tuple[bytes, Counter[_Entry]]:
    if body["format"] != _FORMAT:
        raise ValueError
    key = bytes.fromhex(body["salt"])
    if len(key) != _KEY_BYTES:
        raise ValueError
    accepted: Counter[_Entry] = Counter()
    for entry in body["accepted"]:
        words = (entry["path"], entry["rule"], entry["tag"])
        count = entry["count"]
        if not all(isinstance(word, str) for word in words) or not isinstance(count, int):
            raise TypeError
        accepted[words] += max(count, 0)
    return key, accepted
