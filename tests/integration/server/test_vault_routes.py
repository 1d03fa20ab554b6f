"""The panel's way to a vault: made by a click, closed, opened with a passphrase."""

from __future__ import annotations

import pytest
from route_calls import Call, save, sealed_with
from steps import planted

from jupyter_agent.vault.machine import this_machine

pytestmark = pytest.mark.one_server

PASSPHRASE = b"five words that nobody guesses"
ELSEWHERE = "http://lab.example:8888"


async def sealed_passphrase(call: Call, passphrase: bytes = PASSPHRASE) -> dict[str, str]:
    planted.append(passphrase)
    offer = (await call("POST", "vault/offers")).body["offer"]
    fields = sealed_with(offer, passphrase)
    del fields["label"]
    return fields


@pytest.mark.one_server(shared=False)
class TestWhereNothingWasChosen:
    @pytest.fixture(autouse=True)
    def nothing_chosen(self, folders, monkeypatch):
        monkeypatch.delenv("JUPYTER_AGENT_KEY_SOURCE")

    async def test_a_click_is_the_consent_to_a_file_and_is_asked_for_once(self, call):
        if not this_machine().container:
            refused = await call("GET", "secrets")
            assert (refused.code, refused.body["error"]["code"]) == (428, "consent_required")
            vault = (await call("GET", "status")).body["vault"]
            assert (vault["state"], vault["error"]["code"]) == ("absent", "consent_required")

        made = await call("POST", "vault/create", {"key_source": "file"})

        assert (made.code, made.body["vault"]["tier"]) == (201, "file")
        assert made.body["vault"]["promise"]
        assert made.body["vault"]["better"]
        assert (await save(call, "A_KEY", b"value")).code == 201
        again = await call("POST", "vault/create", {"key_source": "memory"})
        assert (again.code, again.body["error"]["code"]) == (400, "request_invalid")
        assert (await call("GET", "status")).body["vault"]["tier"] == "file"

    async def test_a_passphrase_typed_in_the_panel_makes_and_opens_the_vault(self, call):
        made = await call(
            "POST",
            "vault/create",
            {"key_source": "provided", "passphrase": await sealed_passphrase(call)},
        )
        assert (made.code, made.body["vault"]["tier"]) == (201, "provided")
        assert (await save(call, "A_KEY", b"value")).code == 201
        assert (await call("POST", "lock")).code == 204

        without = await call("POST", "unlock")
        wrong = await call(
            "POST", "unlock", {"passphrase": await sealed_passphrase(call, b"another passphrase")}
        )
        right = await call("POST", "unlock", {"passphrase": await sealed_passphrase(call)})

        for refused in (without, wrong):
            assert (refused.code, refused.body["error"]["code"]) == (423, "passphrase_required")
        assert right.code == 204
        assert [s["label"] for s in (await call("GET", "secrets")).body["secrets"]] == ["A_KEY"]

    async def test_a_place_that_can_not_be_had_is_not_insisted_on(self, call):
        refused = await call("POST", "vault/create", {"key_source": "no-such-place"})
        assert refused.code == 503
        assert (await call("POST", "vault/create", {"key_source": "file"})).code == 201

    async def test_a_passphrase_that_is_refused_leaves_every_place_to_choose(self, call):
        short = {"key_source": "provided", "passphrase": await sealed_passphrase(call, b"short")}
        refused = await call("POST", "vault/create", short)
        assert refused.code == 400
        assert "too short" in refused.body["error"]["message"]
        assert (await call("GET", "status")).body["vault"]["state"] == "absent"

        long = {"key_source": "provided", "passphrase": await sealed_passphrase(call)}
        made = await call("POST", "vault/create", long)

        assert (made.code, made.body["vault"]["tier"]) == (201, "provided")

    async def test_a_passphrase_is_taken_sealed_or_not_at_all(self, call):
        for passphrase in (PASSPHRASE.decode(), {"passphrase": PASSPHRASE.decode()}):
            answer = await call(
                "POST", "vault/create", {"key_source": "provided", "passphrase": passphrase}
            )
            assert (answer.code, answer.body["error"]["code"]) == (400, "request_invalid")
            assert PASSPHRASE not in answer.raw


async def test_what_a_person_notes_is_shown_and_can_be_taken_back(call, person):
    await save(call, "GITHUB_TOKEN", b"value", exposed={"where": "cell", "notebook": "a.ipynb"})
    person.call("grant.add", label="GITHUB_TOKEN", any_command=True)
    noted = {
        "kind": "access-token",
        "note": "for releases",
        "expires": "2031-01-01T00:00:00Z",
        "rotate_every": 90,
    }

    described = await call("POST", "secrets/describe", {"label": "GITHUB_TOKEN", **noted})
    shown = await call("POST", "secrets/show", {"label": "GITHUB_TOKEN"})

    assert shown.body["secret"].items() >= described.body["secret"].items()
    assert shown.body["secret"].items() >= noted.items()
    assert [grant["label"] for grant in shown.body["grants"]] == ["GITHUB_TOKEN"]
    assert shown.body["rotation_page"].startswith("https://github.com/")
    cleared = {"note": "", "expires": "", "rotate_every": 0}
    answer = await call("POST", "secrets/describe", {"label": "GITHUB_TOKEN", **cleared})
    meta = answer.body["secret"]
    assert (meta["note"], meta["expires"], meta["rotate_every"]) == ("", None, None)
    assert meta["kind"] == "access-token"  # what is not named stays


async def test_an_unknown_label_has_nothing_to_show_or_to_note(call):
    for route in ("secrets/show", "secrets/describe"):
        answer = await call(
            "POST", route, {"label": "NOBODY", **({"note": "x"} if "desc" in route else {})}
        )
        assert (answer.code, answer.body["error"]["code"]) == (404, "label_not_found")


async def test_a_note_that_is_itself_a_secret_is_refused(call, canary):
    await save(call, "A_KEY", b"value")
    answer = await call("POST", "secrets/describe", {"label": "A_KEY", "note": canary.value})
    assert (answer.code, answer.body["error"]["code"]) == (422, "secret_blocked")


@pytest.mark.one_server(shared=False)
class TestOnPlainHttp:
    """A page of this server that another machine fetched without TLS."""

    @pytest.fixture
    def jp_server_config(self, jp_server_config):
        jp_server_config.ServerApp.allow_origin = ELSEWHERE
        return jp_server_config

    @pytest.mark.parametrize("route", ["offers", "vault/offers"])
    async def test_no_form_is_served_until_a_person_has_confirmed_it(self, call, route):
        body = {"label": "A_KEY"} if route == "offers" else {}
        refused = await call("POST", route, body, headers={"Origin": ELSEWHERE})
        assert (refused.code, refused.body["error"]["code"]) == (403, "plain_http")

        confirmed = {**body, "plain_http": True}
        answer = await call("POST", route, confirmed, headers={"Origin": ELSEWHERE})
        assert answer.body["offer"]["origin"] == ELSEWHERE

    async def test_what_was_sealed_for_one_page_is_not_taken_as_anothers(self, call, jp_http_port):
        confirmed = {"label": "A_KEY", "plain_http": True}
        offer = (await call("POST", "offers", confirmed, headers={"Origin": ELSEWHERE})).body[
            "offer"
        ]
        moved = sealed_with(offer, b"value") | {"origin": f"http://127.0.0.1:{jp_http_port}"}
        answer = await call("POST", "secrets", moved)
        assert (answer.code, answer.body["error"]["code"]) == (400, "entry_invalid")
