"""Status, lock, approvals, audit and doctor: the broker as the terminal sees it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from command_line import PATIENCE, ended
from steps import request, run, until

from jupyter_agent.client import Client, Hello
from jupyter_agent.errors import BrokerRefused, GrantDenied, GrantRequired
from jupyter_agent.folders import Folders
from jupyter_agent.person import open_client
from jupyter_agent.vault.machine import this_machine

ECHO = ("run", "-s", "DEMO_TOKEN", "--", "printenv", "DEMO_TOKEN")


def test_two_calls_at_once_start_one_broker(cli):
    both = [cli.start("status", "--json") for _ in range(2)]
    answers = [json.loads(call.communicate(timeout=PATIENCE)[0]) for call in both]
    assert answers[0]["pid"] == answers[1]["pid"]


def test_a_home_with_a_path_too_long_for_a_socket_works(cli, agent_home, planted):
    home = agent_home / ("a-long-name" * 8) / ("b-long-name" * 8)
    home.mkdir(parents=True)
    assert len(os.fsencode(home)) > 107
    env = {"JUPYTER_AGENT_HOME": str(home)}
    value = planted.value.encode()
    assert cli("secret", "set", "DEMO_TOKEN", "--stdin", stdin=value, env=env).code == 0
    assert cli("grant", "DEMO_TOKEN", "--any-command", env=env).code == 0
    assert cli(*ECHO, env=env).out == b"[secret:DEMO_TOKEN]\n"


def test_the_status_tells_what_the_vault_promises(cli, saved):
    vault = cli("status", "--json").json["vault"]
    assert (vault["state"], vault["tier"]) == ("open", "file")
    assert vault["promise"].encode() in cli("status").out
    assert cli("vault", "status", "--json").json["vault"] == vault
    assert vault["promise"].encode() in cli("vault", "status").out


def test_a_locked_vault_stays_closed_until_it_is_unlocked(cli, granted):
    assert cli("lock", "--json").json == {"format": 1, "ended": 0}
    refused = cli("secret", "list", "--json")
    assert (refused.code, refused.error["code"]) == (1, "vault_locked")
    assert cli(*ECHO).code == 125
    assert cli("unlock").code == 0
    assert cli(*ECHO).code == 0


def test_lock_ends_what_is_running(cli, granted):
    running = cli.start("run", "-s", "DEMO_TOKEN", "-c", "echo up; exec sleep 600")
    assert running.stdout.readline() == b"up\n"
    assert cli("lock", "--json").json["ended"] == 1
    assert running.wait(PATIENCE) == 130


def test_the_audit_lists_uses_and_refusals(cli, saved):
    cli(*ECHO)
    cli("grant", "DEMO_TOKEN", "--any-command")
    cli(*ECHO)
    done = cli("audit", "--json")
    assert done.json["format"] == 1
    decisions = [(event["decision"], event["exit"]) for event in done.json["events"]]
    assert decisions == [("required", None), ("grant", 0)]
    assert done.json["events"][1].keys() >= {
        "time", "actor", "notebook", "labels", "command", "decision", "exit", "seconds", "bytes",
        "hits",
    }  # fmt: skip
    assert b"printenv DEMO_TOKEN" in cli("audit").out
    assert len(cli("audit", "--limit", "1", "--since", "1h", "--json").json["events"]) == 1
    assert cli("audit", "--label", "OTHER_TOKEN", "--json").json["events"] == []
    assert saved.found_in(done.out) == []
    assert b"THE AGENT SAYS" not in cli("audit").out


def test_the_audit_shows_what_an_agent_has_said_as_its_words(cli, saved, folders):
    with open_client(folders) as person:
        token = person.call("agent.register", name="claude")["token"]
    with Client(folders, Hello("agent", {"token": token})) as agent, pytest.raises(GrantRequired):
        run(agent, "true", "DEMO_TOKEN", why="to see\x1b[31m it")
    shown = cli("audit").out.decode()
    assert "THE AGENT SAYS (NOT CHECKED)" in shown
    assert "“to see" in shown
    assert "\x1b" not in shown


def test_a_changed_record_is_noticed(cli, granted, folders: Folders):
    cli(*ECHO)
    assert cli("audit", "verify", "--json").json["ok"] is True
    (record,) = folders.state.glob("audit-*.jsonl")
    record.write_bytes(record.read_bytes().replace(b"printenv", b"printenx"))
    broken = cli("audit", "verify", "--json")
    assert (broken.code, broken.json["ok"], broken.json["broken_at"]) == (1, False, 1)


@pytest.fixture
def waiting(saved, folders: Folders, person: Client) -> Iterator[tuple[Client, int, str]]:
    """A guest, its run, and the id of the approval that the run waits for."""
    person.begin("approval.watch")  # somebody is there to be asked
    with Client(folders, Hello()) as guest:
        run = guest.begin("run", **request("printenv DEMO_TOKEN", "DEMO_TOKEN"))
        yield guest, run, until(guest, run, "asking")["approval_id"]


def test_waiting_requests_are_listed_without_what_an_answer_needs(cli, waiting):
    _, _, approval_id = waiting
    (listed,) = cli("approvals", "--json").json["approvals"]
    assert listed["approval_id"] == approval_id
    assert "nonce" not in listed
    assert approval_id.encode() in cli("approvals").out


def test_another_programs_request_is_answered_on_a_terminal_only(cli, waiting):
    guest, run, approval_id = waiting
    assert cli("approve", approval_id, stdin=b"o\n").code == 1
    terminal = cli.on_terminal("approve", approval_id)
    terminal.expect(rb"a no\): ")
    assert b"printenv DEMO_TOKEN" in terminal.before
    terminal.send("o\r")
    assert ended(terminal)[0] == 0
    assert guest.receive(run)["event"] == "started"


def test_another_programs_request_is_denied_by_default(cli, waiting):
    guest, run, approval_id = waiting
    terminal = cli.on_terminal("approve", approval_id)
    terminal.expect(rb"a no\): ")
    terminal.send("\r")
    ended(terminal)
    with pytest.raises(GrantDenied):
        guest.receive(run)


def test_nothing_waits_for_an_answer_most_of_the_time(cli):
    assert cli("approvals", "--json").json == {"format": 1, "approvals": []}
    assert cli("approve", "made-up-id").code == 1


def test_the_doctor_names_each_check_and_its_state(cli, saved):
    done = cli("doctor", "--json")
    checks = {check["id"]: check for check in done.json["checks"]}
    assert done.json["format"] == 1
    for check in checks.values():
        assert check.keys() == {"id", "state", "message", "hint"}
        assert check["state"] in ("ok", "warn", "fail")
        assert check["message"]
        assert check["hint"] or check["state"] == "ok"
    environment = {"version", "machine", "sudo", "screener"}
    extensions = {"server-extension", "labextension", "kernel-extension"}
    assert checks.keys() > environment | extensions
    for name in ("broker", "vault", "key-source", "folder-data", "folder-state", "folder-run"):
        assert checks[name]["state"] == "ok"
    failed = any(check["state"] == "fail" for check in checks.values())
    assert done.code == (1 if failed else 0)
    assert b"key-source" in cli("doctor").out


@pytest.mark.skipif(
    this_machine().container, reason="containers get a vault in memory and no question"
)
def test_the_doctor_names_a_decision_that_the_first_secret_waits_for(cli, monkeypatch):
    monkeypatch.delenv("JUPYTER_AGENT_KEY_SOURCE")
    assert cli("secret", "list", "--json").error["code"] == "consent_required"
    (check,) = [c for c in cli("doctor", "--json").json["checks"] if c["id"] == "vault"]
    assert check["state"] == "warn"
    assert "in a file that only you can read" in check["message"]
    assert "JUPYTER_AGENT_KEY_SOURCE=file" in check["hint"]


def test_the_doctor_finds_a_folder_that_is_open_to_others(cli, saved, folders: Folders):
    folders.data.chmod(0o755)
    done = cli("doctor", "--json")
    states = {check["id"]: check["state"] for check in done.json["checks"]}
    assert done.code == 1
    assert states["folder-data"] == "fail"


def test_a_vault_that_is_gone_is_not_told_as_one_that_was_never_made(cli, saved, folders: Folders):
    store = folders.data / "vault.db"
    os.kill(cli("status", "--json").json["pid"], signal.SIGKILL)
    kept = store.rename(folders.data / "kept")
    steps = [Path.touch, Path.unlink, lambda path: path.symlink_to("nowhere"), Path.unlink]
    for step in steps:  # empty, gone, a link to nowhere, gone
        step(store)
        told = cli("status", "--json").json["vault"]
        assert told["state"] == "error"
        assert told["error"]["hint"]
    checks = {check["id"]: check for check in cli("doctor", "--json").json["checks"]}
    assert checks["vault"]["state"] == "fail"
    assert "is gone" in checks["vault"]["message"]
    kept.rename(store)
    assert cli("status", "--json").json["vault"]["state"] == "open"


def test_what_stands_in_the_place_of_the_record_is_named_where_nothing_is_run_for_it(
    cli, granted, folders: Folders
):
    assert cli(*ECHO).code == 0
    (record,) = folders.state.glob("audit-*.jsonl")
    kept = record.rename(folders.state / "kept")
    record.symlink_to(kept)
    assert record.name.encode() + b" is not a file of ours" in cli(*ECHO).err
    record.unlink()
    os.mkfifo(record)
    refused = cli(*ECHO)
    assert (refused.code, refused.out) == (125, b"")
    assert record.name.encode() + b" is not a file of ours" in refused.err
    checks = {check["id"]: check for check in cli("doctor", "--json").json["checks"]}
    assert (checks["record"]["state"], checks["record"]["hint"]) == ("fail", "Move it away.")
    kept.rename(record)
    assert cli(*ECHO).code == 0


def test_a_pipe_in_the_place_of_its_log_does_not_keep_the_broker_from_starting(
    cli, folders: Folders
):
    folders.make()
    os.mkfifo(folders.state / "broker.log", 0o600)
    assert cli("status").code == 0


def test_a_person_key_that_was_cut_or_overwritten_lets_nobody_in_and_is_made_anew(
    cli, saved, folders: Folders
):
    os.kill(cli("status", "--json").json["pid"], signal.SIGKILL)
    folders.person_key.write_bytes(b"")
    with pytest.raises(BrokerRefused):  # it starts the next broker
        Client(folders, Hello(role="person", proof={"key": ""}))
    pid = cli("status", "--json").json["pid"]
    folders.person_key.write_bytes(b"\xff" * 43)
    refused = cli("status", "--json").error
    assert refused["code"] == "broker_refused"
    assert refused["hint"].endswith(f"kill {pid}")
    os.kill(pid, signal.SIGKILL)
    assert cli("secret", "list").code == 0


def test_a_broker_that_has_no_room_to_start_says_to_make_some(cli, folders: Folders, agent_home):
    folders.make()
    limited = ["sh", "-c", 'ulimit -f 0; exec "$@"', "sh", sys.executable, "-P", "-m"]
    words = [*limited, "jupyter_agent.cli", "status", "--json"]
    env = {**os.environ, "JUPYTER_AGENT_HOME": str(agent_home)}
    told = subprocess.run(words, env=env, capture_output=True, check=False, timeout=PATIENCE)
    error = json.loads(told.stderr)["error"]
    assert "could not start: File too large" in error["message"]
    assert error["hint"].startswith("Make room")
    assert not folders.person_key.exists()
    assert cli("status").code == 0


def test_under_sudo_nothing_is_started(cli, agent_home: Path):
    if os.geteuid() != 0:
        pytest.skip("only root can look like sudo")
    env = {"SUDO_UID": "1000"}
    assert cli("secret", "list", "--json", env=env).error["code"] == "broker_refused"
    done = cli("doctor", "--json", env=env)
    states = {check["id"]: check["state"] for check in done.json["checks"]}
    assert (states["sudo"], states["broker"], done.code) == ("fail", "fail", 1)


def test_who_saves_into_a_vault_in_memory_is_told_that_it_does_not_last(cli, monkeypatch):
    monkeypatch.setenv("JUPYTER_AGENT_KEY_SOURCE", "memory")
    for words in (("set", "DEMO_TOKEN"), ("replace", "DEMO_TOKEN")):
        done = cli("secret", *words, "--stdin", stdin=b"made-up value")
        assert b"all is gone when the broker ends" in done.out
        assert b"vault move" in done.out


def test_nothing_is_said_of_a_vault_that_lasts(cli):
    done = cli("secret", "set", "DEMO_TOKEN", "--stdin", stdin=b"made-up value")
    assert b"gone" not in done.out


def test_no_passphrase_is_asked_for_a_file_that_is_not_there(cli, saved):
    code, shown = ended(cli.on_terminal("vault", "import", "nowhere"))
    assert code == 1
    assert b"No such file" in shown
    assert b"not shown" not in shown


def test_a_passphrase_is_not_shown_where_standard_input_is_a_terminal(cli, saved):
    words = "six words nobody would ever guess"
    terminal = cli.on_terminal("vault", "export", "copy", "--stdin", "--memory", "16")
    for question in ("A passphrase", "Once more"):
        terminal.expect(question)
        terminal.expect(r"(\(not shown\))?: ")
        terminal.send(words + "\r")
    code, shown = ended(terminal)
    assert code == 0
    assert words.encode() not in shown


def test_nothing_is_accepted_in_the_place_of_a_vault_in_memory(cli, monkeypatch):
    monkeypatch.setenv("JUPYTER_AGENT_KEY_SOURCE", "memory")
    cli("secret", "set", "DEMO_TOKEN", "--stdin", stdin=b"made-up value")
    done = cli("vault", "accept-restored", "--yes")
    assert done.code == 1
    assert b"in the broker's memory" in done.err
    assert b"DEMO_TOKEN" in cli("secret", "list").out


def test_an_export_is_taken_in_through_a_link(cli, saved):
    words = b"six words nobody would ever guess\n"
    assert cli("vault", "export", "copy", "--stdin", "--memory", "16", stdin=words).code == 0
    (cli.cwd / "link").symlink_to("copy")
    cli("secret", "remove", "DEMO_TOKEN", "--yes")
    done = cli("vault", "import", "link", "--stdin", "--yes", "--json", stdin=words)
    assert done.json["imported"] == ["DEMO_TOKEN"]


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is closed to root")
@pytest.mark.parametrize("mode", [0o500, 0o000])
def test_a_home_that_is_closed_to_us_is_named_with_what_to_do(cli, tmp_path, monkeypatch, mode):
    closed = tmp_path / "closed"
    closed.mkdir(mode=mode)
    monkeypatch.delenv("JUPYTER_AGENT_HOME")
    for name in ("XDG_DATA_HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(name, str(closed / "below"))
    done = cli("status")
    assert done.code == 1
    assert b"bug" not in done.err
    assert b"hint:" in done.err
    failed = [check for check in cli("doctor", "--json").json["checks"] if check["state"] == "fail"]
    assert any("JUPYTER_AGENT_HOME" in check["hint"] for check in failed)
