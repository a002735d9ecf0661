"""The conversation contract, over the simulator behind a proxy that can fail in every way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar, Final

import pytest

from upheld.plugin import Address, Channel
from upheld.sms import mark
from upheld.testing import SteppedClock
from upheld.testing.kit import (
    Arrived,
    Call,
    ConversationContract,
    ConversationFarEnd,
    Fault,
    FaultProxy,
    Letter,
)
from upheld_twilio.account import Item
from upheld_twilio.adapter import Twilio
from upheld_twilio.simulator import ACCOUNT, NUMBER, TOKEN, TwilioSimulator, words

_PAT: Final = "+12025550111"
_NO_SESSION: Final = "every request carries the token: there is no session"
_TELLS_NOTHING: Final = "an SMS says nothing of the kind"


class Twilios(ConversationFarEnd):
    """The API, and phones behind it."""

    budget: ClassVar[Mapping[str, int]] = {"create": 1, "change": 0, "idle": 3}
    lacks: ClassVar[Mapping[str, str]] = {
        Fault.EXPIRED.name: _NO_SESSION,
        "urgent": "an SMS is as urgent as its reader finds it; what wakes people also calls them",
        "subject": "an SMS has no subject; its first line stands in for it",
        "files": "an MMS names no files; that there are some is told in the text",
        "nature:automatic": _TELLS_NOTHING,
        "nature:bounce": "an SMS does not bounce: that it did not arrive comes as a receipt",
        "nature:list": _TELLS_NOTHING,
    }
    writer: ClassVar[str] = _PAT

    def __init__(self, clock: SteppedClock, far: TwilioSimulator, proxy: FaultProxy) -> None:
        super().__init__(clock)
        self.far, self.proxy = far, proxy

    @property
    def options(self) -> Mapping[str, object]:
        """The account, and the proxy in place of the API."""
        account = {"account": ACCOUNT, "token": TOKEN, "number": NUMBER}
        return {**account, "url": self.proxy.url, "timeout": 1, "segments": 10}

    def broken(self) -> Mapping[str, Mapping[str, object]]:
        """A wrong token, a number that is not ours, an API where nobody listens."""
        return {
            "token": {"token": "0" * 32},
            "number": {"number": "+12025550199"},
            "no host": {"url": "http://127.0.0.1:1"},
        }

    def calls(self) -> tuple[Call, ...]:
        """What the proxy saw."""
        return self.proxy.calls()

    def inject(self, fault: Fault) -> None:
        """At the proxy."""
        self.proxy.inject(fault)

    def heal(self) -> None:
        """At the proxy."""
        self.proxy.heal()

    def person(self, channel: Channel, number: int) -> Address:
        """Somebody with a phone."""
        return Address(channel, _PAT if number == 1 else f"+1202555012{number}", f"Person {number}")

    def unreachable(self) -> Address:
        """A number that Twilio refuses."""
        return Address(Channel.SMS, "+15005550001")

    def got(self) -> tuple[Arrived, ...]:
        """Every message as it is shown, every call as it is heard."""
        return tuple(map(_arrived, self.far.sent))

    def acknowledge(self, key: str) -> None:
        """Its phone has it."""
        self.far.tell(self.far.sent[-1].sid, "delivered")

    def write(self, letter: Letter) -> str:
        """Somebody writes; proven is who quotes a mark that was sent to them."""
        earlier = mark("earlier", letter.by, self.clock.as_datetime(), TOKEN)
        proof = f" #{letter.answers or earlier}" if letter.proven else ""
        self.far.write(letter.by, letter.text + proof)
        return self.far.items[-1].sid

    def rubbish(self) -> None:
        """A message by nobody."""
        self.far.break_list()

    def cut_reading(self) -> None:
        """In the middle of the list."""
        self.proxy.inject(Fault.TRUNCATED)

    def mirror_sent(self) -> None:
        """What we sent stands in the same list as what comes in."""


def _arrived(item: Item) -> Arrived:
    return Arrived(item.to, words(item.twiml) if item.call else item.body)


class TestTwilio(ConversationContract):
    """The Twilio notifier."""

    plugin = Twilio

    @pytest.fixture
    def remote(self, clock: SteppedClock) -> Iterator[Twilios]:
        """The simulator, and a proxy before it."""
        with TwilioSimulator(clock.as_datetime) as far, FaultProxy(far.url) as proxy:
            yield Twilios(clock, far, proxy)
