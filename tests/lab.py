"""A real JupyterLab of one test session, with folders of its own."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from jupyter_ai_environment import Environment
from steps import told_by_server

from jupyter_agent import person
from jupyter_agent.client import Client
from jupyter_agent.folders import Folders

SECONDS_TO_START = 120
OTHER_NAME = "lab.example"
"""A name by which the server answers too, and which is not this machine's own to a browser."""


@dataclass(frozen=True)
class Lab:
    """A running server.

    Attributes:
        root: Everything it writes lies below: notebooks, settings, runtime files, vault, log.
        url: Without a slash at the end.
        token: Jupyter's own, for its login.
    """

    root: Path
    url: str
    token: str

    @property
    def folders(self) -> Folders:
        """Where its vault lies."""
        return Folders.of({"JUPYTER_AGENT_HOME": str(self.root / "agent home")})

    @property
    def notebooks(self) -> Path:
        """The folder it serves."""
        return self.root / "notebooks"

    @property
    def log(self) -> Path:
        """All that server and kernels printed."""
        return self.root / "server.log"

    def person(self) -> Client:
        """Who owns the vault, in a terminal."""
        hello = person.hello(self.folders, {"JUPYTER_AGENT_KEY_SOURCE": "file"})
        return Client(self.folders, hello)

    def notebook(self, name: str, *sources: str) -> Path:
        """Put a notebook there, a code cell for each source."""
        cells = [nbformat.v4.new_code_cell(source) for source in sources]
        kernel = {"name": "python3", "display_name": "Python 3 (ipykernel)"}
        notebook = nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel})
        path = self.notebooks / name
        nbformat.write(notebook, path)
        return path

    def settings(self, plugin: str, content: dict[str, Any]) -> None:
        """A person's own settings of a part of JupyterLab, read when a page loads."""
        extension, _, name = plugin.partition(":")
        path = self.root / "settings" / extension / f"{name}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(content))


@contextlib.contextmanager
def running_lab(
    root: Path,
    key_source: str | None = "file",
    *options: str,
    environment: Environment = (Path(sys.executable), {}),
) -> Iterator[Lab]:
    """Start JupyterLab, and end it with its kernels.

    Args:
        root: Everything it writes lies below.
        key_source: What its owner has chosen.
        options: More of its command line.
        environment: The Python that runs it, and variables of its own.

    Raises:
        AssertionError: It did not come up; the end of its log is shown.
    """
    environ = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("JUPYTER", "XDG_", "IPYTHON", "DBUS_"))
    } | {
        "HOME": str(root),
        "JUPYTER_AGENT_HOME": str(root / "agent home"),
        **({"JUPYTER_AGENT_KEY_SOURCE": key_source} if key_source else {}),
        "JUPYTER_RUNTIME_DIR": str(root / "runtime"),
        "JUPYTER_CONFIG_DIR": str(root / "config"),
        "JUPYTER_DATA_DIR": str(root / "share"),
        "JUPYTERLAB_SETTINGS_DIR": str(root / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(root / "workspaces"),
        "IPYTHONDIR": str(root / "ipython"),
        **environment[1],
    }
    (root / "notebooks").mkdir()
    arguments = [
        *("-m", "jupyterlab", "--no-browser", "--port=0", "--LabApp.expose_app_in_browser=True"),
        "--JupyterNotebookApp.expose_app_in_browser=True",
        *(["--allow-root"] if os.getuid() == 0 else []),
        f"--ServerApp.root_dir={root / 'notebooks'}",
        f"--ServerApp.local_hostnames={OTHER_NAME}",
        "--ServerApp.local_hostnames=localhost",
        *options,
    ]
    with (root / "server.log").open("wb") as log:
        server = subprocess.Popen(
            [str(environment[0]), "-P", *arguments], env=environ, stdout=log, stderr=log, cwd=root
        )
    try:
        yield _wait(root, server)
    finally:
        server.terminate()  # the server ends its kernels
        try:
            server.wait(30)
        except subprocess.TimeoutExpired:
            # Jupyter AI's packages have threads that outlive it now and then. Ours have none.
            server.kill()
            server.wait(30)
            if environment[0] == Path(sys.executable):
                raise


def _wait(root: Path, server: subprocess.Popen[bytes]) -> Lab:
    """The server, as soon as it says where it is and listens."""
    deadline = time.monotonic() + SECONDS_TO_START
    runtime = root / "runtime"
    while time.monotonic() < deadline and server.poll() is None:
        if told := told_by_server(runtime):
            lab = Lab(root, told["url"].rstrip("/"), told["token"])
            # The news prompt would stand in the way of every test.
            notification = "@jupyterlab/apputils-extension:notification"
            lab.settings(notification, {"fetchNews": "false", "checkForUpdates": False})
            # Every cell is in the page, also those that are out of sight.
            lab.settings("@jupyterlab/notebook-extension:tracker", {"windowingMode": "none"})
            return lab
        time.sleep(0.05)
    raise AssertionError((root / "server.log").read_text()[-4000:])
