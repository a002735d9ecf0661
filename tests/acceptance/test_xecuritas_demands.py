"""Xecuritas, what a case must have: X-06, X-12, X-13, X-14."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final, TypeVar

import pytest

from tests.acceptance.paper import Paper
from tests.acceptance.story import BO, PAT, STAFF, Story
from tests.acceptance.test_xecuritas_desk import XECURITAS
from tests.acceptance.waits import clause
from upheld.case.events import (
    Actor,
    Closed,
    Event,
    Noted,
    Provided,
    Reopened,
    Resolved,
    Side,
    StepTaken,
)
from upheld.errors import Refusal
from upheld.policy.model import Require
from upheld.report.evidence import gather
from upheld.testing.stage import SITE, Stage

T = TypeVar("T")
TUESDAY: Final = "2010-11-16T15:00:00+00:00"
HER: Final = Actor(PAT, Side.CUSTOMER)
#: What a case does not know of itself; the rest of the ten points it does.
TOLD: Final = {
    "contract": "2010-17",
    "version": "5.1",
    "environment": "Linux on two blades",
    "workaround": "none",
    "recommendation": "replace the filter",
}
STEPS: Final = ("configuration", "patches", "symptoms", "topology", "logs", "changes")
#: The ten points of the document, in its order, by our names.
POINTS: Final = [
    ("reported_at",),
    ("company", "contract"),
    ("engineer",),
    ("contact",),
    ("version", "environment"),
    ("nature",),
    ("workaround",),
    ("recommendation",),
    ("severity",),
    ("status",),
]


@pytest.fixture
def story(tmp_path: Path, database: str | None) -> Iterator[Story]:
    """A case of Tuesday morning, that Bo works on."""
    with Stage(tmp_path, database=database, start=TUESDAY, config={**SITE, **XECURITAS}) as stage:
        story = Story(stage)
        story.mail(PAT, "It is slow")
        story.expect_mail(PAT, "Re: It is slow")
        story.do.triage("C1", STAFF, 3, number="1042")
        story.do.assign("C1", STAFF, BO)
        story.do.call("C1", STAFF, "spoke with Pat")
        yield story
        story.nothing_else()


def told(story: Story, *, but: str = "") -> None:
    for item, value in TOLD.items():
        if item != but:
            story.do.provide("C1", STAFF, item, value)
    for step in STEPS:
        if step != but:
            story.do.tick("C1", STAFF, step)


def stated(story: Story, kind: type[T]) -> list[tuple[Event, T]]:
    """The facts of a kind, with who stated them and when."""
    events = (stored.event for stored in story.events() if stored.event is not None)
    return [(each, each.body) for each in events if isinstance(each.body, kind)]


def needs(name: str, before: str) -> tuple[str, ...]:
    rules = [rule for rule in clause("xecuritas", name).rules if isinstance(rule, Require)]
    (found,) = (rule for rule in rules if rule.before == before)
    return found.needs


def test_x_06_all_ten_points_exist() -> None:
    assert needs("X-06", "resolve") == tuple(item for point in POINTS for item in point)


def test_x_06_what_a_mail_lacks_is_asked_for_in_one_message_that_is_no_response() -> None:
    case = Paper("xecuritas", "2010-11-16 10:00", "It is slow", severity=2)
    assert case.told() == [("2010-11-16 10:00", "question", "reporter")]
    (question,) = case.case.sends
    assert set(question.facts["missing"]) == {"contract", "version", "environment", "workaround"}
    case.until("2010-11-16 16:00")
    assert case.verdicts()["X-11/2.response"] == "missed"


@pytest.mark.parametrize("lacks", ["contract", "environment", "workaround", "recommendation"])
def test_x_06_nothing_is_resolved_while_a_point_is_empty(story: Story, lacks: str) -> None:
    told(story, but=lacks)
    with pytest.raises(Refusal, match=f"X-06 needs {lacks} first"):
        story.do.resolve("C1", STAFF)
    story.do.provide("C1", STAFF, lacks, "none")
    story.do.resolve("C1", STAFF)
    assert story.state().status == "resolved"


def test_x_06_a_reason_goes_past_it_and_is_kept(story: Story) -> None:
    story.do.resolve("C1", STAFF, override="the customer wants it closed today")
    ((event, resolved),) = stated(story, Resolved)
    assert event.actor.id == BO
    assert resolved.override == "the customer wants it closed today"


def test_x_06_on_a_tracker_it_is_flagged_and_management_hears_of_it() -> None:
    case = Paper("xecuritas", "2010-11-16 10:00", severity=3)
    case.happens("2010-11-16 12:00", Resolved("fix", "replaced"))
    assert case.case.state(case.now).status == "resolved"
    at = "2010-11-16 12:00"
    assert case.told_by("X-06")[1:] == [(at, "notify", "support-management")]


def test_x_06_the_customers_answer_fills_what_was_asked_for(story: Story) -> None:
    ask = story.stage.mail.sent[0].message
    assert "  environment:" in ask.as_string()
    lines = [
        f"{item}: {TOLD[item]}" for item in ("contract", "version", "environment", "workaround")
    ]
    story.answer(PAT, str(ask["Message-ID"]), "\n".join(["Hello,", *lines, "Pat"]))
    assert {story.state().fields[item] for item in ("version", "environment")} == {
        TOLD["version"],
        TOLD["environment"],
    }
    for step in STEPS:
        story.do.tick("C1", STAFF, step)
    with pytest.raises(Refusal, match="X-06 needs recommendation first"):  # that is ours to say
        story.do.resolve("C1", STAFF)


def test_x_12_the_six_steps_are_ticked(story: Story) -> None:
    assert needs("X-12", "resolve") == STEPS
    told(story, but="logs")
    with pytest.raises(Refusal, match="X-12 needs logs first"):
        story.do.resolve("C1", STAFF)
    with pytest.raises(Refusal, match="asks for no 'coffee'"):
        story.do.tick("C1", STAFF, "coffee")
    story.do.tick("C1", STAFF, "logs", "a full disk")
    story.do.resolve("C1", STAFF)
    assert story.state().fields["logs"] == "a full disk"


def test_x_12_the_report_tells_how_far_it_has_come(story: Story) -> None:
    for step in STEPS[:-1]:
        story.do.tick("C1", STAFF, step)
        story.forward(minutes=5)
    story.do.tick("C1", STAFF, STEPS[-1], "a new filter")
    with story.stage.site.ledger.reading() as tx:
        (found,) = (each for each in gather(tx, story.stage.site.policy) if each.id == "X-12")
    ticked = [line.what for line in found.evidence if "recorded" in line.what]
    assert ticked[0] == "bo recorded configuration (1 of 6)"
    assert ticked[-1] == "bo recorded changes: a new filter (6 of 6)"
    assert found.state == "kept"


@pytest.mark.parametrize(("reason", "flagged"), [("", 1), ("told on the phone", 0)])
def test_x_12_resolved_on_a_tracker_without_the_steps_is_flagged(reason: str, flagged: int) -> None:
    case = Paper("xecuritas", "2010-11-16 10:00", severity=3)
    case.happens("2010-11-16 12:00", Resolved("fix", "replaced", reason))
    taken = [body for body in case.case.bodies(StepTaken) if body.rule == "steps"]
    assert len(taken) == flagged


def test_x_12_the_list_stands_on_the_case(story: Story) -> None:
    notes = [noted.text for _, noted in stated(story, Noted)]
    assert any(all(step in text for step in STEPS) for text in notes)


def test_x_13_closed_when_customer_and_support_agree(story: Story) -> None:
    told(story)
    story.do.resolve("C1", STAFF)
    with pytest.raises(Refusal, match="X-13 needs customer_agreed first"):
        story.do.close("C1", STAFF)
    story.do.confirm("C1", HER, "it works")
    story.do.close("C1", STAFF)
    assert story.state().status == "closed"


def test_x_13_the_customer_agrees_by_mail(story: Story) -> None:
    told(story)
    story.do.resolve("C1", STAFF)
    ask = story.stage.mail.sent[0].message["Message-ID"]
    story.answer(PAT, str(ask), "#confirm it works")
    story.do.close("C1", STAFF)
    assert story.state().status == "closed"


def test_x_13_the_customers_word_alone_closes_nothing(story: Story) -> None:
    story.do.confirm("C1", HER, "never mind")
    with pytest.raises(Refusal, match="X-07 needs resolved first"):
        story.do.close("C1", STAFF)


def test_x_13_a_reply_after_that_opens_it_again(story: Story) -> None:
    told(story)
    story.do.resolve("C1", STAFF)
    story.do.confirm("C1", HER, "it works")
    story.do.close("C1", STAFF)
    ask = story.stage.mail.sent[0].message["Message-ID"]
    story.answer(PAT, str(ask), "It is slow again.")
    assert story.state().status != "closed"


def test_x_13_opened_again_nobodys_agreement_holds() -> None:
    case = Paper("xecuritas", "2010-11-16 10:00", severity=3)
    case.happens("2010-11-16 11:00", Resolved("fix", "replaced", "told on the phone"))
    case.writes("2010-11-16 12:00", Provided("customer_agreed", "it works"))
    case.happens("2010-11-16 12:30", Closed())
    case.writes("2010-11-17 10:00", Reopened("it is slow again"))
    assert "customer_agreed" not in case.case.state(case.now).provided


def test_x_14_no_access_without_the_waiver(story: Story) -> None:
    with pytest.raises(Refusal, match="X-14 needs waiver first"):
        story.do.access("C1", STAFF, "to change the route")
    story.do.provide("C1", STAFF, "waiver", "signed by Pat Lin, 16 November")
    signed = story.now
    story.forward(minutes=5)
    story.do.access("C1", STAFF, "to change the route")
    *_, (event, waiver), (_, access) = stated(story, Provided)
    assert (waiver.item, event.actor.id, event.at) == ("waiver", BO, signed)
    assert access.item == "customer_access"


def test_x_14_on_a_tracker_it_is_flagged() -> None:
    case = Paper("xecuritas", "2010-11-16 10:00", severity=3)
    case.happens("2010-11-16 12:00", Provided("customer_access", "to change the route"))
    assert case.told_by("X-14") == [("2010-11-16 12:00", "notify", "support-management")]
