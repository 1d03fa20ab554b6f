"""The tier secret in the system's keyring: Secret Service, Keychain, Credential Manager.

Everything happens in a helper program (``keyring_helper``) that is killed when it does not answer.
The key travels over its stdin and stdout, never in an argument list.
"""

from __future__ import annotations

import base64
import binascii
import json
import os
import secrets
import stat
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, Protocol

from jupyter_agent import spawn
from jupyter_agent.errors import KeySourceUnavailable
from jupyter_agent.vault.key_source import OS_KEYRING
from jupyter_agent.vault.seal import KEY_BYTES

PROBE_SECONDS: Final = 10.0
"""For trying a keyring out: nobody is asked to wait for a prompt they did not expect."""
PROMPT_SECONDS: Final = 60.0
"""For an existing vault: time enough to type the keyring's password."""

_BUS: Final = "DBUS_SESSION_BUS_ADDRESS"
_UNLOCK: Final = (
    "Log in to Windows with your password, then try again."
    if sys.platform == "win32"
    else "Log in to your desktop or unlock its keyring, then try again."
)


class RunHelper(Protocol):
    """``spawn.run_helper``."""

    def __call__(
        self, argv: list[str], *, stdin: bytes, timeout: float, env: Mapping[str, str]
    ) -> spawn.HelperResult:
        """See ``spawn.run_helper``."""


class KeyringSource:
    """See ``KeySource``.

    Args:
        run_helper: Runs a program to its end.
        bus: Finds the address of the session bus (Linux).
        probe_seconds: How long trying it out may take.
        prompt_seconds: How long a person has to unlock it.
    """

    name: Final = OS_KEYRING
    promise: Final = (
        "A copy of the store file is useless without this machine's key, which the system's "
        "keyring keeps; the keyring is as strong as its password."
    )

    def __init__(
        self,
        run_helper: RunHelper = spawn.run_helper,
        bus: Callable[[], str] | None = None,
        *,
        probe_seconds: float = PROBE_SECONDS,
        prompt_seconds: float = PROMPT_SECONDS,
    ) -> None:
        self._run_helper = run_helper
        self._probe_seconds = probe_seconds
        self._prompt_seconds = prompt_seconds
        self._bus = bus or (lambda: session_bus(os.environ))

    def works(self) -> bool:
        """Whether something can be kept and read back now."""
        try:
            return self._ask({"do": "probe", "account": ""}, self._probe_seconds).get("ok") is True
        except KeySourceUnavailable:
            return False

    def make(self, store_id: bytes, *, fresh: bool = False) -> bytes:  # noqa: ARG002  (always is)
        """See ``KeySource``."""
        # base64 text of 44 characters: Windows keeps at most about 1,280.
        text = base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()
        return self._key({"do": "make", "account": store_id.hex(), "secret": text})

    def load(self, store_id: bytes) -> bytes:
        """See ``KeySource``."""
        return self._key({"do": "get", "account": store_id.hex()})

    def forget(self, store_id: bytes, *, fresh: bool = False) -> None:  # noqa: ARG002
        """See ``KeySource``."""
        self._ask({"do": "delete", "account": store_id.hex()}, self._prompt_seconds)

    def _key(self, request: dict[str, str]) -> bytes:
        answer = self._ask(request, self._prompt_seconds)
        if answer.get("why") == "absent":
            raise KeySourceUnavailable(
                "The system's keyring does not hold the key of this vault.",
                "Restore the keyring this vault was made with.",
            )
        return _decode(answer.get("secret"))

    def _ask(self, request: dict[str, str], seconds: float) -> dict[str, Any]:
        argv = spawn.python("jupyter_agent.vault.keyring_helper")
        stdin = json.dumps(request).encode()
        try:
            result = self._run_helper(argv, stdin=stdin, timeout=seconds, env=self._environment())
            answer = json.loads(result.stdout)
        except (OSError, ValueError):  # TimeoutError is an OSError
            raise _unavailable() from None
        if not isinstance(answer, dict) or answer.get("why") == "unavailable":
            raise _unavailable()
        return answer

    def _environment(self) -> dict[str, str]:
        """The helper's environment: nothing of the caller's but the way to the session bus."""
        environment = spawn.fixed_environment()
        if sys.platform.startswith("linux"):
            environment[_BUS] = self._bus()
        return environment


def session_bus(environ: Mapping[str, str], login_bus: Path | None = None) -> str:
    """The address of this user's own session bus.

    The login session's bus comes first. Another address counts only if it is a socket that belongs
    to us: a bus of somebody else's would be handed the key.

    Args:
        environ: Where ``DBUS_SESSION_BUS_ADDRESS`` may stand.
        login_bus: The login session's socket; the usual place, if none is given.

    Raises:
        KeySourceUnavailable: There is none.
    """
    from urllib.parse import unquote  # noqa: PLC0415  (most starts never ask for the bus)

    if sys.platform == "win32":
        raise _unavailable()
    login_bus = login_bus or Path(f"/run/user/{os.getuid()}/bus")
    for address in (f"unix:path={login_bus}", environ.get(_BUS, "")):
        # https://dbus.freedesktop.org/doc/dbus-specification.html#addresses: options behind commas,
        # alternatives behind semicolons; one plain path is all that can be checked.
        path = unquote(address.removeprefix("unix:path=").split(",", 1)[0])
        if address.startswith("unix:path=/") and ";" not in address and _is_our_socket(Path(path)):
            return address
    raise _unavailable()


def _is_our_socket(path: Path) -> bool:
    if sys.platform == "win32":
        return False
    try:
        info = path.lstat()
    except OSError:
        return False
    return stat.S_ISSOCK(info.st_mode) and info.st_uid == os.getuid()


def _decode(text: object) -> bytes:
    try:
        secret = base64.b64decode(text, validate=True) if isinstance(text, str) else b""
    except binascii.Error:
        secret = b""
    if len(secret) != KEY_BYTES:
        raise KeySourceUnavailable(
            "What the system's keyring holds for this vault is not a key.",
            "Restore the keyring this vault was made with.",
        )
    return secret


def _unavailable() -> KeySourceUnavailable:
    return KeySourceUnavailable("The system's keyring can't be used now.", _UNLOCK)
