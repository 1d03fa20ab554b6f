"""Agents: let in by a person, known by a token of their own, asked about each use."""

from __future__ import annotations

import random
import secrets
import string
from typing import Any

import pytest
from elsewhere import PERSON_ONLY, Elsewhere, register_kernel
from steps import collect, request, run, save, until, wait_until

from jupyter_agent.client import Client, Hello
from jupyter_agent.errors import (
    BrokerRefused,
    GrantDenied,
    GrantRequired,
    RequestInvalid,
    RoleDenied,
    RunLost,
)

pytestmark = pytest.mark.one_broker


def proof(token: str) -> dict[str, Any]:
    return {"role": "agent", "proof": {"token": token}}


# -- who it is


def test_an_agent_is_known_by_its_token_and_by_its_name(person, folders, enter):
    agent = enter("claude-code")
    assert (agent.welcome["role"], agent.welcome["agent"]) == ("agent", "claude-code")
    (known,) = person.call("agent.list")["agents"]
    assert (known["name"], known["talks"]) == ("claude-code", True)
    assert set(known) == {"name", "created", "last_used", "talks"}


def test_it_is_remembered_when_an_agent_was_last_here_and_forgotten_with_it(person, folders, enter):
    person.call("agent.register", name="new-here")
    enter("claude-code").close()

    def used() -> dict[str, str | None]:
        return {one["name"]: one["last_used"] for one in person.call("agent.list")["agents"]}

    before = used()
    assert before["new-here"] is None
    assert before["claude-code"] is not None
    person.call("agent.forget", name="claude-code")
    person.call("agent.register", name="claude-code")
    assert used() == {"claude-code": None, "new-here": None}


def test_its_token_is_kept_nowhere_as_it_is(person, folders):
    token = person.call("agent.register", name="claude")["token"]
    for path in folders.state.rglob("*"):
        if path.is_file():
            assert token.encode() not in path.read_bytes()


def test_a_name_that_is_none_or_somebody_elses_is_refused(person, subtests):
    for name in ["", "chat", "Claude", "a b", "a/b", "../a", "a" * 33, "-a", "å"]:
        with subtests.test(name=name), pytest.raises(RequestInvalid):
            person.call("agent.register", name=name)


def test_a_second_agent_does_not_take_the_first_ones_name(person, folders, enter):
    agent = enter("claude")
    with pytest.raises(RequestInvalid):
        person.call("agent.register", name="claude")
    assert agent.call("secret.list") == {"secrets": []}


def test_a_new_token_makes_the_old_one_worthless_and_ends_what_it_does(person, folders, enter):
    old = person.call("agent.register", name="claude")["token"]
    with Client(folders, Hello(**proof(old))) as agent:
        new = person.call("agent.register", name="claude", replace=True)["token"]
        with pytest.raises(RunLost):
            agent.call("secret.list")
    with pytest.raises(BrokerRefused):
        Client(folders, Hello(**proof(old)))
    Client(folders, Hello(**proof(new))).close()


def test_a_token_that_is_wrong_or_forgotten_is_refused(person, folders):
    token = person.call("agent.register", name="claude")["token"]
    for wrong in ("", token[:-1], token + "x", secrets.token_urlsafe(32), "\ud800"):
        with pytest.raises(BrokerRefused):
            Client(folders, Hello(**proof(wrong)))
    person.call("agent.forget", name="claude")
    with pytest.raises(BrokerRefused):
        Client(folders, Hello(**proof(token)))


def test_forgetting_an_agent_ends_its_runs_at_once(person, folders, enter, watcher, value):
    save(person, "A", value)
    agent = enter()
    number = agent.begin("run", **request("sleep 1234.5", "A"))
    watcher.answer(watcher.asked(), "once")
    until(agent, number, "started")
    person.call("agent.forget", name="claude")
    with pytest.raises(RunLost):
        collect(agent, number)
    wait_until(lambda: person.call("runs.list")["runs"] == [])


def test_an_agents_token_is_no_person_key_and_no_capability(person, folders):
    token = person.call("agent.register", name="claude")["token"]
    for hello in (
        {"role": "person", "proof": {"key": token}},
        {"role": "kernel", "proof": {"capability": token}},
        {"role": "agent", "proof": {"capability": token}},
    ):
        with pytest.raises(BrokerRefused):
            Client(folders, Hello(**hello))


def test_the_person_key_makes_no_agent(person, folders):
    key = folders.person_key.read_text(encoding="ascii")
    with pytest.raises(BrokerRefused):
        Client(folders, Hello(**proof(key)))


def test_what_an_agent_claims_to_be_changes_nothing(person, folders, enter, watcher, value):
    save(person, "A", value)
    token = person.call("agent.register", name="claude")["token"]
    claims = {"notebook": "/n/a.ipynb", "program": "person", "agent": "codex"}
    with Client(folders, Hello(claims=claims, **proof(token))) as agent:
        agent.begin("run", **request("true", "A", agent="codex", role="person"))
        asked = watcher.asked()
    assert (asked["agent"], asked["role"], asked["notebook"]) == ("claude", "agent", None)


