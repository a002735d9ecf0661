"""People, roles, rotations and customers as they are written, in upheld.yaml or CSV."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from upheld.calendar.spec import CalendarSpec
from upheld.calendar.wall import zone_named
from upheld.calendar.week import WEEKDAYS, read_week
from upheld.directory.address import folded, folded_pattern
from upheld.errors import ConfigError


class Entry(BaseModel):
    """Base of what is written: unknown keys are refused, values are frozen."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


def _zone(name: str) -> str:
    try:
        zone_named(name)
    except ConfigError as error:
        raise ValueError(f"{error.what}: {error.do_next}") from None
    return name


def _mail(address: str) -> str:
    key = folded(address)
    if key is None or "@" not in key or "." not in key.partition("@")[2]:
        raise ValueError("is no mail address: write it as ann@magnolia.example")
    return address.strip()


def _quoted(value: Any) -> Any:
    if isinstance(value, int):
        raise ValueError('is a number here: put it in quotes, "+12025550101"')  # noqa: TRY004
    return value


def _phone(number: str) -> str:
    key = folded(number)
    if key is None or not key.startswith("+") or not key[1:].isdigit():
        raise ValueError('needs its country code, as in "+12025550101"')
    return key


def _domain(pattern: str) -> str:
    found = folded_pattern(pattern)
    if found is None or "." not in found or "@" in found or "/" in found:
        raise ValueError(f"{pattern!r} is no domain: write acme.example or *.acme.example")
    return found


def _language(tag: str) -> str:
    if not tag.replace("-", "").isalnum() or not 2 <= len(tag.partition("-")[0]) <= 3:
        raise ValueError("is no language: write en, de, pt-BR")
    return tag


def listed(value: Any) -> Any:
    """One of something is a list of one."""
    return value if isinstance(value, (list, tuple)) or value is None else [value]


def _under(key: str) -> BeforeValidator:
    """``plan: premier`` is ``plan: [{plan: premier}]``."""

    def unfold(value: Any) -> Any:
        return [{key: each} if isinstance(each, str) else each for each in listed(value) or ()]

    return BeforeValidator(unfold)


ZoneName: TypeAlias = Annotated[str, AfterValidator(_zone)]
Mail: TypeAlias = Annotated[str, AfterValidator(_mail)]
Phone: TypeAlias = Annotated[str, BeforeValidator(_quoted), AfterValidator(_phone)]
Domain: TypeAlias = Annotated[str, AfterValidator(_domain)]
Language: TypeAlias = Annotated[str, AfterValidator(_language)]
ChannelName: TypeAlias = Literal["mail", "page", "sms", "voice", "chat"]
Names: TypeAlias = Annotated[tuple[str, ...], BeforeValidator(listed)]


class WayEntry(Entry):
    """``pager`` or ``{sms: phone}``: a connection, and the channel over it."""

    connection: str
    channel: ChannelName | None = None

    @model_validator(mode="before")
    @classmethod
    def _written(cls, value: Any) -> Any:
        if isinstance(value, str):
            return {"connection": value}
        if isinstance(value, Mapping) and len(value) == 1 and "connection" not in value:
            ((channel, connection),) = value.items()
            return {"channel": channel, "connection": connection}
        return value


Ways: TypeAlias = Annotated[tuple[WayEntry, ...], BeforeValidator(listed)]


class ReachEntry(Entry):
    """How somebody is reached, in order of preference, by what a message is for."""

    page: Ways | None = Field(None, description="for what wakes people; the next when not answered")
    call: Ways | None = Field(None, description="for calls to customers")
    notify: Ways | None = Field(None, description="for what can wait until it is read")


def _by_day(value: Any) -> Any:
    """``"22:00-07:00"`` is every day's; a key is a day or several, a value one stretch or a list."""
    week = value if isinstance(value, Mapping) else {"mon-sun": value}
    return {str(days).lower(): tuple(listed(hours) or ()) for days, hours in week.items()}


def _open_and_closed(week: Mapping[str, tuple[str, ...]]) -> Mapping[str, tuple[str, ...]]:
    try:
        found = read_week(CalendarSpec("", week=week))
    except ConfigError as error:
        raise ValueError(f"{error.what}: {error.do_next}") from None
    if not any(found.days):
        raise ValueError("has no hours: write mon-fri: 08:00-17:00")
    if found.never_closes():
        raise ValueError("is all of the week: leave it out, or leave some of it out")
    return week


WeekHours: TypeAlias = Annotated[
    Mapping[str, tuple[str, ...]], BeforeValidator(_by_day), AfterValidator(_open_and_closed)
]


class PersonEntry(Entry):
    """One of ours. Further keys are addresses by channel, plugin or connection."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, Annotated[str, BeforeValidator(_quoted)]]

    name: str = Field(description="as others call them")
    mail: Mail | None = Field(None, description="mail address, also the one they write from")
    phone: Phone | None = Field(None, description="number for SMS and calls, in quotes")
    zone: ZoneName | None = Field(None, description="time zone; the site's where left out")
    language: Language | None = Field(None, description="language; the site's where left out")
    reach: ReachEntry | None = Field(None, description="how this person is reached instead")
    quiet: WeekHours | None = Field(
        None, description='when what is not urgent shall wait: `"22:00-07:00"`'
    )


class ContactEntry(Entry):
    """One of a customer's people."""

    name: str = Field(description="as they sign")
    mail: Mail | None = Field(None, description="mail address")
    phone: Phone | None = Field(None, description="number for SMS and calls, in quotes")
    roles: Names = Field(
        ("contact",),
        alias="is",
        description="contact, technical, escalation-manager, account-manager …",
    )

    @model_validator(mode="after")
    def _reachable(self) -> ContactEntry:
        if not (self.mail or self.phone):
            raise ValueError("needs a mail address or a phone")
        return self


