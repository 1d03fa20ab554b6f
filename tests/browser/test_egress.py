"""A library in a notebook uses a key that the notebook does not have."""

from __future__ import annotations

from bearer_service import bearer_service
from canary import Canary
from lab import Lab
from notebook_page import NotebookPage
from playwright.sync_api import expect
from steps import save

ASK = """
import os, urllib.request
request = urllib.request.Request(
    os.environ["DEMO_TOKEN_URL"] + "/echo", headers={"X-Key": os.environ["DEMO_TOKEN"]}
)
print(urllib.request.urlopen(request).read().decode())
"""


def test_a_person_sees_where_a_value_goes_and_can_close_the_way(
    lab: Lab, notebook: NotebookPage, canary: Canary
) -> None:
    with lab.person() as person:
        save(person, "DEMO_TOKEN", canary.value)
    with bearer_service(lambda request: request.headers.get("X-Key") == canary.value) as service:
        opens = f"%agent_egress DEMO_TOKEN --host {service.origin} --header 'X-Key: {{}}'"
        lab.notebook("egress.ipynb", opens, ASK)
        notebook.open("egress.ipynb")
        notebook.run(0)
        expect(notebook.approval).to_contain_text("Send DEMO_TOKEN to this service?")
        expect(notebook.approval).to_contain_text(service.origin)
        expect(notebook.approval).to_contain_text("header x-key: {}")
        notebook.answer("once")
        expect(notebook.output(0)).to_contain_text("They hold no value")
        notebook.run(1)
        expect(notebook.output(1)).to_contain_text("[secret:DEMO_TOKEN]")
        panel = notebook.open_secrets()
        ways = panel.locator(".ja-ways")
        expect(ways).to_contain_text(service.origin)
        ways.get_by_role("button", name="Close: DEMO_TOKEN").click()
        expect(ways).to_be_hidden()
        notebook.run(1)
        expect(notebook.output(1)).to_contain_text("Connection refused")
        assert [line for line, _ in service.heads] == ["GET /echo HTTP/1.1"]
