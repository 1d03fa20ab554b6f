"""The tier secret sealed to this machine's TPM 2.0 chip, through tpm2-tools.

The chip's storage key wraps it; the blob lies in ``vault.tpm`` and opens on that chip only. The
secret travels over stdin and stdout of the tools, never in an argument list or a file.
Tools: https://tpm2-tools.readthedocs.io, version 5.
"""

from __future__ import annotations

import base64
import secrets
import tempfile
from pathlib import Path
from typing import Final

from jupyter_agent import spawn
from jupyter_agent.errors import KeySourceUnavailable
from jupyter_agent.vault.kept_beside import KeptBeside
from jupyter_agent.vault.key_source import HARDWARE
from jupyter_agent.vault.keyring_source import RunHelper
from jupyter_agent.vault.seal import KEY_BYTES

DEVICE: Final = "device:/dev/tpmrm0"
"""The kernel's resource manager: each tool has the chip for itself and leaves nothing loaded."""
_SECONDS: Final = 20.0  # real chips take up to seconds for the primary key


class HardwareSource:
    """See ``KeySource``.

    Args:
        path: ``vault.tpm`` in the state folder.
        tcti: How the tools reach the chip (``tpm2_*(1)``, option ``--tcti``).
        run_helper: Runs a program to its end.
    """

    name: Final = HARDWARE
    promise: Final = (
        "A copy of the store file, and even of the whole disk, is useless without this machine's "
        "TPM chip; programs of yours can ask the chip as we do."
    )

    def __init__(
        self, path: Path, *, tcti: str = DEVICE, run_helper: RunHelper = spawn.run_helper
    ) -> None:
        self._kept = KeptBeside(path)
        self._tcti = tcti
        self._run_helper = run_helper

    def make(self, store_id: bytes, *, fresh: bool = False) -> bytes:  # noqa: ARG002  (always is)
        """See ``KeySource``."""
        if store_id not in self._kept.ways():
            public, private = self._seal(secrets.token_bytes(KEY_BYTES))
            blob = {
                "public": base64.b64encode(public).decode(),
                "private": base64.b64encode(private).decode(),
            }
            self._kept.add(store_id, blob)
        # What the chip gives back is what counts.
        return self.load(store_id)

    def load(self, store_id: bytes) -> bytes:
        """See ``KeySource``."""
        way = self._kept.way(store_id)
        try:
            public, private = (
                base64.b64decode(way[part], validate=True) for part in ("public", "private")
            )
        except (KeyError, TypeError, ValueError):
            raise self._kept.damaged() from None
        secret = self._unseal(public, private)
        if len(secret) != KEY_BYTES:
            raise self._kept.damaged()
        return secret

    def forget(self, store_id: bytes, *, fresh: bool = False) -> None:  # noqa: ARG002  (always is)
        """See ``KeySource``. Without its blob the chip can't bring the secret back."""
        self._kept.forget(store_id)

    def _seal(self, secret: bytes) -> tuple[bytes, bytes]:
        with self._workplace() as folder:
            self._primary(folder)
            self._create(folder, secret)
            return (Path(folder) / "public").read_bytes(), (Path(folder) / "private").read_bytes()

    def _create(self, folder: str, secret: bytes) -> None:
        try:
            self._tool(
                "tpm2_create",
                *("-Q", "-C", f"{folder}/primary", "-i", "-"),
                *("-u", f"{folder}/public", "-r", f"{folder}/private"),
                stdin=secret,
            )
            self._flush()
        except _ToolSaidNo:
            raise _unavailable() from None

    def _unseal(self, public: bytes, private: bytes) -> bytes:
        with self._workplace() as folder:
            (Path(folder) / "public").write_bytes(public)
            (Path(folder) / "private").write_bytes(private)
            self._primary(folder)
            try:
                self._tool(
                    "tpm2_load",
                    *("-Q", "-C", f"{folder}/primary", "-c", f"{folder}/loaded"),
                    *("-u", f"{folder}/public", "-r", f"{folder}/private"),
                )
                self._flush()
                return self._tool("tpm2_unseal", "-c", f"{folder}/loaded")
            except _ToolSaidNo:
                raise KeySourceUnavailable(
                    "This machine's TPM chip does not open the key of this vault: it is another "
                    "chip, was cleared, or the key was changed.",
                    "Put vault.tpm back from a backup, or import an export into a new vault.",
                ) from None
            finally:
                self._flush()

    def _workplace(self) -> tempfile.TemporaryDirectory[str]:
        # Public halves, and halves that only the chip can read.
        return tempfile.TemporaryDirectory(prefix=".tpm-", dir=self._kept.path.parent)

    def _primary(self, folder: str) -> None:
        """Make the chip's storage key anew: it is the same each time, and is kept nowhere."""
        words = ("-Q", "-C", "o", "-g", "sha256", "-G", "ecc", "-c", f"{folder}/primary")
        try:
            self._tool("tpm2_createprimary", *words)
            self._flush()
        except _ToolSaidNo:
            raise _unavailable() from None

    def _flush(self) -> None:
        """Leave nothing in the chip, which has room for three; the resource manager does so."""
        if self._tcti != DEVICE:
            self._tool("tpm2_flushcontext", "-t")

    def _tool(self, name: str, *words: str, stdin: bytes = b"") -> bytes:
        try:
            done = self._run_helper(
                [name, "-T", self._tcti, *words],
                stdin=stdin,
                timeout=_SECONDS,
                env=spawn.fixed_environment(),
            )
        except OSError:  # not installed, or it did not answer; TimeoutError is one too
            raise _unavailable() from None
        if done.returncode:
            raise _ToolSaidNo
        return done.stdout


class _ToolSaidNo(Exception):
    """A tool ended with an error; what it printed is not ours to show."""


def _unavailable() -> KeySourceUnavailable:
    return KeySourceUnavailable(
        "This machine's TPM chip can't be used.",
        "Install tpm2-tools, and see to it that you may use /dev/tpmrm0 (the group tss).",
    )
