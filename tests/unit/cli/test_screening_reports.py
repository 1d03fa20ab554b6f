"""Findings as SARIF, and what a baseline remembers."""

from __future__ import annotations

import json
import random
import re
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_agent.cli.screening.baseline import Baseline
from jupyter_agent.cli.screening.found import Found
from jupyter_agent.cli.screening.report import tell
from jupyter_agent.cli.screening.sarif import report, uri
from jupyter_agent.cli.screening.survey import Survey
from jupyter_agent.cli.terminal import Terminal
from jupyter_agent.errors import RequestInvalid

FOUND = Found(
    path="./a folder/setup.py",
    cell=None,
    part=None,
    line=3,
    column=10,
    start=20,
    end=60,
    rule="github-token",
    kind="access-token",
    title="GitHub token",
    preview="ghp_••••••••",
    label="GITHUB_TOKEN",
    revoke="https://github.com/settings/tokens",
    file_line=3,
    file_column=10,
)
IN_CELL = replace(FOUND, path="tour.ipynb", cell=2, part="output", line=1, file_line=31)


def document(*found, failures=()):
    return report(found, failures, "1.2.3")


@pytest.mark.parametrize(
    ("number", "told"), [(1, "1 binary file passed over"), (2, "2 binary files passed over")]
)
def test_people_are_told_what_was_passed_over(number, told, capsys) -> None:
    terminal = Terminal(sys.stdout, sys.stderr, as_json=False, environ={})
    tell(Survey(screened=["a.txt"], passed_over=number), terminal)
    assert capsys.readouterr().err == f"no secrets in 1 text; {told}\n"


def test_a_report_has_what_sarif_requires() -> None:
    # Sections 3.13 (sarifLog), 3.14 (run), 3.18 (tool), 3.19 (toolComponent), 3.27 (result),
    # 3.30 (region) and 3.20 (invocation) of the specification, with their "SHALL contain".
    log = document(FOUND, IN_CELL)
    assert log["version"] == "2.1.0"
    assert log["$schema"].endswith("sarif-2.1.0.json")
    (run,) = log["runs"]
    assert run["columnKind"] in ("utf16CodeUnits", "unicodeCodePoints")
    driver = run["tool"]["driver"]
    assert driver["name"]
    assert len({rule["id"] for rule in driver["rules"]}) == len(driver["rules"])
    for rule in driver["rules"]:
        assert rule["shortDescription"]["text"]
        assert re.match("https://", rule.get("helpUri", "https://"))
    for result in run["results"]:
        assert result["message"]["text"]
        assert result["level"] in ("none", "note", "warning", "error")
        assert driver["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
        (location,) = result["locations"]
        region = location["physicalLocation"]["region"]
        assert region["startLine"] >= 1
        assert region["startColumn"] >= 1
        assert location["physicalLocation"]["artifactLocation"]["uri"]
        prints = result["partialFingerprints"]
        assert all(isinstance(value, str) and value for value in prints.values())
    for invocation in run["invocations"]:
        assert isinstance(invocation["executionSuccessful"], bool)


def test_a_place_in_a_notebook_is_the_line_of_the_file_and_the_name_of_the_cell() -> None:
    (result,) = document(IN_CELL)["runs"][0]["results"]

    (location,) = result["locations"]
    assert location["physicalLocation"]["region"]["startLine"] == 31
    assert location["logicalLocations"][0]["fullyQualifiedName"] == "cell 2/output"


def test_a_file_that_was_not_screened_is_told_and_is_no_success() -> None:
    (run,) = document(failures=[{"path": "big.csv", "message": "It is too large."}])["runs"]

    (invocation,) = run["invocations"]
    assert not invocation["executionSuccessful"]
    (notice,) = invocation["toolExecutionNotifications"]
    assert notice["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "big.csv"


def prints(*found):
    return [
        result["partialFingerprints"]["jupyterAgentPlace/v1"]
        for result in document(*found)["runs"][0]["results"]
    ]


def test_a_fingerprint_stays_when_lines_are_added_above_and_tells_neighbours_apart() -> None:
    moved = replace(FOUND, line=90, start=4_000, file_line=90)

    assert prints(FOUND) == prints(moved)
    assert len(set(prints(FOUND, moved, IN_CELL, replace(FOUND, rule="other")))) == 4


def test_a_fingerprint_tells_nothing_of_the_value() -> None:
    # All that differs between two values: their length, and what a baseline has of them.
    assert prints(FOUND) == prints(replace(FOUND, end=99, preview="••••••••", tag="ff"))


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("./a b/ü.py", "a%20b/%C3%BC.py"),
        ("/top/x.py", "/top/x.py"),
        ("100%.py", "100%25.py"),
        ("bad\udcff.py", "bad%FF.py"),
    ],
)
def test_a_path_is_a_uri_reference(path: str, expected: str) -> None:
    assert uri(path) == expected


