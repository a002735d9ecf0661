"""Magnolia's report of a long night: every clause, with what was lived on the stage."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.story import ANN, STAFF, Story
from upheld.case.events import Actor, Side
from upheld.report.evidence import ClauseEvidence, ClauseState, gather
from upheld.report.explain import explain
from upheld.report.explanation import Explanation
from upheld.testing.stage import Stage

PAT = "pat@acme.example"


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    folder: Path = tmp_path_factory.mktemp("night")
    with Stage(folder) as stage:
        story = Story(stage)
        _live(story)
        yield story


def _live(story: Story) -> None:
    """C1, a 1 that waits for two hours; C2, a 3 that is begun meanwhile and answered late; C3, a 2
    that is answered in time; and somebody whom we don't know."""
    story.mail(PAT, "Nobody can connect")
    story.forward(minutes=4)
    story.do.triage("C1", STAFF, 1, number="1042")
    story.do.flag("C1", STAFF, "customer_system")
    story.do.mobilise("C1", Actor(ANN, Side.STAFF))
    story.mail(PAT, "A question about the invoice")
    story.mail("joe@home.example", "My modem blinks")
    story.do.work("C2", STAFF)
    story.forward(hours=2, minutes=30)
    story.do.reply("C1", STAFF, "A core router is dead; we are on the way.")
    story.forward(hours=1)
    story.do.resolve("C1", STAFF, "A core router was replaced.")
    story.do.close("C1", STAFF, "agreed")
    story.mail(PAT, "One server is slow")
    story.forward(hours=20)
    story.do.triage("C3", STAFF, 2)
    story.do.call("C3", STAFF, "spoke with Pat")
    story.do.resolve("C3", STAFF)
    story.do.close("C3", STAFF)
    story.forward(hours=40)
    story.do.reply("C2", STAFF, "It is the invoice of May.")
    story.settle()


@pytest.fixture(scope="module")
def report(night: Story) -> dict[str, ClauseEvidence]:
    site = night.stage.site
    with site.ledger.reading() as tx:
        return {clause.id: clause for clause in gather(tx, site.policy)}


#: Clause -> kept and missed, as the night was lived.
LIVED = {
    "M-01": (3, 0),  # three cases came by mail
    "M-25": (1, 0),  # Joe was referred
    "M-02": (3, 0),
    "M-03": (3, 0),
    "M-04": (3, 0),  # paged to triage; two reviews
    "M-05": (2, 0),  # two numbers were told
    "M-06": (1, 0),  # Ann called everybody in
    "M-09": (2, 1),  # C2 was begun while C1 stood unworked
    "M-10": (3, 0),
    "M-11": (1, 0),
    "M-12": (1, 0),
    "M-13": (3, 0),  # two hours automatic, the third by Bo's reply
    "M-14": (1, 0),  # nobody had begun after two hours
    "M-15": (2, 0),  # C3 was answered in time, and closed once it was resolved
    "M-16": (0, 1),  # C2 was not
    "M-07": (2, 1),  # M-15 and M-16
    "M-17": (7, 1),  # M-11, M-13 to M-16
}
STATEMENTS = {"M-20", "M-21", "M-23", "M-26"}


def test_every_clause_was_kept_and_missed_as_often_as_it_was_lived(
    report: dict[str, ClauseEvidence],
) -> None:
    counts = {id_: (clause.kept, clause.missed) for id_, clause in report.items()}
    exercised = {id_: count for id_, count in counts.items() if count != (0, 0)}
    assert exercised == LIVED


def test_each_clause_has_its_one_word(report: dict[str, ClauseEvidence]) -> None:
    for id_, clause in report.items():
        kept, missed = LIVED.get(id_, (0, 0))
        if id_ in STATEMENTS:
            assert clause.state is ClauseState.IN_FORCE
        elif missed:
            assert clause.state is ClauseState.MISSED
        else:
            assert clause.state is (ClauseState.KEPT if kept else ClauseState.NOT_EXERCISED)


def test_the_lines_are_told_as_a_support_manager_would(report: dict[str, ClauseEvidence]) -> None:
    told = {clause: [line.what for line in report[clause].evidence] for clause in LIVED}
    assert told["M-14"] == ["page to Vera Olsen; call to Pat Lin"]
    assert told["M-13"][-1] == "a person had already done it"
    assert told["M-12"] == ["notice to Ray Ode, Pat Lin"]
    assert told["M-25"] == ["referral to joe@home.example"]
    assert "bo began it while C1 stood unworked" in told["M-09"]
    assert "first response given in time, 4 h before it was due" in told["M-15"]
    assert told["M-16"] == ["no first response by the time it was due"]


@pytest.fixture(scope="module")
def explained(night: Story) -> Explanation:
    return explain(night.stage.site.parts().records, "1042")


def test_the_explanation_names_everybody_who_was_told(explained: Explanation) -> None:
    reached = {
        (step.clause, delivery.name, delivery.channel)
        for step in explained.steps
        for message in step.messages
        for delivery in message.deliveries
        if delivery.state in {"accepted", "delivered", "acknowledged"}
    }
    assert {("M-14", "Vera Olsen", "page"), ("M-14", "Pat Lin", "voice")} <= reached
    assert {("M-06", name, "page") for name in ("Ann Reyes", "Bo Lindt", "Cy Mora")} <= reached
    assert {message.purpose for message in explained.others} >= {"ask", "reply", "withdraw"}
    assert (explained.status, explained.coming) == ("closed", ())


def test_the_clock_of_a_3_shows_that_it_was_answered_too_late(night: Story) -> None:
    (clock,) = explain(night.stage.site.parts().records, "C2").clocks
    assert (clock.clause, clock.verdict) == ("M-16", "missed")
    assert clock.met_at is not None
    assert clock.due is not None
    assert clock.met_at > clock.due
