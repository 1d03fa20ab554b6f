"""What reaches the disk holds no stored value, and what is allowed reaches it whole."""

from __future__ import annotations

import base64
import json
import os
import signal
import time

import nbformat
import pytest
from steps import save

from jupyter_agent import person as person_door
from jupyter_agent.folders import Folders

pytestmark = pytest.mark.one_server

# Words, as people choose them: no rule would mask it.
VALUE = "marmalade bicycle umbrella lighthouse tangerine violin quarry"


@pytest.fixture
def owner(agent_home, monkeypatch):
    """The owner of the vault, at a terminal."""
    monkeypatch.setenv("JUPYTER_AGENT_KEY_SOURCE", "file")
    with person_door.open_client(Folders.of()) as client:
        save(client, "ORCHARD_KEY", VALUE)
        yield client


def notebook(*sources, outputs=()):
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    cells[0]["outputs"] = list(outputs)
    return nbformat.v4.new_notebook(cells=cells, metadata={"note": sources[-1]})


@pytest.fixture
def put(jp_fetch, jp_root_dir):
    async def save_(content, path="a.ipynb", **model):
        body = json.dumps({"type": "notebook", "content": content, **model})
        await jp_fetch("api", "contents", path, method="PUT", body=body)
        return (jp_root_dir / path).read_text()

    return save_


async def test_a_stored_value_is_masked_by_its_label_wherever_it_stands(put, owner):
    coded = base64.b64encode(VALUE.encode()).decode()
    shown = nbformat.v4.new_output("stream", text=f"<{VALUE}>\n<{coded}>\n")
    content = notebook("a = 1", f"open('{VALUE}')", outputs=[shown])
    text = await put(content)
    assert VALUE not in text
    assert coded not in text
    saved = nbformat.reads(text, 4)
    assert saved.cells[1].source == "open('[secret:ORCHARD_KEY]')"
    assert saved.metadata["note"] == "open('[secret:ORCHARD_KEY]')"
    raw, in_base64 = saved.cells[0].outputs[0].text.splitlines()
    assert raw == "<[secret:ORCHARD_KEY]>"
    assert in_base64.startswith(
        "<[secret:ORCHARD_KEY]"
    )  # the end of base64 depends on what follows
    exposed = owner.call("secret.show", label="ORCHARD_KEY")["secret"]["exposed"]
    assert {(seen["where"], seen["notebook"]) for seen in exposed} == {
        ("cell", "a.ipynb"),
        ("output", "a.ipynb"),
    }


async def test_a_notebook_saved_as_a_text_file_is_masked_too(put, owner):
    content = json.dumps(notebook(f"x = '{VALUE}'"))
    text = await put(content, type="file", format="text")
    assert VALUE not in text
    assert "[secret:ORCHARD_KEY]" in text


@pytest.mark.stands(reason="it was let through, or nobody could know it")
async def test_a_value_stored_later_is_masked_at_the_next_save(put, owner):
    later = "pendulum walnut harbour"
    content = notebook("a = 1", f"open('{later}')")
    assert later in await put(content)
    assert later in await put(content)
    save(owner, "LATER", later)
    assert later not in await put(content)


@pytest.mark.stands(reason="it was let through, or nobody could know it")
async def test_the_first_value_that_is_ever_stored_is_masked_at_the_next_save(
    put, agent_home, monkeypatch, canary
):
    content = notebook(f"token = '{canary.value}'", f"open('{VALUE}')")
    assert VALUE in await put(content)  # there is no vault, whose owner could have allowed it
    monkeypatch.setenv("JUPYTER_AGENT_KEY_SOURCE", "file")
    with person_door.open_client(Folders.of()) as client:
        save(client, "ORCHARD_KEY", VALUE)
    assert VALUE not in await put(content)


async def test_thousands_of_matches_are_all_masked(put, owner):
    text = await put(notebook("\n".join([f"x = '{VALUE}'"] * 2500)))
    assert VALUE not in text
    assert text.count("[secret:ORCHARD_KEY]") >= 2500


async def test_what_is_allowed_is_saved_whole_until_it_is_taken_back(put, owner, canary):
    content = notebook(f"token = '{canary.value}'")
    assert canary.value not in await put(content)
    checked = owner.call(
        "allow.check", findings=[{"rule": "anthropic-api-key", "value": canary.value}]
    )
    fields = {"mark": checked["marks"][0], "rule": "anthropic-api-key", "reason": "an example"}
    made = owner.call("allow.add", scope="value", **fields)["allowance"]
    assert canary.value in await put(content)
    owner.call("allow.remove", allowance=made["id"])
    assert canary.value not in await put(content)


async def test_once_is_for_a_run_and_not_used_up_by_a_save(put, owner, canary):
    findings = [{"rule": "anthropic-api-key", "value": canary.value}]
    (mark,) = owner.call("allow.check", findings=findings)["marks"]
    fields = {"mark": mark, "rule": "anthropic-api-key", "reason": "an example"}
    owner.call("allow.add", scope="once", **fields)
    text = await put(notebook(f"token = '{canary.value}'"))
    assert canary.value not in text  # as the box says: a run is not a file
    assert len(owner.call("allow.list")["allowances"]) == 1


@pytest.mark.stands(reason="it was let through, or nobody could know it")
async def test_with_a_locked_vault_the_rules_mask_and_the_save_is_done(
    put, owner, canary, everything_logged
):
    owner.call("lock")
    text = await put(notebook(f"x = '{canary.value}'", f"y = '{VALUE}'"))
    assert canary.value not in text
    assert VALUE in text
    await put(notebook("x = 2"))
    assert everything_logged().count(b"Saved without exact match") == 1


@pytest.mark.one_server(shared=False)
async def test_a_broker_that_hangs_makes_no_save_hang(put, owner):
    await put(notebook("x = 1"))
    pid = owner.welcome["pid"]
    os.kill(pid, signal.SIGSTOP)
    try:
        began = time.monotonic()
        for number in range(3):
            await put(notebook(f"x = {number}"))
        assert time.monotonic() - began < 20  # it waits once, not each time
    finally:
        os.kill(pid, signal.SIGCONT)


@pytest.mark.one_server(shared=False)
async def test_without_a_vault_no_broker_is_started_for_a_save(put, agent_home):
    await put(notebook("x = 1"))
    assert not list(agent_home.glob("run/*.sock"))
