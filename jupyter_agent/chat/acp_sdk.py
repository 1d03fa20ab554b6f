"""The ACP SDK, kept from writing into the cell what an agent has sent."""

from __future__ import annotations

import logging
import sys
from typing import Final

_SILENT: Final = logging.getLogger("acp")


def silence() -> None:
    """Let the SDK log nothing.

    It logs to the root logger, with a traceback that repeats whatever it could not read: an
    agent's own words, on the cell's standard error, screened by nobody. And its first entry makes
    a handler there, after which a notebook's own ``logging.basicConfig`` does nothing.
    """
    _SILENT.setLevel(logging.CRITICAL + 1)
    for name, module in list(sys.modules.items()):
        if name.startswith("acp.") and getattr(module, "logging", None) is logging:
            setattr(module, "logging", _SILENT)  # noqa: B010  (of a module that is not ours)
