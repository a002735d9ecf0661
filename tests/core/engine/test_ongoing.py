"""``update`` and ``next_response``: clocks of a conversation, a cycle for each message."""

from __future__ import annotations

import pytest

from tests.core.engine.prague import due, opened, prague, runs, shown, tell, wall
from tests.core.engine.scene import BOT, PAT, Case
from upheld.case.clock import ClockState
from upheld.case.events import (
    Body,
    CallLogged,
    Closed,
    CustomerMessage,
    Held,
    Noted,
    PublicReply,
    Released,
    Reopened,
    Resolved,
    SeveritySet,
    Triaged,
    WaitingOn,
    Worked,
)

UPDATE = "target: update, within: 2 business hours, calendar: office"
NEXT = "target: next_response, within: 2 business hours, calendar: office"
REPLY, ASK, WAIT = PublicReply("hello"), CustomerMessage("and now?"), WaitingOn("customer")
DAY = "2026-03-02"


def case(*rules: str, severity: int = 1) -> Case:
    return opened(prague(*rules), f"{DAY} 08:00", severity=severity)


def story(found: Case, *news: tuple[str, Body]) -> Case:
    """What happened that day, by the time of the day."""
    tell(found, *((f"{DAY} {time}", body) for time, body in news))
    return found


def cycles(found: Case, until: str, clause: str = "A-1") -> list[tuple[str, str, str]]:
    """Start, due time and state of each cycle."""
    return [
        (shown(run.started)[-5:], shown(run.due)[-5:], run.state.value)
        for run in runs(found, f"{DAY} {until}", clause)
    ]


# --- update ---------------------------------------------------------------------------------------


def test_before_the_first_response_there_is_none() -> None:
    found = story(case(UPDATE), ("09:00", ASK), ("09:10", Worked()), ("09:20", Noted("…")))
    assert cycles(found, "12:00") == []
    assert found.decision.wake_at is None


@pytest.mark.parametrize("first", [REPLY, CallLogged()])
def test_the_first_response_starts_it(first: Body) -> None:
    assert cycles(story(case(UPDATE), ("10:00", first)), "10:30") == [("10:00", "12:00", "running")]


def test_each_reply_meets_it_and_starts_it_anew() -> None:
    found = story(case(UPDATE), ("10:00", REPLY), ("11:30", REPLY), ("13:45", REPLY))
    assert cycles(found, "14:00") == [
        ("10:00", "12:00", "met"),
        ("11:30", "13:30", "missed"),
        ("13:45", "15:45", "running"),
    ]
    assert found.verdicts() == {"A-1/A-1/clock/1": "met", "A-1/A-1/clock/2": "missed"}


def test_the_example_of_the_longest_silence() -> None:
    """G-09: 10:00 reply, 11:55 waiting, 14:00 the customer answers: 16:00, whatever comes then."""
    found = story(case(UPDATE), ("10:00", REPLY), ("11:55", WAIT))
    assert cycles(found, "13:00") == [("10:00", "never", "paused")]
    story(found, ("14:00", CustomerMessage("here it is")))
    assert cycles(found, "14:30") == [("10:00", "never", "stopped"), ("14:00", "16:00", "running")]
    story(found, ("15:00", ASK))
    assert due(found, f"{DAY} 15:30") == f"{DAY} 16:00"
    found.until(wall(f"{DAY} 16:30"))
    assert found.verdicts() == {"A-1/A-1/clock/2": "missed"}


def test_a_message_that_ends_no_wait_moves_nothing() -> None:
    found = story(case(UPDATE), ("10:00", REPLY), ("11:00", ASK))
    assert cycles(found, "11:30") == [("10:00", "12:00", "running")]
    story(found, ("11:30", WaitingOn("vendor")), ("11:40", ASK))
    assert cycles(found, "11:50") == [("10:00", "12:00", "running")]


def test_taken_out_of_its_wait_by_our_people_it_goes_on() -> None:
    found = story(case(UPDATE), ("10:00", REPLY), ("11:00", WAIT), ("13:00", Reopened()))
    assert cycles(found, "13:30") == [("10:00", "14:00", "running")]


