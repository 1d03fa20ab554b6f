"""An export carries secrets to another vault, and nothing else gets in or out of it."""

from __future__ import annotations

import base64
import json
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from vaults import VALUES, connection_of, open_vault

from jupyter_agent.errors import AgentError, LabelNotFound, RequestInvalid, VaultBusy, VaultTooNew
from jupyter_agent.secret import Secret
from jupyter_agent.vault import portable
from jupyter_agent.vault.passphrase import Work
from jupyter_agent.vault.portable import open_export, seal_export

QUICK = Work(memory=32, passes=1, lanes=1)
WORDS = Secret("VAULT_PASSPHRASE", b"six words nobody would guess")
OTHER = Secret("VAULT_PASSPHRASE", b"five words nobody would guess")


def exported(home: Path) -> bytes:
    return seal_export(open_vault(home).entries(), WORDS, QUICK)


def forged(content: object) -> bytes:
    """An export that was sealed with the right passphrase by somebody hostile."""
    salt, nonce = bytes(16), bytes(12)
    sealed = portable.encrypt(
        portable._key(WORDS, salt, QUICK),
        nonce,
        portable.pad(json.dumps(content).encode()),
        portable._context(salt, QUICK),
    )
    text = {"salt": salt, "nonce": nonce, "sealed": sealed}
    body = {name: base64.b64encode(part).decode() for name, part in text.items()}
    return json.dumps({"jupyter_agent_export": 1, "work": QUICK.to_json(), **body}).encode()


def test_everything_known_of_a_secret_travels_along(home: Path, tmp_path: Path) -> None:
    ours = open_vault(home)
    ours.mark_exposed("ALPHA", "cell", "work.ipynb")
    ours.describe("BETA", {"kind": "api-key", "note": "for work", "rotate_every": 90})
    ours.record_uses({"GAMMA": (3, "2026-11-22T12:00:00Z")})
    theirs = open_vault(tmp_path / "other")
    assert theirs.merge(open_export(exported(home), WORDS), replace=False) == sorted(VALUES)
    assert theirs.list() == ours.list()
    assert {label: theirs.get(label).reveal() for label in VALUES} == VALUES
    assert theirs.grants() == []


def test_a_value_and_what_is_known_of_it_are_of_one_moment(home: Path) -> None:
    """Another process that replaces values meanwhile gets in between no two of them."""
    vault, other = open_vault(home), open_vault(home)
    refused = []

    def replace_meanwhile(statement: str) -> None:
        if "FROM record WHERE" in statement:
            try:
                other.put(Secret("BETA", b"newer"), note="newer", replace=True)
            except VaultBusy:
                refused.append(statement)

    connection_of(other).execute("PRAGMA busy_timeout = 1")
    connection_of(vault).set_trace_callback(replace_meanwhile)
    (entry,) = vault.entries(["BETA", "BETA"])
    connection_of(vault).set_trace_callback(None)
    assert refused
    assert (entry.meta.note, entry.secret.reveal()) == ("", VALUES["BETA"])
    with pytest.raises(LabelNotFound):
        vault.entries(["BETA", "UNKNOWN"])


def test_neither_value_nor_label_is_in_the_file(home: Path) -> None:
    file = exported(home)
    for text in (*VALUES, *(value.decode() for value in VALUES.values())):
        assert text.encode() not in file
        assert base64.b64encode(text.encode()).rstrip(b"=")[:-1] not in file


def test_two_exports_have_nothing_in_common(home: Path) -> None:
    first, second = (json.loads(exported(home)) for _ in range(2))
    for name in ("salt", "nonce", "sealed"):
        assert first[name] != second[name]


def test_another_passphrase_and_changed_bytes_look_alike(home: Path) -> None:
    said = set()
    for field in ("salt", "nonce", "sealed", None):
        body = json.loads(exported(home))
        if field:
            raw = bytearray(base64.b64decode(body[field]))
            raw[-1] ^= 1
            body[field] = base64.b64encode(raw).decode()
        with pytest.raises(RequestInvalid) as caught:
            open_export(json.dumps(body).encode(), WORDS if field else OTHER)
        said.add(str(caught.value))
    assert len(said) == 1


def test_the_work_can_not_be_turned_down(home: Path) -> None:
    body = json.loads(exported(home))
    body["work"]["memory"] = 16
    with pytest.raises(RequestInvalid):
        open_export(json.dumps(body).encode(), WORDS)


