"""Paged through PagerDuty's Incidents API: M-06, M-11, M-12, M-14, X-04, X-09; accepted is not paged."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Final

import pytest

from tests.acceptance import test_severity_1 as magnolia
from tests.acceptance import test_xecuritas_desk as xecuritas
from tests.acceptance.reached import PhoneStage, Reached
from tests.acceptance.story import ANN, BO, PAT, PHONE, STAFF, VERA, Story
from upheld.calendar.instant import instant
from upheld.case.events import FailedOver, PageAcknowledged, Receipted
from upheld.desk.receipts import Receipts
from upheld.plugin import Request
from upheld.testing.stage import SITE, Got, Stage
from upheld.web.hooks import Hook, Hooks
from upheld_pagerduty.incidents import SERVICE, Incident
from upheld_pagerduty.restapi import SENDER, TOKEN, USER

_SECRETS: Final = ("old-secret", "new-secret")
_IDS: Final = {"PANN001": ANN, "PBOL002": BO}
#: Whom people have been told to be in PagerDuty, so that an answer names who gave it.
_PEOPLE: Final = {
    name: {
        **person,
        **({"pagerduty": {ANN: "PANN001", BO: "PBOL002"}[name]} if name in {ANN, BO} else {}),
    }
    for name, person in SITE["people"].items()
}


class IncidentStage(Stage):
    """The stage of the other stories, where pages are incidents. ``confirms``: by webhook too."""

    def __init__(self, folder: Path, **options: Any) -> None:
        super().__init__(folder, **options)
        self._heard = self.pager.subscribe(self._hear, *_SECRETS)
        self.statuses: list[int | None] = []

    def deliver(self) -> None:
        """PagerDuty tells what is new, and everything happens that is to happen then."""
        self.statuses += self._heard.deliver(self.clock.as_datetime())
        self.settle()

    def _hear(self, body: bytes, headers: Mapping[str, str]) -> int:
        """A webhook at the door, as it comes in."""
        (puller,) = (each for each in self.daemon.pullers if each.source.name == "pager")
        url, at = "https://support.magnolia.example/hooks/pager", self.clock.as_datetime()
        request = Request("POST", url, (), tuple(headers.items()), body, at)
        hook = Hook(puller.live, puller.source, puller.intake, puller.touched.set)
        hooks = Hooks({"pager": hook}, self.site.ledger, self.daemon.log, self.daemon.news.ring)
        return hooks.take("pager", request).status

    def _secrets(self) -> dict[str, str]:
        return super()._secrets() | {"STAGE_PAGER_TOKEN": TOKEN, "STAGE_PAGER_HOOK": _SECRETS[1]}

    def _config(self) -> dict[str, Any]:
        whole = super()._config()
        pager = {
            "plugin": "pagerduty",
            "token": {"env": "STAGE_PAGER_TOKEN"},
            "service": SERVICE,
            "sender": SENDER,
            "user": USER,
            "webhook_secrets": {"env": "STAGE_PAGER_HOOK"},
            "api_url": self.pager.url,
        }
        return {**whole, "connections": {**whole["connections"], "pager": pager}}

    def _pages(self) -> Iterator[Got]:
        for each in self.pager.incidents:
            yield from _told(each)


def _told(incident: Incident) -> Iterator[Got]:
    """What we did with an incident; what people did there is theirs."""
    person = incident.dedup_key.rpartition(">")[2].partition("/")[0]
    for entry in incident.entries:
        if entry.action == "trigger" or (entry.action != "notify" and entry.user == USER):
            what = f"{entry.action} {incident.summary}"
            yield Got(instant(entry.at), "page", person, what, incident.dedup_key)


def _staged(folder: Path, **options: Any) -> Iterator[Story]:
    with IncidentStage(folder, **options) as stage:
        story = Story(stage)
        yield story
        story.nothing_else()


@pytest.fixture
def story(tmp_path: Path, database: str | None) -> Iterator[Story]:
    """Magnolia, whose pages are incidents."""
    yield from _staged(tmp_path, config={"people": _PEOPLE}, database=database)


@pytest.fixture
def desk(tmp_path: Path, database: str | None) -> Iterator[Story]:
    """Xecuritas on a Sunday night, whose pages are incidents."""
    config = {**SITE, **xecuritas.XECURITAS}
    yield from _staged(tmp_path, start=xecuritas.SUNDAY_AT_THREE, config=config, database=database)


# --- the clauses, as they are told elsewhere --------------------------------------------------------


@pytest.mark.parametrize(
    "told",
    [
        magnolia.test_m_06_the_whole_team_is_called_in_by_a_decision,
        magnolia.test_m_11_paged_in_the_transaction_of_the_marking,
        magnolia.test_m_11_a_3_raised_to_a_1_pages_too,
        magnolia.test_m_11_marked_again_pages_again,
        partial(magnolia.test_m_11_everybody_paged_is_stood_down, end="closed"),
        magnolia.test_m_12_contacts_are_told_where_a_system_of_theirs_is_involved,
        magnolia.test_m_14_fires_at_exactly_two_hours,
        partial(magnolia.test_m_14_not_at_all_when_work_began_a_minute_before, how="work"),
        magnolia.test_m_14_once_only_across_restarts,
    ],
    ids=lambda told: getattr(told, "func", told).__name__.removeprefix("test_"),
)
def test_magnolia(story: Story, told: Callable[[Story], None]) -> None:
    told(story)


@pytest.mark.parametrize(
    "told",
    [
        xecuritas.test_x_04_a_severity_1_on_a_sunday_night_pages_who_is_on_call,
        xecuritas.test_x_04_after_the_hand_over_the_other_one_is_paged,
        xecuritas.test_x_04_marked_by_a_person_it_pages_too,
    ],
    ids=lambda told: told.__name__.removeprefix("test_"),
)
def test_xecuritas(desk: Story, told: Callable[[Story], None]) -> None:
    told(desk)


def test_x_09_what_is_entered_as_severity_1_calls_the_engineer_on_call(desk: Story) -> None:
    desk.phoned("Email is down", 1)
    desk.expect_mail(PAT, "Re: [21] Email is down")
    desk.expect_page(BO)


# --- answers there ----------------------------------------------------------------------------------


def said(story: Story, kind: type[object]) -> list[str]:
    """Who said it, for each fact of a kind on the case."""
    found = (each.event for each in story.events())
    return [event.actor.id for event in found if event and isinstance(event.body, kind)]


def thread(story: Story, who: str) -> str:
    """The page to somebody that was opened last."""
    stage = story.stage
    keys: list[str] = [each.dedup_key for each in stage.pager.incidents]
    return [key for key in keys if key.rpartition(">")[2].partition("/")[0] == who][-1]


def test_an_acknowledgement_there_is_on_the_case_and_does_not_stop_m_14(story: Story) -> None:
    story.severity_1()
    story.forward(minutes=5)
    for who, user in ((ANN, "PANN001"), (BO, "PBOL002")):
        story.stage.pager.acknowledge(thread(story, who), by=user)
    story.settle()
    assert set(said(story, PageAcknowledged)) == {ANN, BO}
    assert story.state().worked_at is None
    # An acknowledgement expires while nobody works: whoever gave it is reminded.
    story.forward(hours=1, minutes=55)
    vera = [got for got in story.stage.got() if got.to == VERA and got.what.startswith("trigger")]
    call = [got for got in story.stage.got() if got.to == PHONE]
    assert [got.at for got in (*vera, *call)] == [story.now, story.now]
    story.taken = story.stage.got()


def test_who_was_notified_is_proof_on_the_case(story: Story) -> None:
    """Twice: whom the incident was assigned to when it was opened, and whom PagerDuty notified then."""
    story.severity_1()
    story.forward(minutes=1)
    bodies = [each.event.body for each in story.events() if each.event]
    paged = [b for b in bodies if isinstance(b, Receipted) and b.connection == "pager"]
    assert {(each.recipient, each.state) for each in paged} == {
        (ANN, "delivered"),
        (BO, "delivered"),
    }
    details = [each.detail for each in paged if each.recipient == ANN]
    assert [detail.split()[0] for detail in details] == ["incident", "notify"]


def test_a_webhook_that_comes_twice_counts_once_and_is_never_refused(story: Story) -> None:
    story.severity_1()
    stage = story.stage
    assert isinstance(stage, IncidentStage)
    stage.pager.acknowledge(thread(story, ANN), by="PANN001")
    again = list(stage._heard.queue)
    stage.deliver()
    before = len(story.events())
    stage._heard.queue.extend(again)
    stage.deliver()
    assert len(story.events()) == before
    assert said(story, PageAcknowledged) == [ANN]
    assert set(stage.statuses) == {202}


def test_a_webhook_that_is_sent_again_after_a_restart_is_left_alone(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By its X-Webhook-Id, before anything looks at what it says."""
    story.severity_1()
    stage = story.stage
    assert isinstance(stage, IncidentStage)
    stage.pager.acknowledge(thread(story, ANN), by="PANN001")
    again = list(stage._heard.queue)
    stage.deliver()
    stage.restart()
    looked: list[object] = []
    monkeypatch.setattr(Receipts, "take", lambda *said: looked.append(said))
    stage._heard.queue.extend(again)
    stage.deliver()
    assert (looked, set(stage.statuses)) == ([], {202})
    stage._heard.queue.extend(replace(each, id=f"{each.id}-new") for each in again)
    stage.deliver()
    assert len(looked) == len(again), "another webhook is looked at"


