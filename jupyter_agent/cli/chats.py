"""What ``doctor`` says about Jupyter AI: which of its messages are screened, and what is open."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from jupyter_agent.chat import jupyter_ai
from jupyter_agent.cli.installation import Check, check, reinstall
from jupyter_agent.cli.jupyter_settings import Settings, is_installed
from jupyter_agent.cli.usual_places import served_folders

_BROWSER_PART: Final = "jupyterlab-chat-extension"
_SECONDS: Final = 0.5


def chats() -> Iterator[Check]:
    """Layers A and B, collaboration, Jupyter AI's own MCP server, and its ``.env``."""
    number = jupyter_ai.installed()
    if not number:
        yield check("chat", "ok", "There is no Jupyter AI chat in this environment.")
        return
    settings = Settings.read()
    yield _page(number)
    yield _server(number, settings)
    yield from _unread(settings)
    yield from _mcp(settings)
    yield from _env_files()


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
            reinstall(),
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


def _server(number: str, settings: Settings) -> Check:
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


def _unread(settings: Settings) -> Iterator[Check]:
    if settings.unread:
        yield check(
            "chat-settings",
            "warn",
            f"{settings.unread[0]} is a program, and not run here: what it says of the chat's "
            "extensions may differ from the lines above.",
            "What is active stands in the log of Jupyter's server when it starts.",
        )


def _mcp(settings: Settings) -> Iterator[Check]:
    if not (is_installed(jupyter_ai.MCP) and settings.enabled(jupyter_ai.MCP)):
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
