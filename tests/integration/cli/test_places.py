"""Homes, umasks and environments as people have them."""

from __future__ import annotations

import json
import os
import shlex
import site
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_agent import spawn
from jupyter_agent.client import Client, Hello
from jupyter_agent.errors import BrokerUnreachable
from jupyter_agent.folders import check_private_dir

ASCII = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}


@pytest.fixture
def open_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.mark.parametrize("name", [b"Z\xc3\xbcrich \xe7\xa9\xba", b"Z\xfcrich"])
def test_a_home_of_any_name_has_one_broker_whatever_the_locale(cli, agent_home, planted, name):
    home = agent_home / os.fsdecode(name)
    home.mkdir()
    env = {"JUPYTER_AGENT_HOME": str(home)}
    value = planted.value.encode()
    assert cli("secret", "set", "DEMO_TOKEN", "--stdin", stdin=value, env=env).code == 0
    first = cli("status", "--json", env=env).json["pid"]
    assert cli("status", "--json", env=env | ASCII).json["pid"] == first
    assert cli("grant", "DEMO_TOKEN", "--any-command", env=env).code == 0
    echo = ("run", "-s", "DEMO_TOKEN", "--", "printenv", "DEMO_TOKEN")
    assert cli(*echo, env=env | ASCII).out == b"[secret:DEMO_TOKEN]\n"


@pytest.mark.usefixtures("open_umask")
def test_what_we_make_on_the_way_to_our_folders_is_open_to_nobody_to_write(cli, agent_home):
    above = agent_home / "share"
    assert cli("status", env={"JUPYTER_AGENT_HOME": str(above / "ours")}).code == 0
    assert stat.S_IMODE(above.stat().st_mode) == 0o755


def test_a_folder_that_others_may_write_to_is_named_with_the_line_that_closes_it(cli, agent_home):
    above = agent_home / "open to all"
    above.mkdir()
    above.chmod(0o777)
    env = {"JUPYTER_AGENT_HOME": str(above)}
    error = cli("status", "--json", env=env).error
    assert f"lies in {above}, where another user could exchange it" in error["message"]
    assert error["hint"] == f"Close it: chmod go-w {shlex.quote(str(above))}"
    subprocess.run(["bash", "-c", error["hint"].removeprefix("Close it: ")], check=True)
    assert cli("status", "--json", env=env).code == 0


def test_a_folder_of_ours_that_is_open_is_told_with_its_whole_path(tmp_path):
    (tmp_path / "ours").mkdir(mode=0o755)
    with pytest.raises(Exception, match="open to other users") as caught:
        check_private_dir(tmp_path / "ours")
    assert str(tmp_path / "ours") in caught.value.hint


def test_a_broker_that_does_not_find_this_package_says_so_and_what_to_do(folders, monkeypatch):
    # As where PYTHONPATH or another HOME brings it: -S is a Python without any packages.
    monkeypatch.setattr(spawn, "python", lambda *words: [sys.executable, "-I", "-S", "-m", *words])
    with pytest.raises(BrokerUnreachable, match="No module named 'jupyter_agent'") as caught:
        Client(folders, Hello())
    assert "PYTHONPATH" in caught.value.hint
    assert "venv" in caught.value.hint


def test_what_pip_puts_where_ipython_does_not_look_is_told_with_the_line_that_links_it(
    cli, tmp_path, monkeypatch
):
    base, profiles = tmp_path / "my base", tmp_path / "my profiles"
    shipped = Path(__file__).parents[3] / "jupyter-config/ipython-config/ipython_config.json"
    (base / "etc/ipython").mkdir(parents=True)
    (base / "etc/ipython/ipython_config.json").write_bytes(shipped.read_bytes())
    monkeypatch.setattr(site, "getuserbase", lambda: str(base))
    monkeypatch.setattr(sys, "prefix", str(tmp_path / "nothing"))
    monkeypatch.setenv("IPYTHONDIR", str(profiles))
    from jupyter_agent.cli.installation import installation  # noqa: PLC0415

    def line() -> dict[str, str]:
        return next(each for each in installation() if each["id"] == "kernel-extension")

    assert line()["state"] == "fail"
    command = line()["hint"].partition("Link it: ")[2].partition("; in one notebook")[0]
    subprocess.run(["bash", "-c", command], check=True)
    assert line()["state"] == "ok"
    loaded = json.loads((profiles / "profile_default/ipython_config.json").read_text())
    assert "jupyter_agent" in loaded["InteractiveShellApp"]["extensions"]
