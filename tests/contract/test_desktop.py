"""The desktops of this machine, and those of services elsewhere, keep the contract.

What is elsewhere is a stand-in (``rest_service``, ``e2b_service``) with a real browser behind it,
and the key in a real vault. Nothing was run against an account of anybody's.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import steps
from canary import Canary
from contract.desktop_contract import DesktopContract, Stage
from desktop_rooms import (
    PARENT,
    PATIENCE,
    CdpPerson,
    hand_back,
    person_at,
    until_field,
    until_true,
)
from remote_rooms import remote_room

from jupyter_agent.desktop import remote, stillness
from jupyter_agent.desktop.e2b import LEASE
from jupyter_agent.desktop.provider import Desktop, Pause, StartOptions
from jupyter_agent.errors import LabelNotFound, PersonDrives, ProviderFailed
from jupyter_agent.person import open_client
from jupyter_agent.server.desktop.desktops import Desktops
from jupyter_agent.server.desktop.hosted import Opener


class TestLocalCdp(DesktopContract):
    name = "local-cdp"

    def test_a_caret_stands_and_of_one_that_blinks_no_picture_is_made_and_a_key_is_seen_at_once(
        self, stage: Stage, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        # No look in between: what is seen after the key is there because of the key.
        monkeypatch.setattr(stillness, "SOONEST", 3600.0)
        monkeypatch.setattr(stillness, "LATEST", 3600.0)
        # Nor does it rest: that no picture comes is because nothing moves.
        monkeypatch.setattr(stillness, "QUIET", 3600.0)

        async def work() -> None:
            desktop = await stage.room.start(self.name, stage.site.url)
            await desktop.take_over("ada")
            async with person_at(desktop) as person:
                assert isinstance(person, CdpPerson)
                await until_field(desktop, "user")
                await person.until_still()
                monkeypatch.setattr(stillness, "QUIET", 0.5)
                # A page may put our sheet away; its caret blinks then.
                seen = person.frames
                await until_true(desktop, "(document.adoptedStyleSheets = []).length === 0")
                await person.until(lambda: person.frames > seen + 2)
                await person.until_still()
                seen = person.frames
                await person.type("ada")
                await person.until(lambda: person.frames > seen)
            await desktop.close()

        stage.room.run(work())

    def test_what_a_person_permits_the_site_in_front_ends_when_they_hand_back(
        self, stage: Stage
    ) -> None:
        notifications = "Notification.permission === {!r}".format

        async def work() -> None:
            desktop = await stage.room.start(self.name, stage.site.url)
            lease = await desktop.take_over("ada")
            await until_field(desktop, "user")
            await until_true(desktop, notifications("denied"))
            async with person_at(desktop) as person:
                assert isinstance(person, CdpPerson)
                for origin in ("https://another.example", stage.site.url):
                    await person.say(permit="notifications", origin=origin, given=True)
                await until_true(desktop, notifications("granted"))
                await person.until(lambda: person.permits["given"])
                # Only what was chosen, and only for the site that the person saw.
                assert person.permits == {"origin": stage.site.url, "given": ["notifications"]}
            assert (await hand_back(desktop, lease)).done
            await until_true(desktop, notifications("denied"))
            await desktop.close()

        stage.room.run(work())


class TestLocalVnc(DesktopContract):
    name = "local-vnc"


class Elsewhere(DesktopContract):
    """What holds for every service. Each test that follows the contract's opens what it needs."""

    pause = Pause.ADVISORY
    view_only = "client"

    @classmethod
    def rooms(cls, home: Path) -> AbstractContextManager[Any]:
        return remote_room(cls.name, home)

    @classmethod
    def left(cls, stage: Stage) -> list[Any]:
        return list(stage.room.service.alive)

    @classmethod
    def secret_in(cls, address: str) -> str:
        return parse_qs(urlsplit(address).query)["token"][0]

    @pytest.fixture(autouse=True)
    def logged(self, caplog: pytest.LogCaptureFixture, stage: Stage) -> Iterator[None]:
        """No logger says a key or a token, at any level."""
        with caplog.at_level(logging.DEBUG):
            yield
        for value in (stage.room.key, *stage.room.service.tokens):
            assert Canary(value).found_in(caplog.text.encode()) == []

    def test_key_and_addresses_are_in_no_file_no_record_and_no_environment(
        self, stage: Stage
    ) -> None:
        with open_client(stage.room.folders) as person:
            audit = person.call("audit.read")["events"]
        assert {event["labels"][0] for event in audit if event["labels"]} == {stage.room.label}
        assert stage.room.service.tokens
        for value in (stage.room.key, *stage.room.service.tokens):
            canary = Canary(value)
            assert canary.found_in(str(audit).encode()) == []
            assert canary.search_tree(stage.room.home) == []
            assert canary.search_proc(os.getuid()) == []

    def test_every_way_out_is_closed_with_its_desktop(self, stage: Stage) -> None:
        until_no_way_is_open(stage)

    @pytest.mark.parametrize(
        ("status", "reason"),
        [(401, "key"), (402, "quota"), (429, "quota"), (503, "down"), (400, "answer")],
    )
    def test_a_refusal_says_what_to_do_and_nothing_that_was_answered(
        self, stage: Stage, status: int, reason: str
    ) -> None:
        stage.room.service.refuse = status
        try:
            with pytest.raises(ProviderFailed) as failed:
                stage.room.run(stage.room.start(self.name))
        finally:
            stage.room.service.refuse = 0
        assert failed.value.data["reason"] == reason
        assert failed.value.hint
        assert stage.room.key not in str(failed.value)
        assert (stage.room.label in str(failed.value)) == (reason == "key")
        until_no_way_is_open(stage)

    def test_a_label_without_a_value_is_named_with_the_command_that_saves_it(
        self, stage: Stage
    ) -> None:
        provider = stage.room.provider(self.name, label="ANOTHER_KEY")
        there = stage.room.run(provider.available())
        assert not there.ok
        assert "ANOTHER_KEY" in there.reason
        assert there.install == "jupyter agent secret set ANOTHER_KEY"
        with pytest.raises(LabelNotFound):
            stage.room.run(provider.start(StartOptions()))


