"""A run on a terminal: real programs find a real one, and hidden prompts are answered by label."""

from __future__ import annotations

import base64
import hashlib
import shlex
import sys
import time
from pathlib import Path

import pytest
from steps import collect, output_until, request, run, save, sleeping, until, wait_until

from jupyter_agent.client import Client, Hello
from jupyter_agent.errors import AgentError, GrantRequired, RequestInvalid
from jupyter_agent.processes import tree

pytestmark = pytest.mark.one_broker

VALUE = "heron-violet-anchor-5-typed"
PYTHON = shlex.quote(sys.executable)


@pytest.fixture
def granted(person: Client) -> Client:
    save(person, "PASS", VALUE)
    person.call("grant.add", label="PASS", any_command=True)
    return person


def terminal(*answers: str, keyboard: bool = False, rows: int = 24, cols: int = 100):
    return {"rows": rows, "cols": cols, "keyboard": keyboard, "answers": list(answers)}


def on_terminal(client: Client, script: str, *answers: str, **more):
    return run(client, script, timeout=90, terminal=terminal(*answers), **more)


def test_every_stream_is_a_terminal_with_a_size_and_colours(guest):
    script = (
        "for n in 0 1 2; do test -t $n && echo tty; done; stty size; tput colors; echo $TERM >&2;"
        f' {PYTHON} -c \'import os, sys; print(sys.stdout.isatty(), open("/dev/tty").isatty(),'
        " os.tcgetpgrp(0) == os.getpgrp())'"
    )
    done = on_terminal(guest, script)
    assert done.stdout.decode().split("\n") == [
        *("tty", "tty", "tty", "24 100", "256", "xterm-256color", "True True True", ""),
    ]
    assert done.result["bytes"]["stderr"] == 0


def test_without_a_keyboard_no_pager_waits_for_a_key_and_lines_end_as_in_files(guest):
    assert on_terminal(guest, "echo $PAGER $GIT_PAGER; echo b").stdout == b"cat cat\nb\n"
    with_keyboard = run(guest, "echo a; echo ${PAGER-none}", terminal=terminal(keyboard=True))
    assert with_keyboard.stdout == b"a\r\nnone\r\n"


def test_a_new_size_reaches_the_program_in_front(guest):
    script = "trap 'stty size; exit' WINCH; echo up; while :; do sleep 0.05; done"
    number = guest.begin("run", **request(script, terminal=terminal()))
    output_until(guest, number, b"up")
    guest.begin("resize", run=number, rows=31, cols=77)
    assert collect(guest, number).stdout == b"31 77\n"


@pytest.mark.parametrize("size", [{"rows": 0, "cols": 1}, {"rows": 1}, {"rows": True, "cols": 5}])
def test_an_impossible_size_is_refused(guest, size):
    with pytest.raises(RequestInvalid, match="rows and columns"):
        run(guest, "true", terminal=size)


def test_typed_keys_reach_the_program_and_ctrl_c_is_a_signal(guest):
    script = "read -p 'name? ' name; echo \"hello $name\"; exec sleep 7901"
    number = guest.begin("run", **request(script, terminal=terminal(keyboard=True)))
    output_until(guest, number, b"name? ")
    guest.begin("type", run=number, data=base64.b64encode(b"ada\n").decode())
    output_until(guest, number, b"hello ada")
    wait_until(lambda: sleeping("7901"))
    guest.begin("type", run=number, data=base64.b64encode(b"\x03").decode())
    assert collect(guest, number).exit == 130


def test_much_is_typed_while_the_program_does_not_read_and_none_is_lost(guest):
    script = "stty raw -echo; echo up; sleep 0.3; head -c 50000 | tr -d x | wc -c"
    number = guest.begin("run", **request(script, terminal=terminal(keyboard=True)))
    output_until(guest, number, b"up")
    data = base64.b64encode(b"x" * 25_000).decode()
    for _ in range(2):
        guest.begin("type", run=number, data=data)
    done = collect(guest, number)
    assert (done.stdout.split()[-1:], done.exit) == ([b"0"], 0)