class _Term(Entry):
    """Something with validity; both days belong to it."""

    valid_from: date | None = Field(None, alias="from", description="first day")
    until: date | None = Field(None, description="last day, which still counts")

    @model_validator(mode="after")
    def _forward(self) -> _Term:
        if self.valid_from and self.until and self.until < self.valid_from:
            raise ValueError(f"ends {self.until}, before it begins {self.valid_from}")
        return self


class PlanEntry(_Term):
    """A plan and its validity."""

    plan: str = Field(description="a plan of the policy")


class AgreementEntry(_Term):
    """A customer's own agreement and its validity."""

    policy: str = Field(description="a path, from the folder of upheld.yaml, or a shipped name")


class SystemEntry(_Term):
    """A system of a customer's that an agreement covers; several times where it was renewed."""

    system: str = Field(description="what it is called")
    words: Names = Field((), description="what else people call it")
    plan: str | None = Field(None, description="its own plan; the customer's where left out")


class ServerEntry(Entry):
    """Something of a customer's that is watched."""

    url: str = Field(description="where it answers")
    backup: bool = Field(False, description="whether it stands in for another")


class CustomerEntry(Entry):
    """A customer."""

    name: str = Field(description="as others call them")
    kind: str = Field("customer", description="isp, solution-partner … as the policy calls them")
    zone: ZoneName | None = Field(
        None, description="whose days plans count; the site's if left out"
    )
    language: Language | None = Field(None, description="language of what they are sent")
    desk: str | None = Field(
        None, description="the desk of the policy with which their cases begin; else its first"
    )
    plan: Annotated[tuple[PlanEntry, ...], _under("plan")] = Field(
        (), description="a plan, `{plan, from, until}`, or a list of those"
    )
    agreement: Annotated[tuple[AgreementEntry, ...], _under("policy")] = Field(
        (), description="an own policy, `{policy, from, until}`, or a list of those"
    )
    domains: Annotated[tuple[Domain, ...], BeforeValidator(listed)] = Field(
        (), description="mail from these is theirs; `*.acme.example` for all below it"
    )
    contacts: tuple[ContactEntry, ...] = Field((), description="their people")
    systems: Annotated[tuple[SystemEntry, ...], _under("system")] = Field(
        (), description="what agreements cover: names, or `{system, words, plan, from, until}`"
    )
    servers: Annotated[tuple[ServerEntry, ...], _under("url")] = Field(
        (), description="URLs, or `{url, backup}`"
    )


class Turns(Entry):
    """People who take turns."""

    people: tuple[str, ...] = Field((), description="in the order of their turns")
    weekly: str | None = Field(None, description="weekday and wall time of hand-over: `Mon 09:00`")
    daily: str | None = Field(None, description='wall time of hand-over: `"09:00"`')
    every: int = Field(1, ge=1, le=52, description="a turn is so many days or weeks")
    zone: ZoneName | None = Field(None, description="whose wall time; the site's where left out")
    starts: date | None = Field(
        None, description="the first person's first turn is not before this"
    )
    hours: WeekHours | None = Field(
        None, description='when these are on duty at all: `"08:00-16:00"`, or by weekday'
    )

    def handover(self) -> tuple[int | None, int]:
        """Weekday (Monday 0, None for every day) and minutes past midnight."""
        day, _, time = (self.weekly or f" {self.daily}").rpartition(" ")
        weekday = WEEKDAYS.index(day.lower()[:3]) if day.lower()[:3] in WEEKDAYS else None
        hour, colon, minute = time.partition(":")
        read = colon and hour.isdigit() and minute.isdigit() and len(minute) == 2
        if not read or int(hour) > 23 or int(minute) > 59 or (self.weekly and weekday is None):
            raise ValueError(f"{self.weekly or self.daily!r} is no hand-over: write Mon 09:00")
        return weekday, int(hour) * 60 + int(minute)

    def whole(self) -> None:
        """``ValueError`` where these are no turns."""
        if (self.weekly is None) == (self.daily is None):
            raise ValueError('needs daily: "09:00" or weekly: Mon 09:00, one of them')
        if not self.people:
            raise ValueError("needs people: [ann, bo]")
        self.handover()


class LayerEntry(Turns):
    """One layer of a rotation: it decides where no layer before it has anybody."""

    @model_validator(mode="after")
    def _takes_turns(self) -> LayerEntry:
        self.whole()
        return self


class RotationEntry(Turns):
    """People who take turns, several layers of those, or a schedule that a provider keeps."""

    layers: tuple[LayerEntry, ...] = Field(
        (), description="several regions or hours; the first that has somebody decides"
    )
    held_by: Mapping[str, str] = Field(
        default_factory=dict,
        description="a provider's own schedule: `{pagerduty: schedule:PX1234}`",
    )

    @model_validator(mode="after")
    def _one_kind(self) -> RotationEntry:
        turns = self.model_fields_set & {"people", "weekly", "daily", "every", "hours", "starts"}
        if sum((bool(turns), bool(self.layers), bool(self.held_by))) > 1:
            raise ValueError("is one of the three: people with daily or weekly, layers, or held_by")
        if not self.layers and not self.held_by:
            self.whole()
        return self

    def turns(self) -> tuple[Turns, ...]:
        """Its layers; of people who just take turns there is one."""
        return self.layers or ((self,) if self.people else ())

    def everybody(self) -> tuple[str, ...]:
        """All who take turns, each once."""
        return tuple(dict.fromkeys(each for layer in self.turns() for each in layer.people))
