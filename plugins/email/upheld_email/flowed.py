"""Text whose lines were broken for the way alone (RFC 3676). Pure."""

from __future__ import annotations

import re
from typing import Final

_QUOTED: Final = re.compile(r">*")
_SIGNATURE: Final = "-- "


def unflowed(text: str, *, delsp: bool) -> str:
    """The paragraphs as they were written; ``delsp``: the blank at a broken line's end was put there, too,
    as in a long URL, or where a language has no blanks."""
    paragraphs: list[list[str]] = []
    depth, flows = 0, False
    for line in text.split("\n"):
        quotes = _QUOTED.match(line)
        assert quotes is not None
        marks, words = quotes[0], line[quotes.end() :].removeprefix(" ")
        joins = flows and len(marks) == depth and words != _SIGNATURE
        depth, flows = len(marks), words.endswith(" ") and words != _SIGNATURE
        piece = words[:-1] if flows and delsp else words
        if joins:
            paragraphs[-1].append(piece)
        else:
            paragraphs.append([f"{marks} ", piece] if marks else [piece])
    return "\n".join(map("".join, paragraphs))
