"""Two brokers that use and change the grants of one vault at the same moment."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from vaults import open_vault

from jupyter_agent.broker import permitting, policy, standing
from jupyter_agent.broker.grants import Grant
from jupyter_agent.broker.permitting import Request
from jupyter_agent.broker.policy import Policy
from jupyter_agent.errors import GrantDenied
from jupyter_agent.secret import Secret
from jupyter_agent.vault.vault import Vault

ASKED = Request(("A",), "true", "/", None, into={"A": ("env:A",)})
COUNTED = Grant("1", "A", "2030-01-01T00:00:00Z", any_command=True, uses=2)
ALWAYS = Grant("2", "A", "2030-01-01T00:00:00Z", any_command=True)
NOW = datetime(2030, 1, 1, tzinfo=UTC)


@dataclass
class Brokers:
    """Two of them, and what the other one does once this one has looked, and not yet written."""

    vault: Vault
    other: Vault
    meanwhile: Callable[[], Any] = lambda: None


@pytest.fixture
def brokers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Brokers]:
    with closing(open_vault(tmp_path)) as vault, closing(open_vault(tmp_path)) as other:
        vault.put(Secret("A", b"value"))
        both = Brokers(vault, other)
        change = Vault._change

        def delayed(changing: Vault) -> Any:
            act, both.meanwhile = both.meanwhile, lambda: None
            act()
            return change(changing)

        monkeypatch.setattr(Vault, "_change", delayed)
        yield both


def uses(vault: Vault) -> list[int | None]:
    return [grant.uses for grant in policy.all_grants(vault)]


def test_a_grant_that_is_taken_back_meanwhile_is_not_used_and_does_not_come_back(brokers):
    policy.add(brokers.vault, [COUNTED], NOW)
    brokers.meanwhile = lambda: policy.remove(brokers.other, ["1"])
    missing, version = standing.take(brokers.vault, ASKED)
    assert missing == ["A"]
    assert version == Policy.of(brokers.other).version
    assert uses(brokers.vault) == []


def test_the_last_use_is_used_once(brokers):
    policy.add(brokers.vault, [replace(COUNTED, uses=1)], NOW)
    brokers.meanwhile = lambda: standing.take(brokers.other, ASKED)
    assert standing.take(brokers.vault, ASKED)[0] == ["A"]
    assert uses(brokers.vault) == [0]


def test_what_is_denied_meanwhile_is_not_used(brokers):
    policy.add(brokers.vault, [COUNTED], NOW)
    brokers.meanwhile = lambda: policy.add(brokers.other, [replace(ALWAYS, deny=True)], NOW)
    with pytest.raises(GrantDenied):
        standing.take(brokers.vault, ASKED)
    assert sorted(uses(brokers.vault), key=str) == [2, None]


def test_an_answer_does_not_count_where_something_was_taken_back_meanwhile(brokers):
    policy.add(brokers.vault, [replace(ALWAYS, id="3", label="B")], NOW)
    _, version = standing.take(brokers.vault, ASKED)
    brokers.meanwhile = lambda: policy.remove(brokers.other, ["3"])
    with pytest.raises(GrantDenied, match="does not count"):
        standing.settle(brokers.vault, ASKED, version, [ALWAYS])
    assert policy.all_grants(brokers.vault) == []


def test_no_change_hides_that_another_one_narrowed_what_is_permitted(brokers):
    policy.add(brokers.vault, [replace(ALWAYS, id="3", label="B")], NOW)
    _, version = standing.take(brokers.vault, ASKED)
    brokers.meanwhile = lambda: policy.remove(brokers.other, ["3"])
    policy.add(brokers.vault, [COUNTED], NOW)
    assert not Policy.of(brokers.vault).holds(version)


def test_what_two_brokers_keep_a_profile_with_is_one_key(brokers):
    brokers.meanwhile = lambda: brokers.other.profile_key("cdp", b"1" * 32)
    assert brokers.vault.profile_key("cdp", b"2" * 32) == b"1" * 32
    assert brokers.other.profile_key("cdp") == b"1" * 32


def test_a_run_that_is_permitted_without_a_count_writes_nothing(brokers):
    policy.add(brokers.vault, [ALWAYS], NOW)
    writes = brokers.vault.writes
    assert permitting.missing(policy.all_grants(brokers.vault), ASKED, NOW) == []
    assert standing.take(brokers.vault, ASKED)[0] == []
    assert brokers.vault.writes == writes
