"""A Jupyter server with the extension that the tests of a module share, and its kernels.

Made as pytest-jupyter makes one for each test, in this process; only that takes a module's time,
and starting a kernel takes several times as long.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import logging
import os
import secrets
import shutil
import sys
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import jupyter_core.paths
import pytest
from jupyter_server.serverapp import ServerApp
from kernel_pages import KernelPage, reply
from traitlets.config import Config

BASE_URL = "/a%40b/"  # pytest-jupyter's: an address with a character that must be encoded

_AS_NEW = """
if "jupyter_agent" in get_ipython().extension_manager.loaded:
    get_ipython().run_line_magic("reload_ext", "jupyter_agent")
get_ipython().reset(new_session=True)
"""


class SharedServer:
    """A server and the kernels that its tests use one after another.

    Args:
        folder: All that it and its kernels write lies below.
        config: The server's.

    Attributes:
        app: The ``ServerApp``.
        folder: See above.
        root: The folder that it serves; empty at the beginning of each test.
        log: What its log handlers write to.
    """

    def __init__(self, folder: Path, config: Config) -> None:
        self.folder = folder
        self.root = folder / "root_dir"
        self.log = io.StringIO()
        self._kept: dict[str, str] = {}
        self._in_use: set[str] = set()
        self.root.mkdir()
        self.app = self._made(config)

    def _made(self, config: Config) -> ServerApp:
        config = Config(config)
        config.NotebookNotary.db_file = ":memory:"
        config.IdentityProvider.token = secrets.token_hex(16)
        ServerApp.clear_instance()
        app = ServerApp.instance(
            log_level="DEBUG",
            port=0,  # nobody listens there: each test has a port of its own
            open_browser=False,
            base_url=BASE_URL,
            config=config,
            allow_root=True,
            root_dir=str(self.root),
        )
        app.init_signal = lambda: None
        return app

    async def start(self) -> None:
        """Begin; the loop that runs now is the server's."""
        self.app.initialize(argv=[], new_httpserver=False)
        for handler in self.app.log.handlers:
            if isinstance(handler, logging.StreamHandler):
                handler.setStream(self.log)  # pytest closes its own at times
        self.app.log.propagate = True
        self.app.log.handlers = []
        self.app.start_app()

    async def kernel(self, name: str, connect: Callable[..., Awaitable[Any]]) -> str:
        """A kernel as new: the one that is kept, or another where this test has that already.

        Args:
            name: Of its kernelspec.
            connect: Opens a websocket of this server.

        Returns:
            Its id.
        """
        manager = self.app.kernel_manager
        kept = self._kept.get(name)
        if kept is None or kept not in manager or kept in self._in_use:
            kernel_id: str = await manager.start_kernel(kernel_name=name)
            if kept is None or kept not in manager:
                self._kept[name] = kernel_id
                self._in_use.add(kernel_id)
            return kernel_id
        self._in_use.add(kept)
        if name == "python3":  # elsewhere nothing is left but what a test has asked for by name
            page = await KernelPage.connect(connect, kept)
            done = await page.run(_AS_NEW, silent=True, store_history=False)
            assert reply(done)["status"] == "ok"
            page.close()
        return kept

    async def tidy(self) -> None:
        """End what a test has begun; the kernels that are kept stay."""
        for session in await self.app.session_manager.list_sessions():
            await self.app.session_manager.delete_session(session["id"])
        for kernel_id in self.app.kernel_manager.list_kernel_ids():
            if kernel_id not in self._kept.values():
                await self.app.kernel_manager.shutdown_kernel(kernel_id, now=True)
        self._in_use.clear()
        for entry in self.root.iterdir():
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry)
            else:
                entry.unlink()

    async def close(self) -> None:
        """End the server and its kernels."""
        await self.app._cleanup()


@contextlib.contextmanager
def shared_server(
    folder: Path, config: Config, loop: asyncio.AbstractEventLoop, env: dict[str, str]
) -> Iterator[SharedServer]:
    """A running one; it ends with the block.

    Args:
        folder: Where everything lies that it writes.
        config: The server's.
        loop: In which it runs, whenever that does.
        env: What its environment has besides, and its kernels'.
    """
    with pytest.MonkeyPatch.context() as patch:
        _settle(folder, patch)
        for name, value in env.items():
            patch.setenv(name, value)
        server = SharedServer(folder, config)
        loop.run_until_complete(server.start())
        yield server
        loop.run_until_complete(server.close())
        server.app.kernel_manager.context.destroy()
        ServerApp.clear_instance()


def _settle(folder: Path, patch: pytest.MonkeyPatch) -> None:
    """Jupyter's folders, all of this server alone."""
    for variable, name in (
        ("HOME", "home"),
        ("JUPYTER_CONFIG_DIR", "config"),
        ("JUPYTER_DATA_DIR", "data"),
        ("JUPYTER_RUNTIME_DIR", "runtime"),
    ):
        (folder / name).mkdir()
        patch.setenv(variable, str(folder / name))
    patch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
    for constant, below in (
        ("SYSTEM_JUPYTER_PATH", "share/jupyter"),
        ("ENV_JUPYTER_PATH", "env/share/jupyter"),
        ("SYSTEM_CONFIG_PATH", "etc/jupyter"),
        ("ENV_CONFIG_PATH", "env/etc/jupyter"),
    ):
        (folder / below).mkdir(parents=True)
        patch.setattr(jupyter_core.paths, constant, [str(folder / below)])
