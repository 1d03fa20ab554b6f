"""What reaches the disk in a notebook is masked, whichever way it is saved."""

from __future__ import annotations

import asyncio
import base64
import json
import random
import threading

import nbformat
import pytest
from tornado.httpclient import HTTPClientError

from jupyter_agent.errors import ScreenTimeout
from jupyter_agent.screen import Screener
from jupyter_agent.screen.masking import Masker
from jupyter_agent.server.saves import MaskingHook

pytestmark = pytest.mark.one_server


def notebook(value):
    """A notebook that holds a value everywhere it can."""
    shown = {
        "text/plain": f"'{value}'",
        "text/html": f"<b>{value}</b>",
        "application/json": {"key": value, "note": f"line\n{value}\n"},
        "application/vnd.some+json": {"deep": [{"key": value}]},
    }
    cell = nbformat.v4.new_code_cell(
        f"token = '{value}'\nprint(token)",
        metadata={"papermill": {"parameters": {"token": value}}},
        outputs=[
            nbformat.v4.new_output("stream", name="stdout", text=f"{value}\n"),
            nbformat.v4.new_output("execute_result", data=shown, metadata={"from": value}),
            nbformat.v4.new_output(
                "error",
                ename="ValueError",
                evalue=f"bad token {value}",
                # Colours between the letters, as a highlighter leaves them.
                traceback=["Traceback", f"use({value[:20]}\x1b[0;31m{value[20:]}\x1b[0m)"],
            ),
        ],
    )
    prose = nbformat.v4.new_markdown_cell(f"My key is {value}.")
    return nbformat.v4.new_notebook(
        cells=[cell, prose], metadata={"widgets": {"state": {"value": value}}}
    )


@pytest.fixture
def put(jp_fetch):
    async def save(path, content, **model):
        body = json.dumps({"type": "notebook", "content": content, **model})
        return await jp_fetch("api", "contents", path, method="PUT", body=body)

    return save


async def test_a_saved_notebook_holds_masks_instead_of_secrets(
    put, jp_root_dir, canary, everything_logged, tmp_path
):
    await put("a.ipynb", notebook(canary.value))

    assert canary.search_tree(tmp_path) == []
    saved = nbformat.read(jp_root_dir / "a.ipynb", as_version=4)
    code, prose = saved.cells
    assert code.source == "token = '[secret:anthropic-api-key]'\nprint(token)"
    assert prose.source == "My key is [secret:anthropic-api-key]."
    stream, result, error = code.outputs
    assert stream.text == "[secret:anthropic-api-key]\n"
    assert result.data["application/json"]["key"] == "[secret:anthropic-api-key]"
    assert error.traceback[0] == "Traceback"
    nbformat.validate(saved)
    assert not canary.found_in(everything_logged())


async def test_its_checkpoint_is_masked_too(put, jp_fetch, jp_root_dir, canary):
    await put("a.ipynb", notebook(canary.value))

    await jp_fetch("api", "contents", "a.ipynb", "checkpoints", method="POST", body="")

    assert list(jp_root_dir.rglob("*checkpoint*.ipynb"))
    assert canary.search_tree(jp_root_dir) == []


async def test_a_notebook_that_was_opened_as_a_text_file_is_masked(put, jp_root_dir, canary):
    text = nbformat.writes(notebook(canary.value))

    await put("a.ipynb", text, type="file", format="text")

    assert canary.search_tree(jp_root_dir) == []
    nbformat.validate(nbformat.read(jp_root_dir / "a.ipynb", as_version=4))


@pytest.mark.one_server(shared=False)  # where no broker was, it is looked for again after seconds
async def test_a_chat_that_collaboration_saves_is_masked_and_stays_a_chat(
    put, jp_root_dir, canary, stored_value
):
    said = [f"use {canary.value}", f"or {stored_value}", "hello"]
    chat = {
        "messages": [
            {"body": body, "id": str(n), "sender": "f" * 32} for n, body in enumerate(said)
        ],
        "users": {"f" * 32: {"username": "f" * 32}},
        "attachments": {},
        "metadata": {"id": "0123"},
    }

    await put("a.chat", json.dumps(chat, indent=2), type="file", format="text")

    assert canary.search_tree(jp_root_dir) == []
    written = json.loads((jp_root_dir / "a.chat").read_text())
    assert [each["body"] for each in written["messages"]] == [
        "use [secret:anthropic-api-key]",
        "or [secret:ORCHARD_KEY]",
        "hello",
    ]
    for message, body in zip(written["messages"], said, strict=True):
        message["body"] = body
    assert written == chat


async def test_half_edited_notebook_text_is_saved_as_it_is(put, jp_root_dir):
    await put("a.ipynb", '{"cells": [', type="file", format="text")

    assert (jp_root_dir / "a.ipynb").read_text() == '{"cells": ['


@pytest.mark.parametrize("name", [".env", "settings.py", "notes.txt"])
async def test_files_that_are_no_notebooks_are_left_alone(  # noqa: PLR0917  (fixtures)
    put, jp_root_dir, canary, name, jp_serverapp, monkeypatch
):
    monkeypatch.setattr(jp_serverapp.contents_manager, "allow_hidden", True)
    text = f"TOKEN={canary.value}\n"

    await put(name, text, type="file", format="text")

    assert (jp_root_dir / name).read_text() == text
    (jp_root_dir / name).unlink()  # the one place where it may stand: the search goes on after us


