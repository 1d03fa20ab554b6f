"""A run by label, through a real broker, a real runner and a real shell."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from pathlib import Path

import pytest
from canary import Canary
from steps import collect, output_until, request, run, save, sleeping, until, wait_until

import jupyter_agent
from jupyter_agent import person as person_door
from jupyter_agent.client import Client, Hello
from jupyter_agent.errors import (
    BrokerRefused,
    CommandNotStarted,
    GrantDenied,
    GrantRequired,
    LabelNotFound,
    RequestInvalid,
    RunLost,
    VaultLocked,
)
from jupyter_agent.folders import Folders

pytestmark = pytest.mark.one_broker

VALUE = "correct-horse-battery-staple-42"


@pytest.fixture
def granted(person: Client) -> Client:
    save(person, "DEMO_TOKEN", VALUE)
    person.call("grant.add", label="DEMO_TOKEN", any_command=True)
    return person


def test_a_command_gets_the_value_and_its_output_comes_back_scrubbed(granted, guest):
    done = run(
        guest,
        'test "$DEMO_TOKEN" = ' + VALUE[:8] + VALUE[8:] + ' && echo "$DEMO_TOKEN"',
        "DEMO_TOKEN",
    )
    assert (done.stdout, done.exit) == (b"[secret:DEMO_TOKEN]\n", 0)
    assert done.result["hits"] == {"DEMO_TOKEN": 1}


def test_the_value_is_in_no_form_of_the_output(granted, guest, subtests):
    for command in [
        'printf %s "$DEMO_TOKEN" | base64 -w0',
        'printf %s "$DEMO_TOKEN" | od -An -tx1 | tr -d " \\n"',
        'printf %s "$DEMO_TOKEN"; sleep 0; printf %s "$DEMO_TOKEN" >&2',
        'printf %s "${DEMO_TOKEN:0:10}"; sleep 0.1; printf %s "${DEMO_TOKEN:10}"',
    ]:
        with subtests.test(command=command):
            done = run(guest, command, "DEMO_TOKEN")
            assert Canary(VALUE).found_in(done.stdout + b"\n" + done.stderr) == []
            assert done.result["hits"]["DEMO_TOKEN"] >= 1


def test_another_variable_may_carry_the_value(granted, guest):
    done = run(guest, 'echo "${OTHER:+set} ${DEMO_TOKEN:-unset}"', "OTHER=DEMO_TOKEN")
    assert done.stdout == b"set unset\n"


def test_streams_and_exit_code_are_kept_apart(guest):
    done = run(guest, "echo out; echo err >&2; exit 3")
    assert (done.stdout, done.stderr, done.exit) == (b"out\n", b"err\n", 3)


def test_output_comes_while_the_command_runs(guest, tmp_path):
    go_on = tmp_path / "go on"
    os.mkfifo(go_on)
    number = guest.begin(
        "run",
        **request('echo early; cat "$GO_ON" >/dev/null; echo late', env={"GO_ON": str(go_on)}),
    )
    assert b"early" in output_until(guest, number, b"early")
    go_on.write_text("now", encoding="utf-8")
    assert collect(guest, number).stdout == b"late\n"


def test_a_command_that_dies_by_a_signal_says_so_as_shells_do(guest):
    done = run(guest, None, argv=["/bin/sh", "-c", "kill -TERM $$"])
    assert (done.exit, done.result["signal"]) == (143, 15)


def test_a_program_that_is_not_there_is_a_clear_error(guest):
    with pytest.raises(CommandNotStarted, match="No such file"):
        run(guest, None, argv=["/nowhere/at all"])


def test_bytes_pass_unchanged(guest):
    done = run(guest, r"printf '\000\377\r\n\033[1m'")
    assert done.stdout == b"\x00\xff\r\n\x1b[1m"


@pytest.mark.one_broker(shared=False)
def test_without_a_grant_the_error_carries_the_line_that_grants_it(person, guest):
    save(person, "DEMO_TOKEN", VALUE)
    with pytest.raises(GrantRequired) as caught:
        run(guest, "echo hello", "DEMO_TOKEN")
    assert "jupyter agent grant DEMO_TOKEN --command 'echo hello'" in caught.value.hint
    assert person.call("audit.read")["events"][-1]["decision"] == "required"


def test_a_grant_for_one_script_permits_nothing_else(person, guest):
    save(person, "DEMO_TOKEN", VALUE)
    person.call("grant.add", label="DEMO_TOKEN", script="echo hello")
    assert run(guest, "echo hello", "DEMO_TOKEN").exit == 0
    with pytest.raises(GrantRequired):
        run(guest, "echo hello; env", "DEMO_TOKEN")


def test_a_grant_for_one_use_is_used_up(person, guest):
    save(person, "DEMO_TOKEN", VALUE)
    person.call("grant.add", label="DEMO_TOKEN", any_command=True, uses=1)
    run(guest, "true", "DEMO_TOKEN")
    with pytest.raises(GrantRequired):
        run(guest, "true", "DEMO_TOKEN")


def test_a_grant_dies_with_its_secret(granted, guest):
    granted.call("secret.remove", label="DEMO_TOKEN")
    save(granted, "DEMO_TOKEN", "another value entirely")
    with pytest.raises(GrantRequired):
        run(guest, "true", "DEMO_TOKEN")


def test_a_notebook_that_is_only_claimed_gets_no_notebook_grant(person, folders):
    save(person, "DEMO_TOKEN", VALUE)
    person.call("grant.add", label="DEMO_TOKEN", any_command=True, notebook="/home/me/a.ipynb")
    with (
        Client(folders, Hello(claims={"notebook": "/home/me/a.ipynb"})) as guest,
        pytest.raises(GrantRequired),
    ):
        run(guest, "true", "DEMO_TOKEN")


def test_an_unknown_label_says_what_there_is(granted, guest):
    with pytest.raises(LabelNotFound) as caught:
        run(guest, "true", "OTHER_TOKEN")
    assert "DEMO_TOKEN" in caught.value.hint


def test_a_variable_that_steers_programs_can_not_carry_a_value(granted, guest, subtests):
    for name in ["LD_PRELOAD", "PATH", "PYTHONPATH", "BASH_ENV", "JUPYTER_TOKEN", "a b", ""]:
        with subtests.test(name=name):
            wanted = request("true") | {"secrets": [{"label": "DEMO_TOKEN", "env": name}]}
            with pytest.raises(RequestInvalid):
                guest.call("run", **wanted)


def test_the_command_sees_none_of_the_callers_other_variables(guest, monkeypatch):
    done = run(guest, "env | cut -d= -f1 | sort", env={"LC_ALL": "C"})
    names = set(done.stdout.decode().split())
    assert names <= {
        "PATH",
        "HOME",
        "USER",
        "LOGNAME",
        "LANG",
        "LC_ALL",
        "PWD",
        "SHLVL",
        "_",
        "OLDPWD",
    }


def test_no_argument_list_holds_the_value_while_it_runs(granted, guest):
    number = guest.begin("run", **request("sleep 1110", "DEMO_TOKEN"))
    wait_until(lambda: sleeping("1110"))
    lines = b"".join(
        (entry / "cmdline").read_bytes()
        for entry in Path("/proc").glob("[0-9]*")
        if _exists(entry / "cmdline")
    )
    assert b"sleep\x001110" in lines  # the search looks at the right place
    assert Canary(VALUE).found_in(lines) == []
    guest.call("stop", run=number)


def test_stop_ends_a_tree_that_ignores_it_within_two_seconds(guest, tmp_path):
    script = """trap '' INT TERM; setsid sleep 1111 &
        (setsid nohup sleep 1112 >/dev/null 2>&1 &); echo up; sleep 1113"""
    number = guest.begin("run", **request(script))
    output_until(guest, number, b"up")
    wait_until(lambda: len(sleeping("111")) == 3)
    began = time.monotonic()
    guest.call("stop", run=number)
    done = collect(guest, number)
    assert time.monotonic() - began < 2.0
    assert sleeping("111") == []
    assert (done.result["stopped"], done.exit) == (True, 137)


def test_a_gentle_stop_lets_the_command_say_goodbye(guest):
    number = guest.begin(
        "run", **request("trap 'echo bye; exit 5' INT; echo up; while :; do sleep 0.05; done")
    )
    output_until(guest, number, b"up")
    guest.call("stop", run=number)
    done = collect(guest, number)
    assert (done.stdout, done.exit) == (b"bye\n", 5)


def test_what_a_command_leaves_behind_ends_with_it(guest):
    done = run(guest, "setsid sleep 2221 & (setsid sleep 2222 &); echo go")
    assert done.exit == 0
    assert sleeping("222") == []


def test_hanging_up_ends_the_run(folders):
    caller = Client(folders, Hello())
    number = caller.begin("run", **request("echo up; sleep 3331"))
    output_until(caller, number, b"up")
    caller.close()
    wait_until(lambda: sleeping("3331") == [])


def test_a_timeout_ends_the_run_with_124(guest):
    done = run(guest, "sleep 4441", timeout=0.2)
    assert (done.exit, done.result["timed_out"]) == (124, True)
    assert sleeping("4441") == []


def test_killing_the_broker_ends_its_runs_and_the_next_call_starts_a_new_one(granted, folders):
    with Client(folders, Hello()) as guest:
        number = guest.begin(
            "run", **request("setsid sleep 5551 & echo up; sleep 5552", "DEMO_TOKEN")
        )
        output_until(guest, number, b"up")
        old = granted.call("status")["pid"]
        os.kill(old, signal.SIGKILL)
        with pytest.raises(RunLost):
            collect(guest, number)
    wait_until(lambda: sleeping("555") == [])
    with Client(folders, Hello()) as guest:
        assert guest.welcome["pid"] != old
        assert run(guest, 'echo "${DEMO_TOKEN:+set}"', "DEMO_TOKEN").stdout == b"set\n"


def test_a_command_can_not_ask_the_broker_for_anything(granted, guest):
    script = (
        'python3 -I -c "import sys; sys.path.insert(0, sys.argv[1]);'
        " from jupyter_agent.client import *; from jupyter_agent.folders import Folders;"
        ' Client(Folders.of(), Hello())" "$ROOT"'
    )
    env = {
        "ROOT": str(Path(jupyter_agent.__file__).parents[1]),
        "AGENT_HOME": os.environ["JUPYTER_AGENT_HOME"],
    }
    done = run(guest, "export JUPYTER_AGENT_HOME=$AGENT_HOME; " + script, env=env)
    assert BrokerRefused.__name__.encode() in done.stderr


def test_lock_ends_runs_and_stays_over_a_restart(granted, folders):
    with Client(folders, Hello()) as guest:
        number = guest.begin("run", **request("echo up; sleep 6661", "DEMO_TOKEN"))
        output_until(guest, number, b"up")
        assert granted.call("lock") == {"ended": 1}
        assert collect(guest, number).result["stopped"]
    os.kill(granted.call("status")["pid"], signal.SIGKILL)
    with person_door.open_client(folders) as again:
        with pytest.raises(VaultLocked):
            again.call("secret.list")
        again.call("unlock")
        assert [s["label"] for s in again.call("secret.list")["secrets"]] == ["DEMO_TOKEN"]


def test_the_audit_names_the_run_and_holds_no_value(granted, guest, folders):
    run(guest, f"echo hello; echo {VALUE} >/dev/null; exit 4", "DEMO_TOKEN")
    event = granted.call("audit.read", label="DEMO_TOKEN")["events"][-1]
    assert (event["actor"], event["decision"], event["exit"]) == ("guest", "grant", 4)
    assert event["command"].startswith("echo hello; echo [secret:")
    assert granted.call("audit.verify")["ok"]
    for folder in (folders.data, folders.state, folders.run):
        assert Canary(VALUE).search_tree(folder) == []


@pytest.mark.one_broker(shared=False)
def test_a_line_changed_in_the_audit_is_found(granted, guest, folders):
    for _ in range(3):
        run(guest, "true", "DEMO_TOKEN")
    (path,) = folders.state.glob("audit-*.jsonl")
    path.write_bytes(path.read_bytes().replace(b'"command":"true"', b'"command":"fals"', 1))
    assert granted.call("audit.verify") == {"ok": False, "events": 1, "broken_at": 1}


@pytest.mark.one_broker(shared=False)
def test_uses_are_counted(granted, guest, folders):
    for _ in range(2):
        run(guest, "true", "DEMO_TOKEN")
    wait_until(lambda: granted.call("secret.show", label="DEMO_TOKEN")["secret"]["uses"] == 2)


class TestApprovals:
    def test_once_permits_this_run_only(self, person, folders):
        save(person, "DEMO_TOKEN", VALUE)
        assert self._ask(person, folders, "once").exit == 0
        assert person.call("grant.list")["grants"] == []

    def test_always_permits_the_same_script_from_then_on(self, person, guest, folders):
        save(person, "DEMO_TOKEN", VALUE)
        self._ask(person, folders, "always")
        assert run(guest, "echo hello", "DEMO_TOKEN").exit == 0
        with pytest.raises(GrantRequired):
            run(guest, "echo other", "DEMO_TOKEN")

    @pytest.mark.one_broker(shared=False)
    def test_deny_runs_nothing(self, person, folders):
        save(person, "DEMO_TOKEN", VALUE)
        with pytest.raises(GrantDenied):
            self._ask(person, folders, "deny")
        assert person.call("audit.read")["events"][-1]["decision"] == "denied"

    def test_a_wrong_nonce_answers_nothing(self, person, folders):
        save(person, "DEMO_TOKEN", VALUE)
        with pytest.raises(GrantDenied, match="closed"):
            self._ask(person, folders, "once", nonce="not this one")

    def test_one_question_asks_for_every_label(self, person, folders):
        save(person, "DEMO_TOKEN", VALUE)
        save(person, "OTHER_TOKEN", VALUE + "other")
        with _watching(folders) as (watcher, number), Client(folders, Hello()) as guest:
            asked = guest.begin("run", **request("true", "DEMO_TOKEN", "OTHER_TOKEN"))
            approval = until(watcher, number, "approval")["approval"]
            assert approval["labels"] == ["DEMO_TOKEN", "OTHER_TOKEN"]
            assert approval["script"] == "true"
            person.call(
                "approval.answer",
                approval_id=approval["approval_id"],
                nonce=approval["nonce"],
                answer="once",
            )
            assert collect(guest, asked).exit == 0

    def test_the_one_who_asks_does_not_learn_the_nonce(self, person, folders):
        save(person, "DEMO_TOKEN", VALUE)
        with _watching(folders), Client(folders, Hello()) as guest:
            asked = guest.begin("run", **request("true", "DEMO_TOKEN"))
            assert until(guest, asked, "asking")["approval"] is None
            guest.call("stop", run=asked)

    def _ask(self, person, folders, answer, nonce=None):
        with _watching(folders) as (watcher, number), Client(folders, Hello()) as guest:
            asked = guest.begin("run", **request("echo hello", "DEMO_TOKEN"))
            approval = until(watcher, number, "approval")["approval"]
            person.call(
                "approval.answer",
                approval_id=approval["approval_id"],
                nonce=nonce or approval["nonce"],
                answer=answer,
            )
            return collect(guest, asked)


@contextlib.contextmanager
def _watching(folders: Folders):
    with person_door.open_client(folders) as watcher:
        number = watcher.begin("approval.watch")
        wait_until(lambda: watcher.call("status")["approvers"] == 1)
        yield watcher, number


def _exists(path: Path) -> bool:
    try:
        path.read_bytes()
    except OSError:
        return False
    return True


def test_locking_a_vault_that_lives_in_memory_loses_nothing(folders, monkeypatch):
    monkeypatch.setenv("JUPYTER_AGENT_KEY_SOURCE", "memory")
    with person_door.open_client(folders) as person:
        save(person, "DEMO_TOKEN", VALUE)
        person.call("lock")
        with pytest.raises(VaultLocked):
            person.call("secret.list")
        person.call("unlock")
        assert [s["label"] for s in person.call("secret.list")["secrets"]] == ["DEMO_TOKEN"]


def test_an_empty_vault_in_memory_gives_way_to_what_a_person_chooses(folders, monkeypatch):
    monkeypatch.setenv("JUPYTER_AGENT_KEY_SOURCE", "memory")
    with person_door.open_client(folders) as person:
        assert person.call("secret.list") == {"secrets": []}
    monkeypatch.setenv("JUPYTER_AGENT_KEY_SOURCE", "file")
    with person_door.open_client(folders) as person:
        save(person, "DEMO_TOKEN", VALUE)
        assert person.call("status")["vault"]["tier"] == "file"
    monkeypatch.setenv("JUPYTER_AGENT_KEY_SOURCE", "memory")
    with person_door.open_client(folders) as person:
        assert person.call("status")["vault"]["tier"] == "file"
