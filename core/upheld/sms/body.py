"""A message as an SMS. Pure."""

from __future__ import annotations

import math
import re
from datetime import datetime, timedelta
from typing import Final

from upheld.plugin import Answer, Does, Outgoing, Permanent
from upheld.sms.text import clean, fitted

#: A number in international form (ITU-T E.164), as a regular expression.
E164: Final = r"\+[1-9][0-9]{6,14}"
_DOES: Final = {
    Does.ACKNOWLEDGE: "acknowledge",
    Does.ESCALATE: "pass it on",
    Does.MOBILISE: "call everybody",
    Does.STATUS: "its status",
}


def number(value: str) -> str:
    """A number in international form; ``Permanent`` where it is none."""
    plain = re.sub(r"[\s().\-/]", "", value)
    if not re.fullmatch(E164, plain):
        what = "the person's number is not in international form, such as +12025550100"
        raise Permanent(what, "correct it under `people`; another channel goes on")
    return plain


def body(message: Outgoing, mark: str, most: int) -> str:
    """Subject, text, files by name, then how to answer, the link and the mark, which are never cut."""
    files = ", ".join(each.name for each in message.attachments)
    parts = (message.subject, message.text, f"Files: {files}" if files else "")
    ending = (_answers(message.answers), message.url or "", f"#{mark}")
    said = "\n".join(filter(None, map(clean, parts)))
    last = "\n".join(filter(None, map(clean, ending)))
    return fitted(said, most, f"\n{last}") if said else last


def seconds_left(message: Outgoing, at: datetime, longest: int) -> int:
    """Seconds that it may still be tried, ``longest`` where it does not say; ``Permanent`` where its
    time is over."""
    if message.valid_until is None:
        return longest
    left = math.ceil((message.valid_until - at) / timedelta(seconds=1))
    if left <= 0:
        raise Permanent(
            "its time was over before it was sent", "nothing to do: it helps nobody now"
        )
    return min(left, longest)


def _answers(answers: tuple[Answer, ...]) -> str:
    """How to answer by SMS: words, no keys."""
    words = [
        f"{f'{each.word} {each.code}'.strip()}: {_DOES[each.does]}"
        for each in answers
        if not each.word.isdecimal()
    ]
    return f"Reply {', '.join(words)}" if words else ""