async def test_a_clean_notebook_is_saved_byte_for_byte(put, jp_root_dir, jp_serverapp):
    content = notebook("nothing to see here")
    attachment = {"a.png": {"image/png": "aGVsbG8="}}
    content.cells.append(nbformat.v4.new_markdown_cell("![](attachment:a.png)"))
    content.cells[-1]["attachments"] = attachment

    await put("a.ipynb", content)

    saved = nbformat.read(jp_root_dir / "a.ipynb", as_version=4)
    assert saved.cells == content.cells
    assert saved.metadata == content.metadata


@pytest.mark.parametrize("problem", [ScreenTimeout("too long"), RuntimeError("broken")], ids=repr)
async def test_a_text_that_cannot_be_screened_is_neither_written_nor_lost(
    put, jp_root_dir, jp_serverapp, problem, monkeypatch
):
    await put("a.ipynb", notebook("first version"))
    before = (jp_root_dir / "a.ipynb").read_bytes()
    hook = next(
        hook
        for hook in jp_serverapp.contents_manager._pre_save_hooks
        if isinstance(hook, MaskingHook)
    )

    def screen(text):
        if "second" in text and "\n" in text:
            raise problem
        return []

    monkeypatch.setattr(hook._masker._screener, "screen", screen)
    with pytest.raises(HTTPClientError) as refusal:
        await put("a.ipynb", notebook("second version"))

    assert refusal.value.code == 503
    message = json.loads(refusal.value.response.body)["message"]
    assert "cell 1" in message
    assert "still in the page" in message
    assert (jp_root_dir / "a.ipynb").read_bytes() == before


async def test_a_long_output_in_which_every_line_is_a_secret_is_saved_and_masked(put, jp_root_dir):
    rng = random.Random(3)
    secrets = ["K7" + "".join(rng.choices("bcdfgh2345", k=8)) for _ in range(2_500)]
    text = "".join(
        f"the password is {one} and the code is 4{n:05}\n" for n, one in enumerate(secrets)
    )
    with pytest.raises(ScreenTimeout):
        Screener().screen(text)  # as a cell it would be stopped
    output = nbformat.v4.new_output("stream", name="stdout", text=text)
    cell = nbformat.v4.new_code_cell("log()", outputs=[output])

    await put("a.ipynb", nbformat.v4.new_notebook(cells=[cell]))

    saved = (jp_root_dir / "a.ipynb").read_text()
    assert [one for one in secrets if one in saved] == []
    assert saved.count("the password is [secret:") == len(secrets)


async def test_pages_are_told_which_notebook_was_masked_and_when_it_no_longer_is(
    put, jp_ws_fetch, jp_root_dir, canary
):
    (jp_root_dir / "some folder").mkdir()
    page = await jp_ws_fetch("jupyter-agent", "events")

    await put("some folder/a.ipynb", notebook("clean"))
    await put("some folder/a.ipynb", notebook(canary.value))
    await put("some folder/a.ipynb", notebook("clean"))
    await put("some folder/a.ipynb", notebook("clean"))
    await put("b.ipynb", notebook(canary.value))
    told = []
    while len(told) < 3:
        event = json.loads(await page.read_message())
        if event["event"] == "masked":
            told.append((event["path"], event["count"] > 0))
    page.close()

    assert told == [
        ("some folder/a.ipynb", True),
        ("some folder/a.ipynb", False),
        ("b.ipynb", True),
    ]


async def test_others_are_served_while_a_notebook_is_screened(
    put, jp_fetch, jp_root_dir, canary, monkeypatch
):
    loop = asyncio.get_running_loop()
    begun, served = loop.create_future(), threading.Event()
    doubtful, looks = Masker.doubtful, []

    def slow(masker, some):
        looks.append(threading.get_ident())
        if len(looks) == 1:
            loop.call_soon_threadsafe(begun.set_result, None)
        assert served.wait(30)
        return doubtful(masker, some)

    monkeypatch.setattr(Masker, "doubtful", slow)
    saving = asyncio.ensure_future(put("a.ipynb", notebook(canary.value)))
    await begun
    await jp_fetch("api", "status")
    served.set()
    await saving

    assert len(looks) == 1, "the hook has screened it once more"
    assert looks[0] != threading.get_ident()
    assert canary.search_tree(jp_root_dir) == []


async def test_what_another_hook_puts_in_after_screening_is_masked_too(
    put, jp_root_dir, canary, jp_serverapp, monkeypatch
):
    def add(*, model, **_):
        model["content"]["cells"].append(nbformat.v4.new_markdown_cell(f"key {canary.value}"))

    monkeypatch.setattr(jp_serverapp.contents_manager, "pre_save_hook", add)

    await put("a.ipynb", notebook("clean"))

    assert canary.search_tree(jp_root_dir) == []
    assert "[secret:" in nbformat.read(jp_root_dir / "a.ipynb", 4).cells[-1].source


class TestAManagerWhoseSavesAreNotAwaited:
    pytestmark = pytest.mark.one_server(shared=False)

    @pytest.fixture
    def jp_server_config(self, jp_server_config):
        manager = "jupyter_server.services.contents.largefilemanager.LargeFileManager"
        jp_server_config.ServerApp.contents_manager_class = manager
        return jp_server_config

    async def test_is_masked_by_the_hooks(self, put, jp_root_dir, canary):
        await put("a.ipynb", notebook(canary.value))
        text = nbformat.writes(notebook(canary.value)).encode()
        for piece, chunk in ((text[:90], 1), (text[90:], -1)):
            content = base64.b64encode(piece).decode()
            await put("b.ipynb", content, type="file", format="base64", chunk=chunk)

        assert canary.search_tree(jp_root_dir) == []
        for name in ("a.ipynb", "b.ipynb"):
            assert "[secret:" in (jp_root_dir / name).read_text()
