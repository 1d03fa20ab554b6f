"""These run on Windows only: ``pytest tests/windows``. Elsewhere nothing of them is imported."""

from __future__ import annotations

import sys

collect_ignore_glob = [] if sys.platform == "win32" else ["test_*.py"]
