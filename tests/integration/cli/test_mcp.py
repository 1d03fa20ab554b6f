"""``jupyter agent mcp install|uninstall|status``: configurations of other programs."""

from __future__ import annotations

import json
import stat
import tomllib
from pathlib import Path

import pytest

from jupyter_agent import agenttoken
from jupyter_agent.cli import commented_json
from jupyter_agent.client import Client
from jupyter_agent.errors import BrokerRefused


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch) -> Path:
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("JUPYTER_AGENT_KEY_SOURCE", "file")
    return home


def test_a_program_is_set_up_and_taken_out_again(cli, home, folders):
    config = home / ".claude.json"
    config.write_text('{"projects": {"a": 1}, "mcpServers": {"other": {"command": "x"}}}')
    config.chmod(0o640)
    done = cli("mcp", "install", "claude-code", "--json")
    token = Path(done.json["token_file"]).read_text(encoding="ascii")
    written = json.loads(config.read_text())
    entry = written["mcpServers"]["jupyter-agent"]
    assert entry["args"][-3:] == ["mcp", "--agent", "claude-code"]
    assert written["projects"] == {"a": 1}
    assert written["mcpServers"]["other"] == {"command": "x"}
    assert stat.S_IMODE(config.stat().st_mode) == 0o640
    assert token not in config.read_text()
    assert token.encode() not in done.out + done.err
    with Client(folders, agenttoken.hello(agenttoken.path_of(folders, "claude-code"))) as agent:
        assert agent.welcome["agent"] == "claude-code"
        (row,) = [one for one in cli("mcp", "status", "--json").json["programs"] if one["agent"]]
        assert (row["program"], row["state"]) == ("claude-code", "connected")
    again = cli("mcp", "install", "claude-code", "--json")  # a new token, and one entry
    assert again.code == 0
    gone = cli("mcp", "uninstall", "claude-code", "--json").json
    assert (gone["removed"], gone["forgotten"]) == (True, True)
    assert json.loads(config.read_text())["mcpServers"] == {"other": {"command": "x"}}
    with pytest.raises(BrokerRefused):
        agenttoken.hello(agenttoken.path_of(folders, "claude-code"))


def test_a_new_configuration_is_for_this_user_only(cli, home):
    assert cli("mcp", "install", "cursor").code == 0
    config = home / ".cursor/mcp.json"
    assert stat.S_IMODE(config.stat().st_mode) == 0o600
    assert "jupyter-agent" in json.loads(config.read_text())["mcpServers"]


def test_toml_keeps_what_else_is_in_it(cli, home):
    config = home / ".codex/config.toml"
    config.parent.mkdir()
    before = '# mine\nmodel = "x"\n\n[mcp_servers.other]\ncommand = "y"\n'
    config.write_text(before)
    assert cli("mcp", "install", "codex").code == 0
    assert cli("mcp", "install", "codex").code == 0
    servers = tomllib.loads(config.read_text())["mcp_servers"]
    assert servers["jupyter-agent"]["args"][-1] == "codex"
    assert cli("mcp", "uninstall", "codex").code == 0
    assert config.read_text().rstrip() == before.rstrip()


def test_comments_stay_in_the_settings_of_an_editor(cli, home):
    config = home / ".config/zed/settings.json"
    config.parent.mkdir(parents=True)
    before = """// Zed settings
{
    "theme": "One Dark", // at night
    "context_servers": {
        "other": {"command": "y"}, /* mine */
    },
}
"""
    config.write_text(before)
    assert cli("mcp", "install", "zed").code == 0
    text = config.read_text()
    entry = commented_json.load(text)["context_servers"]["jupyter-agent"]
    assert (entry["source"], entry["args"][-1]) == ("custom", "zed")
    assert text.startswith(before[: before.index("    },")])
    (row,) = [one for one in cli("mcp", "status", "--json").json["programs"] if one["agent"]]
    assert row["program"] == "zed"
    assert cli("mcp", "uninstall", "zed").code == 0
    assert config.read_text() == before


@pytest.mark.parametrize("text", ["{ 'single': 1}", "[]", '{"mcpServers": []}'])
def test_what_can_not_be_read_with_certainty_is_left_as_it_is(cli, home, text):
    config = home / ".cursor/mcp.json"
    config.parent.mkdir()
    config.write_text(text)
    done = cli("mcp", "install", "cursor")
    assert done.code == 1
    assert str(config).encode() in done.err
    assert b"under mcpServers" in done.err
    assert b"--print" in done.err
    assert config.read_text() == text
    assert b"No agents" in cli("agents").out


def test_printing_changes_nothing_and_knows_other_programs_too(cli, home):
    done = cli("mcp", "install", "some-other", "--print")
    shown = json.loads(done.out)["mcpServers"]["jupyter-agent"]
    assert shown["args"][-3:] == ["mcp", "--agent", "some-other"]
    assert cli("mcp", "install", "some-other").code == 1
    assert b"No agents" in cli("agents").out
    assert list(home.iterdir()) == []


def test_who_starts_it_says_which_agent_it_is(cli):
    done = cli("mcp")
    assert (done.code, done.out) == (1, b"")
    assert b"--agent" in done.err
