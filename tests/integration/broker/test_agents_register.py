"""The register of agents: on a full disk, and changed by another broker."""

from __future__ import annotations

import resource
import sys

import pytest

from jupyter_agent.broker.agents import Agents
from jupyter_agent.errors import AgentError, BrokerRefused

pytestmark = pytest.mark.one_broker


def test_an_agent_that_another_broker_has_forgotten_gets_nothing_any_more(person, folders, enter):
    agent = enter("claude-code")
    assert agent.call("secret.list") == {"secrets": []}
    # What the broker of another session does with the same register.
    Agents(folders.state / "agents.json", folders.state / "agents-seen").forget("claude-code")
    for op in ("secret.list", "egress.services", "audit.read"):
        with pytest.raises(BrokerRefused, match="forgotten"):
            agent.call(op)


@pytest.mark.skipif(sys.platform != "linux", reason="limits another process")
@pytest.mark.one_broker(shared=False)
def test_a_disk_that_is_full_is_said_and_lets_nobody_in(person):
    broker = person.call("status")["pid"]
    limits = resource.prlimit(broker, resource.RLIMIT_FSIZE)
    resource.prlimit(broker, resource.RLIMIT_FSIZE, (0, limits[1]))
    with pytest.raises(AgentError, match="could not be written: File too large") as told:
        person.call("agent.register", name="claude-code")
    assert told.value.hint.startswith("Make room")
    resource.prlimit(broker, resource.RLIMIT_FSIZE, limits)
    assert person.call("agent.list")["agents"] == []
    person.call("agent.register", name="claude-code")
