"""What is kept of a profile, where a browser seals cookies with a key of its own: on Windows."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path

import pytest

from jupyter_agent.desktop import signed_in
from jupyter_agent.errors import DesktopError


def profile_with(state: str, folder: Path) -> Path:
    (folder / "Default/Network").mkdir(parents=True)
    (folder / "Default/Network/Cookies").write_bytes(b"sealed")
    (folder / "Local State").write_text(state)
    return folder


def test_a_key_for_cookies_is_kept_of_windows_s_state_and_nothing_else(tmp_path: Path) -> None:
    state = {
        "os_crypt": {"encrypted_key": "RFBBUEk=", "audit_enabled": True},
        "profile": {"info_cache": {"Default": {"user_name": "ada@example.com"}}},
    }
    packed = io.BytesIO()
    signed_in.pack(profile_with(json.dumps(state), tmp_path / "before"), packed)
    packed.seek(0)
    signed_in.unpack(packed, tmp_path / "after")
    kept = json.loads((tmp_path / "after/Local State").read_bytes())
    assert kept == {"os_crypt": {"encrypted_key": "RFBBUEk="}}
    assert (tmp_path / "after/Default/Network/Cookies").read_bytes() == b"sealed"


@pytest.mark.parametrize(
    "state", ["", "[]", "{}", '{"os_crypt": {"portal": {}}}', '{"os_crypt": 1}']
)
def test_where_there_is_no_such_key_nothing_of_the_state_is_kept(
    state: str, tmp_path: Path
) -> None:
    packed = io.BytesIO()
    signed_in.pack(profile_with(state, tmp_path), packed)
    packed.seek(0)
    with tarfile.open(fileobj=packed) as archive:
        assert archive.getnames() == ["Default/Network/Cookies"]


@pytest.mark.parametrize(
    "name", ["Local State/x", "Preferences", "Default\\..\\x", "Default/C:x", "Default/x:y"]
)
def test_no_other_name_comes_out_of_what_was_kept(name: str, tmp_path: Path) -> None:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        archive.addfile(tarfile.TarInfo(name))
    packed.seek(0)
    with pytest.raises(DesktopError):
        signed_in.unpack(packed, tmp_path / "after")
    assert not (tmp_path / "after").exists()
