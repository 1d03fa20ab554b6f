"""The file of ``--save``: everything a run prints, scrubbed, as it comes."""

from __future__ import annotations

import os
import stat
import sys
from types import TracebackType
from typing import Self

from jupyter_agent import owner
from jupyter_agent.errors import RequestInvalid, RunError
from jupyter_agent.kernel import paths
from jupyter_agent.opening import NONBLOCK, open_unfollowed


class SavedOutput:
    """A private file that takes bytes while a run lasts.

    Gone again if nothing was run; what was there before is then still in it.

    Args:
        name: As written.
        overwrite: Whether it may be there already.

    Raises:
        RequestInvalid: It is there, or can't be made.
    """

    def __init__(self, name: str, *, overwrite: bool) -> None:
        self.path = paths.absolute(name)
        self._size = 0
        self._new = True
        # Else a pipe that nobody reads would keep the kernel until somebody does.
        flags = os.O_WRONLY | os.O_CREAT | NONBLOCK
        try:
            try:
                self._handle = open_unfollowed(self.path, flags | os.O_EXCL)
            except FileExistsError:
                if not overwrite:
                    raise RequestInvalid(
                        f"{self.path.name} is there already; nothing was run.",
                        "Choose another name, or say --overwrite.",
                    ) from None
                self._new = False
                self._handle = open_unfollowed(self.path, flags)
                self._take_over()
        except OSError as error:
            raise RequestInvalid(
                f"The output can't be saved there: {os.strerror(error.errno or 0)}.",
                "Nothing was run. Choose another file for --save.",
            ) from None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        error: BaseException | None,
        _: TracebackType | None,
    ) -> None:
        if error is None and not self._size:
            os.ftruncate(self._handle, 0)
        os.close(self._handle)
        if error is not None and self._new and not self._size:
            self.path.unlink(missing_ok=True)

    def write(self, data: bytes) -> None:
        """Add bytes.

        Raises:
            RunError: There is no room; what is there stays.
        """
        left = memoryview(data)
        try:
            if not self._size:
                os.ftruncate(self._handle, 0)
            while left:
                left = left[os.write(self._handle, left) :]
        except OSError as error:
            raise RunError(
                f"The output could not be saved: {os.strerror(error.errno or 0)}.",
                f"The script was ended. {self.path.name} has what came until then.",
            ) from None
        self._size += len(data)

    def _take_over(self) -> None:
        """Make a file private that a person gave away."""
        if not stat.S_ISREG(os.fstat(self._handle).st_mode):
            os.close(self._handle)
            raise RequestInvalid("The output can be saved in a file only.", "Choose another name.")
        if sys.platform != "win32":
            os.fchmod(self._handle, 0o600)
        elif not owner.is_closed(self._handle):
            os.close(self._handle)
            raise RequestInvalid(
                f"{self.path.name} is open to other users; nothing was run.",
                "Remove it, or choose another name.",
            )