@pytest.mark.parametrize("body", [Noted("…"), Worked(), CallLogged()])
def test_what_customers_do_not_read_is_no_update(body: Body) -> None:
    found = story(case(UPDATE), ("10:00", REPLY), ("11:00", body))
    assert cycles(found, "11:30") == [("10:00", "12:00", "running")]


def test_what_meets_it_is_what_starts_it() -> None:
    found = story(case(f"{UPDATE}, met_by: [public_reply, call]"), ("10:00", REPLY))
    story(found, ("11:00", CallLogged()))
    assert cycles(found, "11:30") == [("10:00", "12:00", "met"), ("11:00", "13:00", "running")]


def test_a_machine_starts_nothing() -> None:
    found = case(UPDATE)
    found.happens(REPLY, wall(f"{DAY} 10:00"), by=BOT)
    assert cycles(found, "10:30") == []


def test_a_silence_is_missed_once() -> None:
    found = story(case(UPDATE), ("10:00", REPLY))
    found.until(wall("2026-03-05 10:00"))
    assert found.verdicts() == {"A-1/A-1/clock/1": "missed"}
    assert found.decision.wake_at is None


def test_a_miss_speaks_of_the_silence_that_lasts() -> None:
    found = case(UPDATE, "when: {missed: update}, do: [page: lead]")
    story(found, ("09:00", REPLY))
    found.until(wall(f"{DAY} 11:30"))
    story(found, ("11:45", REPLY))
    assert found.state(wall(f"{DAY} 12:00")).missed == frozenset()
    found.until(wall(f"{DAY} 14:00"))
    assert [shown(at)[-5:] for at, _ in found.results("A-2")] == ["11:00", "13:45"]


def test_it_pauses_where_the_policy_says_instead() -> None:
    held = story(case(f"{UPDATE}, pause_while: {{flag: held}}"), ("10:00", REPLY), ("11:00", WAIT))
    assert cycles(held, "11:30") == [("10:00", "12:00", "running")]
    story(held, ("11:30", Held("agreed")), ("13:00", Released()))
    assert cycles(held, "13:10") == [("10:00", "13:30", "running")]
    never = story(case(f"{UPDATE}, pause_while: never"), ("10:00", REPLY), ("11:00", WAIT))
    never.until(wall(f"{DAY} 12:00"))
    assert never.verdicts() == {"A-1/A-1/clock/1": "missed"}


def test_it_can_wait_for_a_start_besides() -> None:
    found = story(case(f"{UPDATE}, starts: triaged"), ("10:00", REPLY), ("10:30", Triaged(1)))
    assert cycles(found, "10:40") == []
    story(found, ("11:00", REPLY))
    assert cycles(found, "11:30") == [("11:00", "13:00", "running")]


def test_it_is_that_of_the_severity() -> None:
    slow = "target: update, for: {severity: 2}, within: 4 business hours, calendar: office"
    found = case(f"{UPDATE}, for: {{severity: 1}}", slow, severity=2)
    story(found, ("09:00", REPLY), ("10:00", SeveritySet(1)))
    assert cycles(found, "10:30", "A-1") == [("09:00", "11:00", "running")]
    assert cycles(found, "10:30", "A-2") == [("09:00", "never", "stopped")]


# --- the end, and again ---------------------------------------------------------------------------


def test_a_case_that_is_resolved_owes_no_update() -> None:
    found = story(case(UPDATE), ("10:00", REPLY), ("11:00", Resolved()))
    found.until(wall("2026-03-04 12:00"))
    assert found.verdicts() == {}
    assert runs(found, "2026-03-04 12:00")[-1].state is ClockState.PAUSED


def test_one_that_is_about_the_status_goes_on() -> None:
    found = story(
        case(f"{UPDATE}, for: {{status: [worked, resolved]}}"),
        ("10:00", REPLY),
        ("11:00", Resolved()),
    )
    found.until(wall(f"{DAY} 12:00"))
    assert found.verdicts() == {"A-1/A-1/clock/1": "missed"}


@pytest.mark.parametrize("rule", [UPDATE, NEXT])
def test_a_refusal_reopens_and_it_runs_again(rule: str) -> None:
    found = story(case(rule), ("09:00", REPLY), ("09:30", Resolved()))
    found.happens(Reopened("it is not fixed"), wall(f"{DAY} 13:00"), by=PAT)
    assert cycles(found, "13:30")[-1] == ("13:00", "15:00", "running")


