"""All that an integrator imports: types, errors, ``hookimpl`` and three base classes.

A plugin is a module behind an entry point of the group ``upheld`` that implements the hook
``upheld_plugins`` and returns its classes. Records are frozen; every datetime is aware and in UTC;
text that comes from outside is never trusted. Nothing here imports the engine, the ledger or the
web, and neither may a plugin.

Errors a plugin raises (the core alone retries, sleeps and gives up)::

    PluginError(what, do_next)
    ├── Retry(after)       not now; try again, not before `after`
    ├── Unknown            it may have happened: look it up before doing it again
    ├── Permanent          this will never work; to the dead letters
    ├── Auth               credentials refused: the connection stops, one alert
    ├── Misconfigured      the configuration does not fit the far end
    ├── Stale              somebody wrote in between; read again
    ├── Gone               the item is no longer there (or no longer ours to see)
    └── Partial(done, left)   some of it went out
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, MutableMapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import BinaryIO, ClassVar, Final, Generic, Protocol, TypeAlias, TypeVar

import pluggy
import requests
from pydantic import BaseModel, ConfigDict

from upheld.errors import UpheldError

__all__ = [
    "Ability",
    "Actor",
    "Address",
    "Answer",
    "Attachment",
    "Auth",
    "Change",
    "Channel",
    "Comment",
    "Connection",
    "ConnectionConfig",
    "Context",
    "Delivery",
    "Does",
    "Draft",
    "FieldSpec",
    "Finding",
    "Gone",
    "Health",
    "Inbound",
    "Intake",
    "Level",
    "Logger",
    "Lookup",
    "Message",
    "Misconfigured",
    "Multi",
    "Nature",
    "Notifier",
    "Outgoing",
    "Page",
    "Partial",
    "Permanent",
    "PluginError",
    "Probe",
    "Proposal",
    "Reading",
    "Receipt",
    "Received",
    "Ref",
    "Refused",
    "RemoteCase",
    "Request",
    "Response",
    "Retry",
    "Schema",
    "Setup",
    "Side",
    "Stale",
    "Touched",
    "Tracker",
    "Transition",
    "Unknown",
    "Urgency",
    "Value",
    "Visibility",
    "Withdrawal",
    "hookimpl",
]

hookimpl: Final = pluggy.HookimplMarker("upheld")

Value: TypeAlias = "str | int | float | bool | datetime | tuple[str, ...] | None"
Multi: TypeAlias = tuple[tuple[str, str], ...]  # headers or a query: names may repeat


# --- words --------------------------------------------------------------------------------------


class Side(StrEnum):
    """Whose side somebody is on, as far as the remote knows; the directory decides."""

    STAFF = "staff"
    CUSTOMER = "customer"
    SYSTEM = "system"
    UPHELD = "upheld"
    UNKNOWN = "unknown"


class Visibility(StrEnum):
    """Who may read a comment. What is not known is ``INTERNAL``."""

    INTERNAL = "internal"
    PUBLIC = "public"


class Nature(StrEnum):
    """What kind of message came in. Only ``NORMAL`` opens, answers or reopens a case."""

    NORMAL = "normal"
    AUTOMATIC = "automatic"
    BOUNCE = "bounce"
    LIST = "list"
    OURS = "ours"


class Delivery(StrEnum):
    """How far a sending has come, as the provider tells it."""

    ACCEPTED = "accepted"
    DELIVERED = "delivered"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"
    FAILED = "failed"


class Health(StrEnum):
    """What a probe found."""

    UP = "up"
    DEGRADED = "degraded"
    DOWN = "down"
    INCONCLUSIVE = "inconclusive"


class Channel(StrEnum):
    """A way to reach a person."""

    MAIL = "mail"
    PAGE = "page"
    SMS = "sms"
    VOICE = "voice"
    CHAT = "chat"


class Urgency(StrEnum):
    """``HIGH`` wakes people."""

    HIGH = "high"
    LOW = "low"


class Does(StrEnum):
    """What an answer to a page does."""

    ACKNOWLEDGE = "acknowledge"
    ESCALATE = "escalate"
    MOBILISE = "mobilise"
    STATUS = "status"


class Withdrawal(StrEnum):
    """Why a page is withdrawn: ``WORKED`` acknowledges at the provider, the others resolve."""

    WORKED = "worked"
    SUPERSEDED = "superseded"
    CLOSED = "closed"


class Level(StrEnum):
    """How bad a finding of ``check`` is."""

    OK = "ok"
    WARNING = "warning"
    ERROR = "error"


class Ability(StrEnum):
    """What a plugin declares that it can do; what it declares, the conformance kit tests."""

    PULL = "pull"  # pull() brings items
    WAIT = "wait"  # wait() returns early when there is something to pull
    RECEIVE = "receive"  # receive() understands webhooks
    FIND = "find"  # find() can tell whether a sending or a create happened
    REPEAT = "repeat"  # repeating send() or create() with the same key has no second effect
    SAME_ID = (
        "same_id"  # a repeat may arrive as well, under the id of the first: a receiver can tell
    )
    WITHDRAW = "withdraw"  # withdraw() stands people down
    RECEIPTS = "receipts"  # says later whether it was delivered or acknowledged
    INTERNAL_COMMENTS = "internal_comments"  # can hide a comment from the customer
    LOCAL = "local"  # writes on this machine only: speaks in shadow mode too
    NOTIFIES_CUSTOMER = "notifies_customer"  # the remote writes to customers by itself


# --- records ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Address:
    """Where somebody is reached on one channel: a mail address, a number, a provider's user id."""

    channel: Channel
    value: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody on the far side. ``side`` is a hint, the directory decides; ``groups`` are those of the
    far side that they are in, as far as it tells."""

    id: str
    name: str = ""
    addresses: tuple[str, ...] = ()
    side: Side = Side.UNKNOWN
    groups: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Ref:
    """A remote item: ``id`` never changes, ``key`` is what people say, ``scope`` a project or form."""

    scope: str
    id: str
    key: str
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """One line of the remote's own history."""

    id: str
    field: str
    old: Value
    new: Value
    at: datetime
    by: Actor


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file; ``open`` gives its bytes when they are wanted."""

    id: str
    name: str
    media_type: str
    size: int
    open: Callable[[], BinaryIO] = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment as stored on the remote (``id`` is empty before it is)."""

    id: str
    text: str
    visibility: Visibility
    by: Actor
    at: datetime
    html: str | None = None
    key: str | None = None
    attachments: tuple[Attachment, ...] = ()


