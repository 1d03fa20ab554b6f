"""The compiled screening database, kept between processes.

hyperscan trusts the bytes it deserializes. A cache that was synced, restored or planted must never
reach it, so the file carries an HMAC-SHA256 under a key that lies in the state folder beside it,
and is ignored, then rewritten, whenever anything about it is wrong.

    state/cache.key             32 random bytes, 0600
    state/cache/screen.db       magic, 32-byte tag, database; 0600

Nothing here is needed for screening: without a cache the plain engine screens, with the same
findings, until ``warm`` is done. Where no folder is this person's alone nothing is kept, and each
process compiles.
"""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING, Final

from jupyter_agent.errors import BrokerUnreachable, VaultUnsafe
from jupyter_agent.folders import check_private_dir, read_private, write_private

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from jupyter_agent.folders import Folders
    from jupyter_agent.screen import Screener

_MAGIC: Final = b"jupyter-agent screen 1\n"
_KEY_BYTES: Final = 32
_TAG_BYTES: Final = 32
_NO_PLACE: Final = (VaultUnsafe, BrokerUnreachable)
"""There is no folder for it that is this person's alone."""


def load(folders: Folders, screener: Screener) -> None:
    """Adopt the cached database if it is there, ours and fitting; otherwise change nothing."""
    try:
        database = _authentic(folders, screener)
        if database is not None:
            screener.adopt(database)
    except (ImportError, ValueError):
        # hyperscan is missing, or refused what it wrote itself: the plain engine goes on.
        return


def _authentic(folders: Folders, screener: Screener) -> bytes | None:
    """What is cached, if it is ours and fits.

    Raises:
        ImportError: hyperscan can't be imported here.
    """
    key = _read(folders.state / "cache.key")
    content = _read(_cache(folders))
    if key is None or len(key) != _KEY_BYTES or content is None or content[: len(_MAGIC)] != _MAGIC:
        return None
    tag = content[len(_MAGIC) : len(_MAGIC) + _TAG_BYTES]
    database = content[len(_MAGIC) + _TAG_BYTES :]
    # The tag covers the fingerprint, so a database of another release or CPU fails here too.
    if hmac.compare_digest(tag, _tag(key, database, screener.fingerprint)):
        return database
    return None


def store(folders: Folders, database: bytes, fingerprint: str) -> None:
    """Keep a database that this process compiled.

    Args:
        folders: Where.
        database: From ``Screener.compile``, with or without ``with_expressions``.
        fingerprint: Of that screener.

    Raises:
        VaultUnsafe: The state folder is a link, somebody else's or open to others.
        BrokerUnreachable: This is Windows.
        OSError: It can't be written.
    """
    import secrets  # noqa: PLC0415  (loading a cache needs none of it)

    check_private_dir(folders.state)
    check_private_dir(_cache(folders).parent)
    key_file = folders.state / "cache.key"
    key = _read(key_file)
    if key is None or len(key) != _KEY_BYTES:
        # Two processes may both make one: the later key wins, and the loser's cache is rewritten.
        key = secrets.token_bytes(_KEY_BYTES)
        write_private(key_file, key)
    write_private(_cache(folders), _MAGIC + _tag(key, database, fingerprint) + database)


def warm(folders: Folders, screener: Screener) -> None:
    """Make the screener fast: from the cache, or by compiling, storing and adopting.

    Callers run it in a thread; hyperscan releases the interpreter lock while it compiles. Where
    hyperscan can't be imported the screener stays as it is (``Screener.compiled`` tells).
    """
    load(folders, screener)
    if screener.compiled:
        screener.warm()
        return
    try:
        database = screener.compile()
    except ImportError:
        return
    # Adopted first: a full disk or an unsafe folder costs the next process time, not this one.
    screener.adopt(database)
    screener.warm()
    try:
        store(folders, database, screener.fingerprint)
    except (OSError, *_NO_PLACE):
        return


def keep_expressions(folders: Folders, screener: Screener, rest: Callable[[], object]) -> None:
    """Put what ``re`` compiles into the cache, too, for the processes to come.

    That is two seconds of work under the interpreter lock and helps nobody now: it is for a process
    that stays, once it has nothing better to do.

    Args:
        folders: Where the cache is.
        screener: That ``warm`` was called for.
        rest: Called after each millisecond of work; whatever it raises ends the work.
    """
    from jupyter_agent.screen.catalogue import (  # noqa: PLC0415  (loading needs none of it)
        has_expressions,
        with_expressions,
    )

    try:
        database = _authentic(folders, screener)
        if database is not None and not has_expressions(database):
            store(folders, with_expressions(database, rest), screener.fingerprint)
    except (ImportError, ValueError, OSError, *_NO_PLACE):
        return


def _cache(folders: Folders) -> Path:
    return folders.state / "cache" / "screen.db"


def _read(path: Path) -> bytes | None:
    try:
        check_private_dir(path.parent, make=False)
        return read_private(path)
    except _NO_PLACE:
        return None


def _tag(key: bytes, database: bytes, fingerprint: str) -> bytes:
    # The fingerprint is a digest of fixed length, so the two parts can't shift into each other.
    return hmac.digest(key, _MAGIC + fingerprint.encode() + database, "sha256")
