"""Our messages as the forms of ``Messages`` and ``Calls``. Pure."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, TypeAlias
from urllib.parse import urlencode

from upheld.plugin import Answer, Does, Outgoing, Permanent
from upheld_twilio.config import E164, TwilioConfig
from upheld_twilio.speech import asking, dialogue, sealed
from upheld_twilio.text import clean, fitted

Form: TypeAlias = Mapping[str, str | list[str]]

_EVENTS: Final = ["initiated", "ringing", "answered", "completed"]
_DOES: Final = {
    Does.ACKNOWLEDGE: "acknowledge",
    Does.ESCALATE: "pass it on",
    Does.MOBILISE: "call everybody",
    Does.STATUS: "its status",
}


@dataclass(frozen=True, slots=True)
class Door:
    """Where Twilio reaches us: the public URL of this connection's hooks, None without one."""

    url: str | None

    def status(self, key: str) -> str | None:
        """Where the news of a sending goes."""
        return f"{self.url}/status?{urlencode({'key': key})}" if self.url else None

    def keys(self, call: str) -> str:
        """Where the keys of a call go."""
        return f"{self.url}/call?{urlencode({'t': call})}"


def number(value: str) -> str:
    """A number in international form; ``Permanent`` where it is none."""
    plain = re.sub(r"[\s().\-/]", "", value)
    if not re.fullmatch(E164, plain):
        what = "the person's number is not in international form, such as +12025550100"
        raise Permanent(what, "correct it under `people`; another channel goes on")
    return plain


def sms(
    message: Outgoing,
    to: str,
    mark: str,
    config: TwilioConfig,
    door: Door,
    *,
    key: str,
    at: datetime,
) -> Form:
    """The form that sends an SMS. It ends with ``mark``, by which it is found again."""
    form = {
        "To": number(to),
        "From": config.number,
        "Body": body(message, mark, config.segments),
        "ValidityPeriod": str(validity(message, at, config.validity)),
    }
    news = door.status(key)
    return form | {"StatusCallback": news} if news else form


def call(
    message: Outgoing, to: str, config: TwilioConfig, door: Door, *, key: str, at: datetime
) -> Form:
    """The form that places a call. Its TwiML goes along, so that it speaks though we are down."""
    validity(message, at, config.validity)
    about = dialogue(message, key, config.language)
    if door.url is None:  # a key would reach nobody
        about = replace(about, answers=())
    form: dict[str, str | list[str]] = {
        "To": number(to),
        "From": config.number,
        "Twiml": asking(about, door.keys(sealed(about, config.token.get_secret_value()))),
        "Timeout": str(config.ring),
    }
    if config.machines:
        form["MachineDetection"] = "Enable"
    news = door.status(key)
    if news:
        form |= {"StatusCallback": news, "StatusCallbackEvent": _EVENTS}
    return form


def body(message: Outgoing, mark: str, most: int) -> str:
    """Subject, text, files by name, then how to answer, the link and the mark, which are never cut."""
    files = ", ".join(each.name for each in message.attachments)
    parts = (message.subject, message.text, f"Files: {files}" if files else "")
    ending = (_answers(message.answers), message.url or "", f"#{mark}")
    said = "\n".join(filter(None, map(clean, parts)))
    last = "\n".join(filter(None, map(clean, ending)))
    return fitted(said, most, f"\n{last}") if said else last


def validity(message: Outgoing, at: datetime, longest: int) -> int:
    """Seconds that Twilio may still try; ``Permanent`` where its time is over."""
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