def test_below_a_kernel_a_token_makes_no_more_than_that_kernels_agent(person, folders):
    token = person.call("agent.register", name="claude")["token"]
    with Elsewhere.process_of_its_own() as kernel:
        register_kernel(person, kernel, secrets.token_urlsafe(32))
        welcome = kernel.says(proof(token))["welcome"]
    assert (welcome["role"], welcome["agent"], welcome["notebook"]) == (
        "agent",
        "chat",
        "/n/a.ipynb",
    )


def test_a_kernel_is_the_agent_of_its_chat_cells_with_its_capability(person, folders):
    capability = secrets.token_urlsafe(32)
    hello = {"role": "agent", "proof": {"capability": capability}}
    with Elsewhere.process_of_its_own() as kernel:
        register_kernel(person, kernel, capability)
        welcome = kernel.says(hello)["welcome"]
        assert (welcome["role"], welcome["agent"]) == ("agent", "chat")
        assert kernel.says(hello, "grant.list")["code"] == "role_denied"
    with pytest.raises(BrokerRefused):
        Client(folders, Hello(**hello))


# -- what it may


NOT_FOR_AGENTS = [
    *PERSON_ONLY,
    ("agent.register", {"name": "other"}),
    ("agent.list", {}),
    ("agent.forget", {"name": "claude"}),
    ("secret.show", {"label": "A"}),
    ("secret.rename", {"label": "A", "to": "B"}),
    ("secret.remove", {"label": "A"}),
    ("secret.save_file", {"label": "B", "path": "/etc/passwd"}),
    ("allow.add", {"scope": "value", "rule": "r", "reason": "x", "value": "y"}),
    ("allow.check", {"findings": []}),
    ("type", {"run": 1, "data": ""}),
]


def test_an_agent_may_not(enter, subtests):
    agent = enter()
    for op, fields in NOT_FOR_AGENTS:
        with subtests.test(op), pytest.raises(RoleDenied):
            agent.call(op, **fields)


def test_nobody_but_a_person_lets_agents_in_or_out(guest, subtests):
    for op in ["agent.register", "agent.list", "agent.forget"]:
        with subtests.test(op=op), pytest.raises(RoleDenied):
            guest.call(op, name="claude")


def test_it_is_told_labels_and_dates_and_nothing_else(person, enter, value):
    save(person, "A", value, note="of the bank", kind="password")
    (shown,) = enter().call("secret.list")["secrets"]
    assert set(shown) == {"label", "kind", "created", "replaced", "last_used", "expires"}


def test_it_learns_of_strong_values_only_whether_a_text_holds_one(person, enter, value):
    save(person, "STRONG", value)
    save(person, "WEAK", "hunter22")
    agent = enter()
    assert agent.call("match", text=f"x {value} y") == {"label": "STRONG"}
    # Behind a blank could stand, by chance, the last character.
    assert agent.call("match", text=f"x {value[:-1]}") == {"label": None}
    assert agent.call("match", text="x hunter22 y") == {"label": None}


def test_it_has_no_keyboard(person, enter, value):
    save(person, "A", value)
    terminal = {"rows": 24, "cols": 80, "keyboard": True, "answers": []}
    with pytest.raises(RequestInvalid, match="keyboard"):
        enter().call("run", **request("bash", "A", terminal=terminal))


def test_a_short_values_output_is_withheld_whatever_it_says(person, enter, watcher):
    save(person, "PIN", "4711")
    agent = enter()
    number = agent.begin("run", **request('echo "$PIN"', "PIN", show_output=True))
    watcher.answer(watcher.asked(), "once")
    done = collect(agent, number)
    assert (done.stdout, done.result["withheld"]) == (b"", ["PIN"])


def test_it_seals_new_labels_only_and_one_sees_that_it_was_its_page(person, enter, value):
    agent = enter()
    save(agent, "A", value, note="trust me")
    (shown,) = person.call("secret.list")["secrets"]
    assert shown["note"] == "Entered in a page of the agent claude."
    with pytest.raises(RoleDenied):
        save(agent, "A", value, replace=True)


# -- what a person is asked


@pytest.mark.one_broker(shared=False)
def test_a_person_sees_which_agent_asks_for_exactly_what_and_what_it_says(
    person, enter, watcher, value
):
    save(person, "A", value)
    agent = enter()
    number = agent.begin("run", **request("echo hi", "A", why="to  greet\nthe user"))
    asked = watcher.asked()
    assert (asked["agent"], asked["script"], asked["labels"]) == ("claude", "echo hi", ["A"])
    assert asked["why"] == "to greet the user"
    assert asked["choices"] == ["once", "minutes", "always", "deny"]
    watcher.answer(asked, "once")
    assert collect(agent, number).stdout == b"hi\n"
    (event,) = person.call("audit.read")["events"]
    assert (event["actor"], event["decision"]) == ("agent:claude", "once")


