"""Lengths of time as upheld.yaml writes them: real time, with no calendar."""

from __future__ import annotations

from typing import Annotated, Any, TypeAlias

from pydantic import BeforeValidator

from upheld.calendar.instant import Span
from upheld.policy.durations import parse_duration
from upheld.policy.times import Elapsed


def lapse(text: Any) -> Any:
    """``5 minutes`` as a span; ``ValueError`` says what is wrong."""
    if not isinstance(text, str):
        raise ValueError("is no duration: write 5 minutes")  # noqa: TRY004
    found = parse_duration(text, days=True)
    if not isinstance(found, Elapsed):
        raise ValueError(f"{text!r} takes a calendar, which there is none of here")  # noqa: TRY004
    return found.span


def lapse_or_off(text: Any) -> Any:
    """The same, or ``off``: no time at all. YAML reads ``off`` as false."""
    return 0 if text is False or text == "off" else lapse(text)


Lapse: TypeAlias = Annotated[Span, BeforeValidator(lapse)]
LapseOrOff: TypeAlias = Annotated[Span, BeforeValidator(lapse_or_off)]
