"""Whatever people do to a vault, in whatever order, it holds what a dictionary would hold."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from vaults import open_vault

from jupyter_agent.errors import LabelNotFound, LabelTaken
from jupyter_agent.secret import Secret
from jupyter_agent.vault.vault import Vault

LABELS = st.sampled_from(["ALPHA", "BETA", "GAMMA", "DELTA"])
GRANTS = st.sampled_from(["g-1", "g-2"])
VALUES = st.binary(min_size=1, max_size=600)


class VaultStates(RuleBasedStateMachine):
    """Two vaults on one file, as two processes would have, against one dictionary."""

    @initialize()
    def open(self) -> None:
        self.home = Path(tempfile.mkdtemp())
        self.vaults = [open_vault(self.home), open_vault(self.home)]
        self.values: dict[str, bytes] = {}
        self.uses: dict[str, int] = {}
        self.grants: dict[str, bytes] = {}

    def teardown(self) -> None:
        for vault in self.vaults:
            vault.close()
        shutil.rmtree(self.home)

    def vault(self, which: int) -> Vault:
        return self.vaults[which]

    @rule(which=st.integers(0, 1), label=LABELS, value=VALUES, replace=st.booleans())
    def put(self, which: int, label: str, value: bytes, *, replace: bool) -> None:
        if label in self.values and not replace:
            with pytest.raises(LabelTaken):
                self.vault(which).put(Secret(label, value))
            return
        self.vault(which).put(Secret(label, value), replace=replace)
        self.values[label] = value
        self.uses.setdefault(label, 0)

    @rule(which=st.integers(0, 1), label=LABELS)
    def remove(self, which: int, label: str) -> None:
        if label not in self.values:
            with pytest.raises(LabelNotFound):
                self.vault(which).remove(label)
            return
        self.vault(which).remove(label)
        del self.values[label], self.uses[label]

    @rule(which=st.integers(0, 1), label=LABELS, to=LABELS)
    def rename(self, which: int, label: str, to: str) -> None:
        if label not in self.values:
            with pytest.raises(LabelNotFound):
                self.vault(which).rename(label, to)
        elif to in self.values:
            with pytest.raises(LabelTaken):
                self.vault(which).rename(label, to)
        else:
            self.vault(which).rename(label, to)
            self.values[to] = self.values.pop(label)
            self.uses[to] = self.uses.pop(label)

    @rule(which=st.integers(0, 1), label=LABELS, count=st.integers(1, 5))
    def use(self, which: int, label: str, count: int) -> None:
        self.vault(which).record_uses({label: (count, "2026-11-22T12:00:00Z")})
        if label in self.uses:
            self.uses[label] += count

    @rule(which=st.integers(0, 1), grant=GRANTS, record=VALUES)
    def grant(self, which: int, grant: str, record: bytes) -> None:
        self.vault(which).put_grant(grant, record)
        self.grants[grant] = record

    @rule(which=st.integers(0, 1), grant=GRANTS)
    def withdraw(self, which: int, grant: str) -> None:
        assert self.vault(which).remove_grant(grant) == (grant in self.grants)
        self.grants.pop(grant, None)

    @rule(which=st.integers(0, 1))
    def reopen(self, which: int) -> None:
        self.vaults[which].close()
        self.vaults[which] = open_vault(self.home)

    @invariant()
    def both_hold_what_the_dictionary_holds(self) -> None:
        for vault in self.vaults:
            metas = {meta.label: meta.uses for meta in vault.list()}
            assert metas == self.uses
            assert {label: vault.get(label).reveal() for label in metas} == self.values
            assert vault.grants() == [self.grants[each] for each in sorted(self.grants)]


VaultStates.TestCase.settings = settings(
    max_examples=25,
    stateful_step_count=20,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
TestVaultStates = VaultStates.TestCase
