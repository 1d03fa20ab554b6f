"""A path on a magic's line, read as a shell in the kernel's folder reads it."""

from __future__ import annotations

from pathlib import Path

from jupyter_agent.errors import RequestInvalid


def absolute(path: str) -> Path:
    """The whole path, links and ``..`` left as they are.

    Args:
        path: As written.

    Raises:
        RequestInvalid: It begins with nobody's home, or the folder it starts from is gone.
    """
    try:
        return Path(path).expanduser().absolute()
    except RuntimeError:
        raise RequestInvalid(
            "There is no such home folder.", "Write the path from / on, or ~/ for your own."
        ) from None
    except FileNotFoundError:
        raise RequestInvalid(
            "The folder of this kernel is gone.", "Go to one that exists: %cd ~"
        ) from None
