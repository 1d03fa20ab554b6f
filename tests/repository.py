"""A real git repository in a folder of a test's own."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Repository:
    """Calls git in one work tree, with no configuration but its own.

    Attributes:
        top: The work tree.
    """

    top: Path

    @classmethod
    def make(cls, top: Path) -> Repository:
        """A new one, with nothing in it."""
        top.mkdir(parents=True, exist_ok=True)
        repository = cls(top)
        repository("init", "--quiet", "--initial-branch=main")
        repository("config", "user.name", "Somebody")
        repository("config", "user.email", "somebody@example.com")
        return repository

    def __call__(self, *words: str, fails: bool = False) -> bytes:
        """What git prints; with ``fails`` it must fail, and both its streams come back."""
        done = subprocess.run(
            ["git", *words],
            cwd=self.top,
            capture_output=True,
            check=False,
            env={**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull},
        )
        assert (done.returncode != 0) == fails, (words[0], done.stderr.decode(errors="replace"))
        return done.stdout + done.stderr if fails else done.stdout

    def write(self, name: str, content: str) -> Path:
        """A file in the work tree."""
        path = self.top / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
        return path
