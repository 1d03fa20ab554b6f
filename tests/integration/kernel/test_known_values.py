"""Guard C asks the broker: a stored value in a cell is named by its label and does not run."""

from __future__ import annotations

import os
import random
import signal
import string
import time
from types import SimpleNamespace

import pytest
from canary import Canary
from persons import answer_next
from steps import save

from jupyter_agent.kernel import known
from jupyter_agent.screen.box import MIME

# Words, as people choose them: no rule would stop it.
KNOWN = "marmalade bicycle umbrella lighthouse tangerine violin quarry"
WEAK = "plum-jam-7"
OFF = "Exact match off"


@pytest.fixture
def canary() -> Canary:
    body = "".join(random.Random(5).choices(string.ascii_letters + string.digits, k=48))
    return Canary("sk-" + "proj-" + body)


@pytest.fixture
def orchard(person):
    save(person, "ORCHARD_KEY", KNOWN)
    return person


def test_a_stored_value_is_named_by_its_label_and_does_not_run(orchard, kernel):
    cell = kernel.run(f"key = '{KNOWN}'\nprint('ran')")
    assert cell.ename == "SecretBlocked"
    assert cell.text() == ""
    (bundle,) = cell.data
    (finding,) = bundle[MIME]["findings"]
    assert (finding["rule"], finding["label"]) == ("stored-value", "ORCHARD_KEY")
    assert finding["title"] == "Stored secret ORCHARD_KEY"
    assert finding["preview"] == "•" * 8
    assert (finding["start"], finding["end"]) == (0, 0)  # a kernel is not told where
    assert "%%agent_run -s ORCHARD_KEY" in bundle["text/plain"]
    assert KNOWN not in str(cell.messages)
    (seen,) = orchard.call("secret.show", label="ORCHARD_KEY")["secret"]["exposed"]
    assert seen["where"] == "cell"
    (event,) = orchard.call("audit.read")["events"]
    assert (event["decision"], event["labels"]) == ("matched", ["ORCHARD_KEY"])


def test_a_kernel_is_not_told_about_weak_values(orchard, kernel):
    save(orchard, "JAM", WEAK)
    assert kernel.run(f"x = '{WEAK}'").ename == ""


def test_a_finding_of_a_rule_that_is_stored_is_named_by_its_label(orchard, kernel, canary):
    save(orchard, "MODEL_KEY", canary.value)
    (bundle,) = kernel.run(f"x = '{canary.value}'").data
    (finding,) = bundle[MIME]["findings"]
    assert (finding["label"], finding["start"]) == ("MODEL_KEY", 5)


def test_what_a_person_has_allowed_runs(orchard, kernel, canary):
    code = f"len('{canary.value}')"
    assert kernel.run(code).ename == "SecretBlocked"
    (mark,) = orchard.call("allow.check", findings=[{"rule": "r", "value": canary.value}])["marks"]
    made = orchard.call(
        "allow.add", scope="value", rule="openai-api-key", mark=mark, reason="an example"
    )["allowance"]
    assert kernel.run(code).ename == ""
    orchard.call("allow.remove", allowance=made["id"])
    assert kernel.run(code).ename == "SecretBlocked"


@pytest.mark.stands(reason="without a match the cell runs")
def test_with_a_locked_vault_cells_run_and_that_is_printed_once(orchard, kernel):
    orchard.call("lock")
    first = kernel.run(f"x = '{KNOWN}'")
    assert first.ename == ""
    assert first.text("stderr").count(OFF) == 1
    assert OFF not in kernel.run("x").text("stderr")


def test_a_broker_that_hangs_holds_up_one_cell_for_a_moment(orchard, kernel):
    assert kernel.run("1").ename == ""
    pid = orchard.welcome["pid"]
    os.kill(pid, signal.SIGSTOP)
    try:
        began = time.monotonic()
        cells = [kernel.run(f"{number}") for number in range(4)]
        assert time.monotonic() - began < 20
        assert [cell.ename for cell in cells] == [""] * 4
        assert "".join(cell.text("stderr") for cell in cells).count(OFF) == 1
    finally:
        os.kill(pid, signal.SIGCONT)


def test_where_nothing_is_stored_no_broker_is_started_and_nothing_is_printed(kernel, agent_home):
    cell = kernel.run("print(1)")
    assert (cell.text(), cell.text("stderr")) == ("1\n", "")
    assert not list(agent_home.glob("run/*.sock"))


def test_a_broker_that_is_gone_is_started_where_something_is_stored(orchard, kernel):
    os.kill(orchard.welcome["pid"], signal.SIGKILL)
    assert kernel.run(f"key = '{KNOWN}'").ename == "SecretBlocked"


def test_where_the_broker_ends_while_it_is_asked_the_next_one_answers(
    orchard, agent_home, monkeypatch
):
    judged, ended = known._judged, []

    def ends_first(client, text, findings):
        if not ended:
            ended.append(client.welcome["pid"])
            os.kill(ended[0], signal.SIGKILL)
        return judged(client, text, findings)

    monkeypatch.setattr(known, "_judged", ends_first)
    shell = SimpleNamespace(user_ns={}, events=None)  # nothing is printed in it
    (finding,) = known.KnownValues(shell).judged(f"key = '{KNOWN}'", [])
    assert ended == [orchard.welcome["pid"]]
    assert finding.label == "ORCHARD_KEY"


def test_a_kernel_may_ask_that_something_is_no_secret(orchard, kernel, canary, folders):
    code = f"len('{canary.value}')"
    thread = answer_next(folders, "once")
    # As a kernel could do it; there is no magic for it.
    kernel.run(
        "from jupyter_agent.kernel.identity import open_client\n"
        f"value = ''.join({list(canary.value)!r})\n"
        "with open_client(get_ipython()) as client:\n"
        "    client.call('allow.add', scope='value', rule='openai-api-key', value=value,"
        " reason='an example')"
    )
    thread.join()
    assert kernel.run(code).ename == ""