def test_a_person_who_resolves_it_there_ends_nothing_here(story: Story) -> None:
    story.severity_1()
    stage = story.stage
    stage.pager.resolve(thread(story, ANN), by="PANN001")
    story.settle()
    assert story.state().status == "open"
    assert story.state().worked_at is None


# --- a schedule that PagerDuty keeps ---------------------------------------------------------------


def kept_there(folder: Path, *on_call: str) -> Iterator[Story]:
    """The Operations Manager is whoever PagerDuty's schedule says; Bo comes next there."""
    config = {
        "people": _PEOPLE,
        "rotations": {"ops": {"held_by": {"pagerduty": "schedule:PSCHED1"}}},
        "roles": {**SITE["roles"], "operations-manager": "ops"},
        "reach": {**SITE["reach"], "then": "next on duty"},
    }
    with IncidentStage(folder, config=config) as stage:
        stage.pager.rest.schedules["PSCHED1"] = on_call
        stage.pager.rest.coming["PSCHED1"] = (*on_call, "PBOL002")
        story = Story(stage)
        story.mail(PAT, "Nobody can connect")
        story.do.triage("C1", STAFF, 1, number="1042")
        story.settle()
        yield story


def assigned(story: Story) -> list[tuple[str, ...]]:
    """Whom each page to the schedule went to, oldest first."""
    found = (each for each in story.stage.pager.incidents if "ops" in each.dedup_key)
    return [each.assignees for each in found if "operations-manager" in each.dedup_key]


