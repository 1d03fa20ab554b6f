"""What masking costs a save: the first one, one without a change, and one with one new output.

A server does that in a thread; last comes what its event loop still waits for: whether what is
about to be written is what was masked.

    python tests/benchmarks/bench_saves.py

CPU time of one thread, beside ``json.dumps`` of the same notebook, which every save does anyway.
"""

from __future__ import annotations

import json
import logging
import random
import time
from collections.abc import Callable
from typing import Any

from jupyter_agent.screen import Screener
from jupyter_agent.screen.cell import CellScreener
from jupyter_agent.screen.masking import Masker, mask_notebook
from jupyter_agent.server.saves import MaskingHook

CELLS = 200
TARGET = 1.0
"""A save without a change may cost this much of the ``json.dumps`` it comes with."""


def notebook(rng: random.Random) -> dict[str, Any]:
    """Code, printed tables and a plot's JSON: some 10 MB, with nothing to find."""
    cells = []
    for number in range(CELLS):
        code = "".join(f"frame_{number}['{n}'] = load({n})\n" for n in range(40))
        table = "".join(f"{n:6d}  {rng.random():.6f}  row {n}\n" for n in range(800))
        plot = {"data": [{"name": f"series {n}", "y": _numbers(rng)} for n in range(4)]}
        outputs = [
            {"output_type": "stream", "name": "stdout", "text": table.splitlines(keepends=True)},
            {
                "output_type": "display_data",
                "metadata": {},
                "data": {"application/vnd.plotly.v1+json": plot, "text/plain": "<Figure>"},
            },
        ]
        cells.append({"cell_type": "code", "source": code, "metadata": {}, "outputs": outputs})
    return {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


def _numbers(rng: random.Random) -> list[float]:
    return [round(rng.random(), 5) for _ in range(300)]


def seconds(work: Callable[[], object]) -> float:
    begin = time.thread_time()
    work()
    return time.thread_time() - begin


def main() -> None:
    """Measure and print."""
    content = notebook(random.Random(1))
    screener = Screener()
    screener.adopt(screener.compile())
    masker = Masker(CellScreener(screener))
    size = len(json.dumps(content)) / 1e6
    plain = min(seconds(lambda: json.dumps(content)) for _ in range(3))
    first = seconds(lambda: mask_notebook(content, masker))
    again = min(seconds(lambda: mask_notebook(content, masker)) for _ in range(5))
    content["cells"][7]["outputs"][0]["text"].append("one more line\n")
    changed = seconds(lambda: mask_notebook(content, masker))
    hook = MaskingHook(masker, logging.getLogger())
    model = {"type": "notebook", "content": content}
    with hook.expecting(hook.ahead(model=model, path="a.ipynb")):
        waits = min(seconds(lambda: hook(model=model, path="a.ipynb")) for _ in range(5))
    print(f"{size:.1f} MB, json.dumps {plain * 1e3:.0f} ms")
    print(f"first save       {first * 1e3:6.0f} ms")
    print(f"nothing changed  {again * 1e3:6.0f} ms")
    print(f"one new output   {changed * 1e3:6.0f} ms")
    print(f"the loop waits   {waits * 1e3:6.0f} ms")
    print(f"unchanged / json.dumps: {again / plain:.2f} (target <= {TARGET})")


if __name__ == "__main__":
    main()
