"""The same magics in a plain IPython on a terminal, no Jupyter anywhere."""

from __future__ import annotations

import os
import random
import signal
import sys

import pexpect
import pytest
from canary import Canary
from chat_service import chat_service

VALUE = "correct-horse-battery-staple-42"
PROMPT = r"In \[\d+\]: "


class Terminal:
    """An IPython on a pseudo-terminal."""

    def __init__(self, folder):
        arguments = ["-m", "IPython", "--simple-prompt", "--no-banner", "--colors=NoColor"]
        self.child = pexpect.spawn(
            sys.executable, arguments, cwd=str(folder), env=os.environ.copy(), encoding="utf-8"
        )
        self.child.setecho(False)
        self.child.expect(PROMPT, timeout=60)

    def type(self, *lines):
        # IPython takes two empty lines for the end of a %%cell.
        for line in (*lines, *(("", "") if lines[0].startswith("%%") else ())):
            self.child.sendline(line)

    def run(self, *lines):
        """Type a cell; return what appears up to the next prompt."""
        self.type(*lines)
        self.child.expect(PROMPT, timeout=60)
        return self.child.before


@pytest.fixture
def terminal(ipython_folder, tmp_path):
    terminal = Terminal(tmp_path)
    yield terminal
    terminal.child.kill(signal.SIGKILL)
    terminal.child.wait()  # pexpect would give a process a tenth of a second to end
    terminal.child.close()


def test_a_granted_run_shows_the_label(granted, terminal):
    shown = terminal.run("%%agent_run -s DEMO_TOKEN", 'echo "<$DEMO_TOKEN>"')
    assert "<[secret:DEMO_TOKEN]>" in shown
    assert "scrubbed from the output: DEMO_TOKEN (1)" in shown
    assert VALUE not in shown


@pytest.mark.parametrize(("key", "outcome"), [("o", "31"), ("d", "GrantDenied")])
def test_the_person_is_asked_on_the_terminal(stored, terminal, key, outcome):
    terminal.type("%%agent_run -s DEMO_TOKEN", "echo ${#DEMO_TOKEN}")
    terminal.child.expect(r"May this command use DEMO_TOKEN[\s\S]*is a no\): ", timeout=60)
    shown = terminal.run(key)
    assert outcome in shown


def test_secret_set_asks_for_the_value_without_showing_it(person, terminal):
    terminal.type("%secret set DEMO_TOKEN")
    terminal.child.expect("DEMO_TOKEN.*: ", timeout=60)
    terminal.child.waitnoecho(timeout=60)
    shown = terminal.run(VALUE)
    assert VALUE not in shown
    assert [s["label"] for s in person.call("secret.list")["secrets"]] == ["DEMO_TOKEN"]


def test_a_secret_in_a_cell_is_stopped_and_not_kept(terminal, ipython_folder):
    token = Canary("ghp" + "_" + Canary.make(random.Random(7)).value[:31] + "abcde")
    shown = terminal.run(f"token = '{token.value}'")
    assert "SecretBlocked" in shown
    assert "%secret set" in shown
    assert "NameError" in terminal.run("token")
    kept = terminal.run(f"any(''.join({list(token.value)!r}) in line for line in In[:-1])")
    assert "False" in kept
    terminal.run("get_ipython().history_manager.writeout_cache()")
    assert token.search_tree(ipython_folder) == []
    assert "3" in terminal.run("1 + 2")


def test_control_c_ends_the_script(terminal):
    terminal.type("%%agent_run", "echo up; sleep 60")
    terminal.child.expect("up", timeout=60)
    terminal.child.sendintr()
    terminal.child.expect("KeyboardInterrupt", timeout=60)
    terminal.child.expect(PROMPT, timeout=60)


def test_what_a_model_says_steers_no_terminal(person, terminal):
    with chat_service(lambda _: True) as service:
        service.script = lambda _: "one \x1b]52;c;aGk=\x07 two \x1b[2J three"
        shown = terminal.run(f"%%agent_chat --model m-1 --url {service.url}", "hello")
    assert "three" in shown
    assert "]52;c;aGk=" in shown
    assert "\x1b]52" not in shown
    assert "\x1b[2J" not in shown
