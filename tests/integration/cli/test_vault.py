"""``jupyter agent vault``: keys move, copies travel, and nothing is lost on the way."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from canary import Canary
from command_line import PATIENCE, CommandLine, Done, ended
from conftest import end_brokers

from jupyter_agent.folders import Folders

WORDS = b"six words nobody would ever guess\n"
OTHER_WORDS = b"quite different words for this one\n"
# Argon2id as cheap as the command line allows; what it costs by default is shown by the benchmark.
CHEAP = ("--memory", "16")


def holds(cli: CommandLine, value: Canary) -> bool:
    """Whether a run still gets the value: its output is scrubbed, so the label comes back."""
    done = cli("run", "-s", "DEMO_TOKEN", "-c", "printenv DEMO_TOKEN")
    return done.out == b"[secret:DEMO_TOKEN]\n"


def state(cli: CommandLine) -> dict[str, object]:
    return cli("vault", "status", "--json").json["vault"]


def checks(done: Done) -> dict[str, str]:
    return {check["id"]: check["state"] for check in done.json["checks"]}


def export(cli: CommandLine, *more: str) -> Path:
    done = cli("vault", "export", "copy", "--stdin", *CHEAP, *more, stdin=WORDS)
    assert (done.code, done.err) == (0, b"")
    return cli.cwd / "copy"


@pytest.fixture
def go_to_another_machine(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[Callable[[], None]]:
    """From the call on, another home, whose broker ends with the test."""
    home = tmp_path / "new machine"
    yield lambda: monkeypatch.setenv("JUPYTER_AGENT_HOME", str(home))
    end_brokers(home)


# --- Where the key is ---


def test_status_says_the_tier_its_promise_and_what_would_be_better(cli, saved):
    vault = state(cli)
    assert (vault["state"], vault["tier"]) == ("open", "file")
    assert vault["promise"].endswith(".")
    assert "vault move" in vault["better"]
    shown = cli("vault", "status").out.decode()
    assert vault["promise"] in shown
    assert vault["better"] in shown
    (check,) = [c for c in cli("doctor", "--json").json["checks"] if c["id"] == "key-source"]
    assert vault["promise"] in check["message"]
    assert check["hint"] == vault["better"]


def test_a_vault_moves_to_a_passphrase_that_is_asked_for_after_lock(cli, granted):
    words = ("vault", "move", "provided", "--passphrase", "--stdin", *CHEAP, "--yes")
    assert cli(*words, stdin=WORDS).code == 0
    assert state(cli)["tier"] == "provided"
    assert holds(cli, granted)
    assert cli("lock").code == 0
    assert cli("unlock", "--json").error["code"] == "request_invalid"  # no terminal to ask on
    refused = cli("unlock", "--stdin", "--json", stdin=OTHER_WORDS)
    assert (refused.code, refused.error["code"]) == (1, "passphrase_required")
    assert OTHER_WORDS.strip() not in refused.err
    assert not holds(cli, granted)
    assert state(cli)["state"] == "closed"  # it waits for a person: nothing is wrong with it
    assert checks(cli("doctor", "--json"))["vault"] == "warn"
    assert cli("unlock", "--stdin", stdin=WORDS).code == 0
    assert holds(cli, granted)


def test_before_its_passphrase_is_typed_what_needs_no_secret_runs(cli, granted, agent_home):
    words = ("vault", "move", "provided", "--passphrase", "--stdin", *CHEAP, "--yes")
    assert cli(*words, stdin=WORDS).code == 0
    end_brokers(agent_home)
    plain = cli("run", "-c", "echo ran")
    assert (plain.code, plain.out, plain.err) == (0, b"ran\n", b"")
    assert cli("run", "-s", "DEMO_TOKEN", "-c", "echo ran").code == 125


def test_a_passphrase_is_typed_twice_and_not_shown(cli, granted):
    terminal = cli.on_terminal("vault", "move", "provided", "--passphrase", *CHEAP, "--yes")
    for question in (rb"passphrase.*\(not shown\): ", rb"Once more: "):
        terminal.expect(question)
        terminal.send(WORDS.strip() + b"\r")
    code, shown = ended(terminal)
    assert code == 0
    assert WORDS.strip() not in shown
    assert holds(cli, granted)


def test_two_different_passphrases_change_nothing(cli, granted):
    terminal = cli.on_terminal("vault", "move", "provided", "--passphrase", *CHEAP, "--yes")
    for question, words in ((rb"\(not shown\): ", WORDS), (rb"Once more: ", OTHER_WORDS)):
        terminal.expect(question)
        terminal.send(words.strip() + b"\r")
    assert ended(terminal)[0] == 1
    assert state(cli)["tier"] == "file"


def test_a_passphrase_that_protects_nothing_is_refused(cli, granted):
    words = ("vault", "move", "provided", "--passphrase", "--stdin", *CHEAP, "--yes")
    for short in (b"password\n", b"aaaaaaaaaaaaaaaa\n", b"\n", b""):
        assert cli(*words, stdin=short).code == 1
    assert state(cli)["tier"] == "file"
    assert holds(cli, granted)


def test_a_new_vault_is_made_with_a_passphrase(cli, monkeypatch, planted):
    monkeypatch.setenv("JUPYTER_AGENT_KEY_SOURCE", "provided")
    refused = cli("secret", "set", "DEMO_TOKEN", "--stdin", "--json", stdin=b"made-up value")
    assert refused.error["code"] == "passphrase_required"
    assert "jupyter agent unlock" in refused.error["hint"]
    assert cli("unlock", "--stdin", *CHEAP, stdin=WORDS).code == 0
    value = planted.value.encode()
    assert cli("secret", "set", "DEMO_TOKEN", "--stdin", stdin=value).code == 0
    assert state(cli)["tier"] == "provided"


def test_a_vault_moves_to_a_key_file_from_outside(cli, granted, tmp_path):
    key = tmp_path / "key"
    key.write_bytes(bytes(range(65, 65 + 40)))
    key.chmod(0o600)
    assert cli("vault", "move", "provided", "--key-file", str(key), "--yes").code == 0
    assert (state(cli)["tier"], holds(cli, granted)) == ("provided", True)
    key.rename(key.with_name("away"))
    cli("lock")
    assert cli("unlock", "--json").error["code"] == "key_source_unavailable"
    key.with_name("away").rename(key)
    assert cli("unlock").code == 0
    assert holds(cli, granted)


def test_a_credential_of_systemd_makes_a_new_vault_without_a_question(cli, tmp_path, monkeypatch):
    credentials = tmp_path / "credentials"
    credentials.mkdir(mode=0o700)
    (credentials / "jupyter-agent-vault-key").write_bytes(bytes(range(65, 65 + 40)))
    (credentials / "jupyter-agent-vault-key").chmod(0o400)
    monkeypatch.delenv("JUPYTER_AGENT_KEY_SOURCE")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(credentials))
    assert cli("secret", "set", "DEMO_TOKEN", "--stdin", stdin=b"made-up value").code == 0
    assert state(cli)["tier"] == "provided"


def test_moving_to_a_file_needs_a_yes(cli, granted):
    assert b"--yes" in cli("vault", "move", "file").err
    terminal = cli.on_terminal("vault", "move", "file")
    terminal.expect_exact("[y/N] ")
    terminal.send("\r")
    assert ended(terminal)[0] == 1


def test_what_makes_no_sense_changes_nothing(cli, granted):
    before = state(cli)
    for words in (
        ("move", "memory"),
        ("move", "cloud"),
        ("move", "file", "--passphrase"),
        ("move", "provided", "--passphrase", "--key-file", "x"),
        ("rekey", "--memory", "1"),
        ("rekey", "--memory", "100000"),
    ):
        done = cli("vault", *words, "--yes", "--json")
        assert (done.code, done.error["code"]) == (1, "request_invalid"), words
    assert state(cli) == before


# --- New keys, and what is checked ---


def test_new_keys_keep_everything_and_the_audit_goes_on(cli, granted):
    assert holds(cli, granted)
    before = cli("audit", "--json").json["events"]
    for _ in range(2):
        assert cli("vault", "rekey", "--yes").code == 0
    assert holds(cli, granted)
    done = cli("vault", "verify", "--json")
    assert done.code == 0, done.out
    assert set(checks(done).values()) == {"ok"}
    after = cli("audit", "--json").json["events"]
    assert after[: len(before)] == before
    commands = [event["command"] for event in after[len(before) :]]
    assert commands.count("jupyter agent vault rekey") == 2


def test_a_run_that_ends_under_other_keys_than_it_began_under_is_one_event(cli, granted, folders):
    os.mkfifo(cli.cwd / "go")
    running = cli.start("run", "-s", "DEMO_TOKEN", "-c", "echo up; read -r line < go; exit 7")
    assert running.stdout.readline() == b"up\n"
    assert cli("vault", "rekey", "--yes").code == 0
    (cli.cwd / "go").write_bytes(b"on\n")
    running.communicate(timeout=PATIENCE)
    begun, rekeyed = cli("audit", "--json").json["events"]
    assert (begun["labels"], begun["exit"], begun["ending"]) == (["DEMO_TOKEN"], 7, "exited")
    assert rekeyed["command"] == "jupyter agent vault rekey"
    (start,) = [path for path in folders.state.glob("audit-*") if b"echo up" in path.read_bytes()]
    start.unlink()  # an end without its start is shown, too
    shown = cli("audit")
    assert shown.code == 0
    assert b"unknown" in shown.out
    assert checks(cli("vault", "verify", "--json"))["audit"] == "fail"


def test_a_line_changed_in_the_audit_from_before_new_keys_is_found(cli, granted, folders):
    assert holds(cli, granted)
    cli("vault", "rekey", "--yes")
    (old,) = [path for path in folders.state.glob("audit-*") if b"printenv" in path.read_bytes()]
    old.write_bytes(old.read_bytes().replace(b"printenv", b"printenw"))
    done = cli("vault", "verify", "--json")
    assert (done.code, checks(done)["audit"]) == (1, "fail")


def test_lines_cut_off_the_end_of_the_audit_are_missed(cli, granted, folders):
    assert holds(cli, granted)
    cli("lock")  # what was counted is written
    cli("unlock")
    (path,) = folders.state.glob("audit-*.jsonl")
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:-1]))
    broken = cli("audit", "verify", "--json")
    assert (broken.code, broken.json["broken_at"]) == (1, len(lines))
    assert holds(cli, granted)  # going on does not hide it
    cli("lock")
    cli("unlock")
    assert cli("audit", "verify").code == 1
    assert checks(cli("vault", "verify", "--json"))["audit"] == "fail"
    path.unlink()
    assert cli("audit", "verify").code == 1
    assert cli("vault", "accept-restored", "--yes").code == 0
    assert cli("audit", "verify").code == 0


def test_a_vault_that_was_changed_fails_the_check(cli, granted, folders):
    store = folders.data / "vault.db"
    content = store.read_bytes()
    at = content.rindex(b"DEMO_TOKEN")
    store.write_bytes(content[:at] + b"DEMO_TOKEM" + content[at + 10 :])
    done = cli("vault", "verify", "--json")
    assert (done.code, checks(done)) == (1, {"vault": "fail"})


# --- Copies ---


def test_an_export_is_taken_in_on_another_machine(cli, granted, go_to_another_machine):
    path = export(cli)
    assert granted.found_in(path.read_bytes()) == []
    assert b"DEMO_TOKEN" not in path.read_bytes()
    assert path.stat().st_mode & 0o777 == 0o600
    note = cli("secret", "list", "--json").json["secrets"]
    go_to_another_machine()
    done = cli("vault", "import", str(path), "--stdin", "--yes", "--json", stdin=WORDS)
    assert done.json["imported"] == ["DEMO_TOKEN"]
    assert granted.found_in(done.out + done.err) == []
    taken = cli("secret", "list", "--json").json["secrets"]
    assert [(m["label"], m["created"]) for m in taken] == [(m["label"], m["created"]) for m in note]
    assert cli("run", "-s", "DEMO_TOKEN", "-c", "true").code == 125  # grants stay at home
    cli("grant", "DEMO_TOKEN", "--any-command")
    assert holds(cli, granted)


def test_people_are_reminded_of_an_export_until_there_is_one_of_everything(cli, saved):
    def reminders():
        (check,) = [c for c in cli("doctor", "--json").json["checks"] if c["id"] == "export"]
        lines = [cli(*words).out.decode() for words in (("status",), ("vault", "status"))]
        return check, ["A lost machine loses this vault" in shown for shown in lines]

    check, shown = reminders()
    assert (check["state"], shown) == ("warn", [True, True])
    assert "no export was ever made" in check["message"]
    assert "vault export" in check["hint"]
    export(cli)
    check, shown = reminders()
    assert (check["state"], shown) == ("ok", [False, False])
    cli("secret", "set", "ANOTHER", "--stdin", stdin=b"made-up other value")
    assert state(cli)["export"]["missing"] == 1
    assert "1 secret is in no export yet" in reminders()[0]["message"]


def test_importing_shows_its_plan_first_and_ours_stay(cli, granted, tmp_path, monkeypatch):
    cli("secret", "set", "SAME", "--stdin", stdin=b"made-up same value")
    cli("secret", "set", "ONLY_THERE", "--stdin", stdin=b"made-up other value")
    path = export(cli)
    cli("secret", "replace", "DEMO_TOKEN", "--stdin", stdin=b"made-up newer value")
    cli("secret", "remove", "ONLY_THERE", "--yes")
    dry = cli("vault", "import", str(path), "--stdin", "--dry-run", "--json", stdin=WORDS)
    plan = {step["label"]: step["action"] for step in dry.json["plan"]}
    assert plan == {"DEMO_TOKEN": "keep ours", "ONLY_THERE": "add", "SAME": "skip"}
    assert len(cli("secret", "list", "--json").json["secrets"]) == 2
    unasked = cli("vault", "import", str(path), "--stdin", stdin=WORDS)
    assert unasked.code == 1
    assert b"ONLY_THERE" in unasked.err
    assert b"nothing, it is the same" in unasked.err
    assert len(cli("secret", "list", "--json").json["secrets"]) == 2
    words = ("vault", "import", str(path), "--stdin", "--yes", "--json")
    assert cli(*words, stdin=WORDS).json["imported"] == ["ONLY_THERE"]
    assert cli(*words, "--replace", stdin=WORDS).json["imported"] == ["DEMO_TOKEN"]
    assert holds(cli, granted)


def test_an_export_with_another_passphrase_or_changed_bytes_does_not_open(cli, granted):
    path = export(cli)
    wrong = cli("vault", "import", str(path), "--stdin", "--yes", "--json", stdin=OTHER_WORDS)
    body = json.loads(path.read_bytes())
    body["sealed"] = body["sealed"][:-8] + "AAAAAAA="
    path.write_text(json.dumps(body), encoding="utf-8")
    changed = cli("vault", "import", str(path), "--stdin", "--yes", "--json", stdin=WORDS)
    assert wrong.error == changed.error
    assert OTHER_WORDS.strip() not in wrong.err


def test_an_export_takes_the_place_of_nothing(cli, granted):
    path = cli.cwd / "copy"
    path.write_bytes(b"something of somebody's")
    assert cli("vault", "export", "copy", "--stdin", *CHEAP, stdin=WORDS).code == 1
    assert path.read_bytes() == b"something of somebody's"


def test_only_chosen_labels_are_exported(cli, granted, go_to_another_machine):
    cli("secret", "set", "PRIVATE", "--stdin", stdin=b"made-up private value")
    path = export(cli, "--label", "DEMO_TOKEN")
    go_to_another_machine()
    done = cli("vault", "import", str(path), "--stdin", "--yes", "--json", stdin=WORDS)
    assert done.json["imported"] == ["DEMO_TOKEN"]


# --- A restored copy, and the end ---


def test_a_restored_copy_is_accepted_by_a_person(cli, granted, folders):
    store = folders.data / "vault.db"
    cli("lock")
    copy = shutil.copy2(store, folders.data / "copy")
    cli("unlock")
    cli("secret", "set", "NEWER", "--stdin", stdin=b"made-up newer value")
    cli("lock")
    Path(copy).rename(store)
    assert cli("unlock", "--json").error["code"] == "rolled_back"
    assert cli("vault", "accept-restored", "--json").code == 1  # nobody said yes
    assert cli("vault", "accept-restored", "--yes").code == 0
    assert holds(cli, granted)
    assert cli("vault", "verify").code == 0


def test_purging_leaves_nothing_and_the_next_secret_begins_anew(cli, granted, folders):
    assert holds(cli, granted)
    assert cli("vault", "purge", "--json").code == 1
    assert cli("vault", "purge", "--yes").code == 0
    left = {path.name for path in (*folders.data.iterdir(), *folders.state.iterdir())}
    assert not [name for name in left if name.startswith(("vault", "audit"))]
    assert cli("secret", "list", "--json").json["secrets"] == []
    assert cli("secret", "set", "DEMO_TOKEN", "--stdin", stdin=b"made-up value").code == 0


@pytest.mark.parametrize("damage", ["vault.db", "vault.key", "vault.anchor"])
def test_a_vault_that_does_not_open_can_be_purged_too(cli, granted, folders, damage):
    cli("lock")
    folder = folders.data if damage == "vault.db" else folders.state
    (folder / damage).write_bytes(b"damaged" * 100)
    assert cli("unlock").code == 1
    assert cli("vault", "purge", "--yes").code == 0
    assert cli("secret", "set", "DEMO_TOKEN", "--stdin", stdin=b"made-up value").code == 0


def test_the_anchor_says_no_more_than_it_must_once_new_keys_are_made(
    cli, granted, folders: Folders
):
    assert cli("vault", "rekey", "--yes").code == 0
    anchor = json.loads((folders.state / "vault.anchor").read_bytes())
    assert anchor.keys() == {"store", "epoch"}
