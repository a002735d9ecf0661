"""Words in what a customer wrote: folded so that off-line, offline and off line are one.

Only the customer's own words count: quoted lines, what stands below a reply's head and signatures
are somebody's old words. A phrase reaches over a line's end, never over the end of a sentence.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final

_APOSTROPHES: Final = re.compile(r"['’`´]")
_BETWEEN: Final = re.compile(r"[\W_]+")
_GAP: Final = r"[ ]?"
#: Umlauts are also written with two letters.
_TWO_LETTERS: Final = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue"})
_QUOTED: Final = re.compile(r"^[ \t]*>.*$", re.MULTILINE)
#: From here on somebody else's words follow, or one's own address.
_REST: Final = re.compile(
    r"^(?:-- ?|[ \t]*-{2,}[ \t]*(?:original message|ursprüngliche nachricht)[ \t]*-{2,}[ \t]*)$.*",
    re.MULTILINE | re.DOTALL | re.IGNORECASE,
)
_SENTENCE: Final = re.compile(r"(?<=[.!?])\s+|\n\s*\n")


def fold(text: str) -> str:
    """Lower case, no accents, no apostrophes, single spaces for all that is not a letter or digit."""
    # Twice: some signs are only taken apart into letters, and those may be capitals.
    plain = unicodedata.normalize("NFKD", text.casefold()).casefold()
    plain = "".join(char for char in plain if not unicodedata.combining(char))
    return _BETWEEN.sub(" ", _APOSTROPHES.sub("", plain)).strip()


def own_words(text: str) -> str:
    """The text without quoted lines, without what is below a reply's head, without the signature."""
    return _QUOTED.sub("", _REST.sub("", text.replace("\r\n", "\n")))


def mentions(text: str, phrase: str) -> bool:
    """Whether the text says the phrase, as whole words; a hyphen in the phrase may be missing."""
    return _pattern(phrase).search(_said(text)) is not None


@lru_cache(maxsize=4)
def _said(text: str) -> str:
    # A policy asks one text for dozens of phrases, and a long mail takes long to fold.
    own = own_words(text)
    said = _sentences(own)
    spelt = _spelt_out(own)
    return said if spelt == own else f"{said}\n{_sentences(spelt)}"


def _sentences(text: str) -> str:
    return "\n".join(fold(sentence) for sentence in _SENTENCE.split(text))


def _spelt_out(text: str) -> str:
    return unicodedata.normalize("NFC", text).casefold().translate(_TWO_LETTERS)


@lru_cache(maxsize=4096)
def _pattern(phrase: str) -> re.Pattern[str]:
    ways = dict.fromkeys((_way(phrase), _way(_spelt_out(phrase))))
    return re.compile(rf"(?<!\w)(?:{'|'.join(ways)})(?!\w)")


def _way(phrase: str) -> str:
    # Only where the phrase has a hyphen may its parts be written together.
    words = (fold(word).split() for word in phrase.split())
    return " ".join(_GAP.join(map(re.escape, word)) for word in words if word)
