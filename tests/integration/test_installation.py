"""What `pip install` leaves in a Jupyter environment is all there and enabled."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import jupyter_agent

DISTRIBUTION = "jupyter-agent-secrets"


def jupyter(*words: str) -> str:
    """What `jupyter …` says, colours taken out."""
    done = subprocess.run(
        [sys.executable, "-m", "jupyter", *words],
        check=True,
        capture_output=True,
        text=True,
    )
    return re.sub(r"\x1b\[[0-9;]*m", "", done.stdout + done.stderr)


def test_the_server_extension_is_enabled_and_valid() -> None:
    said = jupyter("server", "extension", "list")
    assert re.search(r"jupyter_agent +enabled", said)
    assert re.search(rf"jupyter_agent {re.escape(jupyter_agent.__version__)} +.*OK", said)


def test_the_browser_extension_is_enabled_and_of_this_version() -> None:
    said = jupyter("labextension", "list")
    version = re.escape(jupyter_agent.__version__)
    assert re.search(rf"jupyter-agent v{version} +.*enabled.*OK", said)


def test_jupyter_has_the_command() -> None:
    assert jupyter("agent", "--version").strip() == f"jupyter-agent {jupyter_agent.__version__}"


def test_the_browser_extension_says_which_package_brought_it() -> None:
    files = metadata.files(DISTRIBUTION) or []
    told = [path for path in files if path.name == "install.json"]
    assert len(told) == 1
    content = json.loads(Path(str(told[0].locate())).read_text())
    assert content["packageName"] == DISTRIBUTION


def test_the_package_brings_its_rules_its_licence_and_the_entry_form_and_no_tests() -> None:
    names = {str(path) for path in metadata.files(DISTRIBUTION) or []}
    assert "jupyter_agent/kernel/entry.js" in names
    assert any(re.fullmatch(r"jupyter_agent/screen/rules/\w+\.toml", name) for name in names)
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert "jupyter_agent/py.typed" in names
    assert not [name for name in names if re.match(r"(tests|docs|labextension|notebooks)/", name)]
