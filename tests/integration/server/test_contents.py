"""What else happens to notebooks in the server's contents: uploads, copies, checkpoints."""

from __future__ import annotations

import base64
import json

import nbformat
import pytest

pytestmark = pytest.mark.one_server

PIECE = 1024 * 1024
MASK = "[secret:anthropic-api-key]"


def notebook(value, *, padding=0):
    cells = [nbformat.v4.new_code_cell(f"token = '{value}'")]
    cells += [nbformat.v4.new_markdown_cell("plain words. " * 100) for _ in range(padding)]
    return nbformat.v4.new_notebook(cells=cells)


def on_disk(root, name, value):
    """A notebook that came to the disk in another way."""
    nbformat.write(notebook(value), root / name)


@pytest.fixture
def contents(jp_fetch):
    async def call(method, *where, **fields):
        body = json.dumps(fields) if method != "GET" else None
        answer = await jp_fetch("api", "contents", *where, method=method, body=body)
        return json.loads(answer.body) if answer.body else {}

    return call


def in_base64(data):
    return {"type": "file", "format": "base64", "content": base64.b64encode(data).decode()}


@pytest.mark.parametrize("more", [{}, {"chunk": None}], ids=["", "chunk null"])
async def test_a_notebook_that_is_uploaded_is_masked(contents, jp_root_dir, canary, more):
    data = nbformat.writes(notebook(canary.value)).encode()

    await contents("PUT", "up.ipynb", **in_base64(data), **more)

    assert canary.search_tree(jp_root_dir) == []
    assert MASK in nbformat.read(jp_root_dir / "up.ipynb", 4).cells[0].source


@pytest.mark.parametrize("field", ["source", "execution_count"])
@pytest.mark.parametrize("mark", ["", "\ufeff"], ids=["", "with a mark"])
async def test_neither_a_mark_nor_a_second_field_of_a_name_hides_a_secret(  # noqa: PLR0917
    contents, jp_root_dir, canary, owner, stored_value, mark, field
):
    """As Windows writes them, and conflicts that were resolved by hand."""
    for number, secret in enumerate((canary.value, stored_value)):
        cell = json.dumps(nbformat.v4.new_code_cell("'the \u00e9nd'", id="a1"))
        twice = f'{{"{field}": ["x = \'{secret}\'"], ' + cell[1:]
        text = f'{mark}{{"cells": [{twice}], "metadata": {{}}, "nbformat": 4, "nbformat_minor": 5}}'
        name = f"up{number}.ipynb"

        await contents("PUT", name, **in_base64(text.encode()))

        saved = (jp_root_dir / name).read_text("utf-8")
        assert secret not in saved
        assert saved.startswith(mark)
        assert nbformat.reads(saved.removeprefix(mark), 4).cells[0].source == "'the \u00e9nd'"


@pytest.mark.parametrize("name", ["old.ipynb", "OLD.IPYNB"])
async def test_a_notebook_of_an_older_format_is_masked_too(contents, jp_root_dir, canary, name):
    lines = ['# the "token"\n', f"token = '{canary.value}'"]
    output = {"output_type": "stream", "stream": "stdout", "text": [canary.value]}
    cell = {"cell_type": "code", "input": lines, "language": "python", "outputs": [output]}
    old = {"nbformat": 3, "nbformat_minor": 0, "metadata": {}, "worksheets": [{"cells": [cell]}]}
    data = json.dumps(old).encode()

    await contents("PUT", name, **in_base64(data))
    for piece, chunk in ((data[:90], 1), (data[90:], -1)):
        await contents("PUT", f"pieces-{name}", **in_base64(piece), chunk=chunk)

    assert canary.search_tree(jp_root_dir) == []
    for file in (name, f"pieces-{name}"):
        saved = json.loads((jp_root_dir / file).read_text())
        assert MASK in saved["worksheets"][0]["cells"][0]["input"][1]
        assert saved["nbformat"] == 3


async def test_a_large_notebook_that_comes_in_pieces_is_masked_with_the_last_one(
    contents, jp_root_dir, canary, everything_logged
):
    whole = notebook("clean", padding=1200)
    # The value stands over the border of two pieces.
    text = nbformat.writes(whole)
    at = PIECE - 40
    whole_with = text[:at].rpartition("plain")[0] + canary.value + text[at:].partition("words")[2]
    data = whole_with.encode()
    assert json.loads(whole_with)
    assert len(data) > PIECE

    for start in range(0, len(data), PIECE):
        last = start + PIECE >= len(data)
        piece = in_base64(data[start : start + PIECE])
        await contents("PUT", "big.ipynb", **piece, chunk=-1 if last else start // PIECE + 1)

    assert canary.search_tree(jp_root_dir) == []
    assert not canary.found_in(everything_logged())
    saved = nbformat.read(jp_root_dir / "big.ipynb", 4)
    nbformat.validate(saved)
    assert len(saved.cells) == len(whole.cells)
    assert MASK in (jp_root_dir / "big.ipynb").read_text()
    assert [file.name for file in jp_root_dir.iterdir()] == ["big.ipynb"]


@pytest.mark.stands(reason="the person's own file stays as it is")
async def test_other_files_are_uploaded_byte_for_byte(contents, jp_root_dir, canary):
    data = f"TOKEN={canary.value}\n".encode() + bytes(range(256))
    broken = b'{"cells": [\xff' + canary.value.encode()

    await contents("PUT", "env.txt", **in_base64(data))
    await contents("PUT", "half.ipynb", **in_base64(broken))
    await contents("PUT", "pieces.bin", **in_base64(data), chunk=1)
    await contents("PUT", "pieces.bin", **in_base64(data), chunk=-1)

    assert (jp_root_dir / "env.txt").read_bytes() == data
    assert (jp_root_dir / "half.ipynb").read_bytes() == broken
    assert (jp_root_dir / "pieces.bin").read_bytes() == data * 2


@pytest.mark.stands(reason="the person's own file stays as it is")
async def test_a_copy_of_a_raw_notebook_is_masked(contents, jp_root_dir, canary):
    on_disk(jp_root_dir, "raw.ipynb", canary.value)

    copy = await contents("POST", copy_from="raw.ipynb")

    assert MASK in (jp_root_dir / copy["path"]).read_text()
    assert canary.search_tree(jp_root_dir / copy["path"]) == []


async def test_a_raw_file_stays_raw_when_it_is_only_moved_or_checkpointed(
    contents, jp_root_dir, canary
):
    """These copy bytes; the first save masks file and checkpoint. The threat model says so."""
    on_disk(jp_root_dir, "raw.ipynb", canary.value)

    await contents("POST", "raw.ipynb", "checkpoints")
    await contents("PATCH", "raw.ipynb", path="moved.ipynb")
    assert len(canary.search_tree(jp_root_dir)) == 2

    opened = await contents("GET", "moved.ipynb")
    await contents("PUT", "moved.ipynb", type="notebook", content=opened["content"])
    await contents("POST", "moved.ipynb", "checkpoints")
    assert canary.search_tree(jp_root_dir) == []
