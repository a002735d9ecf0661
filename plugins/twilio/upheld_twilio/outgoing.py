"""Our messages as the forms of ``Messages`` and ``Calls``. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, TypeAlias
from urllib.parse import urlencode

from upheld.plugin import Outgoing
from upheld.sms import body, number, seconds_left
from upheld_twilio.config import TwilioConfig
from upheld_twilio.speech import asking, dialogue, sealed

Form: TypeAlias = Mapping[str, str | list[str]]

_EVENTS: Final = ["initiated", "ringing", "answered", "completed"]


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
        "ValidityPeriod": str(seconds_left(message, at, config.validity)),
    }
    news = door.status(key)
    return form | {"StatusCallback": news} if news else form


def call(
    message: Outgoing, to: str, config: TwilioConfig, door: Door, *, key: str, at: datetime
) -> Form:
    """The form that places a call. Its TwiML goes along, so that it speaks though we are down."""
    seconds_left(message, at, config.validity)
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
