"""The checkout's own files, for tests about the project itself."""

from __future__ import annotations

import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
_OURS = ("--exclude-standard", "-z")


@cache
def source_files() -> tuple[Path, ...]:
    """What git tracks, or would."""
    listed = subprocess.run(
        # safe.directory: root reads the test user's checkout, too.
        ["git", "-C", str(ROOT), "-c", "safe.directory=*", "ls-files", "-co", *_OURS],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    return tuple(ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file())


def texts(*suffixes: str) -> dict[Path, str]:
    """Files of some kinds (all of them, if none is named) with what they say."""
    found = {}
    for path in source_files():
        if not suffixes or path.suffix in suffixes:
            content = path.read_bytes()
            if b"\0" not in content:
                found[path.relative_to(ROOT)] = content.decode()
    return found
