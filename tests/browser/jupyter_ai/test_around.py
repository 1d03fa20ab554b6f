"""Around a chat: an environment that resolves, what doctor says, and the tools of personas."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from jupyter_ai_doctor import doctor, run
from jupyter_ai_environment import Environment

_EXTRAS = """
import importlib.metadata as metadata
from packaging.requirements import Requirement
ours = metadata.distribution("jupyter-agent-secrets")
for line in ours.requires:
    needed = Requirement(line)
    wanted = any(
        needed.marker is None or needed.marker.evaluate({"extra": extra})
        for extra in ["", *ours.metadata.get_all("Provides-Extra")]
    )
    if wanted and not needed.specifier.contains(metadata.version(needed.name), prereleases=True):
        print(line, metadata.version(needed.name))
print(metadata.version("jupyter-ai"), metadata.version("mcp"))
"""


def test_jupyter_ai_resolves_beside_every_extra_of_ours(
    jupyter_ai: Environment, tmp_path: Path
) -> None:
    *broken, versions = run(jupyter_ai, _EXTRAS, tmp_path).splitlines()
    assert broken == []
    assert versions.startswith("3.2.")
    assert versions.split()[1].startswith("1.")
    pip = [sys.executable, "-m", "pip", "--python", str(jupyter_ai[0]), "check"]
    said = subprocess.run(pip, check=False, capture_output=True, text=True)
    assert said.stdout == "No broken requirements found.\n"


def test_doctor_says_which_layers_are_active(jupyter_ai: Environment, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("")
    said = doctor(jupyter_ai, tmp_path, {})
    assert {name: check["state"] for name, check in said.items()} == {
        "chat-page": "ok",
        "chat-server": "ok",
        "chat-mcp": "warn",
        "chat-env": "warn",
    }
    assert "3001" in said["chat-mcp"]["message"]
    assert "jupyter agent secret import" in said["chat-env"]["hint"]

    off = {"ServerApp": {"jpserver_extensions": {"jupyter_server_mcp": False}}}
    assert "chat-mcp" not in doctor(jupyter_ai, tmp_path, off)


def test_a_persona_reads_the_entry_of_the_docs(jupyter_ai: Environment, tmp_path: Path) -> None:
    page = (Path(__file__).parents[3] / "docs/mcp.md").read_text()
    entry = page.partition("```json\n")[2].partition("```")[0]
    script = (
        "from jupyter_ai_persona_manager.mcp_server_models import McpSettings, McpServerStdio\n"
        f"(server,) = McpSettings(**{json.loads(entry)!r}).mcp_servers\n"
        "assert isinstance(server, McpServerStdio)\n"
        "print(server.command, *server.args)"
    )
    assert run(jupyter_ai, script, tmp_path) == "jupyter-agent mcp --agent jupyter-ai\n"
