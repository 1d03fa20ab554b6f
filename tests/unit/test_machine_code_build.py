"""What a wheel gets where there is a C compiler, and where there is none."""

from __future__ import annotations

import ast
import sysconfig
import tomllib
from importlib import util
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hatchling.bridge.app import Application
from sources import ROOT


def _hatch_build() -> ModuleType:
    spec = util.spec_from_file_location("hatch_build", ROOT / "hatch_build.py")
    assert spec is not None
    assert spec.loader is not None
    module = util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


HATCH_BUILD = _hatch_build()
UNCHANGED: dict[str, Any] = {"force_include": {}, "pure_python": True}


def built(
    version: str = "standard", modules: tuple[str, ...] = (), root: Path = ROOT
) -> dict[str, Any]:
    """What hatchling is told about a wheel."""
    hook = HATCH_BUILD.MachineCodeHook(
        str(root), {"modules": modules}, None, None, "", "wheel", Application()
    )
    told = {"force_include": {}, "pure_python": True}
    hook.initialize(version, told)
    hook.finalize(version, told, "")
    return told


@pytest.fixture(autouse=True)
def nobody_says_which(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(HATCH_BUILD.SWITCH, raising=False)


@pytest.fixture
def without_headers(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    monkeypatch.setattr(sysconfig, "get_path", lambda _: str(tmp_path))


def test_without_a_compiler_the_wheel_is_python_and_the_build_says_so(
    monkeypatch: pytest.MonkeyPatch, capfd
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert built() == UNCHANGED
    said = capfd.readouterr()
    assert "no C compiler" in said.out + said.err


@pytest.mark.usefixtures("without_headers")
def test_without_python_s_headers_it_names_the_package_that_brings_them(capfd) -> None:
    assert built() == UNCHANGED
    said = capfd.readouterr()
    assert "python3-dev" in said.out + said.err


def test_a_compiler_that_fails_leaves_the_wheel_python_too(tmp_path, capfd) -> None:
    # As it ends on Windows without Visual C++, or where a module is not what mypyc takes.
    (tmp_path / "jupyter_agent/screen").mkdir(parents=True)
    (tmp_path / "jupyter_agent/screen/wrong.py").write_text("number: int = 'one'\n")
    assert built(modules=("wrong",), root=tmp_path) == UNCHANGED
    assert "Screening stays Python" in "".join(capfd.readouterr())


@pytest.mark.usefixtures("without_headers")
def test_where_machine_code_is_asked_for_a_build_without_a_compiler_fails(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("JUPYTER_AGENT_MACHINE_CODE", "1")
    with pytest.raises(RuntimeError, match=r"no Python\.h"):
        built()


def test_machine_code_can_be_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUPYTER_AGENT_MACHINE_CODE", "0")
    assert built(modules=("look",)) == UNCHANGED


def test_an_editable_install_has_none() -> None:
    assert built("editable", modules=("look",)) == UNCHANGED


def test_no_module_that_becomes_machine_code_calls_what_a_property_gives() -> None:
    """mypyc takes it for a call of the getter and leaves the arguments out (mypyc/mypyc#1212)."""
    build = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]
    names = build["targets"]["wheel"]["hooks"]["custom"]["modules"]
    trees = [ast.parse((ROOT / f"jupyter_agent/screen/{name}.py").read_text()) for name in names]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    properties = {
        node.name
        for node in nodes
        if isinstance(node, ast.FunctionDef) and "property" in map(ast.unparse, node.decorator_list)
    }
    called = {
        node.func.attr
        for node in nodes
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    }
    assert properties
    assert not properties & called
