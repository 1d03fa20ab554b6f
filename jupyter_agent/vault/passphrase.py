"""A key from a passphrase: Argon2id (RFC 9106). Pure.

How much work a guess costs stands beside what the passphrase protects, because it may differ from
place to place. Whoever reads such a place checks it first: a hostile one could ask for 100 GiB.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Final

from jupyter_agent.errors import RequestInvalid
from jupyter_agent.secret import Secret

SALT_BYTES: Final = 16
SHORTEST: Final = 12
"""Characters of a passphrase that is chosen here; existing ones are taken as they are."""
_KEY_BYTES: Final = 32
_MIB: Final = 1024  # KiB
_MOST_MEMORY: Final = 1024 * _MIB
_MOST_PASSES: Final = 16
_MOST_LANES: Final = 16
_LEAST_CHOSEN: Final = 16 * _MIB  # OWASP's password storage cheat sheet begins at 12 to 19 MiB


@dataclass(frozen=True, slots=True)
class Work:
    """What one guess costs.

    Attributes:
        memory: KiB.
        passes: Over that memory.
        lanes: Threads.
    """

    memory: int = 256 * _MIB
    passes: int = 3
    lanes: int = 4

    def to_json(self) -> dict[str, int]:
        """As it stands beside what is protected."""
        return asdict(self)

    @classmethod
    def chosen(cls, memory: object) -> Work:
        """The usual work, or with another amount of memory, which a small machine may need.

        Args:
            memory: MiB, or None.

        Raises:
            RequestInvalid: It is too little to protect anything, or more than is ever read.
        """
        if memory is None:
            return cls()
        if (
            not isinstance(memory, int)
            or not _LEAST_CHOSEN <= memory * _MIB <= _MOST_MEMORY
            or isinstance(memory, bool)
        ):
            raise RequestInvalid(
                "That amount of memory can't be used for a passphrase.",
                f"Give {_LEAST_CHOSEN // _MIB} to {_MOST_MEMORY // _MIB} MiB; 256 is usual, "
                "64 is for small machines.",
            )
        return cls(memory=memory * _MIB)

    @classmethod
    def from_json(cls, body: Any) -> Work:
        """Read what ``to_json`` wrote.

        Raises:
            ValueError: It is none, or asks for more than we ever do.
        """
        if not isinstance(body, dict):
            raise ValueError("not a measure of work")  # noqa: TRY004  (callers expect one class)
        numbers: list[Any] = [body.get(name) for name in ("memory", "passes", "lanes")]
        if not all(type(number) is int for number in numbers):
            raise ValueError("not a measure of work")
        memory, passes, lanes = numbers
        in_bounds = (
            1 <= lanes <= _MOST_LANES
            and 1 <= passes <= _MOST_PASSES
            and 8 * lanes <= memory <= _MOST_MEMORY  # RFC 9106, 3.1: at least 8 KiB a lane
        )
        if not in_bounds:
            raise ValueError("not a measure of work that we would do")
        return cls(memory, passes, lanes)


def stretch(passphrase: Secret, salt: bytes, work: Work) -> bytes:
    """32 bytes from a passphrase.

    Args:
        passphrase: As it was typed.
        salt: 16 random bytes, new for each key.
        work: What it costs.

    Raises:
        MemoryError: The machine has less than that.
    """
    from cryptography.hazmat.primitives.kdf.argon2 import Argon2id  # noqa: PLC0415  (late: rare)

    kdf = Argon2id(
        salt=salt,
        length=_KEY_BYTES,
        iterations=work.passes,
        lanes=work.lanes,
        memory_cost=work.memory,
    )
    return kdf.derive(passphrase.reveal())


def check_new(passphrase: Secret) -> None:
    """Refuse a passphrase that is too short to be worth the work.

    Raises:
        RequestInvalid: Fewer than ``SHORTEST`` characters, or always the same few.
    """
    text = passphrase.reveal().decode(errors="replace")
    if len(text) < SHORTEST or len(set(text)) < SHORTEST // 2:
        raise RequestInvalid(
            "The passphrase is too short or too simple.",
            f"Take at least {SHORTEST} characters: five or six words that have nothing to do with "
            "each other are good.",
        )