class TestBrowserbase(Elsewhere):
    name = "browserbase"

    def test_the_end_of_the_server_releases_the_session_and_pages_are_told_no_address(
        self, stage: Stage
    ) -> None:
        before = self.left(stage)
        told: list[dict[str, Any]] = []
        recognised: list[str] = []

        async def recognise(label: str, values: Iterable[str]) -> None:
            assert label == "DESKTOP_ADDRESS"
            recognised.extend(values)

        async def work() -> None:
            desktops = Desktops(
                [stage.room.provider(self.name)],
                told.append,
                stage.room.inner.log,
                lambda _hosted, what, _actor=None: told.append({"recorded": what}),
                recognise=recognise,
            )
            hosted = await desktops.start(self.name, StartOptions(), Opener())
            await desktops.started(hosted)
            assert len(self.left(stage)) == len(before) + 1
            told.append(await hosted.for_agents())
            told.extend(await desktops.for_page())
            await desktops.grant(hosted.id, "view", PARENT, one_port=False)
            await desktops.close()

        stage.room.run(work())
        assert self.left(stage) == before
        assert not any(token in str(told) for token in stage.room.service.tokens)
        assert recognised == [stage.room.service.tokens[-1]]

    def test_a_session_that_ended_elsewhere_closes_its_desktop(
        self, stage: Stage, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(remote, "_RETRIES", (0.0, 0.1))

        async def work() -> None:
            desktop = await stage.room.start(self.name)
            await ended_there(stage, self.left(stage)[-1])
            await until_state(desktop, "closed")
            assert not (await desktop.close()).left

        stage.room.run(work())
        until_no_way_is_open(stage)

    def test_what_could_not_be_released_is_said_with_what_becomes_of_it(self, stage: Stage) -> None:
        async def work() -> None:
            desktop = await stage.room.start(self.name)
            name = self.left(stage)[-1]
            stage.room.service.refuse = 500
            report = await desktop.close()
            stage.room.service.refuse = 0
            assert "ends" in " ".join(report.left)
            await ended_there(stage, name)

        stage.room.run(work())

    def test_it_records_nothing_there_and_is_looked_at_without_the_bar(self, stage: Stage) -> None:
        (begun, *_) = [asked for asked in stage.room.service.asked if asked[0] == "POST"]
        assert begun[1] == "/v1/sessions"
        settings = begun[2]["browserSettings"]
        assert settings["recordSession"] is settings["logSession"] is False
        assert settings["viewport"] == {"width": 900, "height": 700}
        assert begun[2]["timeout"] == 6 * 3600

    def test_a_line_that_was_lost_comes_back_paused(self, stage: Stage) -> None:
        async def work() -> None:
            desktop = await stage.room.start(self.name, f"{stage.site.url}/extras")
            lease = await desktop.take_over("ada")
            assert (await hand_back(desktop, lease)).done
            agent = await desktop.agent_channel()
            stage.room.service.cut()
            await until_state(desktop, "idle")
            with pytest.raises(PersonDrives):
                await agent.text()
            async with asyncio.timeout(PATIENCE):
                while not stage.room.service.sockets:  # noqa: ASYNC110
                    await asyncio.sleep(0.02)  # a stand-in tells nobody
            lease = await desktop.take_over("ada")
            assert (await hand_back(desktop, lease)).done
            assert "Colour" in await (await desktop.agent_channel()).text()
            await desktop.close()

        stage.room.run(work())

    def test_a_picture_that_leads_elsewhere_is_not_framed(self, stage: Stage) -> None:
        async def work() -> None:
            desktop = await stage.room.start(self.name)
            stage.room.service.elsewhere = True
            with pytest.raises(ProviderFailed, match="can't be used"):
                await desktop.grant("view", PARENT)
            stage.room.service.elsewhere = False
            await desktop.close()

        stage.room.run(work())

    def test_a_start_that_nobody_waits_for_any_more_leaves_no_session(self, stage: Stage) -> None:
        before = self.left(stage)

        async def work() -> None:
            starting = asyncio.ensure_future(stage.room.provider(self.name).start(StartOptions()))
            async with asyncio.timeout(PATIENCE):
                while self.left(stage) == before:  # noqa: ASYNC110  (a stand-in tells nobody)
                    await asyncio.sleep(0)
            starting.cancel()
            await asyncio.wait({starting})

        stage.room.run(work())
        assert self.left(stage) == before
        until_no_way_is_open(stage)

    @pytest.mark.parametrize(
        ("name", "begun", "ended", "looks"),
        [
            ("kernel", ("POST", "/browsers"), ("DELETE", "/browsers/{}"), "readOnly=true"),
            (
                "steel",
                ("POST", "/v1/sessions"),
                ("POST", "/v1/sessions/{}/release"),
                "interactive=false",
            ),
        ],
    )
    def test_the_others_of_the_table_are_begun_looked_at_and_ended_as_their_pages_say(
        self, stage: Stage, name: str, begun: Any, ended: Any, looks: str
    ) -> None:
        service = stage.room.service
        provider = stage.room.provider(name)
        with open_client(stage.room.folders) as person:
            steps.save(person, provider.label, stage.room.key)
            person.call("grant.add", label=provider.label, script=f"egress {service.origin}")
        before = len(service.asked)

        async def work() -> str:
            desktop = await provider.start(StartOptions(url=f"{stage.site.url}/extras"))
            session = list(service.alive)[-1]
            look, control = (
                await desktop.grant("view", PARENT),
                await desktop.grant("control", PARENT),
            )
            assert looks in look.url
            assert looks not in control.url
            assert service.alive[session] in control.url
            assert await desktop.host() in ("", stage.site.url.removeprefix("http://"))
            await desktop.close()
            return session

        session = stage.room.run(work())
        asked = [(method, path) for method, path, _ in service.asked[before:]]
        assert asked == [begun, (ended[0], ended[1].format(session))]


class TestE2b(Elsewhere):
    name = "e2b"

    @classmethod
    def secret_in(cls, address: str) -> str:
        return urlsplit(address).fragment.removeprefix("password=")

    @classmethod
    def check_picture(cls, stage: Stage) -> None:
        """Its password stands in the fragment, and was asked for in the sandbox."""
        view, drive = (stage.desktop.grant(mode, PARENT) for mode in ("view", "control"))
        look, control = (urlsplit(stage.room.run(grant).url) for grant in (view, drive))
        password = look.fragment.removeprefix("password=")
        assert look.netloc.startswith("6080-")
        assert look.netloc.endswith(".e2b.app")
        assert look.query == "autoconnect=true&view_only=true&resize=scale"
        assert control.query == "autoconnect=true&resize=scale"
        ran = stage.room.service.ran
        assert f"x11vnc -storepasswd {password} ~/.vnc/passwd" in ran
        assert any("-usepw" in line for line in ran)

    def test_a_sandbox_lives_a_quarter_of_an_hour_without_us(self, stage: Stage) -> None:
        begun = [body for _, path, body in stage.room.service.asked if path.endswith("/sandboxes")]
        assert {body["timeout"] for body in begun} == {LEASE} == {900}

    def test_the_browser_is_steered_over_its_process_and_no_port(self, stage: Stage) -> None:
        (line, *_) = [line for line in stage.room.service.ran if "google-chrome" in line]
        assert "--remote-debugging-pipe" in line
        assert "--remote-debugging-port" not in line
        assert stage.site.url not in line

    def test_a_sandbox_that_ended_by_itself_closes_its_desktop(
        self, stage: Stage, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(remote, "_RETRIES", (0.0, 0.1))

        async def work() -> None:
            desktop = await stage.room.start(self.name)
            await ended_there(stage, self.left(stage)[-1])
            await until_state(desktop, "closed")
            assert not (await desktop.close()).left

        stage.room.run(work())
        until_no_way_is_open(stage)


async def ended_there(stage: Stage, name: str) -> None:
    """The service ends a session by itself."""
    ended = stage.room.service.end(name)
    if asyncio.iscoroutine(ended):
        await ended


async def until_state(desktop: Desktop, state: str) -> None:
    async with asyncio.timeout(PATIENCE):
        while desktop.state != state:  # noqa: ASYNC110
            await asyncio.sleep(0.02)  # a desktop tells its state to nobody


def until_no_way_is_open(stage: Stage) -> None:
    with open_client(stage.room.folders) as person:
        steps.wait_until(lambda: person.call("egress.list")["ways"] == [], PATIENCE)
