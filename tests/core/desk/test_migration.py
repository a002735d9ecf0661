"""Open cases moved to another policy: known before, on record after, and nobody woken for the past."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.core.daemon.test_site import YAML, _nobody_in_particular, opened
from upheld.calendar.instant import HOUR, Instant
from upheld.case.events import Actor, Migrated, Opened, Side, VerdictGiven
from upheld.daemon.site import Site
from upheld.desk.migration import Migration, Move
from upheld.errors import NotFound
from upheld.policy import load_policy
from upheld.report.evidence import gather
from upheld.report.explain import explain
from upheld.testing import SteppedClock

__all__ = ["_nobody_in_particular", "opened"]

ANN = Actor("ann", Side.STAFF)
_OWN = YAML.replace("policy: magnolia", "policy: own.yaml")
_POLICY = """
policy: {name}
severities: {{1: {{name: Urgent}}, 2: {{name: Slow}}}}
roles: {{boss: Boss}}
document:
- heading: Answers
  clauses:
  - {{id: A-1, says: "Within {{within}}.", target: first_response, within: {answer}}}
  - {{id: A-2, says: "After {{after}} the boss hears of it.", when: opened, after: {boss}, unless: worked,
     do: [page: boss]}}
"""


def policy(answer: str = "24 hours", boss: str = "30 hours", name: str = "Own") -> str:
    return _POLICY.format(name=name, answer=answer, boss=boss)


class Office:
    """A site with a policy of its own, and a clock that a test moves."""

    def __init__(self, folder: Path, opened: Any) -> None:
        (folder / "own.yaml").write_text(policy(), encoding="utf-8")
        self.site: Site = opened(_OWN)

    @property
    def now(self) -> Instant:
        return self.site.clock.now()

    def case(self) -> str:
        opening = Opened("phone", "Slow", "…", enforced_from=self.now)
        return self.site.verbs.open(opening, ANN)

    def later(self, hours: float) -> None:
        clock = self.site.clock
        assert isinstance(clock, SteppedClock)
        clock.forward(hours=hours)

    def migration(self, text: str, *cases: str) -> Migration:
        to = load_policy(text)
        return Migration(self.site.records, to, self.site.fetch, cases=cases or None)

    def asks(self, text: str, *cases: str) -> list[Move]:
        migration = self.migration(text, *cases)
        with self.site.ledger.reading() as tx:
            return migration.moves(tx)

    def applies(self, text: str, *cases: str) -> list[Move]:
        return self.migration(text, *cases).apply(ANN)

    def due(self, case: str) -> Instant | None:
        with self.site.ledger.reading() as tx:
            return tx.case(case).due

    def verdicts(self, case: str) -> list[str]:
        with self.site.ledger.reading() as tx:
            events = [each.event for each in tx.events(case) if each.event]
        return [e.body.verdict for e in events if isinstance(e.body, VerdictGiven)]

    def waiting(self) -> list[str]:
        with self.site.ledger.reading() as tx:
            return [item.purpose for item in tx.pending(100)]

    def sweep(self) -> None:
        self.site.daemon().sweeper.sweep()


@pytest.fixture
def office(tmp_path: Path, opened: Any) -> Office:
    return Office(tmp_path, opened)


def test_what_it_means_is_known_before_and_nothing_is_changed(office: Office) -> None:
    case = office.case()
    (move,) = office.asks(policy("12 hours"))
    assert (move.case, move.moves) == (case, True)
    assert move.due_before == office.now + 24 * HOUR == office.due(case)
    assert move.due_after == office.now + 12 * HOUR
    assert [(c.clause, c.due_after) for c in move.clocks] == [("A-1", office.now + 12 * HOUR)]


def test_it_is_done_as_it_was_told_and_once(office: Office) -> None:
    case = office.case()
    asked = office.asks(policy("12 hours"))
    assert office.applies(policy("12 hours")) == asked
    assert office.due(case) == office.now + 12 * HOUR
    assert office.applies(policy("12 hours")) == []


def test_it_is_on_record_with_who_did_it_and_both_versions(office: Office) -> None:
    case, before = office.case(), office.site.policy.version
    office.applies(policy("12 hours"))
    with office.site.ledger.reading() as tx:
        events = [each.event for each in tx.events(case) if each.event]
        pinned = tx.subject(case).policy
    (moved,) = [each for each in events if isinstance(each.body, Migrated)]
    assert isinstance(moved.body, Migrated)
    assert (moved.actor, moved.body.before, moved.body.policy) == (ANN, before, pinned)
    assert explain(office.site.records, case).policy_version == pinned != before


def test_what_the_new_policy_would_have_wanted_by_now_wakes_nobody(office: Office) -> None:
    case = office.case()
    office.later(10)
    office.sweep()
    office.applies(policy("4 hours", boss="2 hours"))
    office.later(1)
    office.sweep()
    assert office.waiting() == []
    with office.site.ledger.reading() as tx:
        (answer, _) = gather(tx, load_policy(policy("4 hours", boss="2 hours")))
    assert (answer.missed, case) == (0, case)


def test_what_is_due_from_then_on_is_done(office: Office) -> None:
    office.case()
    office.later(10)
    office.applies(policy(boss="11 hours"))
    assert office.waiting() == []
    office.later(1.1)
    office.sweep()
    assert office.waiting() == ["page"]


def test_a_breach_stands_though_the_new_policy_gives_longer(office: Office) -> None:
    case = office.case()
    office.later(25)
    office.sweep()
    assert office.verdicts(case) == ["missed"]
    office.applies(policy("48 hours"))
    office.later(1)
    office.site.verbs.reply(case, ANN, "A router.")
    assert office.verdicts(case) == ["missed"]
    (clock,) = explain(office.site.records, case).clocks
    assert clock.verdict == "missed"


def test_what_was_kept_stands_though_the_new_policy_gives_less(office: Office) -> None:
    case = office.case()
    office.later(20)
    office.site.verbs.reply(case, ANN, "A router.")
    office.applies(policy("4 hours"))
    office.later(30)
    office.sweep()
    assert office.verdicts(case) == ["met"]


def test_what_runs_on_is_judged_by_the_new_one(office: Office) -> None:
    case = office.case()
    office.later(2)
    office.applies(policy("4 hours"))
    office.later(3)
    office.sweep()
    assert office.verdicts(case) == ["missed"]


def test_a_step_that_was_taken_is_not_taken_again(office: Office) -> None:
    office.case()
    office.later(31)
    office.sweep()
    assert office.waiting() == ["page"]
    office.applies(policy(boss="40 hours"))
    office.later(20)
    office.sweep()
    assert office.waiting() == ["page"]


def test_cases_of_a_policy_of_another_name_stay_unless_they_are_named(office: Office) -> None:
    case = office.case()
    assert office.applies(policy(name="Other")) == []
    (move,) = office.applies(policy(name="Other"), case)
    assert move.case == case


def test_closed_cases_stay_with_what_they_were_closed_under(office: Office) -> None:
    case = office.case()
    office.site.verbs.resolve(case, ANN, "A router.")
    office.site.verbs.close(case, ANN)
    assert office.applies(policy("12 hours")) == []


def test_a_case_that_is_only_read_is_not_enforced_by_it(office: Office) -> None:
    office.site.verbs.open(Opened("phone", "Slow", "…"), ANN)
    office.applies(policy(boss="1 hour"))
    office.later(2)
    office.sweep()
    assert office.waiting() == []


def test_a_case_that_is_not_there_is_not_found(office: Office) -> None:
    with pytest.raises(NotFound):
        office.asks(policy("12 hours"), "C77")
