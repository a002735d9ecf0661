"""The fields of an issue: how each kind is written, kept, shown and told in the history."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from upheld_jira.simulator import richtext
from upheld_jira.simulator.wire import Call, Json, invalid

if TYPE_CHECKING:
    from upheld_jira.simulator.site import Site

#: What is kept of a value: plain text, a number, an instant, the id of a user, names of things.
Kept: TypeAlias = "str | float | datetime | tuple[str, ...] | None"

_SYSTEM: Final = "com.atlassian.jira.plugin.system.customfieldtypes:"
_DESK: Final = "com.atlassian.servicedesk:"


@dataclass(frozen=True, slots=True)
class Field:
    """``kind`` is a key of the table below; ``options`` are what a select offers. What is not on the
    ``screen`` can't be written."""

    id: str
    name: str
    kind: str
    options: tuple[str, ...] = ()
    required: bool = False
    screen: bool = True

    @property
    def custom(self) -> bool:
        """Whether somebody made it."""
        return self.id.startswith("customfield_")

    def read(self, site: Site, version: int, given: Any) -> Kept:
        """What to keep of a value as it was written; refuses what the field can't hold."""
        if given is None:
            return () if KINDS[self.kind].many else None
        return KINDS[self.kind].read(site, self, version, given)

    def shown(self, call: Call, kept: Kept) -> Any:
        """The value as the API shows it."""
        if kept is None:
            return None
        return KINDS[self.kind].show(call, self, kept)

    def told(self, site: Site, kept: Kept) -> tuple[str | None, str | None]:
        """The value as the history tells it: its id, where it has one, and its words."""
        if kept is None or kept == ():
            return None, None if kept is None else ""
        words = _in_words(kept)
        return KINDS[self.kind].identity(site, self, kept), words

    @property
    def schema(self) -> Json:
        """Its JSON type, as `field` and the metadata have it."""
        kind = KINDS[self.kind]
        schema: Json = {"type": kind.type}
        if kind.items:
            schema["items"] = kind.items
        if self.custom:
            number = int(self.id.removeprefix("customfield_"))
            return schema | {"custom": kind.made_by, "customId": number}
        return schema | {"system": self.id}


def _in_words(kept: Kept) -> str:
    if isinstance(kept, float):
        return f"{kept:g}"
    return " ".join(kept) if isinstance(kept, tuple) else str(kept)


@dataclass(frozen=True, slots=True)
class Kind:
    """How values of a kind go in and out."""

    read: Callable[[Site, Field, int, Any], Kept]
    show: Callable[[Call, Field, Any], Any]
    type: str
    items: str = ""
    made_by: str = ""
    identity: Callable[[Site, Field, Any], str | None] = lambda _s, _f, _k: None

    @property
    def many(self) -> bool:
        """Whether it holds several."""
        return self.type == "array"


# --- text, numbers, instants ----------------------------------------------------------------------


def _line(_: Site, field: Field, __: int, given: Any) -> str:
    if not isinstance(given, str):
        raise invalid(field.id, "Operation value must be a string")
    if "\n" in given or "\r" in given:
        words = f"The {field.name.lower()} is invalid because it contains newline characters."
        raise invalid(field.id, words)
    if len(given) > 255:
        raise invalid(field.id, f"{field.name} must be less than 255 characters.")
    return given.strip()


def _text(_: Site, field: Field, version: int, given: Any) -> str | None:
    return richtext.written(given, version, field.id)


def _number(_: Site, field: Field, __: int, given: Any) -> float:
    if isinstance(given, bool) or not isinstance(given, int | float):
        raise invalid(field.id, "Operation value must be a number")
    return float(given)


def _date(_: Site, field: Field, __: int, given: Any) -> str:
    try:
        return date.fromisoformat(given).isoformat()
    except (TypeError, ValueError) as wrong:
        words = f"Error parsing date string: {given}"
        raise invalid(field.id, words) from wrong


def _instant(_: Site, field: Field, __: int, given: Any) -> datetime:
    """`yyyy-MM-ddTHH:mm:ss.SSSZ`, to the minute: that is what a date picker keeps."""
    try:
        at = datetime.strptime(given, "%Y-%m-%dT%H:%M:%S.%f%z")
    except (TypeError, ValueError) as wrong:
        words = f"Error parsing time: {given}"
        raise invalid(field.id, words) from wrong
    return at.replace(second=0, microsecond=0)


def _as_it_is(_: Call, __: Field, kept: Any) -> Any:
    return kept


# --- things with names ----------------------------------------------------------------------------


def _named(field: Field, given: Any, ids: dict[str, str], *names: str) -> str:
    """A thing given by id or by one of its names: its own name."""
    given = given if isinstance(given, dict) else {}
    for name in names:
        if given.get(name) in ids:
            return str(given[name])
    by_id = {id_: name for name, id_ in ids.items()}
    found = by_id.get(str(given.get("id")))
    if found is None:
        raise invalid(field.id, f"The {field.name.lower()} selected is invalid.")
    return found


def _one_of(which: str) -> Callable[[Site, Field, int, Any], str]:
    return lambda site, field, _, given: _named(field, given, site.ids(which), "name")


def _shown_as(which: str) -> Callable[[Call, Field, str], Json]:
    def show(call: Call, _: Field, kept: str) -> Json:
        id_ = call.site.ids(which)[kept]
        return {"self": call.link(f"{which}/{id_}"), "id": id_, "name": kept}

    return show


