"""Long texts are screened in threads: everybody else of this server waits for its event loop.

Screening is Python: a thread that screens lets the loop in after five milliseconds at the latest,
except in one long operation of Python's own, such as reading 10 MB of JSON. Short texts take less
time than the way to a thread and back.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, TypeVar

T = TypeVar("T")

LONG: Final = 32_768
"""Characters, or bytes, that are screened on the event loop: less than a millisecond as a rule."""

_SIGNS: Final = 4
"""Characters that JSON puts around each text or number, and more for a number's digits."""

_THREADS: Final = ThreadPoolExecutor(2, thread_name_prefix="jupyter_agent long texts")
"""A hostile text keeps one of them for seconds, and others have the second. More would not be
faster: one at a time runs Python. What nobody waits for any more is not begun; what was begun ends
with its time (``screen.deadline``)."""


def is_long(*values: Any) -> bool:
    """Whether there is much to screen in these values: texts, bytes, or JSON with texts in it."""
    left = LONG
    inside: list[Any] = [*values]
    while inside:
        value = inside.pop()
        left -= _SIGNS
        if isinstance(value, dict | list | tuple):
            left -= len(value)
            if left >= 0:  # or else copying them is long enough
                inside.extend(value)
            if isinstance(value, dict) and left >= 0:
                inside.extend(value.values())
        elif isinstance(value, str):
            left -= len(value)
        elif value is not None and not isinstance(value, int | float):
            left -= _size(value)
        if left < 0:
            return True
    return False


async def in_thread(work: Callable[[], T]) -> T:
    """Do some work while the event loop goes on.

    Who is cancelled here does not get its result, and it is not begun if that can be helped.
    """
    return await asyncio.wrap_future(_THREADS.submit(work))


async def aside(work: Callable[[], T], *values: Any) -> T:
    """Do some work on these values: at once, or ``in_thread`` where they are long."""
    return await in_thread(work) if is_long(*values) else work()


def _size(value: Any) -> int:
    try:
        return memoryview(value).nbytes
    except TypeError:
        return 0  # a time or the like, which goes out as a short text
