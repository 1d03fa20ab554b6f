"""The rules in the form that screening uses, and the bytes that carry them between processes.

Reading some hundred rules from TOML and working out how they begin takes a tenth of a second. So a
compiled database travels together with the catalogue it was made from::

    magic
    length (4 bytes, big-endian) and JSON: ids, what else is needed before a rule is tried, keywords
    length (4 bytes, big-endian) and a line of JSON for each rule, read when the rule is first tried
    length (4 bytes, big-endian) and the expressions' code (``expressions``): the length (4 bytes)
        of each rule's, gate's and need's, then all of it; or length 0, and they are compiled when
        needed
    hyperscan's database
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import fields
from itertools import accumulate
from pathlib import Path
from struct import unpack_from
from typing import Any

from jupyter_agent.screen.anchors import Words
from jupyter_agent.screen.compiled import compile_anchors, engine_name
from jupyter_agent.screen.expressions import deflated, dialect, inflated
from jupyter_agent.screen.needs import Needs
from jupyter_agent.screen.rule import Rule, load_rules, read_rule_files

_MAGIC = b"jupyter-agent rules 8\n"
# Examples are for tests and stay behind.
_CARRIED = tuple(field.name for field in fields(Rule) if field.name not in ("match", "skip"))
# Code that shapes a database: a change makes every older one useless.
_SHAPING = (
    *("anchors.py", "catalogue.py", "compiled.py", "disguise.py", "expressions.py", "needs.py"),
    *("rule.py", "shapes.py"),
)


class Catalogue:
    """Rules by index, the highest rank first, and by id.

    Args:
        ids: Of the rules, in their order.
        needs: What each of them needs.
        read: Gives the rule with an index, which is asked for once.

    Raises:
        ValueError: Two rules have one id, so an index would mean another rule than its finding.
    """

    def __init__(self, ids: Sequence[str], needs: Needs, read: Callable[[int], Rule]) -> None:
        self._indices = {rule_id: index for index, rule_id in enumerate(ids)}
        if len(self._indices) < len(ids):
            twice = sorted({rule_id for rule_id in ids if ids.count(rule_id) > 1})
            raise ValueError(f"more than one rule is called {', '.join(twice)}")
        self.needs = needs
        self._read = read
        self._rules: dict[int, Rule] = {}

    @staticmethod
    def of(rules: Sequence[Rule]) -> Catalogue:
        """A catalogue of these rules, in any order."""
        ranked = sorted(rules, key=lambda rule: (-rule.rank, rule.id))
        return Catalogue([rule.id for rule in ranked], Needs.of(ranked), ranked.__getitem__)

    @staticmethod
    def shipped() -> Catalogue:
        """The rules that ship with the package."""
        return Catalogue.of(load_rules())

    def __len__(self) -> int:
        return len(self._indices)

    def __contains__(self, rule_id: str) -> bool:
        return rule_id in self._indices

    def __getitem__(self, index: int) -> Rule:
        rule = self._rules.get(index)
        if rule is None:
            rule = self._rules.setdefault(index, self._read(index))
        return rule

    def rule(self, rule_id: str) -> Rule:
        """The rule with this id.

        Raises:
            KeyError: There is none.
        """
        return self[self._indices[rule_id]]

    @property
    def rules(self) -> list[Rule]:
        """All of them, in order."""
        return [self[index] for index in range(len(self))]

    def compile(self) -> bytes:
        """The database with this catalogue in front of it.

        Raises:
            ImportError: hyperscan can't be imported here.
        """
        rules = self.rules
        words = Words.of(rules)
        database = compile_anchors(words)
        head = [[rule.id for rule in rules], self.needs.packed(), words.packed()]
        lines = [[getattr(rule, name) for name in _CARRIED] for rule in rules]
        texts = (_json(head), b"\n".join(map(_json, lines)), b"")
        return _MAGIC + b"".join(len(text).to_bytes(4) + text for text in texts) + database


def unpack(packed: bytes) -> tuple[Catalogue, Words, bytes]:
    """What ``Catalogue.compile`` packed: catalogue, keywords, hyperscan's database.

    Raises:
        ValueError: These are not such bytes.
    """
    if not packed.startswith(_MAGIC):
        raise ValueError("hyperscan does not accept this database")
    head, begin = _part(packed, len(_MAGIC))
    content, begin = _part(packed, begin)
    code, begin = _part(packed, begin)
    ids, needs, words = json.loads(head)
    lines = content.split(b"\n")
    gates = len(words[1])
    sorts = len(needs[0])
    kept = _kept(code, len(ids) + gates + sorts)
    needed = [kept(len(ids) + gates + sort) for sort in range(sorts)]
    return (
        Catalogue(
            ids, Needs.unpacked(needs, needed), lambda index: _rule(lines[index], kept(index))
        ),
        Words.unpacked(words, [kept(len(ids) + gate) for gate in range(gates)]),
        packed[begin:],
    )


def has_expressions(packed: bytes) -> bool:
    """Whether ``with_expressions`` has been there.

    Raises:
        ValueError: These are not what ``Catalogue.compile`` packed.
    """
    if not packed.startswith(_MAGIC):
        raise ValueError("hyperscan does not accept this database")
    _, begin = _part(packed, len(_MAGIC))
    _, begin = _part(packed, begin)
    code, _ = _part(packed, begin)
    return bool(code)


def with_expressions(packed: bytes, rest: Callable[[], object] = lambda: None) -> bytes:
    """A packed catalogue whose expressions need not be compiled again.

    Args:
        packed: What ``Catalogue.compile`` gave.
        rest: Called between any two of 1,500 steps of a millisecond, for who has time.

    Raises:
        ValueError: These are not such bytes.
    """
    catalogue, words, database = unpack(packed)
    wanted: list[tuple[str | bytes, int]]
    wanted = [(rule.pattern, re.ASCII) for rule in catalogue.rules]
    wanted += [(gate.expression, 0) for gate in words.gates]
    wanted += [(need.expression, 0) for need in catalogue.needs.sorts]
    kept = []
    for pattern, flags in wanted:
        kept.append(deflated(pattern, flags))
        rest()
    code = b"".join([*(len(one).to_bytes(4) for one in kept), *kept])
    before = packed[: len(packed) - len(database) - 4]
    return before + len(code).to_bytes(4) + code + database


def _json(content: Any) -> bytes:
    return json.dumps(content, separators=(",", ":")).encode()


def _part(packed: bytes, begin: int) -> tuple[bytes, int]:
    end = begin + 4 + int.from_bytes(packed[begin : begin + 4])
    return packed[begin + 4 : end], end


def _kept(code: bytes, count: int) -> Callable[[int], bytes]:
    """Gives the code with a number, or nothing where none is kept."""
    if not code:
        return lambda _: b""
    lengths = unpack_from(f">{count}I", code)
    begins = list(accumulate(lengths, initial=4 * count))
    return lambda index: code[begins[index] : begins[index + 1]]


def _rule(line: bytes, kept: bytes) -> Rule:
    rule = Rule(**dict(zip(_CARRIED, map(_frozen, json.loads(line)), strict=True)))
    if kept:
        # Where cached_property would put it.
        rule.__dict__["regex"] = inflated(rule.pattern, re.ASCII, kept)
    return rule


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def fingerprint(rules: Sequence[Rule] | None) -> str:
    """A digest that changes whenever a database compiled elsewhere or earlier would not fit.

    Args:
        rules: The catalogue, or None for the one that ships with the package; its files are read
            but not parsed.
    """
    from hashlib import sha256  # noqa: PLC0415

    digest = sha256(f"{engine_name()} {dialect()}".encode())
    parts = [Path(__file__).with_name(name).read_bytes() for name in _SHAPING]
    if rules is None:
        parts += [content.encode() for _, content in read_rule_files()]
    else:
        parts += [repr(rule).encode() for rule in rules]
    for part in parts:
        digest.update(len(part).to_bytes(4) + part)
    return digest.hexdigest()
