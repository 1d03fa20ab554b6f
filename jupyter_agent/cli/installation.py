"""Whether the parts of this package are where Jupyter looks for them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib import util
from pathlib import Path
from typing import Final

from jupyter_agent.cli.jupyter_settings import json_object

Check = dict[str, str]

_PACKAGE: Final = "jupyter-agent-secrets"
_REINSTALL: Final = f"Install it in this environment: pip install --force-reinstall {_PACKAGE}"


def check(id: str, state: str, message: str, hint: str = "") -> Check:  # noqa: A002
    """One check.

    Args:
        id: Its stable name.
        state: ``ok``, ``warn`` or ``fail``.
        message: What was seen.
        hint: What to do, where something is to be done.
    """
    return {"id": id, "state": state, "message": message, "hint": hint}


def installation() -> Iterator[Check]:
    """Server extension, browser extension, kernel extension, screening engine, desktop."""
    yield _server_extension()
    yield _labextension()
    yield _kernel_extension()
    yield _screener()
    yield _desktop()


def _server_extension() -> Check:
    from jupyter_core.paths import jupyter_config_path  # noqa: PLC0415  (Jupyter only if asked)

    for folder in jupyter_config_path():
        file = Path(folder) / "jupyter_server_config.d" / "jupyter_agent.json"
        settings = json_object(file).get("ServerApp", {})
        enabled = settings.get("jpserver_extensions", {}).get("jupyter_agent")
        if enabled is True:
            return check("server-extension", "ok", f"Enabled by {file}.")
        if enabled is False:
            return check(
                "server-extension",
                "fail",
                f"Switched off by {file}.",
                "Switch it on: jupyter server extension enable jupyter_agent",
            )
    return check("server-extension", "fail", "Not enabled in this Jupyter environment.", _REINSTALL)


def _labextension() -> Check:
    from jupyter_core.paths import jupyter_path  # noqa: PLC0415  (Jupyter only if asked)

    for folder in jupyter_path("labextensions"):
        package = Path(folder) / "jupyter-agent" / "package.json"
        if package.exists():
            version = json_object(package).get("version", "of unknown version")
            return check("labextension", "ok", f"{version}, in {package.parent}.")
    return check("labextension", "fail", "Not installed in this environment.", _REINSTALL)


def _kernel_extension() -> Check:
    for folder in (Path(sys.prefix), Path("/usr/local"), Path("/usr")):
        for name in ("ipython_kernel_config.json", "ipython_config.json"):
            file = folder / "etc" / "ipython" / name
            app = json_object(file)
            loaded = [
                extension
                for section in app.values()
                if isinstance(section, dict)
                for extension in section.get("extensions", ())
            ]
            if "jupyter_agent" in loaded:
                return check("kernel-extension", "ok", f"Loaded by {file}.")
    return check(
        "kernel-extension",
        "fail",
        "IPython kernels of this environment do not load it.",
        f"{_REINSTALL}; in one notebook: %load_ext jupyter_agent",
    )


def _screener() -> Check:
    from jupyter_agent.screen import Screener, load_rules  # noqa: PLC0415  (reads the catalogue)

    number = len(load_rules())
    if util.find_spec("hyperscan") is None:
        return check(
            "screener",
            "warn",
            f"{number} rules on the fallback engine, with the same findings, but slower.",
            "pip install hyperscan",
        )
    screener = Screener()
    try:
        screener.adopt(screener.compile())
    except (ImportError, ValueError):
        return check("screener", "warn", f"{number} rules; hyperscan is there but does not work.")
    from jupyter_agent.screen import look  # noqa: PLC0415

    # Which of the two a package has was decided when it was built (hatch_build.py).
    how = "" if look.__file__.endswith(".py") else ", as machine code"
    return check("screener", "ok", f"{number} rules on hyperscan{how}.")


def _desktop() -> Check:
    from jupyter_agent.desktop.programs import ROLES, TITLES, Programs  # noqa: PLC0415

    programs = Programs.find()
    missing = programs.missing(*ROLES)
    if not missing:
        return check("desktop", "ok", f"{', '.join(TITLES[role] for role in ROLES)} are there.")
    names = ", ".join(TITLES[role] for role in missing)
    instead = "" if "browser" in missing else " Until then desktops come as pictures (local-cdp)."
    return check(
        "desktop",
        "warn",
        f"Missing: {names}.{instead}",
        "Install it: jupyter agent desktop install",
    )
