"""One process above an ACP agent: everything that comes of the agent ends with it.

Started as ``python -m jupyter_agent.chat.agent_keeper LIFE ARGV…``, with the agent's standard
streams. It is a subreaper, so whatever the agent starts stays below it. ``LIFE`` is the number of a
pipe's end: when the kernel closes the other one, or dies, all of it is killed. A session of its
own keeps the interrupt of a cell away, which would end the agent and leave what it has started.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import time

from jupyter_agent import spawn
from jupyter_agent.processes import linux, tree

_AGAIN = 0.01  # seconds between rounds of SIGKILL: a process may have forked in between


def main() -> int:
    """Keep an agent to its end; its exit code, as shells say it."""
    life, argv = int(sys.argv[1]), sys.argv[2:]
    os.set_inheritable(life, False)
    linux.adopt_orphans()
    wakeup, write = os.pipe()
    os.set_blocking(write, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(write)
    try:
        agent = spawn.start_below(argv)
    except OSError:
        return 127
    # The agent has its own copies; ours must go, or neither side would see the other's end.
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1):
        os.dup2(nothing, stream)
    while True:
        ready, _, _ = select.select((life, wakeup), (), ())
        if life in ready:
            _end_all()
            return 128 + signal.SIGKILL
        os.read(wakeup, 4096)
        status = tree.reap()[0].get(agent.pid)
        if status is not None:
            _end_all()
            code = agent.returncode = os.waitstatus_to_exitcode(status)
            return code if code >= 0 else 128 - code


def _end_all() -> None:
    while True:
        others = tree.send(os.getpid(), signal.SIGKILL)
        if others or not tree.reap()[1]:
            return  # what is another user's, as sudo makes it, is not ours to wait for
        time.sleep(_AGAIN)


if __name__ == "__main__":
    sys.exit(main())
