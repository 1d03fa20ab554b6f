"""A process's memory as root reads it, and how often a value stands in it."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from pathlib import Path

from canary import Canary

_STEP = 16 * 1024 * 1024


def copies(pid: int, value: bytes) -> dict[str, int]:
    """How often a value stands in a process's memory: as it is, in hex, in base64.

    Freed memory counts as well: nobody wipes it.

    Args:
        pid: A process that this one may read, which of ours only root may.
        value: At least 12 bytes.

    Raises:
        PermissionError: It may not be read.
        AssertionError: Nothing could be read; a search that looks nowhere proves nothing.
    """
    wanted = {
        "raw": [value],
        "hex": [value.hex().encode(), value.hex().upper().encode()],
        # Behind 0, 1 or 2 other bytes; what depends on the neighbours is cut off.
        "base64": [base64.b64encode(bytes(n) + value)[-(-n * 4 // 3) : -4] for n in range(3)],
    }
    found, size = dict.fromkeys(wanted, 0), 0
    for region in _regions(pid):
        size += len(region)
        for form, patterns in wanted.items():
            found[form] += sum(map(region.count, patterns))
    assert size > 2**20, "nothing was read"
    return found


def _regions(pid: int) -> Iterator[bytes]:
    maps = Path(f"/proc/{pid}/maps").read_text(encoding="utf-8", errors="replace")
    with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as memory:
        for line in maps.splitlines():
            match = re.match(r"([0-9a-f]+)-([0-9a-f]+) r", line)
            if match is None or line.endswith(("[vvar]", "[vsyscall]")):
                continue
            start, end = (int(each, 16) for each in match.groups())
            region = b""
            try:
                memory.seek(start)
                while len(region) < end - start:
                    piece = memory.read(min(_STEP, end - start - len(region)))
                    if not piece:
                        break
                    region += piece
            except OSError:
                pass  # a device, or gone meanwhile
            yield region


def forms_in_memory(pid: int, canary: Canary) -> list[str]:
    """Names of all forms in which a value stands in a process's memory."""
    found: set[str] = set()
    for region in _regions(pid):
        found.update(canary.found_in(region))
    return sorted(found)
