"""``jupyter agent run``: the command's bytes and exit code, and nobody asked means no."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from command_line import PATIENCE, CommandLine, ended

pytestmark = pytest.mark.one_broker

QUESTION = rb"a no\): "
SLEEPER = "echo $$; exec sleep 600"


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


def until(true: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + PATIENCE
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def finished(process: subprocess.Popen[bytes]) -> tuple[int, bytes]:
    """Exit code and stderr of a process whose stdout nobody needs any more."""
    err = process.stderr.read()
    return process.wait(PATIENCE), err


EXIT_CODES = [
    (("--", "true"), 0),
    (("--", "false"), 1),
    (("-c", "exit 3"), 3),
    (("-c", "kill -TERM $$"), 128 + signal.SIGTERM),
    (("-c", "kill -KILL $$"), 128 + signal.SIGKILL),
    (("--timeout", "0.2", "--", "sleep", "600"), 124),
    (("--", "/etc/passwd"), 126),
    (("--", "no-such-program-here"), 127),
    (("-c", "no-such-program-here"), 127),
    (("--",), 125),
    ((), 125),
    (("true",), 125),
    (("-c", "true", "--", "true"), 125),
    (("--json", "--", "true"), 125),
    (("--timeout", "soon", "--", "true"), 125),
    (("--cwd", "no-such-folder", "--", "true"), 125),
    (("-s", "UNKNOWN_LABEL", "--", "true"), 125),
    (("-s", "not a label", "--", "true"), 125),
    (("-s", "LD_PRELOAD=DEMO_TOKEN", "--", "true"), 125),
]


def test_the_exit_code_is_the_commands_or_says_whose_fault_it_was(cli, granted):
    done = {words: cli("run", *words) for words, _ in EXIT_CODES}
    assert {words: outcome.code for words, outcome in done.items()} == dict(EXIT_CODES)
    for outcome in done.values():
        # We speak when it is about us; a shell speaks for itself when it finds no program.
        assert bool(outcome.err) == (outcome.code in (125, 126, 127))


def test_the_value_gets_to_the_command_and_its_output_comes_back_scrubbed(cli, granted):
    script = 'echo "$DEMO_TOKEN"; printf %s "$DEMO_TOKEN" | base64 >&2; printenv TOKEN'
    done = cli("run", "-s", "DEMO_TOKEN", "-s", "TOKEN=DEMO_TOKEN", "-c", script)
    assert done.code == 0
    assert done.out == b"[secret:DEMO_TOKEN]\n[secret:DEMO_TOKEN]\n"
    assert granted.found_in(done.err) == []


def test_both_streams_are_exact_to_the_byte(cli):
    blob = bytes(range(256)) * 4096
    (cli.cwd / "blob").write_bytes(blob)
    done = cli("run", "-c", "cat blob; head -c 1000 blob >&2")
    assert (done.code, done.out, done.err) == (0, blob, blob[:1000])


def test_arguments_reach_the_command_word_for_word(cli):
    words = ["a b", "", "--", "-s", "$HOME", "*", "é\n"]
    done = cli("run", "--", "printf", "%s|", *words)
    assert done.out.decode() == "".join(f"{word}|" for word in words)


def test_it_runs_here_or_where_it_is_told(cli, tmp_path):
    assert cli("run", "--", "pwd").out.decode() == f"{cli.cwd}\n"
    assert cli("run", "--cwd", "..", "--", "pwd").out.decode() == f"{tmp_path}\n"


def test_only_harmless_variables_are_handed_on(cli):
    done = cli("run", "--", "env", env={"TZ": "Asia/Tokyo", "LC_ALL": "C.UTF-8", "MINE": "1"})
    names = dict(line.split("=", 1) for line in done.out.decode().splitlines())
    assert names["TZ"] == "Asia/Tokyo"
    assert names["LC_ALL"] == "C.UTF-8"
    assert names["PATH"] == os.environ["PATH"]
    assert "MINE" not in names
    assert not any(name.startswith("JUPYTER") for name in names)


def test_the_value_is_in_no_command_line_and_not_in_ours(cli, granted):
    running = cli.start("run", "-s", "DEMO_TOKEN", "-c", SLEEPER)
    child = int(running.stdout.readline())
    assert granted.search_proc(allowed=[child]) == []
    assert granted.found_in(Path(f"/proc/{child}/cmdline").read_bytes()) == []
    running.terminate()
    finished(running)


def test_without_a_grant_it_is_refused_with_the_line_that_grants_it(cli, saved):
    command = ("run", "-s", "DEMO_TOKEN", "--", "printenv", "DEMO_TOKEN")
    refused = cli(*command)
    assert (refused.code, refused.out) == (125, b"")
    line = refused.err.decode().partition("terminal: ")[2].strip()
    program, verb, *words = shlex.split(line)
    assert (program, verb) == ("jupyter", "agent")
    assert cli(*words).code == 0
    done = cli(*command)
    assert (done.code, done.out) == (0, b"[secret:DEMO_TOKEN]\n")


def test_nobody_is_asked_about_a_program_that_is_not_there(cli, saved, tmp_path, monkeypatch):
    closed = tmp_path / "closed"  # in which nobody can look, as in other people's PATH
    closed.mkdir(mode=0)
    monkeypatch.setenv("PATH", f"{closed}{os.pathsep}{os.environ['PATH']}")
    for program in ("no-such-program-here", "./no-such-program-here"):
        done = cli("run", "-s", "DEMO_TOKEN", "--", program)
        assert (done.code, b"was not found" in done.err) == (127, True)


def test_the_line_that_grants_a_script_of_several_lines_works_too(cli, saved):
    command = ("run", "-s", "DEMO_TOKEN", "-c", "# 'quoted'\nprintenv DEMO_TOKEN\n")
    line = cli(*command).err.decode().partition("terminal: ")[2].strip()
    assert cli(*shlex.split(line)[2:]).code == 0
    assert cli(*command).code == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_command(cli, granted, number):
    running = cli.start("run", "-s", "DEMO_TOKEN", "-c", SLEEPER)
    child = int(running.stdout.readline())
    running.send_signal(number)
    code, err = finished(running)
    assert (code, err) == (128 + signal.SIGINT, b"")  # a stop begins with INT
    assert not alive(child)


def test_a_command_that_catches_the_signal_decides_its_exit_code(cli):
    running = cli.start("run", "-c", "trap 'exit 7' INT; echo up; while :; do sleep 0.02; done")
    assert running.stdout.readline() == b"up\n"
    running.send_signal(signal.SIGINT)
    assert finished(running) == (7, b"")


def test_a_command_dies_with_us(cli):
    running = cli.start("run", "-c", SLEEPER)
    child = int(running.stdout.readline())
    running.kill()
    running.wait()
    assert until(lambda: not alive(child))


def test_a_reader_that_goes_away_ends_the_command_quietly(cli):
    running = cli.start("run", "-c", "echo $$; exec yes")
    child = int(running.stdout.readline())
    running.stdout.close()
    assert finished(running) == (128 + signal.SIGPIPE, b"")
    assert until(lambda: not alive(child))


def ask(cli: CommandLine, *words: str):
    terminal = cli.on_terminal("run", "-s", "DEMO_TOKEN", *words)
    terminal.expect(QUESTION)
    return terminal, terminal.before


def test_the_question_shows_what_would_run_where_and_with_which_program(cli, saved):
    terminal, shown = ask(cli, "-c", "printenv DEMO_TOKEN |\n  cat")
    terminal.send("d\r")
    text = shown.decode().replace("\r\n", "\n")
    assert "DEMO_TOKEN" in text
    assert "printenv DEMO_TOKEN |\n" in text
    assert f"{cli.cwd}\n" in text
    assert "printenv = /usr/bin/printenv" in text
    assert ended(terminal)[0] == 125


def test_once_is_for_one_run(cli, saved):
    for _ in range(2):
        terminal, _ = ask(cli, "--", "printenv", "DEMO_TOKEN")
        terminal.send("o\r")
        code, shown = ended(terminal)
        assert code == 0
        assert b"[secret:DEMO_TOKEN]" in shown
        assert saved.found_in(shown) == []


def test_always_is_for_this_command_in_this_folder(cli, saved, tmp_path):
    terminal, _ = ask(cli, "--", "printenv", "DEMO_TOKEN")
    terminal.send("a\r")
    assert ended(terminal)[0] == 0
    assert cli("run", "-s", "DEMO_TOKEN", "--", "printenv", "DEMO_TOKEN").code == 0
    assert cli("run", "-s", "DEMO_TOKEN", "--", "printenv", "-0", "DEMO_TOKEN").code == 125
    elsewhere = CommandLine(tmp_path)
    assert elsewhere("run", "-s", "DEMO_TOKEN", "--", "printenv", "DEMO_TOKEN").code == 125


def test_a_pattern_is_written_until_it_fits(cli, saved):
    terminal, _ = ask(cli, "--", "printenv", "DEMO_TOKEN")
    terminal.send("p\r")
    terminal.expect_exact("Pattern: ")
    terminal.send("printenv x*\r")
    terminal.expect("does not cover")
    terminal.expect(QUESTION)
    terminal.send("p\r")
    terminal.expect_exact("Pattern: ")
    terminal.send("printenv DEMO_*\r")
    assert ended(terminal)[0] == 0
    assert cli("run", "-s", "DEMO_TOKEN", "--", "printenv", "DEMO_TOKEN").code == 0
    assert cli("run", "-s", "DEMO_TOKEN", "--", "printenv", "-0").code == 125


@pytest.mark.parametrize("answer", ["\r", "d\r", "n\r", "always not\r", "\x04", "\x03"])
def test_everything_but_a_clear_yes_is_a_no(cli, saved, answer):
    terminal, _ = ask(cli, "--", "touch", "it-ran")
    terminal.send(answer)
    code, _ = ended(terminal)
    assert code == (128 + signal.SIGINT if answer == "\x03" else 125)
    assert not (cli.cwd / "it-ran").exists()


def test_what_was_typed_before_the_question_is_no_answer(cli, saved):
    words = ("run", "-s", "DEMO_TOKEN", "--", "touch", "it-ran")
    terminal = cli.on_terminal(*words, typed="o\r")
    terminal.expect(QUESTION)
    terminal.send("\r")
    assert ended(terminal)[0] == 125
    assert not (cli.cwd / "it-ran").exists()


def test_a_command_can_not_repaint_the_question(cli, saved):
    terminal, shown = ask(cli, "-c", "rm -r . #\x1b[2K\r\u202etsil ;sl")
    terminal.send("\r")
    ended(terminal)
    assert b"\x1b[2K" not in shown
    assert rb"\x1b[2K\r\u202e" in shown


def test_an_answer_given_elsewhere_ends_the_question(cli, saved, person):
    events = person.begin("approval.watch")
    terminal, _ = ask(cli, "--", "printenv", "DEMO_TOKEN")
    approval = person.receive(events)["approval"]
    person.begin(
        "approval.answer",
        approval_id=approval["approval_id"],
        nonce=approval["nonce"],
        answer="once",
    )
    code, shown = ended(terminal)
    assert code == 0
    assert b"elsewhere" in shown


def test_the_question_goes_to_the_terminal_and_never_into_a_pipe(cli, saved):
    argv = shlex.join(cli.argv("run", "-s", "DEMO_TOKEN", "--", "printenv", "DEMO_TOKEN"))
    terminal = cli.on_terminal("--version")
    ended(terminal)
    shell = type(terminal)(
        "sh", ["-c", f"{argv} >out 2>err </dev/null"], cwd=str(cli.cwd), timeout=PATIENCE
    )
    shell.expect(QUESTION)
    shell.send("o\r")
    assert ended(shell)[0] == 0
    assert (cli.cwd / "out").read_bytes() == b"[secret:DEMO_TOKEN]\n"
    assert (cli.cwd / "err").read_bytes() == b""
