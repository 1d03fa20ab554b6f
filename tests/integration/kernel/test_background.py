"""``--bg NAME`` and ``--pty`` in a real kernel."""

from __future__ import annotations

import os
import signal
import time

import pytest
from persons import answer_next
from steps import save, sleeping, wait_until

VALUE = "meadow-cobalt-spruce-6-given"


@pytest.fixture
def given(person):
    save(person, "PASS", VALUE)
    person.call("grant.add", label="PASS", any_command=True)
    return person


def test_the_cell_ends_at_once_and_the_handle_tells_how_the_script_goes(given, kernel, tmp_path):
    go = tmp_path / "go"
    script = (
        f'echo "$PASS"; echo more >&2; until [ -e {go} ]; do sleep 0.02; done; echo last; exit 3'
    )
    cell = kernel.run(f"%%agent_run -s PASS --bg job\n{script}")
    assert cell.reply["status"] == "ok"
    assert "job" in cell.data[-1]["text/plain"]
    assert kernel.value("job.running, job.exit") == "(True, None)"
    assert "running for" in kernel.run("job").data[-1]["text/html"]
    go.touch()
    assert kernel.value("job.wait(60)") == "3"
    assert kernel.value("job.tail()") == repr("[secret:PASS]\nmore\nlast\n")
    assert kernel.value("job.tail(1)") == repr("last\n")
    assert "exit code 3" in kernel.value("job")
    assert given.call("audit.read")["events"][-1]["exit"] == 3


def test_the_output_of_the_cell_follows_the_script(kernel):
    shown = []
    kernel.run("%%agent_run --bg job\necho hello; sleep 0.3; echo bye")

    def look() -> bool:  # what it printed may be shown a moment before it ends
        shown.append(kernel.client.get_iopub_msg(timeout=30))
        content = shown[-1]["content"]
        return "exit code 0" in content.get("data", {}).get("text/plain", "")

    wait_until(look)
    assert shown[-1]["msg_type"] == "update_display_data"
    assert "bye" in shown[-1]["content"]["data"]["text/html"]


def test_a_name_that_still_runs_is_not_given_away(kernel):
    kernel.run("%%agent_run --bg job\necho up; sleep 7931")
    again = kernel.run("%%agent_run --bg job\necho second")
    assert again.ename == "RequestInvalid"
    assert "job still runs" in again.shown_error
    assert "job.stop()" in again.shown_error
    assert kernel.value("job.stop() or job.wait(60)") == "130"
    assert "stopped" in kernel.value("job")
    assert sleeping("7931") == []
    assert kernel.run("%%agent_run --bg job\necho second").reply["status"] == "ok"
    assert kernel.value("job.wait(60), job.tail()") == repr((0, "second\n"))


def test_a_person_is_asked_before_the_cell_ends_and_a_no_starts_nothing(kernel, folders, person):
    save(person, "PASS", VALUE)
    no = answer_next(folders, "deny")
    refused = kernel.run("%%agent_run -s PASS --bg job\necho no")
    no.join()
    assert refused.ename == "GrantDenied"
    assert kernel.value("'job' in globals()") == "False"
    yes = answer_next(folders, "once")
    kernel.run("%%agent_run -s PASS --bg job\necho yes")
    yes.join()
    assert kernel.value("job.wait(60), job.tail()") == repr((0, "yes\n"))


def test_the_kernel_answers_while_the_script_floods_and_its_memory_stays_bounded(kernel):
    kernel.run("%%agent_run --bg job\nyes 0123456789012345678901234567890123456789")
    kernel.run("import time; time.sleep(0.5)")
    started = time.monotonic()
    assert kernel.value("1 + 1") == "2"
    assert time.monotonic() - started < 20
    assert int(kernel.value("len(job.tail(10**9))")) <= 1_000_000
    assert kernel.value("job.stop() or job.wait(60)") is not None


def test_it_ends_with_lock_and_with_stop_all(given, kernel):
    for end in ("runs.stop", "lock"):
        kernel.run("%%agent_run --bg job\necho up; sleep 7932")
        wait_until(lambda: sleeping("7932"))
        given.call(end)
        assert sleeping("7932") == []
        kernel.run("job.wait(60)")
        assert "stopped" in kernel.value("job")
    given.call("unlock")


def test_it_ends_when_the_kernel_is_killed_although_a_child_of_it_lives_on(kernel):
    kernel.run("%%agent_run --bg job\necho up; setsid sleep 7933 & sleep 7934")
    kernel.run("import os\nif os.fork() == 0:\n    os.execv('/bin/sleep', ['sleep', '7935'])")
    kernel.run("import os, time\nif os.fork() == 0:\n    time.sleep(60); os._exit(0)")
    wait_until(lambda: len(sleeping("793")) == 3)
    try:
        os.kill(kernel.pid, signal.SIGKILL)
        wait_until(lambda: not sleeping("7933") and not sleeping("7934"), seconds=3)
    finally:
        for pid in sleeping("7935"):
            os.kill(pid, signal.SIGKILL)


def test_a_broker_that_is_killed_is_said_to_be(kernel, person):
    kernel.run("%%agent_run --bg job\necho up; sleep 7936")
    os.kill(person.welcome["pid"], signal.SIGKILL)
    kernel.run("job.wait(60)")
    assert "The broker went away" in kernel.value("job")
    assert kernel.value("job.exit") == "None"
    wait_until(lambda: sleeping("7936") == [])


# -- on a terminal


def test_a_cell_has_a_terminal_and_its_hidden_prompt_is_answered_by_label(given, kernel):
    cell = kernel.run("%%agent_run --pty\ntest -t 1 && tput colors; stty size; echo $TERM >&2")
    assert cell.text() == "256\n24 100\nxterm-256color\n"
    cell = kernel.run(
        '%%agent_run --answer PASS --out text\nread -s -p "Password: " p; echo "<$p>"'
    )
    assert cell.reply["status"] == "ok"
    assert kernel.value("text") == repr("Password: <[secret:PASS]>\n")


def test_a_hidden_prompt_that_nobody_answers_is_shown_at_once_with_a_hint(kernel):
    seen = []

    def on_message(message):
        seen.append(message)
        if "--answer" in str(message["content"].get("data", {}).get("text/plain", "")):
            kernel.manager.interrupt_kernel()

    cell = kernel.run('%%agent_run --pty\nread -s -p "Password: " p', on_message)
    assert cell.ename == "KeyboardInterrupt"
    assert cell.text() == "Password: "


def test_a_prompt_is_shown_within_100_ms_also_just_after_other_output(kernel):
    """Counted from the program's own clock; the least of several, on a machine that is busy."""
    waits = []

    def on_message(message):
        if message["msg_type"] == "stream" and message["content"]["text"].endswith("? "):
            prompt = message["content"]["text"].split()[-1]
            waits.append(time.monotonic() - float(prompt.rstrip("?")))
            kernel.manager.interrupt_kernel()

    script = (
        "import time\nprint('before', flush=True)\n"
        "print(time.monotonic(), end='? ', flush=True)\ntime.sleep(60)"
    )
    while len(waits) < 10 and min(waits, default=1.0) >= 0.1:
        kernel.run(f'%%agent_run --pty\nexec python3 -c "{script}"', on_message)
    assert min(waits) < 0.1, waits