@dataclass(frozen=True, slots=True)
class Draft:
    """A case to be created on the remote."""

    scope: str
    text: str
    reporter: Actor
    fields: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RemoteCase:
    """A remote item as read. None means "not read this time", () means "read, and empty".

    ``created`` is when it was opened there: what is older than its connection wakes nobody.
    ``changed_by`` is who changed it last, for a tracker that tells no history.
    """

    ref: Ref
    version: str
    updated: datetime
    fields: Mapping[str, Value]
    key: str | None = None
    history: tuple[Change, ...] | None = None
    comments: tuple[Comment, ...] | None = None
    attachments: tuple[Attachment, ...] | None = None
    created: datetime | None = None
    changed_by: Actor | None = None


@dataclass(frozen=True, slots=True)
class Touched:
    """A hint that this item changed: read it again."""

    ref: Ref


@dataclass(frozen=True, slots=True)
class Message:
    """A turn of a conversation: mail, SMS, chat, keypress.

    ``thread`` holds ids and tokens that tell which conversation it belongs to, surest first;
    ``verified`` whether the sender is proven; ``text`` is all of it, ``fresh`` what is new: without
    what it quotes (None where nobody looked); ``raw`` the message as it came. ``digest`` is the same
    for copies of one message, however they came: two of one ``id`` and another digest are two messages.
    ``expected``: automatic, and from whom that is wanted: it opens a case as a person's does.
    """

    id: str
    at: datetime
    by: Actor
    verified: bool
    nature: Nature
    to: tuple[Address, ...]
    thread: tuple[str, ...]
    subject: str
    text: str
    html: str | None = None
    attachments: tuple[Attachment, ...] = ()
    raw: bytes = field(default=b"", repr=False)
    fresh: str | None = None
    digest: str | None = None
    expected: bool = False


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a provider said of a sending. ``handle`` is the provider's own id (or the Message-ID)."""

    key: str | None
    handle: str | None
    state: Delivery
    at: datetime
    by: Actor | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a probe saw once. ``detail`` is one line for a person; ``version`` is what runs there, where
    it says so."""

    monitor: str
    state: Health
    at: datetime
    latency: timedelta | None = None
    detail: str = ""
    version: str | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """Something that came in and can't be taken: it goes to quarantine, never to nothing."""

    id: str
    reason: str
    raw: bytes = field(default=b"", repr=False)


