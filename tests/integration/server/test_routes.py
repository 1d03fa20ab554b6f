"""The routes: who may call them, what they take, and that they do it."""

from __future__ import annotations

import os

import pytest
from jupyter_server.auth.authorizer import Authorizer
from route_calls import save, sealed_with
from steps import request, run, until
from tornado.httpclient import HTTPClientError
from traitlets.config import Config

from jupyter_agent import agenttoken

pytestmark = pytest.mark.one_server

ROUTES = [
    ("GET", "status"),
    ("GET", "secrets"),
    ("POST", "secrets"),
    ("POST", "offers"),
    ("POST", "secrets/show"),
    ("POST", "secrets/describe"),
    ("POST", "secrets/rename"),
    ("POST", "secrets/remove"),
    ("POST", "secrets/suggest"),
    ("GET", "approvals"),
    ("POST", "approvals"),
    ("GET", "grants"),
    ("POST", "grants/remove"),
    ("POST", "grants/revoke"),
    ("GET", "agents"),
    ("POST", "agents/forget"),
    ("GET", "runs"),
    ("POST", "runs/stop"),
    ("GET", "ways"),
    ("POST", "ways/close"),
    ("GET", "desktops"),
    ("POST", "desktops"),
    ("POST", "desktops/grant"),
    ("POST", "desktops/take"),
    ("POST", "desktops/hand-back"),
    ("POST", "desktops/layout"),
    ("POST", "desktops/stay"),
    ("POST", "desktops/hold"),
    ("POST", "desktops/close"),
    ("POST", "audit/read"),
    ("POST", "audit/verify"),
    ("GET", "allowances"),
    ("POST", "allowances"),
    ("POST", "allowances/remove"),
    ("POST", "lock"),
    ("POST", "unlock"),
    ("POST", "vault/offers"),
    ("POST", "vault/create"),
]
GOOD = {
    "secrets": {"kid": "k", "ticket": "t", "label": "A", "origin": "o", "sealed": "cw=="},
    "offers": {"label": "A", "replace": False},
    "secrets/show": {"label": "A"},
    "secrets/describe": {"label": "A", "note": "n"},
    "secrets/rename": {"label": "A", "to": "B"},
    "secrets/remove": {"label": "A"},
    "secrets/suggest": {"rule": "r", "name": "n"},
    "approvals": {"approval_id": "i", "nonce": "n", "answer": "deny"},
    "grants/remove": {"id": "i"},
    "agents/forget": {"name": "n"},
    "desktops": {"url": "https://example.com"},
    "desktops/grant": {"id": "i", "mode": "view"},
    "desktops/take": {"id": "i"},
    "desktops/hand-back": {"id": "i", "lease": "l"},
    "desktops/layout": {"id": "i", "layout": "us"},
    "desktops/stay": {"id": "i"},
    "desktops/hold": {"id": "i", "lease": "l"},
    "desktops/close": {"id": "i"},
    "allowances": {"block": "b", "finding": 0, "scope": "value", "reason": "r"},
    "allowances/remove": {"id": "i"},
    "vault/create": {"key_source": "file"},
}


async def test_no_route_answers_without_a_login(call):
    for method, route in ROUTES:
        answer = await call(
            method, route, GOOD.get(route), headers={"Authorization": "token wrong"}
        )
        assert answer.code == 403, route


class _Nobody(Authorizer):
    asked: list[tuple[str, str]] = []  # noqa: RUF012  (read by the test)

    def is_authorized(self, handler, user, action, resource):
        self.asked.append((action, resource))
        return False


@pytest.mark.one_server(shared=False)
class TestWithoutPermission:
    @pytest.fixture
    def jp_server_config(self) -> Config:
        return Config(
            {
                "ServerApp": {
                    "jpserver_extensions": {"jupyter_agent": True},
                    "authorizer_class": _Nobody,
                }
            }
        )

    async def test_no_route_answers(self, call, jp_ws_fetch):
        _Nobody.asked.clear()
        for method, route in ROUTES:
            answer = await call(method, route, GOOD.get(route))
            assert answer.code == 403, route
            action = "read" if method == "GET" else "write"
            assert _Nobody.asked[-1] == (action, "jupyter_agent")
        with pytest.raises(HTTPClientError, match="403"):
            await jp_ws_fetch("jupyter-agent", "events")
        assert _Nobody.asked[-1] == ("execute", "jupyter_agent")


