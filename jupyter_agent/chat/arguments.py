"""What a model gives a tool, held to the tool's schema. Pure.

Of JSON Schema 2020-12 only what our own tools use. Models write arguments freely, so nothing that
they wrote is repeated in an error: it may be a value.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from jupyter_agent.errors import RequestInvalid

Schema = dict[str, Any]

MOST_TEXT: Final = 100_000
"""Characters in one text argument: as long as the broker's longest script."""

_SAYS: Final = {
    "string": "a text",
    "integer": "a whole number",
    "array": "a list of texts",
    "object": "an object of texts",
}


def parameters(required: tuple[str, ...] = (), **properties: Schema) -> Schema:
    """A tool's whole schema."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(required),
        "additionalProperties": False,
    }


def text(description: str, **more: Any) -> Schema:
    """A text."""
    return {"type": "string", "description": description, "maxLength": MOST_TEXT, **more}


def number(description: str, least: int, most: int) -> Schema:
    """A whole number."""
    return {"type": "integer", "description": description, "minimum": least, "maximum": most}


def texts(description: str) -> Schema:
    """A list of texts."""
    return {
        "type": "array",
        "items": {"type": "string", "maxLength": MOST_TEXT},
        "maxItems": 100,
        "description": description,
    }


def named_texts(description: str) -> Schema:
    """An object of texts."""
    return {
        "type": "object",
        "additionalProperties": {"type": "string", "maxLength": MOST_TEXT},
        "maxProperties": 100,
        "description": description,
    }


def checked(schema: Schema, given: object) -> dict[str, Any]:
    """The arguments, if they are what the schema says.

    Args:
        schema: From ``parameters``.
        given: What the model wrote.

    Raises:
        RequestInvalid: They are not; the error names what the schema names.
    """
    known: dict[str, Schema] = schema["properties"]
    there = ", ".join(known) or "none"
    if not isinstance(given, Mapping) or not all(name in known for name in given):
        raise RequestInvalid("An argument is none that this tool has.", f"It has: {there}.")
    for name in schema["required"]:
        if name not in given:
            raise RequestInvalid(f'The argument "{name}" is missing.', f"It has: {there}.")
    # Models send null for what they leave out.
    arguments = {name: value for name, value in given.items() if value is not None}
    for name in schema["required"]:
        if name not in arguments:
            raise RequestInvalid(f'The argument "{name}" is missing.')
    for name, value in arguments.items():
        if not _fits(known[name], value):
            raise RequestInvalid(
                f'The argument "{name}" has to be {_said(known[name])}.',
                str(known[name].get("description", "")),
            )
    return arguments


def _fits(schema: Schema, value: object) -> bool:
    kind = schema["type"]
    if kind == "string":
        choices = schema.get("enum")
        return (
            isinstance(value, str)
            and len(value) <= schema.get("maxLength", MOST_TEXT)
            and (choices is None or value in choices)
        )
    if kind == "integer":
        return (
            isinstance(value, int)
            and not isinstance(value, bool)
            and schema["minimum"] <= value <= schema["maximum"]
        )
    if kind == "array":
        return (
            isinstance(value, list)
            and len(value) <= schema["maxItems"]
            and all(_fits(schema["items"], each) for each in value)
        )
    return (
        isinstance(value, Mapping)
        and len(value) <= schema["maxProperties"]
        and all(isinstance(name, str) for name in value)
        and all(_fits(schema["additionalProperties"], each) for each in value.values())
    )


def _said(schema: Schema) -> str:
    said = _SAYS[schema["type"]]
    if "enum" in schema:
        return f"one of {', '.join(schema['enum'])}"
    if "minimum" in schema:
        return f"{said} from {schema['minimum']} to {schema['maximum']}"
    return f"{said}, and not too long"
