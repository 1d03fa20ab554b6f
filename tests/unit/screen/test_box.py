"""The box and the stub that stand in for a stopped cell."""

from __future__ import annotations

import ast
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from IPython.core.interactiveshell import InteractiveShell

from jupyter_agent.screen import box, stub
from jupyter_agent.screen.box import Found, Stop

HOSTILE = 'It\'s a "title" <b>\\n{data} \n'


def _found(title: str) -> Found:
    body = {"rule": "r", "kind": "password", "title": title, "start": 1, "end": 2, "preview": "•"}
    return Found(body, "DEMO_TOKEN")


def test_the_stub_shows_the_box_and_raises(monkeypatch):
    shown = []
    display = SimpleNamespace(publish=lambda *, data: shown.append(data))
    monkeypatch.setattr(InteractiveShell, "instance", lambda: SimpleNamespace(display_pub=display))
    namespace = {"Exception": 1}  # people shadow builtins
    stop = Stop((_found(HOSTILE),), kept_from="run")
    with pytest.raises(BaseException, match="so it was not run") as caught:
        exec(stub.code(stop), namespace)  # noqa: S102  (what a kernel does with it)
    assert type(caught.value).__name__ == "SecretBlocked"
    assert shown[0][box.MIME] == {"findings": [stop.found[0].body]}
    assert "%secret set DEMO_TOKEN" in shown[0]["text/plain"]
    assert set(namespace) == {"Exception", "__builtins__"}


@given(st.text())
def test_no_finding_can_end_the_stubs_text_and_become_code(title):
    def shape(of: str) -> list[str]:
        code = stub.code(Stop((_found(of),)))
        return [type(node).__name__ for node in ast.walk(ast.parse(code))]

    assert shape(title) == shape("x")


def test_a_cell_that_could_not_be_screened_is_told_apart():
    bundle = box.bundle(Stop(), magics=True)
    assert bundle[box.MIME] == {"findings": []}
    assert "could not be screened" in bundle["text/plain"]


def test_many_findings_are_told_shortly():
    found = Found({"title": "A key", "preview": "\u2022", "kind": "api-key", "rule": "a"}, "A_KEY")

    text = box.bundle(Stop((found,) * 300), magics=True)["text/plain"]

    assert "and 292 more" in text
    assert len(text.splitlines()) < 15


def test_html_of_the_box_is_escaped():
    found = Found({"title": "<script>", "preview": "<b>", "kind": "password", "rule": "a"}, "A")

    html = box.bundle(Stop((found,)), magics=True)["text/html"]

    assert "<script>" not in html
    assert "&lt;script&gt;" in html
