"""Which machine this is, so that a moved copy of the store fails.

The identity is no secret and gives no strength: that comes from the key source. It is hashed with a
constant of ours before it is used (``seal.machine_hash``) and never stored.
"""

from __future__ import annotations

import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_MACHINE_ID: Final = re.compile(rb"[0-9a-f]{32}\n?")
_CONTAINER_MARKS: Final = (
    "/.dockerenv",
    "/run/.containerenv",
    "/run/systemd/container",
    "/run/secrets/kubernetes.io",
    "/var/run/secrets/kubernetes.io",
)
_CONTAINER_GROUPS: Final = re.compile(r"docker|kubepods|containerd|libpod|/lxc[/.]")


@dataclass(frozen=True, slots=True)
class Machine:
    """One machine, as far as the vault has to know it.

    Attributes:
        identity: Stays the same as long as the machine does; empty where it has none.
        container: Whether files written here are likely to go away with the machine.
    """

    identity: bytes
    container: bool


def this_machine(root: Path = Path("/")) -> Machine:
    """Look at the machine we run on.

    Args:
        root: Where its files lie; another one only in tests.
    """
    # macOS and Windows: not run by anyone yet (docs/vault-format.md).
    if sys.platform == "darwin":
        return Machine(_macos_identity(), container=False)
    if sys.platform == "win32":
        return Machine(_windows_identity(), container=False)
    return Machine(_linux_identity(root), container=_in_container(root))


def _linux_identity(root: Path) -> bytes:
    """``/etc/machine-id``, or nothing.

    Containers often have none, or an empty one. Their own ids change with every new container, so
    they are no substitute; the store is then bound by its key source alone.
    """
    try:
        text = (root / "etc/machine-id").read_bytes()
    except OSError:
        return b""
    # "uninitialized" and all zeros are what an image holds before its first boot.
    return text.strip() if _MACHINE_ID.fullmatch(text) and text.strip(b"0\n") else b""


def _in_container(root: Path) -> bool:
    # `os.path`: /run/secrets may be closed to us, which says nothing and must not be an error.
    if any(os.path.exists(root / mark.lstrip("/")) for mark in _CONTAINER_MARKS):  # noqa: PTH110
        return True
    try:
        groups = (root / "proc/1/cgroup").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return _CONTAINER_GROUPS.search(groups) is not None


def _macos_identity() -> bytes:
    """The hardware's UUID, which stays through reinstalls and does not move with a migration."""
    import plistlib  # noqa: PLC0415  (never needed elsewhere)

    from jupyter_agent import spawn  # noqa: PLC0415

    ioreg = ["/usr/sbin/ioreg", "-a", "-rd1", "-c", "IOPlatformExpertDevice"]
    result = spawn.run_helper(ioreg, stdin=b"", timeout=10, env=spawn.fixed_environment())
    uuid = plistlib.loads(result.stdout)[0]["IOPlatformUUID"]
    return str(uuid).encode()


if sys.platform == "win32":

    def _windows_identity() -> bytes:
        """The installation's GUID, by whichever Python: one of 32 bits is shown other keys."""
        import winreg  # noqa: PLC0415  (Windows)

        rights = winreg.KEY_READ | winreg.KEY_WOW64_64KEY
        place = r"SOFTWARE\Microsoft\Cryptography"
        with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, place, 0, rights) as key:
            return str(winreg.QueryValueEx(key, "MachineGuid")[0]).encode()