def went_on(story: Story) -> list[tuple[str, str, str]]:
    bodies = [each.event.body for each in story.events() if each.event]
    return [(b.person, b.why, b.to_person) for b in bodies if isinstance(b, FailedOver)]


def test_whoever_is_next_on_the_providers_schedule_is_paged_where_nobody_answers(
    tmp_path: Path,
) -> None:
    for story in kept_there(tmp_path, "PANN001"):
        assert assigned(story) == [("PANN001",)]
        story.forward(minutes=5)
        assert assigned(story) == [("PANN001",), ("PBOL002",)]
        assert ("ops", "not acknowledged within 5 min", "ops+1") in went_on(story)
        told = [each.event.body for each in story.events() if each.event]
        proof = [b for b in told if isinstance(b, Receipted) and b.recipient == "ops+1"]
        assert proof[0].state == "delivered"
        assert "assigned to PBOL002" in proof[0].detail, "PagerDuty's own word"


def test_whoever_is_next_is_paged_at_once_where_nobody_is_on_call_there(tmp_path: Path) -> None:
    for story in kept_there(tmp_path):
        assert assigned(story) == [("PBOL002",)]
        (said,) = [why for who, why, to in went_on(story) if (who, to) == ("ops", "ops+1")]
        assert said.startswith("failed: nobody is on call for PagerDuty's schedule PSCHED1")


# --- accepted is not paged --------------------------------------------------------------------------


def test_events_that_answer_202_and_page_no_one_are_failed_over_within_their_time(
    tmp_path: Path, database: str | None
) -> None:
    """A routing key with nobody on call: no incident is opened, and no word of it comes."""
    with PhoneStage(tmp_path, database=database) as stage:
        story = Reached(stage)
        stage.pager.nobody_on_call()
        story.mail(PAT, "Nobody can connect")
        story.do.triage("C1", STAFF, 1, number="1042")
        story.settle()
        assert stage.pager.incidents == ()
        assert stage.pager.received != (), "it answered 202"
        story.forward(minutes=5)
        reached = story.people()
        assert {(ANN, "sms"), (BO, "sms")} <= set(reached)
        assert any(each.startswith("ann page: ") for each in story.proofs())


class EventsStage(PhoneStage):
    """Pages go out by events, and a token reads back what came of them."""

    def _secrets(self) -> dict[str, str]:
        return super()._secrets() | {"STAGE_PAGER_TOKEN": TOKEN}

    def _config(self) -> dict[str, Any]:
        whole = super()._config()
        pager = {
            **whole["connections"]["pager"],
            "token": {"env": "STAGE_PAGER_TOKEN"},
            "api_url": self.pager.url,
        }
        return whole | {
            "connections": {**whole["connections"], "pager": pager},
            "people": _PEOPLE,
        }


def test_pdpyras_44_who_answers_at_pagerduty_is_not_rung_though_an_event_paged_them(
    tmp_path: Path, database: str | None
) -> None:
    """The incident of an event bears no key: which page it is stands on its alert."""
    with EventsStage(tmp_path, database=database) as stage:
        story = Reached(stage)
        story.mail(PAT, "Nobody can connect")
        story.do.triage("C1", STAFF, 1, number="1042")
        story.forward(minutes=1)
        stage.pager.acknowledge(thread(story, ANN), by="PANN001")
        story.forward(minutes=9)
        assert (ANN, "sms") not in story.people()
        assert (BO, "sms") in story.people(), "his own page is not answered"
        (page,) = (e for e in story.explained(ANN).told if e.purpose == "page")
        assert [word.state for word in page.words] == ["accepted", "delivered", "acknowledged"]
