"""What a turn of a monitor means: a case, a warning, a word to the case that is open, or nothing."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.engine.scene import BO, START, Case, at, terms
from tests.core.engine.watched import NAME, STATES, Watching, bodies
from upheld.calendar.instant import HOUR, MINUTE
from upheld.case.events import (
    Held,
    Noted,
    Opened,
    Proposed,
    Provided,
    Released,
    Reopened,
    SeveritySet,
    StepResult,
    Ticked,
    Watched,
)
from upheld.engine.monitor import decide_monitor

SERVERS: Final = terms(
    "monitor: {of: servers, opens: {severity: 1, flag: vip}, notify: customer.technical}"
)
LINES: Final = terms("monitor: {of: lines, notify: manager, warns: [engineer, customer.technical]}")
SYSTEMS: Final = terms("monitor: {of: systems, warns: [engineer]}")


# --- an outage that is a case -------------------------------------------------------------------


def test_an_outage_opens_a_case_with_its_history() -> None:
    mail = Watching(SERVERS, system="till")
    readings = ("08:59 up, 12 ms", "09:01 down, refused")
    mail.turns("down", at(1), since=at(0.5), failed=10, detail="refused", recent=readings)
    (deed,) = mail.opened
    assert deed.opening.body == deed.opened
    assert (deed.opening.at, deed.opened.source, deed.opened.customer) == (at(1), "monitor", "acme")
    assert deed.opened.subject == f"{NAME} is down: refused"
    assert deed.opened.enforced_from == at(1)
    assert deed.opened.text.splitlines() == [
        f"Watched: {NAME} (servers).",
        "It fails since 2026-03-02T09:30:00Z; 10 requests in a row failed.",
        "tcp to mail.acme.example:25",
        "",
        "The last readings:",
        "  08:59 up, 12 ms",
        "  09:01 down, refused",
    ]
    assert bodies(deed.facts) == [
        Watched(NAME, "down", at(0.5), "servers", "refused"),
        Proposed(1, ("vip",), rule="A-1/A-1", reason="10 requests in a row failed"),
        SeveritySet(1, "A-1: 10 requests in a row failed"),
        Provided("system", "till"),
    ]
    assert mail.sends == []  # the case speaks
    assert mail.decision.listing.status == "down"


def test_it_opens_with_the_severity_and_the_flags_of_its_rule_and_pages() -> None:
    mail = Watching(SERVERS)
    mail.turns("down", at(1), failed=10)
    (deed,) = mail.opened
    case = Case(SERVERS, deed.opened, at(1))
    for event in deed.facts:
        case.take(event)
    state = case.state(at(1))
    assert (state.severity, state.marked_by_person) == (1, False)
    assert state.flags == {"vip"}
    assert [(s.purpose, s.to, s.clauses) for s in case.sends] == [
        ("notify", ("customer.technical",), ("A-1",))
    ]


def test_what_stands_in_for_it_is_told_in_the_case() -> None:
    mail = Watching(SERVERS)
    mail.turns("down", at(1), backups={"mail-2": "up"})
    (deed,) = mail.opened
    assert "mail-2, which stands in for it, is up." in deed.opened.text
    assert isinstance(watched := deed.facts[0].body, Watched)
    assert watched.backups == {"mail-2": "up"}


def test_one_that_stands_in_and_begins_to_fail_is_told_in_words() -> None:
    mail = Watching(SERVERS)
    mail.turns("down", at(1), backups={"mail-2": "soft_down"})
    (deed,) = mail.opened
    assert "mail-2, which stands in for it, is soft down." in deed.opened.text


def test_while_a_case_is_open_it_hears_of_each_turn_and_there_is_no_second() -> None:
    mail = Watching(SERVERS)
    mail.turns("down", at(1), since=at(0.5))
    mail.turns("up", at(2), open_case="C7")
    mail.turns("degraded", at(3), open_case="C7", detail="slow")
    mail.turns("down", at(4), open_case="C7", detail="refused")
    assert len(mail.opened) == 1
    assert mail.cases_hear == [
        ("C7", Watched(NAME, "up", at(2), "servers")),
        ("C7", Watched(NAME, "degraded", at(3), "servers", "slow")),
        ("C7", Watched(NAME, "down", at(4), "servers", "refused")),
    ]
    assert mail.sends == []


def test_a_soft_failure_is_told_to_nobody() -> None:
    mail = Watching(SERVERS)
    mail.turns("soft_down", at(1), open_case="C7")
    mail.turns("soft_down", at(2))
    assert (mail.cases_hear, mail.opened, mail.sends) == ([], [], [])


def test_a_resolved_case_is_open_again_when_it_is_down_again() -> None:
    mail = Watching(SERVERS)
    mail.turns("down", at(0.5))
    mail.turns("up", at(1), open_case="C7", resolved=True)
    assert [body for _, body in mail.cases_hear if isinstance(body, Reopened)] == []
    mail.turns("down", at(2), open_case="C7", resolved=True)
    assert mail.cases_hear[-2:] == [
        ("C7", Reopened(f"{NAME} is down again")),
        ("C7", Watched(NAME, "down", at(2), "servers")),
    ]


def test_once_the_case_is_closed_the_next_outage_is_another() -> None:
    mail = Watching(SERVERS)
    mail.turns("down", at(1))
    mail.turns("up", at(2))
    mail.turns("down", at(3))
    first, second = mail.opened
    assert first.opening.id != second.opening.id


def test_what_was_closed_while_it_is_down_is_not_opened_again_for_the_same_outage() -> None:
    mail = Watching(SERVERS)
    mail.turns("down", at(1))
    mail.turns("down", at(2), unseen=at(1.5))
    mail.turns("inconclusive", at(3))
    mail.turns("down", at(4))
    assert len(mail.opened) == 1


def test_what_fails_still_when_its_window_is_over_is_an_outage_of_its_own() -> None:
    mail = Watching(SERVERS)
    mail.turns("down", at(1))
    mail.turns("down", at(2), excuse="window W1", open_case="C1")
    mail.turns("down", at(3))
    assert len(mail.opened) == 2


def test_a_case_that_was_resolved_while_it_is_down_stays_so() -> None:
    mail = Watching(SERVERS)
    mail.turns("down", at(1))
    mail.turns("down", at(2), open_case="C1", resolved=True)
    assert mail.cases_hear == [("C1", Watched(NAME, "down", at(2), "servers"))]


def test_of_what_is_read_and_not_enforced_a_case_is_only_read() -> None:
    mail = Watching(SERVERS, enforced_from=None)
    mail.turns("down", at(1))
    (deed,) = mail.opened
    assert deed.opened.enforced_from is None


def test_its_case_is_enforced_no_sooner_than_the_site() -> None:
    later = replace(SERVERS, enforced_from=at(2))
    mail = Watching(later)
    mail.turns("down", at(1))
    assert mail.opened[0].opened.enforced_from is None


def test_a_kind_that_no_rule_watches_is_only_listed() -> None:
    mail = Watching(SERVERS, of="printers")
    decision = mail.turns("down", at(1))
    assert (decision.actions, decision.deeds, decision.listing.status) == ((), (), "down")


# --- excuses, pauses ----------------------------------------------------------------------------


def test_nothing_is_said_while_an_excuse_holds_and_all_of_it_when_it_is_over() -> None:
    mail = Watching(SERVERS)
    decision = mail.turns("down", at(1), excuse="window W3")
    assert (decision.deeds, decision.actions) == ((), ())
    mail.turns("down", at(2), since=at(0.9))
    assert len(mail.opened) == 1


def test_an_open_case_hears_of_no_failure_that_is_excused() -> None:
    mail = Watching(SERVERS)
    mail.turns("down", at(1), excuse="behind router", open_case="C7", resolved=True)
    assert mail.cases_hear == []


def test_a_paused_monitor_says_nothing_until_it_is_released() -> None:
    mail = Watching(SERVERS)
    assert mail.happens(Held("moving house"), at(1), by=BO).listing.status == "paused"
    mail.turns("down", at(2))
    assert (mail.opened, mail.decision.listing.status) == ([], "paused")
    assert mail.happens(Released(), at(3), by=BO).listing.status == "down"
    mail.turns("up", at(4))
    mail.turns("down", at(5))
    assert len(mail.opened) == 1


def test_a_pause_ends_by_itself() -> None:
    mail = Watching(SERVERS)
    assert mail.happens(Held("moving", at(3)), at(1), by=BO).wake_at == at(3)
    assert mail.turns("up", at(2)).listing.status == "paused"
    decision = mail.happens(Ticked(), at(3))
    assert (decision.wake_at, decision.listing.status) == (None, "up")


def test_a_pause_that_is_over_when_we_hear_of_it_is_none() -> None:
    mail = Watching(SERVERS)
    decision = mail.happens(Held("moving", at(2)), at(1), seen=at(3), by=BO)
    assert (decision.wake_at, decision.listing.status) == (None, "unread")


def test_what_is_watched_no_longer_is_listed_so() -> None:
    mail = Watching(SERVERS)
    assert mail.happens(Provided("watched", "no"), at(1)).listing.status == "retired"


# --- what it says itself ------------------------------------------------------------------------


def test_without_a_case_an_outage_and_its_end_are_told() -> None:
    line = Watching(LINES, of="lines", customer=None)
    line.turns("down", at(1), detail="no route")
    line.turns("up", at(2))
    assert line.told == [("A-1", ("manager",), "down"), ("A-1", ("manager",), "up")]
    assert [step.rule for step in line.steps] == ["A-1:outage", "A-1:outage"]
    assert {send.purpose for send in line.sends} == {"notify"}
    assert line.sends[0].facts["detail"] == "no route"
    assert line.opened == []


def test_a_warning_and_its_end_are_told_once_an_episode() -> None:
    line = Watching(SYSTEMS, of="systems")
    line.turns("degraded", at(1))
    line.turns("inconclusive", at(2))
    line.turns("degraded", at(3))
    line.turns("up", at(4))
    line.turns("up", at(5))
    assert line.told == [("A-1", ("engineer",), "degraded"), ("A-1", ("engineer",), "up")]
    line.turns("degraded", at(6))
    assert len(line.told) == 3


def test_who_was_warned_hears_that_it_came_to_an_outage() -> None:
    line = Watching(LINES, of="lines")
    warned, notified = ("engineer", "customer.technical"), ("manager",)
    line.turns("degraded", at(1))
    line.turns("down", at(2))
    line.turns("degraded", at(3))  # not over, and nothing new
    line.turns("up", at(4))
    assert line.told == [
        ("A-1", warned, "degraded"),
        ("A-1", warned, "down"),
        ("A-1", notified, "down"),
        ("A-1", warned, "up"),
        ("A-1", notified, "up"),
    ]


def test_where_nobody_is_named_for_outages_whoever_is_warned_hears_of_them() -> None:
    line = Watching(SYSTEMS, of="systems")
    line.turns("down", at(1))
    line.turns("up", at(2))
    assert [state for _, _, state in line.told] == ["down", "up"]


def test_a_warning_that_came_to_a_case_ends_with_the_outage() -> None:
    both = terms("monitor: {of: servers, opens: {severity: 2}, warns: [engineer]}")
    mail = Watching(both)
    mail.turns("degraded", at(1))
    mail.turns("down", at(2))
    mail.turns("up", at(3), open_case="C1")
    assert [state for _, _, state in mail.told] == ["degraded", "up"]
    assert len(mail.opened) == 1


def test_a_warning_while_a_case_is_open_is_told_to_the_case() -> None:
    both = terms("monitor: {of: servers, opens: {severity: 2}, warns: [engineer]}")
    mail = Watching(both)
    mail.turns("degraded", at(1), open_case="C1")
    assert (mail.told, len(mail.cases_hear)) == ([], 1)


def test_before_it_is_enforced_nothing_goes_out_and_that_is_on_record() -> None:
    line = Watching(LINES, of="lines", enforced_from=None)
    line.turns("down", at(1))
    assert line.sends == []
    assert [step.result for step in line.steps] == [StepResult.BEFORE_ENFORCEMENT]


def test_what_is_learned_late_is_told_as_late() -> None:
    line = Watching(LINES, of="lines")
    line.turns("down", at(1), seen=at(1) + 20 * MINUTE)
    assert [(send.late, send.due) for send in line.sends] == [(20 * MINUTE, at(1))]
    assert line.steps[0].late == 20 * MINUTE


def test_what_stands_in_for_another_tells_the_case_of_that_one() -> None:
    backup = Watching(SERVERS)
    backup.turns("up", at(1), backs="C3")
    assert backup.cases_hear == [("C3", Watched(NAME, "up", at(1), "servers"))]


def test_a_note_on_a_monitor_changes_nothing() -> None:
    line = Watching(LINES, of="lines")
    before = line.turns("down", at(1))
    after = line.happens(Noted("the provider answers"), at(2))
    assert (after.state, after.actions, after.deeds) == (before.state, (), ())


def test_without_its_opening_there_is_no_monitor() -> None:
    line = Watching(LINES)
    with pytest.raises(TypeError, match="begins with its opening"):
        decide_monitor(LINES, replace(line.subject, facts=()), line.subject.facts[-1])


# --- whatever happens ---------------------------------------------------------------------------


_TURNS: Final = st.lists(
    st.tuples(
        st.sampled_from(STATES), st.sampled_from(["", "window W1"]), st.booleans(), st.booleans()
    ),
    max_size=12,
)


@given(_TURNS)
def test_people_hear_of_no_end_without_a_beginning_and_of_nothing_twice(turns: list[Any]) -> None:
    line = Watching(LINES, of="lines")
    for hour, (state, excuse, _, _) in enumerate(turns, 1):
        line.turns(state, at(hour), excuse=excuse)
    for clause, whom in {(clause, to) for clause, to, _ in line.told}:
        heard = [state for c, to, state in line.told if (c, to) == (clause, whom)]
        assert all(a != b for a, b in pairwise(heard))
        assert heard[0] != "up"
    assert len({send.key for send in line.sends}) == len(line.sends)


@given(_TURNS)
def test_there_is_one_open_case_at_most_and_none_for_what_is_excused(turns: list[Any]) -> None:
    mail = Watching(SERVERS)
    case: str | None = None
    out = False
    for hour, (state, excuse, resolved, closes) in enumerate(turns, 1):
        before = len(mail.opened)
        told = {"open_case": case, "resolved": resolved and case is not None}
        mail.turns(state, at(hour), excuse=excuse, **told)
        new = len(mail.opened) - before
        acts = state == "down" and not excuse
        assert new == (case is None and acts and not out)
        ended = state in {"up", "degraded"} or bool(excuse)
        out = acts or (out and not ended)
        case = "C1" if new else case
        case = None if closes else case
    assert mail.sends == []


def test_its_facts_are_the_same_whatever_asks_for_them() -> None:
    """A consequence, or a later look, leaves all as it was."""
    mail = Watching(SERVERS)
    before = mail.turns("down", at(1))
    after = mail.happens(Ticked(), at(1) + HOUR)
    assert (after.state, after.deeds, after.listing) == (before.state, (), before.listing)
    assert isinstance(mail.subject.facts[0].body, Opened)
    assert mail.subject.facts[0].at == START
