"""upheld.yaml as models: what is true of a site. Every key has its line in docs/reference/config.md."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Final, Literal, TypeAlias
from urllib.parse import urlsplit

from pydantic import (
    BeforeValidator,
    ConfigDict,
    Field,
    PrivateAttr,
    SkipValidation,
    field_validator,
    model_validator,
)

from upheld.calendar.instant import DAY, HOUR, MINUTE, Span
from upheld.config.lapse import Lapse, LapseOrOff, lapse
from upheld.config.mapping import ConflictsEntry, MapEntry, StaffEntry
from upheld.config.monitors import MonitorEntry, ProviderEntry, WatchingEntry
from upheld.config.secrets import SecretRef, Vault
from upheld.directory.build import Written, WrittenCustomer, build_directory
from upheld.directory.lookup import Directory
from upheld.directory.model import Provider
from upheld.directory.written import (
    ChannelName,
    Entry,
    Language,
    Mail,
    Names,
    PersonEntry,
    ReachEntry,
    RotationEntry,
    ZoneName,
    listed,
)
from upheld.source import Document

#: Keys of a connection that are the core's; the rest belongs to its plugin.
CONNECTION_KEYS: Final = (
    "plugin",
    "adopt_from",
    "cases_to",
    "reopen_within",
    "customer_by",
    "staff",
    "like",
    "map",
    "conflicts",
)
#: Of these `like` takes over what a connection does not say itself.
TAKEN_OVER: Final = ("customer_by", "staff", "map", "conflicts")
_RATE: Final = re.compile(r"(\d+) in (.+)")


@dataclass(frozen=True, slots=True)
class Rate:
    """So many in so long (microseconds)."""

    count: int
    per: Span
    text: str


def _rate(text: Any) -> Any:
    if isinstance(text, Rate):
        return text
    found = _RATE.fullmatch(text) if isinstance(text, str) else None
    if not found:
        raise ValueError("is no rate: write 30 in 10 minutes")
    return Rate(int(found[1]), lapse(found[2]), str(text))


RateText: TypeAlias = Annotated[Rate, BeforeValidator(_rate)]


class BrakeEntry(Entry):
    """More than this is held, and the operator is told."""

    customer_messages: RateText = Field(
        Rate(30, 10 * MINUTE, "30 in 10 minutes"), description="messages to customers"
    )
    pages: RateText = Field(
        Rate(20, 10 * MINUTE, "20 in 10 minutes"), description="pages and calls"
    )
    answers: RateText = Field(
        Rate(20, HOUR, "20 in 1 hour"), description="automatic answers to one address"
    )
    answers_a_day: RateText = Field(
        Rate(60, DAY, "60 in 24 hours"), description="the same, over a longer time"
    )


class GoLiveEntry(Entry):
    """The safety catch: what may leave."""

    mode: Literal["shadow", "redirect", "live"] = Field(
        "shadow", description="shadow: nothing leaves; redirect: all of it to one person; live"
    )
    redirect: str | None = Field(None, description="the person who gets all of it; for `redirect`")
    live_for: Names = Field(
        (), description="in `live`: `all`, or the customers and connections to begin with"
    )
    brake: BrakeEntry = Field(default_factory=BrakeEntry, description="beyond these, hold")

    @model_validator(mode="after")
    def _redirected_to_somebody(self) -> GoLiveEntry:
        if self.mode == "redirect" and not self.redirect:
            raise ValueError("mode is redirect: say to whom, `redirect: ann`")
        return self


class WebEntry(Entry):
    """The door for webhooks, health and metrics."""

    listen: str = Field("127.0.0.1:8420", description="address and port to listen on")
    url: str | None = Field(None, description="how the outside reaches it; webhooks need it")
    largest: int = Field(4 * 1024 * 1024, gt=0, description="bytes of a webhook; more is refused")
    a_minute: int = Field(600, gt=0, description="webhooks of a connection in a minute")

    @field_validator("listen")
    @classmethod
    def _address_and_port(cls, text: str) -> str:
        host, _, port = text.rpartition(":")
        if not host or not port.isdigit() or int(port) > 65535:
            raise ValueError("is no address and port: write 127.0.0.1:8420")
        return text

    @field_validator("url")
    @classmethod
    def _web(cls, text: str | None) -> str | None:
        if text and (urlsplit(text).scheme not in {"http", "https"} or not urlsplit(text).hostname):
            raise ValueError("is no web address: write https://upheld.magnolia.example")
        return text and text.rstrip("/")


class ConnectionEntry(Entry):
    """One configured plugin. ``options`` are the keys that its plugin's ``Config`` takes."""

    name: str
    plugin: str = Field(description="which plugin: builtin, email, pagerduty, terminal …")
    adopt_from: date | None = Field(
        None, description="cases older than this day are read and reported, but not enforced"
    )
    cases_to: str | None = Field(None, description="the tracker on which its cases are opened")
    reopen_within: Lapse | None = Field(
        None,
        description="a message about a case that was closed longer ago opens one that follows it",
    )
    customer_by: Names = Field((), description="how the customer of an item is found, in order")
    staff: StaffEntry = Field(default_factory=StaffEntry, description="who of its users is ours")
    like: str | None = Field(
        None, description="a connection whose map, conflicts, staff and customer_by it takes over"
    )
    map: MapEntry = Field(default_factory=dict, description="what our fields are there")
    conflicts: ConflictsEntry = Field(
        default_factory=ConflictsEntry, description="who wins where both sides changed a field"
    )
    options: Mapping[str, Any] = Field(default_factory=dict, repr=False)

    @classmethod
    def split(cls, written: Any) -> Any:
        """The core's keys and, under ``options``, the plugin's."""
        if not isinstance(written, Mapping) or "options" in written:
            return written
        own = {key: written[key] for key in CONNECTION_KEYS if key in written}
        return own | {"options": {key: each for key, each in written.items() if key not in own}}


