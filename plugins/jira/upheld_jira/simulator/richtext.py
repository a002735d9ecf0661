"""Text on the wire: a string in version 2, an Atlassian Document in version 3, kept as text."""

from __future__ import annotations

import html
from typing import Any, Final

from upheld_jira.simulator.wire import Json, invalid

#: Jira's default limit of a text field, in characters.
LONGEST: Final = 32_767


def written(value: Any, version: int, field_id: str, *, wrong: str = "") -> str | None:
    """The text that a field or a comment was given; None where it was emptied."""
    if value is None:
        return None
    if version == 2:
        if not isinstance(value, str):
            raise invalid(field_id, wrong or "Operation value must be a string")
        text = value
    elif isinstance(value, dict) and value.get("type") == "doc" and value.get("version") == 1:
        text = _flat(value, field_id)
    else:
        raise invalid(field_id, wrong or "Operation value must be an Atlassian Document (see docs)")
    if len(text) > LONGEST:
        words = (
            f"The entered text is too long. It exceeds the allowed limit of {LONGEST:,} characters."
        )
        raise invalid(field_id, words)
    return text


def shown(text: str | None, version: int) -> Any:
    """The text as this version of the API shows it."""
    if text is None or version == 2:
        return text
    return {"type": "doc", "version": 1, "content": [_paragraph(part) for part in _parts(text)]}


def rendered(text: str | None) -> str:
    """HTML, as ``renderedFields`` and ``renderedBody`` have it."""
    return "".join(
        f"<p>{html.escape(part).replace(chr(10), '<br/>')}</p>" for part in _parts(text or "")
    )


def _parts(text: str) -> list[str]:
    return text.split("\n\n") if text else []


def _paragraph(text: str) -> Json:
    content: list[Json] = []
    for line in text.split("\n"):
        content += [{"type": "hardBreak"}, {"type": "text", "text": line}] if line else [_BREAK]
    return {"type": "paragraph", "content": content[1:] if text else []}


_BREAK: Final[Json] = {"type": "hardBreak"}


def _flat(node: Json, field_id: str) -> str:
    kind, inner = node.get("type"), node.get("content", [])
    if kind == "text":
        if not node.get("text"):
            raise invalid(field_id, "INVALID_INPUT")  # an empty text node is not valid
        return str(node["text"])
    if kind == "hardBreak":
        return "\n"
    between = "\n\n" if kind == "doc" else "\n" if kind in ("bulletList", "orderedList") else ""
    return between.join(_flat(each, field_id) for each in inner)
