"""What ``doctor`` says about Jupyter AI: which of its messages are screened, and what is open."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

from jupyter_agent.chat import jupyter_ai
from jupyter_agent.cli.installation import Check, check
from jupyter_agent.cli.usual_places import served_folders

_BROWSER_PART: Final = "jupyterlab-chat-extension"
_SECONDS: Final = 0.5


def chats() -> Iterator[Check]:
    """Layers A and B, collaboration, Jupyter AI's own MCP server, and its ``.env``."""
    number = jupyter_ai.installed()
    if not number:
        yield check("chat", "ok", "There is no Jupyter AI chat in this environment.")
        return
    settings = _Settings.read()
    yield _page(number)
    yield _server(number, settings)
    yield from _mcp(settings)
    yield from _env_files()


class _Settings:
    """Jupyter Server's settings in JSON files; those in Python files are not read.

    Args:
        files: From the one that counts most to the one that counts least.
        extensions: Which server extensions are switched on and off, as Jupyter puts that together.
    """

    def __init__(self, files: list[dict[str, Any]], extensions: dict[str, bool]) -> None:
        self._files = files
        self._extensions = extensions

    @classmethod
    def read(cls) -> _Settings:
        """Read them where Jupyter looks for them."""
        from jupyter_core.paths import jupyter_config_path  # noqa: PLC0415  (only if asked)
        from jupyter_server.extension.config import (  # noqa: PLC0415
            ExtensionConfigManager,
        )

        files = []
        for folder in map(Path, jupyter_config_path()):
            parts = sorted((folder / "jupyter_server_config.d").glob("*.json"), reverse=True)
            files += [_json(file) for file in (folder / "jupyter_server_config.json", *parts)]
        manager = ExtensionConfigManager(read_config_path=jupyter_config_path())
        return cls(files, manager.get_jpserver_extensions())  # type: ignore[no-untyped-call]

    def get(self, section: str, name: str) -> Any:
        """What counts, or None."""
        for file in self._files:
            values = file.get(section)
            if isinstance(values, dict) and name in values:
                return values[name]
        return None

    def enabled(self, extension: str) -> bool:
        """Whether a server extension is loaded."""
        return self._extensions.get(extension) is True

    @property
    def collaboration(self) -> str:
        """The extension under which chats are shared documents, or ""."""
        for extension in jupyter_ai.COLLABORATION:
            off = extension == "jupyter_server_ydoc" and self.get("YDocExtension", "disable_rtc")
            if not off and self.enabled(extension) and _installed(extension):
                return extension
        return ""


def _page(number: str) -> Check:
    from jupyter_core.paths import jupyter_path  # noqa: PLC0415  (only if asked)

    there = {
        name
        for folder in jupyter_path("labextensions")
        for name in (_BROWSER_PART, "jupyter-agent")
        if (Path(folder) / name / "package.json").exists()
    }
    if _BROWSER_PART not in there:
        return check("chat-page", "ok", f"jupyterlab-chat {number} has no browser part here.")
    if "jupyter-agent" not in there:
        return check(
            "chat-page",
            "fail",
            "Layers A and A2 are not active: this environment lacks our browser part.",
            "Install it in this environment: pip install --force-reinstall jupyter-agent-secrets",
        )
    if not jupyter_ai.is_tried(number):
        return check(
            "chat-page",
            "warn",
            f"Layers A and A2 are loaded, but were not tried with jupyterlab-chat {number}.",
            _tried(),
        )
    return check(
        "chat-page",
        "ok",
        f"Layers A and A2 are active (jupyterlab-chat {number}): the page screens a message before "
        "it is sent.",
    )


def _server(number: str, settings: _Settings) -> Check:
    if not settings.enabled(jupyter_ai.PACKAGE):
        return check("chat-server", "ok", "The chat's server extension is switched off.")
    if name := settings.collaboration:
        return check(
            "chat-server",
            "warn",
            f"Layer B is not active: with real-time collaboration ({name}) pages write chats into "
            "a shared document, so only the page screens them before others see them. The file is "
            "masked when it is saved.",
            "Without collaboration: jupyter server extension disable " + name,
        )
    if not jupyter_ai.is_tried(number):
        return check(
            "chat-server",
            "warn",
            f"Layer B is not active for certain: it was not tried with jupyterlab-chat {number}.",
            _tried(),
        )
    return check(
        "chat-server",
        "ok",
        "Layer B is active: the server screens each message and what is attached to it before the "
        "chat stores it.",
    )


def _tried() -> str:
    return f"Tried are {', '.join(f'{number}.x' for number in jupyter_ai.TRIED)}."


def _mcp(settings: _Settings) -> Iterator[Check]:
    if not (_installed(jupyter_ai.MCP) and settings.enabled(jupyter_ai.MCP)):
        return
    port = settings.get("MCPExtensionApp", "mcp_port")
    port = port if isinstance(port, int) else jupyter_ai.MCP_PORT
    now = " Something answers there now." if port and _answers(port) else ""
    where = f"on port {port}" if port else "on a port of its own"
    yield check(
        "chat-mcp",
        "warn",
        f"Jupyter AI's own MCP server ({jupyter_ai.MCP}) lets every program of this machine run "
        f"cells and commands, {where}, without a token.{now}",
        f"Where you don't need it: jupyter server extension disable {jupyter_ai.MCP}. Labels are "
        "used through ours, which asks for a token: docs/mcp.md",
    )


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), _SECONDS):
            return True
    except OSError:
        return False


def _env_files() -> Iterator[Check]:
    for path in dict.fromkeys(map(Path, (".env", *served_folders()))):
        if path.is_file():
            where = path.resolve()
            yield check(
                "chat-env",
                "warn",
                f"Jupyter AI puts what {where} holds into its own environment, which kernels and "
                "agents inherit.",
                f"Take the secrets out of it: jupyter agent secret import {where}",
            )
            return


def _installed(package: str) -> bool:
    try:
        version(package)
    except PackageNotFoundError:
        return False
    return True


def _json(file: Path) -> dict[str, Any]:
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}
