"""Where the wrapping key comes from on this machine, and which place a new vault takes.

A vault keeps the source it was made with and never steps down: a keyring that is locked today is an
error, not a reason to lay the key into a file.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, Protocol

from jupyter_agent.errors import ConsentRequired, KeySourceUnavailable
from jupyter_agent.vault.machine import Machine

HARDWARE: Final = "hardware"
PROVIDED: Final = "provided"
OS_KEYRING: Final = "os-keyring"
FILE: Final = "file"
MEMORY: Final = "memory"

SETTING: Final = "JUPYTER_AGENT_KEY_SOURCE"
NAMES: Final = (HARDWARE, PROVIDED, OS_KEYRING, FILE, MEMORY)
"""Every key source, the strongest first."""

BETTER: Final[Mapping[str, str]] = {
    HARDWARE: "",
    PROVIDED: "A TPM would bind it to this machine's chip: jupyter agent vault move hardware",
    OS_KEYRING: "A TPM would bind it to this machine's chip: jupyter agent vault move hardware",
    FILE: (
        "A passphrase, a desktop's keyring or a TPM keeps the key off the disk: jupyter agent "
        "vault move provided --passphrase, or os-keyring, or hardware"
    ),
    MEMORY: (
        "A passphrase or a mounted key makes secrets outlive the broker: jupyter agent vault move "
        "provided --passphrase, or --key-file PATH"
    ),
}
"""How to get a better source than this one, or ""; for people who are shown where the key is."""


class KeySource(Protocol):
    """One place that keeps a tier secret: 32 random bytes from which the KEK is derived."""

    @property
    def name(self) -> str:
        """As in the setting."""

    @property
    def promise(self) -> str:
        """The one true sentence about what this place is good for."""

    def make(self, store_id: bytes, *, fresh: bool = False) -> bytes:
        """Make the tier secret for a new store, keep it, and return it.

        A secret that is already there is returned, never replaced: an older store may need it.

        Args:
            store_id: 16 bytes.
            fresh: Where one secret may serve several stores, make one for this store alone.

        Raises:
            KeySourceUnavailable: It can't be kept there now.
        """

    def load(self, store_id: bytes) -> bytes:
        """Return the tier secret of a store.

        Raises:
            KeySourceUnavailable: It is not there, or can't be read now.
        """

    def forget(self, store_id: bytes, *, fresh: bool = False) -> None:
        """Drop what is kept for a store, for good: nothing that this secret wrapped opens again.

        Args:
            store_id: 16 bytes.
            fresh: Only what was made for this store alone; what it shares with others stays.

        Raises:
            KeySourceUnavailable: It can't be dropped now.
        """


def check_setting(setting: str | None) -> None:
    """Refuse a setting this version can't honour.

    Raises:
        KeySourceUnavailable: Unknown, or not in this version.
    """
    if setting is None or setting in NAMES:
        return
    # The setting is not repeated: it might be anything, even a pasted value.
    raise KeySourceUnavailable(
        "There is no such key source.", f"Set {SETTING} to {', '.join(NAMES[:-1])} or {NAMES[-1]}."
    )


def pick(
    setting: str | None,
    *,
    key_is_provided: bool,
    keyring_works: Callable[[], bool],
    machine: Machine,
) -> str:
    """The key source for a new vault.

    Args:
        setting: What the person chose; choosing ``file`` is the consent to it.
        key_is_provided: Whoever runs this machine has laid a key ready for us.
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
    if key_is_provided:
        return PROVIDED
    if keyring_works():
        return OS_KEYRING
    if machine.container:
        return MEMORY
    raise ConsentRequired(
        "There is no keyring here, so the vault's key would lie in a file that only you can read.",
        f"Agree in the Secrets panel, or by setting {SETTING}=file; choose a passphrase instead "
        f"there, or by {SETTING}=provided; or unlock a keyring.",
    )
