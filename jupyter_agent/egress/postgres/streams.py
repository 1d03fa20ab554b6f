"""Messages of PostgreSQL's protocol on asyncio's streams."""

from __future__ import annotations

import asyncio
from typing import Final

from jupyter_agent.egress.postgres.messages import LONGEST_STARTUP, Malformed

_LONGEST: Final = 64 * 1024
"""Longest message, in bytes, while somebody logs in."""


async def read_beginning(reader: asyncio.StreamReader) -> bytes:
    """What a connection begins with, behind the length.

    Raises:
        Malformed: It has a length that none has.
        EOFError: It hung up before the end.
    """
    length = int.from_bytes(await reader.readexactly(4))
    if not 8 <= length <= LONGEST_STARTUP:
        raise Malformed("A connection begins in another way.")
    return await reader.readexactly(length - 4)


async def read_message(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    """Kind and body of the next message of a login.

    Raises:
        Malformed: It is too long for one.
        EOFError: As above.
    """
    head = await reader.readexactly(5)
    length = int.from_bytes(head[1:])
    if not 4 <= length <= _LONGEST:
        raise Malformed("A message of a login is not as long as this.")
    return head[:1], await reader.readexactly(length - 4)
