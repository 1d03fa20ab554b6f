"""A TPM 2.0 in software, each with seeds of its own."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def software_tpm(folder: Path) -> Iterator[str]:
    """How tools reach the chip (their ``--tcti``), as long as the block lasts.

    Args:
        folder: The chip's memory; a second start with the same folder is the same chip. Its path
            must be short, because a socket lies in it.
    """
    folder.mkdir(exist_ok=True)
    socket = folder / "tpm"
    process = subprocess.Popen(
        [
            *("swtpm", "socket", "--tpm2", "--tpmstate", f"dir={folder}"),
            *("--server", f"type=unixio,path={socket}"),
            *("--ctrl", f"type=unixio,path={socket}.ctrl"),
            *("--flags", "not-need-init,startup-clear"),
        ],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + 20
        while not socket.exists():
            assert process.poll() is None, "swtpm did not start (package: swtpm)"
            assert time.monotonic() < deadline
            time.sleep(0.01)
        yield f"swtpm:path={socket}"
    finally:
        process.terminate()
        process.wait(timeout=20)
        socket.unlink(missing_ok=True)
