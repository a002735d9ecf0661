"""Maintenance windows as an iCalendar (RFC 5545), for the calendars of people."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import takewhile
from typing import Any, Final

from upheld.calendar.instant import Instant, iso, moment
from upheld.calendar.occurrences import Occurrence
from upheld.case.window import Window
from upheld.ledger.windows import ListedWindow

_PRODUCT: Final = "-//Upheld//maintenance//EN"


def write_feed(site: str, windows: Iterable[ListedWindow], now: Instant, until: Instant) -> str:
    """Each time that is not over at ``now`` and begins before ``until``. It keeps its UID, and one that is
    off is cancelled under it, so that a calendar that had it takes it out."""
    from icalendar import Calendar

    feed = Calendar()
    feed.add("prodid", _PRODUCT)
    feed.add("version", "2.0")
    for listed in windows:
        window = Window.read(listed.state)
        for time in takewhile(lambda time: time.begins < until, window.times.after(now)):
            feed.add_component(_event(site, listed, window, time, now))
    return str(feed.to_ical().decode("utf-8"))


def _event(site: str, listed: ListedWindow, window: Window, time: Occurrence, now: Instant) -> Any:
    from icalendar import Event

    off = window.off is not None or time.begins in window.dropped
    event = Event()
    event.add("uid", f"{listed.id}/{iso(time.begins)}@{site}")
    event.add("dtstamp", moment(now))
    event.add("dtstart", moment(time.begins))
    event.add("dtend", moment(time.ends))
    event.add("sequence", int(off))
    event.add("status", "CANCELLED" if off else "CONFIRMED")
    event.add("summary", f"{listed.id}: {listed.title}")
    if window.reason:
        event.add("description", window.reason)
    return event
