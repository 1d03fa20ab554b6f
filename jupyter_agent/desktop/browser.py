"""The browser of a desktop: Chromium with a profile of its own, inside a machine.

It is steered over a pipe, never over a port, or not at all. Nothing that a person visits is in its
arguments, which everybody on the machine can read: its first address is in its preferences.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from signal import SIGTERM
from typing import Any, Final

from jupyter_agent.desktop.cdp import Cdp
from jupyter_agent.desktop.display import Display, Size, homes
from jupyter_agent.desktop.downloads import Downloads
from jupyter_agent.desktop.flags import EVERYWHERE, of_this_system
from jupyter_agent.desktop.machine import AT_ONCE, Machine, Program
from jupyter_agent.desktop.programs import Programs, Role
from jupyter_agent.desktop.signed_in import PROFILE
from jupyter_agent.errors import DesktopError, DesktopUnavailable
from jupyter_agent.spawn import fixed_environment

FLUSH: Final = 31.0
"""Seconds after which a cookie is on the disk in any case: Chromium writes them every 30
(net/extras/sqlite, kCommitIntervalMs). Killed before, it has forgotten them."""

_CLOSING: Final = 5.0  # seconds for a browser that was asked to close; it takes half of one

_THERE: Final = 10.0  # seconds for a browser that starts; it takes half of one
_TOLD: Final = 1.0

_PASSED_ON: Final = ("LANG", "LANGUAGE", "TZ")
_PROXIES: Final = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")
_OPEN_THESE: Final = 4  # values of session.restore_on_startup, chrome/browser/prefs
_OPEN_THE_LAST: Final = 1

_STILL: Final = "[Settings]\ngtk-cursor-blink=0\ngtk-enable-animations=0\n"
"""A caret that blinks is two pictures a second that are drawn, packed and sent, for nothing.
Chromium asks the toolkit: GtkSettings, in ``settings.ini``."""


@dataclass(frozen=True, slots=True)
class Pipe:
    """The two descriptors by which one side steers, or is steered; whoever takes them closes them.

    Attributes:
        reads: What the other side writes to.
        writes: What the other side reads from.
    """

    reads: int
    writes: int

    @classmethod
    def pair(cls) -> tuple[Pipe, Pipe]:
        """Ours and a browser's.

        Raises:
            OSError: No descriptor is free.
        """
        theirs_reads, writes = os.pipe()
        reads, theirs_writes = os.pipe()
        return cls(reads, writes), cls(theirs_reads, theirs_writes)

    def close(self) -> None:
        """Close both: the browser ends."""
        os.close(self.reads)
        os.close(self.writes)


class Browser:
    """A browser in a machine.

    Args:
        machine: Where it runs.
        programs: What is installed.
        display: Where it is shown; None for nowhere, to be looked at over its pipe alone.
        size: Its window, at the beginning.
        remembers: Whether what pages have set outlives this browser: also what they have set for
            as long as it runs, which Chromium else forgets.

    Attributes:
        program: The running browser, once it is started.
        profile: What it writes: cookies and all else.
        downloads: The files that pages have given.
    """

    def __init__(
        self,
        machine: Machine,
        programs: Programs,
        *,
        display: Display | None = None,
        size: Size | None = None,
        remembers: bool = False,
    ) -> None:
        self._machine = machine
        self._programs = programs
        self._display = display
        self._size = size or Size()
        self._remembers = remembers
        self.profile = machine.folder / PROFILE
        self._folder = machine.folder / "downloads"
        self.downloads = Downloads(self._folder)
        self.program: Program | None = None

    async def start(self, url: str = "", *, steered: bool = True) -> Pipe | None:
        """Start it.

        Args:
            url: What it opens; "" for an empty page, or for what a profile had open before.
            steered: Whether there is a pipe. Without, nothing can look into it, and its pages do
                not see that they are in a browser that is steered.

        Raises:
            DesktopUnavailable: It could not be started.
        """
        await asyncio.to_thread(self._prefer, url)
        page = await asyncio.to_thread(self._first_page, url) if self._remembers and url else ""
        return await self._start(page, steered=steered)

    async def restart(self, cdp: Cdp | None, *, steered: bool, flush: float = FLUSH) -> Pipe | None:
        """Close it and start it again, with the pages and the cookies that it had.

        Args:
            cdp: Its pipe, where it has one.
            steered: As in ``start``.
            flush: As in ``finish``.

        Raises:
            DesktopUnavailable: It could not be started again.
        """
        await self.finish(cdp, flush=flush)
        await asyncio.to_thread(self._prefer, "")
        return await self._start(steered=steered)

    async def until(self, shown: Awaitable[Any]) -> None:
        """Wait until it is there, as long as that usually takes.

        Args:
            shown: Ends once it is there, or fails where it never will be.

        Raises:
            DesktopUnavailable: It has ended instead, as where it may not run at all.
        """
        there = asyncio.ensure_future(shown)
        ends = {self.program.ended} if self.program is not None else set()
        try:
            await asyncio.wait({there, *ends}, timeout=_THERE, return_when=asyncio.FIRST_COMPLETED)
            failed = there.done() and there.exception() is not None
        finally:
            there.cancel()
        await self.refuse_ended(_TOLD if failed else 0)

    async def refuse_ended(self, patience: float = _TOLD) -> None:
        """Say so if it has ended.

        Args:
            patience: Seconds to wait for that: its pipe is told before we are.

        Raises:
            DesktopUnavailable: It has.
        """
        if self.program is None:
            return
        await asyncio.wait({self.program.ended}, timeout=patience)
        if self.program.ended.done():
            name = Path(self._programs.paths["browser"]).name
            raise DesktopUnavailable(
                f"The browser ended at once, with exit code {self.program.ended.result()}.",
                f"Start {name} in a terminal, which says why; in a container it often lacks what "
                "its sandbox needs.",
            )

    async def finish(self, cdp: Cdp | None, *, flush: float = FLUSH) -> None:
        """Close it as a person would; when this returns, what its pages have set is on the disk.

        Args:
            cdp: Its pipe, where it has one; else its windows are closed.
            flush: Seconds after which one that does not close (a page asks whether to leave) is
                ended: it has written everything by then.
        """
        if self.program is None:
            return
        with contextlib.suppress(DesktopError, OSError):  # the pipe or the X server is gone
            if cdp is not None:
                cdp.post("Browser.close", {}, "", lambda _: None)
            elif self._display is not None:
                await self._display.close_windows()
        try:
            async with asyncio.timeout(_CLOSING):
                await asyncio.shield(self.program.ended)
        except TimeoutError:
            await asyncio.wait({self.program.ended}, timeout=flush)
        await self.end()

    async def end(self) -> None:
        """End it, as when a person's session ends; killed, if it takes long."""
        if self.program is None:
            return
        for number in (SIGTERM, AT_ONCE):
            self._machine.signal(self.program, number)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(3):
                    await asyncio.shield(self.program.ended)
                    break
        # Left by one that was killed, it would keep the next one from starting.
        for name in ("SingletonLock", "SingletonSocket", "SingletonCookie"):
            (self.profile / name).unlink(missing_ok=True)

    async def _start(self, page: str = "", *, steered: bool) -> Pipe | None:
        argv = [self._programs.paths["browser"], *self._flags(), *([page] if page else [])]
        if not steered:
            self.program = await self._machine.start(argv, env=self._environment())
            return None
        pipe, theirs = Pipe.pair()
        try:
            self.program = await self._machine.start(
                [*argv, "--remote-debugging-pipe"],
                env=self._environment(),
                at={3: theirs.reads, 4: theirs.writes},
                naming=_handles,
            )
        except BaseException:
            pipe.close()
            raise
        finally:
            theirs.close()
        return pipe

    def _flags(self) -> list[str]:
        flags = [f"--user-data-dir={self.profile}", *EVERYWHERE, *of_this_system()]
        flags.append(f"--window-size={self._size.width},{self._size.height}")
        if self._display is None:
            flags.append("--headless=new")
        else:
            flags += ["--window-position=0,0", "--start-maximized", "--ozone-platform=x11"]
        return flags

    def _environment(self) -> Mapping[str, str]:
        ours = os.environ
        proxies = [name for each in _PROXIES for name in (each, each.upper())]
        passed_on = {name: ours[name] for name in (*_PASSED_ON, *proxies) if name in ours}
        shown = self._display.environment if self._display is not None else {}
        return {
            **fixed_environment(),
            **passed_on,
            **homes(self._machine.folder),
            **shown,
            # Nothing of the person's session bus, and none started for it.
            "DBUS_SESSION_BUS_ADDRESS": "disabled:",
        }

    def _prefer(self, url: str) -> None:
        """Write the preferences: ours over what the profile has."""
        self._folder.mkdir(mode=0o700, exist_ok=True)
        folder = self.profile / "Default"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.profile.chmod(0o700)
        place = folder / "Preferences"
        kept: dict[str, Any] = {}
        with contextlib.suppress(OSError, ValueError):
            kept = json.loads(place.read_bytes())
        fresh = not kept
        _lay_over(kept, _preferences(self._folder))
        _lay_over(kept, _opening(url, fresh=fresh) if not self._remembers else _AS_IT_WAS)
        place.write_text(json.dumps(kept))
        place.chmod(0o600)
        if settings := homes(self._machine.folder).get("XDG_CONFIG_HOME"):
            for toolkit in ("gtk-3.0", "gtk-4.0"):
                Path(settings, toolkit).mkdir(exist_ok=True)
                Path(settings, toolkit, "settings.ini").write_text(_STILL)

    def _first_page(self, url: str) -> str:
        """A page that goes on to an address at once.

        Arguments may be read by everybody, and a browser that opens what it had before has no first
        address in its preferences.
        """
        place = self._machine.folder / "open.html"
        # JSON is a script's text, if nothing in it ends the script.
        target = json.dumps(url).replace("<", "\\u003c")
        place.write_text(
            '<!doctype html><meta name="referrer" content="no-referrer">'
            f"<script>location.replace({target})</script>"
        )
        place.chmod(0o600)
        return place.as_uri()


