"""The public face of screening: which engine looks, for how long, and until nothing is left."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Final

from jupyter_agent.screen.anchors import PlainAnchors
from jupyter_agent.screen.catalogue import Catalogue, fingerprint, unpack
from jupyter_agent.screen.compiled import CompiledAnchors
from jupyter_agent.screen.deadline import Deadline
from jupyter_agent.screen.encoding import LONG, encoded
from jupyter_agent.screen.engine import Engine
from jupyter_agent.screen.finding import Finding
from jupyter_agent.screen.glance import doubtful
from jupyter_agent.screen.rule import Rule

# What people paste first; ``warm`` compiles these rules' expressions beforehand.
_COMMON: Final = (
    "anthropic-api-key",
    "api-key-setting",
    "access-token-setting",
    "aws-access-key-id",
    "bearer-token",
    "database-url-password",
    "environment-password",
    "github-token",
    "google-api-key",
    "huggingface-token",
    "login-code",
    "openai-api-key",
    "openai-legacy-key",
    "password-beside",
    "password-quoted",
    "password-sentence",
    "password-setting",
    "url-password",
)


class Screener:
    """Finds secrets that nobody has stored yet.

    It works at once, without hyperscan and without any preparation; ``adopt`` makes it faster and
    changes no finding. One screener may be used from several threads.

    Args:
        database: A compiled database to adopt (see ``adopt``), or None.
        rules: The catalogue, or None for the one that ships with the package.
        clock: Seconds this thread has used, for the time budget. CPU time, so that a busy machine
            does not turn into blocked cells.
    """

    def __init__(
        self,
        database: bytes | None = None,
        *,
        rules: Sequence[Rule] | None = None,
        clock: Callable[[], float] = time.thread_time,
    ) -> None:
        self._given_rules = rules
        self._clock = clock
        self._engine: Engine | None = None
        if database is not None:
            self.adopt(database)

    def screen(self, text: str, patience: float = 1.0) -> list[Finding]:
        """Every secret in the text, sorted and not overlapping.

        Args:
            text: The text.
            patience: How many budgets of time it gets (``patient``).

        Raises:
            ScreenTimeout: It took too long; treat the text as if it held a secret.
        """
        # Reading the rules is a cost of the process, not of this text.
        engine = self._engine or self._ready
        # ``encoded`` in place: a call for each text would cost as much as what it does.
        slices: Sequence[int] = ()
        if len(text) < LONG:
            data = text.encode("utf-8", "surrogatepass")
        else:
            data, slices = encoded(text)
        # Most texts are clean, and most of these end here.
        noticed = engine.noticed(data)
        if not noticed:
            return []
        deadline = Deadline(self._clock, len(text), patience * engine.anchors.patience)
        seen = engine.anchors.seen(data, noticed, deadline)
        return engine.judge(text, (data, slices), seen, deadline)

    def doubtful(self, texts: Sequence[str]) -> Sequence[int]:
        """Which of many texts need to be screened; the rest are clean.

        Asked about together, they are answered for sooner than ``screen`` takes for each of them:
        for who has many, such as the cells of notebooks.

        Args:
            texts: The texts.

        Returns:
            Their numbers, in order.
        """
        return doubtful(self._ready, texts, self._clock)

    def rule(self, rule_id: str) -> Rule:
        """The rule with this id.

        Raises:
            KeyError: There is none.
        """
        return self._ready.catalogue.rule(rule_id)

    @property
    def compiled(self) -> bool:
        """Whether the fast engine is in use."""
        return self._engine is not None and isinstance(self._engine.anchors, CompiledAnchors)

    @property
    def fingerprint(self) -> str:
        """Tells whether a database compiled earlier, or elsewhere, fits this screener."""
        return fingerprint(self._given_rules)

    def compile(self) -> bytes:
        """Compile the fast engine's database; up to some seconds, never done by ``screen``.

        Raises:
            ImportError: hyperscan can't be imported here.
        """
        return self._ready.catalogue.compile()

    def adopt(self, database: bytes) -> None:
        """Use a compiled database, and the catalogue packed with it, from now on.

        Args:
            database: From ``compile`` of a screener with the same ``fingerprint``. The
                deserializer trusts these bytes: bytes that were on a disk must have been
                authenticated first (``jupyter_agent.rulecache``).

        Raises:
            ImportError: hyperscan can't be imported here.
            ValueError: hyperscan does not accept it; the engine in use stays.
        """
        catalogue, words, compiled = unpack(database)
        # One assignment, so that a thread sees either engine with its own catalogue.
        self._engine = Engine(catalogue, CompiledAnchors(words, catalogue.needs.by_rule, compiled))

    def warm(self) -> None:
        """Compile the expressions that most findings need, so that the first one is no slower."""
        catalogue = self._ready.catalogue
        for rule_id in _COMMON:
            if rule_id in catalogue:
                _ = catalogue.rule(rule_id).regex

    @property
    def _ready(self) -> Engine:
        # Read on first use, because importing this package must stay cheap. Two threads may both
        # read it; they read the same.
        if self._engine is None:
            rules = self._given_rules
            catalogue = Catalogue.shipped() if rules is None else Catalogue.of(rules)
            self._engine = Engine(catalogue, PlainAnchors(catalogue.rules))
        return self._engine
