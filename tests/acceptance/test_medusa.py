"""Medusa, desks, hardware and agreements: P-01, P-02, P-03, P-04, P-06, P-08, P-12."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

from tests.acceptance.paper import Paper, agreed
from tests.acceptance.story import ANN, BO, PAT, STAFF, Story
from tests.acceptance.test_solutions import site
from tests.acceptance.waits import clause
from upheld.calendar.instant import MINUTE
from upheld.case.events import Assigned, CustomerMessage, Escalated, Flagged, OutcomeSet, Resolved
from upheld.policy.model import Target
from upheld.report.explain import explain
from upheld.testing.stage import Stage

DISK: Final = "The disk has failed"
COVERED: Final = "sla-hardware"
PART: Final = "P-06/replacement"
DUE: Final = {
    "2026-03-09 09:00": "2026-03-10 17:30",  # Monday: the end of Tuesday
    "2026-03-13 16:00": "2026-03-16 17:30",  # Friday: the end of Monday
    "2026-03-14 10:00": "2026-03-16 17:30",  # Saturday
    "2026-05-01 12:00": "2026-05-05 17:30",  # before the early May bank holiday
    "2026-05-04 10:00": "2026-05-05 17:30",  # on it
    "2026-04-02 12:00": "2026-04-07 17:30",  # before Easter
    "2026-12-24 12:00": "2026-12-29 17:30",  # Boxing Day is a Saturday: Monday is free
    "2026-03-27 16:00": "2026-03-30 17:30",  # the clocks go forward
    "2026-10-23 16:00": "2026-10-26 17:30",  # and back
}
#: Fails at this time; the end of the next working day in England, Scotland, Northern Ireland.
COUNTRIES: Final = {
    "2026-07-31 12:00": ("2026-08-03", "2026-08-04", "2026-08-03"),  # Scotland's summer holiday
    "2026-08-28 12:00": ("2026-09-01", "2026-08-31", "2026-09-01"),  # that of the others
    "2026-07-10 12:00": ("2026-07-13", "2026-07-13", "2026-07-14"),  # the Battle of the Boyne
    "2026-04-03 12:00": ("2026-04-07", "2026-04-06", "2026-04-07"),  # Easter Monday
}


@pytest.mark.parametrize(("failed", "due"), DUE.items())
def test_p_06_replaced_by_the_end_of_the_next_working_day(failed: str, due: str) -> None:
    assert Paper("medusa", failed, DISK, plan=COVERED).due(PART) == due


@pytest.mark.parametrize(("failed", "days"), COUNTRIES.items())
def test_p_06_the_countries_differ(failed: str, days: tuple[str, ...]) -> None:
    for part, day in zip(("ENG", "SCT", "NIR"), days, strict=True):
        terms = agreed(
            "medusa",
            "policy: Here\ncalendars: {working-days: {zone: Europe/London, "
            f'week: {{mon-fri: "09:00-17:30"}}, holidays: {{country: GB, subdivision: {part}}}}}}}\n',
        )
        paper = Paper("medusa", failed, DISK, plan=COVERED, terms_of=terms)
        assert paper.due(PART) == f"{day} 17:30", part


def test_p_06_an_order_may_have_to_be_in_by_a_time() -> None:
    clause = (
        "document:\n- heading: Hardware\n  clauses:\n"
        "  - {id: P-06, says: 'Replaced {by}.', target: replacement, for: {flag: hardware},"
        " by: end of next working day, cut_off: '15:00', calendar: working-days}\n"
        "needs: {flags: {hardware: broken}}\n"
    )
    terms = agreed("medusa", f"policy: Here\n{clause}")
    early = Paper("medusa", "2026-03-09 14:59", severity=1, terms_of=terms)
    late = Paper("medusa", "2026-03-09 15:01", severity=1, terms_of=terms)
    for case, due in ((early, "2026-03-10 17:30"), (late, "2026-03-11 17:30")):
        case.happens("2026-03-09 15:02", Flagged("hardware"))
        assert case.due("P-06/P-06") == due


@pytest.mark.parametrize(
    ("replaced", "verdict"),
    [("2026-03-10 17:29", "met"), ("2026-03-10 17:30", "met"), ("2026-03-10 17:31", "missed")],
)
def test_p_06_in_time_or_too_late(replaced: str, verdict: str) -> None:
    case = Paper("medusa", "2026-03-09 09:00", DISK, plan=COVERED)
    case.happens(replaced, Resolved("fix", "a new disk"))
    assert case.verdicts() == {PART: verdict}


@pytest.mark.parametrize("plan", ["sla", None])
def test_p_06_what_is_not_covered_has_no_target_and_the_customer_is_told(plan: str | None) -> None:
    case = Paper("medusa", "2026-03-09 09:00", DISK, plan=plan)
    case.until("2026-03-20 12:00")
    assert case.verdicts() == {}
    assert case.told_by("P-06") == [("2026-03-09 09:00", "mail", "reporter")]


def test_p_06_where_it_is_covered_the_rescue_is_told() -> None:
    case = Paper("medusa", "2026-03-09 09:00", DISK, plan=COVERED)
    assert case.told_by("P-06") == [("2026-03-09 09:00", "notify", "hardware-rescue")]


def test_p_04_the_acknowledgement_points_to_the_documentation() -> None:
    case = Paper("medusa", "2026-03-10 10:00", "How do I add a printer?")
    assert case.told() == [("2026-03-10 10:00", "ack", "reporter")]
    (send,) = case.case.sends
    assert send.facts["links"] == ["documentation"]


def test_p_04_what_others_can_resolve_is_redirected_once() -> None:
    case = Paper("medusa", "2026-03-10 10:00", "Our radiators are cold")
    case.happens("2026-03-10 11:00", OutcomeSet("redirected", "the landlord's"))
    case.writes("2026-03-10 12:00", CustomerMessage("Thank you"))
    case.until("2026-03-20 12:00")
    assert case.told()[1:] == [("2026-03-10 11:00", "mail", "reporter")]


def test_p_12_the_customers_agreement_binds() -> None:
    clause = (
        "document:\n- heading: Hardware\n  clauses:\n"
        "  - {id: P-06, says: 'Replaced within {within}.', target: replacement, within: 4 hours}\n"
    )
    terms = agreed("medusa", f"policy: The agreement of Acme\n{clause}")
    case = Paper("medusa", "2026-03-14 10:00", DISK, plan=COVERED, terms_of=terms)
    assert case.due("P-06/P-06") == "2026-03-14 14:00"
    assert terms.policy.name == "The agreement of Acme"


def test_p_12_the_guide_says_that_it_is_no_agreement() -> None:
    (said,) = (each for each in agreed("medusa", "policy: X\n").policy.clauses if each.id == "P-12")
    assert "no agreement" in said.published


def test_p_01_the_top_level_is_reached_through_the_desk_and_the_customer_hears_of_nobody_else() -> (
    None
):
    case = Paper("medusa", "2026-03-10 10:00", DISK, plan=COVERED)
    before, told = case.due(PART), len(case.told())
    case.happens("2026-03-10 11:00", Escalated("top-level", "the board resets itself"))
    assert case.told()[told:] == [("2026-03-10 11:00", "notify", "top-level")]
    assert case.due(PART) == before
    assert case.case.state(case.now).queue == "help-desk"


def test_p_01_a_customer_does_not_reach_it_past_the_desk() -> None:
    case = Paper("medusa", "2026-03-10 10:00", DISK, plan=COVERED)
    case.writes("2026-03-10 11:00", Escalated("top-level", "nobody calls back"))
    assert case.told_by("P-01") == []


def test_p_02_the_guide_promises_no_times_of_its_own() -> None:
    (rule,) = clause("medusa", "P-02").rules
    assert isinstance(rule, Target)
    assert rule.promises_none
    case = Paper("medusa", "2026-03-10 10:00", "The till is slow", plan="sla")
    assert case.case.life(case.now).clocks == ()


def test_p_03_each_hand_over_is_on_record_with_who_and_when(
    tmp_path: Path, database: str | None
) -> None:
    with Stage(tmp_path, database=database, config=site("medusa")) as stage:
        story = Story(stage)
        story.mail(PAT, "The till is slow")
        story.expect_mail(PAT, "Re: The till is slow")
        for minutes in (10, 20):
            story.forward(minutes=minutes)
            story.do.assign("C1", STAFF, BO if minutes == 10 else ANN)
        story.do.escalate("C1", STAFF, "top-level", "the board resets itself")
        story.settle()
        story.expect_mail(f"{ANN}@magnolia.example", "The till is slow")
        events = [stored.event for stored in story.events() if stored.event is not None]
        passed = [each for each in events if isinstance(each.body, Assigned | Escalated)]
        whom = [each.body.to for each in passed if isinstance(each.body, Assigned | Escalated)]
        assert whom == [BO, ANN, "top-level"]
        assert {each.actor.id for each in passed} == {BO}
        first, second, _ = (each.at for each in passed)
        assert second - first == 20 * MINUTE
        story.nothing_else()


TILLS: Final = [
    {"system": "till-1", "words": ["front till"], "until": "2026-03-28"},
    {"system": "till-2"},
]


def p_08(folder: Path, database: str | None, **acme: object) -> Stage:
    """Acme's front till is under an agreement until today, which is over in Tokyo and not in London."""
    whole = site("medusa")
    customer = {**whole["customers"]["acme"], "plan": COVERED, "systems": TILLS, **acme}
    return Stage(folder, config={**whole, "customers": {"acme": customer}}, database=database)


