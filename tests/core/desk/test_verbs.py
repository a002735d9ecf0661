"""What a person can do to a case: each verb, and each refusal with its way out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.desk.scene import ANN, NOW, PAT, Desk
from upheld.calendar.instant import HOUR
from upheld.case.events import (
    Actor,
    Annulled,
    Assigned,
    Attached,
    Body,
    CallLogged,
    Closed,
    Enforced,
    Escalated,
    Event,
    Flagged,
    Held,
    Mobilised,
    Noted,
    Opened,
    PageAcknowledged,
    Provided,
    PublicReply,
    Queued,
    Rejected,
    Reopened,
    Resolved,
    SeveritySet,
    Side,
    Triaged,
    VerdictGiven,
    WaitingOn,
    Worked,
)
from upheld.case.state import Status
from upheld.desk.demands import Demands
from upheld.desk.passing import Passing
from upheld.desk.stating import new_id
from upheld.desk.verbs import Verbs
from upheld.engine.timeline import lived
from upheld.errors import NotFound, Refusal
from upheld.ledger import Ledger
from upheld.policy import load_policy

CUSTOMER = Actor(PAT, Side.CUSTOMER)
Do = Callable[[Verbs], None]

#: Each verb with the one fact that it states; the first list is for staff alone.
STAFFS: list[tuple[str, Do, Body]] = [
    ("triage", lambda v: v.triage("C1", ANN, 2, number="1042"), Triaged(2, "1042")),
    ("reject", lambda v: v.reject("C1", ANN, "spam"), Rejected("spam")),
    ("severity", lambda v: v.severity("C1", ANN, 1, "all of it"), SeveritySet(1, "all of it")),
    ("flag", lambda v: v.flag("C1", ANN, "customer_system"), Flagged("customer_system")),
    ("assign", lambda v: v.assign("C1", ANN, "bo"), Assigned("bo")),
    ("queue", lambda v: v.queue("C1", ANN, "technical-support"), Queued("technical-support")),
    ("work", lambda v: v.work("C1", ANN), Worked()),
    ("reply", lambda v: v.reply("C1", ANN, "Soon."), PublicReply("Soon.", send=True)),
    ("call", lambda v: v.call("C1", ANN, "spoke", "Pat"), CallLogged("spoke", "Pat")),
    ("mobilise", lambda v: v.mobilise("C1", ANN, "big"), Mobilised("big")),
    ("wait", lambda v: v.wait("C1", ANN, "vendor"), WaitingOn("vendor")),
    ("hold", lambda v: v.hold("C1", ANN, "agreed", NOW + HOUR), Held("agreed", NOW + HOUR)),
    ("resolve", lambda v: v.resolve("C1", ANN, "done"), Resolved("fix", "done")),
    ("close", lambda v: v.close("C1", ANN, "over", override="waived"), Closed("over", "waived")),
    ("attach", lambda v: v.attach("C1", ANN, "C2"), Attached("C2")),
    ("acknowledge", lambda v: v.acknowledge("C1", ANN, "k"), PageAcknowledged("k")),
    ("take_in", lambda v: v.take_in("C1", ANN), Enforced(NOW, "taken in")),
]
ANYBODYS: list[tuple[str, Do, Body]] = [
    ("note", lambda v: v.note("C1", CUSTOMER, "by the way"), Noted("by the way")),
    (
        "provide",
        lambda v: v.provide("C1", CUSTOMER, "cause", "hardware"),
        Provided("cause", "hardware"),
    ),
    ("escalate", lambda v: v.escalate("C1", CUSTOMER, "vp", "slow"), Escalated("vp", "slow")),
]
by_name = pytest.mark.parametrize(
    ("do", "body"), [each[1:] for each in STAFFS + ANYBODYS], ids=[n for n, *_ in STAFFS + ANYBODYS]
)


@pytest.fixture
def cases(desk: Desk) -> Desk:
    """C1 (a question: nothing gates it) and C2."""
    for subject in ("A question about billing", "Another question"):
        desk.opened(subject=subject)
    return desk


def refused(cases: Desk, do: Do) -> Refusal:
    """The refusal; nothing was changed by it, and it says what to do next."""
    before = cases.events("C1")
    with pytest.raises(Refusal) as error:
        do(cases.verbs)
    assert cases.events("C1") == before
    assert error.value.do_next
    return error.value


@by_name
def test_each_verb_states_one_fact_in_somebodys_name(cases: Desk, do: Do, body: Body) -> None:
    before = len(cases.kinds())
    do(cases.verbs)
    event = cases.last(body.kind)
    assert event.body == body
    assert event.actor in {ANN, CUSTOMER}
    assert (event.at, event.seen) == (NOW, NOW)
    assert len(cases.kinds()) == before + 1


@pytest.mark.parametrize("do", [each[1] for each in STAFFS], ids=[name for name, *_ in STAFFS])
def test_what_is_staffs_nobody_else_can_do(
    cases: Desk, do: Do, monkeypatch: pytest.MonkeyPatch
) -> None:
    for side in set(Side) - {Side.STAFF}:
        monkeypatch.setitem(do.__globals__, "ANN", Actor("automation", side))
        refusal = refused(cases, do)
        assert "automation can't" in refusal.what
        assert "--as" in refusal.do_next


@by_name
def test_there_must_be_such_a_case(desk: Desk, do: Do, body: Body) -> None:
    with pytest.raises(NotFound, match="there is no case C"):
        do(desk.verbs)


def test_a_case_goes_by_its_number_too(cases: Desk) -> None:
    cases.verbs.triage("C1", ANN, 2, number="1042")
    cases.verbs.note("1042", ANN, "a word")
    assert cases.kinds()[-1] == "noted"


def test_a_case_can_be_entered_late(desk: Desk) -> None:
    case = desk.entered(at=NOW - HOUR)
    event = desk.events(case)[0]
    assert (event.at, event.seen, event.actor) == (NOW - HOUR, NOW, ANN)
    assert desk.state(case).acting_severity == 2


# --- refusals -------------------------------------------------------------------------------------


def test_triage_is_done_once(cases: Desk) -> None:
    cases.verbs.triage("C1", ANN, 2, number="1042")
    refusal = refused(cases, lambda v: v.triage("C1", ANN, 1))
    assert "upheld cases severity C1 1" in refusal.do_next


def test_what_was_triaged_is_not_rejected(cases: Desk) -> None:
    cases.verbs.triage("C1", ANN, 2, number="1042")
    assert "resolve or close" in refused(cases, lambda v: v.reject("C1", ANN, "spam")).do_next


@pytest.mark.parametrize(
    "do", [lambda v: v.triage("C1", ANN, 4), lambda v: v.severity("C1", ANN, 0)]
)
def test_a_severity_is_one_of_the_policys(cases: Desk, do: Do) -> None:
    assert refused(cases, do).do_next == "it has: 1 Urgent, 2 Medium, 3 Low"


def test_a_flag_is_one_of_the_policys(cases: Desk) -> None:
    assert "customer_system" in refused(cases, lambda v: v.flag("C1", ANN, "nonsense")).do_next


def test_a_flag_is_cleared_again(cases: Desk) -> None:
    cases.verbs.flag("C1", ANN, "customer_system")
    cases.clock.forward(seconds=1)
    cases.verbs.flag("C1", ANN, "customer_system", on=False)
    assert cases.state().flags == frozenset()


@pytest.mark.parametrize(
    "do",
    [
        lambda v: v.reply("C1", ANN, " "),
        lambda v: v.note("C1", ANN, ""),
        lambda v: v.hold("C1", ANN, "\n"),
        lambda v: v.escalate("C1", ANN, "vp", ""),
    ],
    ids=["reply", "note", "hold", "escalate"],
)
def test_what_is_said_has_words(cases: Desk, do: Do) -> None:
    assert refused(cases, do).do_next == "say it in a few words"


def test_a_case_waits_for_somebody_whom_the_engine_knows(cases: Desk) -> None:
    """An unknown party made every later decision of the case fail."""
    assert "customer or vendor" in refused(cases, lambda v: v.wait("C1", ANN, "lawyer")).do_next
    cases.verbs.wait("C1", ANN, "customer")
    assert cases.state().waiting == "customer"


def test_a_case_is_resolved_by_a_known_kind_of_solution(cases: Desk) -> None:
    refusal = refused(cases, lambda v: v.resolve("C1", ANN, how="magic"))
    assert refusal.do_next == "say fix or workaround or plan"


def test_an_open_case_is_not_reopened(cases: Desk) -> None:
    assert "C1 is open" in refused(cases, lambda v: v.reopen("C1", ANN, "again")).what


@pytest.mark.parametrize("end", ["resolve", "close"])
def test_what_is_over_is_reopened_by_anybody(cases: Desk, end: str) -> None:
    getattr(cases.verbs, end)("C1", ANN)
    cases.verbs.reopen("C1", CUSTOMER, "it came back")
    assert cases.last("reopened").body == Reopened("it came back")
    assert cases.state().status is Status.OPEN


# --- one case speaks for another ------------------------------------------------------------------


def test_a_case_is_not_its_own_parent(cases: Desk) -> None:
    assert "itself" in refused(cases, lambda v: v.attach("C1", ANN, "c1")).what


def test_two_cases_can_not_be_each_others_parent(cases: Desk) -> None:
    """Each would leave it to the other to speak, and nobody would be paged."""
    cases.verbs.attach("C2", ANN, "C1")
    assert refused(cases, lambda v: v.attach("C1", ANN, "C2")).do_next == "detach C2 first"


def test_a_closed_case_speaks_for_nobody(cases: Desk) -> None:
    cases.verbs.close("C2", ANN)
    assert "reopen it" in refused(cases, lambda v: v.attach("C1", ANN, "C2")).do_next


def test_the_parent_must_exist(cases: Desk) -> None:
    with pytest.raises(NotFound, match="no case C9"):
        cases.verbs.attach("C1", ANN, "C9")


# --- gates ----------------------------------------------------------------------------------------

GATED = """
policy: Gated
version: "1"
published_by: Magnolia
severities: {1: {name: High, means: bad}}
document:
- heading: Closing
  clauses:
  - {id: G-1, says: We say what it was., require: {before: close, needs: cause, override: waiver}}
  - {id: G-2, says: We say which version., require: {before: resolve, needs: version}}
  - {id: G-3, says: We say thank you., require: {before: close, needs: thanks, gate: flag}}
