"""Call the broker as the person who owns this machine's vault: for server and terminal only.

The kernel adapter must not import this module (an import contract sees to it). Said plainly: any
program of the same user can read the same file; the role keeps accidents and models out, not
hostile code (docs/threat-model.md).
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING

from jupyter_agent.client import Client, Hello, connect
from jupyter_agent.errors import BrokerRefused
from jupyter_agent.folders import Folders, read_private
from jupyter_agent.processes.exits import end_command

if TYPE_CHECKING:
    from jupyter_agent.client.loop import AsyncClient


def hello(folders: Folders, environ: Mapping[str, str] | None = None) -> Hello:
    """Who the person is, proven by the person key.

    Args:
        folders: Whose key.
        environ: Where the person's settings stand; ours, if none is given.

    Raises:
        BrokerRefused: There is no key, although a broker runs.
        VaultUnsafe: The key file is a link, somebody else's, or open to others.
    """
    environ = os.environ if environ is None else environ
    key = _key(folders)
    if key is None:
        # The broker makes the key when it starts, so a first call starts it. Its socket is there
        # before the key; once it has answered a hello, the key is there too.
        with Client(folders, Hello()) as guest:
            pid = guest.call("status")["pid"]
        key = _key(folders)
        if key is None:
            raise BrokerRefused(
                "The person key is gone, or damaged.",
                f"The next broker makes a new one; end this one: {end_command(pid)}",
            )
    settings = {
        "key_source": environ.get("JUPYTER_AGENT_KEY_SOURCE", ""),
        "dbus_address": environ.get("DBUS_SESSION_BUS_ADDRESS", ""),
        "private_files": environ.get("JUPYTER_AGENT_PRIVATE_FILES", ""),
        # systemd's: https://systemd.io/CREDENTIALS/
        "credentials": environ.get("CREDENTIALS_DIRECTORY", ""),
    }
    return Hello(
        role="person",
        proof={"key": key},
        settings={name: value for name, value in settings.items() if value},
    )


def _key(folders: Folders) -> str | None:
    key = read_private(folders.person_key)
    return key.decode("ascii") if key and key.isascii() else None


def open_client(folders: Folders, *, start: bool = True) -> Client:
    """A conversation as the person, for callers that may block.

    Raises:
        AgentError: See ``Client`` and ``hello``.
    """
    if not start:
        connect(folders, start=False).close()
    return Client(folders, hello(folders), start=start)


async def open_async(folders: Folders, *, start: bool = True) -> AsyncClient:
    """A conversation as the person, for an event loop.

    Raises:
        AgentError: See ``Client`` and ``hello``.
    """
    # Only the server needs these, and they would cost every terminal call 30 ms.
    import asyncio  # noqa: PLC0415

    from jupyter_agent.client.loop import AsyncClient  # noqa: PLC0415

    greeting = await asyncio.to_thread(hello, folders)
    return await AsyncClient.open(folders, greeting, start=start)
