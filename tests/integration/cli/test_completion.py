"""Tab completes commands, options, choices and labels, in the shells themselves."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

_BASH = """
eval "$(jupyter-agent completion bash)"
COMP_LINE="$1" COMP_POINT=${#1} COMP_TYPE=9
complete_with=$(complete -p "${1%% *}" | sed 's/.*-F \\([^ ]*\\).*/\\1/')
"$complete_with" "${1%% *}"
printf '%s\\n' "${COMPREPLY[@]}"
"""
_FISH = 'jupyter-agent completion fish | source; complete -C "$argv[1]"'
_ZSH = """
autoload -U compinit && compinit -u -d "$HOME/dump" && eval "$(jupyter-agent completion zsh)"
print -l "$_comps[jupyter]" "$_comps[jupyter-agent]"
"""


def in_shell(*argv: str) -> list[str]:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        argv, env=os.environ | {"PATH": path}, capture_output=True, timeout=60, check=True
    )
    return done.stdout.decode().split()


def in_bash(typed: str) -> list[str]:
    return in_shell("bash", "--norc", "-c", _BASH, "bash", typed)


@pytest.mark.usefixtures("saved")
def test_bash_completes_labels_commands_options_and_choices() -> None:
    assert in_bash("jupyter-agent secret show DEM") == ["DEMO_TOKEN"]
    assert in_bash("jupyter agent secret show DEM") == ["DEMO_TOKEN"]
    assert "DEMO_TOKEN" in in_bash("jupyter-agent run -s TOKEN=D")[0]
    assert sorted(in_bash("jupyter agent secret re")) == ["remove", "rename", "replace"]
    assert in_bash("jupyter-agent screen --sar") == ["--sarif"]
    assert in_bash("jupyter-agent egress DEM") == ["DEMO_TOKEN"]
    assert in_bash("jupyter-agent egress KEY --service opena") == ["openai"]
    assert in_bash("jupyter-agent egress KEY --postg") == ["--postgres"]
    tiers = {"file", "hardware", "os-keyring", "provided"}
    assert set(in_bash("jupyter-agent vault move ")) == tiers
    assert in_bash("jupyter-agent mcp install cla") == ["claude-code", "claude-desktop"]
    assert in_bash("jupyter-agent screen --hook c") == ["claude-code", "codex"]
    assert "kernel" in in_bash("jupyter-agent grant DEMO_TOKEN --who ke")[0]


def test_a_tab_starts_no_broker_and_offers_no_file_where_a_time_belongs(agent_home: Path) -> None:
    assert in_bash("jupyter-agent secret show ") == []
    assert in_bash("jupyter-agent grant DEMO_TOKEN --until ") == []
    assert not (agent_home / "run").exists() or not any((agent_home / "run").iterdir())


@pytest.mark.usefixtures("saved")
def test_fish_and_zsh_complete_too() -> None:
    assert in_shell("fish", "-N", "-c", _FISH, "jupyter-agent secret show DEM") == ["DEMO_TOKEN"]
    assert in_shell("zsh", "-f", "-c", _ZSH) == ["_python_argcomplete"] * 2
