"""The form of a message: which template fits its purpose and its channel, and how it is answered. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from upheld.case.decision import Purpose
from upheld.plugin import Answer, Channel, Does

_TEMPLATES: Final[Mapping[Purpose, str]] = {
    Purpose.ACK: "acknowledgement",
    Purpose.PAGE: "page",
    Purpose.CALL: "call",
    Purpose.TICKET_NUMBER: "ticket-number",
    Purpose.STATUS: "status",
    Purpose.NOTIFY: "notify",
    Purpose.ASK: "ask",
    Purpose.REPLY: "reply",
    Purpose.REFERRAL: "end-user-referral",
    Purpose.STAND_DOWN: "stand-down",
    Purpose.FORWARD: "forward",
    Purpose.MAIL: "notify",
    Purpose.QUESTION: "question",
    Purpose.ANSWER: "answer",
}
#: The same for a small screen, and for the ear.
_FORMS: Final[Mapping[str, str]] = {
    Channel.SMS.value: "short",
    Channel.CHAT.value: "short",
    Channel.VOICE.value: "spoken",
}
_HAS_FORMS: Final = frozenset({Purpose.PAGE, Purpose.STAND_DOWN})


def template(purpose: Purpose, channel: str, *, several: bool = False) -> str:
    """The name of the template of a message on a channel, of one case or of ``several``."""
    usual, form = _TEMPLATES[purpose], _FORMS.get(channel)
    if not form or purpose not in _HAS_FORMS:
        return usual
    return f"{usual}s-{form}" if several else f"{usual}-{form}"


def answers(purpose: Purpose, number: str) -> tuple[Answer, ...]:
    """What the reader of a page may answer, words first, then keys; nothing else asks for an answer.

    Without ``number`` an answer is for every case that the message tells of."""
    if purpose is not Purpose.PAGE:
        return ()
    words = {"ACK": Does.ACKNOWLEDGE, "PASS": Does.ESCALATE, "STATUS": Does.STATUS}
    keys = {"1": Does.ACKNOWLEDGE, "2": Does.ESCALATE}
    return (
        *(Answer(word, does, number) for word, does in words.items()),
        *(Answer(key, does) for key, does in keys.items()),
    )
