"""Who was told, and why the others were not."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from tests.core.report.scene import START, Scene
from upheld.calendar.instant import MINUTE
from upheld.case.decision import Subject
from upheld.case.events import PublicReply, SeveritySet, Triaged, Worked
from upheld.directory import Recipient
from upheld.errors import NotFound
from upheld.report.people import PersonStory, people

PEOPLE = {
    "boss": ("Ann", "ann"),
    "on-duty": ("Bo", "bo"),
    "customer": ("Pat", "acme/pat"),
    "customer.contact": ("Pat", "acme/pat"),
}


def stories(scene: Scene, case: str, vacant: str = "") -> dict[str, PersonStory]:
    """By person; what ``_deliveries`` of the scene sends goes to whom the message names."""

    def behind(whom: str) -> Sequence[Recipient]:
        if whom not in PEOPLE or whom == vacant:
            return ()
        name, _ = PEOPLE[whom]
        return (Recipient(whom, name, {}, "UTC", "en"),)

    def of(_subject: Subject) -> object:
        return behind

    found = people(scene.records, case, of)  # type: ignore[arg-type]
    return {story.person: story for story in found}


def why(story: PersonStory) -> dict[str, str]:
    return {each.clause: each.why for each in story.not_told}


def urgent(scene: Scene) -> str:
    case = scene.open("down")
    scene.fact(case, Triaged(1, "7"))
    return case


def test_who_was_told_stands_with_clause_channel_and_time(scene: Scene) -> None:
    case = urgent(scene)
    scene.plan()
    scene.send()
    (told,) = stories(scene, case)["on-duty"].told
    assert (told.at, told.clauses, told.purpose, told.state) == (
        START,
        ("S-06",),
        "page",
        "accepted",
    )


def test_those_who_were_told_come_first(scene: Scene) -> None:
    case = urgent(scene)
    scene.plan()
    scene.send()
    assert next(iter(stories(scene, case))) == "on-duty"


def test_what_is_still_to_come_is_told_as_that(scene: Scene) -> None:
    assert why(stories(scene, urgent(scene))["boss"]) == {
        "S-07": "not yet: it is told when that is due"
    }


def test_what_a_case_is_not_is_told_by_the_rules_condition(scene: Scene) -> None:
    case = scene.open("it is slow")
    scene.fact(case, Triaged(2))
    assert why(stories(scene, case)["on-duty"]) == {"S-06": "only where severity 1"}


def test_what_prevented_it_is_named(scene: Scene) -> None:
    case = urgent(scene)
    scene.forward(hours=1)
    scene.fact(case, Worked())
    scene.forward(hours=2)
    assert why(stories(scene, case)["boss"]) == {"S-07": "not needed: worked"}


def test_an_hour_that_a_person_filled_is_told_as_that(scene: Scene) -> None:
    case = urgent(scene)
    scene.forward(minutes=30)
    scene.fact(case, PublicReply("we look at the switch"))
    scene.forward(minutes=31)
    story = stories(scene, case)["customer"]
    assert why(story)["S-08"] == "a person had told it already"


def test_what_was_due_before_the_case_was_enforced_is_told_as_that(scene: Scene) -> None:
    case = scene.open("down", enforced=False)
    scene.fact(case, SeveritySet(1))
    scene.forward(minutes=1)
    scene.take_in(case)
    assert why(stories(scene, case)["on-duty"]) == {
        "S-06": "it was due before the case was enforced"
    }


def test_nobody_behind_a_name_is_told_as_nobody(scene: Scene) -> None:
    nobody = stories(scene, urgent(scene), vacant="boss")[""]
    assert (nobody.named, why(nobody)) == (("boss",), {"S-07": "nobody is behind that name"})


def test_a_person_of_two_names_is_told_of_once(scene: Scene) -> None:
    found = stories(scene, urgent(scene))
    assert found["customer"].named == ("customer",)
    assert [story.person for story in found.values()].count("customer") == 1


def test_a_case_that_is_not_there_is_not_found(scene: Scene) -> None:
    with pytest.raises(NotFound):
        stories(scene, "C9")


def test_minutes_later_nothing_is_told_twice(scene: Scene) -> None:
    case = urgent(scene)
    for _ in range(3):
        scene.plan()
        scene.send()
        scene.forward(seconds=MINUTE / 1_000_000)
    assert len(stories(scene, case)["on-duty"].told) == 1
