"""What the tests use is declared, so a fresh machine can run them."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import programs
import pytest
from sources import ROOT, texts

pytestmark = pytest.mark.skipif(
    not Path("/var/lib/dpkg/status").exists(), reason="programs come from Debian packages here"
)

STATUS = """\
Package: base
Status: install ok installed
Essential: yes

Package: wanted
Status: install ok installed
Pre-Depends: base
Depends: not-here | virtual (>= 1), third:any
Recommends: extra

Package: real
Status: install ok installed
Provides: virtual (= 2)

Package: third
Status: install ok installed

Package: extra
Status: install ok installed

Package: gone
Status: deinstall ok config-files
"""


def test_a_package_brings_what_it_depends_on_and_not_what_it_recommends() -> None:
    packages = programs.installed(STATUS)
    assert programs.closure(["wanted"], packages) == {"base", "wanted", "real", "third"}


def test_a_removed_package_brings_nothing() -> None:
    assert "gone" not in programs.closure(["gone"], programs.installed(STATUS))


def test_every_declared_package_is_installed() -> None:
    packages = programs.installed(Path("/var/lib/dpkg/status").read_text())
    assert not [name for name in programs.declared(ROOT / "pyproject.toml") if name not in packages]


def test_every_program_a_test_names_comes_from_a_declared_package() -> None:
    available = programs.available(ROOT / "pyproject.toml")
    # By name at the start of an argument list, by name to `which`, or by path.
    named = re.compile(
        r"""(?:(?<![\w\])])\[\s*|which\(|Popen\(|check_output\(|executable_path=)["']([a-z][\w.+-]*|/usr/\w+/[\w.+-]+)["']"""
    )
    strangers: dict[str, str] = {}
    for path, text in texts(".py").items():
        if path.parts[0] != "tests":
            continue
        for match in named.finditer(text):
            name = Path(match[1]).name
            # Words that are no program on any machine are data.
            if name not in available and (shutil.which(name, path=_EVERYWHERE)):
                strangers[name] = str(path)
    assert not strangers


_EVERYWHERE = "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin:/usr/games"