PROMPTS = {
    "getpass": f"{PYTHON} -c 'import getpass, hashlib;"
    ' print(hashlib.sha256(getpass.getpass("Password: ").encode()).hexdigest())\'',
    "read -s": 'read -s -p "Password: " p; echo; printf %s "$p" | sha256sum',
    "stty": 'stty -echo; printf "Password: "; read p; stty echo; printf %s "$p" | sha256sum',
    "late": 'printf "Password: "; sleep 0.2; stty -echo; read p; stty echo; echo;'
    ' printf %s "$p" | sha256sum',
}


@pytest.mark.parametrize("kind", PROMPTS)
def test_a_hidden_prompt_is_answered_by_label(granted, guest, kind):
    done = on_terminal(guest, PROMPTS[kind], "PASS")
    assert hashlib.sha256(VALUE.encode()).hexdigest().encode() in done.stdout
    assert b"Password: " in done.stdout
    assert done.exit == 0


def test_ssh_keygen_asks_twice_and_the_key_opens_with_the_value(granted, guest, tmp_path):
    key = tmp_path / "key"
    made = on_terminal(guest, f"ssh-keygen -q -t ed25519 -f {key}", "PASS", "PASS")
    assert made.exit == 0, made.stdout
    assert b"passphrase" in made.stdout
    opened = on_terminal(guest, f"ssh-keygen -y -f {key}", "PASS")
    assert opened.stdout.splitlines()[-1].startswith(b"ssh-ed25519 ")
    assert opened.exit == 0


def test_a_program_that_prints_what_was_typed_shows_the_marker(granted, guest):
    done = on_terminal(guest, 'read -s p; echo "$p"; printf %s "$p" | base64', "PASS")
    assert done.stdout == b"[secret:PASS]\n[secret:PASS]\n"
    assert done.result["hits"] == {"PASS": 2}


def test_a_value_that_the_terminal_shows_after_all_is_scrubbed(granted, guest):
    """The program stops hiding just after the value was typed: it is shown, by the terminal."""
    # Hidden until a whole line is there to be read, however long that takes.
    script = "stty -echo; until read -t 0; do sleep 0.02; done; stty echo; cat"
    number = guest.begin("run", **request(script, terminal=terminal("PASS", keyboard=True)))
    wait_until(lambda: "cat" in _names(granted))
    guest.begin("type", run=number, data=base64.b64encode(b"\n\x04").decode())
    done = collect(guest, number)
    assert VALUE.encode() not in done.stdout
    assert b"[secret:PASS]" in done.stdout


def test_nothing_is_typed_where_typing_is_shown_or_keys_are_read_one_by_one(granted, guest):
    for script in (
        'read -t 0.5 p; echo "<$p>"',
        'stty -icanon -echo; read -t 0.5 p; stty sane; echo "<$p>"',
    ):
        assert on_terminal(guest, script, "PASS").stdout.split() == [b"<>"]


def test_each_value_is_typed_once_and_the_next_prompt_is_reported(granted, guest):
    script = 'read -s -p "one " a; echo; read -s -p "two " -t 20 b; echo "<${#a} ${#b}>"'
    number = guest.begin("run", **request(script, terminal=terminal("PASS", keyboard=True)))
    until(guest, number, "hidden_prompt")
    guest.begin("type", run=number, data=base64.b64encode(b"mine\n").decode())
    assert collect(guest, number).stdout.split(b"<")[1].rstrip() == f"{len(VALUE)} 4>".encode()


def test_a_question_that_comes_after_its_answer_was_typed_does_not_get_the_next_one(granted, guest):
    """Programs hide what is typed first and print their question then, some much later."""
    # Waits until a whole line is there to be read, however long that takes.
    script = (
        'stty -echo; until read -t 0; do sleep 0.02; done; printf "Password: ";'
        ' read a; read b; stty echo; echo "<${#a} ${#b}>"'
    )
    wanted = terminal("PASS", "PASS", keyboard=True)
    number = guest.begin("run", **request(script, terminal=wanted))
    output_until(guest, number, b"Password: ")
    guest.begin("type", run=number, data=base64.b64encode(b"mine\n").decode())
    assert collect(guest, number).stdout.split(b"<")[1].rstrip() == f"{len(VALUE)} 4>".encode()