ELSEWHERE = (
    {"Origin": "http://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://localhost.evil.example"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
)


async def test_a_page_of_another_site_is_refused_even_with_the_token(call, jp_ws_fetch):
    for headers in ELSEWHERE:
        for method, route in ROUTES:
            answer = await call(method, route, GOOD.get(route), headers=dict(headers))
            assert (answer.code, answer.body["error"]["code"]) == (403, "role_denied"), route
        with pytest.raises(HTTPClientError, match="403"):
            await jp_ws_fetch("jupyter-agent", "events", headers=dict(headers))


async def test_only_the_owner_of_a_hub_server_is_let_in(call, jp_ws_fetch, monkeypatch):
    monkeypatch.setenv("JUPYTERHUB_USER", "somebody-else")

    for method, route in ROUTES:
        answer = await call(method, route, GOOD.get(route))
        assert (answer.code, answer.body["error"]["code"]) == (403, "role_denied"), route
    with pytest.raises(HTTPClientError, match="403"):
        await jp_ws_fetch("jupyter-agent", "events")


async def test_a_login_by_cookie_needs_the_xsrf_token(call, jp_serverapp):
    cookie_login = {"Authorization": "", "Cookie": "_xsrf=2|aa|bb"}

    answer = await call("POST", "lock", {}, headers=cookie_login)

    assert answer.code == 403
    assert (await call("GET", "status")).body["vault"]["state"] != "locked"


async def test_no_route_takes_a_plaintext_value(call, canary, everything_logged):
    posts = [route for method, route in ROUTES if method == "POST"]
    for field in ("value", "password", "secret", "plaintext"):
        for route in posts:
            answer = await call("POST", route, {**GOOD.get(route, {}), field: canary.value})
            assert (answer.code, answer.body["error"]["code"]) == (400, "request_invalid"), route
            assert not canary.found_in(answer.raw)
    assert not canary.found_in(everything_logged())


async def test_bodies_of_the_wrong_shape_are_refused_and_not_repeated(
    call, jp_fetch, canary, everything_logged
):
    for body in ([canary.value], canary.value, {"label": [canary.value]}, {}, {"label": 7}):
        answer = await call("POST", "secrets/remove", body)
        assert (answer.code, answer.body["error"]["code"]) == (400, "request_invalid")
        assert not canary.found_in(answer.raw)
    with pytest.raises(HTTPClientError, match="400"):
        await jp_fetch(
            "jupyter-agent", "secrets/remove", method="POST", body=f'{{"label": "{canary.value}'
        )
    too_long = await call("POST", "secrets/remove", {"label": canary.value * 4000})
    assert too_long.code == 400
    assert not canary.found_in(everything_logged())


async def test_what_stands_behind_a_question_mark_stays_out_of_the_log(
    jp_fetch, canary, everything_logged
):
    with pytest.raises(HTTPClientError):
        await jp_fetch(
            "jupyter-agent", "secrets/remove", method="POST", body="{", params={"v": canary.value}
        )

    server_lines = [line for line in everything_logged().splitlines() if b"secrets/remove" in line]
    assert server_lines
    assert not canary.found_in(b"\n".join(server_lines))


async def test_a_secret_is_saved_listed_renamed_replaced_and_removed(
    call, canary, everything_logged, agent_home, tmp_path
):
    saved = await save(
        call,
        "API_KEY",
        canary.value.encode(),
        kind="api-key",
        exposed={"where": "cell", "notebook": "a.ipynb"},
    )
    assert saved.code == 201
    assert saved.body["secret"]["label"] == "API_KEY"
    assert saved.body["secret"]["exposed"][0]["where"] == "cell"

    renamed = await call("POST", "secrets/rename", {"label": "API_KEY", "to": "MY_KEY"})
    assert renamed.body["secret"]["label"] == "MY_KEY"
    listed = await call("GET", "secrets")
    assert [secret["label"] for secret in listed.body["secrets"]] == ["MY_KEY"]

    taken = await call("POST", "offers", {"label": "MY_KEY"})
    assert (taken.code, taken.body["error"]["code"]) == (409, "label_taken")
    assert (await call("POST", "offers", {"label": "MY_KEY", "replace": True})).code == 200

    removed = await call("POST", "secrets/remove", {"label": "MY_KEY"})
    assert (removed.code, removed.raw) == (204, b"")
    missing = await call("POST", "secrets/remove", {"label": "MY_KEY"})
    assert (missing.code, missing.body["error"]["code"]) == (404, "label_not_found")
    assert missing.body["error"].keys() == {"code", "message", "hint"}

    assert not canary.found_in(b"".join((saved.raw, renamed.raw, listed.raw)))
    assert not canary.found_in(everything_logged())
    assert canary.search_tree(agent_home, tmp_path) == []


async def test_a_label_or_note_that_is_itself_a_secret_is_refused(call, canary):
    key = "BZMCUTX5RDIRGE3QAIKA"[::-1]  # shaped like a label, and an access key id

    refused = [
        await call("POST", "offers", {"label": key}),
        await call("POST", "secrets/rename", {"label": "A_KEY", "to": key}),
        await save(call, "A_KEY", b"value", note=f"it is {canary.value}"),
    ]

    for answer in refused:
        assert (answer.code, answer.body["error"]["code"]) == (422, "secret_blocked")
        assert key.encode() not in answer.raw
        assert not canary.found_in(answer.raw)
    assert (await call("GET", "secrets")).body == {"secrets": []}


async def test_where_it_was_exposed_takes_no_plaintext_either(call, canary):
    answer = await save(call, "A_KEY", b"value", exposed={"where": "cell", "value": canary.value})

    assert (answer.code, answer.body["error"]["code"]) == (400, "request_invalid")


async def test_answers_are_kept_in_no_cache(jp_fetch):
    answer = await jp_fetch("jupyter-agent", "approvals")

    assert answer.headers["Cache-Control"] == "no-store"


async def test_an_offer_carries_the_origin_of_the_page_and_opens_only_once(call, jp_http_port):
    page = f"http://127.0.0.1:{jp_http_port}"

    answer = await call("POST", "offers", {"label": "A"}, headers={"Origin": page})
    behind_tls = await call(
        "POST", "offers", {"label": "B"}, headers={"Origin": page.replace("http:", "https:")}
    )
    plain = await call("POST", "offers", {"label": "C"})

    assert answer.body["offer"]["origin"] == page
    assert behind_tls.body["offer"]["origin"] == page.replace("http:", "https:")
    assert plain.body["offer"]["origin"] == page
    sealed = sealed_with(answer.body["offer"], b"value")
    assert (await call("POST", "secrets", sealed)).code == 201
    again = await call("POST", "secrets", sealed)
    assert (again.code, again.body["error"]["code"]) == (400, "entry_invalid")


async def test_a_suggested_label_is_free(call):
    async def suggest(rule, name=None):
        return (await call("POST", "secrets/suggest", {"rule": rule, "name": name})).body["label"]

    assert await suggest("anthropic-api-key") == "ANTHROPIC_API_KEY"
    assert await suggest("anthropic-api-key", "work_key") == "WORK_KEY"
    assert await suggest("anthropic-api-key", "x") == "ANTHROPIC_API_KEY"
    assert await suggest("anthropic-api-key", "path") == "ANTHROPIC_API_KEY"  # steers programs
    assert await suggest("no-such-rule") == "SECRET"
    await save(call, "ANTHROPIC_API_KEY", b"one")
    await save(call, "ANTHROPIC_API_KEY_2", b"two")
    assert await suggest("anthropic-api-key") == "ANTHROPIC_API_KEY_3"


async def test_the_status_tells_of_broker_vault_and_guards(call, jp_serverapp, monkeypatch):
    status = await call("GET", "status")

    assert status.body["guards"] == {"websocket": True, "saves": True, "chats": "absent"}
    assert status.body["pid"] != os.getpid()

    # An extension that comes later and puts its own class in place is seen, not overlooked.
    settings = jp_serverapp.web_app.settings
    monkeypatch.setitem(settings, "kernel_websocket_connection_class", object)
    assert (await call("GET", "status")).body["guards"]["websocket"] is False


async def test_lock_closes_the_vault_and_unlock_opens_it(call):
    await save(call, "A_KEY", b"value")

    assert (await call("POST", "lock")).code == 204
    locked = await call("GET", "secrets")
    assert (locked.code, locked.body["error"]["code"]) == (423, "vault_locked")
    assert (await call("POST", "unlock")).code == 204
    assert (await call("GET", "secrets")).code == 200


async def test_grants_are_listed_and_taken_back(call, person):
    await save(call, "A_KEY", b"value")
    person.call("grant.add", label="A_KEY", any_command=True)

    (grant,) = (await call("GET", "grants")).body["grants"]
    assert (await call("POST", "grants/remove", {"id": grant["id"]})).code == 204

    assert (await call("GET", "grants")).body["grants"] == []


async def test_an_agent_is_listed_and_forgotten_with_its_token(call, person, folders):
    token = person.call("agent.register", name="claude-code")["token"]
    path = agenttoken.keep(folders, "claude-code", token)
    (agent,) = (await call("GET", "agents")).body["agents"]
    assert (agent["name"], agent["last_used"], agent["talks"]) == ("claude-code", None, False)
    assert (await call("POST", "agents/forget", {"name": "../x"})).code == 400
    assert (await call("POST", "agents/forget", {"name": "claude-code"})).code == 204
    assert (await call("GET", "agents")).body["agents"] == []
    assert not path.exists()


async def test_all_grants_are_revoked_at_once(call, person):
    await save(call, "A_KEY", b"value")
    for pattern in ("true x*", "true y*"):
        person.call("grant.add", label="A_KEY", pattern=pattern)

    assert (await call("POST", "grants/revoke", {})).body == {"revoked": 2}

    assert (await call("GET", "grants")).body["grants"] == []


async def test_runs_are_listed_and_stopped(call, person):
    await save(call, "A_KEY", b"value")
    person.call("grant.add", label="A_KEY", any_command=True)
    number = person.begin("run", **request("sleep 600", "A_KEY"))
    until(person, number, "started")

    (run,) = (await call("GET", "runs")).body["runs"]
    assert (run["labels"], run["actor"]) == (["A_KEY"], "person")

    assert (await call("POST", "runs/stop", {"run_id": run["run_id"]})).body == {"ended": 1}
    assert (await call("GET", "runs")).body["runs"] == []


async def test_the_record_is_read_page_by_page_and_verified(call, person):
    await save(call, "RECORD_KEY", b"value")
    person.call("grant.add", label="RECORD_KEY", any_command=True)
    before = (await call("POST", "audit/verify", {})).body["events"]
    for number in range(3):
        run(person, f"echo {number}", "RECORD_KEY")

    last = (await call("POST", "audit/read", {"label": "RECORD_KEY", "limit": 2})).body
    assert [event["command"] for event in last["events"]] == ["echo 1", "echo 2"]
    more = {"label": "RECORD_KEY", "before": last["earlier"]}
    first = (await call("POST", "audit/read", more)).body
    assert [event["command"] for event in first["events"]] == ["echo 0"]
    assert (await call("POST", "audit/verify", {})).body == {
        "ok": True,
        "events": before + 6,  # a beginning and an end each
        "broken_at": None,
    }


@pytest.mark.one_server(shared=False)
async def test_without_a_broker_the_server_says_so_and_goes_on(call, jp_fetch, agent_home):
    (agent_home / "run").mkdir(mode=0o755, exist_ok=True)
    (agent_home / "run").chmod(0o777)  # open to others: no broker may be started or used there

    status = await call("GET", "status")

    assert status.code in (500, 503)
    assert status.body["error"]["hint"]
    assert (await jp_fetch("api", "status")).code == 200
