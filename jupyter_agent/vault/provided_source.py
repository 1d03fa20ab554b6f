"""The tier secret comes from outside: systemd credential, mounted file, or a typed passphrase.

Nothing that opens the vault is kept on a disk of ours. How a store's key comes in is remembered in
``vault.provided``: a path, or the salt and work of a passphrase. A path leads to whoever runs the
machine; they see to it that the file is not in the same copy as the store.
"""

from __future__ import annotations

import base64
import hmac
import os
import secrets
import stat
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from jupyter_agent import owner
from jupyter_agent.errors import KeySourceUnavailable, PassphraseRequired, VaultUnsafe
from jupyter_agent.opening import CLOSE_ON_EXEC, NONBLOCK
from jupyter_agent.owner import CLOSES
from jupyter_agent.secret import Secret
from jupyter_agent.vault.kept_beside import KeptBeside
from jupyter_agent.vault.key_source import PROVIDED
from jupyter_agent.vault.passphrase import SALT_BYTES, Work, check_new, stretch
from jupyter_agent.vault.seal import provided_secret

KEY_NAME: Final = "jupyter-agent-vault-key"
"""Of the systemd credential, and of the file in the folder of mounted secrets."""
MOUNTED: Final = Path("/run/secrets")
"""Where Docker, Podman and many Kubernetes manifests mount secrets."""
_SHORTEST: Final = 32  # bytes of a provided key: that is 256 bits if they are random
_LONGEST: Final = 64 * 1024

_FROM_FILE: Final = (
    "A copy of the store file is useless without the key that was provided from outside; whoever "
    "copies that key as well has both."
)
_FROM_WORDS: Final = (
    "A copy of the store file is useless without its passphrase, which is on no disk; it is as "
    "strong as that passphrase."
)