"""


@pytest.fixture
def gated(ledger: Ledger) -> Desk:
    desk = Desk(ledger, policy=load_policy(GATED))
    desk.entered()
    return desk


def test_a_gate_names_its_clause_and_what_is_missing(gated: Desk) -> None:
    refusal = refused(gated, lambda v: v.close("C1", ANN))
    assert "C1 can't close yet: G-1 needs cause first ('We say what it was.')" in refusal.what
    assert refusal.do_next == "record what is missing; or override it: --override 'waiver'"


def test_what_was_provided_opens_the_gate(gated: Desk) -> None:
    gated.verbs.provide("C1", ANN, "cause", "hardware")
    gated.verbs.provide("C1", ANN, "thanks", "none")
    gated.verbs.close("C1", ANN)
    assert gated.state().status is Status.CLOSED


def test_an_override_opens_the_gate_that_has_one(gated: Desk) -> None:
    gated.verbs.provide("C1", ANN, "thanks")
    gated.verbs.close("C1", ANN, override="the customer waived it")
    assert gated.state().status is Status.CLOSED
    assert gated.last("closed").body.override == "the customer waived it"


def test_a_gate_without_an_override_has_none(gated: Desk) -> None:
    refusal = refused(gated, lambda v: v.resolve("C1", ANN, override="please"))
    assert refusal.do_next == "record what is missing"


def test_our_own_doors_refuse_what_a_tracker_flags(gated: Desk) -> None:
    gated.verbs.provide("C1", ANN, "cause")
    assert "G-3 needs thanks" in refused(gated, lambda v: v.close("C1", ANN)).what


# --- verdicts -------------------------------------------------------------------------------------


@pytest.fixture
def missed(cases: Desk) -> str:
    """C1's answer was due within 48 hours, and nobody gave one; the verdict's key."""
    cases.clock.forward(hours=49)
    cases.verbs.note("C1", ANN, "late")
    body: Any = cases.last("verdict_given").body
    assert isinstance(body, VerdictGiven)
    return body.key


def test_a_verdict_is_annulled_with_a_reason_and_stays(cases: Desk, missed: str) -> None:
    cases.verbs.annul("C1", ANN, missed, "the clock of the test")
    assert cases.last("annulled").body == Annulled(missed, "the clock of the test")
    assert cases.last("verdict_given").body.verdict == "missed"


def test_only_what_was_given_can_be_annulled(cases: Desk, missed: str) -> None:
    with pytest.raises(NotFound, match="C1 has no verdict 'x'") as error:
        cases.verbs.annul("C1", ANN, "x", "why")
    assert error.value.do_next == f"verdicts are: {missed}"
    with pytest.raises(NotFound) as error:
        cases.verbs.annul("C2", ANN, "x", "why")
    assert error.value.do_next == "verdicts are: none yet"


def test_a_customer_annuls_nothing(cases: Desk, missed: str) -> None:
    refused(cases, lambda v: v.annul("C1", CUSTOMER, missed, "why not"))


def test_every_verb_is_tested_here() -> None:
    kinds = (Verbs, Demands, Passing)
    public = {name for kind in kinds for name in vars(kind) if not name.startswith("_")}
    tested = {name for name, *_ in STAFFS + ANYBODYS} | {"open", "reopen", "annul"}
    tested |= {"restate"}  # in test_restated.py
    tested |= {"outcome", "kind"}  # in test_judging.py: they need a policy with lists
    tested |= {"hand_over"}  # in test_handing_over.py
    tested |= {
        "tick",
        "access",
        "confirm",
        "refuse",
        "take_back",
        "detach",
        "release",
    }  # test_demands.py
    assert public == tested


# --- at one instant -----------------------------------------------------------------------------------


def test_the_last_word_of_one_instant_counts(desk: Desk) -> None:
    desk.entered()
    for severity in (1, 3, 2, 1, 3, 1, 2, 3, 1, 2):
        desk.verbs.severity("C1", ANN, severity)
    assert desk.case().severity == 2


@given(data=st.data(), severities=st.lists(st.integers(1, 4), min_size=2, max_size=30))
def test_what_is_stated_at_one_instant_is_read_as_it_was_stated_however_it_arrives(
    data: st.DataObject, severities: list[int]
) -> None:
    """Ids are handed out in order, and the order of arrival counts for nothing: another daemon, a restore
    or a migration reads the same."""
    opening = Event("desk:", NOW, NOW, ANN, Opened("phone", "Slow", "…", reporter=PAT))
    stated = [Event(new_id(), NOW, NOW, ANN, SeveritySet(each)) for each in severities]
    arrived = data.draw(st.permutations([opening, *stated]))
    assert lived(arrived) == (opening, *stated)


def test_no_two_facts_have_one_id_whatever_process_states_them() -> None:
    """Processes begin to count anew: what is behind the count tells them apart."""
    ids = [new_id() for _ in range(1_000)]
    assert ids == sorted(ids)
    assert len({each[-20:] for each in ids}) == len(ids)
    assert {len(each) for each in ids} == {len("desk:") + 32}
