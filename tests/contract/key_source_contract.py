"""What every key source must do, wherever it keeps its secret."""

from __future__ import annotations

from abc import ABC, abstractmethod

import pytest

from jupyter_agent.errors import KeySourceUnavailable
from jupyter_agent.vault.key_source import KeySource

STORE = bytes(range(16))
OTHER_STORE = bytes(range(16, 32))


class KeySourceContract(ABC):
    """Subclass it as ``Test…`` and give a ``source`` fixture and ``again``."""

    @abstractmethod
    def again(self, source: KeySource) -> KeySource:
        """The same place, as a process that starts later finds it."""

    def test_what_was_made_is_loaded(self, source: KeySource) -> None:
        made = source.make(STORE)
        assert source.load(STORE) == made

    def test_what_was_made_is_there_later(self, source: KeySource) -> None:
        made = source.make(STORE)
        assert self.again(source).load(STORE) == made

    def test_a_tier_secret_has_32_random_looking_bytes(self, source: KeySource) -> None:
        made = source.make(STORE)
        assert len(made) == 32
        assert len(set(made)) > 8

    def test_making_it_again_replaces_nothing(self, source: KeySource) -> None:
        made = source.make(STORE)
        assert source.make(STORE) == made

    def test_another_store_does_not_take_the_first_ones_key_away(self, source: KeySource) -> None:
        made = source.make(STORE)
        source.make(OTHER_STORE)
        assert self.again(source).load(STORE) == made

    def test_loading_before_making_says_that_there_is_no_key(self, source: KeySource) -> None:
        with pytest.raises(KeySourceUnavailable) as caught:
            source.load(STORE)
        assert caught.value.hint

    def test_what_was_made_for_one_store_alone_is_another_secret(self, source: KeySource) -> None:
        made = source.make(STORE)
        assert source.make(OTHER_STORE, fresh=True) != made
        assert self.again(source).load(STORE) == made

    def test_what_was_forgotten_is_gone_and_the_others_stay(self, source: KeySource) -> None:
        source.make(STORE)
        kept = source.make(OTHER_STORE, fresh=True)
        source.forget(STORE)
        with pytest.raises(KeySourceUnavailable):
            self.again(source).load(STORE)
        assert self.again(source).load(OTHER_STORE) == kept

    def test_forgetting_twice_is_no_error_and_takes_nothing_else(self, source: KeySource) -> None:
        made = source.make(STORE)
        for _ in range(2):
            source.forget(OTHER_STORE, fresh=True)
        assert self.again(source).load(STORE) == made
        for _ in range(2):
            source.forget(STORE)

    def test_it_says_what_it_is_good_for_in_one_sentence(self, source: KeySource) -> None:
        assert source.promise.endswith(".")
        assert source.promise.count(". ") == 0
        assert "safe from" not in source.promise
