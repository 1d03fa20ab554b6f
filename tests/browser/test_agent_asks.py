"""An agent asks for a secret: in JupyterLab, or on a page of its own; sealed in the page."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from canary import Canary
from lab import Lab
from notebook_page import NotebookPage
from playwright.sync_api import Browser, expect
from steps import collect, request, save

from jupyter_agent.client import Client, Hello
from jupyter_agent.errors import GrantDenied, RunLost


@pytest.fixture
def agent(lab: Lab) -> Iterator[Client]:
    """The agent `claude`, let in."""
    with lab.person() as person:
        token = person.call("agent.register", name="claude", replace=True)["token"]
    with Client(lab.folders, Hello(role="agent", proof={"token": token})) as client:
        yield client


def outcome(agent: Client, number: int) -> str:
    while "result" not in (message := agent.receive(number)):
        pass
    return str(message["result"]["outcome"])


def test_an_agent_asks_and_the_value_is_typed_into_the_question(
    lab: Lab, notebook: NotebookPage, agent: Client, canary: Canary
) -> None:
    notebook.anywhere()
    number = agent.begin("secret.request", label="WEATHER_KEY", why="to call the weather service")
    asked = notebook.approval
    expect(asked).to_contain_text("Enter the secret WEATHER_KEY?")
    expect(asked).to_contain_text("the agent claude")
    expect(asked).to_contain_text("“to call the weather service”")
    field = asked.locator("#ja-approval-entry")
    expect(field).to_be_focused()
    expect(field).to_have_attribute("type", "password")
    field.fill(canary.value)
    field.press("Enter")
    expect(asked).to_have_count(0)
    assert outcome(agent, number) == "stored"
    assert canary.value not in notebook.page.content()


def test_a_no_is_a_no(lab: Lab, notebook: NotebookPage, agent: Client) -> None:
    notebook.anywhere()
    number = agent.begin("secret.request", label="WEATHER_KEY", why="")
    expect(notebook.approval).to_contain_text("nothing about why")
    notebook.answer("deny")
    assert outcome(agent, number) == "declined"


def test_a_page_of_its_own_seals_what_is_typed(
    lab: Lab, browser: Browser, agent: Client, canary: Canary
) -> None:
    """The page that `jupyter agent mcp` serves, in a real browser and under its own policy."""
    import asyncio  # noqa: PLC0415

    from jupyter_agent.client.loop import AsyncClient  # noqa: PLC0415
    from jupyter_agent.mcp.local_site import LocalSite  # noqa: PLC0415

    with lab.person() as person:
        token = person.call("agent.register", name="claude", replace=True)["token"]
    hello = Hello(role="agent", proof={"token": token})
    address, state, loop = [], [], asyncio.new_event_loop()
    there = threading.Event()

    async def serve() -> None:
        site = LocalSite(lambda: AsyncClient.open(lab.folders, hello))
        page = await site.page("PAGE_KEY", "to call <i>it</i>")
        address.append(page.url)
        there.set()
        state.append(await asyncio.wait_for(page.done, 60))

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()), daemon=True)
    thread.start()
    assert there.wait(20)
    context = browser.new_context()
    page = context.new_page()
    problems: list[str] = []
    page.on("console", lambda message: problems.append(message.text))
    sent: list[bytes] = []
    page.on("request", lambda request: sent.append(request.post_data_buffer or b""))
    page.goto(address[0])
    expect(page.locator("main")).to_contain_text("the agent claude")
    expect(page.locator("main")).to_contain_text("“to call <i>it</i>”")
    page.locator("#entry input[type=password]").fill(canary.value)
    page.locator("#entry input[type=password]").press("Enter")
    expect(page.locator("main")).to_contain_text("Saved PAGE_KEY.")
    thread.join(30)
    loop.close()
    assert state == ["saved"]
    assert canary.found_in(b"".join(sent)) == []
    assert canary.value not in page.content()
    assert [text for text in problems if "Content Security Policy" in text] == []
    context.close()


def test_a_question_about_one_request_shows_all_of_it(
    lab: Lab, notebook: NotebookPage, agent: Client, canary: Canary
) -> None:
    notebook.anywhere()
    with lab.person() as person:
        save(person, "DEMO_TOKEN", canary.value)
    request = {
        "method": "POST",
        "target": "/v1/messages?dry=1",
        "headers": {"Content-Type": "application/json"},
        "body": '{"to": "everybody",\n "text": "hello"}',
    }
    number = agent.begin(
        "egress.open",
        label="DEMO_TOKEN",
        host="https://api.example.com",
        header="Authorization: Bearer {}",
        request=request,
        why="to greet everybody",
    )
    asked = notebook.approval
    expect(asked).to_contain_text("Send this request with DEMO_TOKEN?")
    expect(asked).to_contain_text("POST https://api.example.com/v1/messages?dry=1")
    expect(asked).to_contain_text("content-type: application/json")
    expect(asked).to_contain_text('"text": "hello"')
    expect(asked).to_contain_text("“to greet everybody”")
    expect(asked.locator(".ja-approval-always")).to_have_text("Allow it always")
    notebook.answer("deny")
    assert agent.receive(number)["event"] == "asking"
    with pytest.raises(GrantDenied):
        agent.receive(number)


def test_the_panel_shows_who_may_ask_what_waits_and_lets_nobody_in_any_more(
    lab: Lab, notebook: NotebookPage, agent: Client, canary: Canary
) -> None:
    with lab.person() as person:
        save(person, "DEPLOY_KEY", canary.value)
    panel = notebook.anywhere().open_secrets()
    panel.locator(".ja-agents summary").click()
    row = panel.locator("[data-agent=claude]")
    expect(row).to_contain_text("Asks for each use of a secret")
    expect(row).to_contain_text("connected now")

    command = "curl -s https://deploy.example/releases?page=" + "1" * 60
    run = agent.begin("run", **request(command, "DEPLOY_KEY", why="to list the releases"))
    waits = panel.locator(".ja-waiting li")
    expect(waits.locator("pre")).to_have_text(command)  # all of it
    expect(waits).to_contain_text("“to list the releases”")
    expect(waits).to_contain_text("the agent claude")
    notebook.answer("deny")
    expect(waits).to_have_count(0)
    with pytest.raises(GrantDenied):
        collect(agent, run)

    row.locator(".ja-forget-agent").click()
    notebook.page.get_by_role("dialog").get_by_role("button", name="Forget").click()
    expect(row).to_have_count(0)
    with pytest.raises(RunLost):
        agent.call("secret.list")
