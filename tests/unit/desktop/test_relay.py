"""Tickets, and who is let in."""

from __future__ import annotations

import pytest

from jupyter_agent.desktop.relay import TICKET_LIFE, NotLetIn, Relay, ticket_in
from jupyter_agent.errors import RequestInvalid

PANEL = "http://127.0.0.1:8888"


class Picture:
    viewer = "vnc"

    async def serve(self, channel, mode) -> None: ...


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_requirement_2_a_ticket_has_256_bits_and_is_good_once() -> None:
    relay = Relay()
    place, ticket = relay.open(Picture(), "view", PANEL, one_port=False)
    assert len(ticket) == 43  # 256 bits in base64
    relay.admit(place, ticket)
    with pytest.raises(NotLetIn):
        relay.admit(place, ticket)


def test_requirement_2_a_ticket_is_good_for_thirty_seconds() -> None:
    clock = Clock()
    relay = Relay(clock)
    place, first = relay.open(Picture(), "view", PANEL, one_port=False)
    _, second = relay.open(place.stream, "view", PANEL, one_port=False)
    clock.now += TICKET_LIFE - 0.1
    relay.admit(place, first)
    clock.now += 0.2
    with pytest.raises(NotLetIn):
        relay.admit(place, second)


def test_a_ticket_is_good_for_its_own_page_only() -> None:
    relay = Relay()
    one, ticket = relay.open(Picture(), "view", PANEL, one_port=False)
    other, _ = relay.open(one.stream, "control", PANEL, one_port=False)
    with pytest.raises(NotLetIn):
        relay.admit(other, ticket)
    with pytest.raises(NotLetIn):  # and it is used up by trying
        relay.admit(one, ticket)


def test_requirement_3_a_second_controlling_viewer_waits_until_the_first_is_gone() -> None:
    relay = Relay()
    place, first = relay.open(Picture(), "control", PANEL, one_port=False)
    relay.admit(place, first)
    same, second = relay.open(place.stream, "control", PANEL, one_port=False)
    with pytest.raises(NotLetIn) as refusal:
        relay.admit(same, second)
    assert refusal.value.status == 409
    looks, third = relay.open(place.stream, "view", PANEL, one_port=False)
    relay.admit(looks, third)
    relay.leave(looks)  # one who only looked frees nothing
    _, fourth = relay.open(place.stream, "control", PANEL, one_port=False)
    with pytest.raises(NotLetIn):
        relay.admit(same, fourth)
    relay.leave(place)
    _, fifth = relay.open(place.stream, "control", PANEL, one_port=False)
    relay.admit(same, fifth)


def test_a_page_of_one_way_of_serving_is_not_there_in_the_other() -> None:
    relay = Relay()
    place, _ = relay.open(Picture(), "view", PANEL, one_port=False)
    assert relay.place(place.id, one_port=False) is place
    with pytest.raises(NotLetIn):
        relay.place(place.id, one_port=True)


def test_what_is_revoked_or_forgotten_lets_nobody_in() -> None:
    relay = Relay()
    place, ticket = relay.open(Picture(), "control", PANEL, one_port=False)
    relay.revoke(place.stream, "control")
    with pytest.raises(NotLetIn):
        relay.admit(place, ticket)
    relay.forget(place.stream)
    assert relay.is_empty
    with pytest.raises(NotLetIn):
        relay.place(place.id, one_port=False)


@pytest.mark.parametrize(
    "origin", ["", "null", "*", "file:///", "http://a b", "https://a; script-src *", "http://a/"]
)
def test_only_an_origin_may_frame_a_desktop(origin: str) -> None:
    with pytest.raises(RequestInvalid):
        Relay().open(Picture(), "view", origin, one_port=False)


def test_a_ticket_is_one_of_two_subprotocols() -> None:
    assert ticket_in(["jupyter-agent-desktop", "ticket.abc"]) == "abc"
    assert ticket_in(["ticket.abc"]) is None
    assert ticket_in(["jupyter-agent-desktop"]) is None
    assert ticket_in(["jupyter-agent-desktop", "ticket.a", "ticket.b"]) is None
