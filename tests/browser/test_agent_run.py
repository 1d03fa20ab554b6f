"""`%%agent_run` in JupyterLab: a person is asked, the output streams scrubbed, ■ ends it all."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from canary import Canary
from echo_service import echo_service
from lab import Lab
from notebook_page import NotebookPage
from playwright.sync_api import expect
from steps import save

SECONDS_TO_STOP = 2.0


@pytest.fixture
def port(lab: Lab, canary: Canary) -> Iterator[int]:
    """A service that knows the canary, which is stored as DEMO_TOKEN."""
    with lab.person() as person:
        save(person, "DEMO_TOKEN", canary.value)
    with echo_service(canary.value) as port:
        yield port


def curl(port: int) -> str:
    return (
        "%%agent_run -s DEMO_TOKEN\n"
        f'curl -s -H "Authorization: Bearer $DEMO_TOKEN" http://127.0.0.1:{port}/me'
    )


def test_the_first_run_asks_and_allow_once_asks_again(
    lab: Lab, notebook: NotebookPage, port: int
) -> None:
    lab.notebook("once.ipynb", curl(port))
    notebook.open("once.ipynb")
    for _ in range(2):
        notebook.run(0)
        expect(notebook.approval).to_contain_text("May this script use DEMO_TOKEN?")
        expect(notebook.approval).to_contain_text("once.ipynb")
        expect(notebook.approval.locator(".ja-approval-script")).to_contain_text("curl -s")
        expect(notebook.approval).to_contain_text("/usr/bin/curl")
        notebook.answer("once")
        expect(notebook.output(0)).to_contain_text("you are Bearer [secret:DEMO_TOKEN]")


def test_allowing_a_script_covers_exactly_that_script(
    lab: Lab, notebook: NotebookPage, port: int
) -> None:
    lab.notebook("always.ipynb", curl(port), curl(port) + "x")
    notebook.open("always.ipynb")
    notebook.run(0)
    notebook.answer("always")
    said = notebook.output(0)
    expect(said).to_contain_text("[secret:DEMO_TOKEN]")
    notebook.command("notebook:clear-all-cell-outputs")
    notebook.run(0)
    expect(said).to_contain_text("[secret:DEMO_TOKEN]")
    expect(notebook.approval).to_have_count(0)

    notebook.run(1)
    expect(notebook.approval).to_contain_text("May this script use DEMO_TOKEN?")
    notebook.answer("deny")
    expect(notebook.output(1)).to_contain_text("GrantDenied")


def test_a_denied_run_does_not_happen(lab: Lab, notebook: NotebookPage, port: int) -> None:
    witness = lab.root / "witness"
    lab.notebook("deny.ipynb", f"%%agent_run -s DEMO_TOKEN\ntouch '{witness}'")
    notebook.open("deny.ipynb")
    notebook.run(0)
    notebook.answer("deny")
    expect(notebook.output(0)).to_contain_text("GrantDenied")
    assert not witness.exists()


def test_the_service_says_401_without_the_token(
    lab: Lab, notebook: NotebookPage, port: int
) -> None:
    lab.notebook("without.ipynb", f"!curl -s -i http://127.0.0.1:{port}/me | head -n 1")
    notebook.open("without.ipynb")
    notebook.run(0)
    expect(notebook.output(0)).to_contain_text("401")


def test_stop_ends_the_whole_process_tree_within_two_seconds(
    lab: Lab, notebook: NotebookPage, port: int
) -> None:
    pids = lab.root / "pids"
    script = (
        "%%agent_run -s DEMO_TOKEN\n"
        # A child that left the session and ignores INT and TERM, and one that stayed.
        f"""setsid bash -c 'trap "" INT TERM; echo $$ >> "{pids}"; while :; do sleep 1; done' &\n"""
        f'echo $$ >> "{pids}"\n'
        "echo started\n"
        "sleep 600"
    )
    lab.notebook("stop.ipynb", script)
    notebook.open("stop.ipynb")
    notebook.run(0)
    notebook.answer("once")
    expect(notebook.output(0)).to_contain_text("started")
    started = [Path("/proc") / pid for pid in _lines(pids, 2)]

    pressed = time.monotonic()
    notebook.interrupt()
    while any(process.exists() for process in started):
        assert time.monotonic() - pressed < SECONDS_TO_STOP + 1, "a process of the run is left"
        time.sleep(0.02)
    took = time.monotonic() - pressed
    assert took < SECONDS_TO_STOP + 0.5  # the click itself takes part of it
    expect(notebook.output(0)).to_contain_text("KeyboardInterrupt")


def _lines(path: Path, count: int) -> list[str]:
    deadline = time.monotonic() + 10
    while True:
        lines = path.read_text().split() if path.exists() else []
        if len(lines) >= count:
            return lines
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_an_unknown_label_says_what_there_is_and_how_to_add_it(
    lab: Lab, notebook: NotebookPage, port: int
) -> None:
    lab.notebook("unknown.ipynb", "%%agent_run -s OTHER\ntrue")
    notebook.open("unknown.ipynb")
    notebook.run(0)
    output = notebook.output(0)
    expect(output).to_contain_text("No secret is stored under OTHER.")
    expect(output).to_contain_text("DEMO_TOKEN")
    expect(output).to_contain_text("%secret set OTHER")


def test_output_streams_while_the_command_runs(lab: Lab, notebook: NotebookPage, port: int) -> None:
    gate = lab.root / "gate"
    script = (
        "%%agent_run -s DEMO_TOKEN\n"
        f"echo first\nuntil [ -e '{gate}' ]; do sleep 0.05; done\necho second"
    )
    lab.notebook("stream.ipynb", script)
    notebook.open("stream.ipynb")
    notebook.run(0)
    notebook.answer("once")
    expect(notebook.output(0)).to_contain_text("first")
    expect(notebook.output(0)).not_to_contain_text(re.compile("second"))
    gate.touch()
    expect(notebook.output(0)).to_contain_text("second")
