"""A calendar as written in a policy, before it is compiled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from upheld.calendar.instant import Span


@dataclass(frozen=True, slots=True)
class CalendarSpec:
    """When business time runs, as written: compiled by ``upheld.calendar``.

    ``week`` maps ``mon-fri`` or ``sat`` to ``08:00-17:00`` or a list of those; ``always`` is 24x7;
    ``holidays`` and ``extra`` are ISO days; ``holiday_source`` is what a later version resolves
    (country, subdivision, feed); ``day`` is the length of a business day.
    """

    name: str
    always: bool = False
    zone: str = "UTC"
    week: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    holidays: tuple[str, ...] = ()
    extra: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    holiday_source: Mapping[str, Any] | None = None
    day: Span | None = None
