from __future__ import annotations

import os
from pathlib import Path

import pytest

from jupyter_agent.vault.machine import this_machine


def _file(root: Path, name: str, content: str = "") -> None:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding="utf-8")


def test_the_machine_id_identifies_a_linux_machine(tmp_path: Path) -> None:
    _file(tmp_path, "etc/machine-id", "0123456789abcdef0123456789abcdef\n")
    assert this_machine(tmp_path).identity == b"0123456789abcdef0123456789abcdef"


@pytest.mark.parametrize("content", ["", "\n", "uninitialized\n", "0" * 32 + "\n", "not an id\n"])
def test_an_id_that_identifies_nothing_counts_as_none(tmp_path: Path, content: str) -> None:
    _file(tmp_path, "etc/machine-id", content)
    assert this_machine(tmp_path).identity == b""


def test_a_machine_without_an_id_has_none(tmp_path: Path) -> None:
    machine = this_machine(tmp_path)
    assert machine.identity == b""
    assert not machine.container


@pytest.mark.parametrize(
    ("name", "content"),
    [
        (".dockerenv", ""),
        ("run/.containerenv", ""),
        ("run/systemd/container", "docker"),
        ("var/run/secrets/kubernetes.io/serviceaccount/namespace", "default"),
        ("proc/1/cgroup", "0::/kubepods.slice/kubepods-pod1.slice\n"),
        ("proc/1/cgroup", "12:pids:/docker/0123456789ab\n"),
    ],
)
def test_containers_are_recognised(tmp_path: Path, name: str, content: str) -> None:
    _file(tmp_path, name, content)
    assert this_machine(tmp_path).container


@pytest.mark.skipif(os.getuid() == 0, reason="nothing is closed to root")
def test_a_folder_that_is_closed_to_us_says_nothing(tmp_path: Path) -> None:
    (tmp_path / "run/secrets").mkdir(parents=True)
    (tmp_path / "run/secrets").chmod(0)
    assert not this_machine(tmp_path).container
    (tmp_path / "run/secrets").chmod(0o700)


@pytest.mark.parametrize("content", ["0::/init.scope\n", "0::/\n", "9:name=systemd:/\n"])
def test_an_ordinary_host_is_no_container(tmp_path: Path, content: str) -> None:
    _file(tmp_path, "proc/1/cgroup", content)
    assert not this_machine(tmp_path).container


def test_the_machine_we_run_on_answers_the_same_twice() -> None:
    assert this_machine() == this_machine()
