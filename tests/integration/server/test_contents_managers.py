"""Whoever saves is guarded, also a contents manager that another extension brings along later."""

from __future__ import annotations

import json
import sys
from types import ModuleType

import nbformat
import pytest
from jupyter_server.services.contents.largefilemanager import (
    AsyncLargeFileManager,
    LargeFileManager,
)
from traitlets.config import Config

pytestmark = pytest.mark.one_server(shared=False)

LATER = "later_manager"
"""Sorts behind our extension, so it is loaded behind it, as jupytext's is."""


def as_text(model):
    """What jupytext writes of a notebook, as a contents manager is given it."""
    text = "\n\n".join(f"# %%\n{cell['source']}" for cell in model["content"]["cells"])
    return {"type": "file", "format": "text", "content": text}


class Awaited(AsyncLargeFileManager):
    """Keeps notebooks also as scripts."""

    async def save(self, model, path=""):
        is_script = model["type"] == "notebook" and path.endswith(".py")
        return await super().save(as_text(model) if is_script else model, path)


class InPlace(LargeFileManager):
    """The same, for servers that do not await it."""

    def save(self, model, path=""):
        is_script = model["type"] == "notebook" and path.endswith(".py")
        return super().save(as_text(model) if is_script else model, path)


class WithoutHooks:
    """Saves to somewhere else, and calls nobody before."""

    def info_string(self):
        return "Serving from elsewhere"

    async def save(self, model, path=""):
        raise NotImplementedError


def put_in_place(app, manager):
    """What jupytext does to a server that has another contents manager."""
    app.contents_manager = app.web_app.settings["contents_manager"] = manager


@pytest.fixture(params=[Awaited, InPlace, WithoutHooks])
def manager(request):
    return request.param


@pytest.fixture
def jp_server_config(monkeypatch, manager):
    def load(app):
        is_jupyters = manager is not WithoutHooks
        put_in_place(app, manager(parent=app, log=app.log) if is_jupyters else manager())

    extension = ModuleType(LATER)
    extension._jupyter_server_extension_points = lambda: [{"module": LATER}]
    extension._load_jupyter_server_extension = load
    monkeypatch.setitem(sys.modules, LATER, extension)
    return Config({"ServerApp": {"jpserver_extensions": {"jupyter_agent": True, LATER: True}}})


@pytest.fixture
def put(jp_fetch):
    async def save(path, value):
        cells = [nbformat.v4.new_code_cell(f"token = '{value}'")]
        body = {"type": "notebook", "content": nbformat.v4.new_notebook(cells=cells)}
        await jp_fetch("api", "contents", path, method="PUT", body=json.dumps(body))

    return save


@pytest.mark.usefixtures("manager")
@pytest.mark.parametrize("manager", [Awaited, InPlace], indirect=True)
@pytest.mark.parametrize("name", ["tour.ipynb", "tour.py"])
async def test_what_a_manager_saves_that_came_after_us_is_masked_in_every_form(
    put, jp_root_dir, canary, name
):
    await put(name, canary.value)

    assert canary.search_tree(jp_root_dir) == []
    assert "token = '[secret:" in (jp_root_dir / name).read_text()


@pytest.mark.usefixtures("manager")
@pytest.mark.parametrize("manager", [Awaited, InPlace], indirect=True)
async def test_its_page_is_told_once_that_it_still_shows_what_was_masked(put, jp_ws_fetch, canary):
    page = await jp_ws_fetch("jupyter-agent", "events")

    await put("tour.py", canary.value)
    await put("between.ipynb", canary.value)
    await put("tour.py", "clean")
    await put("last.ipynb", canary.value)
    told = []
    while ("last.ipynb", True) not in told:
        event = json.loads(await page.read_message())
        if event["event"] == "masked":
            told.append((event["path"], event["count"] > 0))
    page.close()

    assert told == [
        ("tour.py", True),
        ("between.ipynb", True),
        ("tour.py", False),
        ("last.ipynb", True),
    ]


@pytest.mark.parametrize("manager", [Awaited, WithoutHooks], indirect=True)
async def test_the_status_says_whether_what_saves_now_is_guarded(jp_fetch, manager):
    answer = await jp_fetch("jupyter-agent", "status")

    assert json.loads(answer.body)["guards"]["saves"] is (manager is Awaited)
