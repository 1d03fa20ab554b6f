"""``jupyter agent secret``: values go in, labels come out."""

from __future__ import annotations

import hashlib
import os
import resource
import signal

import pytest
from command_line import CommandLine, Done, ended

pytestmark = pytest.mark.one_broker

PROMPT = rb"\(not shown\): "
META = {"label", "kind", "created", "replaced", "last_used", "uses", "expires"}


def stores(cli: CommandLine, label: str, value: bytes) -> bool:
    """Whether the label holds exactly this value, as a command sees it."""
    assert cli("grant", label, "--any-command").code == 0
    digest = hashlib.sha256(value).hexdigest()
    script = f'test "$(printenv {label} | head -c -1 | sha256sum)" = "{digest}  -"'
    return cli("run", "-s", label, "-c", script).code == 0


def labels(cli: CommandLine) -> list[str]:
    return [meta["label"] for meta in cli("secret", "list", "--json").json["secrets"]]


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (b"made-up value 1", b"made-up value 1"),
        (b"made-up value 2\n", b"made-up value 2"),
        (b"made-up value 3\n\n", b"made-up value 3\n"),
        (b"made-up value 4\r\n", b"made-up value 4"),
        (b" made-up \xff value 5 \n", b" made-up \xff value 5 "),
    ],
)
def test_stdin_is_kept_but_for_one_final_line_break(cli, given, kept):
    assert cli("secret", "set", "DEMO_TOKEN", "--stdin", stdin=given).code == 0
    assert stores(cli, "DEMO_TOKEN", kept)


def test_a_file_is_read_like_stdin(cli):
    (cli.cwd / "token").write_bytes(b"made-up value 6\n")
    assert cli("secret", "set", "DEMO_TOKEN", "--file", "token").code == 0
    assert stores(cli, "DEMO_TOKEN", b"made-up value 6")


@pytest.mark.parametrize("given", [b"", b"\n", b"x" * (64 * 1024 + 1)])
def test_an_empty_or_huge_value_is_refused_and_nothing_is_saved(cli, given):
    done = cli("secret", "set", "DEMO_TOKEN", "--stdin", stdin=given)
    assert done.code == 1
    assert b"nothing was saved" in done.err
    assert labels(cli) == []


def test_the_prompt_shows_nothing_of_what_is_typed(cli, planted):
    terminal = cli.on_terminal("secret", "set", "DEMO_TOKEN")
    terminal.expect(PROMPT)
    terminal.send(planted.value + "\r")
    code, shown = ended(terminal)
    assert code == 0
    assert b"Saved DEMO_TOKEN." in shown
    assert planted.found_in(shown) == []
    assert stores(cli, "DEMO_TOKEN", planted.value.encode())


def test_standard_input_that_is_a_terminal_is_asked_and_shows_nothing(cli, planted):
    terminal = cli.on_terminal("secret", "set", "DEMO_TOKEN", "--stdin")
    terminal.expect(PROMPT)
    terminal.send(planted.value + "\r")
    code, shown = ended(terminal)
    assert code == 0
    assert planted.found_in(shown) == []
    assert stores(cli, "DEMO_TOKEN", planted.value.encode())


def test_a_file_that_can_not_be_read_is_told_with_why_and_what_next(cli):
    for path, why in (("nowhere", b"No such file"), (".", b"Is a directory"), ("", b"No such")):
        done = cli("secret", "set", "DEMO_TOKEN", "--file", path)
        assert done.code == 1
        assert why in done.err
        assert b"hint: Check its path" in done.err


def test_the_prompt_reads_the_terminal_although_stdin_is_a_pipe(cli, planted):
    terminal = cli.on_terminal("--version")
    ended(terminal)
    words = " ".join(f"'{word}'" for word in cli.argv("secret", "set", "DEMO_TOKEN"))
    shell = type(terminal)("sh", ["-c", f"echo piped | {words}"], cwd=str(cli.cwd), timeout=30)
    shell.expect(PROMPT)
    shell.send(planted.value + "\r")
    assert ended(shell)[0] == 0
    assert stores(cli, "DEMO_TOKEN", planted.value.encode())


def test_typing_errors_can_be_corrected(cli):
    terminal = cli.on_terminal("secret", "set", "DEMO_TOKEN")
    terminal.expect(PROMPT)
    terminal.send("wrong\x15made-up valuX\x7fe\r")
    assert ended(terminal)[0] == 0
    assert stores(cli, "DEMO_TOKEN", b"made-up value")


def test_a_pasted_key_of_several_lines_is_saved_whole(cli):
    key = "\n".join(["-----BEGIN MADE UP-----", *["A1b2" * 16] * 90, "-----END MADE UP-----"])
    assert len(key) > 4096  # what a terminal cuts a line at
    terminal = cli.on_terminal("secret", "set", "DEMO_KEY", "--kind", "private-key")
    terminal.expect(PROMPT)
    terminal.send("\x1b[200~" + key.replace("\n", "\r") + "\x1b[201~")
    terminal.send("\r")
    code, shown = ended(terminal)
    assert code == 0
    assert b"A1b2" not in shown
    assert stores(cli, "DEMO_KEY", key.encode())


