"""``jupyter agent agents``: letting agents in and out; the token is shown nowhere."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from jupyter_agent import agenttoken
from jupyter_agent.client import Client
from jupyter_agent.errors import BrokerRefused

pytestmark = pytest.mark.one_broker


def test_an_agent_is_let_in_listed_and_forgotten(cli, folders):
    added = cli("agents", "add", "my-agent")
    path = Path(cli("agents", "add", "my-agent", "--replace", "--json").json["token_file"])
    token = path.read_text(encoding="ascii")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert token.encode() not in added.out + added.err
    with Client(folders, agenttoken.hello(path)) as agent:
        assert agent.welcome["agent"] == "my-agent"
        assert "my-agent" in cli("agents").out.decode()
    assert cli("agents", "forget", "my-agent").code == 0
    assert not path.exists()
    assert "No agents" in cli("agents").out.decode()
    with pytest.raises(BrokerRefused):
        agenttoken.hello(path)


def test_what_makes_no_sense_is_refused(cli, subtests):
    for words in [
        ("add",),
        ("forget",),
        ("list", "x"),
        ("forget", "x", "--replace"),
        ("add", "Bad Name"),
    ]:
        with subtests.test(" ".join(words)):
            assert cli("agents", *words).code == 1
