"""The text of an SMS: safe to show, and no longer than its segments. Pure.

A segment has 160 characters of GSM 03.38 (153 where there are several), or 70 (67) UTF-16 units as
soon as one character is not in it. Source: 3GPP TS 23.038 §6.2.1, Twilio "Message segments".
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from typing import Final

_BASIC: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    "ÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
#: Each takes two places: an escape comes before it.
_EXTENDED: Final = frozenset("^{}\\[~]|€\f")
#: What word processors make of plain characters; one of them would halve the room of all.
_PLAIN: Final = str.maketrans(
    {
        "‘": "'", "’": "'", "‚": "'", "“": '"', "”": '"', "„": '"', "–": "-", "—": "-", "…": "...",
        "\u00a0": " ", "\u2009": " ", "\u202f": " ", "•": "*", "\t": " ", "`": "'",
    }
)  # fmt: skip
CUT: Final = "..."
#: What the API takes at most, whatever the segments.
_LONGEST: Final = 1600


def clean(text: str) -> str:
    """Harmless, and in plain characters where word processors take others."""
    return harmless(text.translate(_PLAIN))


def harmless(text: str) -> str:
    """Without what a phone would obey: controls, and marks that turn the direction of writing."""
    lines = text.replace("\r\n", "\n")
    return "".join(each for each in lines if each == "\n" or not _obeyed(each)).strip()


def segments(text: str) -> int:
    """How many segments a text is sent in."""
    single, several, used = _room(text)
    return 1 if used <= single else -(-used // several)


def is_gsm(text: str) -> bool:
    """Whether it goes in the plain alphabet of phones (GSM 03.38), and needs no UCS-2."""
    return all(each in _BASIC or each in _EXTENDED for each in text)


def fitted(text: str, most: int, ending: str = "") -> str:
    """The text, cut where it must be so that it and ``ending`` go in ``most`` segments."""
    if _fits(text + ending, most):
        return text + ending
    return _cut(text, longest(text, lambda n: _fits(_cut(text, n) + ending, most))) + ending


def longest(text: str, fits: Callable[[int], bool]) -> int:
    """How many characters of a text fit, where fewer always do when more do."""
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if fits(middle) else (low, middle - 1)
    return low


def _fits(text: str, most: int) -> bool:
    return len(text) <= _LONGEST and segments(text) <= most


def _cut(text: str, length: int) -> str:
    return text[:length].rstrip() + CUT


def _room(text: str) -> tuple[int, int, int]:
    """What one segment holds, what each of several holds, and what the text takes of it."""
    if is_gsm(text):
        return 160, 153, len(text) + sum(each in _EXTENDED for each in text)
    return 70, 67, len(text.encode("utf-16-le")) // 2


def _obeyed(character: str) -> bool:
    return unicodedata.category(character) in {"Cc", "Cf", "Cs", "Co"}
