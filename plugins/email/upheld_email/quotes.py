"""What is new in a mail: its text without what it quotes. Pure.

How programs quote differs by language and by maker, so this is a guess, and the whole text is kept
beside it. In doubt nothing is cut: an answer between quoted lines stays among them.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Final

# As far as the library looks: its patterns take minutes on a line of a kind that anybody can send.
_LINES: Final = 200
_WIDTH: Final = 200
#: Not Polish: there a single line `Data: …` would be a head.
LANGUAGES: Final = ("en", "de", "cs", "da", "es", "fr", "it", "ja", "ko", "nl", "sv", "zh")
_QUOTED: Final = re.compile(r"[ \t]*(?:>|[_-]{5,}[ \t]*$)")
#: What announces a quotation in whatever language: "Em ter., 1 de dez., X <x@y> escreveu:".
_ANNOUNCES: Final = re.compile(r".{0,300}[:：]\s*")
#: Every head has a line that ends with a colon, two that begin with a word and one, or dashes: without
#: these the library need not look, and without a colon or dashes nobody.
_MARKS: Final = (":", "：", "-----")
_HINT: Final = re.compile(r"(?m)[:：]$|^(?:.{1,25}[:：].*\n){2}|^-{5}")
#: Where a head can begin. The library's pattern looks at each letter, which takes it five times as long.
_EDGE: Final = re.compile(r"(?m)^|\n|-(?=----)")
_LONG: Final = 500
_HEAD: Final = re.compile(r"[>* ]*(?:[^\W\d][\w ]{0,24}\s?[:：]|.*[:：]\s*$)")
_ADDRESS: Final = re.compile(r"[\w.-]+@[\w.-]+")
_PLUS: Final = re.compile(r"\+[\w.=-]*@")
#: `##- What you write above this line goes to the customer. -##`, in whatever words, perhaps wrapped.
_ABOVE: Final = re.compile(r"(?m)^[ \t]*##-[ \t]")
#: The same line, also where it is quoted: what stands below is of our own people.
_OUR_LINE: Final = re.compile(r"(?m)^[> \t]*##-[ \t]")
_LABEL: Final = re.compile(r"[* \t]*[^\W\d][\w ]{0,24}\s?[:：]")
_LABELS: Final = 3
_ANNOUNCED_IN: Final = 3  # lines: programs break them


def fresh(text: str, ours: frozenset[str] = frozenset()) -> str:
    """The text without what stands quoted behind it; all of it where nothing else would be left, but
    nothing where it answers what we wrote to our own people: that is internal.

    ``ours`` are our own addresses, in lower case: a head that names one is known in any language.
    """
    kept = _without_tail(_first_reply(_before_ours(_above(text), ours)))
    if kept.strip() and not _only_quotes(kept):
        return kept
    return "" if "##-" in text and _OUR_LINE.search(text) else text


def _above(text: str) -> str:
    """The text above the line that stands on top of what we write to our own people. Where each line is
    marked as quoted, answers may stand between: then it says nothing."""
    line = _ABOVE.search(text) if "##-" in text else None
    if line is None:
        return text
    before = text[: line.start()].rstrip() + "\n"
    kept = _without_tail(before + ">")
    return _without_head(before) if kept == before else kept


def _without_head(text: str) -> str:
    """Without the `Word: …` lines at its end, as Outlook puts them before an older mail, and what rules
    them off."""
    lines = text.rstrip().split("\n")
    end = len(lines)
    while end and _LABEL.match(lines[end - 1]):
        end -= 1
    if len(lines) - end < _LABELS:
        return text
    while end and (_QUOTED.match(lines[end - 1]) or not lines[end - 1].strip()):
        end -= 1
    return _ended(lines[:end])


def _before_ours(text: str, ours: frozenset[str]) -> str:
    """The lines before the first that says `Word: … our address`, or names it before a colon at its end."""
    said = text.lower()
    if not any(each in said or _unplussed(each) in said for each in ours):
        return text
    lines = text.split("\n")
    heads = (n for n, line in enumerate(lines[:_LINES]) if _names_ours(line[:_LONG], ours))
    return _cut(text, lines, next(heads, 0))


def _names_ours(line: str, ours: frozenset[str]) -> bool:
    if not _HEAD.match(line):
        return False
    found = set(_ADDRESS.findall(_PLUS.sub("@", line.lower())))
    return not found.isdisjoint(ours)


def _unplussed(address: str) -> str:
    return address.partition("@")[0] + "+"


def _first_reply(text: str) -> str:
    """The lines before what the library takes for the head of an older mail."""
    if not any(mark in text for mark in _MARKS):
        return text
    lines = text.split("\n")
    seen = "\n".join(line.strip()[:_WIDTH].rstrip() for line in lines[:_LINES])
    hint = _HINT.search(seen)
    if hint is None:
        return text
    start = hint.start()
    for _ in range(_ANNOUNCED_IN):
        start = max(seen.rfind("\n", 0, start), 0)
    head = first_head(seen, start + bool(start))
    if head is None:
        return text
    begins = head.end() - len(head[0].lstrip())
    return _cut(text, lines, seen.count("\n", 0, begins))


def first_head(text: str, start: int) -> re.Match[str] | None:
    """What the library takes for a head, from the beginning of this line on."""
    edges = (edge.start() for edge in _EDGE.finditer(text, start))
    return next(filter(None, (_head().match(text, edge) for edge in edges)), None)


def _cut(text: str, lines: list[str], at: int) -> str:
    """The lines before this one, unless somebody has answered below or between what is quoted."""
    quoted = [bool(_QUOTED.match(line)) for line in lines[at:] if line.strip()]
    below = any(quoted) and not all(quoted[quoted.index(True) :])
    return text if below or not at else _ended(lines[:at])


def _ended(lines: list[str]) -> str:
    return "\n".join(lines).rstrip() + "\n"


def _without_tail(text: str) -> str:
    """Without the quoted lines at its end, and what announces them."""
    lines = text.rstrip().split("\n")
    end = len(lines)
    while end and (_QUOTED.match(lines[end - 1]) or not lines[end - 1].strip()):
        end -= 1
    if end == len(lines):
        return text
    said = next((n for n in range(1, _ANNOUNCED_IN + 1) if _announces(lines[:end], n)), 0)
    return _ended(lines[: end - said])


def _announces(lines: list[str], count: int) -> bool:
    """Whether the last so many lines, which stand apart, announce a quotation."""
    said, before = lines[-count:], lines[:-count]
    apart = not before or not before[-1].strip()
    joined = " ".join(said)
    return (
        apart and all(map(str.strip, said)) and "@" in joined and bool(_ANNOUNCES.fullmatch(joined))
    )


def _only_quotes(text: str) -> bool:
    return all(_QUOTED.match(line) or not line.strip() for line in text.split("\n"))


@cache
def _head() -> re.Pattern[str]:
    """What announces an older mail in any of the languages. The rest of the library is left alone: it
    takes a hundred times as long, loses indentation, and looks for signatures that we keep."""
    from mailparser_reply import EmailMessage

    pattern: re.Pattern[str] = EmailMessage(text="", languages=list(LANGUAGES)).HEADER_REGEX
    return pattern
