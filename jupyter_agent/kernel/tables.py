"""What ``%secret list``, ``show`` and ``status`` return: readable as text and in a notebook."""

from __future__ import annotations

import html
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from jupyter_agent import wire
from jupyter_agent.secret import reminder

_COLUMNS: Final = ("label", "kind", "created", "last used", "uses", "expires", "note")


class Table:
    """Rows with a heading each, aligned as text and as an HTML table.

    Args:
        columns: Headings.
        rows: One text for each column.
        empty: Shown where there are no rows.
    """

    def __init__(
        self, columns: Sequence[str], rows: Sequence[Sequence[str]], *, empty: str = ""
    ) -> None:
        self.columns = tuple(columns)
        self.rows = tuple(tuple(row) for row in rows)
        self.empty = empty

    def __repr__(self) -> str:
        if not self.rows:
            return self.empty
        lines = [row for row in (self.columns, *self.rows) if any(row)]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        return "\n".join(
            "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
            for line in lines
        )

    def _repr_html_(self) -> str:
        if not self.rows:
            return f"<p>{html.escape(self.empty)}</p>"
        # Without headings above, the first cell of a row is its heading.
        headed = any(self.columns)
        head = f"<thead>{_html_row(self.columns, 'col')}</thead>" if headed else ""
        body = "".join(_html_row(row, "" if headed else "row") for row in self.rows)
        return f"<table>{head}<tbody>{body}</tbody></table>"


def secrets(found: Sequence[wire.Message]) -> Table:
    """The table of ``secret.list``."""
    rows = [
        (
            str(meta["label"]),
            str(meta.get("kind") or ""),
            moment(meta.get("created")),
            moment(meta.get("last_used")) or "never",
            str(meta.get("uses") or 0),
            moment(meta.get("expires")),
            _notes(meta),
        )
        for meta in found
    ]
    return Table(_COLUMNS, rows, empty="No secrets yet. Add one: %secret set LABEL")


def secret(meta: wire.Message, grants: Sequence[wire.Message]) -> Table:
    """Everything that may be said about one secret."""
    rows = [
        ("label", str(meta["label"])),
        ("kind", str(meta.get("kind") or "")),
        ("note", str(meta.get("note") or "")),
        ("created", moment(meta.get("created"))),
        ("replaced", moment(meta.get("replaced"))),
        ("last used", moment(meta.get("last_used")) or "never"),
        ("uses", str(meta.get("uses") or 0)),
        ("expires", moment(meta.get("expires"))),
        ("rotate", f"every {meta['rotate_every']} days" if meta.get("rotate_every") else ""),
        ("warning", _notes(meta)),
    ]
    rows += [("seen in", _exposure(where)) for where in meta.get("exposed") or ()]
    rows.append(("revoke it at", str(meta.get("revoke") or "")))
    rows += [("grant", _grant(grant)) for grant in grants]
    return Table(("", ""), [row for row in rows if row[1]])


def status(found: wire.Message) -> Table:
    """The broker's state."""
    vault: dict[str, Any] = found["vault"]
    error: dict[str, Any] = vault.get("error") or {}
    rows = [
        ("broker", f"version {found['version']}, process {found['pid']}"),
        ("vault", str(vault.get("state") or "")),
        ("key source", str(vault.get("tier") or "")),
        ("promise", str(vault.get("promise") or "")),
        ("better", str(vault.get("better") or "")),
        ("note", str(vault.get("note") or "")),
        ("export", _export(vault)),
        ("problem", f"{error.get('message', '')} {error.get('hint', '')}".strip()),
        ("runs now", str(found.get("runs", 0))),
        ("asked in", "JupyterLab" if found.get("approvers") else "nobody is there to ask"),
    ]
    return Table(("", ""), [row for row in rows if row[1]])


def _export(vault: wire.Message) -> str:
    reminder = str((vault.get("export") or {}).get("reminder") or "")
    return reminder and f"{reminder} Make one in a terminal: jupyter agent vault export FILE"


def moment(text: Any) -> str:
    """A time of the protocol in the reader's own zone, to the minute; "" for none."""
    if not text:
        return ""
    return datetime.fromisoformat(str(text)).astimezone().strftime("%Y-%m-%d %H:%M")


def _notes(meta: wire.Message) -> str:
    notes = []
    if meta.get("weak"):
        notes.append("short or easy to guess: scrubbed less widely")
    if any(each.get("where") != "run" for each in meta.get("exposed") or ()):
        notes.append("was exposed: rotate it")
    if due := reminder(meta.get("due")):
        notes.append(due)
    return "; ".join(notes)


def _exposure(where: wire.Message) -> str:
    what = where.get("where", "")
    what = "a command's output, scrubbed" if what == "run" else what
    place = f"{what} {where.get('notebook') or ''}".strip()
    return f"{place}, {moment(where.get('time'))}"


def _grant(grant: wire.Message) -> str:
    what = "any command" if grant.get("any_command") else str(grant.get("pattern") or "1 script")
    # A denial that reads like a permission would tell the opposite of what holds.
    parts = [f"not: {what}" if grant.get("deny") else what]
    parts.append(str(grant.get("notebook") or grant.get("who") or "any notebook"))
    if grant.get("uses") is not None:
        parts.append(f"{grant['uses']} uses left")
    if grant.get("until"):
        parts.append(f"until {moment(grant['until'])}")
    return ", ".join(parts)


def _html_row(cells: Sequence[str], headings: str) -> str:
    """One row; ``headings`` is ``col`` (all cells), ``row`` (the first one) or ""."""
    # Left-aligned: Jupyter's own style puts text to the right.
    style = 'style="text-align:left"'
    made = []
    for index, cell in enumerate(cells):
        is_heading = headings == "col" or (headings == "row" and index == 0)
        tag, scope = ("th", f' scope="{headings}"') if is_heading else ("td", "")
        made.append(f"<{tag}{scope} {style}>{html.escape(cell)}</{tag}>")
    return f"<tr>{''.join(made)}</tr>"
