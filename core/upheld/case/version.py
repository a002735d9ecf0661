"""Versions as systems tell them, compared: numbers by their value, words by the alphabet.

What `packaging` can't read (a build, a firmware's name) is compared part by part.
"""

from __future__ import annotations

import re
from typing import Final

from packaging.version import InvalidVersion, Version

_PARTS: Final = re.compile(r"\d+|[a-z]+")


def older(version: str, than: str) -> bool:
    """Whether a version comes before another."""
    try:
        return Version(version) < Version(than)
    except InvalidVersion:
        return _parts(version) < _parts(than)


def _parts(version: str) -> list[tuple[int, int, str]]:
    """A word comes before any number and before the end: 2.4-rc1, 2.4, 2.4.1."""
    found = _PARTS.findall(version.casefold().removeprefix("v"))
    parts = [(2, int(part), "") if part.isdigit() else (0, 0, part) for part in found]
    return [*parts, (1, 0, "")]


def comparable(version: str) -> bool:
    """Whether there is anything in it by which it could be told from another."""
    return any(sign.isdigit() for sign in version)
