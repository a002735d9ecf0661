"""What machines write: kept, unless a rule names its nature; and never answered by itself."""

from __future__ import annotations

import pytest

from tests.core.desk.scene import NOBODY, PAT, Desk, magnolia, message
from upheld.desk.book import Book
from upheld.desk.intake import CASES_AN_HOUR
from upheld.ledger import Ledger
from upheld.plugin import Nature
from upheld.policy import load_policy

ALERTS = """
extends: magnolia
policy: Alerts
document:
- heading: Machines
  clauses:
  - {id: A-1, says: Alerts open a case., intake: {from: partner, nature: automatic, do: [open: case]}}
  - id: A-2
    says: Lists are read.
    intake: {from: [partner, unknown], nature: list, do: [refer: end-user-referral]}
"""


@pytest.fixture
def alerted(ledger: Ledger) -> Desk:
    """A desk that takes alerts of machines for cases."""
    return Desk(ledger, policy=load_policy(ALERTS))


def test_what_a_machine_writes_opens_a_case_where_a_rule_names_its_nature(alerted: Desk) -> None:
    alerted.take(message(PAT, "Nobody can connect", nature=Nature.AUTOMATIC))
    (case,) = alerted.cases()
    assert (case.title, case.severity) == ("Nobody can connect", 1)
    assert alerted.last("opened").body.nature == "automatic"
    with alerted.ledger.reading() as tx:
        told = [(item.purpose, item.to) for item in tx.items(subject="C1")]
    assert ("page", ("on-duty-engineer",)) in told
    assert not [each for each in told if "reporter" in each[1]], "nobody answers a machine"


def test_a_machine_that_is_listed_opens_a_case_that_nobody_answers(desk: Desk) -> None:
    """Monitoring: the policy's rule for people's mail holds."""
    desk.take(message(PAT, "Disk full", nature=Nature.AUTOMATIC, expected=True))
    assert desk.last("opened").body.nature == "automatic"
    with desk.ledger.reading() as tx:
        assert [item.purpose for item in tx.items() if "reporter" in item.to] == []


def test_in_a_case_it_leaves_a_note_and_reopens_nothing(desk: Desk) -> None:
    first = message(PAT)
    desk.take(first)
    desk.closed("C1")
    again = message(PAT, nature=Nature.AUTOMATIC, expected=True, thread=(first.id,))
    desk.take(again)
    assert desk.kinds()[-1] == "noted"


def test_a_machine_of_nobodys_opens_nothing_though_it_is_listed(desk: Desk) -> None:
    desk.take(message(NOBODY, nature=Nature.AUTOMATIC, expected=True))
    assert desk.cases() == []
    assert [kept.reason for kept in desk.kept()] == ["automatic mail"]


@pytest.mark.parametrize("nature", [Nature.BOUNCE, Nature.LIST, Nature.OURS])
def test_of_another_nature_it_is_kept_and_nobody_is_referred(alerted: Desk, nature: Nature) -> None:
    alerted.take(message(PAT, nature=nature), message(NOBODY, nature=nature))
    assert (alerted.cases(), len(alerted.kept())) == ([], 2)
    with alerted.ledger.reading() as tx:
        assert tx.items() == []


def test_a_machine_of_a_stranger_opens_nothing(alerted: Desk) -> None:
    alerted.take(message(NOBODY, nature=Nature.AUTOMATIC))
    assert (alerted.cases(), len(alerted.kept())) == ([], 1)


def test_in_the_thread_of_a_case_it_stays_a_note(alerted: Desk) -> None:
    first = message(PAT)
    alerted.take(first, message(PAT, "Alert", nature=Nature.AUTOMATIC, thread=(first.id,)))
    assert len(alerted.cases()) == 1
    assert alerted.last("noted").body.text.startswith("[automatic] Alert")


def test_a_flood_of_alerts_is_kept_too(alerted: Desk) -> None:
    alerts = [message(PAT, nature=Nature.AUTOMATIC) for _ in range(CASES_AN_HOUR + 2)]
    alerted.take(*alerts)
    assert (len(alerted.cases()), len(alerted.kept())) == (CASES_AN_HOUR, 2)


def test_the_policy_that_a_case_would_be_pinned_to_says_what_opens_one(ledger: Ledger) -> None:
    closed = load_policy(
        "extends: magnolia\npolicy: Closed\nfor: {words: beta}\ndocument:\n- heading: Beta\n  clauses:\n"
        "  - {id: M-01, says: We do not., statement: true}\n"
    )
    desk = Desk(ledger)
    desk.__dict__["book"] = Book(magnolia(), desk.directory, beside=(closed,))
    desk.take(message(PAT, "beta hangs"), message(PAT, "it hangs"))
    assert [case.title for case in desk.cases()] == ["it hangs"]
    assert len(desk.kept()) == 1
