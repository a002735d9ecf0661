"""Steps as messages: for what, to whom, under which key, one for all who say the same."""

from __future__ import annotations

import pytest

from tests.core.engine.scene import Case, at, terms
from upheld.calendar.instant import SECOND
from upheld.case.decision import Purpose
from upheld.case.events import Flagged, SeveritySet, StepTaken


def sent(do: str, *, late: int = 0) -> Case:
    """What a severity 1 that is heard of ``late`` brings."""
    case = Case(terms(f"when: {{severity: 1}}, do: [{do}]"))
    case.happens(SeveritySet(1), at(1), seen=at(1) + late)
    return case


@pytest.mark.parametrize(
    ("do", "purpose"),
    [
        ("page: chief", Purpose.PAGE),
        ("call: customer.contact", Purpose.CALL),
        ("notify: manager", Purpose.NOTIFY),
        ("update: customer", Purpose.STATUS),
        ("forward: manager", Purpose.FORWARD),
        ("escalate: manager", Purpose.NOTIFY),
        ("mail: {to: reporter, template: acknowledgement}", Purpose.ACK),
        ("mail: {to: reporter, template: ticket-number}", Purpose.TICKET_NUMBER),
        ("mail: {to: reporter, template: status}", Purpose.STATUS),
        ("mail: {to: reporter, template: hint}", Purpose.MAIL),
        ("refer: hint", Purpose.REFERRAL),
    ],
)
def test_each_verb_has_its_purpose(do: str, purpose: Purpose) -> None:
    (send,) = sent(do).sends
    assert (send.purpose, send.clauses, send.due, send.late) == (purpose, ("A-1",), at(1), 0)


@pytest.mark.parametrize(
    "do",
    [
        "assign: engineer",
        "assign: {queue: support}",
        "escalate: {queue: second-line}",  # the queue shows it; no customer is written to
        "set: {severity: 1}",
        "close: over",
        "note: seen",
        "order: [severity, due]",
    ],
)
def test_what_speaks_to_nobody_sends_nothing(do: str) -> None:
    case = sent(do)
    assert (case.sends, len(case.bodies(StepTaken))) == ([], 1)


def test_a_message_tells_whom_by_which_template_with_which_links() -> None:
    (mail,) = sent("mail: {to: [reporter, manager], template: hint, links: downloads}").sends
    assert (mail.to, mail.template, mail.facts) == (
        ("reporter", "manager"),
        "hint",
        {"links": ["downloads"]},
    )
    (page,) = sent("page: {first_of: [engineer, manager]}").sends
    assert (page.to, page.facts["first_of"]) == (("engineer", "manager"), True)


def test_every_message_of_a_step_has_a_key_of_its_own() -> None:
    case = sent(
        "page: chief, page: manager, mail: {to: reporter, template: hint},"
        " mail: {to: reporter, template: status}"
    )
    assert [send.key.removeprefix("C1/A-1/A-1/1/1/") for send in case.sends] == [
        "page/chief",
        "page/manager",
        "mail/reporter/hint",
        "mail/reporter/status",
    ]


@pytest.mark.parametrize(("late", "told"), [(59 * SECOND, 0), (60 * SECOND, 60 * SECOND)])
def test_a_minute_and_more_is_late(late: int, told: int) -> None:
    case = sent("page: chief", late=late)
    assert case.sends[0].late == told
    assert case.bodies(StepTaken)[0].late == late  # the evidence is exact


def test_each_clause_has_a_message_of_its_own() -> None:
    """Who is the same person is known when it is planned: there they become one."""
    case = Case(
        terms(
            "when: {severity: 1}, do: [page: [manager, chief]]",
            "when: {severity: 1, flag: vip}, do: [page: [manager, chief], page: engineer]",
        )
    )
    case.happens(Flagged("vip"), at(1))
    case.happens(SeveritySet(1), at(2))
    assert [(send.to, send.clauses) for send in case.sends] == [
        (("manager", "chief"), ("A-1",)),
        (("manager", "chief"), ("A-2",)),
        (("engineer",), ("A-2",)),
    ]
