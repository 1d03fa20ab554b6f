"""`jupyter agent mcp`: the tools over standard input and output, for a program that starts us."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path
from typing import Final

from jupyter_agent.client import Hello
from jupyter_agent.client.run_fields import handed_on
from jupyter_agent.folders import Folders
from jupyter_agent.mcp import sdk
from jupyter_agent.mcp.local_site import LocalSite
from jupyter_agent.mcp.toolbox import Toolbox
from jupyter_agent.screen import Screener
from jupyter_agent.screen.cell import CellScreener

_INTERRUPTED: Final = 130
"""128 + SIGINT, as shells say it."""


def serve(folders: Folders, hello: Hello) -> None:
    """Serve until the other program closes our standard input.

    Args:
        folders: Whose broker.
        hello: The agent, proven by its token.
    """
    asyncio.run(_serve(folders, hello))


async def _serve(folders: Folders, hello: Hello) -> None:
    screener = CellScreener(Screener())
    site = LocalSite(lambda: toolbox.open_client())  # noqa: PLW0108  (it comes below)
    toolbox = Toolbox(
        folders,
        hello,
        site,
        screener,
        cwd=str(Path.cwd()),
        env=handed_on(os.environ),
    )
    leaving = asyncio.create_task(_leave_when_interrupted(toolbox, site))
    try:
        made = sdk.server(lambda _request: toolbox)
        async with sdk.standard_streams() as (reading, writing):
            await made.run(reading, writing, made.create_initialization_options())
    finally:
        leaving.cancel()
        await toolbox.close()
        await site.close()


async def _leave_when_interrupted(toolbox: Toolbox, site: LocalSite) -> None:
    """Go at Ctrl-C, which some programs send, too: a thread that waits for a line does not end."""
    interrupted = asyncio.Event()
    try:
        asyncio.get_running_loop().add_signal_handler(signal.SIGINT, interrupted.set)
    except NotImplementedError:  # Windows
        return
    await interrupted.wait()
    await toolbox.close()
    await site.close()
    os._exit(_INTERRUPTED)
