"""Configurations of the programs that speak MCP: written twice, read back, taken out again."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest

from jupyter_agent.cli.mcp_programs import PROGRAMS, SERVER, Entry, Program
from jupyter_agent.errors import RequestInvalid

ENTRY = Entry("/opt/my tools/jupyter-agent", ("mcp", "--agent", "x"), {"JUPYTER_AGENT_HOME": "/h"})
OTHERS = {
    "json": '{\n  "theme": "dark",\n  "%s": {\n    "other": {\n      "a": "ü"\n    }\n  }\n}\n',
    "toml": '# mine\nmodel = "x"  # the best\n\n[%s.other]\ncommand = "y"\n',
}


def kind(program: Program) -> str:
    return "toml" if program.usual.endswith("toml") else "json"


def servers(program: Program, path: Path) -> dict:
    read = tomllib.loads if kind(program) == "toml" else json.loads
    return read(path.read_text())[program.key]


@pytest.mark.parametrize("program", PROGRAMS.values(), ids=PROGRAMS)
def test_each_program_is_set_up_once_and_left_as_it_was(program, tmp_path):
    path = tmp_path / "new folder" / "settings"
    program.write(path, ENTRY)
    once = path.read_text()
    program.write(path, ENTRY)
    assert path.read_text() == once
    ours = servers(program, path)[SERVER]
    assert (ours["command"], ours["args"][-1]) == (ENTRY.command, "x")
    assert ours["env"] == ENTRY.env
    assert program.agent_in(path) == "x"
    before = OTHERS[kind(program)] % program.key
    path.write_text(before)
    program.write(path, ENTRY)
    program.write(path, ENTRY)
    assert set(servers(program, path)) == {"other", SERVER}
    assert program.remove(path)
    assert not program.remove(path)
    assert path.read_text().rstrip() == before.rstrip()  # also comments, where the form has them


@pytest.mark.parametrize("program", PROGRAMS.values(), ids=PROGRAMS)
def test_what_could_be_lost_is_not_written_over(program, tmp_path):
    path = tmp_path / "settings"
    for text in ("{ /* no end\n}", "[[", f"{program.key} = 1\n", f'{{"{program.key}": []}}'):
        path.write_text(text)
        with pytest.raises(RequestInvalid):
            program.check(path)
        with pytest.raises(RequestInvalid):
            program.write(path, ENTRY)
        assert path.read_text() == text
