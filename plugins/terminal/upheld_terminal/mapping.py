"""A message as a block of plain text. Pure."""

from __future__ import annotations

import textwrap
import unicodedata
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

from upheld.plugin import Address, Answer, Channel, Outgoing, Urgency

BELL: Final = "\a"
# Cc, Cf: control characters could drive the terminal, format characters turn the text around.
_UNSAFE: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})


def block(message: Outgoing, to: Address, at: datetime, width: int) -> str:
    """A framed block, ``width`` columns wide; words that are longer than that stay whole."""
    lines = [line for part in _parts(message, to) for line in _wrapped(part, width - 2)]
    body = "".join(f"| {line}".rstrip() + "\n" for line in lines)
    return f"{_head(message, to, at, width)}\n{body}+{'-' * (width - 1)}\n"


def plain(text: str) -> str:
    """The text without anything but line ends that a terminal would obey; every space plain."""
    lines = text.expandtabs(4).splitlines()
    return "\n".join("".join(map(_plain, line)) for line in lines)


def _plain(character: str) -> str:
    category = unicodedata.category(character)
    if category == "Zs":
        return " "
    return "" if category in _UNSAFE else character


def _one_line(text: str) -> str:
    return " ".join(plain(text).split())


def _head(message: Outgoing, to: Address, at: datetime, width: int) -> str:
    urgent = " (urgent)" if message.urgency is Urgency.HIGH else ""
    who = _one_line(f"{to.name} <{to.value}>" if to.name else to.value)
    stamp = at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%SZ")
    return f"+--- {to.channel.upper()}{urgent} to {who} at {stamp} ".ljust(width, "-")


def _parts(message: Outgoing, to: Address) -> Iterator[str]:
    yield _one_line(message.subject)
    if to.channel is Channel.VOICE:
        yield _one_line(f"CALL {to.name} {to.value}: {message.spoken or message.text}")
    elif message.text:
        yield ""
        yield plain(message.text)
    if message.answers:
        yield _answers(message.answers)
    yield from (f"[{_one_line(file.name)}, {file.size} bytes]" for file in message.attachments)
    if message.url:
        yield _one_line(message.url)


def _answers(answers: tuple[Answer, ...]) -> str:
    return _one_line("Answers: " + ", ".join(f"{a.word} = {a.does}" for a in answers))


def _wrapped(text: str, width: int) -> list[str]:
    return [
        line
        for paragraph in text.split("\n")
        for line in textwrap.wrap(paragraph, width, break_long_words=False, break_on_hyphens=False)
        or [""]
    ]
