"""A heartbeat's silence (P-07): judged, and only from when it could be heard."""

from __future__ import annotations

from dataclasses import replace

from tests.core.engine.watching import DOWN, START, UP, Watch
from upheld.calendar.instant import DAY, HOUR, MINUTE, Instant, iso
from upheld.case.monitor import Cadence, Seen, Sight
from upheld.engine.checks import awaited
from upheld.engine.counting import silent

#: Daily, with two hours of grace; ten requests, which mean nothing for a verdict.
BACKUP = Cadence(every=DAY, requests=10, silence=DAY + 2 * HOUR, asked=False)
MISSED = START + DAY + 2 * HOUR


def heard() -> Watch:
    found = Watch(BACKUP)
    found.see(START, UP)
    found.turns.clear()
    return found


def judged(found: Watch, now: Instant, since: Instant = START, sight: Sight = Sight()) -> bool:  # noqa: B008
    seen = silent(found.cadence, found.tally, since, now)
    if seen is not None:
        found.take(seen, sight)
    return seen is not None


def test_it_is_looked_at_when_its_time_is_up() -> None:
    assert heard().due == MISSED
    assert not judged(heard(), MISSED - 1)


def test_one_silence_is_an_outage_however_many_requests_others_need() -> None:
    found = heard()
    assert judged(found, MISSED)
    assert found.states == ["down"]
    assert found.turns[0][1].detail == f"not heard of since {iso(START)}"


def test_silence_that_goes_on_is_no_other_fact_and_no_reading() -> None:
    found = heard()
    for number in range(30):
        judged(found, MISSED + number * 5 * MINUTE)
    assert found.states == ["down"]
    assert [each.at for each in found.tally.recent] == [START]
    assert found.due == MISSED + 30 * 5 * MINUTE


def test_heard_of_again_it_is_up() -> None:
    found = heard()
    judged(found, MISSED)
    found.see(MISSED + HOUR, UP)
    assert found.states == ["down", "up"]
    assert found.due == MISSED + HOUR + DAY + 2 * HOUR


def test_one_that_says_that_it_failed_is_down_at_once() -> None:
    found = heard()
    found.see(START + HOUR, DOWN, detail="disk full")
    assert found.states == ["down"]
    assert found.due == START + HOUR + DAY + 2 * HOUR


def test_our_own_downtime_is_nobodys_silence() -> None:
    found = heard()
    back = MISSED + HOUR
    assert not judged(found, back, since=back)
    assert awaited(BACKUP, found.tally, back) == back + DAY + 2 * HOUR
    assert judged(found, back + DAY + 2 * HOUR, since=back)


def test_what_was_never_heard_of_is_missed_from_when_it_was_set_up() -> None:
    found = Watch(BACKUP)
    assert not judged(found, MISSED - 1)
    assert judged(found, MISSED)
    assert found.turns[0][1].detail == "never heard of"


def test_a_silence_in_a_window_is_excused_and_judged_soon_after_it() -> None:
    found = heard()
    judged(found, MISSED, sight=Sight(window="W1"))
    assert (found.states, found.due) == (["down (window W1)"], MISSED + 5 * MINUTE)
    judged(found, MISSED + 5 * MINUTE)
    assert found.states[-1] == "down"


def test_a_silence_in_blindness_is_inconclusive_and_a_word_is_a_word() -> None:
    found = heard()
    judged(found, MISSED, sight=Sight(blind="no line"))
    assert (found.states, found.due) == (["inconclusive"], MISSED + 5 * MINUTE)
    found.see(MISSED + MINUTE, UP, Sight(blind="no line"))
    assert found.states == ["inconclusive", "up"]


def test_the_same_silence_twice_counts_once() -> None:
    found = heard()
    seen = silent(BACKUP, found.tally, START, MISSED)
    assert seen is not None
    found.take(seen)
    before = found.tally
    found.take(seen)
    assert found.tally == before


def test_who_may_be_silent_is_never_missed() -> None:
    found = heard()
    free = replace(BACKUP, silence=None)
    assert silent(free, found.tally, START, START + 100 * DAY) is None
    assert awaited(free, found.tally, START) is None


def test_of_what_is_told_and_may_be_silent_nothing_is_due() -> None:
    found = Watch(replace(BACKUP, silence=None))
    assert found.take(Seen(START, UP)).due is None
