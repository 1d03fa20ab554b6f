"""The house rules that no linter knows."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from sources import ROOT, texts

import jupyter_agent
from jupyter_agent import errors
from jupyter_agent.desktop import vendors
from jupyter_agent.egress import services
from jupyter_agent.egress.aws import endpoints
from jupyter_agent.screen import Screener, load_rules

LONGEST = 400
VENDOR_RANK = 3

MAY_REVEAL = {
    "jupyter_agent/broker/opened.py",  # recognises it
    "jupyter_agent/broker/way.py",  # the request it was granted to, and its scrubber
    "jupyter_agent/broker/way_kinds.py",  # reads where a stored address leads
    "jupyter_agent/broker/runs.py",  # the run it was granted to, and its scrubber
    "jupyter_agent/secret.py",
    "jupyter_agent/vault/passphrase.py",  # stretches what was typed
    "jupyter_agent/vault/portable.py",  # seals it into an export
    "jupyter_agent/vault/copies.py",  # seals what is taken in from an export
    "jupyter_agent/vault/vault.py",  # seals it
}


def test_package_and_browser_part_have_one_version() -> None:
    page = json.loads((ROOT / "labextension/package.json").read_text())
    assert jupyter_agent.__version__ == page["version"]


def test_the_changelog_tells_of_this_version_or_of_what_is_unreleased() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text()
    assert re.search(
        rf"^## \[(Unreleased|{re.escape(jupyter_agent.__version__)})\]", changelog, re.MULTILINE
    )


def test_no_source_file_is_long() -> None:
    kinds = (".py", ".ts", ".tsx", ".css", ".mjs", ".sh", ".toml")
    long = {
        str(path): n
        for path, text in texts(*kinds).items()
        if path.parent.name != "rules"  # data, one table a rule
        and (n := text.count("\n")) > LONGEST
    }
    assert not long


def test_no_module_has_a_name_that_says_nothing() -> None:
    idle = {"utils", "util", "helpers", "helper", "common", "manager", "misc"}
    assert not [path for path in texts(".py", ".ts", ".tsx") if path.stem in idle]


def test_values_are_revealed_only_where_the_list_says() -> None:
    revealing = {
        str(path)
        for path, text in texts(".py").items()
        if path.parts[0] == "jupyter_agent" and re.search(r"\.reveal\(", text)
    }
    assert revealing == MAY_REVEAL


def test_only_the_doors_of_the_browser_part_talk_to_the_server() -> None:
    talking = {
        path.relative_to("labextension/src").as_posix()
        for path, text in texts(".ts", ".tsx").items()
        if "src" in path.parts
        and re.search(r"\bfetch\(|XMLHttpRequest|ServerConnection\.makeRequest|new WebSocket", text)
    }
    # The form in a notebook has no JupyterLab around it, so it has a door of its own; and what
    # shows a desktop's pictures is on another origin, where there is only their socket.
    assert talking == {"api.ts", "widget/door.ts", "viewer/cdp.ts"}


def test_databases_are_opened_only_by_the_files_that_own_them() -> None:
    owners = {"vault/store.py"}
    opening = {
        "/".join(path.parts[1:])
        for path, text in texts(".py").items()
        if path.parts[0] == "jupyter_agent"
        and re.search(r"^\s*(import|from) sqlite3", text, re.MULTILINE)
    }
    assert opening <= owners


@pytest.mark.parametrize(
    "read",
    [vendors.known, services.known, endpoints.table],
    ids=["vendors", "services", "endpoints"],
)
def test_a_table_is_found_where_modules_do_not_name_their_package(
    read, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Python 3.15 sets ``__package__`` no longer: "Pending removal" in its documentation."""
    monkeypatch.delitem(read.__wrapped__.__globals__, "__package__")
    assert read.__wrapped__()


def test_the_drawn_error_tree_is_the_real_one() -> None:
    drawn = set(re.findall(r"(\w+) {2,}([a-z]+(?:_[a-z]+)*) {2,}|── (\w+)", errors.__doc__ or ""))
    names = {name for one in drawn for name in (one[0], one[2]) if name and name[0].isupper()}
    real = {kind.__name__ for kind in vars(errors).values() if _is_error(kind)}
    assert real - names <= {"AgentError"}


def _is_error(kind: object) -> bool:
    return isinstance(kind, type) and issubclass(kind, errors.AgentError)


@pytest.fixture(scope="module")
def vendor_rules() -> set[str]:
    return {rule.id for rule in load_rules() if rule.rank == VENDOR_RANK}


def test_no_file_holds_a_token_that_looks_real(vendor_rules: set[str]) -> None:
    # Scanners of other people would stop at it, and readers would wonder.
    screener = Screener(clock=lambda: 0.0)  # a machine that is busy is no finding
    screener.adopt(screener.compile())
    shown: dict[Path, list[str]] = {}
    for path, text in texts().items():
        if path.name == "yarn.lock":
            continue  # checksums of packages, by the hundred
        for at in range(0, len(text), 10_000):  # one text per budget, overlapping by one token
            for finding in screener.screen(text[max(at - 500, 0) : at + 10_000]):
                if finding.rule in vendor_rules:
                    shown.setdefault(path, []).append(finding.rule)
    assert not shown


def test_every_test_with_a_page_stands_where_dev_sh_looks_for_them() -> None:
    told = re.search(r"pages=\((tests/[^)]*)\)", (ROOT / "dev.sh").read_text())
    assert told
    folders = [ROOT / folder for folder in told.group(1).split()]
    marked = [
        path
        for path in (ROOT / "tests").rglob("*.py")
        if re.search(r"mark\.browser\b", path.read_text()) and path != Path(__file__)
    ]
    assert marked
    assert [path for path in marked if not any(f in path.parents for f in folders)] == []
