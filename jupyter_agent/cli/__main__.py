"""``python -m jupyter_agent.cli``."""

from __future__ import annotations

import sys

from jupyter_agent.cli import main

sys.exit(main())
