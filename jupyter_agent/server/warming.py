"""Makes the server's screener fast, in a thread: at once for itself, later for those to come."""

from __future__ import annotations

import threading
from logging import Logger
from typing import Final

from jupyter_agent.folders import Folders
from jupyter_agent.screen import Screener

_LATER: Final = 20.0
"""Seconds after which a server has started whatever it starts with."""

_REST: Final = 0.003
"""Seconds between two steps of a millisecond: cells and pages come first."""


class Warming:
    """Compiles the rules, or loads them; until then the plain engine screens.

    Args:
        screener: To be made fast.
        folders: Where the compiled rules are kept.
        log: Told the class of an error.
    """

    def __init__(self, screener: Screener, folders: Folders, log: Logger) -> None:
        self._screener = screener
        self._folders = folders
        self._log = log
        self._closed = threading.Event()

    def start(self) -> None:
        """Begin, in a thread that ends with the process."""
        threading.Thread(target=self._work, name="jupyter_agent rules", daemon=True).start()

    async def close(self) -> None:
        """Begin nothing more."""
        self._closed.set()

    def _work(self) -> None:
        try:
            from jupyter_agent import rulecache  # noqa: PLC0415  (its imports take their time)

            rulecache.warm(self._folders, self._screener)
            if not self._closed.wait(_LATER):
                rulecache.keep_expressions(self._folders, self._screener, self._rest)
        except _Closed:
            return
        except Exception as problem:  # noqa: BLE001  (slower, and nothing else)
            self._log.warning("jupyter_agent: rules are not compiled (%s).", type(problem).__name__)

    def _rest(self) -> None:
        if self._closed.wait(_REST):
            raise _Closed


class _Closed(Exception):
    """The server ends."""
