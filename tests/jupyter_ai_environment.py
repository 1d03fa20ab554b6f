"""An environment with Jupyter AI in it, beside the one that the tests run in.

Jupyter AI can't be in that one: its tools need another generation of the MCP SDK, and its pages
would be in every test. What both need is read from there, so only some forty packages are installed
here: a quarter of a minute, for which ``dev.sh`` does not wait.

Run by ``dev.sh``, and by the tests that need it; whoever comes second waits for the first::

    python tests/jupyter_ai_environment.py
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1] / "pyproject.toml"
PLAIN = "jupyter-ai"
COLLABORATION = "jupyter-ai-collaboration"
"""The same with real-time collaboration, which a chat can't be told to leave alone."""

Environment = tuple[Path, dict[str, str]]


def made(group: str = PLAIN) -> Environment:
    """Make it where it is not there yet.

    Args:
        group: ``PLAIN`` or ``COLLABORATION``: a dependency group of pyproject.toml.

    Returns:
        Its Python, and the variables that show it the parts of Jupyter that are installed below it.

    Raises:
        subprocess.CalledProcessError: pip could not install it; it has said why.
    """
    base = Path(sys.prefix)
    below = [base] if group == PLAIN else [base / PLAIN, base]
    if group != PLAIN:
        made(PLAIN)
    prefix = base / group
    mark, wanted = prefix / "made", _digest()
    with (base / f"{group}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not mark.exists() or mark.read_text() != wanted:
            mark.unlink(missing_ok=True)
            _make(prefix, below[0], group)
            mark.write_text(wanted)
    jupyter = {
        "JUPYTER_PATH": os.pathsep.join(str(each / "share/jupyter") for each in below),
        "JUPYTER_CONFIG_PATH": os.pathsep.join(str(each / "etc/jupyter") for each in below),
        "JUPYTERLAB_DIR": str(base / "share/jupyter/lab"),
    }
    return prefix / "bin" / "python", jupyter


def _make(prefix: Path, below: Path, group: str) -> None:
    # pip comes from here, too: one less to install.
    subprocess.run(
        [sys.executable, "-m", "venv", "--without-pip", "--clear", str(prefix)], check=True
    )
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    packages = Path("lib") / version / "site-packages"
    # Behind what is installed there, so that its own versions win. A site folder, and no mere
    # entry of the path: what is installed editable is a .pth file in it.
    shared = str(below / packages)
    (prefix / packages / "shared.pth").write_text(f"import site; site.addsitedir({shared!r})\n")
    python = str(prefix / "bin" / "python")
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", python]
    subprocess.run(
        [*command, "install", "--quiet", "--no-compile", "--group", f"{PROJECT}:{group}"],
        check=True,
    )


def _digest() -> str:
    parts = PROJECT.read_bytes(), sys.prefix.encode(), sys.version.encode()
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


if __name__ == "__main__":
    made(COLLABORATION)
