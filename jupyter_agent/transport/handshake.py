"""How two processes prove to each other that they have the same key, without showing it.

    client → broker   CLIENT_NONCE                              32 bytes, fresh
    broker → client   BROKER_NONCE ‖ PROOF("broker")            32 bytes, fresh, and 32
    client → broker   PROOF("client")                           32

    PROOF(role) = HMAC-SHA-256(key, "jupyter_agent handshake 1 " ‖ role ‖ 0x00 ‖
                               port, big-endian, 2 bytes ‖ CLIENT_NONCE ‖ BROKER_NONCE)

The broker proves first, so that a process that has only taken the port learns nothing but a random
number. Each proof covers both nonces, so that no answer of another conversation fits; the role, so
that nobody's own proof can be sent back to them; and the port, so that it can't be had from a
broker that listens elsewhere. HMAC: RFC 2104; of its kind: ISO/IEC 9798-4, mutual, three passes.
"""

from __future__ import annotations

import hmac
from typing import Final, Literal

Role = Literal["broker", "client"]

KEY: Final = 32
"""Bytes of a key."""

NONCE: Final = 32
PROOF: Final = 32

_DOMAIN: Final = b"jupyter_agent handshake 1 "


def proof(key: bytes, role: Role, port: int, *, client_nonce: bytes, broker_nonce: bytes) -> bytes:
    """What one side sends to show that it has the key.

    Args:
        key: ``KEY`` bytes.
        role: Whose proof it is.
        port: Where the broker listens.
        client_nonce: ``NONCE`` bytes of the client's.
        broker_nonce: ``NONCE`` bytes of the broker's.

    Raises:
        ValueError: A key or a nonce has another length.
    """
    if (len(key), len(client_nonce), len(broker_nonce)) != (KEY, NONCE, NONCE):
        raise ValueError("a key or a nonce has the wrong length")
    said = _DOMAIN + role.encode() + b"\0" + port.to_bytes(2, "big") + client_nonce + broker_nonce
    return hmac.digest(key, said, "sha256")


def holds(shown: bytes, expected: bytes) -> bool:
    """Whether a proof that was shown is the expected one, in a time that tells nothing of it."""
    return hmac.compare_digest(shown, expected)
