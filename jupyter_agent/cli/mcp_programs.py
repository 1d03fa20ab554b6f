"""The programs that speak MCP, and how each of them is told about us.

What is written is a command line with the agent's name. The token stays in a private file of ours,
so a configuration may be shared, shown and committed. Everything else in a file stays as it is,
comments too; one that can't be read with certainty is left alone.
"""

from __future__ import annotations

import json
import os
import re
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from jupyter_agent.cli import commented_json
from jupyter_agent.errors import RequestInvalid
from jupyter_agent.folders import write_private

SERVER: Final = "jupyter-agent"
"""How programs call us."""

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,31}")


@dataclass(frozen=True, slots=True)
class Entry:
    """What a program has to start.

    Attributes:
        command: The program.
        args: Its arguments; no secret.
        env: Variables it needs; no secret.
    """

    command: str
    args: tuple[str, ...]
    env: dict[str, str]

    @classmethod
    def here(cls, agent: str) -> Entry:
        """This installation, as this agent."""
        words = ["mcp", "--agent", agent]
        script = Path(sys.executable).parent / "jupyter-agent"
        command = [str(script)] if script.exists() else [sys.executable, "-m", "jupyter_agent.cli"]
        home = os.environ.get("JUPYTER_AGENT_HOME")
        env = {"JUPYTER_AGENT_HOME": str(Path(home).absolute())} if home else {}
        return cls(command[0], (*command[1:], *words), env)

    def to_json(self) -> dict[str, Any]:
        """As most programs want it."""
        env = {"env": self.env} if self.env else {}
        return {"command": self.command, "args": list(self.args), **env}


@dataclass(frozen=True, slots=True)
class Program:
    """One program with a configuration in JSON, perhaps with comments.

    Attributes:
        name: As it is typed.
        title: As it is called.
        usual: Its configuration below the home folder, or "".
        key: The object that holds the servers.
        more: Further fields of an entry.
    """

    name: str
    title: str
    usual: str
    key: str = "mcpServers"
    more: tuple[tuple[str, str], ...] = ()

    def path(self, named: str | None) -> Path | None:
        """Where its configuration is."""
        if named is not None:
            return Path(named).absolute()
        return Path.home() / self.usual if self.usual else None

    def text(self, entry: Entry) -> str:
        """What belongs into a configuration."""
        return json.dumps({self.key: {SERVER: self._fields(entry)}}, indent=2)

    def write(self, path: Path, entry: Entry) -> None:
        """Put us in.

        Raises:
            RequestInvalid: The file can't be read.
        """
        self._read(path)
        text = commented_json.put(self._text(path), (self.key, SERVER), self._fields(entry))
        _replace(path, text)

    def remove(self, path: Path) -> bool:
        """Take us out; whether we were in it."""
        self._read(path)
        text = self._text(path)
        rest = commented_json.remove(text, (self.key, SERVER))
        if rest == text:
            return False
        _replace(path, rest)
        return True

    def agent_in(self, path: Path) -> str | None:
        """As which agent we are in a configuration; None where we are not."""
        try:
            return _agent(self._read(path).get(self.key, {}).get(SERVER))
        except RequestInvalid:
            return None

    def check(self, path: Path) -> None:
        """Look whether a configuration can be changed.

        Raises:
            RequestInvalid: It can't be read.
        """
        self._read(path)

    def _fields(self, entry: Entry) -> dict[str, Any]:
        return {**dict(self.more), **entry.to_json()}

    def _read(self, path: Path) -> dict[str, Any]:
        try:
            content = commented_json.load(self._text(path))
        except commented_json.Unclear as problem:
            raise _unreadable(self, path, f", from line {problem.line} on") from None
        if not isinstance(content, dict) or not isinstance(content.get(self.key, {}), dict):
            raise _unreadable(self, path)
        return content

    def _text(self, path: Path) -> str:
        try:
            return path.read_bytes().decode()  # with the line breaks that are there
        except FileNotFoundError:
            return ""
        except (OSError, ValueError):
            raise _unreadable(self, path) from None