def test_p_08_a_system_without_an_agreement_is_recognised_and_the_sender_told(
    tmp_path: Path, database: str | None
) -> None:
    with p_08(tmp_path, database, zone="Asia/Tokyo") as stage:
        story = Story(stage)
        story.mail(PAT, "The front till is slow")
        told = [story.expect_mail(PAT, "Re: The front till is slow").text for _ in range(2)]
        story.nothing_else()
        assert (
            sum("about till-1, and the agreement for it ended on 2026-03-28" in t for t in told)
            == 1
        )
        assert story.cases()[0].status == "open"  # the case is kept
        found = explain(stage.site.records, "C1")
        assert found.system == ("till-1: its agreement ended on 2026-03-28 (it says 'front till')")
        assert found.plan is None


def test_p_08_its_last_day_counts_to_its_end_in_the_zone_of_the_centre(
    tmp_path: Path, database: str | None
) -> None:
    with p_08(tmp_path, database, zone="Europe/London") as stage:
        story = Story(stage)
        story.mail(PAT, "The front till is slow")  # half an hour or more before midnight there
        story.expect_mail(PAT, "Re: The front till is slow")
        story.nothing_else()
        found = explain(stage.site.records, "C1")
        assert found.system == "till-1: under an agreement (it says 'front till')"
        assert (found.plan, found.plan_from) == (COVERED, "the customer's")
        story.forward(hours=2)
        story.mail(PAT, "The front till is down")
        for _ in range(2):
            story.expect_mail(PAT, "Re: The front till is down")
        story.nothing_else()


def test_p_08_updates_and_training_are_said_to_be_for_systems_under_an_agreement() -> None:
    said = clause("medusa", "P-08")
    assert "systems under an agreement" in said.published
