"""Steps as messages: for what, to whom, under which key, one for all who say the same."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.core.engine.scene import OPENED, Case, at, spoken, terms
from upheld.calendar.instant import SECOND
from upheld.case.decision import Purpose
from upheld.case.events import (
    Flagged,
    Linked,
    Noted,
    Provided,
    PublicReply,
    SeveritySet,
    StepTaken,
)

ANSWER = "target: first_response, within: 4 hours"


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


# --- what may have nothing to say -----------------------------------------------------------------

LINKED = Linked("jira", "10001", "OPS-7")


def texts(case: Case) -> list[str]:
    return [event.body.text for event in case.follows if isinstance(event.body, Noted)]


def test_a_note_stands_on_the_case_once_and_is_a_fact_of_it() -> None:
    case = sent("note: look here")
    case.until(at(9))
    assert (texts(case), case.sends) == (["look here"], [])
    assert [fact.body for fact in case.subject.facts if isinstance(fact.body, Noted)]


def test_and_on_its_item_where_it_has_one_or_gets_one() -> None:
    case = Case(terms("when: {severity: 1}, do: [note: look here]"))
    case.happens(LINKED, at(0.5))
    case.happens(SeveritySet(1), at(1))
    (comment,) = case.sends
    assert (comment.purpose, comment.to) == (Purpose.COMMENT, ())
    assert comment.facts["text"] == "look here"
    coming = Case(case.terms, replace(OPENED, create_on="jira"))
    coming.happens(SeveritySet(1), at(1))
    assert [send.purpose for send in coming.sends] == [Purpose.COMMENT]


def test_what_was_due_before_enforcement_leaves_no_note() -> None:
    case = Case(
        terms("when: {severity: 1}, do: [note: look here]"), replace(OPENED, enforced_from=at(5))
    )
    case.happens(SeveritySet(1), at(1))
    assert texts(case) == []


def test_a_question_asks_in_one_message_for_what_the_case_has_not() -> None:
    case = Case(terms("when: {flag: vip}, do: [ask: [version, environment, kind]]", ANSWER))
    case.happens(Provided("environment", "Linux"), at(0.5))
    case.happens(Flagged("vip"), at(1))
    (question,) = case.sends
    assert (question.purpose, question.to) == (Purpose.QUESTION, ("reporter",))
    assert question.facts["missing"] == ["version", "kind"]
    assert case.verdicts() == {}, "a question is no answer"


def test_a_question_beside_a_mail_stands_in_it() -> None:
    rule = "when: opened, do: [mail: {to: reporter, template: hint}, ask: [version, environment]]"
    (mail,) = Case(terms(rule)).sends
    assert mail.facts["missing"] == ["version", "environment"]
    (told,) = Case(terms(rule), replace(OPENED, version="5")).sends
    assert told.facts["missing"] == ["environment"]


def test_a_question_beside_a_mail_to_somebody_else_is_put_by_itself() -> None:
    rule = "when: opened, do: [mail: {to: manager, template: hint}, ask: [environment]]"
    assert spoken(Case(terms(rule)).actions) == [("mail", "manager"), ("question", "reporter")]


def test_a_question_is_not_put_where_nothing_is_missing() -> None:
    case = Case(terms("when: {flag: vip}, do: [ask: environment]"))
    case.happens(Provided("environment", "none"), at(0.5))
    case.happens(Flagged("vip"), at(1))
    assert (case.sends, len(case.bodies(StepTaken))) == ([], 1)


def test_what_is_offered_stands_in_the_mails_of_the_same_step() -> None:
    case = sent("mail: {to: reporter, template: hint}, page: chief, offer: [downloads, solutions]")
    mail, page = case.sends
    assert mail.facts["offers"] == ["downloads", "solutions"]
    assert "offers" not in page.facts


def test_a_case_is_passed_on_once_however_often_it_turns_out_so() -> None:
    case = Case(terms("when: {flag: vip}, do: [forward: manager, notify: chief]"))
    for hour in (1, 3, 5):
        case.happens(Flagged("vip"), at(hour))
        case.happens(Flagged("vip", on=False), at(hour + 1))
    assert [send.purpose for send in case.sends] == [
        Purpose.FORWARD, Purpose.NOTIFY, Purpose.NOTIFY, Purpose.NOTIFY,
    ]  # fmt: skip


def test_passed_on_wrongly_it_is_passed_on_again_when_it_is_time() -> None:
    case = Case(terms("when: {flag: vip}, after: 1 hour, do: [forward: manager]"))
    case.happens(Flagged("vip"), at(1))
    case.until(at(3))
    case.happens(Flagged("vip", on=False), at(1.5), seen=at(3))  # late news: never should have been
    case.happens(Flagged("vip"), at(4))
    case.until(at(6))
    assert [send.due for send in case.sends] == [at(2), at(5)]


@pytest.mark.parametrize("nature", ["automatic", "bounce", "list"])
def test_what_a_machine_wrote_is_not_answered_by_itself(nature: str) -> None:
    rule = "when: opened, do: [mail: {to: reporter, template: hint}, page: chief, ask: version]"
    case = Case(terms(rule), replace(OPENED, nature=nature))
    assert [send.purpose for send in case.sends] == [Purpose.PAGE]
    case.happens(PublicReply("Hello", send=True), at(1))
    assert case.sends[-1].purpose is Purpose.REPLY, "a person may"


def test_the_words_of_an_action_go_with_its_message() -> None:
    (notice,) = sent("notify: {to: chief, text: look at this}").sends
    assert notice.facts["text"] == "look at this"
