"""What goes along with a message: variables and cells of this kernel, as texts."""

from __future__ import annotations

import re
from typing import Any, Final

from jupyter_agent.chat.conversation import Attachment
from jupyter_agent.chat.cutting import start_of
from jupyter_agent.chat.halves import whole
from jupyter_agent.errors import RequestInvalid

MOST: Final = 20_000
"""Characters of one attachment."""

_ROWS: Final = 20
_CELL: Final = re.compile(r"(?:In|Out)?\[?(\d{1,6})\]?")


def attachment(shell: Any, name: str) -> Attachment:
    """A variable, or a cell by its number, as a model reads it.

    Args:
        shell: The running ``InteractiveShell``.
        name: ``df``, or ``[3]``, ``In[3]``, ``3``.

    Raises:
        RequestInvalid: There is none, or it can't be shown.
    """
    if cell := _CELL.fullmatch(name):
        number = int(cell[1])
        return Attachment(f"[{number}]", _cut(as_text(cell_of(shell, number))))
    if name not in shell.user_ns:
        # Not repeated: it may be a value that was pasted here.
        raise RequestInvalid(
            "There is no variable of that name to attach.", "--with df, or --with [3] for a cell"
        )
    return Attachment(name, _cut(_shown(shell, shell.user_ns[name], name)))


def cell_of(shell: Any, number: int) -> dict[str, Any]:
    """Source and result of a cell.

    A kernel knows no notebook: only what it has run, in the order in which it ran it.

    Args:
        shell: The running ``InteractiveShell``.
        number: As in ``[3]``; 0 gives the last ten.

    Raises:
        RequestInvalid: No cell was run as that number.
    """
    sources = shell.user_ns.get("In") or []
    results = shell.user_ns.get("Out") or {}
    if number == 0:
        last = range(max(1, len(sources) - 10), len(sources))
        return {"cells": [{"number": n, "source": _cut(str(sources[n]), 500)} for n in last]}
    if not 0 < number < len(sources):
        raise RequestInvalid(f"No cell was run as [{number}].", "0 lists the last ones.")
    found: dict[str, Any] = {"number": number, "source": str(sources[number])}
    if number in results:
        found["result"] = _cut(_shown(shell, results[number], f"the result of [{number}]"))
    return found


def as_text(cell: dict[str, Any]) -> str:
    """A cell as text."""
    result = f"\n# Result:\n{cell['result']}" if "result" in cell else ""
    return f"{cell.get('source', '')}{result}"


def _shown(shell: Any, value: Any, name: str) -> str:
    try:
        if isinstance(value, str):
            return whole(value)
        if all(hasattr(value, each) for each in ("to_string", "dtypes", "head", "shape")):
            rows = value.head(_ROWS).to_string()
            return whole(f"{value.shape[0]} rows\n{value.dtypes}\n\n{rows}")
        pretty = shell.display_formatter.formatters["text/plain"]
        text = pretty(value)
        return whole(text if isinstance(text, str) else repr(value))
    except Exception as error:  # noqa: BLE001  (it is the value's own code)
        kind = type(error).__name__
        raise RequestInvalid(f"{name} can't be shown as text ({kind}).", "Attach str(…).") from None


def _cut(text: str, most: int = MOST) -> str:
    kept = start_of(text, most)
    left_out = len(text) - len(kept)
    return f"{kept}\n[{left_out} characters left out]" if left_out else text