def test_reopened_by_us_we_owe_an_answer_only_where_the_customer_wrote() -> None:
    found = story(case(NEXT), ("09:00", REPLY), ("09:30", Resolved()), ("13:00", Reopened()))
    assert cycles(found, "13:30") == []
    found = story(case(NEXT), ("09:00", REPLY), ("09:30", Resolved()), ("10:00", ASK))
    assert cycles(found, "10:30") == []
    story(found, ("13:00", Reopened()))
    assert cycles(found, "13:30") == [("13:00", "15:00", "running")]


def test_it_can_go_on_instead() -> None:
    rule = f"{UPDATE}, on_reopen: continue"
    found = story(case(rule), ("09:00", REPLY), ("10:30", Resolved()), ("13:00", Reopened()))
    assert cycles(found, "13:10") == [("09:00", "13:30", "running")]


def test_never_answered_it_does_not_run_after_a_reopening_either() -> None:
    found = story(case(UPDATE, NEXT), ("09:00", Closed()), ("10:00", Reopened()), ("10:30", ASK))
    assert (cycles(found, "11:00"), cycles(found, "11:00", "A-2")) == ([], [])


# --- next response --------------------------------------------------------------------------------


def test_the_customers_message_starts_it_once_they_were_answered() -> None:
    found = story(case(NEXT), ("09:00", ASK), ("09:30", REPLY))
    assert cycles(found, "09:45") == []
    story(found, ("10:00", ASK))
    assert cycles(found, "10:30") == [("10:00", "12:00", "running")]


def test_repeated_messages_do_not_move_it() -> None:
    found = story(case(NEXT), ("09:00", REPLY), ("10:00", ASK), ("11:00", ASK), ("11:59", ASK))
    assert cycles(found, "11:59") == [("10:00", "12:00", "running")]
    found.until(wall(f"{DAY} 13:00"))
    story(found, ("13:10", ASK))  # nor when it is too late
    assert cycles(found, "13:20") == [("10:00", "12:00", "missed")]


@pytest.mark.parametrize("answer", [REPLY, CallLogged()])
def test_an_answer_meets_it_and_the_next_message_is_another_cycle(answer: Body) -> None:
    found = story(case(NEXT), ("09:00", REPLY), ("10:00", ASK), ("11:00", answer))
    assert cycles(found, "11:30") == [("10:00", "12:00", "met")]
    story(found, ("13:00", ASK))
    assert cycles(found, "13:30")[1:] == [("13:00", "15:00", "running")]
    assert found.verdicts() == {"A-1/A-1/clock/1": "met"}


def test_it_pauses_while_it_is_their_turn() -> None:
    found = story(case(NEXT), ("09:00", REPLY), ("10:00", ASK), ("10:30", WAIT), ("14:00", ASK))
    assert cycles(found, "14:10") == [("10:00", "15:30", "running")]


# --- late news ------------------------------------------------------------------------------------


def test_a_reply_heard_of_late_is_a_cycle_of_its_own() -> None:
    found = story(case(UPDATE), ("09:00", REPLY))
    found.until(wall(f"{DAY} 11:30"))
    assert found.verdicts() == {"A-1/A-1/clock/1": "missed"}
    found.happens(REPLY, wall(f"{DAY} 10:30"), seen=wall(f"{DAY} 11:30"))
    assert found.verdicts() == {"A-1/A-1/clock/1": "met"}
    assert found.state(wall(f"{DAY} 11:30")).missed == frozenset()
    assert cycles(found, "11:30") == [("09:00", "11:00", "met"), ("10:30", "12:30", "running")]


def test_two_replies_of_one_instant_are_one() -> None:
    found = story(case(UPDATE), ("10:00", REPLY), ("10:00", PublicReply("and hello")))
    assert cycles(found, "10:30") == [("10:00", "12:00", "running")]
    story(found, ("11:00", REPLY), ("11:00", REPLY))
    assert cycles(found, "11:30") == [("10:00", "12:00", "met"), ("11:00", "13:00", "running")]
