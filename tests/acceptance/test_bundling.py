"""A bad hour: many cases page the same person, who is rung a few times and hears of all of them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, TypeVar

import pytest

from tests.acceptance.reached import NUMBERS, REACH, PhoneStage, Reached
from tests.acceptance.story import PAT, STAFF
from upheld.case.events import (
    UPHELD,
    Actor,
    Event,
    Opened,
    PageAcknowledged,
    Proposed,
    Receipted,
    Side,
)

T = TypeVar("T")
BO: Final = Actor("bo", Side.STAFF)
BOS: Final = "+12025550102"
HOUSE: Final = """
policy: House
published_by: House Software
severities:
  1: {name: Urgent, means: Everything is down.}
  2: {name: High, means: Much is down.}
roles: {engineer: Engineer}
document:
- heading: What we promise
  clauses:
  - {id: H-1, says: The engineer is paged at once., when: {severity: 1}, do: [page: engineer]}
  - {id: H-2, says: He is paged for these too., when: {severity: 2}, do: [page: engineer]}
"""
SITE: Final[dict[str, Any]] = {
    "policy": "house.yaml",
    "roles": {"engineer": "bo", "vp-operations": "vera", "operator": "ann"},
    "reach": REACH | {"page": [{"sms": "phone"}, {"voice": "phone"}]},
    "go_live": {
        "mode": "live",
        "live_for": ["all"],
        "brake": {"pages": "1000 in 10 minutes"},
    },
}


@pytest.fixture
def story(tmp_path: Path, database: str | None) -> Iterator[Reached]:
    with staged(tmp_path, database) as stage:
        yield Reached(stage)


def staged(
    folder: Path,
    database: str | None = None,
    site: Mapping[str, Any] | None = None,
    house: str = HOUSE,
    **reach: Any,
) -> PhoneStage:
    (folder / "house.yaml").write_text(house)
    config = SITE | {"reach": SITE["reach"] | reach} | dict(site or {})
    return PhoneStage(folder, database=database, config=config)


def opened(story: Reached, *severities: int) -> list[str]:
    """Cases that come in at one moment, each with its severity; nothing goes out yet."""
    return [_opened(story, severity) for severity in severities]


def _opened(story: Reached, severity: int) -> str:
    said = Opened(
        "phone", "It is down", "told on the phone", PAT, customer="acme", enforced_from=story.now
    )
    case = story.do.open(said, STAFF)
    story.do.triage(case, STAFF, severity, number=f"10{int(case[1:]):02}")
    return case


def texts(story: Reached, who: str) -> list[str]:
    """What somebody was told over the phone, written or spoken, oldest first."""
    return [
        each.twiml or each.body for each in story.stage.phone.sent if NUMBERS.get(each.to) == who
    ]


def sms(story: Reached, who: str) -> list[str]:
    return [text for text in texts(story, who) if not text.startswith("<")]


def named(text: str) -> list[str]:
    """The numbers of the cases that a text lists, also where they are read out digit by digit."""
    found = re.findall(r"(?:Sev \d|case) (1 ?0 ?\d ?\d)", text)
    return [number.replace(" ", "") for number in found]


def propose(story: Reached, case: str, severity: int) -> None:
    """What the policy makes of the case, with what is known of it by now."""
    site, body = story.stage.site, Proposed(severity=severity, rule="tests")
    event = Event(f"proposed:{severity}", story.now, story.now, UPHELD, body)
    site.ledger.retrying(lambda tx: site.records.add(tx, case, event))
    story.settle()


def answers(story: Reached, text: str) -> str:
    """Bo writes; what he is answered."""
    story.stage.hear(story.stage.phone.write(BOS, text))
    return texts(story, "bo")[-1]


def facts(story: Reached, case: str, kind: type[T]) -> list[T]:
    with story.stage.site.ledger.reading() as tx:
        bodies = [stored.event.body for stored in tx.events(case) if stored.event]
    return [body for body in bodies if isinstance(body, kind)]


def pages(story: Reached, case: str) -> list[tuple[str, str]]:
    """What the providers said of the pages for a case: its proof."""
    proofs = [body for body in facts(story, case, Receipted) if body.purpose == "page"]
    assert {body.clauses for body in proofs} <= {("H-1",), ("H-2",)}
    return [(body.state, body.channel) for body in proofs]


def waiting(story: Reached) -> list[str]:
    """The cases of which Bo was not told yet."""
    with story.stage.site.ledger.reading() as tx:
        sent = tx.deliveries()
    return sorted(each.subject for each in sent if each.purpose == "page" and not each.attempts)


# --- few messages that name all ----------------------------------------------------------------------


def test_twenty_cases_at_once_are_one_message_that_names_them(story: Reached) -> None:
    cases = opened(story, *[1] * 20)
    story.settle()
    (told,) = texts(story, "bo")
    assert told.startswith(
        "20 cases need you\nSev 1 1001 Acme Internet: It is down, since 2026-03-28"
    )
    assert all(f"10{number:02}" in told for number in range(1, 21))
    assert "and 16 more: 1005, 1006, " in told
    for case in cases:
        assert pages(story, case) == [("accepted", "sms")], case


def test_the_most_urgent_are_named_first(story: Reached) -> None:
    opened(story, 2, 2, 1, 2)
    story.settle()
    (told,) = texts(story, "bo")
    assert named(told) == ["1003", "1001", "1002", "1004"]


def test_a_case_by_itself_is_told_at_once_and_as_ever(story: Reached) -> None:
    opened(story, 2)
    story.settle()
    (told,) = texts(story, "bo")
    assert told.startswith(
        "Sev 2 1001 Acme Internet\nIt is down, since 2026-03-28 18:30 EDT.\nDo: work it."
    )
    assert "ACK 1001: acknowledge" in told


def test_what_comes_within_a_minute_is_gathered_till_it_is_over(story: Reached) -> None:
    opened(story, 2)
    story.settle()
    for _ in range(5):
        story.forward(seconds=10)
        opened(story, 2)
        story.settle()
    assert len(texts(story, "bo")) == 1
    story.forward(seconds=9)
    assert waiting(story) == ["C2", "C3", "C4", "C5", "C6"]
    story.forward(seconds=1)
    assert [named(each) for each in texts(story, "bo")] == [
        ["1001"],
        ["1002", "1003", "1004", "1005", "1006"],
    ]


def test_a_severity_1_in_between_leaves_at_once_and_takes_along_what_waits(story: Reached) -> None:
    opened(story, 2)
    story.settle()
    story.forward(seconds=10)
    opened(story, 2, 2)
    story.settle()
    story.forward(seconds=10)
    opened(story, 1)
    story.settle()
    assert [named(each) for each in texts(story, "bo")] == [["1001"], ["1004", "1002", "1003"]]
    assert waiting(story) == []


def test_a_case_that_becomes_a_severity_1_while_its_page_waits_waits_no_longer(
    story: Reached,
) -> None:
    opened(story, 2)
    story.settle()
    story.forward(seconds=10)
    (case,) = opened(story, 2)
    story.settle()
    story.forward(seconds=10)
    story.do.severity(case, STAFF, 1, "it is worse")
    story.settle()
    assert [named(each) for each in texts(story, "bo")] == [["1001"], ["1002"]]
    assert pages(story, case)[0] == ("accepted", "sms")


def test_so_it_is_where_one_clause_is_for_both_severities(
    tmp_path: Path, database: str | None
) -> None:
    """It plans no other page, since it has paged: the one that waits goes at once."""
    house = HOUSE.replace("{severity: 1}", "{severity: [1, 2]}").partition("  - {id: H-2")[0]
    with staged(tmp_path, database, house=house) as stage:
        story = Reached(stage)
        opened(story, 2)
        story.settle()
        story.forward(seconds=10)
        opened(story, 2)
        (case,) = opened(story, 2)
        story.settle()
        story.forward(seconds=10)
        story.do.severity(case, STAFF, 1, "it is worse")
        story.settle()
        assert [named(each) for each in texts(story, "bo")] == [["1001"], ["1003", "1002"]]
        assert waiting(story) == []


def test_so_does_one_that_is_proposed_as_one_anew(tmp_path: Path) -> None:
    """Until somebody has triaged it, the proposal acts."""
    house = HOUSE.replace("{severity: 1}", "{proposed: {severity: [1, 2]}}")
    with staged(tmp_path, house=house) as stage:
        story = Reached(stage)
        opened(story, 2)
        story.settle()
        story.forward(seconds=10)
        said = Opened(
            "phone", "It is down", "by phone", PAT, customer="acme", enforced_from=story.now
        )
        case = story.do.open(said, STAFF)
        propose(story, case, 2)
        assert case in waiting(story)
        propose(story, case, 1)
        assert case not in waiting(story)


def test_a_minute_later_there_is_nothing_to_wait_for(story: Reached) -> None:
    opened(story, 2)
    story.settle()
    story.forward(minutes=1)
    opened(story, 2)
    story.settle()
    assert [named(each) for each in texts(story, "bo")] == [["1001"], ["1002"]]


@pytest.mark.parametrize(
    ("reach", "messages"),
    [
        ({"bundle": "off"}, [["1001"], ["1002"], ["1003"]]),
        ({"bundle": "30 seconds"}, [["1001", "1002"], ["1003"]]),
        ({"bundle": "5 minutes"}, [["1001", "1002"]]),
    ],
)
def test_the_site_says_how_long_is_gathered(
    tmp_path: Path, reach: dict[str, Any], messages: list[list[str]]
) -> None:
    with staged(tmp_path, **reach) as stage:
        story = Reached(stage)
        opened(story, 2, 2)
        story.settle()
        story.forward(minutes=4)
        opened(story, 2)
        story.settle()
        assert [named(each) for each in sms(story, "bo")] == messages


def test_each_person_hears_of_their_own(tmp_path: Path) -> None:
    """Who else is paged gets a message of their own; and no customer is in any of it."""
    both = {"roles": SITE["roles"] | {"engineer": ["bo", "cy"]}}
    with staged(tmp_path, site=both) as stage:
        story = Reached(stage)
        opened(story, 1, 2)
        story.settle()
        assert {who: len(texts(story, who)) for who in ("bo", "cy")} == {"bo": 1, "cy": 1}
        assert {each.to for each in stage.phone.sent} <= NUMBERS.keys()


# --- answers ------------------------------------------------------------------------------------------


def test_a_bare_ack_answers_for_all_that_were_in_the_message(story: Reached) -> None:
    cases = opened(story, 1, 1, 2)
    story.settle()
    assert answers(story, "ACK").startswith("1001, 1002, 1003: acknowledged. WORK once you begin")
    for case in cases:
        (said,) = facts(story, case, PageAcknowledged)
        assert case in said.key
    story.forward(minutes=20)
    assert len(texts(story, "bo")) == 2, "the message, and the answer to his"


def test_ack_with_a_number_answers_for_that_one_alone(story: Reached) -> None:
    first, second, third = opened(story, 1, 1, 1)
    story.settle()
    assert answers(story, "ACK 1002").startswith("1002: acknowledged.")
    assert [len(facts(story, case, PageAcknowledged)) for case in (first, second, third)] == [
        0,
        1,
        0,
    ]
    story.forward(minutes=5)
    assert [channel for who, channel in story.people() if who == "bo"] == ["sms", "sms", "voice"]
    call = texts(story, "bo")[-1]
    assert named(call) == ["1001", "1003"], "he is called about the others, once"


def test_status_and_pass_are_for_all_and_work_is_for_one(story: Reached) -> None:
    opened(story, 1, 2)
    story.settle()
    lines = answers(story, "STATUS").splitlines()
    assert lines[0].startswith("1001: Severity 1, nobody works on it")
    assert lines[1].startswith("1002: Severity 2, nobody works on it")
    code = texts(story, "bo")[0].rsplit("#", 1)[1].strip()
    assert answers(story, f"WORK {code}").startswith(
        "not done: say for which of 1001, 1002, such as WORK 1001"
    )
    story.stage.hear(story.stage.phone.write(BOS, f"PASS {code}"))
    assert "1001, 1002: passed on: the next one is paged" in "".join(texts(story, "bo"))
    assert story.people()[-1] == ("vera", "sms"), "whoever comes next hears of both"
    assert sorted(named(texts(story, "vera")[-1])) == ["1001", "1002"]


def test_where_several_messages_wait_a_bare_word_is_asked_back_and_the_code_tells(
    story: Reached,
) -> None:
    opened(story, 1)
    story.settle()
    story.forward(seconds=5)
    second, third = opened(story, 1, 1)
    story.settle()
    code = texts(story, "bo")[-1].rsplit("#", 1)[1].strip()
    assert answers(story, "ACK").startswith("not done: several messages wait for you.")
    assert answers(story, f"ACK {code}").startswith("1002, 1003: acknowledged")
    assert [len(facts(story, case, PageAcknowledged)) for case in ("C1", second, third)] == [
        0,
        1,
        1,
    ]


def test_a_key_of_a_call_answers_for_all_that_were_read_out(story: Reached) -> None:
    cases = opened(story, 1, 1)
    story.settle()
    story.forward(minutes=2)
    call = texts(story, "bo")[-1]
    assert "2 cases need you." in call
    assert named(call) == ["1001", "1002"]
    story.stage.hear(story.stage.phone.press(story.sid("bo", "voice"), "1"))
    for case in cases:
        assert len(facts(story, case, PageAcknowledged)) == 1
        assert pages(story, case) == [("accepted", "sms"), ("accepted", "voice")]


# --- going on, and standing down -----------------------------------------------------------------------


def test_what_becomes_of_the_message_is_proof_on_each_case(story: Reached) -> None:
    cases = opened(story, 1, 1, 1)
    story.settle()
    story.becomes("bo", "sms", "delivered")
    story.becomes("bo", "sms", "delivered")
    for case in cases:
        assert pages(story, case) == [("accepted", "sms"), ("delivered", "sms")]


def test_a_message_that_fails_is_followed_by_one_call_and_then_by_the_next_person(
    story: Reached,
) -> None:
    cases = opened(story, 1, 1, 1)
    story.settle()
    story.becomes("bo", "sms", "undelivered", 30003)
    assert story.people() == [("bo", "sms"), ("bo", "voice")]
    story.becomes("bo", "voice", "no-answer")
    assert story.people() == [("bo", "sms"), ("bo", "voice"), ("vera", "sms")]
    assert sorted(named(texts(story, "vera")[0])) == ["1001", "1002", "1003"]
    for case in cases:
        assert [each.partition(":")[0] for each in story.proofs(case)] == ["bo sms", "bo voice"]


def test_a_case_that_is_worked_before_its_page_goes_out_is_not_in_the_message(
    story: Reached,
) -> None:
    opened(story, 2)
    story.settle()
    story.forward(seconds=10)
    opened(story, 2, 2, 2)
    story.settle()
    story.do.work("C2", BO)  # it would have been the first of the message
    story.forward(seconds=50)
    assert [named(each) for each in texts(story, "bo")] == [["1001"], ["1003", "1004"]]
    assert pages(story, "C2") == []


def test_who_was_paged_for_several_is_stood_down_for_them_in_one_message(story: Reached) -> None:
    opened(story, 1, 1, 1)
    story.settle()
    for case in ("C1", "C2"):
        story.do.work(case, Actor("ann", Side.STAFF))
    story.settle()
    told = texts(story, "bo")[-1]
    assert len(texts(story, "bo")) == 2
    assert told.startswith(
        "2 cases: you need not answer\n"
        "1001 Acme Internet: being worked by Ann Reyes\n"
        "1002 Acme Internet: being worked by Ann Reyes"
    )
    story.do.work("C3", Actor("ann", Side.STAFF))
    story.settle()
    assert len(texts(story, "bo")) == 2, "less than a minute ago he heard"
    story.forward(minutes=1)
    assert texts(story, "bo")[-1].startswith("1003 Acme Internet: stand down")


def test_nobody_is_stood_down_for_what_they_were_not_told(story: Reached) -> None:
    opened(story, 2)
    story.settle()
    opened(story, 2)
    story.settle()
    story.do.work("C2", Actor("ann", Side.STAFF))
    story.forward(minutes=1)
    assert [named(each) for each in texts(story, "bo")] == [["1001"]]


def test_on_an_incident_of_its_own_every_case_stands_by_itself(tmp_path: Path) -> None:
    """PagerDuty groups by itself, and each incident is resolved by itself."""
    with staged(tmp_path, page=[{"page": "pager"}]) as stage:
        story = Reached(stage)
        opened(story, 1, 1, 1)
        story.settle()
        assert len(stage.pager.incidents) == 3
