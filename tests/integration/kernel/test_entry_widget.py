"""The entry widget's relay, as a page drives it: comm messages in, ciphertext through."""

from __future__ import annotations

import base64
import time

import pytest
from steps import run, save

from jupyter_agent import entry

pytestmark = pytest.mark.one_kernel

VALUE = "correct-horse-battery-staple-42"
OPEN = """
from jupyter_agent.kernel.entry_widget import EntryWidget
from jupyter_agent.kernel.identity import open_client
form = EntryWidget("DEMO_TOKEN", {mode!r}, lambda: open_client(get_ipython()), "")
form
"""


class Page:
    """What a browser does with the widget."""

    def __init__(self, kernel, mode="set"):
        self.kernel = kernel
        self.cell = kernel.run(OPEN.format(mode=mode))
        opened = [m["content"] for m in self.cell.of("comm_open")]
        (self.comm,) = [c for c in opened if "label" in c["data"]["state"]]
        self.updates = []
        self.heard = []

    def send(self, content):
        """Send a custom message; return the widget's custom answers to it."""
        client = self.kernel.client
        data = {"method": "custom", "content": content}
        message = client.session.msg("comm_msg", {"comm_id": self.comm["comm_id"], "data": data})
        client.shell_channel.send(message)
        answers = []
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            heard = client.get_iopub_msg(timeout=20)
            if heard["parent_header"].get("msg_id") != message["header"]["msg_id"]:
                continue
            self.heard.append(heard)
            if heard["msg_type"] == "status" and heard["content"]["execution_state"] == "idle":
                return answers
            if heard["msg_type"] == "comm_msg":
                data = heard["content"]["data"]
                if data["method"] == "custom":
                    answers.append(data["content"])
                else:
                    self.updates.append(data["state"])
        raise AssertionError("the widget did not answer")

    def seal(self, value=VALUE, **changed):
        """Ask for an offer, seal to it, and send the result."""
        (answer,) = self.send({"type": "offer", "origin": "http://localhost:8888"})
        offer = entry.Offer.from_json(answer["offer"])
        sealed = base64.b64encode(entry.seal(offer, value.encode())).decode()
        fields = {n: answer["offer"][n] for n in ("kid", "ticket", "label", "origin")}
        return self.send({"type": "sealed", **fields, "sealed": sealed, **changed})


def test_a_value_goes_through_the_kernel_sealed(person, kernel):
    page = Page(kernel)
    assert page.seal() == [{"type": "saved", "label": "DEMO_TOKEN"}]
    assert page.updates == [{"status": "saved"}]
    assert VALUE not in str(page.heard)
    person.call("grant.add", label="DEMO_TOKEN", any_command=True)
    check = run(person, f'test "$DEMO_TOKEN" = "{VALUE[:9]}""{VALUE[9:]}"', "DEMO_TOKEN")
    assert check.exit == 0


def test_the_widgets_state_is_label_mode_status_and_message_only(kernel):
    state = Page(kernel).comm["data"]["state"]
    ours = {name for name in state if not name.startswith("_")}
    assert ours - {"layout", "tabbable", "tooltip"} == {"label", "mode", "status", "message"}


def test_without_a_live_page_it_says_where_to_go(kernel):
    text = Page(kernel).cell.data[0]["text/plain"]
    assert "JupyterLab" in text
    assert "jupyter agent secret set DEMO_TOKEN" in text


@pytest.mark.parametrize(
    "changed",
    [{"label": "OTHER_TOKEN"}, {"sealed": "AAAA"}, {"ticket": "x"}, {"sealed": 5}, {"kid": None}],
)
def test_a_changed_entry_is_refused_and_nothing_is_stored(person, kernel, changed):
    (answer,) = Page(kernel).seal(**changed)
    assert answer["type"] == "error"
    assert answer["hint"]
    assert person.call("secret.list")["secrets"] == []


@pytest.mark.parametrize("content", [{}, {"type": "value", "value": VALUE}, None, [1]])
def test_an_unknown_message_is_answered_and_not_kept(kernel, content):
    page = Page(kernel)
    (answer,) = page.send(content)
    assert answer["type"] == "error"
    assert VALUE not in str(page.heard)


def test_an_entry_is_used_once(person, kernel):
    page = Page(kernel)
    (answer,) = page.send({"type": "offer", "origin": "o"})
    offer = entry.Offer.from_json(answer["offer"])
    sealed = base64.b64encode(entry.seal(offer, b"first value")).decode()
    fields = {n: answer["offer"][n] for n in ("kid", "ticket", "label", "origin")}
    assert page.send({"type": "sealed", **fields, "sealed": sealed})[0]["type"] == "saved"
    assert page.send({"type": "sealed", **fields, "sealed": sealed})[0]["type"] == "error"


def test_a_kernel_can_not_replace_what_a_person_stored(person, kernel):
    save(person, "DEMO_TOKEN", VALUE)
    (answer,) = Page(kernel, mode="replace").send({"type": "offer", "origin": "o"})
    assert answer["type"] == "error"
    assert answer["hint"]


def test_what_went_through_the_server_only_sets_the_status(kernel):
    page = Page(kernel)
    assert page.send({"type": "saved", "label": "DEMO_TOKEN"}) == []
    assert page.updates == [{"status": "saved"}]
