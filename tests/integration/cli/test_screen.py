"""``jupyter agent screen``: places of secrets, never the secrets."""

from __future__ import annotations

import json
import os
import random
import string

import pytest
from canary import Canary

_TOKEN_CHARACTERS = string.ascii_letters + string.digits


@pytest.fixture
def token() -> Canary:
    """Shaped like a vendor's token; put together here, so that none stands in the repository."""
    rng = random.Random(7)
    return Canary("ghp" + "_" + "".join(rng.choices(_TOKEN_CHARACTERS, k=36)))


def test_a_clean_text_is_clean(cli):
    done = cli("screen", "-", stdin=b"print('hello')\n")
    assert (done.code, done.out) == (0, b"")


def test_a_finding_has_a_place_a_title_and_a_preview(cli, token):
    (cli.cwd / "setup.py").write_text(f"import os\n\nTOKEN = '{token.value}'\n")
    done = cli("screen", "setup.py")
    assert done.code == 2
    assert done.out.decode().startswith("setup.py:3:10 GitHub")
    assert done.out.decode().endswith("••••••••\n")
    assert token.found_in(done.out + done.err) == []


def test_stdin_is_screened_when_nothing_is_named(cli, token):
    done = cli("screen", "--json", stdin=f"é {token.value}".encode())
    assert done.code == 2
    assert done.json["format"] == 1
    (finding,) = done.json["findings"]
    assert (finding["path"], finding["line"], finding["column"]) == ("stdin", 1, 3)
    assert (finding["start"], finding["end"]) == (2, 2 + len(token.value))
    assert finding["kind"] == "access-token"
    assert token.found_in(done.out + done.err) == []


def test_folders_are_walked_without_the_history_of_version_control(cli, token):
    for name in ("src", ".git"):
        (cli.cwd / name).mkdir()
        (cli.cwd / name / "notes.txt").write_text(token.value)
    (cli.cwd / "src" / "picture").write_bytes(b"\0" + token.value.encode())
    os.mkfifo(cli.cwd / "src" / "pipe")
    done = cli("screen", ".", "--json")
    assert [finding["path"] for finding in done.json["findings"]] == ["./src/notes.txt"]
    assert (done.json["screened"], done.json["passed_over"]) == (1, 1)
    assert cli("screen", "src/picture").code == 2


def test_a_notebook_is_screened_by_cell(cli, token):
    cells = [
        {"cell_type": "markdown", "source": ["# A tour\n"], "metadata": {}},
        {
            "cell_type": "code",
            "source": ["import os\n", f"t = '{token.value}'\n"],
            "metadata": {},
            "outputs": [{"output_type": "stream", "name": "stdout", "text": [token.value]}],
        },
    ]
    notebook = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    (cli.cwd / "tour.ipynb").write_text(json.dumps(notebook))
    done = cli("screen", "tour.ipynb", "--json")
    places = [(f["cell"], f["part"], f["line"], f["column"]) for f in done.json["findings"]]
    assert places == [(2, "source", 2, 6), (2, "output", 1, 1)]
    assert b"tour.ipynb:cell 2 source:2:6 " in cli("screen", "tour.ipynb").out


def test_what_can_not_be_read_is_not_called_clean(cli):
    done = cli("screen", "no-such-file", "--json")
    assert done.code == 1
    assert done.json["failures"][0]["path"] == "no-such-file"
    assert b"no-such-file" in cli("screen", "no-such-file").err


def test_findings_count_more_than_failures(cli, token):
    assert cli("screen", "no-such-file", "-", stdin=token.value.encode()).code == 2
