"""What a person keeps in a vault, and what they are told about it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from vaults import CONTAINER, MACHINE, open_vault

from jupyter_agent.errors import (
    ConsentRequired,
    KeySourceUnavailable,
    LabelInvalid,
    LabelNotFound,
    LabelTaken,
    RequestInvalid,
    VaultLocked,
)
from jupyter_agent.secret import Secret
from jupyter_agent.vault.key_source import pick
from jupyter_agent.vault.vault import Vault

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def vault(tmp_path: Path, clock: Clock) -> Iterator[Vault]:
    vault = open_vault(tmp_path, clock=clock)
    yield vault
    vault.close()


def _again(tmp_path: Path) -> Vault:
    return open_vault(tmp_path)


# --- Secrets ---


def test_a_saved_secret_is_there_after_a_restart(vault: Vault, tmp_path: Path) -> None:
    vault.put(Secret("DEMO_TOKEN", b"one\r\ntwo\n\0\xff"))
    vault.close()
    assert _again(tmp_path).get("DEMO_TOKEN").reveal() == b"one\r\ntwo\n\0\xff"


def test_the_largest_value_comes_back_byte_for_byte(vault: Vault, tmp_path: Path) -> None:
    value = bytes(range(256)) * 256
    vault.put(Secret("LARGE", value))
    assert _again(tmp_path).get("LARGE").reveal() == value


def test_neither_value_nor_note_stands_in_any_file(vault: Vault, tmp_path: Path) -> None:
    vault.put(Secret("DEMO_TOKEN", b"canary-in-the-value"), note="canary-in-the-note")
    vault.put_grant("g-1", b"canary-in-the-grant")
    vault.close()
    files = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) == 3  # store, key, anchor
    assert not [content for content in files if b"canary" in content]


def test_a_removed_secret_leaves_no_ciphertext_behind(vault: Vault, tmp_path: Path) -> None:
    vault.put(Secret("DEMO_TOKEN", b"a value"))
    with vault._ledger() as ledger, ledger._store.reading():
        row = ledger._store.row("secret", "DEMO_TOKEN")
    assert row is not None
    assert row.envelope in (tmp_path / "data/vault.db").read_bytes()
    vault.remove("DEMO_TOKEN")
    assert row.envelope not in (tmp_path / "data/vault.db").read_bytes()


def test_saving_under_a_label_in_use_needs_an_explicit_replace(vault: Vault) -> None:
    vault.put(Secret("DEMO_TOKEN", b"old"))
    with pytest.raises(LabelTaken):
        vault.put(Secret("DEMO_TOKEN", b"new"))
    assert vault.get("DEMO_TOKEN").reveal() == b"old"
    vault.put(Secret("DEMO_TOKEN", b"new"), replace=True)
    assert vault.get("DEMO_TOKEN").reveal() == b"new"


def test_replacing_keeps_the_labels_history_and_forgets_where_the_old_value_was(
    vault: Vault, clock: Clock
) -> None:
    first = vault.put(
        Secret("DEMO_TOKEN", b"old"),
        kind="api-key",
        note="for the demo",
        expires="2026-12-01T00:00:00Z",
        exposed={"where": "cell", "notebook": "a.ipynb"},
    )
    vault.record_uses({"DEMO_TOKEN": (3, "2026-11-22T12:30:00Z")})
    clock.now += timedelta(days=1)
    meta = vault.put(Secret("DEMO_TOKEN", b"new"), replace=True)
    assert meta == vault.meta("DEMO_TOKEN")
    assert (meta.kind, meta.note, meta.created) == ("api-key", "for the demo", first.created)
    assert (meta.uses, meta.last_used) == (3, "2026-11-22T12:30:00Z")
    assert meta.replaced == "2026-11-23T12:00:00Z"
    assert (meta.expires, meta.exposed) == (None, ())


def test_an_unknown_label_is_named_with_the_way_to_add_it(vault: Vault) -> None:
    for call in (vault.get, vault.meta, vault.remove):
        with pytest.raises(LabelNotFound) as caught:
            call("NO_SUCH")
        assert "NO_SUCH" in caught.value.message
        assert "NO_SUCH" in caught.value.hint
        assert "None is stored yet." in caught.value.hint


def test_a_label_that_is_nearly_right_is_told_which_one_was_meant(vault: Vault) -> None:
    for label in ("GITHUB_TOKEN", "WAREHOUSE"):
        vault.put(Secret(label, b"a value"))
    for call in (vault.get, vault.meta, vault.remove, lambda label: vault.entries([label])):
        with pytest.raises(LabelNotFound, match=r"Did you mean GITHUB_TOKEN\?"):
            call("GITHUB_TOKN")
        with pytest.raises(LabelNotFound, match=r"There are: GITHUB_TOKEN, WAREHOUSE\."):
            call("SOMETHING_ELSE")


def test_a_value_pasted_where_a_label_belongs_is_not_repeated(vault: Vault) -> None:
    for call in (vault.get, vault.meta, vault.remove, lambda text: vault.rename(text, "B")):
        with pytest.raises(LabelInvalid) as caught:
            call("hunter2 is my password")
        assert "hunter2" not in str(caught.value)


def test_a_renamed_secret_keeps_value_and_history(vault: Vault, tmp_path: Path) -> None:
    before = vault.put(Secret("OLD_NAME", b"a value"), note="kept")
    after = vault.rename("OLD_NAME", "NEW_NAME")
    assert (after.label, after.note, after.created) == ("NEW_NAME", "kept", before.created)
    again = _again(tmp_path)
    assert again.get("NEW_NAME").reveal() == b"a value"
    assert [meta.label for meta in again.list()] == ["NEW_NAME"]


def test_renaming_never_overwrites_another_secret(vault: Vault) -> None:
    vault.put(Secret("A", b"value of a"))
    vault.put(Secret("B", b"value of b"))
    with pytest.raises(LabelTaken):
        vault.rename("A", "B")
    with pytest.raises(LabelTaken):
        vault.rename("A", "A")
    with pytest.raises(LabelInvalid):
        vault.rename("A", "PATH")
    assert vault.get("A").reveal() == b"value of a"
    assert vault.get("B").reveal() == b"value of b"


def test_the_list_is_sorted_and_shows_what_the_panel_needs(vault: Vault) -> None:
    vault.put(Secret("B", b"x" * 3), kind="password", expires="2027-01-01T00:00:00+01:00")
    vault.put(Secret("A", bytes(range(100, 140))))
    first, second = (meta.to_json() for meta in vault.list())
    assert first == {
        "label": "A",
        "kind": "",
        "note": "",
        "created": "2026-11-22T12:00:00Z",
        "replaced": None,
        "last_used": None,
        "uses": 0,
        "expires": None,
        "weak": True,
        "rotate_every": None,
        "exposed": [],
    }
    assert (second["label"], second["kind"], second["weak"]) == ("B", "password", True)
    assert second["expires"] == "2026-12-31T23:00:00Z"


def test_uses_add_up_and_removed_labels_are_passed_over(vault: Vault) -> None:
    vault.put(Secret("A", b"x"))
    vault.record_uses({"A": (2, "2026-11-22T13:00:00Z"), "GONE": (1, "2026-11-22T13:00:00Z")})
    vault.record_uses({"A": (1, "2026-11-22T12:30:00Z")})
    vault.record_uses({})
    meta = vault.meta("A")
    assert (meta.uses, meta.last_used) == (3, "2026-11-22T13:00:00Z")


def test_a_place_of_exposure_is_remembered_once(vault: Vault, clock: Clock) -> None:
    vault.put(Secret("A", b"x"), exposed={"where": "cell", "notebook": "a.ipynb"})
    clock.now += timedelta(hours=1)
    vault.mark_exposed("A", "output", "a.ipynb")
    vault.mark_exposed("A", "cell", "a.ipynb", "2026-11-22T14:00:00Z")
    places = [(each.where, each.time) for each in vault.meta("A").exposed]
    assert places == [("output", "2026-11-22T13:00:00Z"), ("cell", "2026-11-22T14:00:00Z")]


def test_a_label_remembers_the_newest_fifty_places(vault: Vault) -> None:
    vault.put(Secret("A", b"x"))
    for number in range(52):
        vault.mark_exposed("A", "cell", f"{number}.ipynb")
    notebooks = [each.notebook for each in vault.meta("A").exposed]
    assert notebooks == [f"{number}.ipynb" for number in range(2, 52)]


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "no-such-kind"},
        {"note": "x" * 1001},
        {"expires": "tomorrow"},
        {"expires": "2027-01-01T00:00:00"},
        {"expires": "0001-01-01T00:00:00+14:00"},
        {"exposed": {"where": "cell", "notebook": "", "time": "now"}},
    ],
)
def test_what_can_not_be_kept_is_refused_and_nothing_is_saved(
    vault: Vault, wrong: dict[str, object]
) -> None:
    with pytest.raises(RequestInvalid):
        vault.put(Secret("A", b"x"), **wrong)  # type: ignore[arg-type]
    assert vault.list() == []


# --- Grants and derived keys ---


def test_grants_survive_a_restart_and_can_be_withdrawn(vault: Vault, tmp_path: Path) -> None:
    vault.put_grant("g-2", b'{"label":"B"}')
    vault.put_grant("g-1", b'{"label":"A"}')
    vault.put_grant("g-2", b'{"label":"C"}')
    again = _again(tmp_path)
    assert again.grants() == [b'{"label":"A"}', b'{"label":"C"}']
    assert again.remove_grant("g-1")
    assert not again.remove_grant("g-1")
    assert vault.grants() == [b'{"label":"C"}']


def test_grants_and_secrets_do_not_get_in_each_others_way(vault: Vault) -> None:
    vault.put(Secret("A", b"x"))
    vault.put_grant("A", b"{}")
    vault.remove("A")
    assert vault.grants() == [b"{}"]
    assert vault.list() == []


def test_a_derived_key_is_the_same_after_a_restart_and_differs_by_purpose(
    vault: Vault, tmp_path: Path
) -> None:
    audit = vault.derive("audit")
    assert len(audit) == 32
    assert vault.derive("commands") != audit
    vault.close()
    assert _again(tmp_path).derive("audit") == audit
    assert open_vault(tmp_path / "other").derive("audit") != audit


def test_a_closed_vault_does_nothing_any_more(vault: Vault) -> None:
    vault.put(Secret("A", b"x"))
    vault.close()
    vault.close()
    for call in (
        vault.list,
        vault.grants,
        lambda: vault.get("A"),
        lambda: vault.put(Secret("B", b"x")),
        lambda: vault.derive("audit"),
    ):
        with pytest.raises(VaultLocked):
            call()


# --- Two at once ---


def test_a_second_vault_on_the_same_file_sees_every_change_at_once(
    vault: Vault, tmp_path: Path
) -> None:
    other = _again(tmp_path)
    vault.put(Secret("A", b"first"))
    assert other.get("A").reveal() == b"first"
    other.put(Secret("A", b"second"), replace=True)
    assert vault.get("A").reveal() == b"second"
    other.remove("A")
    with pytest.raises(LabelNotFound):
        vault.get("A")
    with pytest.raises(LabelNotFound):
        vault.mark_exposed("A", "cell", "")


# --- Which key source ---


def test_the_setting_decides_for_a_new_vault(tmp_path: Path) -> None:
    vault = open_vault(tmp_path, key_source="file")
    assert vault.tier == "file"
    assert vault.note == ""
    assert "useless without this machine's key" in vault.promise


def test_a_machine_without_a_keyring_asks_for_consent_to_a_file(tmp_path: Path) -> None:
    with pytest.raises(ConsentRequired) as caught:
        open_vault(tmp_path, key_source=None)
    assert "JUPYTER_AGENT_KEY_SOURCE=file" in caught.value.hint
    assert not list(tmp_path.rglob("vault.*"))


def test_a_container_without_a_keyring_keeps_everything_in_memory(tmp_path: Path) -> None:
    vault = open_vault(tmp_path, key_source=None, machine=CONTAINER)
    vault.put(Secret("A", b"a value"))
    vault.put(Secret("A", b"another"), replace=True)
    assert vault.tier == "memory"
    assert vault.get("A").reveal() == b"another"
    assert not list(tmp_path.rglob("vault.*"))
    assert "gone when the broker ends" in vault.promise
    assert open_vault(tmp_path, key_source=None, machine=CONTAINER).list() == []


def test_an_existing_vault_keeps_its_source_and_says_so(vault: Vault, tmp_path: Path) -> None:
    vault.put(Secret("A", b"x"))
    for setting in ("memory", "os-keyring"):
        again = open_vault(tmp_path, key_source=setting)
        assert again.tier == "file"
        assert setting in again.note
        assert ("vault move" in again.note) == (setting != "memory")  # nothing moves there
        assert again.get("A").reveal() == b"x"
    assert open_vault(tmp_path, key_source=None, machine=MACHINE).note == ""


def test_a_container_never_steps_down_from_an_existing_vault(tmp_path: Path) -> None:
    open_vault(tmp_path, machine=CONTAINER).put(Secret("A", b"x"))
    (tmp_path / "state/vault.key").unlink()
    with pytest.raises(KeySourceUnavailable):
        open_vault(tmp_path, key_source=None, machine=CONTAINER)


@pytest.mark.parametrize("setting", ["", "File", "hunter2"])
def test_a_setting_of_another_version_is_refused_without_repeating_nonsense(
    tmp_path: Path, setting: str
) -> None:
    with pytest.raises(KeySourceUnavailable) as caught:
        open_vault(tmp_path, key_source=setting)
    assert "hunter2" not in str(caught.value)
    assert "file" in caught.value.hint


def test_a_working_keyring_is_preferred() -> None:
    for machine in (CONTAINER, MACHINE):
        assert (
            pick(None, key_is_provided=False, keyring_works=lambda: True, machine=machine)
            == "os-keyring"
        )


def test_what_is_read_together_is_of_one_moment_and_another_ones_write_is_seen_after(
    tmp_path: Path,
) -> None:
    with closing(open_vault(tmp_path)) as vault, closing(open_vault(tmp_path)) as other:
        vault.put(Secret("A", b"first"))
        assert [meta.label for meta in other.list()] == ["A"]
        with other.together():
            assert [meta.label for meta in other.list()] == ["A"]
            assert other.grants() == []
        vault.put(Secret("B", b"second"))
        vault.change_grants(lambda _grants, _policy: ({"g": b"{}"}, b"{}"))
        with other.together():
            assert [meta.label for meta in other.list()] == ["A", "B"]
            assert other.grants() == [b"{}"]
        vault.remove("A")
        assert [meta.label for meta in other.list()] == ["B"]
        other.remove("B")
        assert other.list() == vault.list() == []
