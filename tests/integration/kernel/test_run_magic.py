"""``%%agent_run`` in a real kernel, with a real broker."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest
from persons import answer_next, person_is_there

pytestmark = pytest.mark.one_kernel

VALUE = "correct-horse-battery-staple-42"


def test_output_arrives_while_the_script_still_runs(kernel, tmp_path):
    go = tmp_path / "go"
    seen = []

    def on_message(message):
        if message["msg_type"] == "stream":
            seen.append(message["content"]["text"])
            go.touch()

    cell = kernel.run(
        "%%agent_run --timeout 20\necho first\n"
        f"until [ -e '{go}' ]; do sleep 0.02; done\necho last",
        on_message,
    )
    assert cell.reply["status"] == "ok"
    assert "".join(seen) == "first\nlast\n"


def test_stdout_and_stderr_stay_apart_and_in_order(kernel, tmp_path):
    def on_message(message):
        if message["msg_type"] == "stream":
            (tmp_path / message["content"]["text"]).touch()

    after = f"until [ -e '{tmp_path}'/%s ]; do sleep 0.02; done"  # what is here can't be overtaken
    cell = kernel.run(
        f"%%agent_run --timeout 20\nprintf one; {after % 'one'}\n"
        f"printf two >&2; {after % 'two'}\nprintf three",
        on_message,
    )
    assert cell.text("stdout") == "onethree"
    assert cell.text("stderr") == "two"
    assert [m["content"]["text"] for m in cell.of("stream")] == ["one", "two", "three"]


def test_a_character_split_over_two_writes_stays_whole_and_bad_bytes_are_no_error(kernel):
    cell = kernel.run("%%agent_run\nprintf '\\xc3'; sleep 0.1; printf '\\xa4\\xff|\\xe2\\x82'")
    assert cell.text() == "ä\ufffd|\ufffd"


def test_the_script_is_passed_on_as_written(kernel):
    kernel.run("name = 'expanded'")
    cell = kernel.run("%%agent_run\nname=shell\necho {name} $name ${name} \\$name")
    assert cell.text() == "{name} shell shell $name\n"


def test_a_failing_script_raises_with_its_exit_code_and_no_frames_of_ours(kernel):
    cell = kernel.run("%%agent_run\necho before\nexit 7")
    assert cell.ename == "CalledProcessError"
    assert cell.shown_error == "CalledProcessError: the script ended with exit code 7."
    assert cell.text() == "before\n"
    assert kernel.value("_exit_code") == "7"


def test_the_error_is_the_standard_one_for_programs(kernel):
    cell = kernel.run(
        "import subprocess\n"
        "try:\n"
        "    get_ipython().run_cell_magic('agent_run', '--out text', 'echo kept; kill -9 $$')\n"
        "except subprocess.CalledProcessError as error:\n"
        "    print(error.returncode, error.cmd, error.output, sep='|', end='')\n"
    )
    assert cell.text() == "137|echo kept; kill -9 $$|kept\n"


def test_no_raise_leaves_the_exit_code_only(kernel):
    cell = kernel.run("%%agent_run --no-raise\nexit 3")
    assert cell.reply["status"] == "ok"
    assert kernel.value("_exit_code") == "3"


def test_output_binds_to_names_instead_of_being_shown(kernel):
    cell = kernel.run("%%agent_run --out good --err bad\necho fine; echo broken >&2")
    assert cell.of("stream") == []
    assert kernel.value("good") == "'fine\\n'"
    assert kernel.value("bad") == "'broken\\n'"


def test_json_output_binds_as_an_object(kernel):
    kernel.run("%%agent_run --json answer\necho '{\"a\": [1, null]}'")
    assert kernel.value("answer") == "{'a': [1, None]}"


def test_output_that_is_no_json_says_so_without_showing_it(kernel):
    cell = kernel.run("%%agent_run --json answer\necho not-json-at-all")
    assert cell.ename == "RunError"
    assert "not-json-at-all" not in str(cell.reply)


def test_python_variables_are_exported_by_name_only(kernel):
    kernel.run("city = 'Zürich; echo no'\ncount = 3\nother = 'unseen'")
    cell = kernel.run('%%agent_run -v city -v count\necho "$city|$count|$other"')
    assert cell.text() == "Zürich; echo no|3|\n"


def test_what_is_no_text_or_number_is_not_exported(kernel):
    kernel.run("things = [1]")
    assert kernel.run("%%agent_run -v things\ntrue").ename == "RequestInvalid"
    assert kernel.run("%%agent_run -v nothing_here\ntrue").ename == "RequestInvalid"


def test_the_kernels_own_environment_stays_behind(start_kernel):
    kernel = start_kernel({"SOMEBODYS_TOKEN": "abc", "JPY_PARENT": "1", "LC_ALL": "C.UTF-8"})
    cell = kernel.run("%%agent_run\nenv")
    names = {line.partition("=")[0] for line in cell.text().splitlines()}
    assert "LC_ALL" in names
    assert not {name for name in names if "TOKEN" in name or name.startswith(("JPY", "JUPYTER"))}


def test_cwd_is_the_kernels_unless_named(kernel, agent_home):
    assert kernel.run("%%agent_run\npwd").text() == f"{agent_home / 'work'}\n"
    (agent_home / "work" / "sub folder").mkdir()
    assert kernel.run("%%agent_run --cwd 'sub folder'\npwd").text().endswith("/sub folder\n")
    assert kernel.run("%%agent_run --cwd nowhere\npwd").ename == "CommandNotStarted"


@pytest.mark.parametrize(
    "cell",
    [
        "%%agent_run --cwd ~nobody-at-all\ntouch ran",
        "%%agent_run --template ~nobody-at-all/a\ntouch ran",
        "%%agent_run --save ~nobody-at-all/a\ntouch ran",
        "%secret set NEW_TOKEN --file ~nobody-at-all/a",
    ],
)
def test_a_home_of_nobody_is_said_and_nothing_runs(kernel, tmp_path, cell):
    said = kernel.run(cell)
    assert said.ename == "RequestInvalid"
    assert said.shown_error.startswith("RequestInvalid: There is no such home folder.")
    assert not list(tmp_path.rglob("ran"))


@pytest.mark.parametrize(
    "cell",
    ["%%agent_run\necho ran", "%%agent_run --save a\necho ran", "%secret set NEW_TOKEN --file a"],
)
def test_a_kernel_whose_folder_is_gone_says_so(kernel, tmp_path, cell):
    gone = tmp_path / "gone"
    kernel.run(f"import os; was = os.getcwd(); os.mkdir({str(gone)!r})")
    kernel.run(f"os.chdir({str(gone)!r}); os.rmdir({str(gone)!r})")
    said = kernel.run(cell)
    elsewhere = kernel.run(f"%%agent_run --cwd {tmp_path}\npwd")
    kernel.run("os.chdir(was)")
    assert said.shown_error.splitlines() == [
        "RequestInvalid: The folder of this kernel is gone.",
        "  → Go to one that exists: %cd ~",
    ]
    assert elsewhere.text() == f"{tmp_path}\n"


def test_sh_is_another_shell(kernel):
    assert kernel.run('%%agent_run\necho "${BASH_VERSION:+bash}"').text() == "bash\n"
    assert kernel.run('%%agent_run --shell sh\necho "${ZSH_VERSION}$0"').text().endswith("sh\n")


def test_a_timeout_is_its_own_error(kernel):
    cell = kernel.run("%%agent_run --timeout 0.3\necho early; sleep 30")
    assert cell.ename == "RunTimeout"
    assert cell.text() == "early\n"
    assert "longer than 0.3 s" in cell.shown_error
    assert kernel.value("_exit_code") == "124"


def test_an_option_that_does_not_exist_is_refused_and_nothing_runs(kernel, tmp_path):
    cell = kernel.run(f"%%agent_run --bogus\ntouch '{tmp_path}/ran'")
    assert cell.ename == "RequestInvalid"
    assert "no such option" in cell.shown_error
    assert not (tmp_path / "ran").exists()


# -- by label


def test_the_value_is_used_and_comes_back_as_its_label(granted, kernel):
    cell = kernel.run(
        '%%agent_run -s DEMO_TOKEN\necho "$DEMO_TOKEN"\nprintf %s "$DEMO_TOKEN" | base64 -w0\n'
        "echo ${#DEMO_TOKEN}"
    )
    assert cell.text().startswith("[secret:DEMO_TOKEN]\n")
    assert cell.text().endswith(f"{len(VALUE)}\n")
    assert VALUE not in str(cell.messages)
    assert cell.data[-1]["text/plain"] == "scrubbed from the output: DEMO_TOKEN (2)"


def test_quiet_leaves_the_note_out(granted, kernel):
    cell = kernel.run('%%agent_run --quiet -s DEMO_TOKEN\necho "$DEMO_TOKEN"')
    assert cell.data == []


def test_another_variable_can_hold_the_value(granted, kernel):
    cell = kernel.run(
        '%%agent_run -s API_KEY=DEMO_TOKEN\necho "${#API_KEY} ${DEMO_TOKEN-unset} $API_KEY"'
    )
    assert cell.text() == f"{len(VALUE)} unset [secret:DEMO_TOKEN]\n"


def test_an_unknown_label_says_what_exists_and_how_to_add_it(granted, kernel):
    cell = kernel.run("%%agent_run -s OTHER_TOKEN\ntrue")
    assert cell.ename == "LabelNotFound"
    assert "OTHER_TOKEN" in cell.shown_error
    assert "DEMO_TOKEN" in cell.shown_error
    assert "%secret set OTHER_TOKEN" in cell.shown_error


def test_unattended_it_says_how_to_grant_it(stored, kernel, tmp_path):
    cell = kernel.run(f"%%agent_run -s DEMO_TOKEN\ntouch '{tmp_path}/ran'")
    assert cell.ename == "GrantRequired"
    assert "jupyter agent grant DEMO_TOKEN" in cell.shown_error
    assert not (tmp_path / "ran").exists()


def test_a_person_is_asked_and_the_line_about_it_goes_away(stored, kernel, folders):
    thread = answer_next(folders, "once")
    cell = kernel.run('%%agent_run -s DEMO_TOKEN\necho "${#DEMO_TOKEN}"')
    thread.join(10)
    assert cell.text() == f"{len(VALUE)}\n"
    waiting = cell.of("display_data")[0]["content"]["data"]["text/plain"]
    assert waiting == "Waiting for your permission in JupyterLab: use DEMO_TOKEN?"
    assert cell.data == []


def test_a_no_is_an_error_and_nothing_runs(stored, kernel, folders, tmp_path):
    thread = answer_next(folders, "deny")
    cell = kernel.run(f"%%agent_run -s DEMO_TOKEN\ntouch '{tmp_path}/ran'")
    thread.join(10)
    assert cell.ename == "GrantDenied"
    assert not (tmp_path / "ran").exists()


def test_a_kernel_of_our_server_is_known_by_its_capability(granted, start_kernel):
    capability = "A" * 43
    kernel = start_kernel({"JUPYTER_AGENT_CAPABILITY": capability})
    granted.call(
        "kernel.register",
        kernel_id="k1",
        capability=capability,
        notebook="/home/me/analysis.ipynb",
        pid=kernel.pid,
        started=kernel.started,
    )
    assert kernel.run("%%agent_run -s DEMO_TOKEN\ntrue").reply["status"] == "ok"
    decided = [event for event in granted.call("audit.read")["events"] if event.get("decision")]
    (event,) = [event for event in decided if event["actor"] == "kernel:k1"]
    assert event["notebook"] == "/home/me/analysis.ipynb"


def test_a_refused_capability_is_said_and_not_worked_around(granted, start_kernel):
    kernel = start_kernel({"JUPYTER_AGENT_CAPABILITY": "B" * 43})
    assert kernel.run("%%agent_run -s DEMO_TOKEN\ntrue").ename == "BrokerRefused"


# -- ends


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def _interrupted(kernel, code, *, times=1):
    """Press ■ when the script has printed the pids of what it started; return cell, pids, time."""
    pressed = []

    def on_message(message):
        if message["msg_type"] == "stream" and not pressed:
            for _ in range(times):
                pressed.append(time.monotonic())
                kernel.manager.interrupt_kernel()

    cell = kernel.run(code, on_message)
    pids = [int(word) for word in cell.text().split() if word.isdigit()]
    assert pids
    return cell, pids, time.monotonic() - pressed[0]


@pytest.mark.parametrize(
    "body",
    [
        "sleep 100 & echo $$ $!; wait",
        "setsid sleep 100 & echo $$ $!; wait",
        "trap '' INT TERM; setsid bash -c 'trap \"\" INT TERM; echo $$; sleep 100' & wait",
    ],
)
def test_stop_ends_the_whole_tree_within_two_seconds(kernel, body):
    cell, pids, seconds = _interrupted(kernel, f"%%agent_run\n{body}")
    assert cell.ename == "KeyboardInterrupt"
    assert [pid for pid in pids if _alive(pid)] == []
    assert seconds < 2
    assert kernel.run("%%agent_run\necho on").text() == "on\n"


def test_a_second_stop_lets_go_at_once_and_the_tree_still_ends(kernel):
    cell, pids, _ = _interrupted(
        kernel, "%%agent_run\ntrap '' INT TERM; echo $$; while :; do sleep 1; done", times=2
    )
    assert cell.ename == "KeyboardInterrupt"
    deadline = time.monotonic() + 2
    while any(_alive(pid) for pid in pids):
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.parametrize(
    "asking", ["%%agent_run -s DEMO_TOKEN\necho ran", "%secret remove DEMO_TOKEN"]
)
def test_stop_works_while_a_person_is_asked(stored, kernel, folders, asking):
    with person_is_there(folders):

        def on_message(message):
            if message["msg_type"] == "display_data":
                kernel.manager.interrupt_kernel()

        cell = kernel.run(asking, on_message)
    assert cell.ename == "KeyboardInterrupt"
    assert cell.text() == ""
    (said,) = cell.reply["traceback"]  # a sentence, and none of our own frames
    assert said.startswith("KeyboardInterrupt: it was left before ")


def test_a_broker_that_is_killed_is_said_and_the_next_run_works(granted, kernel):
    broker = granted.call("status")["pid"]

    def on_message(message):
        if message["msg_type"] == "stream" and "up" in message["content"]["text"]:
            os.kill(broker, signal.SIGKILL)

    cell = kernel.run("%%agent_run\necho up $$; sleep 60", on_message)
    assert cell.ename == "RunLost"
    pid = int(cell.text().split()[1])
    deadline = time.monotonic() + 5
    while _alive(pid):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert kernel.run("%%agent_run -s DEMO_TOKEN\necho again").text() == "again\n"
