"""What a letter can say of a hand-over, to whoever came on duty. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from upheld.calendar.instant import moment
from upheld.engine.shift import HAND_OVER
from upheld.ledger import ListedCase, OutboxItem


def handover(
    item: OutboxItem, cases: Sequence[ListedCase], people: Mapping[str, str], zone: ZoneInfo
) -> Mapping[str, Any]:
    """The rotation, and each case that still waits: what, since when, with whom; nothing in other letters."""
    about = item.facts.get(HAND_OVER)
    if not about:
        return {}
    return {"rotation": about["rotation"], "cases": [_case(each, people, zone) for each in cases]}


def _case(case: ListedCase, people: Mapping[str, str], zone: ZoneInfo) -> Mapping[str, Any]:
    opened = moment(case.opened).astimezone(zone)
    return {
        "number": case.number or case.id,
        "title": " ".join(case.title.split()),
        "customer": case.customer or "",
        "opened": f"{opened:%Y-%m-%d %H:%M} {opened.tzname()}",
        "holder": people.get(case.assignee or "", case.assignee or ""),
        "worked": case.worked,
    }
