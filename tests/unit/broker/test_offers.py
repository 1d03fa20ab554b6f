"""An offer is open for five minutes, whatever happens to the clock meanwhile."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from jupyter_agent import entry
from jupyter_agent.broker.offers import Offers
from jupyter_agent.errors import EntryInvalid


class Clocks:
    """A clock on the wall that jumps, and seconds that only pass."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 28, 12, tzinfo=UTC)
        self.seconds = 1000.0

    def pass_by(self, seconds: float) -> None:
        self.seconds += seconds
        self.now += timedelta(seconds=seconds)

    def jump(self, **span: float) -> None:
        self.now += timedelta(**span)


@pytest.fixture
def clocks() -> Clocks:
    return Clocks()


@pytest.fixture
def offers(clocks: Clocks) -> Offers:
    return Offers(lambda: clocks.now, lambda: clocks.seconds)


def redeemed(offers: Offers, offer: entry.Offer) -> bytes:
    secret, _ = offers.redeem(
        kid=offer.kid,
        ticket=offer.ticket,
        label=offer.label,
        origin=offer.origin,
        sealed=entry.seal(offer, b"a value"),
    )
    return secret.reveal()


def test_an_offer_is_good_for_five_minutes(offers: Offers, clocks: Clocks) -> None:
    offer = offers.make("DEMO_TOKEN", "test", replace=False)
    clocks.pass_by(299)
    assert redeemed(offers, offer) == b"a value"
    offer = offers.make("DEMO_TOKEN", "test", replace=False)
    clocks.pass_by(300)
    with pytest.raises(EntryInvalid):
        redeemed(offers, offer)


@pytest.mark.parametrize("jump", [{"hours": -1}, {"days": -4000}])
def test_a_clock_that_is_set_back_makes_no_offer_last_longer(
    offers: Offers, clocks: Clocks, jump: dict[str, float]
) -> None:
    offer = offers.make("DEMO_TOKEN", "test", replace=False)
    clocks.jump(**jump)
    clocks.pass_by(301)
    with pytest.raises(EntryInvalid):
        redeemed(offers, offer)
    # One that is made after the jump is good.
    assert redeemed(offers, offers.make("DEMO_TOKEN", "test", replace=False)) == b"a value"


def test_a_clock_that_jumps_ahead_ends_offers_and_the_next_one_is_good(
    offers: Offers, clocks: Clocks
) -> None:
    offer = offers.make("DEMO_TOKEN", "test", replace=False)
    clocks.jump(days=4000)
    with pytest.raises(EntryInvalid):
        redeemed(offers, offer)
    assert redeemed(offers, offers.make("DEMO_TOKEN", "test", replace=False)) == b"a value"


def test_no_key_is_kept_once_its_time_is_over(offers: Offers, clocks: Clocks) -> None:
    for _ in range(3):
        offers.make("DEMO_TOKEN", "test", replace=False)
    clocks.pass_by(301)
    offers.make("DEMO_TOKEN", "test", replace=False)
    assert len(offers._open) == 1
