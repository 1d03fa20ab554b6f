"""What the processes above a run call themselves in ``ps``; the broker knows them by it."""

from __future__ import annotations

from typing import Final

KEEPER: Final = "jupyter_agent.keeper"
RUNNER: Final = "jupyter_agent.runner"
