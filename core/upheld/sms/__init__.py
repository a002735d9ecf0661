"""What every plugin that speaks SMS needs: the text, the mark that it ends with, a seal. Pure.

Public, beside `upheld.plugin`.
"""

from __future__ import annotations

from upheld.sms.body import E164, body, number, seconds_left
from upheld.sms.marks import carried, mark, of, quoted, without
from upheld.sms.seal import sealed, unsealed
from upheld.sms.text import CUT, clean, fitted, harmless, is_gsm, longest, segments

__all__ = [
    "CUT",
    "E164",
    "body",
    "carried",
    "clean",
    "fitted",
    "harmless",
    "is_gsm",
    "longest",
    "mark",
    "number",
    "of",
    "quoted",
    "sealed",
    "seconds_left",
    "segments",
    "unsealed",
    "without",
]
