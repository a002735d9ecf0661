"""What is proposed for a new case: by the policy, by plugins, each contained; kept on the case as events."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from tests.core.desk.scene import ANN, MAILBOX, NOW, PAT, Desk, message, plugged
from upheld.calendar.instant import HOUR, SECOND, moment
from upheld.case.events import Flagged, Noted, Opened, OutcomeSet, Proposed
from upheld.desk import proposals as made
from upheld.desk.intake import Source
from upheld.ledger import Ledger
from upheld.plugin import Actor as RemoteActor
from upheld.plugin import Change, Intake, Proposal, Ref, RemoteCase
from upheld.policy import load_policy

POLICY = """
extends: magnolia
policy: Lists
outcomes: {wish: {clocks: stop}, question: {}}
kinds: {usage: A question of use.}
products: {mailer: {versions: {"7.0": {}}}}
document:
- heading: Fields
  clauses:
  - id: X-1
    says: Gears are looked at.
    classify: [{flag: customer_system, when: {field: {Component: gear}}}]
"""


def proposals(desk: Desk) -> list[Proposed]:
    return [event.body for event in desk.events() if isinstance(event.body, Proposed)]


def notes(desk: Desk) -> list[str]:
    return [event.body.text for event in desk.events() if isinstance(event.body, Noted)]


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is waited for long."""
    monkeypatch.setattr(made, "PATIENCE", SECOND // 20)


# --- by the policy --------------------------------------------------------------------------------


def test_the_policy_proposes_by_what_was_written(desk: Desk) -> None:
    desk.opened(subject="Nobody can connect")
    (proposed,) = proposals(desk)
    assert (proposed.severity, proposed.rule) == (1, "M-10/M-10")
    assert "nobody can connect" in proposed.reason


def test_what_is_known_of_a_case_beside_is_looked_at_and_kept(ledger: Ledger) -> None:
    desk = Desk(ledger, policy=load_policy(POLICY))
    opening = Opened(
        "phone", "Slow", "mailer 7.0", reporter=PAT, customer="acme", enforced_from=NOW
    )
    desk.verbs.open(opening, ANN, fields={"Component": "Gear", "environment": "Linux"})
    (proposed,) = proposals(desk)
    assert (proposed.flags, proposed.product, proposed.version) == (
        ("customer_system",),
        "mailer",
        "7.0",
    )
    assert desk.state().fields == {"Component": "Gear", "environment": "Linux"}


def test_the_opening_is_decided_with_what_is_proposed_for_it(ledger: Ledger) -> None:
    """A rule that looks at the opening sees the product that was recognised: it asks for nothing."""
    asks = POLICY + "  - {id: X-2, says: We ask., when: opened, do: [ask: product]}\n"
    desk = Desk(ledger, policy=load_policy(asks))
    desk.opened(text="the mailer hangs")
    desk.opened(text="it hangs")
    with ledger.reading() as tx:
        asked = [item.subject for item in tx.items() if item.purpose == "question"]
    assert asked == ["C2"]


# --- by plugins -----------------------------------------------------------------------------------


def test_a_plugin_overrides_the_policy_and_says_who_it_is(ledger: Ledger) -> None:
    asked: list[Intake] = []

    def classify(case: Intake) -> Proposal:
        asked.append(case)
        return Proposal(3, ("customer_system",), reason="a newsletter")

    desk = Desk(ledger, plugged(acme_classify=classify))
    desk.opened(subject="Nobody can connect")
    assert proposals(desk)[1] == Proposed(3, ("customer_system",), None, "acme", "a newsletter")
    assert desk.case().severity == 3
    assert desk.state().flags == {"customer_system"}
    (case,) = asked
    assert (case.source, case.subject, case.customer) == ("email", "Nobody can connect", "acme")


def test_what_it_has_no_opinion_on_stays_the_policys(ledger: Ledger) -> None:
    answer = Proposal(outcome="question", kind="usage", reason="they ask")
    desk = Desk(ledger, plugged(acme_classify=lambda case: answer), load_policy(POLICY))
    desk.opened(subject="Nobody can connect")
    state = desk.state()
    assert (state.acting_severity, state.outcome, state.case_kind) == (1, "question", "usage")
    assert state.proposed is not None
    assert state.proposed.rule == "M-10/M-10", "the reason is that of the severity"


def test_a_person_overrides_it(ledger: Ledger) -> None:
    answer = Proposal(1, ("customer_system",), outcome="wish")
    desk = Desk(ledger, plugged(acme_classify=lambda case: answer), load_policy(POLICY))
    desk.opened()
    desk.verbs.severity("C1", ANN, 3)
    desk.verbs.outcome("C1", ANN, None, "it is broken")
    desk.verbs.flag("C1", ANN, "customer_system", on=False)
    state = desk.state()
    assert (state.acting_severity, state.outcome, [*state.flags]) == (3, None, [])
    assert {type(event.body) for event in desk.events()} >= {OutcomeSet, Flagged}, "all is kept"


def test_nobody_need_have_an_opinion(ledger: Ledger) -> None:
    desk = Desk(ledger, plugged(acme_classify=lambda case: None))
    desk.opened()
    assert (len(proposals(desk)), notes(desk)) == (1, [])


def test_a_classifier_that_raises_is_passed_by_and_told_on_the_case(ledger: Ledger) -> None:
    def raising(case: Intake) -> Proposal:
        raise OSError("no model at http://user:secret@host")

    desk = Desk(ledger, plugged(bad_classify=raising, good_classify=lambda case: Proposal(2)))
    desk.opened(subject="Nobody can connect")
    assert [each.rule for each in proposals(desk)] == ["M-10/M-10", "good"]
    (note,) = notes(desk)
    assert note.startswith("[classifier bad] ")
    assert "OSError" in note


def test_no_classifier_is_asked_of_what_was_there_before(ledger: Ledger) -> None:
    asked: list[Intake] = []
    desk = Desk(ledger, plugged(acme_classify=asked.append))
    desk.take(message(PAT), source=replace(MAILBOX, adopt_from=NOW + 1))
    assert (len(desk.cases()), asked) == (1, [])


@pytest.mark.usefixtures("quick")
def test_one_that_hangs_holds_up_neither_the_case_nor_the_others_and_is_given_up(
    ledger: Ledger,
) -> None:
    enough, asked = threading.Event(), []

    def hanging(case: Intake) -> None:
        asked.append(case)
        enough.wait(30)

    desk = Desk(ledger, plugged(bad_classify=hanging, good_classify=lambda case: Proposal(2)))
    for _ in range(4):
        desk.opened(subject="Nobody can connect")
    enough.set()
    assert [each.rule for each in proposals(desk)] == ["M-10/M-10", "good"]
    assert "did not answer within" in notes(desk)[0]
    assert len(asked) == 3
    (last,) = [e.body.text for e in desk.events("C3") if isinstance(e.body, Noted)]
    assert last.endswith("3 times: it is asked no more until the next start")
    assert not [event for event in desk.events("C4") if isinstance(event.body, Noted)]


def test_what_the_policy_does_not_have_is_left_out_and_told(ledger: Ledger) -> None:
    answer = Proposal(
        99, ("nonsense", "customer_system"), outcome="lost", reason="sure", kind="odd"
    )
    desk = Desk(ledger, plugged(acme_classify=lambda case: answer))
    desk.opened(subject="Nobody can connect")
    assert proposals(desk)[1] == Proposed(None, ("customer_system",), None, "acme", "sure")
    assert desk.case().severity == 1
    assert "has not all that it proposes" in notes(desk)[0]


# --- by what is recorded later --------------------------------------------------------------------

LATER = """
extends: magnolia
policy: Later
outcomes: {old: {clocks: stop}}
products: {mailer: {versions: {"6.0": {until: 2020-12-31}, "7.0": {}}}}
document:
- heading: Later
  clauses:
  - id: M-10
    says: Severity follows reach and impact.
    classify:
    - {severity: 2, when: {field: workaround}}
    - matrix:
        reach: {many: [everybody], few: [somebody]}
        impact: {down: [down], slow: [slow]}
        severity: {many: {down: 1, slow: 2}, few: {down: 2, slow: 3}}
    - {severity: 3, otherwise: true}
  - {id: O-1, says: Old ones are not., classify: [{outcome: old, when: {product: discontinued}}]}
"""


@pytest.fixture
def later(ledger: Ledger) -> Desk:
    """A desk with a case of which nobody has said how far it reaches."""
    desk = Desk(ledger, policy=load_policy(LATER))
    desk.opened(subject="The mailer is down")
    return desk


def test_what_is_recorded_later_is_looked_at_again(later: Desk) -> None:
    assert later.case().severity == 3
    later.verbs.provide("C1", ANN, "reach", "many")
    assert later.case().severity == 1
    assert proposals(later)[-1].reason == "reach is many and impact is down (it says 'down')"
    later.clock.forward(minutes=1)
    later.verbs.provide("C1", ANN, "workaround", "restart it")
    assert later.case().severity == 2


def test_and_overrides_nobody(later: Desk) -> None:
    later.verbs.triage("C1", ANN, 3)
    later.verbs.provide("C1", ANN, "reach", "many")
    assert later.case().severity == 3
    assert proposals(later)[-1].severity == 1, "but it is proposed, for all to see"


def test_nor_a_plugins_proposal_where_it_changes_nothing(ledger: Ledger) -> None:
    answer = Proposal(1, reason="I know")
    desk = Desk(ledger, plugged(acme_classify=lambda case: answer), load_policy(LATER))
    desk.opened(subject="Slow")
    desk.verbs.provide("C1", ANN, "reach", "few")
    assert [each.rule for each in proposals(desk)] == ["M-10/M-10", "acme"]


def test_a_version_that_is_told_later_tells_the_outcome(later: Desk) -> None:
    later.verbs.provide("C1", ANN, "version", "6.0")
    assert later.state().outcome == "old"
    later.verbs.outcome("C1", ANN, None, "they have a contract for it")
    later.verbs.provide("C1", ANN, "version", "6.0.1")
    assert later.state().outcome is None


def test_what_no_rule_reads_is_not_looked_at(later: Desk) -> None:
    before = len(proposals(later))
    later.verbs.provide("C1", ANN, "waiver", "signed")
    later.verbs.provide("C1", ANN, "reach", "unheard of")
    assert len(proposals(later)) == before


def test_a_trackers_field_that_changes_is_looked_at_too(ledger: Ledger) -> None:
    desk = Desk(ledger, policy=load_policy(LATER))
    tracker = Source("desk", "builtin")
    fields = {"title": "It is down", "status": "open", "text": "", "reporter": PAT, "reach": "few"}
    opened = RemoteCase(Ref("", "1", "T-1"), "1", moment(NOW), fields, created=moment(NOW - HOUR))
    desk.take(opened, source=tracker)
    assert desk.case().severity == 2
    change = Change("h-1", "reach", "few", "many", moment(NOW), RemoteActor("ann"))
    changed = replace(opened, version="2", fields={**fields, "reach": "many"}, history=(change,))
    desk.take(changed, source=tracker)
    desk.take(changed, source=tracker)
    assert (desk.case().severity, desk.state().fields["reach"]) == (1, "many")
    assert len(proposals(desk)) == 2
