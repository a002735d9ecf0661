"""Words in which the shapes of an API are written down by hand, as OpenAPI 3.0 has them."""

from __future__ import annotations

from typing import Any, Final, TypeAlias

Schema: TypeAlias = dict[str, Any]

TEXT: Final[Schema] = {"type": "string"}
NUMBER: Final[Schema] = {"type": "integer"}
TRUTH: Final[Schema] = {"type": "boolean"}
ANY: Final[Schema] = {}


def thing(needs: str = "", **properties: Schema) -> Schema:
    """An object with these properties and no others; ``needs`` names those that must be there."""
    schema: Schema = {"type": "object", "properties": properties, "additionalProperties": False}
    return schema | ({"required": needs.split()} if needs else {})


def loose(needs: str = "", **properties: Schema) -> Schema:
    """An object with these properties, and whatever else there may be."""
    return thing(needs, **properties) | {"additionalProperties": True}


def several(item: Schema) -> Schema:
    """A list."""
    return {"type": "array", "items": item}


def one_of(*values: str) -> Schema:
    """One of these words."""
    return {"type": "string", "enum": [*values]}
