"""Rows of incidents as items, and fields as values to be written. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from upheld.plugin import FieldSpec, Permanent, Ref, Schema, Transition, Value
from upheld_remedy.config import RemedyConfig
from upheld_remedy.presets import Name

#: Of every incident, whatever is mapped: how it is addressed, when it changed.
ENTRY, NUMBER, INSTANCE = "Entry ID", "Incident Number", "InstanceId"
CHANGED, CHANGED_BY, OPENED = "Last Modified Date", "Last Modified By", "Submit Date"
_OURS: Final = (ENTRY, NUMBER, INSTANCE, CHANGED, CHANGED_BY, OPENED)
_PREFIX: Final = "upheld:"
_CUT: Final = 12
#: Not of an incident's content: its version stays the same without them.
_APART: Final = frozenset({CHANGED, CHANGED_BY})


# --- times and keys -----------------------------------------------------------------------------


def instant(text: str) -> datetime:
    """A time as AR System shows it: 2022-12-23T10:28:40.000+0000, in whatever zone."""
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%f%z").astimezone(UTC)


def written(at: datetime) -> str:
    """A time as AR System takes it, to the second."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.000+0000"


def marker(key: str, longest: int) -> str:
    """What stands in a field for a key; one that is too long for it is cut, with a digest at its end."""
    whole = f"{_PREFIX}{key}"
    if len(whole) <= longest:
        return whole
    told = hashlib.blake2b(key.encode(), digest_size=_CUT // 2).hexdigest()
    return f"{whole[: longest - _CUT - 1]}~{told}"


def key_in(text: Any) -> str | None:
    """The key in a field, None where it holds none of ours."""
    held = str(text or "")
    return held.removeprefix(_PREFIX) if held.startswith(_PREFIX) else None


def instance(key: str) -> str:
    """An InstanceId of ours (field 179, unique): a second create with the same one is refused (382)."""
    return "UPH" + hashlib.blake2b(key.encode(), digest_size=17).hexdigest().upper()[:34]


def ref(row: Mapping[str, Any], form: str) -> Ref:
    """An incident is known by its InstanceId, which is no number: Entry ID and incident number look
    alike and are not. People say the number."""
    return Ref(form, str(row[INSTANCE]), str(row[NUMBER]))


# --- reading ------------------------------------------------------------------------------------


def read_names(config: RemedyConfig) -> tuple[str, ...]:
    """The fields to ask for."""
    mapped = (name.read for name in config.names.values())
    ours = (*_OURS, config.customer_field.read, config.key_field.read)
    return tuple(dict.fromkeys((*ours, *mapped)))


def fields(row: Mapping[str, Any], names: Mapping[str, Name]) -> dict[str, Value]:
    """An incident's fields under our names."""
    return {ours: _value(row.get(name.read), name) for ours, name in names.items()}


def _value(value: Any, name: Name) -> Value:
    if name.date and isinstance(value, str) and value:
        return instant(value)
    plain: Value = value
    return plain


def content(row: Mapping[str, Any]) -> dict[str, Any]:
    """What the version of an incident stands for."""
    return {name: value for name, value in row.items() if name not in _APART}


# --- writing ------------------------------------------------------------------------------------


def changed(
    wanted: Mapping[str, Value], row: Mapping[str, Any], config: RemedyConfig
) -> dict[str, Value]:
    """What of this is not so yet, with what goes with a status; `Permanent` where it can't be."""
    now = fields(row, config.names)
    for field, value in wanted.items():
        _check(field, value, config)
    news = {ours: value for ours, value in wanted.items() if not _same(value, now.get(ours))}
    if news.get("status"):
        news |= _with_status(news, now, config)
    return news


def opening(wanted: Mapping[str, Value], config: RemedyConfig) -> dict[str, Value]:
    """What a new incident is to have; a title that is too long is cut, and stands in the text."""
    longest = config.names["title"].longest or 255
    given: dict[str, Value] = {ours: each for ours, each in wanted.items() if each is not None}
    given["title"] = " ".join(str(given.get("title") or "(no title)").split())[:longest]
    for field, value in given.items():
        _check(field, value, config)
    if given.get("status"):
        given |= _with_status(given, {}, config)
    return given


def _check(field: str, value: Value, config: RemedyConfig) -> None:
    name = config.names.get(field)
    if name is None or not (name.modify or field == "priority"):
        what = f"'{field}' can't be written in Remedy"
        raise Permanent(what, "take it out of the connection's map, or name it in `fields`")
    allowed = config.statuses if field == "status" else values_of(field, config)
    if allowed and value not in allowed:
        raise Permanent(f"{value!r} is no {field} here", f"take one of {', '.join(allowed)}")
    if name.longest is not None and len(str(value or "")) > name.longest:
        raise Permanent(f"'{field}' takes {name.longest} characters", "shorten it")


def _same(wanted: Value, now: Value) -> bool:
    return wanted == now or (wanted in (None, "") and now in (None, ""))


def _with_status(
    wanted: Mapping[str, Value], now: Mapping[str, Value], config: RemedyConfig
) -> dict[str, Value]:
    """What goes with a status; a reason of another status says nothing about this one."""
    status = str(wanted["status"])
    kept = {ours: value for ours, value in now.items() if ours != "status_reason" and value}
    usual = config.with_status.get(status, {})
    filled: dict[str, Value] = {
        ours: value for ours, value in usual.items() if not (wanted.get(ours) or kept.get(ours))
    }
    have = {**kept, **filled, **wanted}
    missing = [ours for ours in config.required.get(status, ()) if not have.get(ours)]
    if missing:
        what = f"the status '{status}' needs {' and '.join(missing)}"
        raise Permanent(
            what, f"set it there, or in `with_status`: {{{status}: {{{missing[0]}: …}}}}"
        )
    return filled


def to_modify(wanted: Mapping[str, Value], config: RemedyConfig) -> dict[str, Any]:
    """Values for the form that modifies."""
    own = _named(wanted, {ours: name.modify for ours, name in config.names.items()}, config)
    return {config.modify_action: "MODIFY", **own}


def to_create(wanted: Mapping[str, Value], config: RemedyConfig) -> dict[str, Any]:
    """Values for the form that creates."""
    own = _named(wanted, {ours: name.create for ours, name in config.names.items()}, config)
    return {**config.create, config.create_action: "CREATE", **own}


def _named(
    wanted: Mapping[str, Value], names: Mapping[str, str | None], config: RemedyConfig
) -> dict[str, Any]:
    """By the names of a form. A priority is written as the impact and urgency that make it."""
    pair: dict[str, Value] = {}
    if wanted.get("priority"):
        impact, urgency = config.priorities[str(wanted["priority"])]
        pair = {"impact": impact, "urgency": urgency}
        other = next(
            (ours for ours, value in pair.items() if wanted.get(ours, value) != value), None
        )
        if other is not None:
            what = f"the priority {wanted['priority']} and the {other} {wanted[other]} differ"
            raise Permanent(what, f"map one of them: the priority follows from the {other}")
    written_: dict[str, Any] = {}
    for ours, value in {**wanted, **pair}.items():
        theirs = names.get(ours)
        if theirs is not None:
            written_[theirs] = written(value) if isinstance(value, datetime) else value
    return written_


# --- the schema ---------------------------------------------------------------------------------


def values_of(field: str, config: RemedyConfig) -> tuple[str, ...] | None:
    """The values that a field can have, None where it is free. Those of a status reason depend on the
    status, and those of the rest on the site."""
    listed: Mapping[str, Iterable[str]] = {
        "impact": config.impacts,
        "urgency": config.urgencies,
        "priority": config.priorities,
    }
    return tuple(listed[field]) if field in listed else None


def schema(config: RemedyConfig) -> Schema:
    """The fields and statuses of the connection's settings; `upheld check` holds them against the server."""
    specs = tuple(
        FieldSpec(
            ours,
            name.read,
            writable=bool(name.modify or ours == "priority"),
            required=ours in {"title", "status"},
            values=values_of(ours, config),
        )
        for ours, name in config.names.items()
    )
    moves = (_move(status, config) for status in config.statuses)
    return Schema(specs, config.statuses, tuple(moves))


def _move(status: str, config: RemedyConfig) -> Transition:
    given = config.with_status.get(status, {})
    needs = tuple(ours for ours in config.required.get(status, ()) if ours not in given)
    return Transition(status, "*", status, needs)
