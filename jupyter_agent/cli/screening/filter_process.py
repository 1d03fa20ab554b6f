"""git's long-running filter: one process masks every notebook of a ``git add``.

Started once per file, the filter would cost a tenth of a second for each. Protocol:
gitattributes(5), "Long Running Filter Process", version 2, in packets of gitprotocol-common(5),
"pkt-line": four hexadecimal digits of length, themselves counted, then the data; ``0000`` ends a
list.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import IO, Final

from jupyter_agent.errors import AgentError, RequestInvalid

_HEAD: Final = 4
_LARGEST: Final = 65_516
"""Bytes of data in one packet."""
_END: Final = b"0000"
_PATH: Final = b"pathname="


class FilterProcess:
    """Answers git until it hangs up.

    Args:
        source: What git says.
        sink: What git hears.
        clean: Masks a file on its way into the repository; told its path in the work tree, too.
        report: Told why a file could not be masked; never its content.
    """

    def __init__(
        self,
        source: IO[bytes],
        sink: IO[bytes],
        clean: Callable[[bytes, str], bytes],
        report: Callable[[AgentError], None],
    ) -> None:
        self._source = source
        self._sink = sink
        self._clean = clean
        self._report = report

    def serve(self) -> None:
        """Greet, then filter file after file.

        Raises:
            RequestInvalid: It is not git that speaks, or not this protocol.
        """
        if self._list() != [b"git-filter-client", b"version=2"]:
            raise RequestInvalid("This is no filter protocol that we know.", "Update git.")
        self._say(b"git-filter-server", b"version=2")
        self._list()  # what git can do
        # Smudge must be offered, too: git takes a filter that is required as failed without it.
        self._say(b"capability=clean", b"capability=smudge")
        while (command := self._list()) is not None:
            content = b"".join(self._packets())
            if b"command=clean" in command:
                self._answer(content, _path(command))
            elif b"command=smudge" in command:
                self._give(content)  # a masked value does not come back
            else:
                raise RequestInvalid("This is no filter protocol that we know.", "Update git.")

    def _answer(self, content: bytes, path: str) -> None:
        try:
            masked = self._clean(content, path)
        except AgentError as error:
            # git stores nothing of this file and goes on with the next one.
            self._report(error)
            self._say(b"status=error")
        else:
            self._give(masked)

    def _give(self, content: bytes) -> None:
        self._say(b"status=success")
        for at in range(0, len(content), _LARGEST):
            self._write(content[at : at + _LARGEST])
        self._sink.write(_END)
        self._say()  # an empty list: the status stays as it was

    def _say(self, *lines: bytes) -> None:
        for line in lines:
            self._write(line + b"\n")
        self._sink.write(_END)
        self._sink.flush()

    def _write(self, data: bytes) -> None:
        self._sink.write(b"%04x" % (len(data) + _HEAD) + data)

    def _list(self) -> list[bytes] | None:
        """Lines up to the end of their list; None where git has hung up instead."""
        head = self._source.read(_HEAD)
        if not head:
            return None
        return [line.removesuffix(b"\n") for line in self._packets(head)]

    def _packets(self, head: bytes | None = None) -> Iterator[bytes]:
        head = self._source.read(_HEAD) if head is None else head
        while head != _END:
            try:
                size = int(head, 16) - _HEAD
            except ValueError:
                size = 0
            data = self._source.read(size) if size > 0 else b""
            if size <= 0 or len(data) < size:
                raise RequestInvalid("git's side of the filter broke off.")
            yield data
            head = self._source.read(_HEAD)


def _path(command: list[bytes]) -> str:
    """Which file it is about, from the work tree's top, where git starts its filters."""
    names = (line.removeprefix(_PATH) for line in command if line.startswith(_PATH))
    return os.fsdecode(next(names, b""))
