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
import sysconfig
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1] / "pyproject.toml"
GROUP = "jupyter-ai"

Environment = tuple[Path, dict[str, str]]


def made() -> Environment:
    """Make it where it is not there yet.

    Returns:
        Its Python, and the variables that show it this environment's part of Jupyter.

    Raises:
        subprocess.CalledProcessError: pip could not install it; it has said why.
    """
    base = Path(sys.prefix)
    prefix = base / GROUP
    python = prefix / "bin" / "python"
    mark, wanted = prefix / "made", _digest()
    with (base / f"{GROUP}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not mark.exists() or mark.read_text() != wanted:
            mark.unlink(missing_ok=True)
            _make(prefix, python)
            mark.write_text(wanted)
    jupyter = {
        "JUPYTER_PATH": str(base / "share/jupyter"),
        "JUPYTER_CONFIG_PATH": str(base / "etc/jupyter"),
        "JUPYTERLAB_DIR": str(base / "share/jupyter/lab"),
    }
    return python, jupyter


def _make(prefix: Path, python: Path) -> None:
    # pip comes from here, too: one less to install.
    subprocess.run(
        [sys.executable, "-m", "venv", "--without-pip", "--clear", str(prefix)], check=True
    )
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    here = prefix / "lib" / version / "site-packages"
    # Behind what is installed there, so that its own versions win. A site folder, and no mere
    # entry of the path: what is installed editable is a .pth file in it.
    shared = sysconfig.get_path("purelib")
    (here / "shared.pth").write_text(f"import site; site.addsitedir({shared!r})\n")
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", str(python)]
    subprocess.run(
        [*command, "install", "--quiet", "--group", f"{PROJECT}:{GROUP}"],
        check=True,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
    )


def _digest() -> str:
    parts = PROJECT.read_bytes(), sys.prefix.encode(), sys.version.encode()
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


if __name__ == "__main__":
    made()
