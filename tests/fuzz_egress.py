"""Fuzz one parser of egress with coverage: ``python tests/fuzz_egress.py CHECK [libFuzzer's…]``.

Needs ``pip install atheris``. What it finds goes into tests/vectors/egress/regressions.json, which
the property tests run each time. ``postgres_replies -max_total_time=600`` takes ten minutes.
"""

from __future__ import annotations

import sys

import atheris

with atheris.instrument_imports(include=["jupyter_agent.egress", "h11"]):
    from egress_parsers import CHECKS


def main() -> None:
    """Fuzz until libFuzzer's limits, or the first failure."""
    check = CHECKS[sys.argv.pop(1)]
    atheris.Setup(sys.argv, check)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
