"""What ``doctor`` says about a vault that is not there yet."""

from __future__ import annotations

import os
import shutil
from importlib import metadata

import pytest

from jupyter_agent.broker.vault_state import without_vault
from jupyter_agent.cli.checks import (
    KEY_SOURCES,
    agents_checks,
    folder_checks,
    key_source_check,
    vault_check,
    waiting_checks,
)
from jupyter_agent.cli.installation import reinstall
from jupyter_agent.cli.jupyter_settings import Settings
from jupyter_agent.errors import ConsentRequired, PassphraseRequired
from jupyter_agent.folders import Folders
from jupyter_agent.vault.key_source import NAMES


def test_a_decision_that_the_first_secret_waits_for_is_named_with_its_next_step():
    wanted = ConsentRequired("The key would lie in a file.", "Agree in the Secrets panel.")
    check = vault_check(without_vault("absent", wanted))
    assert (check["id"], check["state"]) == ("vault", "warn")
    assert "waits for a decision. The key would lie in a file." in check["message"]
    assert check["hint"] == "Agree in the Secrets panel."


@pytest.mark.parametrize(("free", "state"), [(4096, "fail"), (1 << 30, "ok")])
def test_a_folder_whose_disk_is_full_is_named(tmp_path, monkeypatch, free, state):
    folders = Folders(*(tmp_path / name for name in ("data", "state", "run")))
    folders.make()
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage._replace(free=free))
    checks = list(folder_checks(folders))
    assert [check["state"] for check in checks] == [state] * 3
    assert all("full" in check["message"] and check["hint"] for check in checks) == (
        state == "fail"
    )


def test_no_vault_is_no_problem_where_nothing_has_to_be_decided():
    assert vault_check(without_vault("absent"))["state"] == "ok"


def test_where_a_vault_keeps_its_key_is_said_once_and_not_guessed(monkeypatch):
    monkeypatch.setenv("JUPYTER_AGENT_KEY_SOURCE", "file")
    note = "This vault keeps its key source."
    vault = {"state": "open", "tier": "provided", "promise": "It is as strong.", "note": note}

    check = key_source_check(vault)
    assert check["message"] == (
        "provided. It is as strong. JUPYTER_AGENT_KEY_SOURCE asks for file, which counts only for "
        "a new vault."
    )

    waits = PassphraseRequired("The vault needs its passphrase.", "Type it.")
    closed = without_vault("closed", waits)
    assert "when the vault is made" not in key_source_check(closed)["message"]
    check = vault_check(closed)
    assert (check["state"], check["hint"]) == ("warn", "Type it.")


def test_a_setting_that_names_no_key_source_fails_and_is_not_repeated(monkeypatch):
    monkeypatch.setenv("JUPYTER_AGENT_KEY_SOURCE", "made-up value")
    check = key_source_check(without_vault("absent"))
    assert check["state"] == "fail"
    assert "made-up" not in check["message"] + check["hint"]
    assert set(KEY_SOURCES) == set(NAMES)


def test_a_question_that_waits_is_named_with_who_asks():
    assert list(waiting_checks([])) == []
    asked = {"role": "agent", "agent": "claude", "notebook": None}
    (check,) = waiting_checks([asked, asked])
    assert (check["id"], check["state"]) == ("approvals", "warn")
    assert check["message"] == "2 questions wait for your answer, the first from claude."
    assert "jupyter agent approvals" in check["hint"]


def test_a_program_whose_agent_was_forgotten_is_named_with_the_way_back():
    def program(name: str, agent: str | None, state: str) -> dict[str, str | None]:
        return {"program": name, "file": "", "agent": agent, "state": state}

    none = program("codex", None, "not set up")
    assert list(agents_checks([none], "2.3.0")) == []
    forgotten = program("cursor", "mine", "This agent is not known.")
    well = program("zed", "zed", "connected")
    bad, good = agents_checks([none, forgotten, well], "2.3.0")
    assert (bad["state"], good["state"]) == ("warn", "ok")
    assert "cursor is set up as the agent mine" in bad["message"]
    assert "mcp install cursor" in bad["hint"]
    assert good["message"] == "Set up over MCP: zed."
    first = next(agents_checks([well], None))
    assert (first["state"], "jupyter-agent-secrets[mcp]" in first["hint"]) == ("fail", True)


def test_settings_in_python_are_not_run_but_named_where_they_may_matter(tmp_path, monkeypatch):
    monkeypatch.setenv("JUPYTER_CONFIG_DIR", str(tmp_path))
    monkeypatch.setenv("JUPYTER_PREFER_ENV_PATH", "0")
    file = tmp_path / "jupyter_server_config.py"
    file.write_text("# c.ServerApp.jpserver_extensions = {}\nc.ServerApp.port = 9\n")
    assert file not in Settings.read().unread
    file.write_text("c.YDocExtension.disable_rtc = True\nraise SystemExit('run')\n")
    assert Settings.read().unread[0] == file


@pytest.mark.parametrize(
    ("told", "source"),
    [
        ('{"dir_info": {}, "url": "file:///home/ana/my%20checkout"}', "'/home/ana/my checkout'"),
        ('{"url": "https://files.example/x.whl"}', "jupyter-agent-secrets"),
        (None, "jupyter-agent-secrets"),
        ("{", "jupyter-agent-secrets"),
    ],
)
def test_what_is_missing_is_installed_from_where_the_package_came(monkeypatch, told, source):
    monkeypatch.setattr(metadata.PathDistribution, "read_text", lambda *_: told)
    assert reinstall().endswith(f"pip install --force-reinstall {source}")


def test_a_folder_that_can_not_be_written_is_named(tmp_path, monkeypatch):
    folders = Folders(*(tmp_path / name for name in ("data", "state", "run")))
    folders.make()
    monkeypatch.setattr(os, "access", lambda path, _mode: path != folders.data)
    checks = list(folder_checks(folders))
    assert [check["state"] for check in checks] == ["fail", "ok", "ok"]
    assert "can't be written" in checks[0]["message"]