def test_several_lines_from_a_terminal_that_marks_no_pastes_save_nothing(cli):
    terminal = cli.on_terminal("secret", "set", "DEMO_TOKEN")
    terminal.expect(PROMPT)
    terminal.send("first made-up line\rsecond made-up line\r")
    code, shown = ended(terminal)
    assert code == 1
    assert b"made-up" not in shown
    assert labels(cli) == []


@pytest.mark.parametrize("key", ["\x03", "\x04", "\r"])
def test_nothing_is_saved_when_the_prompt_is_left(cli, key):
    terminal = cli.on_terminal("secret", "set", "DEMO_TOKEN")
    terminal.expect(PROMPT)
    if key == "\x03":
        terminal.send("half a val")
    terminal.send(key)
    code, _ = ended(terminal)
    assert code == (128 + signal.SIGINT if key == "\x03" else 1)
    assert labels(cli) == []


def most_of_a_core() -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (resource.getrlimit(resource.RLIMIT_CORE)[1],) * 2)


def test_a_prompt_that_is_quit_leaves_no_core_with_the_value(cli, planted):
    if resource.getrlimit(resource.RLIMIT_CORE)[1] == 0:
        pytest.skip("nothing may leave a core here")
    terminal = cli.on_terminal("secret", "set", "DEMO_TOKEN", before=most_of_a_core)
    terminal.expect(PROMPT)
    terminal.send(planted.value)
    terminal.send("\x1c")
    ended(terminal)
    assert terminal.signalstatus == signal.SIGQUIT
    assert not os.WCOREDUMP(terminal.status)
    assert list(cli.cwd.iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGQUIT])
def test_a_terminal_shows_what_is_typed_again_whatever_ended_the_prompt(cli, number):
    with cli.shell_on_terminal() as shell:
        shell.sendline(cli.line("secret", "set", "DEMO_TOKEN"))
        shell.expect(PROMPT)
        os.kill(os.tcgetpgrp(shell.child_fd) * -1, number)
        shell.expect("prompt> ")
        assert shell.getecho()


def test_a_prompt_that_is_stopped_gives_the_terminal_back_and_takes_it_again(cli, planted):
    with cli.shell_on_terminal() as shell:
        shell.sendline(cli.line("secret", "set", "DEMO_TOKEN"))
        shell.expect(PROMPT)
        shell.send("\x1a")
        shell.expect("prompt> ")
        assert shell.getecho()
        shell.sendline("fg")
        shell.expect(PROMPT)
        assert not shell.getecho()
        shell.send(planted.value + "\r")
        shell.expect(r"Saved DEMO_TOKEN\.")
        assert planted.found_in(shell.before) == []
    assert stores(cli, "DEMO_TOKEN", planted.value.encode())


def test_without_terminal_and_stdin_it_says_how(cli):
    done = cli("secret", "set", "DEMO_TOKEN", "--json")
    assert done.code == 1
    assert "--stdin" in done.error["hint"]


@pytest.mark.parametrize(
    "words",
    [
        ("set", "DEMO_TOKEN", "{}"),
        ("set", "DEMO_TOKEN={}"),
        ("set", "{}"),
        ("set", "DEMO_TOKEN", "--value", "{}"),
        ("set", "DEMO_TOKEN", "--value={}"),
        ("set", "DEMO_TOKEN", "--stdin={}"),
        ("set", "DEMO_TOKEN", "--kind", "{}"),
        ("set", "DEMO_TOKEN", "--expires", "{}"),
        ("set", "DEMO_TOKEN", "--", "{}"),
        ("replace", "DEMO_TOKEN", "{}"),
        ("{}",),
        ("show", "{}"),
        ("rename", "{}", "OTHER"),
    ],
)
def test_a_value_among_the_arguments_is_refused_and_never_repeated(cli, planted, words):
    done = cli("secret", *(word.format(planted.value) for word in words))
    assert done.code == 1
    assert done.out == b""
    assert done.err.startswith(b"error: ")
    assert b"bug" not in done.err
    assert planted.found_in(done.err) == []


def test_a_value_behind_the_label_is_called_exposed(cli, planted):
    done = cli("secret", "set", "DEMO_TOKEN", planted.value, "--json")
    assert "exposed" in done.error["hint"]
    assert labels(cli) == []


def test_a_taken_label_is_kept_unless_replacing_is_asked_for(cli, saved):
    refused = cli("secret", "set", "DEMO_TOKEN", "--stdin", "--json", stdin=b"made-up other value")
    assert (refused.code, refused.error["code"]) == (1, "label_taken")
    assert stores(cli, "DEMO_TOKEN", saved.value.encode())
    again = cli("secret", "set", "DEMO_TOKEN", "--stdin", "--replace", stdin=b"made-up other value")
    assert again.code == 0
    assert stores(cli, "DEMO_TOKEN", b"made-up other value")


def test_a_taken_label_is_told_before_the_value_is_asked_for(cli, saved):
    terminal = cli.on_terminal("secret", "set", "DEMO_TOKEN")
    code, shown = ended(terminal)
    assert code == 1
    assert b"not shown" not in shown


