"""The rules in the form that screening uses, and the bytes that carry them between processes.

Reading some hundred rules from TOML and working out how they begin takes a tenth of a second. So a
compiled database travels together with the catalogue it was made from, as JSON that reads in a few
milliseconds::

    magic, length of the JSON (4 bytes, big-endian), JSON, hyperscan's database
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from jupyter_agent.screen.compiled import compile_anchors, engine_name
from jupyter_agent.screen.rule import Rule, load_rules, read_rule_files

_MAGIC = b"jupyter-agent rules 3\n"
# Examples are for tests and stay behind.
_CARRIED = tuple(field.name for field in fields(Rule) if field.name not in ("match", "skip"))
# Code that shapes a database: a change makes every older one useless.
_SHAPING = ("anchors.py", "catalogue.py", "compiled.py", "disguise.py", "rule.py")


class Catalogue:
    """Rules by id and by index; the highest rank comes first.

    Args:
        rules: In any order.
    """

    def __init__(self, rules: Sequence[Rule]) -> None:
        self.rules = tuple(sorted(rules, key=lambda rule: (-rule.rank, rule.id)))
        self.by_id = {rule.id: rule for rule in self.rules}

    @staticmethod
    def shipped() -> Catalogue:
        """The rules that ship with the package."""
        return Catalogue(load_rules())

    def compile(self) -> bytes:
        """The database with this catalogue in front of it.

        Raises:
            ImportError: hyperscan can't be imported here.
        """
        database = compile_anchors(self.rules)
        content = [[getattr(rule, name) for name in _CARRIED] for rule in self.rules]
        text = json.dumps(content, separators=(",", ":")).encode()
        return _MAGIC + len(text).to_bytes(4) + text + database

    @staticmethod
    def unpack(packed: bytes) -> tuple[Catalogue, bytes]:
        """What ``compile`` packed.

        Raises:
            ValueError: These are not such bytes.
        """
        begin = len(_MAGIC) + 4
        if len(packed) < begin or packed[: len(_MAGIC)] != _MAGIC:
            raise ValueError("hyperscan does not accept this database")
        end = begin + int.from_bytes(packed[len(_MAGIC) : begin])
        content = json.loads(packed[begin:end])
        rules = [
            Rule(**dict(zip(_CARRIED, map(_frozen, values), strict=True))) for values in content
        ]
        return Catalogue(rules), packed[end:]


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def fingerprint(rules: Sequence[Rule] | None) -> str:
    """A digest that changes whenever a database compiled elsewhere or earlier would not fit.

    Args:
        rules: The catalogue, or None for the one that ships with the package; its files are read
            but not parsed.
    """
    from hashlib import sha256  # noqa: PLC0415
    from importlib import resources  # noqa: PLC0415

    digest = sha256(engine_name().encode())
    here = resources.files("jupyter_agent.screen")
    parts = [(here / name).read_bytes() for name in _SHAPING]
    if rules is None:
        parts += [content.encode() for _, content in read_rule_files()]
    else:
        parts += [repr(rule).encode() for rule in rules]
    for part in parts:
        digest.update(len(part).to_bytes(4) + part)
    return digest.hexdigest()
