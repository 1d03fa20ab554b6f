"""The catalogue keeps its own promises: every rule meets its own examples."""

from __future__ import annotations

import re
from dataclasses import replace
from re import _parser  # type: ignore[attr-defined]  # the only one that knows a width

import pytest

from jupyter_agent.screen import Screener, load_rules, preview
from jupyter_agent.screen.examples import assemble
from jupyter_agent.screen.filters import FILTERS
from jupyter_agent.screen.finding import HIDDEN
from jupyter_agent.screen.rule import GATE_REACH, read_rule_files
from jupyter_agent.secret import KINDS, check_label

RULES = load_rules()
WHOLE = Screener(rules=RULES)


# One test for a family of rules, naming those that fail: a test costs more than a look at ten.
@pytest.mark.parametrize("family", [name.removesuffix(".toml") for name, _ in read_rule_files()])
def test_a_rule_finds_its_own_examples_and_leaves_its_counterexamples_alone(family: str) -> None:
    wrong: list[tuple[str, str]] = []
    for rule in load_rules([family]):
        alone = Screener(rules=[rule])
        for seed in range(6):
            wrong += [
                (rule.id, template)
                for template in rule.match
                if {finding.rule for finding in alone.screen(assemble(template, seed))} != {rule.id}
            ]
            wrong += [
                (rule.id, template)
                for template in rule.skip
                if alone.screen(assemble(template, seed))
            ]
    assert wrong == []


def test_whatever_another_rule_calls_it_the_catalogue_finds_every_example() -> None:
    templates = [template for rule in RULES for template in rule.match]
    assert [template for template in templates if not WHOLE.screen(assemble(template))] == []


def test_every_rule_is_complete() -> None:
    for rule in RULES:
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", rule.id), rule.id
        assert rule.title, rule.id
        assert rule.kind in KINDS, rule.id
        assert check_label(rule.label) == rule.label, rule.id
        assert rule.keywords, rule.id
        assert all(len(keyword) >= 2 for keyword in rule.keywords), rule.id
        assert rule.rank in (1, 2, 3), rule.id
        assert set(rule.filters) <= set(FILTERS), rule.id
        assert "(?P<secret>" in rule.pattern, rule.id
        assert not re.search(r"<<\w+>>", rule.pattern), rule.id
        assert rule.match, rule.id
        assert rule.skip, rule.id
        for page in (rule.docs, rule.revoke):
            assert page == "" or page.startswith("https://"), rule.id


def test_no_repetition_in_any_rule_is_unbounded() -> None:
    for rule in RULES:
        outside_classes = re.sub(r"\\.|\[(?:\\.|[^\]])*\]", "C", rule.pattern)
        assert not re.search(r"[C).\w][+*]|\{\d+,\}", outside_classes), rule.id


def test_a_rule_whose_value_stands_behind_its_keyword_has_no_keyword_elsewhere() -> None:
    for rule in (rule for rule in RULES if rule.behind):
        assert rule.window, rule.id
        for text in map(assemble, rule.match):
            (found,) = re.finditer(rule.pattern, text)
            begin = found.start("secret")
            name, rest = text[:begin].lower(), text[begin:].lower()
            assert any(keyword in name for keyword in rule.keywords), rule.id
            assert not any(keyword in rest for keyword in rule.keywords), rule.id


def test_every_gate_reads_alike_for_both_engines() -> None:
    for rule in RULES:
        # Classes by letter differ between engines, and hyperscan has no lookaround.
        assert not re.search(r"\\[sSwWdDbB]|\(\?[=!<]", rule.gate), rule.id
        assert _parser.parse(rule.gate.encode()).getwidth()[1] <= GATE_REACH, rule.id


def test_two_rules_with_one_id_are_refused() -> None:
    first, second, *_ = load_rules(["finance"])
    with pytest.raises(ValueError, match=f"more than one rule is called {first.id}"):
        Screener(rules=[first, replace(second, id=first.id)]).screen("anything")


def test_ids_are_unique_and_all_kinds_are_covered() -> None:
    assert len({rule.id for rule in RULES}) == len(RULES)
    assert {rule.kind for rule in RULES} == set(KINDS)


@pytest.mark.parametrize(
    ("ending", "kind"),
    [
        *((" API key", "api-key"), (" client secret", "api-key"), (" private key", "private-key")),
        *((" API token", "access-token"), (" access token", "access-token")),
        *((" auth token", "access-token"), (" refresh token", "refresh-token")),
        *((" app password", "password"), (" storage account key", "api-key")),
    ],
)
def test_what_a_title_calls_a_secret_is_its_kind(ending: str, kind: str) -> None:
    titled = [rule for rule in RULES if rule.title.endswith(ending)]
    assert titled
    assert [rule.id for rule in titled if rule.kind != kind] == []


def test_titles_write_the_same_word_the_same_way() -> None:
    odd = re.compile(r"\bAPI API|[Ll]icense|(?<![.\w])IDs?\b|\bURL\b|Wi-?fi\b|WiFi|[.:\s]$|^\s|  ")
    assert [rule.title for rule in RULES if odd.search(rule.title)] == []


def test_at_least_300_vendors_are_known_with_their_pages() -> None:
    vendors = [rule for rule in RULES if rule.docs and rule.revoke]
    assert len(vendors) >= 300


def test_no_two_rules_are_the_same() -> None:
    assert len({(rule.pattern, rule.keywords, rule.filters) for rule in RULES}) == len(RULES)


def test_a_preview_shows_at_most_the_public_prefix() -> None:
    for template in (template for rule in RULES for template in rule.match):
        text = assemble(template, 3)
        for finding in WHOLE.screen(text):
            by = WHOLE.rule(finding.rule)
            shown = preview(text, finding, by)
            assert shown.endswith(HIDDEN)
            assert shown.removesuffix(HIDDEN) in ("", *by.prefixes)


def test_no_example_holds_a_whole_token_before_it_is_assembled() -> None:
    vendors = Screener(rules=[rule for rule in RULES if rule.rank == 3 or rule.shape])
    for rule in RULES:
        for template in rule.match:
            assert vendors.screen(template) == [], rule.id
