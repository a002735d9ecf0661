"""Who is tried next: from how the sendings stand, and the time, alone."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upheld.calendar.instant import MINUTE, SECOND, Instant
from upheld.dispatch.failover import Attempt, Patience, Pursuit, Try, Verdict, decide
from upheld.dispatch.routes import Way
from upheld.ledger import DeliveryState
from upheld.plugin import Channel

T0: Final[Instant] = 1_000 * MINUTE
PAGER: Final = Way(Channel.PAGE, "pager")
SMS: Final = Way(Channel.SMS, "gateway")
VOICE: Final = Way(Channel.VOICE, "gateway")
WAYS: Final = {"ann": (PAGER, SMS, VOICE), "bo": (PAGER, SMS), "cy": (VOICE,)}
PATIENCE: Final = Patience()
ACCEPTED, DELIVERED = DeliveryState.ACCEPTED, DeliveryState.DELIVERED
ACKNOWLEDGED, DEAD = DeliveryState.ACKNOWLEDGED, DeliveryState.DEAD


def tried(
    state: DeliveryState = ACCEPTED, way: Way = PAGER, person: str = "ann", **values: object
) -> Attempt:
    return replace(Attempt(person, way, state, T0, tells=True), **values)  # type: ignore[arg-type]


def pursuit(*attempts: Attempt, **values: object) -> Pursuit:
    return replace(Pursuit(attempts, WAYS, PATIENCE), **values)  # type: ignore[arg-type]


def next_of(verdict: Verdict) -> list[tuple[str, Way]]:
    return [(each.person, each.way) for each in verdict.tries]


def test_what_went_out_a_moment_ago_is_waited_for() -> None:
    assert decide(pursuit(tried()), T0 + MINUTE) == Verdict(wake_at=T0 + 2 * MINUTE)


def test_what_is_accepted_and_not_delivered_in_its_time_goes_on_to_the_next_way() -> None:
    verdict = decide(pursuit(tried()), T0 + 2 * MINUTE)
    assert next_of(verdict) == [("ann", SMS)]
    assert verdict.tries[0].why == "not delivered within 2 min"
    assert verdict.wake_at == T0 + 4 * MINUTE


def test_what_is_delivered_has_until_it_is_to_be_acknowledged() -> None:
    arrived = pursuit(tried(DELIVERED))
    assert decide(arrived, T0 + 5 * MINUTE - 1) == Verdict(wake_at=T0 + 5 * MINUTE)
    verdict = decide(arrived, T0 + 5 * MINUTE)
    assert next_of(verdict) == [("ann", SMS)]
    assert verdict.tries[0].why == "not acknowledged within 5 min"


def test_of_a_provider_that_never_tells_nothing_but_the_acknowledgement_is_waited_for() -> None:
    silent = pursuit(tried(tells=False))
    assert decide(silent, T0 + 2 * MINUTE).wake_at == T0 + 5 * MINUTE


def test_what_could_not_be_sent_in_its_time_goes_on_though_it_is_still_tried() -> None:
    stuck = pursuit(tried(DeliveryState.PENDING, tells=False))
    verdict = decide(stuck, T0 + 2 * MINUTE)
    assert (next_of(verdict), verdict.tries[0].why) == ([("ann", SMS)], "not sent within 2 min")


@pytest.mark.parametrize("state", [DEAD, DeliveryState.FAILED])
def test_what_failed_goes_on_at_once(state: DeliveryState) -> None:
    verdict = decide(pursuit(tried(state, detail="no such number")), T0)
    assert next_of(verdict) == [("ann", SMS)]
    assert verdict.tries[0].why == "failed: no such number"


def test_after_the_last_way_of_the_last_person_comes_who_comes_then() -> None:
    attempts = (tried(DEAD), tried(DEAD, SMS), tried(DEAD, VOICE))
    assert next_of(decide(pursuit(*attempts, then=("bo",)), T0)) == [("bo", PAGER)]


def test_nobody_comes_then_while_one_of_those_who_were_paged_has_time_left() -> None:
    attempts = (tried(DEAD, VOICE, "cy"), tried(DELIVERED, SMS, "bo"))
    found = decide(pursuit(*attempts, then=("ann",)), T0)
    assert found == Verdict(wake_at=T0 + 5 * MINUTE)


def test_who_was_paged_already_is_not_paged_again_as_the_one_who_comes_then() -> None:
    attempts = (tried(DEAD, VOICE, "cy"), tried(DEAD, PAGER, "bo"), tried(DEAD, SMS, "bo"))
    assert next_of(decide(pursuit(*attempts, then=("cy", "bo", "ann")), T0)) == [("ann", PAGER)]


def test_where_it_is_known_that_it_reached_nobody_the_operators_are_told_at_last() -> None:
    nobody = pursuit(tried(DEAD, VOICE, "cy"), last=("bo",))
    assert next_of(decide(nobody, T0)) == [("bo", PAGER)]
    reached = pursuit(tried(DELIVERED, VOICE, "cy"), last=("bo",))
    ended = decide(reached, T0 + 5 * MINUTE)
    assert (ended.tries, ended.unanswered) == ((), reached.attempts[0])


def test_an_acknowledgement_of_anybody_stops_all_of_it() -> None:
    attempts = (tried(DEAD), tried(ACKNOWLEDGED, SMS, "bo"))
    assert decide(pursuit(*attempts), T0 + MINUTE) == Verdict(wake_at=T0 + 30 * MINUTE)


def test_an_acknowledgement_expires_and_whoever_gave_it_is_reminded_first() -> None:
    verdict = decide(pursuit(tried(ACKNOWLEDGED, SMS, "bo")), T0 + 30 * MINUTE)
    assert [(t.person, t.way, t.lap, t.why) for t in verdict.tries] == [
        ("bo", PAGER, 2, "acknowledged, and not worked since")
    ]


def test_whoever_acknowledged_and_is_no_longer_reached_at_all_is_no_dead_end() -> None:
    """They have left, or what reached them may not leave any more: whoever comes next is paged."""
    acknowledged = tried(ACKNOWLEDGED, person="left")
    verdict = decide(pursuit(acknowledged, then=("bo",)), T0 + 30 * MINUTE)
    assert [(t.person, t.way, t.lap) for t in verdict.tries] == [("bo", PAGER, 2)]
    assert decide(pursuit(acknowledged), T0 + 30 * MINUTE).unanswered == acknowledged


@pytest.mark.parametrize("state", [ACCEPTED, DELIVERED, ACKNOWLEDGED, DEAD])
def test_whoever_passes_it_on_is_tried_over_no_other_way(state: DeliveryState) -> None:
    passed = tried(DeliveryState.PASSED, SMS, since=T0 + SECOND)
    verdict = decide(pursuit(tried(state), passed, then=("ann", "bo")), T0 + SECOND)
    assert next_of(verdict) == [("bo", PAGER)]
    assert verdict.tries[0].why == "passed on"


def test_what_nobody_is_left_for_to_whom_it_was_passed_is_told_to_the_operators() -> None:
    passed = pursuit(tried(), tried(DeliveryState.PASSED, SMS), last=("cy",))
    assert next_of(decide(passed, T0)) == [("cy", VOICE)]


def test_whoever_passed_it_on_may_acknowledge_it_later() -> None:
    passed, later = tried(DeliveryState.PASSED, SMS), T0 + MINUTE
    assert decide(pursuit(passed, tried(ACKNOWLEDGED, since=later)), later) == Verdict(
        wake_at=later + 30 * MINUTE
    )


def test_what_waits_for_a_connection_that_is_stopped_goes_on_at_once() -> None:
    stuck = tried(DeliveryState.PENDING, stopped=True)
    verdict = decide(pursuit(stuck), T0)
    assert (next_of(verdict), verdict.tries[0].why) == ([("ann", SMS)], "pager is stopped")
    assert decide(replace(pursuit(stuck), patience=None), T0) == Verdict(), "a mail can wait for it"


def test_an_acknowledgement_does_not_expire_while_the_tracker_shows_work() -> None:
    assert decide(pursuit(tried(ACKNOWLEDGED), worked=True), T0 + 99 * MINUTE) == Verdict()


def test_the_lap_after_an_expired_acknowledgement_goes_on_by_itself() -> None:
    late = T0 + 30 * MINUTE
    attempts = (tried(ACKNOWLEDGED), tried(DELIVERED, since=late, lap=2))
    assert next_of(decide(pursuit(*attempts), late + 5 * MINUTE)) == [("ann", SMS)]


def test_an_acknowledgement_of_the_second_lap_holds_as_long_as_the_first() -> None:
    late = T0 + 40 * MINUTE
    attempts = (tried(ACKNOWLEDGED), tried(ACKNOWLEDGED, since=late, lap=2))
    assert decide(pursuit(*attempts), late) == Verdict(wake_at=late + 30 * MINUTE)


def test_what_nobody_has_to_answer_goes_on_by_failure_alone() -> None:
    mail = replace(pursuit(tried()), patience=None)
    assert decide(mail, T0 + 999 * MINUTE) == Verdict()
    assert next_of(decide(replace(mail, attempts=(tried(DEAD),)), T0)) == [("ann", SMS)]


def test_what_nobody_has_to_answer_is_not_sent_to_anybody_else() -> None:
    bounced = replace(pursuit(tried(DEAD, VOICE, "cy"), then=("bo",)), patience=None)
    assert decide(bounced, T0).tries == ()


def test_what_a_person_took_off_the_list_goes_to_nobody_else() -> None:
    assert (
        decide(pursuit(tried(DeliveryState.DROPPED), then=("bo",)), T0 + 99 * MINUTE) == Verdict()
    )


def test_a_channel_may_have_a_time_of_its_own() -> None:
    quick = Patience(by_channel={Channel.VOICE: 45 * SECOND})
    called = replace(pursuit(tried(DELIVERED, VOICE, "cy"), then=("bo",)), patience=quick)
    verdict = decide(called, T0 + 45 * SECOND)
    assert (next_of(verdict), verdict.tries[0].why) == (
        [("bo", PAGER)],
        "not acknowledged within 45 s",
    )


# --- what holds however it goes ---------------------------------------------------------------------

_ENDS: Final = st.sampled_from([ACCEPTED, DELIVERED, DEAD, DeliveryState.FAILED])


def _played(fates: list[DeliveryState], *, looks: list[int]) -> list[Try]:
    """Every way turns out as its fate says; it is looked at whenever the verdict asks for, and between."""
    attempts = [tried(fates[0]), tried(fates[1], person="bo")]
    sent: list[Try] = []
    now = T0
    for step in range(200):
        verdict = decide(pursuit(*attempts, then=("bo", "cy")), now)
        for each in verdict.tries:
            fate = fates[(2 + len(sent)) % len(fates)]
            attempts.append(Attempt(each.person, each.way, fate, now, tells=True, lap=each.lap))
            sent.append(each)
        if verdict.wake_at is None:
            break
        now = max(now, min(verdict.wake_at, now + looks[step % len(looks)] * SECOND))
    return sent


_FATES: Final = st.lists(_ENDS, min_size=3, max_size=8)
_LOOKS: Final = st.lists(st.integers(20, 300), min_size=1, max_size=9)


@given(_FATES, _LOOKS)
def test_unanswered_everybody_is_reached_over_every_way_once(
    fates: list[DeliveryState], looks: list[int]
) -> None:
    sent = [(each.person, each.way) for each in _played(fates, looks=looks)]
    everything = [(person, way) for person, ways in WAYS.items() for way in ways]
    assert sorted([("ann", PAGER), ("bo", PAGER), *sent], key=str) == sorted(everything, key=str)


@given(_FATES, _LOOKS)
def test_however_often_it_is_looked_at_the_same_is_sent_in_the_same_order(
    fates: list[DeliveryState], looks: list[int]
) -> None:
    often, seldom = _played(fates, looks=looks), _played(fates, looks=[9_999])
    assert [(t.person, t.way, t.why) for t in often] == [(t.person, t.way, t.why) for t in seldom]


@given(st.integers(0, 200 * MINUTE), _ENDS)
def test_to_decide_twice_is_to_decide_once(after: int, state: DeliveryState) -> None:
    """What a crash after the commit repeats finds what it had sent, and sends nothing more."""
    now, first = T0 + after, tried(state)
    verdict = decide(pursuit(first), now)
    sent = [
        Attempt(t.person, t.way, DeliveryState.PENDING, now, True, t.lap) for t in verdict.tries
    ]
    assert decide(pursuit(first, *sent), now).tries == ()


@given(st.integers(0, 200 * MINUTE))
def test_it_is_never_to_be_looked_at_in_the_past(after: int) -> None:
    now = T0 + after
    for state in (ACCEPTED, DELIVERED, ACKNOWLEDGED, DEAD, DeliveryState.PENDING):
        wake = decide(pursuit(tried(state), then=("bo",)), now).wake_at
        assert wake is None or wake > now
