"""Where our files lie, and the checks before one of them is trusted.

``JUPYTER_AGENT_HOME=DIR`` puts everything under ``DIR/{data,state,run}``. Without it the XDG data
and state folders are used, and for the socket ``$XDG_RUNTIME_DIR/jupyter_agent`` or a checked
``/tmp/jupyter_agent-UID`` (docs/interfaces.md). XDG: https://specifications.freedesktop.org/basedir/
On Windows all three lie in ``AppData/Local/jupyter_agent``, and access lists are checked instead of
owners and modes (``windows.private``).

What is macOS's is marked; it was **not run** by us on a Mac.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import secrets
import shlex
import stat
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from jupyter_agent.errors import BrokerUnreachable, VaultUnsafe
from jupyter_agent.opening import CLOSE_ON_EXEC, DIRECTORY, NONBLOCK, open_unfollowed
from jupyter_agent.owner import is_closed, is_mine

_NAME: Final = "jupyter_agent"
_SUN_PATH: Final = 107 if sys.platform.startswith("linux") else 103
"""Bytes in ``sockaddr_un`` without the final zero: unix(7); <sys/un.h> of macOS and the BSDs."""

_DARWIN_USER_DIR: Final = 65536
"""``_CS_DARWIN_USER_DIR`` of <unistd.h>: the person's own folder below ``/var/folders``, which is
not on a network and, unlike the temporary one beside it, not swept. See confstr(3)."""

_ELSEWHERE: Final = "Name a folder of yours that is for nobody else: JUPYTER_AGENT_HOME=DIR"
_MAX_PRIVATE: Final = 64 << 20  # no file of ours comes near; a planted one must not fill memory


@dataclass(frozen=True, slots=True)
class Folders:
    """The three folders of one person on one machine.

    Attributes:
        data: The vault.
        state: Keys that must not lie beside the vault, audit, caches.
        run: The broker's socket and lock.
    """

    data: Path
    state: Path
    run: Path

    @classmethod
    def of(cls, environ: Mapping[str, str] | None = None) -> Folders:
        """The folders that an environment (ours, if none is given) names."""
        environ = os.environ if environ is None else environ
        if home := environ.get("JUPYTER_AGENT_HOME"):
            base = Path(home).absolute()
            return cls(base / "data", base / "state", base / "run")
        if sys.platform == "win32":
            from jupyter_agent.windows import private  # noqa: PLC0415  (Windows)

            base = private.local_folder() / _NAME
            return cls(base / "data", base / "state", base / "run")
        return cls(
            _xdg(environ, "XDG_DATA_HOME", ".local/share"),
            _xdg(environ, "XDG_STATE_HOME", ".local/state"),
            _runtime_folder(environ),
        )

    @property
    def socket(self) -> Path:
        """The broker's socket.

        One name for each pair of data and state folders, so that a caller with other folders gets
        another broker and can't shape this one.
        """
        return self.run / f"broker-{self._mark()}.sock"

    @property
    def lock(self) -> Path:
        """The file whose ``flock`` says that a broker is alive."""
        return self.run / f"broker-{self._mark()}.lock"

    @property
    def person_key(self) -> Path:
        """The person key: made by the broker, read by server and terminal."""
        return self.state / "person.key"

    @property
    def has_vault(self) -> bool:
        """Whether a vault lies here. An empty file is none: making it did not get any further."""
        try:
            return (self.data / "vault.db").stat().st_size > 0
        except OSError:
            return False

    def _mark(self) -> str:
        # Not UTF-8: a folder may be called any bytes, which are the same in each locale.
        return hashlib.sha256(os.fsencode(f"{self.data}\0{self.state}")).hexdigest()[:8]

    def make(self) -> None:
        """Make the three folders, each 0700, or check them.

        Raises:
            VaultUnsafe: One of them is a link, somebody else's, or open to others.
        """
        for folder in (self.data, self.state, self.run):
            check_private_dir(folder)


def _xdg(environ: Mapping[str, str], name: str, default: str) -> Path:
    named = environ.get(name, "")
    # The specification tells programs to ignore relative paths.
    return (Path(named) if Path(named).is_absolute() else Path.home() / default) / _NAME


def _runtime_folder(environ: Mapping[str, str]) -> Path:
    if sys.platform == "win32":
        raise NotImplementedError
    uid = os.getuid()
    for candidate in (environ.get("XDG_RUNTIME_DIR", ""), f"/run/user/{uid}"):
        if Path(candidate).is_absolute() and _is_private(Path(candidate)):
            return Path(candidate) / _NAME
    if sys.platform == "darwin" and (mine := _darwin_user_folder()):
        return mine / _NAME
    return Path("/tmp") / f"{_NAME}-{uid}"  # noqa: S108  (owner and mode are checked at each use)


def _darwin_user_folder() -> Path | None:
    """Asked of the system: no environment names it."""
    with contextlib.suppress(OSError, ValueError):
        if sys.platform != "win32":
            named = os.confstr(_DARWIN_USER_DIR)
            return Path(named) if named and Path(named).is_dir() else None
    return None


def _is_private(path: Path) -> bool:
    try:
        return stat.S_ISDIR(path.lstat().st_mode) and is_mine(path) and is_closed(path)
    except OSError:
        return False


def check_private_dir(path: Path, *, make: bool = True) -> Path:
    """Return the folder once it is known to be ours alone.

    ``lstat``, not ``stat``: a link into somebody else's folder must not pass. Another person who
    may write to a parent could swap the folder, so parents are checked too; sticky ones (``/tmp``)
    are fine, because there only the owner can rename.

    Args:
        path: An absolute folder.
        make: Make it, mode 0700, where it is missing.

    Raises:
        VaultUnsafe: It is missing and not (to be) made, a link, somebody else's, or open to others.
    """
    if sys.platform == "win32":
        from jupyter_agent.windows import private  # noqa: PLC0415  (Windows)

        return private.check_folder(path, make=make)
    if make:
        try:
            _make_folder(path)
        except PermissionError:  # no home, as for a service, or one that somebody else owns
            raise VaultUnsafe(f"You may not make the folder {path}.", _ELSEWHERE) from None
    try:
        info = path.lstat()
    except OSError:
        raise VaultUnsafe(f"The folder {path.name} is not there.") from None
    if not stat.S_ISDIR(info.st_mode):
        raise VaultUnsafe(f"{path.name} is not a folder.", "Move it away; it is made anew.")
    if info.st_uid != os.getuid():
        raise VaultUnsafe(f"The folder {path.name} belongs to somebody else.", "Move it away.")
    if info.st_mode & 0o077:
        close = f"Close it: chmod 700 {shlex.quote(str(path))}"
        raise VaultUnsafe(f"The folder {path.name} is open to other users.", close)
    for parent in path.parents:
        info = parent.stat()
        # A group of one's own (the user private groups of most distributions) is nobody else. On
        # macOS everybody's group is the same, `staff`.
        alone = info.st_gid == os.getgid() and sys.platform != "darwin"
        writable = 0o002 if alone else 0o022
        others_write = info.st_mode & writable and not info.st_mode & stat.S_ISVTX
        if info.st_uid not in (0, os.getuid()) or others_write:
            close = f"Close it: chmod go-w {shlex.quote(str(parent))}"
            said = f"{path} lies in {parent}, where another user could exchange it."
            raise VaultUnsafe(said, close if info.st_uid == os.getuid() else _ELSEWHERE)
    return path


def _make_folder(path: Path) -> None:
    """Make a folder, mode 0700, and what it lies in, each of them on the disk when this returns.

    Else a power cut could take a folder away together with what was synced inside it.
    """
    missing = [each for each in (path, *path.parents) if not os.path.lexists(each)]
    for folder in reversed(missing):
        # Somebody else was faster, or something that is no folder is in the way: the checks say so.
        with contextlib.suppress(FileExistsError, FileNotFoundError, NotADirectoryError):
            # Whatever the umask lets: where others may write, ours could not lie.
            folder.mkdir(mode=0o700 if folder == path else 0o755)
            with contextlib.suppress(PermissionError):  # a parent that may be written, not read
                sync_folder(folder.parent)


def read_private(path: Path) -> bytes | None:
    """The bytes of one private file, or None where there is none.

    The checks are made on the open file, so nothing can be swapped in between.

    Raises:
        VaultUnsafe: It is a link, not a plain file, somebody else's, open to others, linked twice,
            absurdly large, or can't be read.
    """
    while True:
        try:
            handle = open_unfollowed(path, os.O_RDONLY | NONBLOCK)
        except FileNotFoundError:
            return None
        except OSError:
            raise VaultUnsafe(
                f"{path.name} can't be opened, or is a link.",
                "In its place belongs the file itself, which you can read and nobody else can.",
            ) from None
        try:
            check_private_file(handle, path.name)
            # Without a name it was replaced between the opening and now: the new one counts.
            if os.fstat(handle).st_nlink:
                return _content(handle)
        except OSError as error:
            why = os.strerror(error.errno or 0)
            raise VaultUnsafe(f"{path.name} can't be read: {why}.", "Check the disk.") from None
        finally:
            os.close(handle)


def _content(handle: int) -> bytes:
    pieces = []
    length = 0
    # In few calls: the compiled rules have megabytes, and every start waits for them.
    while length < _MAX_PRIVATE and (piece := os.read(handle, 1 << 22)):
        pieces.append(piece)
        length += len(piece)
    return b"".join(pieces)


def check_private_file(handle: int, name: str) -> None:
    """Check an open file as ``read_private`` does.

    Raises:
        VaultUnsafe: See ``read_private``.
    """
    _check_info(os.fstat(handle), name)
    if sys.platform == "win32":
        from jupyter_agent.windows import private  # noqa: PLC0415  (Windows)

        private.check_file(handle, name)


def check_private_path(path: Path) -> os.stat_result:
    """Check a file as ``read_private`` does, and return what is known of it.

    Not by a descriptor: closing one would drop the locks that sqlite holds on the same file
    elsewhere in this process (POSIX locks belong to the process; on Windows to the descriptor).

    Raises:
        FileNotFoundError: It is not there.
        VaultUnsafe: See ``read_private``.
    """
    info = path.lstat()
    _check_info(info, path.name)
    if sys.platform == "win32":
        handle = open_unfollowed(path, os.O_RDONLY)
        try:
            check_private_file(handle, path.name)
        finally:
            os.close(handle)
    return info


def _check_info(info: os.stat_result, name: str) -> None:
    if not stat.S_ISREG(info.st_mode) or info.st_size > _MAX_PRIVATE:
        raise VaultUnsafe(f"{name} is not a file of ours.", "Move it away.")
    if sys.platform != "win32":
        if info.st_uid != os.getuid():
            raise VaultUnsafe(f"{name} belongs to somebody else.", "Move it away.")
        if info.st_mode & 0o077:
            raise VaultUnsafe(
                f"{name} is open to other users.", "Close it: chmod 600 on that file."
            )
    if info.st_nlink > 1:
        raise VaultUnsafe(f"{name} has a second name (a hard link).", "Remove the other name.")


def write_private(path: Path, content: bytes) -> None:
    """Replace one private file, mode 0600, whole or not at all.

    Raises:
        OSError: The disk is full or read-only; the old file is untouched.
    """
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    handle = open_unfollowed(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            sync(handle)
        take_place(fresh, path)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def take_place(fresh: Path, path: Path) -> None:
    """Give a file another's name, whose place it takes in one step; ``sync_folder`` belongs to it.

    Raises:
        OSError: It can't; the old file is untouched.
    """
    if sys.platform == "win32":
        from jupyter_agent.windows import files  # noqa: PLC0415  (Windows)

        files.replace(str(fresh), str(path))
    else:
        fresh.rename(path)


def clear_unfinished(path: Path) -> None:
    """Remove what a ``write_private`` of this file left behind that was killed before its end.

    It may hold a key that is no longer to be had anywhere else. Only for files that one process at
    a time writes: another one's, still being written, would be taken from it.

    Raises:
        OSError: The folder can't be written.
    """
    with contextlib.suppress(FileNotFoundError):
        for name in os.listdir(path.parent):  # noqa: PTH208  (names, to match them)
            if re.fullmatch(rf"\.{re.escape(path.name)}\.[0-9a-f]{{16}}", name):
                (path.parent / name).unlink(missing_ok=True)


def sync_folder(path: Path) -> None:
    """Make a rename in this folder survive a power cut. On Windows ``take_place`` has done so."""
    if sys.platform == "win32":
        return
    handle = os.open(path, os.O_RDONLY | DIRECTORY | CLOSE_ON_EXEC)
    try:
        sync(handle)
    finally:
        os.close(handle)


def sync(handle: int) -> None:
    """Return when what was written to a file or folder is on the disk.

    On macOS ``fsync`` leaves it in the drive's own memory, see fsync(2) and F_FULLFSYNC in fcntl(2)
    there; some file systems have only the former. Not run by us on a Mac.

    Raises:
        OSError: The disk does not say so.
    """
    if sys.platform == "darwin":
        import fcntl  # noqa: PLC0415  (Unix)

        with contextlib.suppress(OSError):
            fcntl.fcntl(handle, fcntl.F_FULLFSYNC)
            return
    os.fsync(handle)


@contextlib.contextmanager
def short_path(path: Path) -> Iterator[str]:
    """A name for a socket that fits ``sockaddr_un``, however long its folder's path is.

    Args:
        path: The socket, in a folder that exists.
    """
    if len(os.fsencode(path)) <= _SUN_PATH:
        yield str(path)
        return
    if sys.platform != "linux":
        raise BrokerUnreachable(
            f"The path of the broker's socket is longer than {_SUN_PATH} bytes.",
            "Choose a shorter JUPYTER_AGENT_HOME.",
        )
    # Linux: the open folder's entry under /proc is a short name for the same place.
    handle = os.open(path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{handle}/{path.name}"
    finally:
        os.close(handle)