class SiteReach(ReachEntry):
    """How anybody is reached who has no way of their own."""

    each: Lapse = Field(5 * MINUTE, description="how long one way may take before the next")
    each_on: Mapping[ChannelName, Lapse] = Field(
        default_factory=dict, description="the same by channel: `{voice: 90 seconds}`"
    )
    each_at: Mapping[int, Lapse] = Field(
        default_factory=dict, description="the same by severity: `{1: 3 minutes}`"
    )
    delivered: Lapse = Field(
        2 * MINUTE, description="how long until the provider says that it was delivered"
    )
    acknowledged_for: Lapse = Field(
        30 * MINUTE, description="how long an acknowledgement holds while nobody works"
    )
    bundle: LapseOrOff = Field(
        MINUTE,
        description="how long pages of several cases to one person are gathered into one message: "
        "over `sms`, `voice`, `chat`; `off`: never",
    )
    then: str | None = Field(
        None, description="who comes after the last: `next on duty`, or a role"
    )


class SolutionEntry(Entry):
    """A solution that is known: offered where a customer's words fit."""

    title: str = Field(min_length=1, description="what it solves, as customers would say it")
    url: str = Field(min_length=1, description="the page that tells how")
    words: Names = Field(min_length=1, description="words of which any makes it fit")


class WatchEntry(Entry):
    """Who watches Upheld: a dead man's switch elsewhere."""

    ping: SecretRef | None = Field(
        None, description="URL that is called while all is well: `{env: HEALTHCHECK_URL}`"
    )


