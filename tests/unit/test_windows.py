"""On Windows nothing can be started yet: everything can be imported, and says so in one sentence.

Not run on Windows. A process of its own does without what Python has on Unix only.
"""

from __future__ import annotations

import json
import subprocess
import sys

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
sys.platform = "win32"
"""

IMPORTED = (
    *("spawn", "client", "screen", "desktop", "desktop.machine", "desktop.local_vnc"),
    *("desktop.local_cdp", "desktop.remote", "server.desktop.providers", "kernel.extension"),
    *("server.extension", "kernel.desktop", "cli"),
)

ASKED = """
from jupyter_agent.cli import main
from jupyter_agent.desktop.local_cdp import LocalCdp
from jupyter_agent.desktop.local_vnc import LocalVnc
from jupyter_agent.desktop.machine import Machine
from jupyter_agent.errors import AgentError
from jupyter_agent.person import open_client
from jupyter_agent.folders import Folders

said = {}
for provider in (LocalVnc(None, None), LocalCdp(None, None)):
    said[provider.id] = loop.run_until_complete(provider.available()).reason
try:
    loop.run_until_complete(Machine.make())
except AgentError as error:
    said["machine"] = [error.code, error.hint]
try:
    open_client(Folders.of())
except AgentError as error:
    said["broker"] = [error.code, error.hint]
for words in (["secret", "list"], ["desktop", "status"], ["run", "-s", "A", "--", "x"], ["doctor"]):
    said[words[0]] = main(words)
print(json.dumps(said))
"""


def test_without_what_only_unix_has_all_is_imported_and_says_what_to_do() -> None:
    imports = "".join(f"import jupyter_agent.{module}\n" for module in IMPORTED)
    done = subprocess.run(
        [sys.executable, "-P", "-c", WITHOUT + imports + ASKED],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    here = "Desktops run on Linux and macOS only, so far."
    assert (said["local-vnc"], said["local-cdp"]) == (here, here)
    unreachable = ["broker_unreachable", "Run JupyterLab inside WSL: wsl --install"]
    assert (said["machine"], said["broker"]) == (unreachable, unreachable)
    assert [said[command] for command in ("secret", "desktop", "run", "doctor")] == [1, 1, 125, 1]
    assert done.stderr.count("jupyter agent does not run on Windows yet") == 4
    assert "Traceback" not in done.stderr
    assert "bug" not in done.stderr
