"""Whether the time that a person gave something is over. Pure.

It goes by the wall clock, because it outlives brokers and restarts, and a wall clock may be set
back, or have been ahead when the person said yes. So what says when it ends counts only while the
clock stands behind its beginning, too: ten minutes stay ten minutes.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

_CORRECTED: Final = timedelta(minutes=1)
"""By so much a clock may be put right without anybody noticing."""


def is_over(created: str, ends: str, now: datetime) -> bool:
    """Whether a permission counts no more, or a clock that was set back can't tell.

    Args:
        created: When it was given, RFC 3339.
        ends: When it ends, RFC 3339.
        now: An aware datetime.
    """
    begins = datetime.fromisoformat(created)
    return now + _CORRECTED < begins or now >= datetime.fromisoformat(ends)
