"""Requirement 13: a profile ends with its desktop, unless a person asked to stay signed in."""

from __future__ import annotations

import asyncio
import json
import os
import random
import secrets
import signal
import stat
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from canary import Canary
from desktop_rooms import Room, room, sign_in, until_true
from login_site import PERSON, LoginSite, login_site

from jupyter_agent import cli
from jupyter_agent.client import Client
from jupyter_agent.desktop import signed_in
from jupyter_agent.desktop.local_cdp import LocalCdp
from jupyter_agent.desktop.local_vnc import LocalVnc
from jupyter_agent.desktop.provider import Desktop, StartOptions
from jupyter_agent.errors import DesktopUnavailable, RequestInvalid, VaultLocked, VaultUnsafe
from jupyter_agent.folders import Folders
from jupyter_agent.server.desktop.profiles import Profiles
from jupyter_agent.server.link import Link

SIGNED_IN = "document.querySelector('#balance')"
SIGNED_OUT = "document.querySelector('input[name=user]')"


@pytest.fixture
def person(person: Client) -> Iterator[Client]:
    """Whose broker ends with the test: the home of these tests is not looked through for one."""
    pid = person.call("status")["pid"]
    yield person
    os.kill(pid, signal.SIGKILL)


@dataclass(repr=False)
class House:
    """Providers that can keep a person signed in, and a site to sign in at."""

    room: Room
    site: LoginSite
    password: Canary
    link: Link

    def start(self, kind: type[LocalCdp | LocalVnc], **how: bool) -> Desktop:
        keeping = Profiles(self.link)
        provider = kind(self.room.streams, self.room.door.publish, keeping=keeping)
        assert provider.caps().profile
        options = StartOptions(url=f"{self.site.url}/account", width=900, height=700, **how)
        desktop = self.room.run(provider.start(options))
        self.room.opened.append(desktop)
        return desktop


@pytest.fixture
def house(person: Client) -> Iterator[House]:
    rng = random.Random(time.time_ns())
    password, code = Canary.make(rng), str(rng.randrange(10**7, 10**8))
    with login_site(password.value, code) as site, room() as there:
        link = Link(Folders.of())
        yield House(there, site, password, link)
        for desktop in there.opened:
            there.run(desktop.close())
        there.run(link.close())


def kept_file(home: Path, provider: str) -> Path:
    return home / "data" / "desktop" / f"{provider}.profile"


@pytest.mark.browser
def test_requirement_13_who_is_kept_signed_in_is_so_at_the_next_start_until_it_is_forgotten(
    house: House, person: Client, agent_home: Path
) -> None:
    run, place = house.room.run, kept_file(agent_home, "local-cdp")

    desktop = house.start(LocalCdp, keep=True)
    run(sign_in(desktop, house.site, PERSON))
    with pytest.raises(DesktopUnavailable, match="open already"):
        house.start(LocalCdp, keep=True)
    assert not run(desktop.close()).left

    assert stat.S_IMODE(place.stat().st_mode) == 0o600
    assert stat.S_IMODE(place.parent.stat().st_mode) == 0o700
    for secret in (*house.site.sessions, house.password.value):
        assert not Canary(secret).search_tree(agent_home)
    assert [one["provider"] for one in person.call("profile.list")["profiles"]] == ["local-cdp"]

    desktop = house.start(LocalCdp, keep=True)
    run(until_true(desktop, SIGNED_IN))
    assert desktop.note == ""
    run(desktop.close())

    assert person.call("profile.forget", provider="local-cdp")["forgotten"] == ["local-cdp"]
    assert not list(place.parent.iterdir())
    desktop = house.start(LocalCdp, keep=True)
    run(until_true(desktop, SIGNED_OUT))
    person.call("profile.forget")  # while it is open: it is not kept at its end either
    assert not run(desktop.close()).left
    assert not list(place.parent.iterdir())


@pytest.mark.browser
def test_requirement_13_in_strict_mode_too_and_by_default_nothing_is_kept(
    house: House, agent_home: Path
) -> None:
    run = house.room.run

    async def looked(path: str) -> None:
        async with asyncio.timeout(30):
            while path not in house.site.looked:  # noqa: ASYNC110  (nothing is attached that tells)
                await asyncio.sleep(0.02)

    desktop = house.start(LocalVnc)
    run(until_true(desktop, SIGNED_OUT))
    run(desktop.close())
    assert not kept_file(agent_home, "local-vnc").exists()

    house.site.looked.clear()
    desktop = house.start(LocalVnc, keep=True, strict=True)
    run(looked("/login"))
    run(desktop.close())
    assert kept_file(agent_home, "local-vnc").exists()


def a_desktop(home: Path) -> Path:
    """The folder of one, as machines make them."""
    folder = home / "run" / "d" / secrets.token_hex(4)
    folder.mkdir(mode=0o700, parents=True)
    return folder


