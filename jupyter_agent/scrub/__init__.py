"""Known values in bytes coming back are replaced by ``[secret:LABEL]``. No I/O in here."""

from __future__ import annotations

from jupyter_agent.scrub.fingerprints import Fingerprints
from jupyter_agent.scrub.others import Others
from jupyter_agent.scrub.scrubber import Scrubber
from jupyter_agent.scrub.variants import forms, too_short

__all__ = ["Fingerprints", "Others", "Scrubber", "forms", "too_short"]