def _id_of(which: str) -> Callable[[Site, Field, str], str | None]:
    return lambda site, _, kept: site.ids(which).get(kept)


def option_ids(field: Field) -> dict[str, str]:
    """What a select offers, with ids."""
    number = int(field.id.removeprefix("customfield_"))
    return {name: str(number * 10 + n) for n, name in enumerate(field.options)}


def _option(_: Site, field: Field, __: int, given: Any) -> str:
    try:
        return _named(field, given, option_ids(field), "value")
    except Exception as wrong:
        said = given.get("value") if isinstance(given, dict) else given
        raise invalid(field.id, f"Option value '{said}' is not valid") from wrong


def _option_shown(call: Call, field: Field, kept: str) -> Json:
    id_ = option_ids(field).get(kept, "0")
    return {"self": call.link(f"customFieldOption/{id_}"), "value": kept, "id": id_}


# --- people, labels, organisations ----------------------------------------------------------------


def _user(site: Site, field: Field, _: int, given: Any) -> str | None:
    found = site.people.meant(given, field.id)
    return None if found is None else found.id


def _user_shown(call: Call, _: Field, kept: str) -> Json | None:
    return call.site.people.shown(call, call.site.people[kept])


def _list(field: Field, given: Any) -> list[Any]:
    if not isinstance(given, list):
        raise invalid(field.id, "data was not an array")
    return given


def _users(site: Site, field: Field, _: int, given: Any) -> tuple[str, ...]:
    found = [site.people.meant(each, field.id) for each in _list(field, given)]
    return tuple(user.id for user in found if user is not None)


def _users_shown(call: Call, field: Field, kept: tuple[str, ...]) -> list[Json | None]:
    return [_user_shown(call, field, each) for each in kept]


def _labels(_: Site, field: Field, __: int, given: Any) -> tuple[str, ...]:
    for label in _list(field, given):
        if not isinstance(label, str) or " " in label or not label:
            raise invalid(field.id, f"The label '{label}' contains spaces which is invalid.")
        if len(label) > 255:
            raise invalid(field.id, f"The label '{label[:20]}...' is too long.")
    return tuple(sorted(set(given)))


def _organisations(site: Site, field: Field, _: int, given: Any) -> tuple[str, ...]:
    by_id = {id_: name for name, id_ in site.organisations.items()}
    found = [by_id.get(str(each)) for each in _list(field, given)]
    if None in found:
        raise invalid(field.id, "Organization does not exist.")
    return tuple(name for name in found if name is not None)


def _organisations_shown(call: Call, _: Field, kept: tuple[str, ...]) -> list[Json]:
    return [call.site.organisation_shown(name) for name in kept]


def _listed(_: Call, __: Field, kept: tuple[str, ...]) -> list[str]:
    return list(kept)


KINDS: Final[dict[str, Kind]] = {
    "line": Kind(_line, _as_it_is, "string", made_by=f"{_SYSTEM}textfield"),
    "text": Kind(
        _text,
        lambda call, _, kept: richtext.shown(kept, call.version),
        "string",
        made_by=f"{_SYSTEM}textarea",
    ),
    "number": Kind(_number, _as_it_is, "number", made_by=f"{_SYSTEM}float"),
    "date": Kind(_date, _as_it_is, "date", made_by=f"{_SYSTEM}datepicker"),
    "instant": Kind(
        _instant, lambda call, _, kept: call.when(kept), "datetime", made_by=f"{_SYSTEM}datetime"
    ),
    "select": Kind(
        _option,
        _option_shown,
        "option",
        made_by=f"{_SYSTEM}select",
        identity=lambda _, field, kept: option_ids(field).get(kept),
    ),
    "priority": Kind(
        _one_of("priority"), _shown_as("priority"), "priority", identity=_id_of("priority")
    ),
    "resolution": Kind(
        _one_of("resolution"), _shown_as("resolution"), "resolution", identity=_id_of("resolution")
    ),
    "issuetype": Kind(
        _one_of("issuetype"), _shown_as("issuetype"), "issuetype", identity=_id_of("issuetype")
    ),
    "user": Kind(
        _user,
        _user_shown,
        "user",
        made_by=f"{_SYSTEM}userpicker",
        identity=lambda _, __, kept: str(kept),
    ),
    "participants": Kind(_users, _users_shown, "array", "user", f"{_DESK}sd-request-participants"),
    "labels": Kind(_labels, _listed, "array", "string", f"{_SYSTEM}labels"),
    "organisations": Kind(
        _organisations,
        _organisations_shown,
        "array",
        "sd-customerorganization",
        f"{_DESK}sd-customer-organizations",
    ),
}

#: Organisations and request participants of Jira Service Management.
ORGANISATIONS: Final = "customfield_10002"
PARTICIPANTS: Final = "customfield_10026"

SYSTEM: Final = (
    Field("summary", "Summary", "line", required=True),
    Field("issuetype", "Issue Type", "issuetype", required=True),
    Field("description", "Description", "text"),
    Field("priority", "Priority", "priority"),
    Field("reporter", "Reporter", "user"),
    Field("assignee", "Assignee", "user"),
    Field("labels", "Labels", "labels"),
    Field("duedate", "Due date", "date"),
    Field("environment", "Environment", "text"),
    Field("resolution", "Resolution", "resolution", screen=False),
    Field("timespent", "Time Spent", "number", screen=False),
    Field(ORGANISATIONS, "Organizations", "organisations"),
    Field(PARTICIPANTS, "Request participants", "participants"),
)
