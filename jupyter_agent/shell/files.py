"""Private files for one command: in memory, for this user only, gone as soon as the command is.

Whoever outlives whom removes them: the keeper when its command is over, the runner when the keeper
was killed, the next broker when all of them were. A keeper holds a lock on the folder for as long
as it lives, so that sweeping takes nothing away from a command that still runs.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from jupyter_agent import locks
from jupyter_agent.errors import CommandNotStarted
from jupyter_agent.folders import check_private_dir
from jupyter_agent.opening import CLOSE_ON_EXEC, DIRECTORY, open_unfollowed
from jupyter_agent.processes import linux

_SWEEP_TRIES: Final = 100
_SWEEP_PAUSE: Final = 0.01  # seconds; making a folder takes microseconds


@dataclass(frozen=True, slots=True, repr=False)
class Files:
    """The private files of one run. No repr: they hold values.

    Attributes:
        folder: Where they will be; made for this run alone.
        contents: Path below the folder → bytes.
    """

    folder: Path
    contents: Mapping[str, bytes]

    def __repr__(self) -> str:
        return f"Files({len(self.contents)})"


class Places:
    """Where private files may lie on this machine.

    Args:
        run: The folder of the broker's socket.

    Attributes:
        on_disk: A person lets them lie on a disk where there is no file system in memory.
    """

    def __init__(self, run: Path) -> None:
        self._run = run
        self.on_disk = False

    def new(self, contents: Mapping[str, bytes]) -> Files:
        """Choose a folder for these files; the keeper makes it.

        Raises:
            CommandNotStarted: There is no file system in memory, and no leave to use a disk.
            VaultUnsafe: The place is a link, somebody else's, or open to others.
        """
        for parent, base in self._in_memory():
            if linux.is_in_memory(parent):
                return Files(check_private_dir(base) / secrets.token_hex(8), contents)
        if self.on_disk:
            return Files(check_private_dir(self._run / "files") / secrets.token_hex(8), contents)
        raise CommandNotStarted(
            "There is no file system in memory here (tmpfs), so no private file can be made.",
            "Hand the value over with -s or --stdin. To let such files lie on the disk while a "
            "command runs, start JupyterLab with JUPYTER_AGENT_PRIVATE_FILES=disk.",
        )

    def sweep(self) -> int:
        """Remove what killed processes have left, and say how many folders that were."""
        bases = {base for _, base in self._in_memory()} | {self._run / "files"}
        return sum(_sweep(base) for base in bases if base.is_dir())

    def _in_memory(self) -> Iterator[tuple[Path, Path]]:
        if sys.platform == "win32":  # it has none
            return
        uid = os.getuid()
        yield self._run, self._run / "files"
        # Not named by anybody's environment: a caller must not choose where values are written.
        yield Path(f"/run/user/{uid}"), Path(f"/run/user/{uid}/jupyter_agent/files")
        yield Path("/dev/shm"), Path(f"/dev/shm/jupyter_agent-{uid}")  # noqa: S108  (checked)


def make(files: Files) -> int:
    """Write the files, and return the descriptor whose lock keeps them from being swept.

    Raises:
        OSError: There is no room, or the place is gone.
    """
    with _held(files.folder.parent, shared=True):
        files.folder.mkdir(mode=0o700)
        lock = os.open(files.folder, os.O_RDONLY | DIRECTORY | CLOSE_ON_EXEC)
        locks.take(lock)
    for path, content in files.contents.items():
        place = files.folder / path
        place.parent.mkdir(mode=0o700, exist_ok=True)
        handle = open_unfollowed(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
        with open(handle, "wb") as file:  # noqa: PTH123  (a descriptor)
            file.write(content)
    return lock


def remove(folder: Path) -> None:
    """Remove a run's folder and whatever lies in it; nothing happens where it is gone."""
    try:
        shutil.rmtree(folder)
    except FileNotFoundError:
        return
    except OSError:
        # A command may have taken our own rights away in there, or be writing still.
        with contextlib.suppress(OSError):
            _open_up(folder)
        shutil.rmtree(folder, ignore_errors=True)


def _open_up(folder: Path) -> None:
    folder.chmod(0o700)
    for inner in folder.iterdir():
        if inner.is_dir() and not inner.is_symlink():
            _open_up(inner)


def _sweep(base: Path) -> int:
    swept = 0
    with contextlib.suppress(OSError), _held(base):
        for folder in base.iterdir():
            with contextlib.suppress(OSError), _held(folder, tries=1):
                remove(folder)
                swept += 1
    return swept


@contextlib.contextmanager
def _held(folder: Path, *, shared: bool = False, tries: int = _SWEEP_TRIES) -> Iterator[None]:
    """Hold a lock on a folder; the kernel lets go of it however this process ends.

    Raises:
        BlockingIOError: Somebody else holds it.
    """
    handle = open_unfollowed(folder, os.O_RDONLY | DIRECTORY)
    try:
        for left in reversed(range(tries)):
            try:
                locks.take(handle, shared=shared, wait=False)
                break
            except BlockingIOError:
                if not left:
                    raise
                time.sleep(_SWEEP_PAUSE)
        yield
    finally:
        os.close(handle)