def _preferences(downloads: Path) -> dict[str, Any]:
    return {
        "credentials_enable_service": False,
        "credentials_enable_autosignin": False,
        "profile": {"password_manager_enabled": False, "exit_type": "Normal"},
        "autofill": {"enabled": False, "profile_enabled": False, "credit_card_enabled": False},
        "payments": {"can_make_payment_enabled": False},
        "search": {"suggest_enabled": False},
        "translate": {"enabled": False},
        "spellcheck": {"use_spelling_service": False},
        "browser": {"enable_spellchecking": False, "check_default_browser": False},
        "alternate_error_pages": {"enabled": False},
        "safebrowsing": {"enhanced": False, "scout_reporting_enabled": False},
        "net": {"network_prediction_options": 2},  # never
        "signin": {"allowed": False},
        "download": {"default_directory": str(downloads), "prompt_for_download": False},
        "savefile": {"default_directory": str(downloads)},
    }


def _handles(numbers: Sequence[int]) -> str:
    """On Windows: what it reads, and what it writes to (DevToolsPipeHandler in Chromium)."""
    return f"--remote-debugging-io-pipes={numbers[0]},{numbers[1]}"


_AS_IT_WAS: Final[Mapping[str, Any]] = {"session": {"restore_on_startup": _OPEN_THE_LAST}}


def _opening(url: str, *, fresh: bool) -> Mapping[str, Any]:
    if url or fresh:
        return {
            "session": {"restore_on_startup": _OPEN_THESE, "startup_urls": [url or "about:blank"]}
        }
    return _AS_IT_WAS


def _lay_over(base: dict[str, Any], upper: Mapping[str, Any]) -> None:
    for name, value in upper.items():
        if isinstance(value, dict) and isinstance(base.get(name), dict):
            _lay_over(base[name], value)
        else:
            base[name] = value


def needed(*, shown: bool) -> Sequence[Role]:
    """Which programs are needed: for one on a display, or for one that is not shown."""
    return ("browser", "screen", "windows", "keyboard") if shown else ("browser",)
