"""One process above each desktop on Windows, as ``keeper`` is elsewhere: with a job for all of it.

It alone has the job's handle, so that whatever the job holds ends with this process, however that
ends. Its standard streams are its life line (``packets``): when the server closes its end or dies,
everything in the job is ended and the desktop's folder removed.

Run by us under Wine only, not on Windows itself.
"""

from __future__ import annotations

import contextlib
import errno
import os
import sys
import threading
from pathlib import Path
from typing import Any, Final

from jupyter_agent import spawn
from jupyter_agent.desktop import leftovers
from jupyter_agent.desktop.packets import Packets, packed

assert sys.platform == "win32"  # noqa: S101  (for mypy)

from jupyter_agent.windows import handles  # noqa: E402  (Windows)
from jupyter_agent.windows.job import Job  # noqa: E402

_ENDING: Final = 5.0  # seconds after which a process counts as left behind


def main() -> int:
    """Keep the desktop whose folder is the first argument."""
    folder = Path(sys.argv[1])
    # Away from the numbers of standard streams, which what we call could use by mistake.
    control, answers = os.dup(0), os.dup(1)
    null = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1):
        os.dup2(null, stream, inheritable=False)
    held = leftovers.hold(folder)
    keeper = _Keeper(answers, null)
    keeper.until_it_is_to_end(control)
    left = keeper.end()
    os.close(held)  # else the folder could not be removed
    left += leftovers.remove(folder)
    keeper.say({"closed": True, "left": left})
    return 0


class _Keeper:
    def __init__(self, answers: int, null: int) -> None:
        self._answers = answers
        self._null = null
        self._job = Job()
        self._programs: dict[int, spawn.Child] = {}
        self._speaking = threading.Lock()

    def until_it_is_to_end(self, control: int) -> None:
        """Start and watch programs until the server says close, or is gone."""
        packets = Packets()
        with contextlib.suppress(OSError):  # the server is gone
            while piece := os.read(control, 1 << 16):
                for wanted in packets.of(piece):
                    if "close" in wanted:
                        return
                    if "signal" in wanted:
                        self._end_one(wanted["pid"])
                    else:
                        self._start(wanted)

    def end(self) -> list[str]:
        """End everything in the job; sentences about what could not be."""
        with contextlib.suppress(OSError):
            self._job.end()
            if self._job.until_empty(_ENDING):
                return []
        return ["A process of the desktop does not end."]

    def say(self, message: dict[str, Any]) -> None:
        """Tell the server, if it is still there."""
        # One at a time: each program has a thread that waits for its end.
        with self._speaking, contextlib.suppress(OSError):
            left = memoryview(packed(message))
            while left:
                left = left[os.write(self._answers, left) :]

    def _end_one(self, pid: int) -> None:
        if (program := self._programs.get(pid)) is not None:
            with contextlib.suppress(OSError):
                program.terminate()

    def _start(self, wanted: dict[str, Any]) -> None:
        try:
            program = spawn.start_in_job(
                self._job,
                wanted["argv"],
                env=wanted["env"],
                cwd=os.environ["SYSTEMROOT"],
                stdin=self._null,
                stdout=self._null,
                stderr=self._null,
                handles=wanted["numbers"],
            )
        except (OSError, ValueError) as error:
            # ValueError: text that the system can't take, such as a zero character.
            reason = error.errno if isinstance(error, OSError) else errno.EINVAL
            self.say({"id": wanted["id"], "errno": reason or errno.EIO})
            return
        finally:
            for handle in wanted["numbers"]:
                handles.close(handle)
        self._programs[program.pid] = program
        self.say({"id": wanted["id"], "pid": program.pid})
        threading.Thread(target=self._watch, args=(program,), daemon=True).start()

    def _watch(self, program: spawn.Child) -> None:
        code = program.wait()
        # Kept: while we have its handle, its number is nobody else's.
        self.say({"ended": program.pid, "exit": code})


if __name__ == "__main__":
    sys.exit(main())
