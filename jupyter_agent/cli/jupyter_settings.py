"""Jupyter's settings, as far as they can be read without running anything."""

from __future__ import annotations

import json
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

from jupyter_agent.chat import jupyter_ai

_TELLING: Final = ("jpserver_extensions", "YDocExtension", "MCPExtensionApp", "builtin_mcp_servers")
"""What a Python file would name that changes what is said here."""


class Settings:
    """Jupyter Server's settings in JSON files; those in Python files are programs, and not run.

    Args:
        files: From the one that counts most to the one that counts least.
        extensions: Which server extensions are switched on and off, as Jupyter puts that together.
        unread: Python files that say something about what is asked here.
    """

    def __init__(
        self, files: list[dict[str, Any]], extensions: dict[str, bool], unread: list[Path]
    ) -> None:
        self._files = files
        self._extensions = extensions
        self.unread = unread

    @classmethod
    def read(cls) -> Settings:
        """Read them where Jupyter looks for them."""
        from jupyter_core.paths import jupyter_config_path  # noqa: PLC0415  (only if asked)
        from jupyter_server.extension.config import (  # noqa: PLC0415
            ExtensionConfigManager,
        )

        files: list[dict[str, Any]] = []
        unread: list[Path] = []
        for folder in map(Path, jupyter_config_path()):
            parts = sorted((folder / "jupyter_server_config.d").glob("*.json"), reverse=True)
            files += [json_object(file) for file in (folder / "jupyter_server_config.json", *parts)]
            unread += [file for file in folder.glob("jupyter_*config.py") if _tells(file)]
        manager = ExtensionConfigManager(read_config_path=jupyter_config_path())
        extensions = manager.get_jpserver_extensions()  # type: ignore[no-untyped-call]
        return cls(files, extensions, unread)

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
            if not off and self.enabled(extension) and is_installed(extension):
                return extension
        return ""


def json_object(file: Path) -> dict[str, Any]:
    """What a JSON file says; one that is missing, or is something else, says nothing."""
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def is_installed(package: str) -> bool:
    """Whether a package is in this environment."""
    try:
        version(package)
    except PackageNotFoundError:
        return False
    return True


def _tells(file: Path) -> bool:
    try:
        lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return True  # nobody knows
    said = "\n".join(line for line in lines if not line.lstrip().startswith("#"))
    return any(name in said for name in _TELLING)
