"""What ``jupyter agent doctor`` says of Jupyter AI, in an environment that has it."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

from jupyter_ai_environment import Environment

_SAID = """
import json
from jupyter_agent.cli.chats import chats
print(json.dumps({check["id"]: check for check in chats()}))
"""


def run(environment: Environment, script: str, home: Path, **more: str) -> str:
    """Run a script as whoever works in that environment."""
    python, variables = environment
    plain = {n: v for n, v in os.environ.items() if not n.startswith(("JUPYTER", "XDG_"))}
    done = subprocess.run(
        [str(python), "-P", "-c", script],
        env={**plain, **variables, "HOME": str(home), **more},
        cwd=home,
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout


def doctor(environment: Environment, home: Path, settings: dict[str, Any]) -> dict[str, Any]:
    """What doctor says, by check, for a person with these settings of Jupyter's server."""
    folder = home / "config"
    folder.mkdir(exist_ok=True)
    (folder / "jupyter_server_config.json").write_text(json.dumps(settings))
    # A virtual environment's own settings count more than a person's, unless one says otherwise.
    said: dict[str, Any] = json.loads(
        run(environment, _SAID, home, JUPYTER_CONFIG_DIR=str(folder), JUPYTER_PREFER_ENV_PATH="0")
    )
    return said