Inbound: TypeAlias = RemoteCase | Touched | Message | Receipt | Reading | Refused


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a pull: all that happened before ``as_of`` has been handed over with it."""

    items: tuple[Inbound, ...]
    cursor: str
    more: bool
    as_of: datetime


T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Lookup(Generic[T]):
    """What was found. Nothing, but not ``conclusive`` (index lag): ask again, never create."""

    found: T | None
    conclusive: bool


@dataclass(frozen=True, slots=True)
class Request:
    """A webhook as it came; ``url`` is the one that the outside knows."""

    method: str
    url: str
    query: Multi
    headers: Multi
    body: bytes
    at: datetime


@dataclass(frozen=True, slots=True)
class Response:
    """What the far end is answered."""

    status: int = 200
    media_type: str = "text/plain"
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Received:
    """The items are stored first, then the response goes out; where they can't be stored, 503.
    ``once`` is the far end's name for what it sent, the same when it sends that again: what was stored
    under it is answered and left alone, also after a restart; "" where it gives none."""

    response: Response
    items: tuple[Inbound, ...] = ()
    once: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """A word or key that the reader of a page can answer with, and what it does."""

    word: str
    does: Does
    code: str = ""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message to one person. ``thread`` names the conversation or the page it belongs to;
    ``reply_to`` holds handles of the messages it answers, oldest first; ``automatic`` is the id of
    what it answers by itself (an acknowledgement), None for what a person wrote or a notice."""

    thread: str
    subject: str
    text: str
    urgency: Urgency = Urgency.LOW
    valid_until: datetime | None = None
    html: str | None = None
    spoken: str | None = None
    reply_to: tuple[str, ...] = ()
    answers: tuple[Answer, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    url: str | None = None
    automatic: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of ``check``: how bad, about what, what it is, what to do next."""

    level: Level
    subject: str
    what: str
    do_next: str = ""


@dataclass(frozen=True, slots=True)
class Intake:
    """What came in, as a classifier sees it. ``source`` is the connection; ``customer``, ``plan``
    and ``product`` are the directory's names, None where it does not know. The text is untrusted."""

    source: str
    subject: str
    text: str = field(repr=False)
    customer: str | None = None
    plan: str | None = None
    product: str | None = None


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a classifier proposes, and why. A severity counts from 1, the most urgent; None leaves
    it to the policy. ``flags``, ``outcome`` (a wish, another vendor's problem) and ``kind`` are the
    policy's; what it does not have is left out, and told on the case."""

    severity: int | None = None
    flags: tuple[str, ...] = ()
    outcome: str | None = None
    reason: str = ""
    kind: str | None = None


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """A field of a tracker: ``values`` None where it is free."""

    name: str
    title: str
    writable: bool = True
    required: bool = False
    values: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Transition:
    """A move between two statuses, and the fields that it requires."""

    name: str
    source: str
    target: str
    requires: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Schema:
    """What a tracker's items look like."""

    fields: tuple[FieldSpec, ...]
    statuses: tuple[str, ...]
    transitions: tuple[Transition, ...] = ()


@dataclass(frozen=True, slots=True)
class Setup:
    """What `upheld init` writes of a connection: ``options`` of the plugin, ``keys`` that Upheld itself
    reads (``map``, ``staff`` …), ``notes`` on what a person has to look at."""

    options: Mapping[str, object]
    keys: Mapping[str, object]
    notes: tuple[str, ...] = ()


# --- errors -------------------------------------------------------------------------------------


class PluginError(UpheldError):
    """A plugin could not do what it was asked."""

    def __init__(self, what: str, do_next: str = "") -> None:
        super().__init__(what, do_next=do_next)


class Retry(PluginError):
    """Not now; try again, not before ``after`` where the far end said when."""

    def __init__(self, what: str, do_next: str = "", *, after: timedelta | None = None) -> None:
        super().__init__(what, do_next)
        self.after = after


class Unknown(PluginError):
    """It may have happened: look it up before doing it again."""


class Permanent(PluginError):
    """This will never work as it is."""


class Auth(PluginError):
    """The far end refuses our credentials."""


class Misconfigured(PluginError):
    """The configuration does not fit the far end."""


class Stale(PluginError):
    """Somebody wrote in between; read again."""


class Gone(PluginError):
    """The item is no longer there, or no longer ours to see."""


class Partial(PluginError):
    """Some of it was done."""

    def __init__(
        self, what: str, do_next: str = "", *, done: tuple[str, ...], left: tuple[str, ...]
    ) -> None:
        super().__init__(what, do_next)
        self.done, self.left = done, left


# --- base classes -------------------------------------------------------------------------------


class Logger(Protocol):
    """A structured logger: one event name, then names and values."""

    def debug(self, event: str, **values: object) -> None: ...
    def info(self, event: str, **values: object) -> None: ...
    def warning(self, event: str, **values: object) -> None: ...
    def error(self, event: str, **values: object) -> None: ...


class Context(Protocol):
    """What the core lends to a connection.

    ``vault`` is durable and redacted: rotated refresh tokens, webhook secrets. ``folder`` is the
    connection's own place for files. ``http`` has timeouts, verifies TLS and carries no credentials
    to another host. ``now`` is policy time.
    """

    @property
    def name(self) -> str: ...
    @property
    def site(self) -> str: ...
    @property
    def public_url(self) -> str | None: ...
    @property
    def folder(self) -> str: ...
    @property
    def log(self) -> Logger: ...
    @property
    def vault(self) -> MutableMapping[str, str]: ...
    def now(self) -> datetime: ...
    def http(self) -> requests.Session: ...


class ConnectionConfig(BaseModel):
    """Base of a plugin's ``Config``: unknown keys are refused, values are frozen.

    Use ``SecretStr`` for secrets: they then stay out of every repr, log and error.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


C = TypeVar("C", bound=BaseModel)


class Connection(ABC, Generic[C]):
    """One configured plugin: this Jira, that mailbox.

    Reading (``pull``, ``wait``) runs beside everything else; each of the two is called one at a time.
    """

    name: ClassVar[str]
    Config: ClassVar[type[BaseModel]]
    abilities: ClassVar[frozenset[Ability]] = frozenset()
    #: ``module:Class`` of a local stand-in for the far end, made with ``clock() -> datetime``.
    simulator: ClassVar[str | None] = None
    #: The module whose classes inherit the contracts of `upheld.testing.kit`; see `upheld plugins verify`.
    conformance: ClassVar[str | None] = None

    def __init__(self, config: C, context: Context) -> None:
        """Keep both; no I/O."""
        self.config = config
        self.context = context

    @classmethod
    def abilities_with(cls, config: BaseModel) -> frozenset[Ability]:  # noqa: ARG003
        """What it can do with these settings: ``abilities``, and what a setting adds or takes away."""
        return cls.abilities

    @abstractmethod
    def check(self) -> Iterable[Finding]:
        """Try everything that running will need, for real, and change nothing."""

    def describe(self, what: str) -> Iterable[Mapping[str, str]]:
        """What the far end is made of, a row each: the fields of a form, say, by column."""
        raise Permanent(f"{self.name} has nothing to describe", "see its page in docs/plugins")

    def pull(self, cursor: str | None) -> Page:
        """One page of what is new since ``cursor``; None starts at the scope's beginning."""
        return Page(items=(), cursor=cursor or "", more=False, as_of=self.context.now())

    def wait(self, seconds: float) -> bool:
        """Wait for something to pull (IDLE, long poll), ``seconds`` at most; True = pull now."""
        return False

    def receive(self, request: Request) -> Received:
        """Verify and parse a webhook: no network, no state."""
        return Received(Response(status=404, body=b"this connection takes no webhooks"))

    def propose(self) -> Setup:
        """What the far end suggests of its own settings, for a person to read; changes nothing."""
        return Setup({}, {})

    def subscribe(self, url: str) -> str:
        """Have the far end call ``url`` when something changes, once however often it is asked; says
        what was done."""
        raise Permanent(
            f"{self.name} registers no webhook by itself", "register it at the far end by hand"
        )

    def close(self) -> None:
        """Log out and let go; called also after a failure."""


class Tracker(Connection[C]):
    """A system that holds cases. What people type there stays theirs."""

    @abstractmethod
    def schema(self) -> Schema:
        """Fields, statuses and transitions of the items in scope."""

    @abstractmethod
    def fetch(self, ref: Ref) -> RemoteCase:
        """The item as it is now, comments and history included; ``Gone`` where it is not there.

        A person who links an item types what it is called: then ``ref.id`` is its key.
        """

    @abstractmethod
    def find(self, key: str, since: datetime) -> Lookup[RemoteCase]:
        """The item that was created with ``key``, looked for among those created after ``since``."""

    @abstractmethod
    def create(self, draft: Draft, key: str) -> RemoteCase:
        """Create it with ``key`` inside the create itself; returns it as stored, read back."""

    @abstractmethod
    def update(self, ref: Ref, fields: Mapping[str, Value], seen: str) -> RemoteCase:
        """Write these fields; ``Stale`` when ``seen`` is no longer the version."""

    @abstractmethod
    def comment(self, ref: Ref, comment: Comment, key: str) -> Comment:
        """Add a comment; returns it as stored, with the visibility that it really has."""

    @abstractmethod
    def attach(
        self, ref: Ref, attachment: Attachment, visibility: Visibility, key: str
    ) -> Attachment:
        """Add a file; returns it as stored."""


class Notifier(Connection[C]):
    """A way to reach people. With ``pull`` or ``receive`` it is a conversation."""

    channels: ClassVar[frozenset[Channel]]

    @abstractmethod
    def send(self, message: Outgoing, to: Address, key: str) -> Receipt:
        """Send once; ``Unknown`` where it may have gone out and may not."""

    def find(self, key: str, to: Address, since: datetime) -> Lookup[Receipt]:
        """Whether the sending with ``key`` reached the provider."""
        return Lookup(found=None, conclusive=False)

    def reread(self, raw: bytes, at: datetime) -> Message | Refused:
        """What came in as ``raw`` at ``at``, read once more: a person lets it out of quarantine."""
        return Refused("", f"{self.name} reads nothing twice", raw)

    def withdraw(self, thread: str, why: Withdrawal, key: str) -> None:
        """Stand down whoever was paged in ``thread``."""
        raise Permanent(
            f"{self.name} can't withdraw a page", "nothing to do: people were told in words"
        )

    def following(self, address: str) -> str | None:
        """The address of whoever's turn comes next where ``address`` is a schedule of the provider's.

        A name and no call: pages wait for the answer.
        """
        return None


class Probe(ABC, Generic[C]):
    """A check of a server: one request a call. Counting and spacing are the core's."""

    name: ClassVar[str]
    Config: ClassVar[type[BaseModel]]
    conformance: ClassVar[str | None] = None

    @abstractmethod
    async def read(self, target: C, deadline: timedelta) -> Reading:
        """One request; what goes wrong on our own side is ``INCONCLUSIVE``."""
