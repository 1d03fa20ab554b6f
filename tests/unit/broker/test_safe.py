"""The broker's hold on the vault: what was typed is not kept."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from vaults import folders_in

from jupyter_agent.broker.safe import Safe
from jupyter_agent.errors import PassphraseRequired, VaultError, VaultLocked
from jupyter_agent.secret import Secret
from jupyter_agent.vault.passphrase import Work
from jupyter_agent.vault.provided_source import ProvidedSource
from jupyter_agent.vault.vault import Vault

QUICK = Work(memory=32, passes=1, lanes=1)


def typed(safe: Safe, words: bytes = b"six words nobody would guess") -> ProvidedSource:
    return safe.provided(passphrase=Secret("VAULT_PASSPHRASE", words), work=QUICK)


async def opened(home: Path) -> Safe:
    safe = Safe(folders_in(home))
    safe.take_settings({"key_source": "file"})
    await safe.use(lambda vault: vault.put(Secret("ALPHA", b"a value")))
    return safe


async def test_a_passphrase_is_dropped_once_the_vault_has_its_keys(tmp_path: Path) -> None:
    safe = await opened(tmp_path)
    moving = typed(safe)
    await safe.rekey(lambda _vault: moving)
    assert moving._passphrase is None
    assert await safe.must_stay()  # nobody could open it again without the person
    assert not await safe.keeps_memory()
    await safe.close()
    again = Safe(folders_in(tmp_path))
    with pytest.raises(PassphraseRequired):
        await again.unlock()
    unlocking = typed(again)
    await again.unlock(unlocking)
    assert unlocking._passphrase is None
    assert (await again.use(lambda vault: vault.get("ALPHA"))).reveal() == b"a value"
    await again.close()


async def test_a_passphrase_that_another_broker_has_set_or_changed_opens_this_ones_vault(
    tmp_path: Path,
) -> None:
    one, other = await opened(tmp_path), Safe(folders_in(tmp_path))
    assert (await other.use(lambda vault: vault.get("ALPHA"))).reveal() == b"a value"
    for words in (b"six words nobody would guess", b"six other words that are new"):
        await one.rekey(lambda _vault, words=words: typed(one, words))
        with pytest.raises(PassphraseRequired):
            await other.use(lambda vault: vault.get("ALPHA"))
        with pytest.raises(PassphraseRequired):  # so that it is asked for
            await other.unlock()
        with pytest.raises(PassphraseRequired):
            await other.unlock(typed(other, b"six words that are quite wrong"))
        await other.unlock(typed(other, words))
        assert (await other.use(lambda vault: vault.get("ALPHA"))).reveal() == b"a value"
    await one.close()
    await other.close()


async def test_a_move_that_fails_keeps_the_vault_and_drops_what_was_typed(tmp_path: Path) -> None:
    safe = await opened(tmp_path)
    weak = typed(safe, b"short")
    with pytest.raises(Exception, match="too short"):
        await safe.rekey(lambda _vault: weak)
    assert weak._passphrase is None
    assert (await safe.status())["tier"] == "file"
    assert (await safe.use(lambda vault: vault.get("ALPHA"))).reveal() == b"a value"
    await safe.close()


@pytest.mark.skipif(os.getuid() == 0, reason="root may write everywhere")
async def test_a_lock_that_the_disk_does_not_take_closes_the_vault_all_the_same(
    tmp_path: Path,
) -> None:
    safe, ended = await opened(tmp_path), []

    async def end_runs() -> None:
        ended.append(True)

    (tmp_path / "state").chmod(0o500)
    try:
        with pytest.raises(VaultError, match="is locked, but") as caught:
            await safe.lock(end_runs)
        assert "later" in caught.value.hint
        assert ended
        assert safe._vault is None
        for _ in range(2):
            with pytest.raises(VaultLocked):
                await safe.use(lambda vault: vault.get("ALPHA"))
        assert (await safe.status())["state"] == "locked"
    finally:
        (tmp_path / "state").chmod(0o700)
    await safe.unlock()
    assert (await safe.use(lambda vault: vault.get("ALPHA"))).reveal() == b"a value"
    await safe.close()


async def test_a_clock_that_jumps_breaks_no_audit_and_changes_no_order(tmp_path: Path) -> None:
    safe = await opened(tmp_path)
    times = ["2026-11-28T12:00:00Z", "2099-01-01T00:00:00Z", "1999-01-01T00:00:00Z"]
    for time in times:
        await safe.record({"time": time})
    assert await safe.read_audit(lambda trail, record: trail.verify(record)) == (3, None)
    await safe.close()
    again = Safe(folders_in(tmp_path))
    events = await again.read_audit(lambda trail, record: trail.events(record))
    assert [event["time"] for event in events] == times
    await again.close()


async def test_uses_and_the_audits_head_are_one_write(tmp_path: Path) -> None:
    safe = await opened(tmp_path)
    anchor = tmp_path / "state/vault.anchor"
    before = anchor.read_bytes()
    for n in range(5):
        await safe.record({"n": n})
        safe.count_use(["ALPHA"])
    assert anchor.read_bytes() == before  # a run waits for no write of the vault
    await safe._write_uses()
    epochs = [
        int(each.split(b'"epoch": ')[1].rstrip(b"}\n")) for each in (before, anchor.read_bytes())
    ]
    assert epochs[1] == epochs[0] + 1
    assert await safe.read_audit(lambda trail, record: trail.verify(record)) == (5, None)
    meta = await safe.use(lambda vault: vault.meta("ALPHA"))
    assert meta.uses == 5
    await safe.close()


@pytest.mark.parametrize(("told", "uses"), [({}, 4), ({"done": True}, 1)])
async def test_uses_that_could_not_be_written_are_counted_with_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, told: dict[str, bool], uses: int
) -> None:
    safe = await opened(tmp_path)

    def full(*_arguments: object) -> None:
        raise VaultError("The disk is full.", data=told)

    safe.count_use(["ALPHA"])
    with monkeypatch.context() as disk:
        disk.setattr(Vault, "record_uses", full)
        safe.count_use(["ALPHA"])
        await safe._write_uses()
        safe.count_use(["ALPHA"])
        await safe._write_uses()
    safe.count_use(["ALPHA"])
    await safe._write_uses()
    meta = await safe.use(lambda vault: vault.meta("ALPHA"))
    assert meta.uses == uses
    assert meta.last_used
    await safe.close()
