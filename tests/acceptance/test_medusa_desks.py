"""Medusa with a partner in Madrid: P-01, P-02, P-03, from the first mail to the report, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from tests.acceptance.paper import Paper, agreed
from tests.acceptance.story import PAT, Story
from tests.acceptance.test_solutions import site
from upheld.calendar.instant import HOUR, MINUTE
from upheld.case.events import Actor, HandedOver, Side
from upheld.errors import Refusal
from upheld.report.evidence import gather
from upheld.report.explain import explain
from upheld.report.turns import desk_stories
from upheld.testing.stage import Stage

BO, CY, VERA = (Actor(name, Side.STAFF) for name in ("bo", "cy", "vera"))
BO_MAIL, CY_MAIL, VERA_MAIL = (f"{actor.id}@magnolia.example" for actor in (BO, CY, VERA))
HERE: Final = """
extends: medusa
policy: Medusa with a partner
calendars:
  madrid: {zone: Europe/Madrid, week: {mon-thu: "08:30-18:00", fri: "08:00-15:00"}, day: 9 hours}
roles: {iberia: Help desk in Madrid}
needs: {queues: [iberia]}
desks:
  iberia: {name: Iberia help desk, tier: first-level, calendar: madrid, language: es, people: iberia, queue: iberia}
document:
- heading: Help desk
  clauses:
  - id: P-02
    says: Your help desk has {help-desk.within} of its own, our top level {top-level.within} each time.
    rules:
    - {name: help-desk, target: resolution, tier: first-level, within: 6 business hours, calendar: desk}
    - {name: top-level, target: top_level, tier: top-level, within: 4 business hours, calendar: desk, met_by: handed_over}
    - {name: missed, when: {missed: top_level}, do: [notify: desk]}
