"""The register of agents, changed by several at once."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from jupyter_agent.broker.agents import Agent, Agents


def test_an_agent_that_is_forgotten_while_another_one_is_let_in_does_not_come_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tmp_path.chmod(0o700)
    one, other = (Agents(tmp_path / "agents.json", tmp_path / "seen") for _ in range(2))
    one.register("claude", replace=False)
    forgetting = threading.Thread(target=other.forget, args=("claude",))
    every = Agents.every

    def read_before_the_other_writes(agents: Agents) -> list[Agent]:
        found = every(agents)
        if agents is one and forgetting.ident is None:
            forgetting.start()
            forgetting.join(0.2)  # where nothing keeps it waiting, it is done by then
        return found

    monkeypatch.setattr(Agents, "every", read_before_the_other_writes)
    one.register("codex", replace=False)
    forgetting.join()
    assert [agent.name for agent in one.every()] == ["codex"]
