"""``jupyter agent run --pty``: this terminal's keys and size, the command's own terminal."""

from __future__ import annotations

import os
import signal
import termios

import pexpect
import pytest
from command_line import PATIENCE, CommandLine
from steps import save, sleeping, wait_until

VALUE = "lagoon-copper-thistle-8-typed"


@pytest.fixture
def typed(person):
    save(person, "PASS", VALUE)
    person.call("grant.add", label="PASS", any_command=True)


def _started(cli: CommandLine, *words: str) -> pexpect.spawn:
    argv = cli.argv("run", "--pty", *words)
    child = pexpect.spawn(
        argv[0],
        argv[1:],
        cwd=str(cli.cwd),
        timeout=PATIENCE,
        echo=True,
        preexec_fn=_heed_signals,
    )
    child.setwinsize(30, 90)
    return child


def _heed_signals() -> None:
    # Whoever runs the tests may ignore some, as nohup does, and that is inherited.
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)


def _mode(child: pexpect.spawn) -> list[object]:
    return termios.tcgetattr(child.child_fd)


def test_keys_sizes_and_ctrl_c_go_to_the_command_and_the_terminal_is_left_as_it_was(cli):
    script = (
        "trap 'stty size' WINCH; read -p 'name? ' name; echo \"hello $name\";"
        " trap 'exit 7' INT; while :; do sleep 0.05; done"
    )
    child = _started(cli, "-c", script)
    before = _mode(child)
    child.expect_exact("name? ")
    assert _mode(child) != before
    child.send("ada\r")
    child.expect_exact("hello ada\r\n")
    child.setwinsize(31, 77)
    child.expect_exact("31 77\r\n")
    child.send("\x03")
    child.expect(pexpect.EOF)
    child.wait()
    assert child.exitstatus == 7
    assert _mode(child) == before


def test_a_hidden_prompt_is_answered_by_label_and_others_by_hand(cli, typed):
    script = 'read -s -p "pass? " p; echo; read -p "name? " n; echo "$p for $n"'
    child = _started(cli, "--answer", "PASS", "-c", script)
    child.expect_exact("name? ")
    child.send("ada\r")
    child.expect_exact("[secret:PASS] for ada")
    child.expect(pexpect.EOF)
    assert child.wait() == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT])
def test_a_signal_ends_the_command_and_the_terminal_is_left_as_it_was(cli, number):
    child = _started(cli, "-c", "trap '' HUP; echo up; sleep 7921 & wait")
    before = _mode(child)
    child.expect_exact("up")
    wait_until(lambda: sleeping("7921"))
    os.kill(child.pid, number)
    child.expect(pexpect.EOF)
    child.wait()
    assert child.exitstatus == 130
    assert sleeping("7921") == []
    assert _mode(child) == before


def test_a_broker_that_is_killed_leaves_the_terminal_as_it_was(cli, person):
    child = _started(cli, "-c", "echo up; sleep 7922")
    before = _mode(child)
    child.expect_exact("up")
    os.kill(person.welcome["pid"], signal.SIGKILL)
    child.expect_exact("The broker went away")
    child.expect(pexpect.EOF)
    child.wait()
    assert child.exitstatus == 125
    assert _mode(child) == before
    wait_until(lambda: sleeping("7922") == [])


def test_without_a_terminal_here_the_command_has_one_all_the_same(cli):
    done = cli("run", "--pty", "-c", "test -t 1 && stty size", stdin=b"nobody reads this")
    assert (done.code, done.out) == (0, b"24 80\n")