"""  # noqa: E501


def here(folder: Path, **acme: Any) -> dict[str, Any]:
    """A site whose customer Acme belongs to the desk in Madrid, where Cy works; Vera is the top level."""
    policy = folder / "here.yaml"
    policy.write_text(HERE, encoding="utf-8")
    whole = site("medusa")
    roles = {**whole["roles"], "help-desk": "bo", "iberia": "cy", "top-level": "vera"}
    customer = {**whole["customers"]["acme"], "desk": "iberia", "zone": "Europe/Madrid", **acme}
    return {**whole, "policy": str(policy), "roles": roles, "customers": {"acme": customer}}


@pytest.fixture
def story(tmp_path: Path, database: str | None) -> Iterator[Story]:
    """On Monday at 9:00 UTC (11:00 in Madrid, 10:00 in London) a mail from Acme is acknowledged."""
    with Stage(tmp_path, config=here(tmp_path), database=database) as stage:
        story = Story(stage)
        story.until("2026-03-30T09:00:00+00:00")
        story.mail(PAT, "The till is slow")
        story.expect_mail(PAT, "Re: The till is slow")
        yield story
        story.nothing_else()


def to_the_top(story: Story) -> None:
    """After an hour Cy hands it over."""
    story.forward(hours=1)
    story.do.hand_over("C1", CY, "top-level", "the board resets itself")
    story.settle()
    story.expect_mail(VERA_MAIL, "The till is slow")


def test_p_01_a_case_begins_with_the_desk_of_its_customer(story: Story) -> None:
    state = story.state()
    assert (state.held_by, state.tier, state.queue) == ("iberia", "first-level", "iberia")


def test_p_01_both_clocks_are_seen_each_on_its_own_days(story: Story) -> None:
    to_the_top(story)
    found = explain(story.stage.site.records, "C1")
    first, top = found.clocks
    assert (first.target, first.state, first.spent) == ("resolution", "paused", HOUR)
    assert (top.target, top.state, top.due) == ("top_level", "running", story.now + 4 * HOUR)
    assert [(each.state, each.desk) for each in first.segments] == [
        ("running", "iberia"),
        ("paused", "top-level"),
    ]


def test_p_01_the_customer_hears_from_the_desk_alone(story: Story) -> None:
    to_the_top(story)
    with pytest.raises(Refusal, match="the customer hears from Iberia help desk alone"):
        story.do.reply("C1", VERA, "It is the board.")
    story.do.note("C1", VERA, "It is the board.")
    story.do.reply("C1", CY, "A new board is on its way.")
    story.settle()
    story.expect_mail(PAT, "Re: The till is slow")


def test_p_02_each_party_answers_for_its_own_time(story: Story) -> None:
    to_the_top(story)
    story.forward(hours=4)
    story.expect_mail(VERA_MAIL, "The till is slow")
    story.forward(hours=1)
    story.do.hand_over("C1", VERA, "iberia", "the board is to be replaced")
    story.forward(minutes=30)
    story.do.resolve("C1", CY, "a new board")
    story.settle()
    clocks = {run.target: run for run in story.life().clocks}
    assert (clocks["resolution"].state, clocks["resolution"].spent) == ("met", 90 * MINUTE)
    assert (clocks["top_level"].state, clocks["top_level"].spent) == ("missed", 5 * HOUR)
    with story.stage.site.ledger.reading() as tx:
        desks = desk_stories(story.stage.site.records, tx)
    told = {each.desk: (each.turns, each.held, each.met, each.missed) for each in desks}
    assert told == {"top-level": (1, 5 * HOUR, 0, 1), "iberia": (2, 90 * MINUTE, 1, 0)}


def test_p_03_who_had_the_case_and_for_how_long(story: Story) -> None:
    to_the_top(story)
    story.forward(hours=2)
    story.do.hand_over("C1", VERA, "help-desk", "Bo has a board")
    story.forward(hours=20)
    turns = explain(story.stage.site.records, "C1").turns
    assert [(t.desk, t.held // HOUR, t.worked // HOUR, t.by, t.reason) for t in turns] == [
        ("iberia", 1, 1, "", ""),
        ("top-level", 2, 2, "cy", "the board resets itself"),
        ("help-desk", 20, 4, "vera", "Bo has a board"),
    ]
    events = [stored.event for stored in story.events() if stored.event]
    over = [each.body for each in events if isinstance(each.body, HandedOver)]
    assert [(body.desk, body.tier) for body in over] == [
        ("top-level", "top-level"),
        ("help-desk", "first-level"),
    ]


def test_p_03_every_hand_over_is_evidence(story: Story) -> None:
    to_the_top(story)
    with story.stage.site.ledger.reading() as tx:
        clauses = {each.id: each for each in gather(tx, story.stage.site.policy)}
    what = "cy handed it from iberia to top-level after 1 h: the board resets itself"
    assert what in [line.what for line in clauses["P-01"].evidence]
    assert clauses["P-03"].kept >= 1


def test_p_01_a_mail_is_in_the_language_of_the_desk_where_the_customer_names_none(
    tmp_path: Path,
) -> None:
    for language, subject in ((None, "Recibido"), ("en", "Re: The till")):
        named = {} if language is None else {"language": language}
        folder = tmp_path / (language or "none")
        templates = folder / "templates" / "es"
        templates.mkdir(parents=True)
        (templates / "received.txt").write_text("Subject: Recibido\n\n{{ desk }}", encoding="utf-8")
        with Stage(folder, config=here(tmp_path, **named)) as stage:
            story = Story(stage)
            story.mail(PAT, "The till is slow")
            told = story.expect_mail(PAT, subject)
            assert ("Iberia help desk" in told.text) is (language is None)


def test_p_02_the_times_of_all_hands_add_up_on_the_days_of_each() -> None:
    terms = agreed(
        "medusa",
        HERE.partition("extends: medusa")[2].replace(
            "    - {name: missed,",
            "    - {name: whole, target: whole, within: 99 business hours, calendar: desk}\n"
            "    - {name: missed,",
        ),
    )
    case = Paper("medusa", "2026-05-01 16:00", severity=3, terms_of=terms)  # Friday in London
    case.happens("2026-05-01 17:00", HandedOver("top-level"))  # until 17:30
    case.happens("2026-05-04 09:00", HandedOver("iberia"))  # a bank holiday, but not in Madrid
    case.until("2026-05-04 12:00")
    spent = {run.target: run.spent / HOUR for run in case.case.life(case.now).clocks}
    assert spent == {"resolution": 1 + 3, "top_level": 0.5, "whole": 4.5}