@dataclass(frozen=True, slots=True)
class TomlProgram(Program):
    """One with a configuration in TOML: a block of ours is put at its end, and taken out again."""

    def text(self, entry: Entry) -> str:
        """See ``Program.text``. A JSON text is a TOML basic string, but for a few characters."""
        head = f"[{self.key}.{SERVER}]"
        lines = [head, f"command = {_toml(entry.command)}"]
        lines.append(f"args = [{', '.join(map(_toml, entry.args))}]")
        if entry.env:
            pairs = ", ".join(f"{name} = {_toml(value)}" for name, value in entry.env.items())
            lines.append(f"env = {{ {pairs} }}")
        return "\n".join(lines)

    def write(self, path: Path, entry: Entry) -> None:
        """See ``Program.write``."""
        rest = self._without_us(path, self._text(path))
        added = f"{rest.rstrip()}\n\n{self.text(entry)}\n".lstrip("\n")
        _replace(path, added)

    def remove(self, path: Path) -> bool:
        """See ``Program.remove``."""
        text = self._text(path)
        rest = self._without_us(path, text)
        if rest == text:
            return False
        _replace(path, rest)
        return True

    def _without_us(self, path: Path, text: str) -> str:
        block = rf"(?ms)^\[{self.key}\.{SERVER}\][^\n]*\n(?:(?!\[)[^\n]*(?:\n|\Z))*"
        rest = re.sub(block, "", text)
        try:
            left = tomllib.loads(rest).get(self.key, {})
        except tomllib.TOMLDecodeError:
            raise _unreadable(self, path) from None
        if not isinstance(left, dict) or SERVER in left:  # written in another way than ours
            raise _unreadable(self, path)
        return rest

    def _read(self, path: Path) -> dict[str, Any]:
        try:
            content = tomllib.loads(self._text(path))
        except tomllib.TOMLDecodeError:
            raise _unreadable(self, path) from None
        if not isinstance(content.get(self.key, {}), dict):
            raise _unreadable(self, path)
        return content


PROGRAMS: Final[dict[str, Program]] = {
    one.name: one
    for one in (
        Program("claude-code", "Claude Code", ".claude.json", more=(("type", "stdio"),)),
        Program("claude-desktop", "Claude Desktop", ".config/Claude/claude_desktop_config.json"),
        Program("cursor", "Cursor", ".cursor/mcp.json"),
        TomlProgram("codex", "Codex", ".codex/config.toml", key="mcp_servers"),
        Program("gemini", "Gemini CLI", ".gemini/settings.json"),
        Program(
            "vscode",
            "VS Code",
            ".config/Code/User/mcp.json",
            key="servers",
            more=(("type", "stdio"),),
        ),
        Program(
            "zed",
            "Zed",
            ".config/zed/settings.json",
            key="context_servers",
            more=(("source", "custom"),),
        ),
        Program("windsurf", "Windsurf", ".codeium/windsurf/mcp_config.json"),
    )
}


def find(name: str) -> Program:
    """The program of that name; for another one, what most of them want."""
    return PROGRAMS.get(name) or Program(check_name(name), name, "")


def check_name(name: str) -> str:
    """Return an agent's name.

    Raises:
        RequestInvalid: It can't be one. It is not repeated.
    """
    if not _NAME.fullmatch(name):
        raise RequestInvalid(
            "An agent's name has small letters, digits, dots, - and _.", "Such as: claude-code"
        )
    return name


def check_writable(program: Program, path: Path) -> None:
    """Look before anything is changed.

    Raises:
        RequestInvalid: The configuration can't be read.
    """
    program.check(path)


def _agent(entry: Any) -> str | None:
    args = entry.get("args") if isinstance(entry, dict) else None
    if isinstance(args, list) and "--agent" in args[:-1]:
        name = args[args.index("--agent") + 1]
        return name if isinstance(name, str) and _NAME.fullmatch(name) else None
    return None


def _replace(path: Path, text: str) -> None:
    """Write a configuration whole or not at all; a new one is for this user only."""
    path = path.resolve()  # a link stays a link
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        mode = path.stat().st_mode & 0o777
    except FileNotFoundError:
        mode = 0o600
    write_private(path, text.encode())
    path.chmod(mode)


def _toml(text: str) -> str:
    return json.dumps(text, ensure_ascii=True).replace("\\u007f", "\\u007F")


def _unreadable(program: Program, path: Path, where: str = "") -> RequestInvalid:
    return RequestInvalid(
        f"{path} can't be read with certainty{where}, so it is left as it is.",
        f"Mend it, or put in yourself, under {program.key}, what this shows: "
        f"jupyter agent mcp install {program.name} --print",
    )
