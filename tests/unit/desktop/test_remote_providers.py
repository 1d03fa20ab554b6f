"""Desktops elsewhere: what an admin may set, where pictures may lead, what a page promises."""

from __future__ import annotations

import asyncio
import logging
import re
from typing import Any

import pytest
from traitlets import TraitError
from traitlets.config import Config, Configurable

from jupyter_agent.desktop import vendors
from jupyter_agent.desktop.e2b import FRAMES, INSTALL, E2b
from jupyter_agent.desktop.framed import FramedPage
from jupyter_agent.desktop.provider import Pause, StartOptions
from jupyter_agent.desktop.remote import Places, secrets_in
from jupyter_agent.errors import DesktopError, DesktopUnavailable, LeaseLost, RequestInvalid
from jupyter_agent.scrub.fingerprints import Fingerprints
from jupyter_agent.server.desktop.desktops import Desktops
from jupyter_agent.server.desktop.policy import LOCAL, with_frames
from jupyter_agent.server.desktop.settings import HERE, SecureDesktop, settings_of
from jupyter_agent.server.fingerprinted import Fingerprinted

PAGE = "https://desk.example.com/vnc.html?autoconnect=true"


def chosen(**settings: Any) -> SecureDesktop:
    return SecureDesktop(config=Config({"SecureDesktop": settings}))


def test_nothing_elsewhere_is_enabled_before_an_admin_says_so() -> None:
    assert tuple(chosen().enabled) == HERE
    assert chosen().origins == []
    assert [name for name, _ in chosen().off] == ["e2b", "browserbase", "steel", "kernel"]


def test_a_policy_gets_the_origins_of_enabled_providers_and_no_others() -> None:
    admin = chosen(enabled=["local-vnc", "e2b"], pages={"team": PAGE})
    policy = with_frames("frame-src 'self'", [*LOCAL, *admin.origins])
    expected = ["'self'", *LOCAL, "https://desk.example.com", *FRAMES]
    assert policy == "frame-src " + " ".join(expected)
    assert "browserbase" not in policy


def test_an_api_of_ones_own_brings_the_pictures_origin() -> None:
    assert chosen(enabled=["steel"], hosts={"steel": "api.steel.example"}).origins == [
        "https://steel.example",
        "https://*.steel.example",
    ]


@pytest.mark.parametrize(
    "settings",
    [
        {"enabled": ["localvnc"]},
        {"labels": {"e2b": "not a label"}},
        {"pages": {"team": "http://desk.example.com/"}},
        {"pages": {"team": "https://ada:lovelace@desk.example.com/"}},
        {"pages": {"team": "https://desk.example.com/vnc.html#password=hunter2"}},
        {"pages": {"team": "https://desk.example.com/?token=hunter2"}},
        {"pages": {"team": "https:///vnc.html"}},
        {"pages": {"../x": PAGE}},
    ],
)
def test_a_setting_that_can_not_be_is_refused_at_the_start(settings: dict[str, Any]) -> None:
    with pytest.raises(TraitError) as refused:
        chosen(**settings)
    assert "hunter2" not in str(refused.value)
    assert "lovelace" not in str(refused.value)


class App(Configurable):
    log = logging.getLogger("an admin's slip")


def test_a_slip_in_a_setting_leaves_the_server_with_desktops_of_this_machine(
    caplog: pytest.LogCaptureFixture,
) -> None:
    slip = Config({"SecureDesktop": {"enabled": ["e2c"], "pages": {"team": PAGE}}})
    read = settings_of(App(config=slip))
    assert (tuple(read.enabled), read.framed) == (HERE, [])
    assert "e2c" in caplog.text
    assert "Only desktops of this machine" in caplog.text
    right = Config({"SecureDesktop": {"enabled": ["e2b"]}})
    assert settings_of(App(config=right)).enabled == ["e2b"]


def test_a_provider_that_is_not_enabled_says_which_line_enables_it() -> None:
    async def work() -> None:
        log = logging.getLogger("desktops of this test")
        desktops = Desktops([], lambda _: None, log, lambda *_: None, off=chosen().off)
        with pytest.raises(DesktopUnavailable, match=r"c\.SecureDesktop\.enabled = .*'e2b'"):
            await desktops._provider("e2b")
        assert {one["ok"] for one in await desktops.for_terminal()} == {False}

    asyncio.run(work())


def test_without_its_sdk_e2b_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    provider = E2b(None, None)  # type: ignore[arg-type]
    there = asyncio.run(provider.available())
    assert (there.ok, there.install) == (False, INSTALL)
    with pytest.raises(DesktopUnavailable, match="pip install"):
        asyncio.run(provider.start(StartOptions()))


def test_a_page_of_somebody_elses_is_framed_as_it_is_and_nothing_is_promised() -> None:
    async def work() -> None:
        desktop = await FramedPage("team", PAGE).start(StartOptions())
        assert desktop.caps.pause is Pause.NONE
        assert not desktop.caps.agent
        lease = await desktop.take_over("ada")
        for mode in ("view", "control"):
            grant = await desktop.grant(mode, "https://jupyter.example.com")
            assert (grant.url, grant.origin) == (PAGE, "https://desk.example.com")
            assert not grant.ours
        assert await desktop.host() == "desk.example.com"
        refused = await desktop.hand_back(lease)
        assert not refused.done
        assert desktop.state == "human"
        with pytest.raises(DesktopError, match="for persons only"):
            await desktop.agent_channel()
        assert not (await desktop.close()).left

    asyncio.run(work())


