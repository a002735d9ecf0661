"""``decide`` for an advisory, alone: whatever systems report, in whatever order."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from tests.core.engine.scene import START
from upheld.calendar.instant import MINUTE
from upheld.case.decision import OpenCase, Subject, Tell
from upheld.case.events import UPHELD, Body, Closed, Event, Opened, Raised, Reported, Resolved
from upheld.case.version import older
from upheld.engine.advisory import decide_advisory
from upheld.engine.terms import compile_terms
from upheld.policy import load_shipped

TERMS = compile_terms(load_shipped("medusa"))
FIXED = "2.5"


class Kept:
    """An advisory as the ledger would keep it, and the items that it has opened and closed."""

    def __init__(self) -> None:
        self.subject = Subject("A1", "advisory", 0, TERMS.policy.version)
        self.open: dict[str, str] = {}
        self.all: list[str] = []
        advised = Opened("advisory", "CVE-1", "", product="till-os", version=FIXED)
        self.happens(advised, "begun")

    def happens(self, body: Body, event_id: str) -> None:
        """A fact, and what it does to others."""
        at = START + len(self.subject.facts) * MINUTE
        event = Event(event_id, at, at, UPHELD, body)
        decision = decide_advisory(TERMS, self.subject, event)
        facts = (*self.subject.facts, event)
        self.subject = replace(self.subject, facts=facts, state=decision.state)
        for deed in decision.deeds:
            if isinstance(deed, OpenCase):
                self._opens(deed)
            elif isinstance(deed.event.body, Closed):
                del self.open[deed.subject]

    def _opens(self, deed: OpenCase) -> None:
        case = f"C{len(self.all) + 1}"
        self.all.append(case)
        self.open[case] = deed.opened.subject.split()[1]
        self.happens(Raised(case), f"{deed.opening.id}#raised")


reports = st.lists(
    st.tuples(st.sampled_from(["a", "b", "c"]), st.sampled_from(["2.4", "2.4.9", "2.5", "3.0"]))
)


@given(reports)
def test_whoever_runs_something_older_has_one_open_item_and_nobody_else(
    told: list[tuple[str, str]],
) -> None:
    kept, last = Kept(), dict[str, str]()
    for number, (monitor, version) in enumerate(told):
        kept.happens(Reported(monitor, version), f"r{number}")
        last[monitor] = version
        behind = sorted(each for each, runs in last.items() if older(runs, FIXED))
        assert sorted(kept.open.values()) == behind


@given(reports, reports)
def test_what_is_withdrawn_closes_all_and_opens_nothing(
    before: list[tuple[str, str]], after: list[tuple[str, str]]
) -> None:
    kept = Kept()
    for number, (monitor, version) in enumerate(before):
        kept.happens(Reported(monitor, version), f"before{number}")
    kept.happens(Closed("of another product"), "off")
    opened = len(kept.all)
    for number, (monitor, version) in enumerate(after):
        kept.happens(Reported(monitor, version), f"after{number}")
    assert kept.open == {}
    assert len(kept.all) == opened


def test_an_item_is_resolved_before_it_is_closed_and_says_why() -> None:
    kept = Kept()
    kept.happens(Reported("a", "2.4"), "r1")
    at = START + 9 * MINUTE
    event = Event("r2", at, at, UPHELD, Reported("a", "2.6"))
    deeds = decide_advisory(TERMS, kept.subject, event).deeds
    told = [deed.event.body for deed in deeds if isinstance(deed, Tell)]
    assert told == [Resolved("fix", "a reports 2.6"), Closed("a reports 2.6")]
