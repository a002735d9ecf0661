"""HTML of anybody: as text, and as what may be shown. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from html import unescape
from html.parser import HTMLParser
from typing import Final

_BLOCKS: Final = frozenset(
    {"p", "div", "br", "tr", "li", "ul", "ol", "table", "blockquote", "pre", "hr"}
    | {"h1", "h2", "h3", "h4", "h5", "h6"}
)
# Not `head`: its end may be left out, and then all that follows would be gone.
_UNSEEN: Final = frozenset({"script", "style", "title"})
_CELLS: Final = frozenset({"td", "th"})
# What Gmail, Yahoo, Thunderbird, Proton and Apple Mail put around an older mail; Outlook before it.
_QUOTES: Final = frozenset(
    {"gmail_quote", "gmail_quote_container", "yahoo_quoted", "moz-cite-prefix", "protonmail_quote"}
)
_REST: Final = frozenset({"divRplyFwdMsg", "appendonsend"})
_SCHEMES: Final = {"http", "https", "mailto", "cid"}
_TAG: Final = re.compile(r"<[^<>]*>")
# Nobody reads more, and the parser's time grows faster than the text.
_READABLE: Final = 500_000


def from_html(html: str, *, quotes: bool = True) -> str:
    """HTML as text: paragraphs as lines, links with their target, no scripts; perhaps without what
    the great programs mark as quoted."""
    reader = _Reader(quotes)
    reader.feed(html[:_READABLE])
    # What is not ended: the library would begin anew at each of its brackets.
    reader.handle_data(unescape(_TAG.sub(" ", reader.rawdata)))
    lines = (" ".join(line.split()) for line in "".join(reader.pieces).splitlines())
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip() + "\n"


def harmless(html: str) -> str:
    """HTML that can be shown: no scripts, no forms, and no picture that tells who looks at it."""
    return _cleaning()(html[:_READABLE])


@cache
def _cleaning() -> Callable[[str], str]:
    """Made once: on a short mail that takes longer than to clean it."""
    import nh3

    return nh3.Cleaner(attribute_filter=_local, url_schemes=_SCHEMES).clean


def _local(_tag: str, attribute: str, value: str) -> str | None:
    remote = attribute in {"src", "srcset", "cite"} and not value.startswith("cid:")
    return None if remote else value


class _Reader(HTMLParser):
    def __init__(self, quotes: bool) -> None:
        super().__init__()
        self.pieces: list[str] = []
        self._quotes = quotes
        self._quoted = ("", 0)  # the element that is passed over, and how deep we are in it
        self._unseen = 0
        self._target = ""

    def parse_marked_section(self, i: int, report: bool = True) -> int:
        """``<![…``: the library gives up where it knows no such section, and it may be any mail's."""
        try:
            return super().parse_marked_section(i, report)
        except AssertionError:
            return self.parse_bogus_comment(i)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._unseen += tag in _UNSEEN
        if not self._quotes and self._is_quoted(tag, dict(attrs)):
            return
        if tag in _BLOCKS or tag in _CELLS:
            self.pieces.append("\n" if tag in _BLOCKS else " ")
        if tag == "a":
            self._target = dict(attrs).get("href") or ""

    def handle_endtag(self, tag: str) -> None:
        self._unseen = max(0, self._unseen - (tag in _UNSEEN))
        name, depth = self._quoted
        if depth:
            self._quoted = (name, depth - (tag == name))
            return
        if tag in _BLOCKS - {"br"}:
            self.pieces.append("\n")
        if tag == "a" and self._target.startswith(("http://", "https://")):
            self.pieces.append(f" <{self._target}>")

    def handle_data(self, data: str) -> None:
        if not self._unseen and not self._quoted[1]:
            self.pieces.append(re.sub(r"\s+", " ", data))

    def _is_quoted(self, tag: str, attributes: dict[str, str | None]) -> bool:
        name, depth = self._quoted
        if depth:
            self._quoted = (name, depth + (tag == name))
        elif _marks_quote(tag, attributes):
            # From the head of Outlook on, all of it is; others put theirs in one element.
            self._quoted = ("", 1) if attributes.get("id") in _REST else (tag, 1)
        return bool(self._quoted[1])


def _marks_quote(tag: str, attributes: dict[str, str | None]) -> bool:
    classes = (attributes.get("class") or "").split()
    cited = tag == "blockquote" and attributes.get("type") == "cite"
    return cited or attributes.get("id") in _REST or not _QUOTES.isdisjoint(classes)
