"""Makes machine code of what every text that is screened goes through, while a wheel is built.

These modules are ordinary Python, and run as such where there is no C compiler. mypyc, which comes
with mypy, makes C of their types (docs/decisions/0022-machine-code-for-screening.md).
"""

from __future__ import annotations

import os
import shutil
import sysconfig
import tempfile
from contextlib import chdir
from pathlib import Path
from typing import Any, Final

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SWITCH: Final = "JUPYTER_AGENT_MACHINE_CODE"
_PACKAGE: Final = Path("jupyter_agent/screen")
_LIBRARY: Final = "jupyter_agent_screen"
"""What the one library is called that all of them are in; it stands beside the packages."""


class MachineCodeHook(BuildHookInterface[Any]):
    """Puts libraries beside the sources that they were made of.

    ``modules``, in pyproject.toml, names the modules of ``jupyter_agent/screen``. In the
    environment ``JUPYTER_AGENT_MACHINE_CODE=0`` says that there shall be none, and 1 that there
    must be.
    """

    PLUGIN_NAME = "custom"
    _work: Path | None = None

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called by hatchling before it collects a wheel's files.

        Args:
            version: "editable" or "standard".
            build_data: What hatchling is told: which files to include, how to call the wheel.

        Raises:
            Exception: There must be machine code, and it can't be made; whatever says why.
        """
        wanted = os.environ.get(SWITCH)
        # Whoever edits the sources would go on running what was made of the old ones.
        if version == "editable" or wanted == "0":
            return
        try:
            libraries = self._libraries()
        except (Exception, SystemExit) as problem:  # whatever a compiler or mypyc ends with
            self._clean()
            if wanted == "1":
                raise
            # A wheel without is slower and as right; that it is one, `jupyter agent doctor` says.
            why = "mypyc says why above" if isinstance(problem, SystemExit) else problem
            self.app.display_warning(
                f"Screening stays Python ({why}): the same findings, in up to twice the time."
            )
            return
        for library, inside in libraries.items():
            build_data["force_include"][library] = inside
        build_data["pure_python"] = False
        build_data["infer_tag"] = True

    def _libraries(self) -> dict[str, str]:
        """Where the libraries are, and where they belong in a wheel."""
        if lacking := _lacking():
            raise RuntimeError(f"there is no {lacking}")
        self._work = Path(tempfile.mkdtemp(prefix="jupyter-agent-build-"))
        modules = [str(_PACKAGE / f"{name}.py") for name in self.config["modules"]]
        made = _made(Path(self.root), modules, self._work)
        return {str(path): str(path.relative_to(self._work / "lib")) for path in made}

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:  # noqa: ARG002
        """Called by hatchling when the wheel is there."""
        self._clean()

    def _clean(self) -> None:
        if self._work is not None:
            shutil.rmtree(self._work)
            self._work = None


def _lacking() -> str:
    """What is missing to compile C for this Python; nothing where all is there."""
    compiler = os.environ.get("CC") or str(sysconfig.get_config_var("CC") or "cc")
    # On Windows setuptools looks for a compiler where Microsoft's installer puts it.
    if os.name != "nt" and not shutil.which(compiler.split()[0]):
        return "C compiler"
    if not Path(sysconfig.get_path("include"), "Python.h").exists():
        return "Python.h (on Debian: apt-get install python3-dev)"
    return ""


def _made(root: Path, modules: list[str], work: Path) -> list[Path]:
    """Make machine code of some modules.

    Args:
        root: The folder that holds their package.
        modules: Their sources, from there.
        work: A folder for this alone.

    Returns:
        The libraries, which lie in ``work/lib`` as they will in ``site-packages``.
    """
    # Only there where a wheel is built for real.
    from mypyc.build import mypycify  # noqa: PLC0415
    from setuptools import Distribution  # noqa: PLC0415
    from setuptools.command.build_ext import build_ext  # noqa: PLC0415

    # Checking types is for lint. What else they import is taken as it comes: machine code checks
    # each object that it gets from elsewhere.
    options = ["--config-file=", "--follow-imports=skip", "--ignore-missing-imports"]
    with chdir(root):  # mypy tells a module's name from where its file lies
        extensions = mypycify(
            [*options, f"--cache-dir={work / 'notes'}", *modules],
            opt_level="2",
            debug_level="0",
            group_name=_LIBRARY,
            target_dir=str(work / "c"),
        )
        command = build_ext(Distribution({"name": _LIBRARY, "ext_modules": extensions}))
        command.build_lib, command.build_temp = str(work / "lib"), str(work / "objects")
        command.ensure_finalized()
        command.run()
    return sorted(path for path in (work / "lib").rglob("*") if path.is_file())
