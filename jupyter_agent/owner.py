"""Who the person is, and whether a file or folder is theirs alone, on every system.

Unix: the uid, and the bits for group and others. Windows: the SID, and the access list.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Hashable
from typing import Final

Place = int | str | os.PathLike[str]
"""A descriptor, or a name; a link itself, not what it leads to."""

CLOSES: Final = (
    "icacls /inheritance:r /grant:r %USERNAME%:F on" if sys.platform == "win32" else "chmod 600 on"
)
"""What a person does to a file that is open to others, for hints."""

if sys.platform == "win32":
    from jupyter_agent.windows.descriptor import Descriptor

    def me() -> Hashable:
        """The identity of the person this process runs for. See below."""
        from jupyter_agent.windows import security  # noqa: PLC0415  (ctypes)

        return security.my_sid()

    def is_elevated() -> bool:
        """Whether nothing keeps this process out. See below."""
        from jupyter_agent.windows import security  # noqa: PLC0415  (ctypes)

        return security.is_administrator()

    def is_mine(place: Place) -> bool:
        """Whether it belongs to this person. See below."""
        from jupyter_agent.windows import security  # noqa: PLC0415  (ctypes)

        return descriptor(place).belongs_to(security.my_sid())

    def is_closed(place: Place) -> bool:
        """Whether it lets nobody else in. See below."""
        from jupyter_agent.windows import security  # noqa: PLC0415  (ctypes)

        return descriptor(place).is_closed_to_others(security.my_sid())

    def descriptor(place: Place) -> Descriptor:
        """Owner and access list.

        Raises:
            OSError: It is not there, or the system does not say.
        """
        from jupyter_agent.windows import files, security  # noqa: PLC0415  (ctypes)

        if isinstance(place, int):
            return security.of_descriptor(place)
        with files.looked_at(os.fspath(place)) as handle:
            return security.of_handle(handle)

else:

    def me() -> Hashable:
        """The identity of the person this process runs for: a uid, on Windows a SID."""
        return os.getuid()

    def is_elevated() -> bool:
        """Whether nothing keeps this process out: root, or an elevated administrator."""
        return os.geteuid() == 0

    def is_mine(place: Place) -> bool:
        """Whether it belongs to this person; on Windows also to administrators, who are let in.

        Raises:
            OSError: It is not there, or the system does not say.
        """
        return _info(place).st_uid == os.getuid()

    def is_closed(place: Place) -> bool:
        """Whether it lets nobody else in, for anything, but those whom nothing keeps out.

        Raises:
            OSError: It is not there, or the system does not say.
        """
        return not _info(place).st_mode & 0o077

    def _info(place: Place) -> os.stat_result:
        return os.fstat(place) if isinstance(place, int) else os.lstat(place)