class Config(Entry):
    """All of upheld.yaml. Secrets stay references until they are needed."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    site: str = Field(
        min_length=1, description="name of this site; a copy under another never sends"
    )
    policy: Names = Field(min_length=1, description="a shipped name or a path, or a list of those")
    zone: ZoneName = Field("UTC", description="what staff and logs read; clocks have their own")
    language: Language = Field("en", description="language of people and customers who name none")
    database: SecretRef | str | None = Field(
        None, description="`{env: NAME}` or a URL without password; left out: SQLite in `data`"
    )
    data: str | None = Field(
        None, description="folder for files; the user's data folder if left out"
    )
    web: WebEntry | None = Field(
        None, description="the door for webhooks, health and metrics; without it none is open"
    )
    go_live: GoLiveEntry = Field(default_factory=GoLiveEntry, description="the safety catch")
    connections: Mapping[str, ConnectionEntry] = Field(
        default_factory=dict, description="configured plugins by name"
    )
    customers_hear_by: str | None = Field(None, description="the one connection customers hear by")
    people: Mapping[str, PersonEntry] = Field(default_factory=dict, description="ours, by id")
    reach: SiteReach = Field(default_factory=SiteReach, description="how people are reached")
    rotations: Mapping[str, RotationEntry] = Field(default_factory=dict, description="who, when")
    roles: Mapping[str, Names] = Field(
        default_factory=dict, description="people, rotations or roles, by role"
    )
    links: Mapping[str, str] = Field(default_factory=dict, description="pages that messages name")
    solutions: Mapping[str, SolutionEntry] = Field(
        default_factory=dict, description="solutions that are known, for `offer: solutions`"
    )
    monitors: Mapping[str, MonitorEntry] = Field(
        default_factory=dict, description="what is watched, by name"
    )
    providers: Mapping[str, ProviderEntry] = Field(
        default_factory=dict, description="internet providers, by id"
    )
    watching: WatchingEntry = Field(
        default_factory=WatchingEntry, description="when readings are believed"
    )
    watch_me: WatchEntry = Field(default_factory=WatchEntry, description="dead man's switch")
    witness: Annotated[tuple[Mail, ...], BeforeValidator(listed)] = Field(
        (), description="mail addresses outside that keep the head of the newest seal, daily"
    )
    customers: Annotated[tuple[WrittenCustomer, ...], SkipValidation] = Field(
        (), description="by id; or a list of CSV files and of customers by id"
    )

    _document: Document = PrivateAttr()
    _folder: Path = PrivateAttr()
    _hash: str = PrivateAttr(default="")

    @field_validator("connections", mode="before")
    @classmethod
    def _split_connections(cls, written: Any) -> Any:
        return _named(written, ConnectionEntry.split)

    @field_validator("monitors", mode="before")
    @classmethod
    def _split_monitors(cls, written: Any) -> Any:
        return _named(written, MonitorEntry.split)

    @field_validator("database", mode="before")
    @classmethod
    def _no_password(cls, written: Any) -> Any:
        if isinstance(written, Mapping):
            return SecretRef.model_validate(written)
        if isinstance(written, str) and (urlsplit(written).password or "password=" in written):
            raise ValueError(
                "holds a password, which never stands in the file: write {env: UPHELD_DATABASE}"
            )
        return written

    @property
    def document(self) -> Document:
        """The file as it was read, with the place of every key."""
        return self._document

    @property
    def folder(self) -> Path:
        """The folder of the file: relative paths start here."""
        return self._folder

    @property
    def hash(self) -> str:
        """Of the content, CSV files included. Daemons whose hashes differ refuse to send."""
        return self._hash

    def mapped(self, name: str) -> ConnectionEntry:
        """A connection with all that it takes over by `like`; of `map` and `conflicts` field by field,
        and what it says itself wins."""
        entry = self.connections[name]
        if entry.like is None:
            return entry
        other, own = self.mapped(entry.like), entry.model_fields_set
        taken = {key: getattr(other, key) for key in TAKEN_OVER if key not in own}
        if "map" in own:
            taken["map"] = {**other.map, **entry.map}
        if "conflicts" in own:
            taken["conflicts"] = entry.conflicts.over(other.conflicts)
        return entry.model_copy(update=taken)

    @property
    def public_url(self) -> str | None:
        """How the outside reaches the door, where there is one."""
        return self.web.url if self.web else None

    @cached_property
    def vault(self) -> Vault:
        """Looks up secrets."""
        return Vault.of_process(self.folder)

    @property
    def data_folder(self) -> Path:
        """Where SQLite and the connections' files are."""
        if self.data:
            return self.folder / Path(self.data).expanduser()
        from platformdirs import user_data_path

        return user_data_path("upheld", appauthor=False)

    def database_url(self) -> str:
        """The URL of the database; may hold a password, so it is never shown."""
        if isinstance(self.database, SecretRef):
            return self.vault.open(
                self.database, self.document.place("database")
            ).get_secret_value()
        return self.database or f"sqlite:///{(self.data_folder / 'upheld.db').as_posix()}"

    def directory(self) -> Directory:
        """People, roles, rotations and customers; ``ConfigError`` where they don't fit together."""
        return self._directory

    @cached_property
    def _directory(self) -> Directory:
        return build_directory(
            Written(
                people=self.people,
                roles=self.roles,
                rotations=self.rotations,
                customers=self.customers,
                providers=tuple(Provider(n, p.name, p.mail) for n, p in self.providers.items()),
                zone=self.zone,
                language=self.language,
                places=lambda path: self.document.place(*path),
            )
        )


def _named(written: Any, split: Callable[[Any], Any]) -> Any:
    """What is written by name, each knowing its own."""
    if not isinstance(written, Mapping):
        return written
    parts = {name: split(each) for name, each in written.items()}
    return {
        name: {"name": name, **each} if isinstance(each, Mapping) else each
        for name, each in parts.items()
    }
