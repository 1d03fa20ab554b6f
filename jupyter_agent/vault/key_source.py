"""Where the wrapping key comes from on this machine, and which place a new vault takes.

A vault keeps the source it was made with and never steps down: a keyring that is locked today is an
error, not a reason to lay the key into a file.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol

from jupyter_agent.errors import ConsentRequired, KeySourceUnavailable
from jupyter_agent.vault.machine import Machine

OS_KEYRING: Final = "os-keyring"
FILE: Final = "file"
MEMORY: Final = "memory"

SETTING: Final = "JUPYTER_AGENT_KEY_SOURCE"
_HERE: Final = (OS_KEYRING, FILE, MEMORY)
_LATER: Final = ("provided", "hardware")


class KeySource(Protocol):
    """One place that keeps a tier secret: 32 random bytes from which the KEK is derived."""

    @property
    def name(self) -> str:
        """As in the setting."""

    @property
    def promise(self) -> str:
        """The one true sentence about what this place is good for."""

    def make(self, store_id: bytes) -> bytes:
        """Make the tier secret for a new store, keep it, and return it.

        A secret that is already there is returned, never replaced: an older store may need it.

        Raises:
            KeySourceUnavailable: It can't be kept there now.
        """

    def load(self, store_id: bytes) -> bytes:
        """Return the tier secret of a store.

        Raises:
            KeySourceUnavailable: It is not there, or can't be read now.
        """


def check_setting(setting: str | None) -> None:
    """Refuse a setting this version can't honour.

    Raises:
        KeySourceUnavailable: Unknown, or not in this version.
    """
    if setting is None or setting in _HERE:
        return
    # An unknown setting is not repeated: it might be anything, even a pasted value.
    named = f'"{setting}"' if setting in _LATER else "that"
    raise KeySourceUnavailable(
        f"The key source {named} is not in this version.",
        f"Set {SETTING} to {', '.join(_HERE[:-1])} or {_HERE[-1]}.",
    )


def pick(setting: str | None, *, keyring_works: Callable[[], bool], machine: Machine) -> str:
    """The key source for a new vault.

    Args:
        setting: What the person chose; choosing ``file`` is the consent to it.
        keyring_works: Tries the keyring out; only asked where nothing is chosen.
        machine: The one we run on.

    Returns:
        The source's name.

    Raises:
        KeySourceUnavailable: The setting can't be honoured.
        ConsentRequired: Only a file is left, and nobody has said yes to that.
    """
    check_setting(setting)
    if setting is not None:
        return setting
    if keyring_works():
        return OS_KEYRING
    if machine.container:
        return MEMORY
    raise ConsentRequired(
        "There is no keyring here, so the vault's key would lie in a file that only you can read.",
        f"Agree by setting {SETTING}=file, or unlock a keyring.",
    )
