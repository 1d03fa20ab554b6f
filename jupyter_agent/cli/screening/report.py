"""What people and programs are told about a survey."""

from __future__ import annotations

from typing import Any

from jupyter_agent import __version__
from jupyter_agent.cli.screening import sarif as sarif_format
from jupyter_agent.cli.screening.found import Found
from jupyter_agent.cli.screening.survey import Survey
from jupyter_agent.cli.terminal import Terminal, printable


def tell(survey: Survey, terminal: Terminal, *, off: str = "") -> None:
    """Print it, as text or JSON.

    Args:
        survey: What came of it.
        terminal: Where to.
        off: Why nobody looked for stored values, or ""; people have been told.
    """
    for failure in survey.failures:
        terminal.notice(f"not screened: {printable(failure['path'])}: {failure['message']}")
    body = {
        "findings": [finding.to_json() for finding in survey.found],
        "screened": len(survey.screened),
        "passed_over": survey.passed_over,
        "known": survey.known,
        "failures": survey.failures,
        "exact_match_off": off,
    }
    terminal.answer(body, [_line(finding) for finding in survey.found])
    if survey.screened or not survey.failures:  # "no secrets" would be said of nothing
        terminal.notice(_summary(survey))
    for line in _advice(survey.found):
        terminal.notice(line)


def sarif(survey: Survey) -> dict[str, Any]:
    """It as a SARIF document."""
    return sarif_format.report(survey.found, survey.failures, __version__)


def _line(finding: Found) -> str:
    where = "notebook" if finding.cell is None else f"cell {finding.cell}"
    part = "" if finding.part is None else f":{where} {finding.part}"
    place = f"{printable(finding.path)}{part}:{finding.line}:{finding.column}"
    return f"{place} {finding.title} ({finding.kind}) {finding.preview}"


def _summary(survey: Survey) -> str:
    found, screened = len(survey.found), len(survey.screened)
    what = "1 secret" if found == 1 else f"{found or 'no'} secrets"
    where = "1 text" if screened == 1 else f"{screened} texts"
    besides = f"; {survey.known} known from the baseline" if survey.known else ""
    binary = "1 binary file" if survey.passed_over == 1 else f"{survey.passed_over} binary files"
    besides += f"; {binary} passed over" if survey.passed_over else ""
    return f"{what} in {where}{besides}"


def _advice(found: list[Found]) -> list[str]:
    if not found:
        return []
    from jupyter_agent.screen.stored import STORED  # noqa: PLC0415  (startup time)

    unsaved = [finding for finding in found if finding.rule != STORED]
    label = next((finding.label for finding in unsaved or found if finding.label), "LABEL")
    run = f"jupyter agent run -s {label} -- COMMAND"
    if unsaved:
        lines = [
            f"Save it instead: jupyter agent secret set {label}",
            f"and use it by its label: {run}",
        ]
    else:
        lines = [f"{label} is stored already. Use it by its label: {run}"]
    lines.append("What was committed or shared is exposed: rotate, replace or revoke it.")
    pages = dict.fromkeys(finding.revoke for finding in found if finding.revoke)
    return lines + [f"  {page}" for page in list(pages)[:3]]
