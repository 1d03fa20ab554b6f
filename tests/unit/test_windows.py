"""What needs nothing of the system works without what only Unix has: on Windows text is screened.

Not run on Windows: a process of its own does without what Python has on Unix only. What needs
Windows is in ``tests/windows``.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from random import Random
from string import ascii_letters, digits

WITHOUT = """
import asyncio, ctypes, getpass, importlib, json, logging.handlers, os, signal, socket, sqlite3
import subprocess, sys, tempfile
import IPython, jupyter_server.serverapp, tornado.netutil, zmq

loop = asyncio.new_event_loop()  # has a socket pair of its own, as on Windows
for module in ("fcntl", "pwd", "grp", "resource", "termios", "tty", "pty", "syslog"):
    sys.modules[module] = None
for owner, names in {
    os: "getuid geteuid getgid fork killpg statvfs pidfd_open O_NOFOLLOW O_CLOEXEC O_DIRECTORY",
    signal: "SIGKILL SIGHUP SIGPIPE SIGWINCH SIGQUIT SIGCHLD pidfd_send_signal",
    socket: "AF_UNIX SO_PEERCRED",
}.items():
    for name in names.split():
        if hasattr(owner, name):
            delattr(owner, name)
os.O_BINARY = os.O_NOINHERIT = 0
sys.platform = "win32"
"""

IMPORTED = (
    *("spawn", "client", "screen", "desktop", "desktop.machine", "desktop.local_vnc"),
    *("desktop.local_cdp", "desktop.remote", "server.desktop.providers", "kernel.extension"),
    *("server.extension", "kernel.desktop", "cli"),
)

ASKED = """
from jupyter_agent.cli import main
from jupyter_agent.desktop.local_vnc import LocalVnc

said = {}
said["local-vnc"] = loop.run_until_complete(LocalVnc(None, None).available()).reason

from pathlib import Path
folder, text = Path(sys.argv[1]), f"key = '{sys.argv[2]}'"
(folder / "cell.py").write_text(text)
said["screen"] = main(["screen", "--json", str(folder / "cell.py")])

from IPython.core.interactiveshell import InteractiveShell
import jupyter_agent
shell = InteractiveShell.instance()
jupyter_agent.load_ipython_extension(shell)
said["cells"] = [shell.run_cell(cell).success for cell in (text, "x = 2")]
said["left"] = [shell.user_ns.get(name) for name in ("key", "x")]

from jupyter_server.serverapp import ServerApp
from nbformat.v4 import new_code_cell, new_notebook
asyncio.set_event_loop(loop)
server = ServerApp(root_dir=str(folder), jpserver_extensions={"jupyter_agent": True})
server.initialize(argv=[], new_httpserver=False, find_extensions=False)
notebook = {"type": "notebook", "content": new_notebook(cells=[new_code_cell(text)])}
loop.run_until_complete(server.contents_manager.save(notebook, "saved.ipynb"))
loop.run_until_complete(server.cleanup_extensions())
print()
print(json.dumps(said))
"""


def test_without_what_only_unix_has_everything_is_imported_and_text_is_screened(
    tmp_path: Path,
) -> None:
    token = "gh" + "p_" + "".join(Random(7).choices(ascii_letters + digits, k=36))
    imports = "".join(f"import jupyter_agent.{module}\n" for module in IMPORTED)
    done = subprocess.run(
        [sys.executable, "-P", "-c", WITHOUT + imports + ASKED, str(tmp_path), token],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env={**os.environ, "HOME": str(tmp_path)},
    )
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout.splitlines()[-1])
    assert said["local-vnc"] == "There is no Xvnc for Windows."
    assert said["screen"] == 2  # found one
    assert said["cells"] == [False, True]
    assert said["left"] == [None, 2]
    saved = (tmp_path / "saved.ipynb").read_text()
    assert "[secret:github-token]" in saved
    assert token not in saved + done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert "bug" not in done.stderr
