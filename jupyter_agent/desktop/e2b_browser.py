"""The browser in a sandbox of E2B, steered over the sandbox's own process stream: no port at all.

E2B can make any port of a sandbox reachable by its address; a debugging port there would be open to
whoever has it. So the browser gets its pipe, as on this machine, and the pipe is the standard input
and output of the process, which E2B's service carries to us and to nobody else
(``process.Process/Start`` and ``SendInput`` of envd, by the SDK).
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import shlex
from typing import Any, Final

from jupyter_agent.desktop.cdp import Cdp
from jupyter_agent.desktop.provider import StartOptions

_FOLDER: Final = "/tmp/jupyter-agent-profile"  # noqa: S108  (in a machine of its own)

_FLAGS: Final = (
    f"--user-data-dir={_FOLDER}",
    *("--no-first-run", "--no-default-browser-check", "--password-store=basic"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--disable-breakpad", "--disable-default-apps", "--window-position=0,0"),
    "--start-maximized",
    "--disable-features=BackForwardCache,Translate,MediaRouter,AutofillServerCommunication",
    "--remote-debugging-pipe",
)
_PREFERENCES: Final = {
    "credentials_enable_service": False,
    "credentials_enable_autosignin": False,
    "profile": {"password_manager_enabled": False},
    "autofill": {"profile_enabled": False, "credit_card_enabled": False},
    "signin": {"allowed": False},
}


def command(options: StartOptions) -> str:
    """The shell's line that starts it. No address that a person opens is in it."""
    flags = [*_FLAGS, f"--window-size={options.width},{options.height}"]
    preferences = shlex.quote(json.dumps(_PREFERENCES))
    return (
        f"mkdir -p {_FOLDER}/Default && printf %s {preferences} > {_FOLDER}/Default/Preferences && "
        f"exec google-chrome {shlex.join(flags)} about:blank 3<&0 4>&1 0</dev/null 1>/dev/null 2>&1"
    )


async def steered(sandbox: Any, options: StartOptions) -> Cdp:
    """Start the browser in a sandbox, and have its pipe.

    Args:
        sandbox: The SDK's, of its asynchronous kind.
        options: How large.
    """
    line = _Process()
    cdp = Cdp(line)
    taken = _Cut(cdp)
    # Nothing of its output is kept by the SDK: it would hold what pages show.
    handle = await sandbox.commands.run(
        command(options),
        background=True,
        stdin=True,
        timeout=0,
        on_stdout=taken.feed,
        retain_output=False,
    )
    line.begin(handle, cdp)
    return cdp


class _Process:
    """The process that is the browser (``cdp.Line``). Messages go in the order they were said."""

    def __init__(self) -> None:
        self._said: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._tasks: list[asyncio.Task[None]] = []

    def say(self, message: bytes) -> None:
        self._said.put_nowait(message + b"\0")

    def close(self) -> None:
        self._said.put_nowait(None)
        for task in self._tasks:
            if task is not asyncio.current_task():
                task.cancel()

    def begin(self, handle: Any, cdp: Cdp) -> None:
        self._tasks = [
            asyncio.create_task(self._write(handle, cdp)),
            asyncio.create_task(_until_ended(handle, cdp)),
        ]

    async def _write(self, handle: Any, cdp: Cdp) -> None:
        while (message := await self._said.get()) is not None:
            while not self._said.empty():  # one request for all that waits
                more = self._said.get_nowait()
                if more is None:
                    return
                message += more
            try:
                await handle.send_stdin(message)
            except Exception:  # noqa: BLE001  (the SDK raises many; each means that it is over)
                cdp.close()
                return


async def _until_ended(handle: Any, cdp: Cdp) -> None:
    with contextlib.suppress(Exception):  # how it ended makes no difference
        await handle.wait()
    cdp.close()


class _Cut:
    """Cuts what the browser says at its zero bytes."""

    def __init__(self, cdp: Cdp) -> None:
        self._cdp = cdp
        self._pieces: list[str] = []

    def feed(self, text: str) -> None:
        *whole, rest = text.split("\0")
        for piece in whole:
            self._pieces.append(piece)
            message = "".join(self._pieces)
            self._pieces.clear()
            if message:
                self._take(message)
        if rest:
            self._pieces.append(rest)

    def _take(self, message: str) -> None:
        try:
            self._cdp.take(message)
        except (ValueError, KeyError, TypeError, AttributeError):
            self._cdp.close()  # it speaks something else
