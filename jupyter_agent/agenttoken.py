"""Where the token of an agent lies: one private file each, in the state folder.

The file's path is what configurations of other programs name; a token itself stands in none of
them, and in no argument list. Written by the terminal, read by ``jupyter agent mcp``.
"""

from __future__ import annotations

from pathlib import Path

from jupyter_agent.client import Hello
from jupyter_agent.errors import BrokerRefused
from jupyter_agent.folders import Folders, check_private_dir, read_private, write_private


def path_of(folders: Folders, name: str) -> Path:
    """Where an agent's token lies."""
    return folders.state / "agents" / f"{name}.token"


def keep(folders: Folders, name: str, token: str) -> Path:
    """Write an agent's token, and return where.

    Args:
        folders: Whose.
        name: The agent's, which the broker has accepted.
        token: From ``agent.register``.

    Raises:
        VaultUnsafe: The folder is a link, somebody else's, or open to others.
        OSError: It can't be written.
    """
    path = path_of(folders, name)
    check_private_dir(path.parent)
    write_private(path, token.encode())
    return path


def drop(folders: Folders, name: str) -> None:
    """Remove an agent's token, if there is one."""
    path_of(folders, name).unlink(missing_ok=True)


def hello(path: Path, program: str = "") -> Hello:
    """Who an agent is, proven by its token.

    Args:
        path: The file of its token.
        program: What it calls itself; shown, never trusted.

    Raises:
        BrokerRefused: The file is not there.
        VaultUnsafe: It is a link, somebody else's, or open to others.
    """
    token = read_private(path)
    if token is None:
        raise BrokerRefused(
            "The token of this agent is not there.",
            "A person makes it: jupyter agent mcp install, or jupyter agent agents add NAME",
        )
    claims = {"program": program} if program else {}
    return Hello(
        role="agent", proof={"token": token.decode(errors="replace").strip()}, claims=claims
    )
