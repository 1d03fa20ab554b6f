"""The first value on a machine without a keyring waits for a word on where the key shall be."""

from __future__ import annotations

from typing import Any

import pytest

from jupyter_agent.broker.offers import Offers
from jupyter_agent.cli import prompts
from jupyter_agent.cli.value import seal_and_save
from jupyter_agent.errors import ConsentRequired


class Broker:
    """What of one matters here: nothing is taken in before a vault is made."""

    def __init__(self, role: str) -> None:
        self.welcome = {"role": role}
        self.made: list[str] = []
        self._offers = Offers()

    def call(self, op: str, **fields: Any) -> dict[str, Any]:
        if op == "vault.create":
            self.made.append(fields["key_source"])
            return {}
        if not self.made:
            raise ConsentRequired("There is no keyring here.", "Agree.")
        if op == "secret.offer":
            offer = self._offers.make(fields["label"], fields["origin"], replace=False)
            return {"offer": offer.to_json()}
        return {"secret": {"label": fields["label"]}}


@pytest.mark.parametrize(
    ("role", "says", "asked"), [("person", True, 1), ("person", False, 1), ("kernel", True, 0)]
)
def test_a_persons_yes_is_the_consent_to_a_file_and_nobody_else_is_asked(
    monkeypatch, role, says, asked
) -> None:
    questions: list[str] = []
    monkeypatch.setattr(prompts, "confirmed", lambda text: questions.append(text) or says)
    broker: Any = Broker(role)
    if says and asked:
        assert seal_and_save(broker, "A_KEY", b"value") == {"label": "A_KEY"}
        assert " ".join(broker.made) == "file"
    else:
        with pytest.raises(ConsentRequired):
            seal_and_save(broker, "A_KEY", b"value")
        assert broker.made == []
    assert len(questions) == asked
