"""What a plugin's author writes for the kit: a driver of the far end, as somebody else than Upheld.

A driver starts the far end (a simulator, a real server), plays the people on it, makes it fail on
demand, and counts what it is asked. What a far end can't do stands in ``lacks`` with the reason: the
kit then prints the reason in place of the assertion. Whatever is not listed there must work.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar, Final

from upheld.plugin import Actor, Ref, Request, Side, Value, Visibility
from upheld.testing.clock import SteppedClock


class Fault(StrEnum):
    """What a far end can do to us. Those of a request strike the next one; those of a state last
    until `FarEnd.heal`."""

    LOST_REPLY = "the request is done and its reply lost"
    RESET = "the connection is cut before anything is done"
    TIMEOUT = "nothing is done, and no answer comes"
    TRUNCATED = "it is done, and the answer ends half way"
    HTML = "a proxy answers 200 with a page of its own"
    SLOW = "the answer comes byte by byte"
    BROKEN = "500"
    BAD_GATEWAY = "502"
    UNAVAILABLE = "503"
    LIMIT_SECONDS = "429 with Retry-After in seconds"
    LIMIT_DATE = "429 with Retry-After as a date"
    LIMIT_BARE = "429 without a time"
    LIMIT_LONG = "429 with 300 seconds"
    EXPIRED = "the session has ended"
    REDIRECT = "a redirect to another host"
    REVOKED = "credentials are refused from now on"
    GUEST = "every question is answered as to a guest: 200, and nothing in it"
    WRONG_CLOCK = "its clock is ten minutes ahead"
    LAG = "what is new can't be found by searching yet"


#: Faults that only something that speaks HTTP can have.
OF_HTTP: Final = frozenset(Fault) - {Fault.LOST_REPLY, Fault.RESET, Fault.TIMEOUT, Fault.LAG}


def without_network(reason: str) -> dict[str, str]:
    """``lacks`` of a far end on this machine's disk or screen: every fault of a network."""
    return dict.fromkeys((fault.name for fault in OF_HTTP), reason)


@dataclass(frozen=True, slots=True)
class Call:
    """What the far end was asked. ``writes``: it may have changed something there."""

    what: str
    writes: bool = False


@dataclass(frozen=True, slots=True)
class Held:
    """A comment as it lies at the far end: whether a customer can read it, and who it is by."""

    text: str
    public: bool
    by: str = ""
    id: str = ""


@dataclass(frozen=True, slots=True)
class Stored:
    """An item as it lies at the far end, read past the plugin."""

    fields: Mapping[str, Value]
    comments: tuple[Held, ...] = ()
    files: Mapping[str, bytes] = field(default_factory=dict)


class Lacking(NotImplementedError):
    """The far end, or its driver, has no such thing."""


class FarEnd(ABC):
    """The far end of any plugin. ``live``: it is the real thing and no stand-in."""

    live: ClassVar[bool] = False
    lacks: ClassVar[Mapping[str, str]] = {}

    def __init__(self, clock: SteppedClock) -> None:
        self.clock = clock

    @property
    @abstractmethod
    def options(self) -> Mapping[str, object]:
        """What stands in upheld.yaml to reach it, secrets in the clear."""

    @abstractmethod
    def broken(self) -> Mapping[str, Mapping[str, object]]:
        """Options that `check` must refuse, by what is wrong with them."""

    @abstractmethod
    def calls(self) -> tuple[Call, ...]:
        """Everything that it was asked so far, by whomever uses the plugin."""

    def inject(self, fault: Fault) -> None:
        """Let this happen to the next request, or from now on."""
        raise Lacking(f"this driver has no {fault.name}: list it in `lacks` with the reason")

    def heal(self) -> None:  # noqa: B027  who has no faults has nothing to heal
        """No fault any more."""


class TrackerFarEnd(FarEnd):
    """The far end of a tracker, with people on it.

    ``scope`` is where items are created, ``text_field`` a field of free text that can be written,
    ``instant_field`` one of instants (None: there is none). ``page`` is how many items a page has
    at most. ``longest`` is how long a text may be, by field.
    """

    scope: ClassVar[str] = "cases"
    text_field: ClassVar[str] = "title"
    instant_field: ClassVar[str | None] = None
    page: ClassVar[int] = 50
    #: What upheld.yaml says of the connection beside the plugin's own options: ``map``, ``staff`` …
    keys: ClassVar[Mapping[str, object]] = {}
    #: Two values of the field that holds our severity, and what they are to us (first: 1).
    severity_field: ClassVar[str] = "severity"
    severities: ClassVar[tuple[Value, Value]] = (1, 2)
    #: A field and a value in it that `keys` give no meaning; None: every value has one.
    unmapped: ClassVar[tuple[str, Value] | None] = ("severity", "purple")
    longest: ClassVar[Mapping[str, int]] = {}
    #: Bytes of a file that it refuses.
    too_large: ClassVar[int] = 26_000_000
    #: Calls that a create, a change and an idle reading may cost.
    budget: ClassVar[Mapping[str, int]] = {"create": 3, "change": 4, "idle": 1}

    # --- looking past the plugin ---

    @abstractmethod
    def ids(self) -> tuple[str, ...]:
        """The id of every item, oldest first."""

    @abstractmethod
    def stored(self, ref: Ref) -> Stored:
        """The item as it lies there."""

    # --- people ---

    @abstractmethod
    def create(self, text: str, by: Actor, fields: Mapping[str, Value]) -> Ref:
        """Somebody opens an item."""

    @abstractmethod
    def edit(self, ref: Ref, by: Actor, fields: Mapping[str, Value]) -> None:
        """Somebody changes fields."""

    @abstractmethod
    def comment(self, ref: Ref, by: Actor, text: str, visibility: Visibility) -> str:
        """Somebody comments; returns the comment's id."""

    @abstractmethod
    def delete(self, ref: Ref) -> None:
        """Somebody removes the item."""

    def fill(self, number: int) -> None:
        """Somebody opens many items; override it where there is a faster way."""
        for each in range(number):
            self.create(f"One of many: {each}", SOMEBODY, {})

    def rename(self, ref: Ref) -> Ref:
        """The item gets another key."""
        raise Lacking("rename")

    def edit_comment(self, ref: Ref, comment: str, text: str) -> None:
        """Somebody rewrites a comment."""
        raise Lacking("edit_comment")

    def delete_comment(self, ref: Ref, comment: str) -> None:
        """Somebody removes a comment."""
        raise Lacking("delete_comment")

    def comment_of_unknown_visibility(self, ref: Ref, text: str) -> str:
        """A comment of which the far end does not say, or not in words we know, who may read it."""
        raise Lacking("comment_of_unknown_visibility")

    def public_files(self, ref: Ref) -> tuple[str, ...]:
        """The names of the files that a customer can fetch."""
        raise Lacking("public_files")

    def set_zone(self, hours: int) -> None:
        """The account that we use lives so many hours ahead of UTC."""
        raise Lacking("set_zone")

    def webhook(self, ref: Ref) -> Request:
        """What the far end sends when the item has changed, validly signed."""
        raise Lacking("webhook")

    def old_cursors(self) -> tuple[str, ...]:
        """Cursors as earlier versions of the plugin wrote them."""
        return ()


SOMEBODY: Final = Actor("pat@acme.example", "Pat Lin", ("pat@acme.example",), Side.CUSTOMER)
COLLEAGUE: Final = Actor("ann", "Ann Reyes", (), Side.STAFF)
MACHINE: Final = Actor("sweeper", "Sweeper", (), Side.SYSTEM)
