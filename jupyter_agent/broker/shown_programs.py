"""The programs of a run as a person was shown them, and whether they are still the same files."""

from __future__ import annotations

from typing import Final

from jupyter_agent.broker.permitting import Request
from jupyter_agent.errors import GrantDenied

_SHORT: Final = 12
"""Hex digits of a hash that a person is shown."""


class ShownPrograms:
    """What the names of programs in a run meant when its question was put. Reads these files.

    A question may be open for minutes, and whoever asks it may write to the folder that its program
    lies in. So a yes counts for the files that were there when the person read the question.

    Args:
        request: The run.
    """

    def __init__(self, request: Request) -> None:
        self._request = request
        self._files = request.programs(request.named())

    def rows(self) -> list[dict[str, str | None]]:
        """For people: each name with path and short hash, or None (a builtin, or not there)."""
        return [
            {
                "word": word,
                "path": file["path"],
                "sha256": file["sha256"] and file["sha256"][:_SHORT],
            }
            for word, file in self._files.items()
        ]

    def check(self) -> None:
        """Return if every name still means the same file with the same content.

        Raises:
            GrantDenied: One does not.
        """
        now = self._request.programs(self._files)
        changed = [word for word, file in self._files.items() if now[word] != file]
        if changed:
            raise GrantDenied(
                f"{', '.join(changed)} was exchanged while this was asked about, "
                "so the answer does not count.",
                "Run it again to be asked about the program that is there now.",
            )