@pytest.mark.one_broker(shared=False)
def test_what_it_says_is_bounded_and_holds_no_secret(person, enter, watcher, value):
    save(person, "A", value)
    guessed = "AKIA" + "".join(random.choices(string.ascii_uppercase, k=16))
    agent = enter()
    said = f"{value} and {guessed} " + "very " * 3000
    number = agent.begin("run", **request("true", "A", why=said))
    asked = watcher.asked()
    why = asked["why"]
    assert len(why) <= 501
    assert why.startswith("[secret:A] and ")
    assert guessed not in why
    watcher.answer(asked, "deny")
    with pytest.raises(GrantDenied):
        collect(agent, number)
    (event,) = person.call("audit.read")["events"]  # the record keeps what the person has read
    assert event["why"] == why


@pytest.mark.one_broker(shared=False)
def test_what_others_say_about_why_is_nobodys_words_and_not_written_down(person, guest, value):
    save(person, "A", value)
    person.call("grant.add", label="A", script="true")
    assert run(guest, "true", "A", why="because").exit == 0
    (event,) = person.call("audit.read")["events"]
    assert "why" not in event


def test_what_it_says_has_to_be_a_text(person, enter, watcher, value):
    save(person, "A", value)
    with pytest.raises(RequestInvalid):
        enter().call("run", **request("true", "A", why=["x"]))


def test_a_grant_of_persons_and_kernels_does_not_serve_an_agent(person, enter, value):
    save(person, "A", value)
    agent = enter()
    for fields in (
        {"any_command": True},
        {"script": "true"},
        {"script": "true", "who": "kernel"},
        {"script": "true", "who": "agent:codex"},
        {"any_command": True, "who": "agent"},
        {"pattern": "echo *", "who": "agent"},
    ):
        person.call("grant.add", label="A", **fields)
        with pytest.raises(GrantRequired):
            run(agent, "true", "A")
    with pytest.raises(GrantRequired):
        run(agent, "echo x", "A")


@pytest.mark.parametrize("who", ["agent", "agent:claude"])
def test_a_grant_that_names_agents_serves_the_exact_command(person, enter, value, who):
    save(person, "A", value)
    agent = enter()
    person.call("grant.add", label="A", script="true", who=who)
    assert run(agent, "true", "A").exit == 0
    with pytest.raises(GrantRequired):
        run(agent, "true ", "A")


def test_the_line_that_grants_it_names_the_agent(person, enter, value):
    save(person, "A", value)
    with pytest.raises(GrantRequired) as caught:
        run(enter(), "true", "A")
    assert caught.value.data["grant"] == ["jupyter agent grant A --who agent:claude --command true"]


@pytest.mark.parametrize("answer", ["minutes", "always"])
def test_an_answer_that_lasts_is_for_this_agent_this_command_and_these_labels(
    person, enter, watcher, value, answer
):
    save(person, "A", value)
    save(person, "B", "w" + secrets.token_urlsafe(24))
    claude, codex = enter("claude"), enter("codex")
    number = claude.begin("run", **request("true", "A"))
    watcher.answer(watcher.asked(), answer)
    assert collect(claude, number).exit == 0
    assert run(claude, "true", "A").exit == 0  # nobody is asked
    (grant,) = person.call("grant.list")["grants"]
    assert (grant["who"], grant["script"]) == ("agent:claude", "true")
    for client, script, labels in (
        (codex, "true", ("A",)),
        (claude, "true;true", ("A",)),
        (claude, "true", ("A", "B")),
        (claude, "true", ("X=A",)),
    ):
        number = client.begin("run", **request(script, *labels))
        watcher.answer(watcher.asked(), "deny")
        with pytest.raises(GrantDenied):
            collect(client, number)


def test_two_permissions_do_not_add_up_to_a_run_that_nobody_has_seen(person, enter, watcher, value):
    save(person, "A", value)
    save(person, "B", "w" + secrets.token_urlsafe(24))
    agent = enter()
    script = 'test -z "$A$B" || true'
    for label in ("A", "B"):
        number = agent.begin("run", **request(script, label))
        watcher.answer(watcher.asked(), "always")
        collect(agent, number)
    person.call("grant.add", label="A", script="true", who="agent")
    person.call("grant.add", label="B", script="true", who="agent")
    for text in (script, "true"):
        number = agent.begin("run", **request(text, "A", "B"))
        asked = watcher.asked()
        assert asked["labels"] == ["A", "B"]
        watcher.answer(asked, "deny")
        with pytest.raises(GrantDenied):
            collect(agent, number)


def test_what_a_person_granted_before_does_not_wait_for_whoever_is_called_so_next(
    person, folders, enter, value
):
    save(person, "A", value)
    person.call("agent.register", name="claude")
    person.call("grant.add", label="A", script="true", who="agent:claude")
    person.call("agent.forget", name="claude")
    assert person.call("grant.list")["grants"] == []
    with pytest.raises(GrantRequired):
        run(enter("claude"), "true", "A")


def test_a_rule_can_deny_agents_and_nobody_else(person, guest, enter, watcher, value):
    save(person, "A", value)
    person.call("grant.add", label="A", script="true")
    person.call("grant.add", label="A", any_command=True, deny=True, who="agent")
    assert run(guest, "true", "A").exit == 0
    with pytest.raises(GrantDenied, match="rule"):
        run(enter(), "true", "A")
