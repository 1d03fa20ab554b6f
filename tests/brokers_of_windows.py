"""Brokers that a test on Windows has started."""

from __future__ import annotations

from pathlib import Path

import psutil


def of(home: Path) -> list[psutil.Process]:
    """Those whose folders lie below ``home``."""
    found = []
    for process in psutil.process_iter():
        try:
            words = process.cmdline()
        except (psutil.Error, OSError):
            continue
        if "jupyter_agent.broker" in words and any(str(home) in word for word in words):
            found.append(process)
    return found


def end(home: Path) -> None:
    """End them, the way a crash would."""
    ended = of(home)
    for process in ended:
        process.kill()
    psutil.wait_procs(ended, timeout=30)
