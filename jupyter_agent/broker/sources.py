"""Where a vault's key comes from, as the person has said it in ``hello``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from jupyter_agent.folders import Folders
from jupyter_agent.secret import Secret
from jupyter_agent.vault import keyring_source
from jupyter_agent.vault.keyring_source import KeyringSource
from jupyter_agent.vault.open_vault import PROVIDED_FILE
from jupyter_agent.vault.passphrase import Work
from jupyter_agent.vault.provided_source import ProvidedSource


def provided(
    folders: Folders,
    settings: Mapping[str, str],
    *,
    passphrase: Secret | None,
    key_file: Path | None,
    work: Work | None,
) -> ProvidedSource:
    """What comes in from outside.

    Args:
        folders: Whose vault.
        settings: The person's.
        passphrase: What they have typed.
        key_file: The file they chose for a new key.
        work: What guessing a new passphrase shall cost.
    """
    credentials = settings.get("credentials")
    return ProvidedSource(
        folders.state / PROVIDED_FILE,
        credentials=Path(credentials) if credentials else None,
        passphrase=passphrase,
        key_file=key_file,
        work=work,
        keep_out=(folders.data, folders.state),
    )


def keyring(settings: Mapping[str, str]) -> KeyringSource:
    """The desktop's keyring, on the bus that the person named: our own environment is fixed.

    Args:
        settings: The person's, looked at anew each time: an open vault outlives a session.
    """

    def bus() -> str:
        named = settings.get("dbus_address", "")
        return keyring_source.session_bus({"DBUS_SESSION_BUS_ADDRESS": named})

    return KeyringSource(bus=bus)
