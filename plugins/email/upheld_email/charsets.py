"""Text of bytes, whatever charset they claim. Pure; nothing here raises."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from typing import Final

# Codecs that are no charset of any mail, and slow or surprising on text from outside.
_NOT_CHARSETS: Final = frozenset(
    {"idna", "punycode", "unicode-escape", "raw-unicode-escape", "undefined", "utf-7"}
)
#: What programs write under these names holds more than they do (WHATWG Encoding, §4.2): Outlook's quotes
#: in Latin-1, rare names in GB2312.
_WIDER: Final = {
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "big5": "big5hkscs",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "tis-620": "cp874",
    "iso8859-11": "cp874",
    "iso2022_jp": "iso2022_jp_ext",
}
#: So many of the letters beyond ASCII may be broken where all the others make sense.
_BROKEN: Final = 0.1
# A guess needs something to go by, and not much; Latin letters are few among ASCII, and guessed badly.
_SAMPLE: Final = 2048
_FEWEST: Final = 8
_SHARE: Final = 0.3


def decoded(data: bytes, charset: str | None) -> str:
    """Text of bytes: by the charset that is declared, else UTF-8, else one of them with a few letters lost,
    else by a guess, else Windows-1252."""
    names = tuple(_names(charset))
    for name in names:
        try:
            return data.decode(name)
        except (LookupError, ValueError):  # base64 is a codec, too
            continue
    nearly = (_nearly(data, name) for name in names)
    return next(filter(None, nearly), None) or data.decode(_guessed(data), "replace")


def _names(charset: str | None) -> Iterator[str]:
    for name in (charset, "utf-8"):
        try:
            found = codecs.lookup((name or "").partition("*")[0]).name  # RFC 2231: charset*language
        except (LookupError, ValueError):
            continue
        if found not in _NOT_CHARSETS:
            yield _WIDER.get(found, found)


def _nearly(data: bytes, charset: str) -> str | None:
    """The text where hardly any of it is broken: a gateway has cut a letter in two, say."""
    try:
        text = data.decode(charset, "replace")
    except (LookupError, ValueError):  # some codecs replace nothing
        return None
    beyond = len(text) - len(text.encode("ascii", "ignore"))
    return text if text.count("\ufffd") <= beyond * _BROKEN else None


def _guessed(data: bytes) -> str:
    sample = data[:_SAMPLE]
    beyond = sum(byte > 0x7F for byte in sample)
    if beyond >= _FEWEST and beyond >= len(sample) * _SHARE:
        from charset_normalizer import from_bytes

        best = from_bytes(sample).best()
        if best is not None:
            return best.encoding
    return "cp1252"