def test_replace_needs_a_label_that_is_there(cli, saved):
    done = cli("secret", "replace", "DEMO_TOKN", "--stdin", "--json", stdin=b"made-up value")
    assert (done.code, done.error["code"]) == (1, "label_not_found")
    assert labels(cli) == ["DEMO_TOKEN"]


def test_what_is_known_is_listed_and_shown(cli, planted):
    arguments = ("--kind", "api-key", "--note", "for the tour", "--expires", "2099-01-01T00:00:00Z")
    given = planted.value.encode()
    made = cli("secret", "set", "DEMO_TOKEN", "--stdin", *arguments, "--json", stdin=given)
    listed = cli("secret", "list", "--json")
    shown = cli("secret", "show", "DEMO_TOKEN", "--json")
    for answer in (made, listed, shown):
        assert answer.json["format"] == 1
        assert planted.found_in(answer.out) == []
    (meta,) = listed.json["secrets"]
    assert meta.keys() >= META
    assert made.json["secret"] == shown.json["secret"] == meta
    assert (meta["kind"], meta["uses"], meta["last_used"]) == ("api-key", 0, None)
    assert meta["expires"] == "2099-01-01T00:00:00Z"
    assert shown.json["grants"] == []
    for words in (("list",), ("show", "DEMO_TOKEN")):
        text = cli("secret", *words)
        assert b"DEMO_TOKEN" in text.out
        assert b"for the tour" in text.out


def test_an_empty_list_says_how_to_begin(cli):
    assert b"jupyter agent secret set" in cli("secret", "list").out


def test_a_renamed_secret_keeps_its_value(cli, saved):
    assert cli("secret", "rename", "DEMO_TOKEN", "TOUR_TOKEN").code == 0
    assert labels(cli) == ["TOUR_TOKEN"]
    assert stores(cli, "TOUR_TOKEN", saved.value.encode())


def test_removing_needs_a_yes(cli, saved):
    assert removed(cli("secret", "remove", "DEMO_TOKEN")) is False
    assert labels(cli) == ["DEMO_TOKEN"]
    assert removed(cli("secret", "remove", "DEMO_TOKEN", "--yes")) is True
    assert labels(cli) == []


@pytest.mark.parametrize(("answer", "left"), [("y\r", []), ("\r", ["DEMO_TOKEN"])])
def test_removing_asks_on_a_terminal_and_the_default_is_no(cli, saved, answer, left):
    terminal = cli.on_terminal("secret", "remove", "DEMO_TOKEN", env={"TERM": "dumb"})
    terminal.expect_exact("[y/N] ")
    terminal.send(answer)
    _, shown = ended(terminal)
    assert labels(cli) == left
    # Whoever has just said no is not told how to get it without a question.
    assert (b"was not removed" in shown, b"hint" in shown) == (bool(left), False)
    assert b"\x1b" not in shown


def removed(done: Done) -> bool:
    return done.code == 0


# --- Lifecycle ---


def test_a_key_file_is_stored_byte_for_byte(cli):
    key = b"-----BEGIN MADE UP-----\r\n" + b"A1b2" * 16_000 + b"\n-----END MADE UP-----\n"
    assert len(key) < 64 * 1024
    (cli.cwd / "key").write_bytes(key)
    assert cli("secret", "set", "DEPLOY_KEY", "--file", "key").code == 0
    cli("grant", "DEPLOY_KEY", "--any-command")
    digest = hashlib.sha256(key).hexdigest()
    script = f'test "$(printf %s "$DEPLOY_KEY" | sha256sum)" = "{digest}  -"'
    assert cli("run", "-s", "DEPLOY_KEY", "-c", script).code == 0


def test_what_is_due_is_listed_shown_and_told_by_status(cli, saved):
    assert "due" not in cli("status").out.decode()
    words = ("edit", "DEMO_TOKEN", "--expires", "7d", "--rotate-every", "12w", "--note", "mine")
    meta = cli("secret", *words, "--json").json["secret"]
    assert meta["rotate_every"] == 84
    assert meta["due"].keys() == {"what", "on", "days", "level"}
    assert (meta["due"]["what"], meta["due"]["days"], meta["due"]["level"]) == ("expires", 7, 7)
    for call in (("secret", "list"), ("secret", "show", "DEMO_TOKEN"), ("status",)):
        assert b"expires in 7 days" in cli(*call).out
    assert cli("status", "--json").json["due"] == [{"label": "DEMO_TOKEN", **meta["due"]}]
    never = ("secret", "edit", "DEMO_TOKEN", "--expires", "never", "--rotate-every", "never")
    meta = cli(*never, "--json").json["secret"]
    assert (meta["expires"], meta["rotate_every"], meta["due"]) == (None, None, None)
    assert meta["note"] == "mine"


@pytest.mark.parametrize("words", [(), ("--rotate-every", "5h"), ("--rotate-every", "soon")])
def test_an_edit_that_makes_no_sense_is_refused(cli, saved, words):
    done = cli("secret", "edit", "DEMO_TOKEN", *words, "--json")
    assert (done.code, done.error["code"]) == (1, "request_invalid")
