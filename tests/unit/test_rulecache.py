from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_agent import rulecache
from jupyter_agent.folders import Folders
from jupyter_agent.screen import Screener, load_rules
from jupyter_agent.screen.examples import assemble

# Few, because compiling all of them takes seconds and shows nothing more here.
RULES = load_rules(["prose"])


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    base = tmp_path / "a home"
    return Folders(base / "data", base / "state", base / "run")


def warmed(folders: Folders) -> Screener:
    screener = Screener(rules=RULES)
    rulecache.warm(folders, screener)
    return screener


def loaded(folders: Folders) -> Screener:
    screener = Screener(rules=RULES)
    rulecache.load(folders, screener)
    return screener


def test_warming_compiles_and_the_next_process_only_loads(folders: Folders) -> None:
    assert warmed(folders).compiled
    text = assemble("my password is Tulip-{alnum:9}")
    screener = loaded(folders)
    assert screener.compiled
    assert [f.rule for f in screener.screen(text)] == ["password-sentence"]


def test_expressions_are_kept_later_and_once(folders: Folders) -> None:
    screener = warmed(folders)
    cache = folders.state / "cache" / "screen.db"
    without = cache.stat().st_size
    rests: list[None] = []
    rulecache.keep_expressions(folders, screener, lambda: rests.append(None))
    assert len(rests) >= len(RULES)
    assert cache.stat().st_size > without
    rule = loaded(folders).rule("password-sentence")
    assert "regex" in vars(rule)
    assert rule.regex == Screener(rules=RULES).rule("password-sentence").regex
    rests.clear()
    rulecache.keep_expressions(folders, screener, lambda: rests.append(None))
    assert rests == []


def test_a_cache_that_is_not_ours_gets_no_expressions(folders: Folders) -> None:
    screener = warmed(folders)
    cache = folders.state / "cache" / "screen.db"
    planted = cache.read_bytes()[:-1] + b"x"
    cache.write_bytes(planted)
    rulecache.keep_expressions(folders, screener, lambda: None)
    assert cache.read_bytes() == planted


def test_without_a_cache_loading_changes_nothing(folders: Folders) -> None:
    assert not loaded(folders).compiled


def test_key_and_cache_are_private(folders: Folders) -> None:
    warmed(folders)
    for path in (folders.state / "cache.key", folders.state / "cache" / "screen.db"):
        assert path.stat().st_mode & 0o777 == 0o600
    assert (folders.state / "cache").stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("place", [0, 30, 60, 5000, -1])
def test_a_changed_byte_keeps_the_cache_from_the_deserializer(
    folders: Folders, place: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    warmed(folders)
    cache = folders.state / "cache" / "screen.db"
    content = bytearray(cache.read_bytes())
    content[place] ^= 1
    cache.write_bytes(content)
    adopted: list[bytes] = []
    monkeypatch.setattr(Screener, "adopt", lambda _, database: adopted.append(database))
    assert not loaded(folders).compiled
    assert adopted == []


def test_a_cache_from_another_state_folder_is_not_adopted(folders: Folders, tmp_path: Path) -> None:
    warmed(folders)
    other = Folders(tmp_path / "d", tmp_path / "s", tmp_path / "r")
    warmed(other)
    (other.state / "cache" / "screen.db").write_bytes(
        (folders.state / "cache" / "screen.db").read_bytes()
    )
    assert not loaded(other).compiled


def test_a_cache_of_other_rules_is_not_adopted(folders: Folders) -> None:
    warmed(folders)
    fewer = Screener(rules=RULES[1:])
    rulecache.load(folders, fewer)
    assert not fewer.compiled


def test_a_bad_cache_is_rewritten(folders: Folders) -> None:
    warmed(folders)
    cache = folders.state / "cache" / "screen.db"
    cache.write_bytes(b"planted")
    assert warmed(folders).compiled
    assert loaded(folders).compiled


def test_a_linked_cache_is_not_followed(folders: Folders, tmp_path: Path) -> None:
    warmed(folders)
    cache = folders.state / "cache" / "screen.db"
    elsewhere = cache.rename(tmp_path / "moved.db")
    cache.symlink_to(elsewhere)
    assert not loaded(folders).compiled
    assert warmed(folders).compiled
    assert not cache.is_symlink()


def test_a_folder_open_to_others_still_leaves_a_fast_screener(folders: Folders) -> None:
    folders.state.mkdir(parents=True)
    folders.state.chmod(0o777)
    assert warmed(folders).compiled
    assert not (folders.state / "cache.key").exists()