# --- baselines -----------------------------------------------------------------------------------


@pytest.fixture
def path(tmp_path) -> str:
    return str(tmp_path / "screen.json")


def tagged(baseline: Baseline, value: str, **fields: object) -> Found:
    return replace(FOUND, path="setup.py", tag=baseline.tag(value), **fields)


def values(number: int) -> list[str]:
    rng = random.Random(3)
    return [f"{rng.getrandbits(128):x}" for _ in range(number)]


def two_values(baseline: Baseline) -> tuple[str, str]:
    """Two that this baseline tells apart, as it does but once in 256 times."""
    one, *others = values(40)
    return one, next(other for other in others if baseline.tag(other) != baseline.tag(one))


def test_what_was_accepted_is_not_told_again_and_what_is_new_is(path) -> None:
    baseline = Baseline.read_or_new(path)
    one, two = two_values(baseline)
    baseline.write([tagged(baseline, one)], ["setup.py"])

    later = Baseline.read(path)
    known, new = tagged(later, one, line=77), tagged(later, two)

    assert later.new([known, new]) == [new]
    assert later.new([known, known]) == [known]  # accepted once
    elsewhere = tagged(later, one, rule="another")
    assert later.new([elsewhere]) == [elsewhere]


def test_entries_of_files_that_were_not_screened_stay(path) -> None:
    baseline = Baseline.read_or_new(path)
    one, two = values(2)
    first = [tagged(baseline, one), replace(tagged(baseline, two), path="other.py")]
    baseline.write(first, ["setup.py", "other.py"])

    Baseline.read(path).write([], ["setup.py"])

    assert Baseline.read(path).new(first) == first[:1]


def test_paths_are_those_from_the_baselines_folder(path, tmp_path, monkeypatch) -> None:
    baseline = Baseline.read_or_new(path)
    finding = replace(tagged(baseline, "x"), path=str(tmp_path / "deep" / "a.py"))
    baseline.write([finding], [finding.path])
    (tmp_path / "deep").mkdir()
    monkeypatch.chdir(tmp_path / "deep")

    assert Baseline.read("../screen.json").new([replace(finding, path="./a.py")]) == []


def test_a_tag_gives_away_eight_bits_and_no_more(path) -> None:
    # Whoever holds the file tries every PIN: a tag must leave a crowd of them, not one.
    baseline = Baseline.read_or_new(path)
    pins = [f"{pin:04}" for pin in range(10_000)]
    tags = [baseline.tag(pin) for pin in pins]

    assert len(set(tags)) <= 256
    assert min(tags.count(tag) for tag in set(tags)) > 1


def test_two_files_tag_a_value_differently(tmp_path) -> None:
    tags = {
        tuple(Baseline.read_or_new(str(tmp_path / str(n))).tag(value) for value in values(8))
        for n in range(2)
    }
    assert len(tags) == 2


def test_the_file_holds_no_value_and_sorts_its_entries(path) -> None:
    secret_values = values(9)
    baseline = Baseline.read_or_new(path)
    found = [tagged(baseline, value, rule=f"rule-{n}") for n, value in enumerate(secret_values)]
    baseline.write(reversed(found), ["setup.py"])

    text = Path(path).read_text()
    assert not [value for value in secret_values if value in text]
    rules = [entry["rule"] for entry in json.loads(text)["accepted"]]
    assert rules == sorted(rules)


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", "{}", '{"format": 2, "salt": "", "accepted": []}',
     '{"format": 1, "salt": "zz"}',
     '{"format": 1, "salt": "00", "accepted": []}',
     '{"format": 1, "salt": "%s", "accepted": [{"path": 1, "rule": "", "tag": "", "count": 1}]}'
     % ("00" * 16),
     '{"format": 1, "salt": "%s", "accepted": [7]}' % ("00" * 16)],
)  # fmt: skip
def test_a_file_that_is_no_baseline_is_refused(path, content) -> None:
    Path(path).write_text(content)
    for read in (Baseline.read, Baseline.read_or_new):
        with pytest.raises(RequestInvalid) as error:
            read(path)
        assert "--write-baseline" not in error.value.hint  # that would end in the same error


def test_a_baseline_that_is_not_there_is_not_an_empty_one(path) -> None:
    with pytest.raises(RequestInvalid):
        Baseline.read(path)


@given(st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from("xyz")), max_size=8))
@settings(max_examples=40, deadline=None)
def test_what_was_just_written_is_all_accepted(found) -> None:
    with tempfile.TemporaryDirectory() as folder:
        baseline = Baseline.read_or_new(f"{folder}/b.json")
        findings = [tagged(baseline, value, rule=rule) for rule, value in found]
        baseline.write(findings, ["setup.py"])
        assert Baseline.read(f"{folder}/b.json").new(findings) == []
