"""A real gnome-keyring on a session bus of its own, in a home of its own."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

_UNLOCKED: Final = "printf %s ci-pass | gnome-keyring-daemon --unlock --components=secrets"
_SERVES: Final = (
    "tries=0; until dbus-send --print-reply --dest=org.freedesktop.DBus / "
    "org.freedesktop.DBus.NameHasOwner string:org.freedesktop.secrets | grep -q 'boolean true'; "
    "do [ $((tries += 1)) -lt 600 ] || exit 1; sleep 0.05; done"
)
"""The daemon goes into the background before it has its name on the bus. Whoever asked for the name
until then would have the bus start a second one, whose keyring is locked: it waits for a person."""
_LOCKED: Final = "gnome-keyring-daemon --start --components=secrets"


@contextmanager
def session_bus(home: Path, *, locked: bool = False) -> Iterator[str]:
    """The bus address, as long as the block lasts.

    Args:
        home: Keyrings are kept here, so a second start finds the first one's.
        locked: Start a keyring whose password nobody has typed.
    """
    # A folder for each start: a daemon that is just ending would else be taken for this one. And a
    # short path: with one that is too long for a socket, the daemon ends without a word.
    run = tempfile.mkdtemp(prefix="ja-keyring-")
    (home / ".local/share/keyrings").mkdir(parents=True, exist_ok=True)
    # Whatever was started on the bus ends with it, and the bus ends with `cat`.
    script = (
        f"{_LOCKED if locked else _UNLOCKED} >/dev/null && {_SERVES}"
        ' && echo "$DBUS_SESSION_BUS_ADDRESS" && cat'
    )
    process = subprocess.Popen(
        ["dbus-run-session", "--", "bash", "-c", script],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={"HOME": str(home), "XDG_RUNTIME_DIR": run, "PATH": "/usr/bin:/bin"},
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        address = process.stdout.readline().decode().strip()
        assert address, "the keyring did not start (packages: gnome-keyring, dbus-x11)"
        yield address
    finally:
        process.stdin.close()
        process.wait(timeout=20)
        process.stdout.close()
        # The daemon may still be taking its own away: it ends with the bus, unwaited for.
        shutil.rmtree(run, ignore_errors=True)
