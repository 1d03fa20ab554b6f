"""Who drives: every order of clicks, losses and an agent's wishes, against the four rules."""

from __future__ import annotations

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule

from jupyter_agent.desktop.lease import Lease, Leases
from jupyter_agent.errors import DesktopClosed, DesktopError, LeaseLost, PersonDrives


class Panel(RuleBasedStateMachine):
    """Persons, tabs and an agent, in any order. The model knows one thing: whose lease counts."""

    leases = Bundle("leases")

    @initialize()
    def start(self) -> None:
        self.desktop = Leases()
        assert self.desktop.state == "starting"
        self.holder: Lease | None = None
        self.detached = self.checking = False
        self.agent_let_in = self.over = False
        self.desktop.ready()

    @rule(target=leases, who=st.sampled_from(["ada", "bob"]))
    def begins_to_take_over(self, who: str) -> Lease:
        if self.over:
            with pytest.raises(DesktopClosed):
                self.desktop.begin_take_over(who)
            return Lease(who)
        self.holder = self.desktop.begin_take_over(who)
        self.detached = self.checking = self.agent_let_in = False
        assert self.desktop.state == "idle"
        return self.holder

    @rule(lease=leases)
    def agent_is_detached(self, lease: Lease) -> None:
        may = lease is self.holder and not self.detached
        self._only_if(may, lambda: self.desktop.complete_take_over(lease))
        if may:
            self.detached = True

    @rule(lease=leases)
    def begins_to_hand_back(self, lease: Lease) -> None:
        may = lease is self.holder and self.detached and not self.checking
        self._only_if(may, lambda: self.desktop.begin_hand_back(lease))
        self.checking = self.checking or may

    @rule(lease=leases, clear=st.booleans())
    def fields_are_looked_through(self, lease: Lease, *, clear: bool) -> None:
        may = lease is self.holder and self.checking
        self._only_if(may, lambda: self.desktop.complete_hand_back(lease, clear=clear))
        if may:
            self.checking = False
            if clear:
                self.holder, self.agent_let_in = None, True

    @rule(lease=leases)
    def a_tab_is_closed(self, lease: Lease) -> None:
        self.desktop.lose(lease)
        if lease is self.holder:
            self.holder = None

    @rule(guess=st.text(max_size=50))
    def somebody_guesses_a_lease(self, guess: str) -> None:
        forged = Lease("ada", guess)
        before = self.desktop.state
        for way in (
            self.desktop.begin_hand_back,
            self.desktop.complete_take_over,
            lambda lease: self.desktop.complete_hand_back(lease, clear=True),
        ):
            with pytest.raises((LeaseLost, DesktopClosed)):
                way(forged)
        self.desktop.lose(forged)
        assert self.desktop.state == before

    @rule(why=st.text(max_size=300))
    def the_agent_asks(self, why: str) -> None:
        before = self.desktop.state
        try:
            self.desktop.ask(why)
        except DesktopClosed:
            assert self.over
        assert self.desktop.state == before
        assert self.desktop.asked.isprintable()

    @rule()
    def the_agent_lets_go(self) -> None:
        self.desktop.let_go()
        self.agent_let_in = False

    @rule()
    def it_is_started_again(self) -> None:
        if not self.over:
            self.desktop.ready()

    @rule()
    def it_is_closed(self) -> None:
        self.desktop.close()
        self.holder, self.agent_let_in, self.over = None, False, True

    @invariant()
    def the_agent_drives_only_where_a_person_has_handed_back_and_nobody_has_clicked_since(
        self,
    ) -> None:
        assert (self.desktop.state == "agent") == (self.agent_let_in and not self.over)
        if self.over:
            with pytest.raises(DesktopClosed):
                self.desktop.refuse_agent()
        elif not self.agent_let_in:
            with pytest.raises(PersonDrives):
                self.desktop.refuse_agent()
        else:
            self.desktop.refuse_agent()

    @invariant()
    def a_person_drives_only_by_the_last_lease_and_with_the_agent_detached(self) -> None:
        drives = self.holder is not None and self.detached
        assert (self.desktop.state == "human") == drives
        assert self.desktop.who == (self.holder.who if self.holder and drives else "")
        assert self.desktop.may_type == (drives and not self.checking)

    def _only_if(self, may: bool, act) -> None:  # noqa: FBT001
        if may:
            act()
            return
        with pytest.raises(DesktopError) as refused:
            act()
        assert isinstance(refused.value, DesktopClosed if self.over else LeaseLost)


TestPanel = Panel.TestCase
TestPanel.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)


def test_a_desktop_that_starts_can_not_be_taken_over_and_lets_no_agent_in() -> None:
    desktop = Leases()
    with pytest.raises(DesktopClosed, match="not started yet"):
        desktop.begin_take_over("ada")
    with pytest.raises(PersonDrives, match="paused"):
        desktop.refuse_agent()


def test_a_lease_shows_who_and_never_its_id() -> None:
    lease = Lease("ada")
    assert repr(lease) == "Lease(who='ada')"
    assert len(lease.id) == 43  # 256 bits in base64
    assert lease.id not in f"{lease!s}{lease!r}"
