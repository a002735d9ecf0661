"""What is new in a mail: its text without what it quotes. Pure.

How programs quote differs by language and by maker, so this is a guess, and the whole text is kept
beside it. In doubt nothing is cut: an answer between quoted lines stays among them.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from mailparser_reply import EmailReplyParser

# As far as the library looks: its patterns take minutes on a line of a kind that anybody can send.
_LINES: Final = 200
_WIDTH: Final = 200
_LANGUAGES: Final = ("en", "de", "cs", "da", "es", "fr", "it", "ja", "ko", "nl", "pl", "sv", "zh")
_QUOTED: Final = re.compile(r"[ \t]*(?:>|[_-]{5,}[ \t]*$)")
#: What announces a quotation in whatever language: "Em ter., 1 de dez., X <x@y> escreveu:".
_ANNOUNCES: Final = re.compile(r".{0,300}[:：]\s*")
_ANNOUNCED_IN: Final = 3  # lines: programs break them


def fresh(text: str) -> str:
    """The text without what stands quoted behind it; all of it where nothing else would be left."""
    kept = _without_tail(_first_reply(text))
    return kept if kept.strip() and not _only_quotes(kept) else text


def _first_reply(text: str) -> str:
    """The lines before the first that the library takes for the head of an older mail.

    It is only asked where that is: what it gives back has lost its indentation.
    """
    lines = text.split("\n")
    seen = [line.strip()[:_WIDTH].rstrip() for line in lines[:_LINES]]
    replies = _parser().read("\n".join(seen)).replies
    wanted = [line for line in replies[0].content.split("\n") if line] if len(replies) > 1 else []
    for number, line in enumerate(seen):
        if not wanted:
            return "\n".join(lines[:number]).rstrip() + "\n" if number else text
        if line and line != wanted.pop(0):
            return text
    return text


def _without_tail(text: str) -> str:
    """Without the quoted lines at its end, and what announces them."""
    lines = text.rstrip().split("\n")
    end = len(lines)
    while end and (_QUOTED.match(lines[end - 1]) or not lines[end - 1].strip()):
        end -= 1
    if end == len(lines):
        return text
    said = next((n for n in range(1, _ANNOUNCED_IN + 1) if _announces(lines[:end], n)), 0)
    return "\n".join(lines[: end - said]).rstrip() + "\n"


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
def _parser() -> EmailReplyParser:
    from mailparser_reply import EmailReplyParser

    return EmailReplyParser(languages=list(_LANGUAGES))
