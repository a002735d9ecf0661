"""Actions of a decision become rows of the outbox, in the decision's own transaction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Connection, Text, bindparam, exists, func, or_, select, update

from upheld.calendar.instant import Instant
from upheld.case.decision import Action, Cancel, CreateItem, Purpose, Send, Withdraw
from upheld.ledger.merging import STILL_CARRIED, free
from upheld.ledger.newness import tell
from upheld.ledger.outbox import USUAL, anew
from upheld.ledger.part import dump, one_of, unless_there
from upheld.ledger.records import CREATE_ITEM, WITHDRAW
from upheld.ledger.schema import delivery, outbox
from upheld.ledger.states import UNFINISHED, DeliveryState, OutboxState

_WAKING: Final = (Purpose.PAGE.value, Purpose.CALL.value)
_URGENCY: Final = {Purpose.PAGE: 0, Purpose.CALL: 1, Purpose.STAND_DOWN: 2}
_STAND_DOWN_URGENCY: Final = 2
_OTHER_URGENCY: Final = 5

# A step's key is unique: the second time, nothing is inserted.
_INSERT: Final = unless_there(outbox)

_STILL_IN: Final = (OutboxState.PENDING, OutboxState.HELD)
_LEFT: Final = (*_STILL_IN, OutboxState.PLANNED)
_PENDING_DELIVERY: Final = one_of(delivery.c.state, [DeliveryState.PENDING])

_NOT_WANTED: Final = update(outbox).values(unwanted=bindparam("because"))
_DROP_DELIVERIES: Final = update(delivery).values(
    state=DeliveryState.DROPPED.value, detail=bindparam("because")
)
# What was planned again for somebody else is named after the first: it is taken back with it.
_OF_KEY: Final = (outbox.c.subject == bindparam("of_subject")) & or_(
    outbox.c.key == bindparam("of"),
    func.substr(outbox.c.key, 1, func.length(bindparam("anew", type_=Text))) == bindparam("anew"),
)
_OF_PAGES: Final = (outbox.c.subject == bindparam("of")) & outbox.c.purpose.in_(_WAKING)


def carry_out(connection: Connection, actions: Sequence[tuple[str, Action]], now: Instant) -> None:
    """Write the actions, each with its subject, in their order."""
    rows: list[dict[str, Any]] = []
    for subject, action in actions:
        if isinstance(action, Withdraw | Cancel):
            _insert(connection, rows)
            _take_back(connection, subject, action)
        if not isinstance(action, Cancel):
            rows.append(_row(subject, action, now))
    _insert(connection, rows)


def _insert(connection: Connection, rows: list[dict[str, Any]]) -> None:
    if rows:
        connection.execute(_INSERT[connection.dialect.name], rows)
        tell(connection)
        rows.clear()


def _row(subject: str, action: Send | Withdraw | CreateItem, now: Instant) -> dict[str, Any]:
    row = {"key": action.key, "subject": subject, "due": now, "created": now}
    return {**USUAL, **row, **_own(action)}


def _own(action: Send | Withdraw | CreateItem) -> dict[str, Any]:
    if isinstance(action, Send):
        return _own_of_send(action)
    if isinstance(action, CreateItem):
        return {
            "purpose": CREATE_ITEM,
            "connection": action.connection,
            "facts": dump(dict(action.facts)),
        }
    return {
        "purpose": WITHDRAW,
        "why": action.why.value,
        "clauses": dump(action.clauses),
        "urgency": _STAND_DOWN_URGENCY,
    }


def _own_of_send(send: Send) -> dict[str, Any]:
    return {
        "purpose": send.purpose.value,
        "recipients": dump(send.to),
        "clauses": dump(send.clauses),
        "due": send.due,
        "late": send.late,
        "template": send.template,
        "facts": dump(dict(send.facts)),
        "urgency": urgency(send.purpose),
    }


def urgency(purpose: Purpose) -> int:
    """How soon a message goes out among others: 0 first."""
    return _URGENCY.get(purpose, _OTHER_URGENCY)


def _take_back(connection: Connection, subject: str, action: Withdraw | Cancel) -> None:
    if isinstance(action, Cancel):
        which = _BY_KEY
        values = {"of": action.key, "because": action.reason}
        values |= {"of_subject": subject, "anew": anew(action.key, "")}
    else:
        because = f"no longer wanted: {action.why.value}"
        which, values = _BY_SUBJECT, {"of": subject, "because": because}
    for statement in which:
        connection.execute(statement, values)
    free(connection, subject)


def _taking_back(which: Any) -> tuple[Any, ...]:
    """Mark as unwanted, drop what was never begun, and close messages that nothing is left of."""
    keys = select(outbox.c.key).where(which)
    unfinished = exists().where(
        delivery.c.outbox_key == outbox.c.key,
        one_of(delivery.c.state, UNFINISHED),
    )
    begun = exists().where(
        delivery.c.outbox_key == outbox.c.key, delivery.c.state != DeliveryState.DROPPED.value
    )
    left = one_of(outbox.c.state, _LEFT)
    planned = one_of(outbox.c.state, [OutboxState.PLANNED])
    dropped = {"state": OutboxState.DROPPED.value, "reason": bindparam("because")}
    return (
        _NOT_WANTED.where(which, outbox.c.unwanted.is_(None), or_(left, STILL_CARRIED)),
        _DROP_DELIVERIES.where(delivery.c.outbox_key.in_(keys), _PENDING_DELIVERY),
        update(outbox).where(which, outbox.c.wake_at.is_not(None)).values(wake_at=None),
        update(outbox).where(which, one_of(outbox.c.state, _STILL_IN)).values(dropped),
        update(outbox).where(which, planned, ~begun).values(dropped),
        update(outbox).where(which, planned, ~unfinished).values(state=OutboxState.DONE.value),
    )


_BY_KEY: Final = _taking_back(_OF_KEY)
_BY_SUBJECT: Final = _taking_back(_OF_PAGES)
