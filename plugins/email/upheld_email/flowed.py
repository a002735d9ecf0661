"""Text whose lines were broken for the way alone (RFC 3676). Pure."""

from __future__ import annotations

import re
from typing import Final

_QUOTED: Final = re.compile(r">*")
_SIGNATURE: Final = "-- "


def unflowed(text: str, *, delsp: bool) -> str:
    """The paragraphs as they were written; ``delsp``: the blank at a broken line's end was put there, too,
    as in a long URL, or where a language has no blanks."""
    paragraphs: list[str] = []
    depth, flows = 0, False
    for line in text.split("\n"):
        quotes = _QUOTED.match(line)
        assert quotes is not None
        marks, words = quotes[0], line[quotes.end() :].removeprefix(" ")
        if flows and len(marks) == depth and words != _SIGNATURE:
            paragraphs[-1] += words
        else:
            paragraphs.append(f"{marks} {words}" if marks else words)
        depth, flows = len(marks), words.endswith(" ") and words != _SIGNATURE
        if flows and delsp:
            paragraphs[-1] = paragraphs[-1][:-1]
    return "\n".join(paragraphs)
