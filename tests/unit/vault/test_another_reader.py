"""What docs/vault-format.md says is enough for another program to read a vault."""

from __future__ import annotations

import ast
import base64
import json
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import vault_reader
from vault_reader import Refused, read_export, read_vault
from vaults import MACHINE, OTHER_MACHINE, VALUES, folders_in, open_vault

from jupyter_agent.broker.trail import Trail
from jupyter_agent.secret import Secret
from jupyter_agent.vault.passphrase import Work
from jupyter_agent.vault.portable import seal_export
from jupyter_agent.vault.provided_source import ProvidedSource
from jupyter_agent.vault.store import _TABLES
from jupyter_agent.vault.vault import Vault

VECTORS = Path(__file__).parents[2] / "vectors"
QUICK = Work(memory=32, passes=1, lanes=1)
WORDS = b"six words nobody would guess"


def provided(home: Path, **how: Any) -> ProvidedSource:
    path = folders_in(home).state / "vault.provided"
    return ProvidedSource(path, mounted=Path("/nowhere"), work=QUICK, **how)


def read(home: Path, **how: bytes) -> vault_reader.Read:
    folders = folders_in(home)
    return read_vault(folders.data, folders.state, MACHINE.identity, **how)


def test_it_knows_nothing_of_the_product() -> None:
    """Else it would prove nothing."""
    tree = ast.parse(Path(vault_reader.__file__).read_text(encoding="utf-8"))
    names = {
        name.split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in (
            [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else [alias.name for alias in node.names]
        )
    }
    assert names - sys.stdlib_module_names == {"cryptography"}


# --- A vault ---


def test_it_reads_every_record_of_a_vault(home: Path) -> None:
    found = read(home)
    assert found.secrets() == VALUES
    assert found.records["grant", "g-1"] == b"{}"
    about = json.loads(found.records["about", "ALPHA"])
    assert about["created"] == open_vault(home).meta("ALPHA").created


MOVES: dict[str, tuple[Callable[[Vault, Path], object], dict[str, bytes]]] = {
    "new keys": (lambda vault, _home: vault.rekey(vault.source("file")), {}),
    "a passphrase": (
        lambda vault, home: vault.rekey(
            provided(home, passphrase=Secret("VAULT_PASSPHRASE", WORDS))
        ),
        {"passphrase": WORDS},
    ),
    "a file from outside": (
        lambda vault, home: vault.rekey(provided(home, key_file=_key_file(home))),
        {},
    ),
}


def _key_file(home: Path) -> Path:
    path = home / "a key"
    path.write_bytes(b"0123456789abcdef" * 4 + b"\n")
    path.chmod(0o600)
    return path


@pytest.mark.parametrize(("move", "how"), MOVES.values(), ids=MOVES.keys())
def test_it_reads_a_vault_wherever_its_key_has_moved(
    home: Path, move: Callable[[Vault, Path], object], how: dict[str, bytes]
) -> None:
    vault = open_vault(home)
    move(vault, home)
    assert read(home, **how).secrets() == VALUES
    vault.put(Secret("DELTA", b"written afterwards"))
    assert read(home, **how).secrets()["DELTA"] == b"written afterwards"


def test_it_reads_the_audit_through_new_keys_and_misses_what_was_cut_off(home: Path) -> None:
    vault, state = open_vault(home), folders_in(home).state
    trail = Trail(state, None, first="audit-00000000.jsonl", key=vault.derive("audit"))
    for number in range(3):
        trail.append({"n": number, "command": "printenv"})
    vault.record_uses({}, trail.advance)
    assert [event["n"] for event in read(home).audit(state)] == [0, 1, 2]
    vault.rekey(vault.source("file"), chain=trail.handed_over(vault.chain()))
    later = Trail(state, vault.chain(), first="", key=vault.derive("audit"))
    later.append({"n": 3})
    vault.record_uses({}, later.advance)
    assert [event["n"] for event in read(home).audit(state)] == [0, 1, 2, 3]
    file = state / "audit-00000000.jsonl"
    file.write_bytes(b"".join(file.read_bytes().splitlines(keepends=True)[:-1]))
    with pytest.raises(Refused, match="tampered"):
        read(home).audit(state)


def test_it_refuses_what_the_page_refuses(home: Path, store: Path) -> None:
    folders, good = folders_in(home), store.read_bytes()
    with pytest.raises(Refused, match="wrong_machine"):
        read_vault(folders.data, folders.state, OTHER_MACHINE.identity)
    vault = open_vault(home)
    vault.put(Secret("ALPHA", b"newer"), replace=True)
    vault.close()
    newest = store.read_bytes()
    store.write_bytes(good)
    with pytest.raises(Refused, match="rolled_back"):
        read(home)
    store.write_bytes(newest)
    for statement, word in {
        "UPDATE record SET version = 9 WHERE name = 'ALPHA'": "tampered",
        "DELETE FROM record WHERE name = 'BETA'": "tampered",
        "PRAGMA user_version = 2": "vault_too_new",
    }.items():
        with closing(sqlite3.connect(store)) as connection, connection:
            connection.execute(statement)
        with pytest.raises(Refused, match=word):
            read(home)
        store.write_bytes(newest)
    assert read(home).secrets()["ALPHA"] == b"newer"


def test_it_reads_an_export(home: Path) -> None:
    entries = open_vault(home).entries()
    file = seal_export(entries, Secret("VAULT_PASSPHRASE", WORDS), QUICK)
    assert {each["label"]: each["value"] for each in read_export(file, WORDS)} == VALUES
    with pytest.raises(Refused, match="request_invalid"):
        read_export(file, b"five words nobody would guess")


# --- The stored vectors ---


def vectors(pattern: str) -> pytest.MarkDecorator:
    paths = sorted(VECTORS.glob(pattern))
    assert paths
    return pytest.mark.parametrize("path", paths, ids=lambda path: path.stem)


def outcome(work: Callable[[], dict[str, Any]]) -> Any:
    """What a vector's ``expect`` would be."""
    try:
        return work()
    except Refused as refusal:
        return {"error": str(refusal)}


@vectors("seal/record-*.json")
def test_it_agrees_about_a_record(path: Path) -> None:
    vector = json.loads(path.read_bytes())
    keys = vault_reader.keys_of(bytes.fromhex(vector["root"]), bytes.fromhex(vector["store_id"]))
    envelope = bytes.fromhex(vector["envelope"])

    def content() -> dict[str, Any]:
        return {
            "content": vault_reader.open_envelope(keys, **vector["record"], envelope=envelope).hex()
        }

    assert outcome(content) == vector["expect"]


@vectors("seal/root-*.json")
def test_it_agrees_about_a_root(path: Path) -> None:
    vector = json.loads(path.read_bytes())
    store_id, machine_id = bytes.fromhex(vector["store_id"]), vector["machine"].encode()

    def root() -> dict[str, Any]:
        found = vault_reader.unwrapped(
            bytes.fromhex(vector["wrapped"]),
            bytes.fromhex(vector["tier_secret"]),
            machine_id,
            store_id,
            vector["source"],
        )
        tag = vault_reader.machine_tag(store_id, machine_id)
        return {"root": found.hex(), "machine_tag": tag.hex()}

    assert outcome(root) == vector["expect"]


@vectors("seal/manifest-*.json")
def test_it_agrees_about_a_manifest(path: Path) -> None:
    vector = json.loads(path.read_bytes())
    keys = vault_reader.keys_of(bytes.fromhex(vector["root"]), bytes.fromhex(vector["store_id"]))
    digests = [
        vault_reader.record_digest(**row["record"], envelope=bytes.fromhex(row["envelope"]))
        for row in vector["rows"]
    ]
    tag, wrapped = (bytes.fromhex(vector["head"][each]) for each in ("machine_tag", "root"))
    head = vault_reader.head_digest(vector["head"]["source"], tag, wrapped)
    found = vault_reader.manifest(keys, vector["epoch"], head, digests)
    assert found.hex() == vector["expect"]["manifest"]


@vectors("entry/*.json")
def test_it_agrees_about_a_sealed_entry(path: Path) -> None:
    vector = json.loads(path.read_bytes())

    def value() -> dict[str, Any]:
        private, sealed = bytes.fromhex(vector["private_key"]), base64.b64decode(vector["sealed"])
        return {"value": vault_reader.open_sealed_entry(vector["offer"], private, sealed).hex()}

    assert outcome(value) == vector["expect"]


@vectors("export/*.json")
def test_it_agrees_about_an_export(path: Path) -> None:
    vector = json.loads(path.read_bytes())
    file = json.dumps(vector["file"]).encode()
    if isinstance(vector["expect"], str):
        with pytest.raises(Refused, match=vector["expect"]):
            read_export(file, vector["passphrase"].encode())
        return
    found = read_export(file, vector["passphrase"].encode())
    assert len(found) == len(vector["expect"]["secrets"])
    for secret, expected in zip(found, vector["expect"]["secrets"], strict=True):
        assert {**secret, "value": secret["value"].hex()}.items() >= expected.items()


@vectors("vault/*.json")
def test_both_read_a_vault_that_was_stored_long_ago(path: Path, tmp_path: Path) -> None:
    vector = json.loads(path.read_bytes())
    laid_down(vector, tmp_path)
    passphrase = vector["passphrase"].encode()
    expected = {label: value.encode() for label, value in vector["expect"]["secrets"].items()}
    folders = folders_in(tmp_path)
    found = read_vault(
        folders.data, folders.state, vector["machine_id"].encode(), passphrase=passphrase
    )
    assert found.secrets() == expected
    typed = {"passphrase": Secret("VAULT_PASSPHRASE", passphrase)} if passphrase else {}
    vault = open_vault(tmp_path, provided=provided(tmp_path, **typed))
    assert {meta.label: vault.get(meta.label).reveal() for meta in vault.list()} == expected
    assert vault.tier == vector["head"]["source"]
    assert vault.grants() == [grant.encode() for grant in vector["expect"]["grants"]]


def laid_down(vector: dict[str, Any], home: Path) -> None:
    """Lay a stored vault down as the files it came from."""
    for folder in ("data", "state"):
        (home / folder).mkdir(mode=0o700)
    for name, content in vector["state"].items():
        (home / "state" / name).write_text(content, encoding="utf-8")
        (home / "state" / name).chmod(0o600)
    store = home / "data/vault.db"
    with closing(sqlite3.connect(store)) as connection, connection:
        for table in _TABLES.values():
            connection.execute(table)
        connection.execute(f"PRAGMA application_id = {0x6A617661}")
        connection.execute("PRAGMA user_version = 1")
        head = vector["head"]
        blobs = {name: bytes.fromhex(head[name]) for name in ("store_id", "machine_tag", "root")}
        connection.execute(
            "INSERT INTO head VALUES (1, :store_id, :source, :machine_tag, :root, :epoch, :tag)",
            {**head, **blobs, "tag": bytes.fromhex(head["manifest"])},
        )
        for row in vector["records"]:
            envelope = bytes.fromhex(row["envelope"])
            connection.execute(
                "INSERT INTO record VALUES (:kind, :name, :version, :policy, :bytes)",
                {**row, "bytes": envelope},
            )
    store.chmod(0o600)
