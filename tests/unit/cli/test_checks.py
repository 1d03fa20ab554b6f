"""What ``doctor`` says about a vault that is not there yet."""

from __future__ import annotations

from jupyter_agent.broker.vault_state import without_vault
from jupyter_agent.cli.checks import vault_check
from jupyter_agent.errors import ConsentRequired


def test_a_decision_that_the_first_secret_waits_for_is_named_with_its_next_step():
    wanted = ConsentRequired("The key would lie in a file.", "Agree in the Secrets panel.")
    check = vault_check(without_vault("absent", wanted))
    assert (check["id"], check["state"]) == ("vault", "warn")
    assert "waits for a decision. The key would lie in a file." in check["message"]
    assert check["hint"] == "Agree in the Secrets panel."


def test_no_vault_is_no_problem_where_nothing_has_to_be_decided():
    assert vault_check(without_vault("absent"))["state"] == "ok"
