"""An agent asks for a secret: a person enters it or says no, and the agent is told one word."""

from __future__ import annotations

import pytest
from steps import save

from jupyter_agent.errors import RequestInvalid, RoleDenied
from jupyter_agent.person import open_client


def test_it_asks_for_a_secret_and_hears_that_it_was_entered(person, folders, enter, watcher, value):
    agent = enter()
    number = agent.begin("secret.request", label="API_KEY", why="to call the weather service")
    asked = watcher.asked()
    assert (asked["kind"], asked["labels"], asked["agent"]) == ("entry", ["API_KEY"], "claude")
    assert (asked["why"], asked["choices"]) == ("to call the weather service", ["deny"])
    with open_client(folders) as other:
        save(other, "API_KEY", value)
    while "result" not in (message := agent.receive(number)):
        pass
    assert message["result"] == {"outcome": "stored"}
    assert agent.call("secret.request", label="API_KEY") == {"outcome": "stored"}


def test_a_person_declines(enter, watcher):
    agent = enter()
    number = agent.begin("secret.request", label="API_KEY")
    watcher.answer(watcher.asked(), "deny")
    while "result" not in (message := agent.receive(number)):
        pass
    assert message["result"] == {"outcome": "declined"}


def test_nobody_is_there_to_be_asked(person, enter, guest):
    assert enter().call("secret.request", label="API_KEY") == {"outcome": "nobody"}
    with pytest.raises(RoleDenied):
        guest.call("secret.request", label="API_KEY")


def test_a_yes_is_no_answer_to_who_asks_for_a_secret(enter, watcher):
    agent = enter()
    agent.begin("secret.request", label="API_KEY")
    asked = watcher.asked()
    with pytest.raises(RequestInvalid):
        watcher.answer(asked, "once")