def a_profile(desktop: Path, cookie: str) -> Path:
    sites = desktop / "profile" / "Default"
    for place, text in (
        ("Cookies", cookie),
        ("Local Storage/leveldb/1.log", "y" * 200_000),
        ("History", "where"),
        ("Login Data", "password"),
        ("Local Storage/leveldb/LOCK", ""),
    ):
        (sites / place).parent.mkdir(parents=True, exist_ok=True)
        (sites / place).write_text(text)
    (sites / "Local Storage/link").symlink_to("/etc/passwd")
    return sites


@pytest.fixture
def saved(person: Client, agent_home: Path) -> Iterator[Path]:
    """What was kept of a profile, in its file."""
    desktop = a_desktop(agent_home)
    where = {"provider": "local-cdp", "folder": str(desktop)}
    assert person.call("profile.restore", **where) == {"restored": False, "note": ""}
    a_profile(desktop, "a cookie of mine")
    assert person.call("profile.save", **where) == {"saved": True}
    yield kept_file(agent_home, "local-cdp")
    for folder in (agent_home / "run" / "d").iterdir():
        for path in sorted(folder.rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() and not path.is_symlink() else path.unlink()
        folder.rmdir()


def restore(person: Client, desktop: Path) -> dict[str, object]:
    return person.call("profile.restore", provider="local-cdp", folder=str(desktop))


def test_only_what_signs_in_is_kept_in_plain_files_for_nobody_else(
    saved: Path, person: Client, agent_home: Path
) -> None:
    desktop = a_desktop(agent_home)
    assert restore(person, desktop) == {"restored": True, "note": ""}
    found = {str(p.relative_to(desktop / "profile")) for p in desktop.rglob("*") if p.is_file()}
    assert found == {"Default/Cookies", "Default/Local Storage/leveldb/1.log"}
    assert (desktop / "profile/Default/Cookies").read_text() == "a cookie of mine"
    assert {stat.S_IMODE(p.stat().st_mode) for p in desktop.rglob("*") if p.is_file()} == {0o600}
    assert b"a cookie of mine" not in saved.read_bytes()


def test_what_is_damaged_or_another_s_is_set_aside_and_one_begins_anew(
    saved: Path, person: Client, agent_home: Path
) -> None:
    good = saved.read_bytes()
    changed = good[:60] + bytes((good[60] ^ 1,)) + good[61:]
    for content, mode in ((changed, 0o600), (good[:-1], 0o600), (b"", 0o600), (good, 0o644)):
        assert_set_aside(saved, person, agent_home, content, mode)
    person.call("profile.forget", provider="local-cdp")  # and with it the key
    assert_set_aside(saved, person, agent_home, good, 0o600)


def assert_set_aside(
    place: Path, person: Client, agent_home: Path, content: bytes, mode: int
) -> None:
    place.write_bytes(content)
    place.chmod(mode)
    desktop = a_desktop(agent_home)
    answer = restore(person, desktop)
    assert not answer["restored"]
    assert "begin anew" in str(answer["note"])
    assert not list(desktop.iterdir())
    assert not place.exists()
    assert place.with_suffix(".unreadable").read_bytes() == content
    assert restore(person, desktop) == {"restored": False, "note": ""}
    desktop.rmdir()  # else it would still be its


def test_the_terminal_shows_what_is_kept_and_forgets_it(
    saved: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["desktop", "status", "--json"]) == 0
    (kept,) = json.loads(capfd.readouterr().out)["kept"]
    assert (kept["provider"], kept["size"]) == ("local-cdp", saved.stat().st_size)
    assert cli.main(["desktop", "forget", "local-cdp"]) == 0
    assert capfd.readouterr().out == "Forgotten: local-cdp.\n"
    assert not saved.exists()
    assert cli.main(["desktop", "forget"]) == 0
    assert capfd.readouterr().out == "Nothing was kept.\n"


def test_a_vault_that_is_given_up_takes_what_was_kept_with_it(saved: Path, person: Client) -> None:
    person.call("vault.purge", confirm=True)
    assert not saved.exists()


def test_a_locked_vault_lays_nothing_anywhere_and_promises_nothing(
    saved: Path, person: Client, agent_home: Path
) -> None:
    person.call("lock")
    desktop = a_desktop(agent_home)
    with pytest.raises(VaultLocked):
        restore(person, desktop)
    assert not list(desktop.iterdir())
    person.call("unlock")
    assert restore(person, desktop)["restored"]


def test_what_was_kept_goes_into_a_desktop_s_private_folder_and_nowhere_else(
    saved: Path, person: Client, agent_home: Path, tmp_path: Path
) -> None:
    for folder in (tmp_path, Path("d/01234567"), agent_home / "run" / "d" / "..", Path("/")):
        with pytest.raises(RequestInvalid):
            restore(person, folder)
    linked = agent_home / "run" / "d" / "01234567"
    linked.symlink_to(tmp_path)
    with pytest.raises(VaultUnsafe):
        restore(person, linked)
    linked.unlink()
    assert not list(tmp_path.iterdir())


def test_what_is_too_large_leaves_out_whole_stores_and_never_cookies(
    saved: Path, person: Client, agent_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signed_in, "MOST", 1000)
    a_profile(tmp_path, "small")
    names = [path.name for path in signed_in._kept(tmp_path / "profile" / "Default")]
    assert names == ["Cookies"]
