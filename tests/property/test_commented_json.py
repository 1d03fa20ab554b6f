"""Settings with comments: whatever is put in and taken out, everything else stays as it was."""

from __future__ import annotations

import contextlib
import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_agent.cli.commented_json import Unclear, load, put, remove

NAMES = st.text(st.sampled_from('ab"\\/*,é '), max_size=4)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | NAMES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=6,
)
BLANKS = st.sampled_from(["", " ", "\n", "\t", "\r\n", " // one\n", "/* two */", "\n// {,}\n  "])
COMMENT = re.compile(r"// one|/\* two \*/|// \{,\}")


@st.composite
def written(draw: st.DrawFn, value: object) -> str:
    """A value as somebody may have written it."""
    blank = lambda: draw(BLANKS)  # noqa: E731
    if isinstance(value, dict):
        inner = [
            f"{blank()}{json.dumps(name)}{blank()}:{draw(written(each))}"
            for name, each in value.items()
        ]
        ends = "{}"
    elif isinstance(value, list):
        inner, ends = [draw(written(each)) for each in value], "[]"
    else:
        return f"{blank()}{json.dumps(value)}{blank()}"
    trailing = "," if inner and draw(st.booleans()) else ""
    return f"{blank()}{ends[0]}{','.join(inner)}{trailing}{blank()}{ends[1]}{blank()}"


OBJECTS = st.dictionaries(NAMES, VALUES, max_size=4)


@given(st.data(), OBJECTS)
def test_what_is_put_in_is_there_and_all_the_rest_is_as_it_was(data, content):
    text = data.draw(st.sampled_from(["", "\ufeff"])) + data.draw(written(content))
    assert load(text) == content
    servers = data.draw(st.sampled_from(["servers", *content]))
    entry = {"command": "x // y", "args": ["a", 'b"']}
    before = content.get(servers, {})
    if not isinstance(before, dict):
        with pytest.raises(Unclear):
            put(text, [servers, "us"], entry)
        return
    changed = put(text, [servers, "us"], entry)
    assert load(changed) == {**content, servers: {**before, "us": entry}}
    assert put(changed, [servers, "us"], entry) == changed
    other = put(changed, [servers, "us"], {"command": "z"})
    assert load(other) == {**content, servers: {**before, "us": {"command": "z"}}}
    gone = remove(changed, [servers, "us"])
    assert load(gone) == {**content, servers: before}
    assert remove(gone, [servers, "us"]) == gone
    for each in (changed, other, gone):
        assert COMMENT.findall(each) == COMMENT.findall(text)


@given(st.data(), OBJECTS.filter(bool))
def test_any_member_may_go(data, content):
    text, name = data.draw(written(content)), data.draw(st.sampled_from(sorted(content)))
    path = [name]
    value = content[name]
    if isinstance(value, dict) and value and data.draw(st.booleans()):
        path.append(data.draw(st.sampled_from(sorted(value))))
    rest = {each: value for each, value in content.items() if each != name}
    if len(path) > 1:
        rest = {**content, name: {k: v for k, v in value.items() if k != path[1]}}
    assert load(remove(text, path)) == rest


@given(st.text(st.sampled_from('{}[],:"/*\\\n 1atrue-'), max_size=25))
def test_what_json_reads_is_read_alike_and_nothing_else_breaks_it(text):
    found = None
    with contextlib.suppress(Unclear):
        found = load(text)
    with contextlib.suppress(ValueError):
        read = json.loads(text)
        assert found == read or len(found or {}) < text.count(":")  # a name may not come twice


def test_settings_of_an_editor_look_as_before_with_one_more_entry():
    before = """{
    // which one
    "theme": "dark", // at night
    "servers": {
        "other": {"command": "y"}, /* mine */
    },
}
"""
    after = put(before, ["servers", "us"], {"command": "x", "args": ["mcp"]})
    assert (
        after
        == """{
    // which one
    "theme": "dark", // at night
    "servers": {
        "other": {"command": "y"}, /* mine */
        "us": {
            "command": "x",
            "args": [
                "mcp"
            ]
        },
    },
}
"""
    )
    assert remove(after, ["servers", "us"]) == before
