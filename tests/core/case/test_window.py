"""A window as it stands: when it covers what, whatever of it is off, in every zone."""

from __future__ import annotations

import json
from collections.abc import Mapping

from hypothesis import given
from hypothesis import strategies as st

from upheld.calendar.instant import DAY, HOUR, MINUTE, Instant, parse
from upheld.calendar.occurrences import Occurrence, Occurrences
from upheld.case.events import UPHELD, Event, WindowCancelled, WindowPlanned
from upheld.case.window import Window, WindowStatus

#: Before the clocks change in each of the zones, in spring and in autumn.
BEGINNINGS = st.sampled_from(
    ["2026-03-01T01:30:00Z", "2026-03-25T00:30:00Z", "2026-10-01T14:30:00Z", "2026-10-20T05:00:00Z"]
).map(parse)
ZONE = st.sampled_from(["Europe/Prague", "America/New_York", "Australia/Lord_Howe", "UTC"])
RULE = st.sampled_from(["", "FREQ=DAILY;COUNT=15", "FREQ=WEEKLY;COUNT=4", "FREQ=MONTHLY;COUNT=3"])
INSTANT = st.integers(-DAY, 100 * DAY)


@st.composite
def windows(draw: st.DrawFn) -> Window:
    """Some times of it are off since some instant, perhaps all of it."""
    begins = draw(BEGINNINGS)
    first = Occurrence(begins, begins + draw(st.integers(1, 20)) * HOUR)
    times = Occurrences(first, draw(ZONE), draw(RULE))
    beginnings = [time.begins for time in times.after(0)]
    since = INSTANT.map(lambda after: begins + after)
    return Window(
        ("acme/www", "acme/mail"),
        times,
        draw(st.text(max_size=5)),
        off=draw(st.none() | since),
        told=draw(st.dictionaries(st.sampled_from(["M-24/M-24", "A/b"]), since, max_size=2)),
        heard=draw(st.none() | since),
        dropped=draw(st.dictionaries(st.sampled_from(beginnings), since, max_size=3)),
        late=draw(st.none() | st.tuples(since, since, since)),
    )


@given(windows())
def test_what_is_stored_is_what_was(window: Window) -> None:
    assert Window.read(json.loads(json.dumps(window.write()))) == window


def test_what_an_older_version_stored_is_read() -> None:
    state = {"monitors": ["www"], "times": [1, 2, "UTC", ""]}
    assert Window.read(state) == Window(("www",), Occurrences(Occurrence(1, 2)))


def covered(window: Window, at: Instant) -> bool:
    """As somebody with a list of its times would say it."""
    if window.off is not None and window.off <= at:
        return False
    return any(
        time.covers(at)
        and not (time.begins in window.dropped and window.dropped[time.begins] <= at)
        for time in window.times.after(0)
    )


@given(windows(), st.data())
def test_it_covers_what_a_list_of_its_times_does(window: Window, data: st.DataObject) -> None:
    times = [*window.times.after(0)]
    time = data.draw(st.sampled_from(times))
    around = st.sampled_from([time.begins, time.ends, time.begins + MINUTE, time.ends - MINUTE])
    at = data.draw(around) + data.draw(st.sampled_from([-1, 0, 1]))
    assert window.covers("acme/www", at) == covered(window, at)
    assert (window.status(at) is WindowStatus.STANDING) == covered(window, at)
    assert not window.covers("acme/other", at)


@given(windows(), INSTANT)
def test_what_comes_next_is_not_off_and_nothing_of_it_is_passed_over(
    window: Window, after: Instant
) -> None:
    at = window.times.first.begins + after
    left = [
        time
        for time in window.times.after(at)
        if time.begins not in window.dropped or window.dropped[time.begins] > at
    ]
    off = window.off is not None and window.off <= at
    assert window.next(at) == (None if off or not left else left[0])
    ends = WindowStatus.CANCELLED if off else WindowStatus.OVER
    assert (window.status(at) is ends) == (window.next(at) is None)


def cancelled(at: Instant, time: Instant | None = None) -> Event:
    return Event(f"e{at}", at, at, UPHELD, WindowCancelled(time=time))


def test_it_hears_what_was_said_of_it_and_whatever_was_said_first_holds() -> None:
    planned = Window.planned(WindowPlanned(("www",), DAY, DAY + HOUR, "UTC", "FREQ=DAILY"))
    heard = planned.hears([cancelled(5, 2 * DAY), cancelled(9), cancelled(7)])
    assert (heard.off, heard.dropped) == (7, {2 * DAY: 5})
    again: Mapping[Instant, Instant] = heard.hears([cancelled(8, 2 * DAY)]).dropped
    assert again == {2 * DAY: 5}
    assert planned.hears([]) == planned
