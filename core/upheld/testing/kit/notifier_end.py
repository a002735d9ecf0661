"""The far ends of notifiers, conversations and probes, as their authors drive them for the kit."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar

from upheld.plugin import Address, Channel, Nature, Request
from upheld.testing.kit.far_end import Call, FarEnd, Lacking


@dataclass(frozen=True, slots=True)
class Arrived:
    """A message as its reader has it: to whom, everything that can be read, the files that came
    (None where they can only be named in the text). ``urgent`` is None where nobody can tell;
    ``id`` is what tells a reader's device that two are one and the same."""

    to: str
    text: str
    urgent: bool | None = None
    files: Mapping[str, bytes] | None = None
    id: str | None = None


class Page(StrEnum):
    """Where a page of a provider stands."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"


class NotifierFarEnd(FarEnd):
    """The far end of a notifier, with the people who read there."""

    #: Characters that the device on which it is read would obey; none where it shows all as text.
    obeyed: ClassVar[frozenset[str]] = frozenset("\x1b\x07\u202e\u202c")
    #: Calls that a sending, a withdrawal and an idle reading may cost.
    budget: ClassVar[Mapping[str, int]] = {"create": 2, "change": 2, "idle": 2}

    @abstractmethod
    def person(self, channel: Channel, number: int) -> Address:
        """A person who can be reached on this channel; two numbers are two people."""

    @abstractmethod
    def got(self) -> tuple[Arrived, ...]:
        """Everything that arrived, in order."""

    def unreachable(self) -> Address:
        """An address that nobody will ever have."""
        raise Lacking("unreachable")

    def page(self, thread: str) -> Page | None:
        """Where the page of this thread stands; None where there is none."""
        raise Lacking("page")

    def acknowledge(self, key: str) -> None:
        """The reader of what was sent under this key says that he has it."""
        raise Lacking("acknowledge")

    def hooks(self) -> tuple[Request, ...]:
        """What the far end sent to our door since this was asked last; none where it is polled."""
        return ()


@dataclass(frozen=True, slots=True)
class Letter:
    """What somebody writes to us. ``answers`` is the handle of what it answers; ``proven``: the far
    end vouches for the sender."""

    by: str
    text: str
    subject: str = "Mail is down"
    answers: str | None = None
    proven: bool = True
    nature: Nature = Nature.NORMAL
    charset: str = "utf-8"
    files: Mapping[str, bytes] = field(default_factory=dict)


class ConversationFarEnd(NotifierFarEnd):
    """The far end of a conversation, with people who write to us. ``writer`` is one of them, as the
    far end calls them; ``lacks`` may name ``subject`` and ``files``."""

    writer: ClassVar[str] = "pat@acme.example"

    @abstractmethod
    def write(self, letter: Letter) -> str:
        """Somebody writes; returns what the message will be called (`Message.id`)."""

    def rubbish(self) -> None:
        """Something comes in that nobody can read."""
        raise Lacking("rubbish")

    def cut_reading(self) -> None:
        """The next reading is cut off in the middle."""
        raise Lacking("cut_reading")

    def mirror_sent(self) -> None:
        """What we sent last is to be found among what comes in, as some far ends do."""
        raise Lacking("mirror_sent")


class Weather(StrEnum):
    """How a probe's target is."""

    WELL = "well"
    FAILS = "it answers that it fails"
    REFUSES = "nobody listens"
    HANGS = "it takes the request and never answers"
    ENDLESS = "its answer never ends"
    RUBBISH = "its answer is rubbish"
    CUT = "its answer ends half way"


class ProbeFarEnd(ABC):
    """A probe's target. ``ours`` are settings with which nothing can be read, by our own fault."""

    lacks: ClassVar[Mapping[str, str]] = {}
    live: ClassVar[bool] = False

    @property
    @abstractmethod
    def options(self) -> Mapping[str, object]:
        """The probe's settings that reach it."""

    @abstractmethod
    def become(self, weather: Weather) -> None:
        """From now on it is so."""

    @abstractmethod
    def calls(self) -> tuple[Call, ...]:
        """Every request that came."""

    def ours(self) -> Mapping[str, object]:
        """Settings with which the fault is on our own side: a proxy of ours that is down."""
        raise Lacking("ours")
