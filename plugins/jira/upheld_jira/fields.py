"""The fields of a site: what we call them, and their values in and out. Pure.

A system field is called by its id (``summary``), one that somebody made by its name (``Upheld due``),
or by its id where two bear one name.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Final, Self

from upheld.plugin import Permanent, Value

#: Fields that come with an issue in another form, or that change by being looked at.
APART: Final = frozenset(
    {
        *("comment", "attachment", "worklog", "issuelinks", "subtasks", "parent", "project"),
        *("votes", "watches", "thumbnail", "progress", "aggregateprogress", "workratio"),
        *("lastViewed", "timetracking", "created", "updated", "status", "statuscategorychangedate"),
    }
)
#: What the core calls fields that every tracker has.
ALIASES: Final[Mapping[str, str]] = {"title": "summary", "text": "description"}
#: Names of a thing, the best first: a user of the cloud, an option, nearly everything, a user of Data
#: Center whose profile shows no name.
_NAMES: Final = ("accountId", "value", "name", "key", "id")
#: Jira's limits of a line and of a text (characters).
LINE: Final = 255
TEXT: Final = 32_767


@dataclass(frozen=True, slots=True)
class Field:
    """``type`` and ``items`` are of the JSON that it holds."""

    id: str
    name: str
    type: str = ""
    items: str = ""

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Self:
        """A row of `field`, or of the metadata."""
        schema = row.get("schema") or {}
        id_ = str(row.get("id") or row.get("fieldId") or row.get("key"))
        type_, items = str(schema.get("type", "")), str(schema.get("items", ""))
        return cls(id_, str(row.get("name") or id_), type_, items)

    @property
    def custom(self) -> bool:
        """Whether somebody made it."""
        return self.id.startswith("customfield_")


class Catalogue:
    """Every field of a site."""

    def __init__(self, fields: Iterable[Field]) -> None:
        self._by_id = {each.id: each for each in fields}
        names = Counter(each.name for each in self._by_id.values())
        self._names = {
            each.id: each.name if each.custom and names[each.name] == 1 else each.id
            for each in self._by_id.values()
        }
        self._ids = {name: id_ for id_, name in self._names.items()}

    def name(self, id_: str) -> str:
        """What we call a field."""
        return self._names.get(id_, id_)

    def named(self, name: str) -> Field:
        """The field that is called so, or has this id; `Permanent` where there is none."""
        name = ALIASES.get(name, name)
        found = self._by_id.get(self._ids.get(name, name))
        if found is None:
            raise Permanent(
                f"Jira has no field '{name}'",
                "`upheld check` lists them; mind upper and lower case",
            )
        return found

    def has(self, name: str) -> bool:
        """Whether there is a field that is called so."""
        return ALIASES.get(name, name) in self._ids or name in self._by_id

    def told(self, text: str) -> str:
        """A text of Jira's with our names in place of ids."""
        for id_, name in self._names.items():
            if id_ != name and id_ in text:
                text = text.replace(id_, name)
        return text

    def labelled(self, label: str) -> str:
        """Our name of a field by the one that it bears in a history: Data Center tells no id there."""
        found = (each.id for each in self._by_id.values() if each.name == label)
        return self.name(next(found, label))

    def values(self, raw: Mapping[str, Any]) -> Iterator[tuple[str, Value]]:
        """The fields of an issue that are plain values, by our names."""
        for id_, value in raw.items():
            if id_ not in APART:
                known = self._by_id.get(id_, Field(id_, id_))
                yield self.name(id_), read(known, value)


# --- values -------------------------------------------------------------------------------------


def read(field: Field, raw: Any) -> Value:
    """A value of Jira's JSON."""
    if isinstance(raw, list):
        return tuple(sorted(filter(None, map(_word, raw))))
    if field.type == "datetime" and isinstance(raw, str):
        return instant(raw)
    if raw is None or isinstance(raw, str | bool | int | float):
        return raw
    return _word(raw) or None


def _word(raw: Any) -> str:
    """What a thing is called."""
    if not isinstance(raw, Mapping):
        return "" if raw is None else str(raw)
    return next((str(raw[name]) for name in _NAMES if raw.get(name)), "")


def instant(text: str) -> datetime:
    """``2026-03-02T09:00:30.123+0000``, as Jira writes instants."""
    return datetime.fromisoformat(text).astimezone(UTC)


def written(at: datetime) -> str:
    """An instant as Jira reads it: milliseconds, and an offset without a colon."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03}+0000"


def sent(field: Field, name: str, value: Value, *, cloud: bool) -> Any:
    """What to write so that the field holds this; `Permanent` naming it where it can't."""
    if field.type == "array":
        return [_one(field.items, name, each, cloud=cloud) for each in _several(value)]
    if value is None or value == "":
        return None
    return _one(field.type, name, value, cloud=cloud)


def _several(value: Value) -> tuple[Any, ...]:
    if isinstance(value, tuple):
        return value
    return () if value is None or value == "" else (value,)


def _one(type_: str, name: str, value: Any, *, cloud: bool) -> Any:
    writer = _WRITERS.get(type_)
    if writer is None:
        what = f"'{name}' can't be written in Jira ({type_ or 'unknown'})"
        raise Permanent(what, "take it out of the connection's map")
    try:
        return writer(value, cloud)
    except (TypeError, ValueError):
        what = f"'{name}' takes no {value!r}"
        raise Permanent(what, f"it is a {type_} in Jira; look at the connection's map") from None


def _day(value: Any, _cloud: bool) -> str:
    return (value if isinstance(value, datetime) else date.fromisoformat(str(value))).strftime(
        "%Y-%m-%d"
    )


def _moment(value: Any, _cloud: bool) -> str:
    at = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    if at.tzinfo is None:
        raise ValueError("no zone")
    return written(at)


def _by(key: str) -> Callable[[Any, bool], Any]:
    return lambda value, _cloud: {key: str(value)}


def _user(value: Any, cloud: bool) -> Any:
    return {"accountId" if cloud else "name": str(value)}


def _text(value: Any, cloud: bool) -> str:
    return _moment(value, cloud) if isinstance(value, datetime) else str(value)


_WRITERS: Final[Mapping[str, Callable[[Any, bool], Any]]] = {
    "string": _text,
    "number": lambda value, _cloud: float(value),
    "date": _day,
    "datetime": _moment,
    "option": _by("value"),
    "user": _user,
    "group": _by("name"),
    # The organisations of Service Management go by their numbers.
    "sd-customerorganization": lambda value, _cloud: int(value),
    **dict.fromkeys(
        ("priority", "resolution", "component", "version", "issuetype", "securitylevel"),
        _by("name"),
    ),
}
