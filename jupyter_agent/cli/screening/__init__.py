"""The parts of ``jupyter agent screen``; the command itself is ``jupyter_agent.cli.screen``.

What the command's help names stands here, because ``--help`` must be quick.
"""

from __future__ import annotations

from typing import Final

CLAUDE_CODE: Final = "claude-code"
CODEX: Final = "codex"
HOSTS: Final = (CLAUDE_CODE, CODEX)
"""Coding agents whose hooks are answered."""

FILTER: Final = "filter"
PRE_COMMIT: Final = "pre-commit"
EVERYTHING: Final = "all"
INSTALLED: Final = (EVERYTHING, FILTER, PRE_COMMIT)
"""What a git repository can be given."""