def test_a_value_goes_to_the_prompt_of_its_own_run_only(granted, folders):
    with Client(folders, Hello()) as one, Client(folders, Hello()) as other:
        ask = 'read -s -p "Password: " -t 1.5 p; echo "<${#p}>"'
        waiting = one.begin("run", **request(ask, terminal=terminal()))
        output_until(one, waiting, b"Password: ")
        done = on_terminal(other, ask, "PASS")
        assert f"<{len(VALUE)}>".encode() in done.stdout
        assert b"<0>" in collect(one, waiting).stdout


def test_typing_needs_the_label_to_be_granted(person, guest):
    save(person, "PASS", VALUE)
    with pytest.raises(GrantRequired):
        on_terminal(guest, "read -s p", "PASS")


@pytest.mark.parametrize("value", ["two\nlines", "ctrl\x03c", "x" * 4001])
def test_a_value_that_can_not_be_typed_is_refused_before_anything_runs(person, guest, value):
    save(person, "PASS", value)
    person.call("grant.add", label="PASS", any_command=True)
    with pytest.raises(RequestInvalid, match="PASS can't be typed"):
        on_terminal(guest, "read -s p", "PASS")


def test_a_prompt_without_a_line_end_is_there_within_100_ms(granted, guest):
    """Counted from the program's own clock before its write; the least of several."""
    script = (
        f"{PYTHON} -c 'import time; print(time.monotonic_ns(), end=\"? \", flush=True); input()'"
    )
    waits = []
    for _ in range(3):
        fields = request(script, "PASS", terminal=terminal(keyboard=True))
        number = guest.begin("run", **fields)
        prompt = output_until(guest, number, b"? ")
        waits.append(time.monotonic_ns() - int(prompt.split(b"?")[0]))
        guest.call("stop", run=number)
        collect(guest, number)
    assert min(waits) < 100_000_000


def test_a_flood_that_nobody_reads_waits_and_can_be_stopped(guest):
    number = guest.begin("run", **request("yes", terminal=terminal()))
    output_until(guest, number, b"y")
    guest.begin("stop", run=number)
    assert collect(guest, number).result["stopped"]


def test_hanging_up_ends_what_ignores_the_terminal_going_away(folders, person):
    with Client(folders, Hello()) as caller:
        script = "trap '' HUP INT TERM; setsid sleep 7911 & echo up; sleep 7912"
        number = caller.begin("run", **request(script, terminal=terminal()))
        output_until(caller, number, b"up")
        wait_until(lambda: len(sleeping("791")) == 2)
    wait_until(lambda: sleeping("791") == [], seconds=3)
    wait_until(lambda: person.call("status")["runs"] == 0)


def test_keys_and_sizes_of_another_conversation_change_nothing(guest, folders):
    number = guest.begin("run", **request("echo up; read -t 0.3; stty size", terminal=terminal()))
    output_until(guest, number, b"up")
    with Client(folders, Hello()) as other:
        other.call("type", run=number, data=base64.b64encode(b"x\n").decode())
        other.call("resize", run=number, rows=1, cols=1)
    assert collect(guest, number).stdout == b"24 100\n"


def test_a_value_with_its_line_end_in_cr_lf_is_scrubbed_whole(person, guest):
    value = "first line of a key\nsecond line of a key\nthird"
    save(person, "KEY", value)
    person.call("grant.add", label="KEY", any_command=True)
    done = run(guest, 'echo "$KEY"', "KEY", terminal=terminal(keyboard=True))
    assert done.stdout == b"[secret:KEY]\r\n"


def test_a_size_and_a_key_for_a_run_that_is_over_are_no_error(guest):
    assert guest.call("resize", run=99, rows=5, cols=5) == {}
    assert guest.call("type", run=99, data="") == {}
    with pytest.raises(AgentError):
        guest.call("type", run=99, data=base64.b64encode(b"x" * 70_000).decode())


def _names(person: Client) -> list[str]:
    names = []
    for pid, _ in tree.descendants(int(person.welcome["pid"])):
        try:
            names.append(Path(f"/proc/{pid}/comm").read_text().strip())
        except OSError:
            continue
    return names
