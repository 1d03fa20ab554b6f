"""The program that talks to the system's keyring, so that the broker does not have to.

A keyring may ask the person to unlock it and then block for as long as nobody answers; a program of
its own can be killed. The backend class is chosen here from a fixed list and made directly:
``keyring.get_keyring()`` would obey a configuration file and environment variables that can name
any class, and hand it the key.

One JSON object on stdin, ``{"do": "probe|get|make|delete", "account", "secret"?}``, one on stdout,
``{"ok": true, "secret"?}`` or ``{"ok": false, "why": "unavailable|absent"}``.
"""

from __future__ import annotations

import json
import secrets
import sys
from typing import Any, Final

SERVICE: Final = "jupyter_agent vault"


def main() -> int:
    """Do what stdin says; the exit code is 0 whenever there is an answer."""
    request = json.loads(sys.stdin.buffer.read())
    try:
        answer = answer_to(request, backend())
    except Exception:  # noqa: BLE001  (backends raise anything; a traceback could hold the key)
        answer = {"ok": False, "why": "unavailable"}
    sys.stdout.write(json.dumps(answer))
    return 0


def backend() -> Any:
    """This platform's keyring: one class each, never a chain and never a file.

    Raises:
        ImportError: This platform has none that we know.
    """
    if sys.platform == "darwin":  # not run by anyone yet
        from keyring.backends.macOS import Keyring  # noqa: PLC0415

        keychain: Any = Keyring
        return keychain()
    if sys.platform == "win32":  # run by us under Wine only
        from keyring.backends.Windows import WinVaultKeyring  # noqa: PLC0415

        vault: Any = WinVaultKeyring
        windows = vault()
        # The default, "enterprise", roams: the key would follow the person to other machines.
        windows.persist = "local machine"
        return windows
    from keyring.backends.SecretService import Keyring as SecretService  # noqa: PLC0415

    service: Any = SecretService
    return service()


def answer_to(request: dict[str, Any], keyring: Any) -> dict[str, Any]:
    """Carry out one request.

    Args:
        request: See the module.
        keyring: What ``backend`` made.
    """
    account = str(request["account"])
    if request["do"] == "probe":
        return {"ok": _works(keyring)}
    if request["do"] == "delete":
        if keyring.get_password(SERVICE, account) is not None:
            keyring.delete_password(SERVICE, account)
        return {"ok": True}
    found = keyring.get_password(SERVICE, account)
    if request["do"] == "make" and found is None:
        keyring.set_password(SERVICE, account, str(request["secret"]))
        # What is read back is what counts: this finds out a keyring that only says yes.
        found = keyring.get_password(SERVICE, account)
    return {"ok": False, "why": "absent"} if found is None else {"ok": True, "secret": found}


def _works(keyring: Any) -> bool:
    """Set, get and delete a made-up secret: a backend's own priority is no health check."""
    account, canary = f"probe {secrets.token_hex(8)}", secrets.token_hex(16)
    keyring.set_password(SERVICE, account, canary)
    try:
        return bool(keyring.get_password(SERVICE, account) == canary)
    finally:
        keyring.delete_password(SERVICE, account)


if __name__ == "__main__":
    raise SystemExit(main())
