"""Another user of the machine, and a desktop."""

from __future__ import annotations

import os
import subprocess

import pytest

from jupyter_agent.desktop.display import Display, Size
from jupyter_agent.desktop.programs import Programs

KNOCK = """
import os, socket, sys
os.setgid(65534); os.setgroups([]); os.setuid(65534)
try:
    socket.socket(socket.AF_UNIX).connect(sys.argv[1])
except PermissionError:
    print("refused")
x = socket.socket(socket.AF_UNIX)
x.connect(sys.argv[2])
x.sendall(b"l\\0\\x0b\\0\\0\\0\\0\\0\\0\\0\\0\\0")
print("refused" if x.recv(1) == b"\\0" else "let in")
for name in ("rfb.sock", "xauth"):
    print("refused" if not os.access(os.path.dirname(sys.argv[1]) + "/" + name, os.F_OK) else name)
"""


@pytest.mark.root
async def test_requirement_4_another_user_reaches_neither_picture_nor_display(machine):
    """The socket lies in a folder that only its owner enters; X wants a cookie that lies there."""
    display = await Display.start(machine, Programs.find(), Size())
    x = f"/tmp/.X11-unix/X{display.environment['DISPLAY'][1:]}"  # noqa: S108
    said = subprocess.run(  # noqa: ASYNC221  (nothing else happens here)
        ["/usr/bin/python3", "-c", KNOCK, str(display.rfb), x],
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    ).stdout.split()
    assert said == ["refused"] * 4
    assert os.getuid() == 0
