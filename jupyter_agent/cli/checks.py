"""What ``doctor`` looks at. Each check says what it saw; none changes anything."""

from __future__ import annotations

import json
import os
import platform
import stat
import sys
from collections.abc import Iterator
from importlib import util
from pathlib import Path
from typing import Any, Final

from jupyter_agent import __version__
from jupyter_agent.cli.door import open_as_person
from jupyter_agent.errors import AgentError
from jupyter_agent.folders import Folders, check_private_dir

Check = dict[str, str]

_PACKAGE: Final = "jupyter-agent-secrets"
_REINSTALL: Final = f"Install it in this environment: pip install --force-reinstall {_PACKAGE}"


def every_check() -> list[Check]:
    """Every check, in the order in which things depend on each other."""
    folders = Folders.of()
    return [
        _version(),
        _machine(),
        _sudo(),
        *_folders(folders),
        *_broker_and_vault(),
        _server_extension(),
        _labextension(),
        _kernel_extension(),
        _screener(),
    ]


def _check(id: str, state: str, message: str, hint: str = "") -> Check:  # noqa: A002
    return {"id": id, "state": state, "message": message, "hint": hint}


def _failed(id: str, error: AgentError) -> Check:  # noqa: A002
    return _check(id, "fail", error.message, error.hint)


def _version() -> Check:
    python = platform.python_version()
    return _check("version", "ok", f"jupyter-agent {__version__}, Python {python}")


def _machine() -> Check:
    if not sys.platform.startswith("linux"):
        return _check("machine", "fail", f"{platform.system()} is not supported yet.", "Use Linux.")
    name = f"{platform.system()} {platform.release()}, {platform.machine()}"
    try:
        identified = bool(Path("/etc/machine-id").read_text(encoding="ascii").strip())
    except (OSError, ValueError):
        identified = False
    if identified:
        return _check("machine", "ok", name)
    return _check(
        "machine",
        "warn",
        f"{name}; it has no machine id, as in many containers, so a copied store is kept out by "
        "its key alone.",
        "Make one, if this machine is to last: systemd-machine-id-setup",
    )


def _sudo() -> Check:
    if os.geteuid() == 0 and os.environ.get("SUDO_UID", "0") != "0":
        return _check("sudo", "fail", "This runs under sudo.", "Call it as yourself, without sudo.")
    if os.geteuid() == 0:
        return _check("sudo", "warn", "This runs as root.", "Use an ordinary account.")
    return _check("sudo", "ok", "This runs as an ordinary user.")


def _folders(folders: Folders) -> Iterator[Check]:
    for name, path in (("data", folders.data), ("state", folders.state), ("run", folders.run)):
        id_ = f"folder-{name}"
        if not path.exists():
            yield _check(id_, "ok", f"{path} is made when it is needed.")
            continue
        try:
            check_private_dir(path, make=False)
        except AgentError as error:
            yield _failed(id_, error)
        else:
            mode = stat.S_IMODE(path.stat().st_mode)
            yield _check(id_, "ok", f"{path}, mode {mode:04o}, yours alone.")


def _broker_and_vault() -> Iterator[Check]:
    try:
        with open_as_person() as client:
            status = client.call("status")
    except AgentError as error:
        yield _failed("broker", error)
        return
    yield _broker(status)
    yield _vault(status["vault"])
    yield _key_source(status["vault"])


def _broker(status: dict[str, Any]) -> Check:
    memory = status["memory"] / 2**20
    message = f"It answers: process {status['pid']}, {memory:.0f} MB, {status['runs']} runs."
    if status["version"] != __version__:
        return _check(
            "broker",
            "warn",
            f"{message} It is version {status['version']}.",
            f"It makes room for the new version when its runs have ended; or: kill {status['pid']}",
        )
    return _check("broker", "ok", message)


def _vault(vault: dict[str, Any]) -> Check:
    state = vault["state"]
    if state == "error":
        error = vault["error"] or {}
        return _check(
            "vault",
            "fail",
            str(error.get("message", "It can't be opened.")),
            str(error.get("hint", "")),
        )
    if state == "locked":
        return _check("vault", "warn", "It is locked.", "Open it: jupyter agent unlock")
    if state == "absent":
        return _check("vault", "ok", "It is made with the first secret.")
    return _check("vault", "ok", f"It is {state}.")


def _key_source(vault: dict[str, Any]) -> Check:
    wanted = os.environ.get("JUPYTER_AGENT_KEY_SOURCE", "")
    tier = vault["tier"]
    if not tier:
        return _check("key-source", "ok", f"{wanted or 'chosen'} when the vault is made.")
    said = " ".join(part for part in (f"{tier}.", vault["promise"], vault["note"]) if part)
    if wanted and wanted != tier:
        return _check(
            "key-source",
            "warn",
            f"{said} JUPYTER_AGENT_KEY_SOURCE asks for {wanted}.",
            "A vault keeps the key source it was made with; take the variable away.",
        )
    return _check("key-source", "ok", said)


def _server_extension() -> Check:
    from jupyter_core.paths import jupyter_config_path  # noqa: PLC0415  (Jupyter only if asked)

    for folder in jupyter_config_path():
        file = Path(folder) / "jupyter_server_config.d" / "jupyter_agent.json"
        settings = _json(file).get("ServerApp", {})
        enabled = settings.get("jpserver_extensions", {}).get("jupyter_agent")
        if enabled is True:
            return _check("server-extension", "ok", f"Enabled by {file}.")
        if enabled is False:
            return _check(
                "server-extension",
                "fail",
                f"Switched off by {file}.",
                "Switch it on: jupyter server extension enable jupyter_agent",
            )
    return _check(
        "server-extension", "fail", "Not enabled in this Jupyter environment.", _REINSTALL
    )


def _labextension() -> Check:
    from jupyter_core.paths import jupyter_path  # noqa: PLC0415  (Jupyter only if asked)

    for folder in jupyter_path("labextensions"):
        package = Path(folder) / "jupyter-agent" / "package.json"
        if package.exists():
            version = _json(package).get("version", "of unknown version")
            return _check("labextension", "ok", f"{version}, in {package.parent}.")
    return _check("labextension", "fail", "Not installed in this environment.", _REINSTALL)


def _kernel_extension() -> Check:
    for folder in (Path(sys.prefix), Path("/usr/local"), Path("/usr")):
        for name in ("ipython_kernel_config.json", "ipython_config.json"):
            file = folder / "etc" / "ipython" / name
            app = _json(file)
            loaded = [
                extension
                for section in app.values()
                if isinstance(section, dict)
                for extension in section.get("extensions", ())
            ]
            if "jupyter_agent" in loaded:
                return _check("kernel-extension", "ok", f"Loaded by {file}.")
    return _check(
        "kernel-extension",
        "fail",
        "IPython kernels of this environment do not load it.",
        f"{_REINSTALL}; in one notebook: %load_ext jupyter_agent",
    )


def _screener() -> Check:
    from jupyter_agent.screen import Screener, load_rules  # noqa: PLC0415  (reads the catalogue)

    number = len(load_rules())
    if util.find_spec("hyperscan") is None:
        return _check(
            "screener",
            "warn",
            f"{number} rules on the fallback engine, with the same findings, but slower.",
            "pip install hyperscan",
        )
    screener = Screener()
    try:
        screener.adopt(screener.compile())
    except (ImportError, ValueError):
        return _check("screener", "warn", f"{number} rules; hyperscan is there but does not work.")
    return _check("screener", "ok", f"{number} rules on hyperscan.")


def _json(file: Path) -> dict[str, Any]:
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}