@pytest.mark.parametrize(
    "work", [{"memory": 100 * 2**20}, {"passes": 2**31}, {"lanes": 1000}, {"lanes": None}, [], None]
)
def test_a_hostile_export_does_not_choose_the_work(home: Path, work: Any) -> None:
    body = json.loads(exported(home))
    body["work"] = body["work"] | work if isinstance(work, dict) else work
    started = time.thread_time()
    with pytest.raises(RequestInvalid, match="no export"):
        open_export(json.dumps(body).encode(), WORDS)
    assert time.thread_time() - started < 0.5


@pytest.mark.parametrize(
    "file",
    [b"", b"{}", b"[]", b"\xff\xfe", b'{"jupyter_agent_export": 1}', b"[" * 100_000,
     b'{"jupyter_agent_export": true}', b'{"jupyter_agent_export": 0}'],
    ids=range(8),
)  # fmt: skip
def test_what_is_no_export_is_refused(file: bytes) -> None:
    with pytest.raises(RequestInvalid, match="no export"):
        open_export(file, WORDS)


def test_an_export_of_a_newer_release_says_so(home: Path) -> None:
    body = json.loads(exported(home)) | {"jupyter_agent_export": 2}
    with pytest.raises(VaultTooNew):
        open_export(json.dumps(body).encode(), WORDS)


GOOD: dict[str, Any] = {
    "label": "PLANTED", "value": "eA==", "kind": "", "note": "", "created": "2026-01-01T00:00:00Z",
    "replaced": None, "last_used": None, "uses": 0, "expires": None, "exposed": [],
}  # fmt: skip


def test_a_forged_export_with_honest_content_opens() -> None:
    """So that what the next test refuses is refused for its content."""
    (entry,) = open_export(forged({"secrets": [GOOD]}), WORDS)
    assert entry.secret.reveal() == b"x"
    assert entry.meta.weak


@pytest.mark.parametrize(
    "change",
    [
        {"label": "LD_PRELOAD"},
        {"label": "not a label"},
        {"label": 7},
        {"value": ""},
        {"value": "?"},
        {"value": base64.b64encode(bytes(70_000)).decode()},
        {"kind": "rocket"},
        {"note": "x" * 2000},
        {"created": "yesterday"},
        {"uses": -1},
        {"uses": "many"},
        {"exposed": 5},
        {"exposed": [{"where": "cell"}]},
        {"rotate_every": 10**9},
    ],
)
def test_what_no_vault_keeps_is_not_taken_in(change: dict[str, Any]) -> None:
    with pytest.raises(AgentError) as caught:
        open_export(forged({"secrets": [GOOD | change]}), WORDS)
    assert caught.value.code in {"request_invalid", "label_invalid"}


def test_a_merge_that_can_not_be_written_changes_nothing(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entries = open_export(exported(home), WORDS)
    theirs = open_vault(tmp_path / "other")
    broken = replace(entries[-1], secret=Secret(entries[-1].meta.label, b"x"))
    monkeypatch.setattr(Secret, "reveal", _fails_for(broken.secret))
    with pytest.raises(RuntimeError, match="made up"):
        theirs.merge([*entries[:-1], broken], replace=False)
    monkeypatch.undo()
    assert open_vault(tmp_path / "other").list() == []


def _fails_for(secret: Secret) -> Any:
    reveal = Secret.reveal

    def failing(self: Secret) -> bytes:
        if self is secret:
            raise RuntimeError("made up")
        return reveal(self)

    return failing


VECTORS = sorted((Path(__file__).parents[2] / "vectors/export").glob("*.json"))


def test_there_are_vectors() -> None:
    assert len(VECTORS) > 5


@pytest.mark.parametrize("path", VECTORS, ids=lambda path: path.stem)
def test_a_stored_export_opens_or_is_refused_as_it_says(path: Path) -> None:
    vector = json.loads(path.read_text(encoding="utf-8"))
    file = json.dumps(vector["file"]).encode()
    passphrase = Secret("VAULT_PASSPHRASE", vector["passphrase"].encode())
    if isinstance(vector["expect"], str):
        with pytest.raises(AgentError) as caught:
            open_export(file, passphrase)
        assert caught.value.code == vector["expect"]
        return
    entries = open_export(file, passphrase)
    for entry, wanted in zip(entries, vector["expect"]["secrets"], strict=True):
        known = {**entry.meta.to_json(), "value": entry.secret.reveal().hex()}
        assert known | wanted == known
