"""What of a browser's profile keeps a person signed in: cookies, and what sites store besides.

Nothing else is kept: no history, open tabs, form entries, passwords, permissions or preferences.
Names are Chromium's, below its folder ``Default`` (chrome/common/chrome_constants.cc, storage/).

On Windows a browser seals its cookies with a key that it keeps in ``Local State``, sealed in its
turn for this account of Windows (DPAPI; os_crypt in Chromium). So that key is kept, too, and of the
file nothing else; in another account, or on another machine, those cookies open no more.
"""

from __future__ import annotations

import gzip
import io
import json
import os
import shutil
import tarfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Final

from jupyter_agent.errors import DesktopError
from jupyter_agent.opening import open_unfollowed

PROFILE: Final = "profile"
"""The profile's folder in a desktop's."""

MOST: Final = 60_000_000
"""Bytes that are kept. Cookies take some 20 KB; a site's own stores, which may be larger, are left
out where they do not fit, the last of ``_FOLDERS`` first."""

_FILES: Final = ("Cookies", "Network/Cookies", "TransportSecurity", "Network/TransportSecurity")
_FOLDERS: Final = ("Local Storage", "Session Storage", "IndexedDB", "WebStorage", "Storage")
_SITES: Final = "Default"
_STATE: Final = "Local State"
_KEYS: Final = ("os_crypt", "encrypted_key")  # a name in a name


def pack(profile: Path, out: BinaryIO) -> None:
    """Write it, compressed, as one tar archive (POSIX pax).

    Args:
        profile: The folder of a browser that has ended.
        out: Written from where it stands.

    Raises:
        OSError: It can't be read or written.
    """
    with (
        gzip.GzipFile("", "wb", 1, out, 0) as packed,
        tarfile.open(fileobj=packed, mode="w|") as archive,
    ):
        for path in _kept(profile / _SITES):
            archive.add(path, path.relative_to(profile).as_posix(), recursive=False)
        if keys := _keys(profile / _STATE):
            member = tarfile.TarInfo(_STATE)
            member.size = len(keys)
            archive.addfile(member, io.BytesIO(keys))


def unpack(source: BinaryIO, profile: Path) -> None:
    """Make a profile of what ``pack`` has written; wholly there, or not at all.

    Args:
        source: Read to its end.
        profile: A folder that is not there yet.

    Raises:
        DesktopError: It is no such archive.
        OSError: It can't be written.
    """
    profile.mkdir(mode=0o700)
    try:
        with (
            gzip.GzipFile("", "rb", fileobj=source) as packed,
            tarfile.open(fileobj=packed, mode="r|") as archive,
        ):
            for member in archive:
                _extract(archive, member, profile)
        while source.read(1 << 16):  # what stands behind it has to authenticate, too
            pass
    except (tarfile.TarError, gzip.BadGzipFile, EOFError, zlib.error):
        shutil.rmtree(profile, ignore_errors=True)
        raise _no_profile() from None
    except BaseException:
        shutil.rmtree(profile, ignore_errors=True)
        raise


def _extract(archive: tarfile.TarFile, member: tarfile.TarInfo, profile: Path) -> None:
    """Plain files only, below the profile only, readable by nobody else."""
    name = PurePosixPath(member.name)
    content = archive.extractfile(member) if member.isreg() else None
    if content is None or name.is_absolute() or ".." in name.parts or not _is_ours(name):
        raise _no_profile()
    place = profile / name
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = open_unfollowed(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
    with os.fdopen(handle, "wb") as out:
        shutil.copyfileobj(content, out)


def _is_ours(name: PurePosixPath) -> bool:
    # A drive, a stream or a separator of Windows's in a name would lead out of the profile there.
    if any(mark in str(name) for mark in ("\\", ":")):
        return False
    return name.parts[0] == _SITES or str(name) == _STATE


def _keys(state: Path) -> bytes:
    """What of it seals cookies; empty where there is nothing: elsewhere than on Windows."""
    group, name = _KEYS
    try:
        kept = json.loads(state.read_bytes())[group][name] if _plain(state) else ""
    except (ValueError, LookupError, TypeError):
        return b""
    return json.dumps({group: {name: kept}}).encode() if kept else b""


def _no_profile() -> DesktopError:
    return DesktopError("That is no profile that was kept.")


def _kept(sites: Path) -> Iterator[Path]:
    left = MOST
    for name in _FILES:
        # The journal beside a database belongs to it: what a browser that was killed had begun.
        for path in (sites / name, sites / f"{name}-journal"):
            if _plain(path):
                left -= path.stat().st_size
                yield path
    for name in _FOLDERS:
        paths = [path for path in sorted((sites / name).rglob("*")) if _plain(path)]
        size = sum(path.stat().st_size for path in paths)
        if size <= left:  # whole, or not at all: half a database is none
            left -= size
            yield from paths


def _plain(path: Path) -> bool:
    return path.is_file() and not path.is_symlink() and path.name != "LOCK"
