"""Notebooks made for tests, by hand and by hypothesis."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

_scalars = st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.text(max_size=12)
trees = st.recursive(
    _scalars,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3)
    ),
    max_leaves=6,
)
_metadata = st.dictionaries(st.text(max_size=8), trees, max_size=2)
_words = st.text(max_size=40)
lines = _words | _words.map(lambda text: text.splitlines(keepends=True))
_bundle = st.dictionaries(
    st.sampled_from(["text/plain", "text/html", "image/svg+xml", "text/x-made-up"]),
    lines,
    max_size=2,
)
_outputs = st.one_of(
    st.fixed_dictionaries(
        {"output_type": st.just("stream"), "name": st.just("stdout"), "text": lines}
    ),
    st.fixed_dictionaries(
        {
            "output_type": st.just("display_data"),
            "data": _bundle | st.fixed_dictionaries({"application/json": trees}),
            "metadata": _metadata,
        }
    ),
    st.fixed_dictionaries(
        {
            "output_type": st.just("error"),
            "ename": _words,
            "evalue": _words,
            "traceback": st.lists(_words, max_size=3),
        }
    ),
)
_cells = st.one_of(
    st.fixed_dictionaries(
        {
            "cell_type": st.just("code"),
            "source": lines,
            "metadata": _metadata,
            "outputs": st.lists(_outputs, max_size=2),
        }
    ),
    st.fixed_dictionaries(
        {"cell_type": st.just("markdown"), "source": lines, "metadata": _metadata},
        optional={"attachments": st.fixed_dictionaries({"a.svg": _bundle})},
    ),
)
notebooks = st.fixed_dictionaries(
    {
        "cells": st.lists(_cells, max_size=3),
        "metadata": _metadata,
        "nbformat": st.just(4),
        "nbformat_minor": st.just(5),
    }
)
"""Any notebook, with texts of every kind in every place."""


def with_value(value: str) -> dict[str, Any]:
    """A notebook that holds a value in every place that can hold a text."""
    code = {
        "cell_type": "code",
        "execution_count": 1,
        "id": "first",
        "metadata": {"papermill": {"parameters": {"token": value}}},
        "source": ["import os\n", f"token = '{value}'\n"],
        "outputs": [
            {"output_type": "stream", "name": "stdout", "text": [f"{value}\n"]},
            {
                "output_type": "execute_result",
                "execution_count": 1,
                "metadata": {"from": value},
                "data": {
                    "text/plain": [f"'{value}'"],
                    "text/html": f"<b>{value}</b>",
                    "image/svg+xml": f"<svg>{value}</svg>",
                    "application/json": {"token": value, "note": f"a line\n{value}\n"},
                    "application/x-made-up": f"token {value}",
                },
            },
            {
                "output_type": "error",
                "ename": "ValueError",
                "evalue": f"bad token {value}",
                "traceback": ["Traceback", f"use({value})"],
            },
        ],
        "by_another_program": {"kept": [value]},
    }
    prose = {
        "cell_type": "markdown",
        "id": "second",
        "metadata": {},
        "source": f"My key is {value}.",
        "attachments": {
            "a.svg": {"image/svg+xml": f"<svg>{value}</svg>"},
            "a.txt": {"text/plain": value},
        },
    }
    return {
        "cells": [code, prose],
        "metadata": {"kernelspec": {"name": "python3"}, "widgets": {"state": {"value": value}}},
        "nbformat": 4,
        "nbformat_minor": 5,
        "by_another_program": value,
    }
