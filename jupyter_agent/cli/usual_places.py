"""Where secrets usually lie in plain text, for people who name no file."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path


def usual_places() -> Iterator[str]:
    """The paths to look at, whether anything is there or not.

    Jupyter AI 3 keeps keys in a ``.env`` in the folder that the server serves, Jupyter AI 2 in a
    ``config.json`` of its own in Jupyter's data folder. GitHub's command line and AWS's follow
    variables to other places.
    """
    yield ".env"
    yield from served_folders()
    yield os.environ.get("AWS_SHARED_CREDENTIALS_FILE") or "~/.aws/credentials"
    yield os.environ.get("NETRC") or "~/.netrc"
    yield os.environ.get("PGPASSFILE") or "~/.pgpass"
    config = os.environ.get("XDG_CONFIG_HOME") or "~/.config"
    yield f"{os.environ.get('GH_CONFIG_DIR') or f'{config}/gh'}/hosts.yml"
    yield f"{_jupyter_data()}/jupyter_ai/config.json"


def _jupyter_data() -> Path:
    """Jupyter's data folder, as jupyter_core has it on Linux (importing that would be slow)."""
    if named := os.environ.get("JUPYTER_DATA_DIR"):
        return Path(named)
    data = os.environ.get("XDG_DATA_HOME") or "~/.local/share"
    return Path(data).expanduser() / "jupyter"


def served_folders() -> Iterator[str]:
    """A ``.env`` in each folder that a Jupyter server of this person serves just now."""
    named = os.environ.get("JUPYTER_RUNTIME_DIR")
    runtime = Path(named) if named else _jupyter_data() / "runtime"
    for path in sorted(runtime.glob("jpserver-*.json")):
        try:
            served = json.loads(path.read_bytes())["root_dir"]
        except (OSError, ValueError, TypeError, KeyError):
            continue  # gone meanwhile, or another program's
        if isinstance(served, str) and Path(served).is_absolute():
            yield f"{served}/.env"
