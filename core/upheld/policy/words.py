"""Words in what a customer wrote: folded so that off-line, offline and off line are one."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final

_APOSTROPHES: Final = re.compile(r"['’`´]")
_BETWEEN: Final = re.compile(r"[\W_]+")
_GAP: Final = r"[ ]?"


def fold(text: str) -> str:
    """Lower case, no accents, no apostrophes, single spaces for all that is not a letter or digit."""
    # Twice: some signs are only taken apart into letters, and those may be capitals.
    plain = unicodedata.normalize("NFKD", text.casefold()).casefold()
    plain = "".join(char for char in plain if not unicodedata.combining(char))
    return _BETWEEN.sub(" ", _APOSTROPHES.sub("", plain)).strip()


def mentions(text: str, phrase: str) -> bool:
    """Whether the text says the phrase, as whole words; a hyphen in the phrase may be missing."""
    return _pattern(phrase).search(_said(text)) is not None


@lru_cache(maxsize=4)
def _said(text: str) -> str:
    # A policy asks one text for dozens of phrases, and a long mail takes long to fold.
    return fold(text)


@lru_cache(maxsize=4096)
def _pattern(phrase: str) -> re.Pattern[str]:
    # Only where the phrase has a hyphen may its parts be written together.
    words = (fold(word).split() for word in phrase.split())
    parts = [_GAP.join(map(re.escape, word)) for word in words if word]
    return re.compile(rf"(?<!\w){' '.join(parts)}(?!\w)")
