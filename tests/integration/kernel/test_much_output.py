"""A cell shows so much; the whole goes into a file, and what is too short to scrub is withheld."""

from __future__ import annotations

import os

import pytest
from steps import save

from jupyter_agent.client import Client

VALUE = "correct-horse-battery-staple-42"


@pytest.fixture
def granted(person: Client) -> Client:
    for label, value in (("LONG_TOKEN", VALUE), ("DOOR_PIN", "4711")):
        save(person, label, value)
        person.call("grant.add", label=label, any_command=True)
    return person


def test_a_flood_ends_at_the_stated_size_with_a_note_and_its_last_lines(kernel):
    cell = kernel.run("%%agent_run\nseq 1 200000; echo the end")
    shown = cell.text()
    assert shown.startswith("1\n2\n3\n")
    assert shown.splitlines()[9_999] == "10000"
    assert shown.endswith("199999\n200000\nthe end\n")
    assert len(shown.splitlines()) == 10_020
    (note,) = [data["text/plain"] for data in cell.data]
    assert "190,001 lines more" in note
    assert "--save FILE" in note


def test_a_line_without_an_end_stops_there_too(kernel):
    cell = kernel.run("%%agent_run\nhead -c 10000000 /dev/zero | tr '\\0' x")
    assert 1_000_000 <= len(cell.text()) <= 1_004_000


def test_the_whole_is_saved_scrubbed_private_and_never_over_another_file(kernel, granted, tmp_path):
    file = tmp_path / "all of it.log"
    line = f"%%agent_run -s LONG_TOKEN --save '{file}'\n"
    kernel.run(line + 'echo "$LONG_TOKEN"; seq 1 20000; echo err >&2')
    text = file.read_text()
    assert text.startswith("[secret:LONG_TOKEN]\n1\n2\n")
    assert "\n20000\n" in text
    assert "err\n" in text
    assert file.stat().st_mode & 0o777 == 0o600
    again = kernel.run(line + "echo other")
    assert again.ename == "RequestInvalid"
    assert file.read_text() == text
    assert kernel.run(line.replace("\n", " --overwrite\n") + "echo other").ename == ""
    assert file.read_text() == "other\n"


def test_a_run_that_is_not_permitted_leaves_no_file(kernel, person, tmp_path):
    save(person, "LONG_TOKEN", VALUE)
    file = tmp_path / "none"
    assert kernel.run(f"%%agent_run -s LONG_TOKEN --save {file}\ntrue").ename == "GrantRequired"
    assert not file.exists()


def test_a_run_that_is_not_permitted_leaves_the_file_as_it_was(kernel, person, tmp_path):
    save(person, "LONG_TOKEN", VALUE)
    file = tmp_path / "before"
    file.write_text("what the last run has printed\n")
    refused = kernel.run(f"%%agent_run -s LONG_TOKEN --save {file} --overwrite\ntrue")
    assert refused.ename == "GrantRequired"
    assert file.read_text() == "what the last run has printed\n"
    assert kernel.run(f"%%agent_run --save {file} --overwrite\ntrue").ename == ""
    assert file.read_text() == ""


def test_a_pipe_that_nobody_reads_is_no_file_to_save_in(kernel, tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    cell = kernel.run(f"%%agent_run --save {pipe} --overwrite\necho ran")
    assert (cell.ename, cell.text()) == ("RequestInvalid", "")


def test_output_that_is_withheld_is_not_called_bad_json(kernel, granted):
    cell = kernel.run("%%agent_run -s DOOR_PIN --json found\necho '{}'")
    assert cell.ename == "RunError"
    assert "not shown, so found was not bound" in cell.shown_error
    assert "--show-output" in cell.shown_error
    cell = kernel.run("%%agent_run -s DOOR_PIN --show-output --json found\necho '{}'")
    assert (cell.ename, kernel.value("found")) == ("", "{}")


def test_output_beside_a_short_value_is_withheld_unless_one_says_otherwise(kernel, granted):
    script = 'printf %s "$DOOR_PIN" | base64; echo "pin $DOOR_PIN"; exit 3'
    cell = kernel.run(f"%%agent_run -s DOOR_PIN --no-raise\n{script}")
    assert cell.text() == ""
    (note,) = [data["text/plain"] for data in cell.data if "not shown" in data["text/plain"]]
    assert "DOOR_PIN is too short" in note
    assert "(" + str(len("NDcxMQ==\npin [secret:DOOR_PIN]\n")) + " + 0 bytes)" in note
    assert kernel.value("_exit_code") == "3"
    shown = kernel.run(f"%%agent_run -s DOOR_PIN --no-raise --show-output\n{script}")
    assert shown.text() == "NDcxMQ==\npin [secret:DOOR_PIN]\n"


def test_every_way_out_of_a_run_is_scrubbed(kernel, granted):
    both = 'echo "$LONG_TOKEN"; echo "$LONG_TOKEN" >&2; exit 1'
    cell = kernel.run(f"%%agent_run -s LONG_TOKEN --out o --err e --no-raise\n{both}")
    assert kernel.value("o") == "'[secret:LONG_TOKEN]\\n'"
    assert kernel.value("e") == "'[secret:LONG_TOKEN]\\n'"
    script = """printf '{"t": "%s"}' "$LONG_TOKEN" """
    kernel.run(f"%%agent_run -s LONG_TOKEN --json j\n{script}")
    assert kernel.value("j") == "{'t': '[secret:LONG_TOKEN]'}"
    cell = kernel.run(f"%%agent_run -s LONG_TOKEN\n{both}")
    assert cell.text() == cell.text("stderr") == "[secret:LONG_TOKEN]\n"
    assert VALUE not in str(cell.messages)
    for event in granted.call("audit.read")["events"]:
        assert VALUE not in str(event)