class ProvidedSource:
    """See ``KeySource``.

    Args:
        path: ``vault.provided`` in the state folder.
        credentials: systemd's ``$CREDENTIALS_DIRECTORY``, if the person has one.
        mounted: Folder of mounted secrets.
        key_file: The file a new key shall come from.
        passphrase: What a person has typed just now; held until this source is let go.
        work: What guessing a new passphrase shall cost.
        keep_out: Folders that a key must not lie in, because they are copied with the store.
    """

    name: Final = PROVIDED

    def __init__(  # noqa: PLR0913  (all the ways in)
        self,
        path: Path,
        *,
        credentials: Path | None = None,
        mounted: Path = MOUNTED,
        key_file: Path | None = None,
        passphrase: Secret | None = None,
        work: Work | None = None,
        keep_out: Sequence[Path] = (),
    ) -> None:
        self._kept = KeptBeside(path)
        self._folders = [each for each in (credentials, mounted) if each is not None]
        self._key_file = key_file
        self._passphrase = passphrase
        self._work = work or Work()
        self._keep_out = tuple(keep_out)

    @property
    def promise(self) -> str:
        """See ``KeySource``."""
        return _FROM_WORDS if self.typed else _FROM_FILE

    @property
    def typed(self) -> bool:
        """Whether a passphrase is what opens a store here."""
        try:
            ways = [way.get("way") for way in self._kept.ways().values()]
        except KeySourceUnavailable:
            return False
        return "passphrase" in ways or (not ways and self._passphrase is not None)

    def let_go(self) -> None:
        """Drop what was typed: an open vault has its keys."""
        self._passphrase = None

    def works(self) -> bool:
        """Whether a key has been laid ready for us."""
        return self._laid_ready() is not None

    def make(self, store_id: bytes, *, fresh: bool = False) -> bytes:  # noqa: ARG002  (always is)
        """See ``KeySource``.

        Raises:
            PassphraseRequired: No file is there, and nobody has typed anything.
            VaultUnsafe: The file is open to others, or lies beside the store.
        """
        if store_id not in self._kept.ways():
            self._kept.add(store_id, self._new_way(store_id))
        return self.load(store_id)

    def load(self, store_id: bytes) -> bytes:
        """See ``KeySource``.

        Raises:
            PassphraseRequired: A person has to type it, or typed another one.
            VaultUnsafe: The file is open to others, or lies beside the store.
        """
        way = self._kept.way(store_id)
        try:
            if way["way"] == "passphrase":
                return self._typed_key(way)
            content = self._content(Path(way["path"]))
            if not hmac.compare_digest(base64.b64decode(way["mark"]), _mark(content, store_id)):
                raise KeySourceUnavailable(
                    "The key that was provided is not the one that this vault was made with.",
                    "Provide that one again.",
                )
            return provided_secret(content, store_id)
        except (KeyError, TypeError, ValueError):
            raise self._kept.damaged() from None

    def forget(self, store_id: bytes, *, fresh: bool = False) -> None:  # noqa: ARG002
        """See ``KeySource``. A provided file stays where it is: it is not ours."""
        self._kept.forget(store_id)

    def _new_way(self, store_id: bytes) -> dict[str, Any]:
        ready = self._laid_ready()
        if self._passphrase is not None:
            check_new(self._passphrase)
            salt = secrets.token_bytes(SALT_BYTES)
            key = stretch(self._passphrase, salt, self._work)
            return {
                "way": "passphrase",
                "salt": base64.b64encode(salt).decode(),
                "work": self._work.to_json(),
                "mark": base64.b64encode(_mark(key, salt)).decode(),
            }
        if ready is None:
            raise PassphraseRequired(
                "No key was provided for the vault, so it needs a passphrase of yours.",
                "Choose one in the Secrets panel, or in a terminal: jupyter agent unlock",
                data={"new": True},
            )
        content = self._content(ready)
        return {
            "way": "file",
            "path": str(ready),
            "mark": base64.b64encode(_mark(content, store_id)).decode(),
        }

    def _laid_ready(self) -> Path | None:
        if self._key_file is not None:
            return self._key_file
        # `os.path`: a folder that is closed to us holds nothing for us, and is no error.
        paths = [folder / KEY_NAME for folder in self._folders]
        return next((path for path in paths if os.path.exists(path)), None)  # noqa: PTH110

    def _typed_key(self, way: dict[str, Any]) -> bytes:
        if self._passphrase is None:
            raise PassphraseRequired(
                "The vault needs its passphrase.",
                "Type it in the Secrets panel, or in a terminal: jupyter agent unlock",
            )
        salt, work = base64.b64decode(way["salt"], validate=True), Work.from_json(way["work"])
        try:
            key = stretch(self._passphrase, salt, work)
        except MemoryError:
            raise KeySourceUnavailable(
                "This machine has too little free memory for the vault's passphrase.",
                f"It needs {work.memory // 1024} MiB.",
            ) from None
        if not hmac.compare_digest(base64.b64decode(way["mark"]), _mark(key, salt)):
            raise PassphraseRequired(
                "That is not the passphrase of this vault.",
                "Type it again. In a terminal: jupyter agent unlock",
            )
        return key

    def _content(self, path: Path) -> bytes:
        """What a provided file holds, without the line break that editors put behind it."""
        if not os.path.exists(path):  # noqa: PTH110  (a service's credentials may have moved)
            path = self._laid_ready() or path
        try:
            # NONBLOCK: a pipe in its place must not hold us up. A link is fine here, because
            # Kubernetes mounts secrets as links; whose file it is counts.
            handle = os.open(path, os.O_RDONLY | NONBLOCK | CLOSE_ON_EXEC)
        except OSError:
            raise KeySourceUnavailable(
                "The key that was provided for the vault is not there, or can't be read.",
                "Provide it again where it was, or see: jupyter agent vault status",
            ) from None
        try:
            self._check(path, handle)
            content = os.read(handle, _LONGEST + 1).removesuffix(b"\n")
        finally:
            os.close(handle)
        if not _SHORTEST <= len(content) <= _LONGEST:
            raise KeySourceUnavailable(
                "The file that was provided is no key.",
                f"A key is random and has {_SHORTEST} bytes to {_LONGEST // 1024} KiB: "
                "head -c 32 /dev/urandom | base64",
            )
        return content

    def _check(self, path: Path, handle: int) -> None:
        real = path.resolve()
        if any(real.is_relative_to(folder.resolve()) for folder in self._keep_out):
            raise VaultUnsafe(
                "The key that was provided lies among the vault's own files, and would be copied "
                "with them.",
                "Put it elsewhere.",
            )
        info = os.fstat(handle)
        if not stat.S_ISREG(info.st_mode) or not _is_private(handle, info):
            raise VaultUnsafe(
                "The key that was provided is no plain file, belongs to somebody else, or is open "
                "to others.",
                f"Make it yours alone: {CLOSES} that file.",
            )


def _is_private(handle: int, info: os.stat_result) -> bool:
    if sys.platform == "win32":
        return owner.is_mine(handle) and owner.is_closed(handle)
    # Root's file may be readable by others (Docker mounts secrets so); ours need not be.
    closed = 0o022 if info.st_uid == 0 else 0o077
    return info.st_uid in (0, os.getuid()) and not info.st_mode & closed


def _mark(key: bytes, context: bytes) -> bytes:
    """Tells the right key from another one, so that a typing error is not taken for damage.

    It tells a guesser nothing new: the store's own wrapped root answers the same question at the
    same price, because the mark is behind the same stretching.
    """
    return hmac.digest(key, b"jupyter_agent/provided-mark/v1" + context, "sha256")[:16]
