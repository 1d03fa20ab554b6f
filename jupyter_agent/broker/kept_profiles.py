"""Browsers' profiles that persons have asked to keep: sealed here, where the keys are.

A key of its own for each, 32 random bytes in the vault, which no answer gives out: a server names
the folder of its desktop, and the profile is read from there, or laid there. Whoever forgets one
has the key dropped first, so that no copy of the file opens again.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from jupyter_agent import wire
from jupyter_agent.broker.ask import Ask, Operation, for_persons
from jupyter_agent.broker.safe import Safe
from jupyter_agent.desktop import signed_in
from jupyter_agent.desktop.signed_in import PROFILE
from jupyter_agent.errors import (
    DesktopError,
    DesktopUnavailable,
    RequestInvalid,
    VaultTampered,
    VaultUnsafe,
)
from jupyter_agent.folders import (
    check_private_dir,
    check_private_file,
    sync,
    sync_folder,
    take_place,
)
from jupyter_agent.opening import NONBLOCK, open_unfollowed

if TYPE_CHECKING:
    from typing import BinaryIO

    from jupyter_agent.vault.vault import Vault

_NAME: Final = re.compile(r"[a-z][a-z0-9-]{1,30}")
_DESKTOP: Final = re.compile(r"[0-9a-f]{8}")  # how ``desktop.machine`` names folders


class KeptProfiles:
    """The operations ``profile.…``.

    Args:
        folder: Where they lie; made when it is needed.
        safe: Keeps their keys.
    """

    def __init__(self, folder: Path, safe: Safe) -> None:
        self._folder = folder
        self._safe = safe
        self._one = asyncio.Lock()
        self._open: dict[str, Path] = {}  # which desktop has it
        self.table: Mapping[str, Operation] = {
            "profile.restore": for_persons(self._restore),
            "profile.save": for_persons(self._save),
            "profile.forget": for_persons(self._forget),
            "profile.list": for_persons(self._list),
        }

    async def _restore(self, ask: Ask) -> wire.Message:
        """Lay a profile into a new desktop, if one was kept; from now on it may be saved."""
        name, desktop = _name(ask), await asyncio.to_thread(_desktop, ask)
        async with self._one:
            other = self._open.get(name)
            if other is not None and other != desktop and other.exists():
                raise DesktopUnavailable(
                    "A desktop that keeps you signed in is open already.",
                    "Use that one, close it first, or start one that keeps nothing.",
                )
            # Before anybody signs in: what can't be kept afterwards is not promised.
            fresh = secrets.token_bytes(32)
            key = await self._safe.use(lambda vault: vault.profile_key(name, fresh)) or fresh
            if await self._safe.keeps_memory():
                raise DesktopUnavailable(
                    "The vault lives in memory only, so nothing outlives it.",
                    "Start one that keeps nothing, or give the vault a place: jupyter agent vault "
                    "move provided --passphrase",
                )
            self._open[name] = desktop
            there, note = await asyncio.to_thread(self._lay, name, key, desktop / PROFILE)
        return {"restored": there, "note": note}

    async def _save(self, ask: Ask) -> wire.Message:
        """Keep the profile of a desktop whose browser has ended."""
        name, desktop = _name(ask), await asyncio.to_thread(_desktop, ask)
        async with self._one:
            # Not known after a restart of the broker; then whoever comes is the one.
            holder = self._open.pop(name, desktop)
            key = await self._safe.use(lambda vault: vault.profile_key(name))
            if holder != desktop or key is None:
                return {"saved": False}  # forgotten meanwhile
            await asyncio.to_thread(self._seal, name, key, desktop / PROFILE)
        return {"saved": True}

    async def _forget(self, ask: Ask) -> wire.Message:
        """Forget one, or all: the key first."""
        name = wire.optional_text(ask.message, "provider")
        async with self._one:
            names = [_checked(name)] if name else sorted({*self._files(), *self._open})
            forgotten = []
            for each in names:
                had_file = self._file(each).exists()
                had_key = await self._safe.use(partial(_drop_key, name=each))
                for path in (self._file(each), self._aside(each)):
                    path.unlink(missing_ok=True)
                self._open.pop(each, None)
                if had_file or had_key:
                    forgotten.append(each)
        return {"forgotten": forgotten}

    async def _list(self, _ask: Ask) -> wire.Message:
        return {"profiles": await asyncio.to_thread(self._described)}

    def _described(self) -> list[dict[str, object]]:
        found: list[dict[str, object]] = []
        for name in self._files():
            with contextlib.suppress(OSError):  # forgotten meanwhile
                info = self._file(name).stat()
                saved = wire.timestamp(datetime.fromtimestamp(info.st_mtime, UTC))
                found.append({"provider": name, "saved": saved, "size": info.st_size})
        return found

    def _files(self) -> list[str]:
        return sorted(path.stem for path in self._folder.glob("*.profile") if path.is_file())

    def _file(self, name: str) -> Path:
        return self._folder / f"{name}.profile"

    def _aside(self, name: str) -> Path:
        return self._folder / f"{name}.unreadable"

    def _lay(self, name: str, key: bytes, profile: Path) -> tuple[bool, str]:
        """Open what was kept. What can't be opened is set aside, so that it is not written over."""
        from jupyter_agent.vault.sealed_stream import Opening  # noqa: PLC0415  (see ``safe``)

        place = self._file(name)
        coming = profile.with_name(f"{PROFILE}.coming")
        try:
            with _reading(place) as source:
                signed_in.unpack(Opening(source, key, name), coming)  # type: ignore[arg-type]
        except FileNotFoundError:
            return False, ""
        except (VaultTampered, VaultUnsafe, DesktopError):
            # Also where its key is another one: of an older vault, or of another machine.
            aside = self._aside(name)
            place.rename(aside)
            return False, (
                "What was kept of your last desktop is damaged, or was sealed by another vault, "
                f"so you begin anew. It was set aside as {aside.name}."
            )
        coming.rename(profile)
        return True, ""

    def _seal(self, name: str, key: bytes, profile: Path) -> None:
        from jupyter_agent.vault.sealed_stream import Sealing  # noqa: PLC0415  (see ``safe``)

        check_private_dir(self._folder)
        place = self._file(name)
        fresh = place.with_name(f".{place.name}.{secrets.token_hex(8)}")
        for left in self._folder.glob(f".{place.name}.*"):
            left.unlink()  # of a broker that was killed; one at a time is written
        handle = open_unfollowed(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
        try:
            with os.fdopen(handle, "wb") as out:
                sealing = Sealing(out, key, name)
                signed_in.pack(profile, sealing)  # type: ignore[arg-type]
                sealing.finish()
                out.flush()
                sync(out.fileno())
            take_place(fresh, place)
        except BaseException:
            fresh.unlink(missing_ok=True)
            raise
        sync_folder(self._folder)


def _drop_key(vault: Vault, name: str) -> bool:
    return vault.forget_profile(name)


def _reading(place: Path) -> BinaryIO:
    try:
        handle = open_unfollowed(place, os.O_RDONLY | NONBLOCK)
    except FileNotFoundError:
        raise
    except OSError:
        raise DesktopError("What was kept is a link, or can't be opened.") from None
    try:
        check_private_file(handle, place.name)
        return os.fdopen(handle, "rb")
    except BaseException:
        os.close(handle)
        raise


def _name(ask: Ask) -> str:
    return _checked(wire.text(ask.message, "provider"))


def _checked(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise RequestInvalid("That is no provider of desktops.")
    return name


def _desktop(ask: Ask) -> Path:
    """The folder of a desktop of this person.

    Raises:
        RequestInvalid: It is none.
        VaultUnsafe: It is open to others, or somebody else's.
    """
    folder = Path(wire.text(ask.message, "folder"))
    if not folder.is_absolute() or folder.parent.name != "d" or not _DESKTOP.fullmatch(folder.name):
        raise RequestInvalid("That is no folder of a desktop.")
    return check_private_dir(folder, make=False)
