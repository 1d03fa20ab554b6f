"""Findings as SARIF 2.1.0, for code scanning services.

Format: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html. A result is known again by
its ``partialFingerprints`` (section 3.27.17). Ours is a digest of path, cell, rule and number, and
of nothing else: a fingerprint made from the value would let whoever reads the report try guesses.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Final
from urllib.parse import quote

from jupyter_agent.cli.screening.found import Found

SCHEMA: Final = "https://json.schemastore.org/sarif-2.1.0.json"
_ADVICE: Final = (
    "Save the value as a secret and use it by its label. What has been committed or shared is "
    "exposed: rotate, replace or revoke it."
)


def report(
    found: Iterable[Found], failures: Iterable[Mapping[str, Any]], version: str
) -> dict[str, Any]:
    """The whole report.

    Args:
        found: Findings, in order.
        failures: Files that could not be screened: ``path`` and ``message``.
        version: Of this program.
    """
    rules: dict[str, dict[str, Any]] = {}
    seen: Counter[tuple[Any, ...]] = Counter()
    results: list[dict[str, Any]] = []
    for finding in found:
        rules.setdefault(finding.rule, _rule(finding))
        place = (finding.path, finding.cell, finding.part, finding.rule)
        results.append(_result(finding, list(rules).index(finding.rule), seen[place]))
        seen[place] += 1
    notices = [_notice(failure) for failure in failures]
    return {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "jupyter-agent screen",
                        "version": version,
                        "rules": list(rules.values()),
                    }
                },
                # Our columns count code points, as Python does; the default is UTF-16.
                "columnKind": "unicodeCodePoints",
                "invocations": [
                    {
                        "executionSuccessful": not notices,
                        "toolExecutionNotifications": notices,
                    }
                ],
                "results": results,
            }
        ],
    }


def _rule(finding: Found) -> dict[str, Any]:
    rule: dict[str, Any] = {
        "id": finding.rule,
        "shortDescription": {"text": finding.title},
        "help": {"text": f"{finding.title} ({finding.kind}). {_ADVICE}"},
        "defaultConfiguration": {"level": "error"},
        "properties": {"tags": ["security", "secret", finding.kind], "security-severity": "8.0"},
    }
    if finding.revoke:
        rule["helpUri"] = finding.revoke
    return rule


def _result(finding: Found, index: int, number: int) -> dict[str, Any]:
    where = "" if finding.cell is None else f" in cell {finding.cell} ({finding.part})"
    physical: dict[str, Any] = {"artifactLocation": {"uri": uri(finding.path)}}
    location: dict[str, Any] = {"physicalLocation": physical}
    # Lines of the file, not of the cell: this is what such services show.
    physical["region"] = {"startLine": finding.file_line, "startColumn": finding.file_column}
    if finding.part is not None:
        cell = "notebook" if finding.cell is None else f"cell {finding.cell}"
        location["logicalLocations"] = [
            {"name": cell, "fullyQualifiedName": f"{cell}/{finding.part}", "kind": "module"}
        ]
    return {
        "ruleId": finding.rule,
        "ruleIndex": index,
        "level": "error",
        "message": {"text": f"{finding.title}{where}. {_ADVICE}"},
        "locations": [location],
        "partialFingerprints": {"jupyterAgentPlace/v1": _fingerprint(finding, number)},
    }


def _notice(failure: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "level": "error",
        "message": {"text": f"Not screened: {failure['message']}"},
        "locations": [
            {"physicalLocation": {"artifactLocation": {"uri": uri(str(failure["path"]))}}}
        ],
    }


def _fingerprint(finding: Found, number: int) -> str:
    place = (uri(finding.path), finding.cell, finding.part, finding.rule, number)
    return hashlib.sha256("\0".join(map(str, place)).encode()).hexdigest()[:32]


def uri(path: str) -> str:
    """A path as a relative or absolute URI reference (RFC 3986)."""
    plain = path.removeprefix("./").replace("\\", "/")
    return quote(plain.encode("utf-8", "surrogateescape"), safe="/")
