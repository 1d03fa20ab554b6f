"""Stored values and allowances for a terminal that screens texts; it asks as the person.

Where nothing is stored, or the broker can't say, the rules alone decide; ``off`` says why.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from jupyter_agent.errors import AgentError, RequestInvalid

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jupyter_agent.client import Client
    from jupyter_agent.screen import Finding, Rule
    from jupyter_agent.screen.cell import Screens
    from jupyter_agent.screen.stored import StoredFinding

PATIENCE: Final = 10.0
"""Seconds: a folder of long texts is worth waiting for."""
_MOST_ASKED: Final = 80_000
"""Characters of findings that fit into one question; JSON writes one as 12 bytes at worst. Of a
text with more none are allowed."""


class KnownScreener:
    """A screener that also finds what is stored, and lets pass what is allowed.

    Args:
        screener: Finds what the rules know.
        notebook: Absolute path of what is screened, for rules that are allowed in a folder; or "".

    Attributes:
        off: Why stored values are not recognised, or "".
    """

    def __init__(self, screener: Screens, notebook: str = "") -> None:
        self._screener = screener
        self._client: Client | None = None
        self._asks = True
        self.notebook = notebook
        self.off = ""

    def screen(self, text: str) -> list[Finding]:
        """See ``Screener.screen``; a stored value is a ``StoredFinding``.

        Raises:
            ScreenTimeout: It took too long; treat the text as if it held a secret.
        """
        findings = self._screener.screen(text)
        if not self._asks:
            return findings
        try:
            return self._judged(text, findings)
        except RequestInvalid as error:
            self.off = error.message  # this one text is too long
        except AgentError as error:
            self._asks, self.off = False, error.message
        return findings

    def doubtful(self, texts: Sequence[str]) -> Sequence[int]:
        """See ``Screener.doubtful``: any text may hold what is stored."""
        return range(len(texts)) if self._asks else self._screener.doubtful(texts)

    def rule(self, rule_id: str) -> Rule:
        """See ``Screener.rule``; of a stored value ``screen.stored.rule_of`` knows more."""
        return self._screener.rule(rule_id)

    def close(self) -> None:
        """End the conversation."""
        if self._client is not None:
            self._client.close()

    def _judged(self, text: str, findings: list[Finding]) -> list[Finding]:
        from jupyter_agent.screen.stored import combined  # noqa: PLC0415  (startup time)

        client = self._opened()
        if client is None:
            return findings
        matches = _matches(client, text)
        return combined(self._not_allowed(client, text, findings), matches)

    def _not_allowed(self, client: Client, text: str, findings: list[Finding]) -> list[Finding]:
        from jupyter_agent.screen.stored import MOST  # noqa: PLC0415  (startup time)

        if not findings or len(findings) > MOST:
            return findings
        asked = [{"rule": f.rule, "value": text[f.start : f.end]} for f in findings]
        if sum(len(each["value"]) for each in asked) > _MOST_ASKED:
            return findings
        allowed = client.call(
            "allow.check", findings=asked, notebook=self.notebook, spend=False, kept=True
        )["allowed"]
        return [f for f, ok in zip(findings, allowed, strict=True) if not ok]

    def _opened(self) -> Client | None:
        """The conversation; None where no broker runs and nothing is stored that one could know."""
        if self._client is None:
            from jupyter_agent import person  # noqa: PLC0415  (startup time)
            from jupyter_agent.errors import BrokerUnreachable  # noqa: PLC0415
            from jupyter_agent.folders import Folders  # noqa: PLC0415

            folders = Folders.of()
            there = folders.has_vault
            try:
                self._client = person.open_client(folders, start=there)
            except BrokerUnreachable:
                self._asks = False
                if there:
                    raise
                return None
            self._client.limit(PATIENCE)
        return self._client


def _matches(client: Client, text: str) -> list[StoredFinding]:
    """Every stored value in a text; one answer holds the first ``matching.MOST`` only."""
    from jupyter_agent.client import matching  # noqa: PLC0415  (startup time)
    from jupyter_agent.screen.stored import stored  # noqa: PLC0415

    found: list[StoredFinding] = []
    begin = 0
    while True:
        known = matching.find(client, text[begin:]).matches
        found += [
            stored(one.label, one.kind, begin + one.start, begin + one.end, exact=one.exact)
            for one in known
        ]
        if len(known) < matching.MOST:
            return found
        begin = found[-1].end
