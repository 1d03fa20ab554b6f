"""Look for unknown secrets in text that is about to go out.

A rule (``rules/*.toml``) names a few literal keywords and one regular expression. Screening has
three stages, each much rarer than the one before it:

1. ``anchors``: where do keywords stand? One pass over the UTF-8 bytes.
2. ``Rule.regex``: at such a place, is there a value, and where does it start and end?
3. ``filters``: is that value a placeholder, a reference or an everyday word?

Everything here is pure: text in, values out. A finding never holds the secret itself.
"""

from __future__ import annotations

from jupyter_agent.screen.finding import Finding, mask, preview, to_json
from jupyter_agent.screen.rule import Rule, load_rules
from jupyter_agent.screen.screener import Screener

__all__ = ["Finding", "Rule", "Screener", "load_rules", "mask", "preview", "to_json"]