def test_the_lease_of_a_page_that_says_nothing_more_is_lost_and_no_agent_gets_the_desktop() -> None:
    async def work() -> None:
        desktop = await FramedPage("team", PAGE).start(StartOptions(away=0.3))
        first = await desktop.take_over("ada")
        lease = await desktop.take_over("ada")
        with pytest.raises(LeaseLost):
            desktop.hold(first)
        clock = asyncio.get_running_loop().time
        begun = clock()
        while clock() - begun < 0.6:  # twice as long as a page may say nothing
            desktop.hold(lease)
            await asyncio.sleep(0)
        assert desktop.state == "human"
        async with asyncio.timeout(30):
            while desktop.state != "idle":  # noqa: ASYNC110  (a timer tells nobody)
                await asyncio.sleep(0.01)
        with pytest.raises(LeaseLost):
            desktop.hold(lease)
        with pytest.raises(DesktopError):
            await desktop.agent_channel()
        await desktop.close()

    asyncio.run(work())


def test_a_page_on_jupyters_own_origin_is_never_framed() -> None:
    async def work() -> None:
        desktop = await FramedPage("hub", "https://hub.example.com/desk").start(StartOptions())
        with pytest.raises(DesktopError, match="origin of JupyterLab"):
            await desktop.grant("control", "https://hub.example.com")

    asyncio.run(work())


@pytest.mark.parametrize(
    "options",
    [StartOptions(url="https://a.example"), StartOptions(strict=True), StartOptions(keep=True)],
)
def test_what_such_a_page_can_not_do_is_refused(options: StartOptions) -> None:
    with pytest.raises((RequestInvalid, DesktopUnavailable)):
        asyncio.run(FramedPage("team", PAGE).start(options))


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("https://www.browserbase.com/devtools?x=1", True),
        ("https://browserbase.com", True),
        ("https://evilbrowserbase.com/", False),
        ("https://browserbase.com.evil.example/", False),
        ("https://evil.example/?browserbase.com", False),
        ("https://browserbase.com@evil.example/", False),
        ("https://evil.example\\@browserbase.com/", False),
        ("http://www.browserbase.com/", False),
        ("javascript:alert(1)//browserbase.com", False),
        ("https://browserbase.com:x/", False),
        ("", False),
    ],
)
def test_a_picture_is_framed_from_its_vendor_only(url: str, *, allowed: bool) -> None:
    assert Places(vendors.known()["browserbase"].domains).allows(url, "https") is allowed


def test_a_test_s_own_server_may_do_without_tls_on_loopback_only() -> None:
    assert Places((), "127.0.0.1").allows("ws://127.0.0.1:9/cdp", "wss")
    assert not Places((), "127.0.0.1").allows("wss://steel.dev/", "wss")
    assert not Places((), "steel.example").allows("ws://steel.example/", "wss")


@pytest.mark.parametrize("name", ["..", "a/b", "a?b", "", "a" * 129, None, 7])
def test_a_session_s_name_can_not_lead_to_another_path(name: object) -> None:
    assert vendors.session_name({"id": name}, "id") == ""
    assert vendors.session_name({"id": "ses-1_a.b"}, "id") == "ses-1_a.b"


def test_a_query_is_added_to_and_what_it_had_of_the_same_name_is_gone() -> None:
    url = "https://a.example/live?interactive=true&jwt=abc#f"
    assert vendors.with_query(url, {"interactive": "false"}) == (
        "https://a.example/live?jwt=abc&interactive=false#f"
    )
    assert vendors.with_query(url, {}) == url


@pytest.mark.parametrize(
    ("url", "secret"),
    [
        ("https://6080-i1.e2b.app/vnc.html?autoconnect=true#password=aB3dE6gH9jK2mN5p", 1),
        (
            "https://p.onkernel.com/live?jwt=ab3dE6gH9jK2mN5p.cd3dE6gH9jK2mN5p.ef",
            2,
        ),
        ("https://b.example/live?token=qRtYpLmKxWvZcNb-sDfGhJkQ", 1),  # no digit, by chance
        ("https://a.example/devtools-fullscreen-1/x?navbar=false", 0),
        ("https://a.example/live?show=enableFullScreenButton", 0),
        ("https://a.example/?theme=this-is-no-secret-word", 0),
    ],
)
def test_what_gives_a_picture_away_is_known_and_nothing_that_all_have(
    url: str, secret: int
) -> None:
    words = secrets_in(url)
    assert len(words) == secret
    assert all(word in url for word in words)


def test_kernels_do_not_say_what_gives_a_picture_away() -> None:
    async def work() -> None:
        fingerprinted = Fingerprinted(None, lambda *_: None)  # type: ignore[arg-type]
        await fingerprinted.add("DESKTOP_ADDRESS", ["aB3dE6gH9jK2mN5p"])  # before the broker's
        await fingerprinted._take(Fingerprints.of({"STORED": b"k" * 20 + b"1"}).to_json())
        await fingerprinted.add("DESKTOP_ADDRESS", ["ZZ3dE6gH9jK2mN5p"])
        assert fingerprinted.known is not None
        text = f"{'k' * 20}1 aB3dE6gH9jK2mN5p and ZZ3dE6gH9jK2mN5p"
        assert [span.label for span in fingerprinted.known.spans(text)] == [
            *("STORED", "DESKTOP_ADDRESS", "DESKTOP_ADDRESS"),
        ]

    asyncio.run(work())


@pytest.mark.parametrize("vendor", vendors.known().values(), ids=lambda vendor: vendor.name)
def test_the_table_is_whole(vendor: vendors.Vendor) -> None:
    options = StartOptions(width=1000, height=700)
    assert not re.search(r"\{\w", str(vendor.body(options)))
    assert "1000" in str(vendor.body(options))
    assert vendor.key_header("placeholder")
    assert all(page.startswith("https://") for page in vendor.docs)
    assert all(frame.startswith("https://") for frame in vendor.frames)
    assert vendor.outlives.startswith("It ends")
