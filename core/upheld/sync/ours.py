"""What a case is to a tracker: our fields and their values now. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from upheld.calendar.instant import moment
from upheld.case.state import CaseState
from upheld.engine.case import Life
from upheld.plugin import Value


def ours(life: Life) -> dict[str, Value]:
    """Every field of ours by name, with its value now; None where the case has none.

    A flag of the policy is True where it is set, False where a person took it back. What the case
    was given under another name (a version, a region) keeps that name.
    """
    state = life.state
    named: dict[str, Value] = {
        "title": state.opened.subject,
        "status": state.status.value,
        "severity": state.acting_severity,
        "number": state.number,
        "due": None if life.due is None else moment(life.due),
        "queue": state.queue,
        "assignee": state.assignee,
        "customer": state.opened.customer,
        "product": state.product,
        "version": state.version,
        "outcome": state.outcome,
        "kind": state.case_kind,
    }
    return {**state.fields, **_flags(state), **named}


def _flags(state: CaseState) -> Mapping[str, Value]:
    return {flag: flag in state.flags for flag in sorted(state.flags | state.decided_flags)}


def plain(value: Any) -> Any:
    """A value as JSON has it: what is agreed on a link is kept so. An instant is in UTC."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return [plain(each) for each in value] if isinstance(value, tuple | list) else value


def empty(value: Any) -> bool:
    """Whether a field has nothing in it."""
    return value is None or value in ("", [], ())
