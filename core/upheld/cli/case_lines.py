"""Cases as lines, as objects, and as the list of what happened to them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import fields
from typing import TYPE_CHECKING, Any, Final

from upheld.cli.output import length, line, local, stamp
from upheld.engine.terms import LATE
from upheld.report.proposals import proposal

if TYPE_CHECKING:
    from upheld.case.events import Event
    from upheld.ledger import ListedCase, StoredEvent

COLUMNS: Final = (
    "case",
    "number",
    "sev",
    "status",
    "due",
    "warned",
    "assignee",
    "customer",
    "title",
)
_INSTANTS: Final = ("opened", "due")
_SHOWN: Final = 100


def row(case: ListedCase, zone: str) -> tuple[object, ...]:
    """A line of the list."""
    due = local(case.due, zone)
    status = case.status.replace("_", " ")
    warned = ", ".join(each.replace("_", " ") for each in case.warned.split())
    who, whose = case.assignee, case.customer
    return case.id, case.number, case.severity, status, due, warned, who, whose, case.title


def as_object(case: ListedCase) -> dict[str, object]:
    """A case for machines; instants in UTC."""
    plain = {name: getattr(case, name) for name in _PLAIN}
    instants = {name: stamp(getattr(case, name)) for name in _INSTANTS}
    return plain | instants | {"warned": case.warned.split()}


_PLAIN: Final = (
    "id",
    "number",
    "status",
    "severity",
    "queue",
    "assignee",
    "customer",
    "title",
    "worked",
    "policy",
)


def sentence(case: ListedCase, zone: str) -> str:
    """How a case stands, in one line."""
    name = f"{case.id} ({case.number})" if case.number else case.id
    parts = [f"Severity {case.severity}" if case.severity else "no severity yet"]
    parts.append(case.status.replace("_", " "))
    parts += [f"due {local(case.due, zone)}"] if case.due is not None else []
    return f"{name}: {', '.join(parts)}: {line(case.title)}"


def happened(events: Iterable[StoredEvent], zone: str) -> Iterator[tuple[str, str, str, str]]:
    """When, who, what, and the words of each event."""
    for stored in events:
        when, what = local(stored.at, zone, seconds=True), stored.kind.replace("_", " ")
        if stored.event is None:
            yield when, "", what, "erased"
        else:
            yield when, stored.event.actor.id, what, _words(stored.event)


def event_object(stored: StoredEvent) -> dict[str, object]:
    """An event for machines."""
    found: dict[str, object] = {
        "seq": stored.seq,
        "id": stored.id,
        "kind": stored.kind,
        "origin": stored.origin.value,
        "at": stamp(stored.at),
        "seen": stamp(stored.seen),
    }
    if stored.event is None:
        return found | {"erased": True}
    actor = stored.event.actor
    return found | {"actor": actor.id, "side": actor.side.value, **_values(stored.event)}


def _values(event: Event) -> Mapping[str, Any]:
    """What an event says beyond its defaults; what is an instant is written as one."""
    found: dict[str, Any] = {}
    for field in fields(event.body):
        value = getattr(event.body, field.name)
        if value == field.default or field.name in {"kind", "rank"}:
            continue
        instant = field.name in {"due", "since", "until", "met_at", "enforced_from"}
        found[field.name] = stamp(value) if instant else _plain(value)
    return found


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _words(event: Event) -> str:
    say = _SAYS.get(event.body.kind)
    if say is not None:
        said = say(event.body)
    else:
        said = ", ".join(f"{name} {_flat(value)}" for name, value in _values(event).items())
    said = line(said)
    return said if len(said) <= _SHOWN else f"{said[: _SHOWN - 1]}…"


def _step(body: Any) -> str:
    late = f", {length(body.late)} late" if body.late >= LATE else ""
    return f"{body.clause} {body.result.value}{late}"


def _receipt(body: Any) -> str:
    return f"{body.purpose} to {body.recipient} over {body.connection}: {body.state} {body.detail}"


#: What a line says of the kinds that come most; of the others, their values.
_SAYS: Final[Mapping[str, Callable[[Any], str]]] = {
    "opened": lambda body: f"{body.subject}: {body.text}" if body.text else body.subject,
    "public_reply": lambda body: body.text,
    "customer_message": lambda body: body.text,
    "noted": lambda body: body.text,
    "proposed": proposal,
    "outcome_set": lambda body: f"{body.outcome or 'none'} {body.about}: {body.reason}",
    "linked": lambda body: f"{body.connection} {body.key}",
    "step_taken": _step,
    "verdict_given": lambda body: f"{body.clause} {body.verdict} ({body.key})",
    "warned": lambda body: f"{body.clause} aim is up" + (", taken back" if body.taken_back else ""),
    "receipted": _receipt,
}


def _flat(value: Any) -> str:
    return " ".join(map(str, value)) if isinstance(value, list) else line(str(value))
