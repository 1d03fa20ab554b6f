"""Whether the parts of this package are where Jupyter looks for them."""

from __future__ import annotations

import json
import os
import shlex
import site
import sys
from collections.abc import Iterator
from importlib import metadata, util
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit
from urllib.request import url2pathname

from jupyter_agent.cli.jupyter_settings import json_object

Check = dict[str, str]

_PACKAGE: Final = "jupyter-agent-secrets"


def check(id: str, state: str, message: str, hint: str = "") -> Check:  # noqa: A002
    """One check.

    Args:
        id: Its stable name.
        state: ``ok``, ``warn`` or ``fail``.
        message: What was seen.
        hint: What to do, where something is to be done.
    """
    return {"id": id, "state": state, "message": message, "hint": hint}


def reinstall() -> str:
    """The next step where a part is missing: from where pip has this package, as it remembers.

    What came from a checkout or a file (PEP 610) is perhaps in no index, or somebody else's there.
    """
    source = _PACKAGE
    try:
        told = json.loads(metadata.distribution(_PACKAGE).read_text("direct_url.json") or "{}")
        address = urlsplit(told.get("url", ""))
        if address.scheme == "file":
            source = shlex.quote(url2pathname(address.path))
    except (metadata.PackageNotFoundError, ValueError, AttributeError):
        pass
    return f"Install it in this environment: pip install --force-reinstall {source}"


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
    return check(
        "server-extension", "fail", "Not enabled in this Jupyter environment.", reinstall()
    )


def _labextension() -> Check:
    from jupyter_core.paths import jupyter_path  # noqa: PLC0415  (Jupyter only if asked)

    for folder in jupyter_path("labextensions"):
        package = Path(folder) / "jupyter-agent" / "package.json"
        if package.exists():
            version = json_object(package).get("version", "of unknown version")
            return check("labextension", "ok", f"{version}, in {package.parent}.")
    return check("labextension", "fail", "Not installed in this environment.", reinstall())


def _kernel_extension() -> Check:
    profile = Path(os.environ.get("IPYTHONDIR") or Path.home() / ".ipython") / "profile_default"
    system = (Path("/usr/local/etc/ipython"), Path("/etc/ipython"))
    for folder in (profile, Path(sys.prefix) / "etc" / "ipython", *system):
        for name in ("ipython_kernel_config.json", "ipython_config.json"):
            file = folder / name
            if _loads_us(file):
                return check("kernel-extension", "ok", f"Loaded by {file}.")
    hint = reinstall()
    of_user = Path(site.getuserbase()) / "etc" / "ipython" / "ipython_config.json"
    if _loads_us(of_user):
        to = shlex.quote(str(profile))
        hint = (
            "pip install --user has put what loads it where IPython does not look. Link it: "
            f"mkdir -p {to} && ln -s {shlex.quote(str(of_user))} {to}/"
        )
    return check(
        "kernel-extension",
        "fail",
        "IPython kernels of this environment do not load it.",
        f"{hint}; in one notebook: %load_ext jupyter_agent",
    )


def _loads_us(file: Path) -> bool:
    """Whether settings of IPython load the extension."""
    sections = [each for each in json_object(file).values() if isinstance(each, dict)]
    return any("jupyter_agent" in each.get("extensions", ()) for each in sections)


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
