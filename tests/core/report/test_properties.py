"""Whatever happens: every line counts once, and the report agrees with the facts lived again."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.core.report.scene import BO, POLICY, START, Scene
from upheld.calendar.instant import MINUTE, Instant
from upheld.case.clock import ClockState
from upheld.case.events import (
    Annulled,
    Body,
    Closed,
    CustomerMessage,
    Event,
    Opened,
    PublicReply,
    Reopened,
    Resolved,
    SeveritySet,
    Triaged,
    WaitingOn,
    Worked,
)
from upheld.engine.case import replay
from upheld.engine.step import StepKind
from upheld.engine.terms import compile_terms
from upheld.ledger import Ledger
from upheld.policy.load import load_policy
from upheld.report.clocks import clock_stories
from upheld.report.evidence import ClauseEvidence, Standing

FACTS = st.sampled_from(
    [
        Triaged(1),
        Triaged(2),
        SeveritySet(1),
        SeveritySet(2),
        PublicReply("we look into it"),
        Worked(),
        WaitingOn("customer"),
        CustomerMessage("and?"),
        Resolved(),
        Closed(),
        Reopened("again"),
    ]
)
#: A fact, so many minutes to let pass with everything running (asleep: below zero), or a sending.
HAPPENINGS = st.lists(
    st.one_of(
        FACTS,
        st.integers(-300, 300).filter(bool),
        st.sampled_from(["send", "send, pages fail", "annul"]),
    ),
    max_size=12,
)
OFFICE = 'calendars: {office: {week: {mon-fri: "09:00-17:00"}, zone: Europe/Berlin}}'
COUNTED = (Standing.KEPT, Standing.MISSED, Standing.ANNULLED, Standing.BEFORE_ENFORCEMENT)


def live(scene: Scene, case: str, happening: Body | int | str) -> None:
    """Let one thing happen to the case."""
    if isinstance(happening, int):
        passes = scene.forward if happening > 0 else scene.sleep
        passes(minutes=abs(happening))
    elif happening == "annul":
        for line in scene.report()["S-05"].evidence[:1]:
            scene.fact(case, Annulled(line.key, "agreed"))
    elif isinstance(happening, str):
        scene.send(fails={"page"} if "fail" in happening else ())
    else:
        scene.fact(case, happening)


def lines_count_once(clause: ClauseEvidence) -> None:
    standings = Counter(line.standing for line in clause.evidence)
    counts = (clause.kept, clause.missed, clause.annulled, clause.before_enforcement)
    assert counts == tuple(standings[each] for each in COUNTED)
    neither = [line for line in clause.evidence if line.standing not in COUNTED]
    assert sum(counts) + len(neither) == len(clause.evidence)
    assert all(line.kept is None for line in neither)
    keys = [line.key for line in clause.evidence if line.standing in COUNTED]
    assert len(keys) == len(set(keys))


def agrees_with_the_life(scene: Scene, case: str, found: dict[str, ClauseEvidence]) -> None:
    """What stands in the report is what the facts call for, neither more nor less."""
    with scene.ledger.reading() as tx:
        life = scene.records.life(tx.subject(case))
    judged = {
        run.key: run.state is ClockState.MET
        for run in life.clocks
        if run.state in {ClockState.MET, ClockState.MISSED}
    }
    told = {
        line.key: line.kept
        for line in found["S-05"].evidence
        if line.standing is not Standing.SUPERSEDED
    }
    assert told.keys() == judged.keys()
    assert all(judged[key] is kept for key, kept in told.items() if kept is not None)
    for clause in ("S-03", "S-06", "S-07", "S-08", "S-09"):
        due = [s.due for s in life.steps if s.clause == clause and s.kind is StepKind.DO]
        lines = found[clause].evidence
        stands = [line.at for line in lines if line.standing is not Standing.SUPERSEDED]
        assert sorted(stands) == sorted(due)


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    happenings=HAPPENINGS,
    text=st.sampled_from(["it is down", "it is slow"]),
    enforced=st.booleans(),
)
def test_every_line_counts_once_and_the_report_agrees_with_the_life(
    empty: Path, happenings: list[Body | int | str], text: str, enforced: bool
) -> None:
    with TemporaryDirectory() as folder:
        copied = shutil.copy(empty, Path(folder) / "ledger.db")
        with Ledger.open(f"sqlite:///{copied}", site="test") as ledger:
            scene = Scene(ledger)
            case = scene.open(text, enforced=enforced)
            for happening in happenings:
                live(scene, case, happening)
            found = scene.report()
            for clause in scene.policy.clauses:
                if not clause.kept_by:
                    lines_count_once(found[clause.id])
            agrees_with_the_life(scene, case, found)


BUSINESS = load_policy(
    POLICY.replace("severities:", f"{OFFICE}\nseverities:").replace(
        "within: 4 hours", "within: 4 business hours\n    calendar: office"
    )
)
TERMS = compile_terms(BUSINESS)


@settings(max_examples=80, deadline=None)
@given(
    facts=st.lists(st.tuples(FACTS, st.integers(0, 5_000)), max_size=10),
    until=st.integers(5_000, 8_000),
)
def test_the_segments_of_a_clock_add_up_to_what_it_has_spent(
    facts: list[tuple[Body, int]], until: int
) -> None:
    opened = Event("o", START, START, BO, Opened("email", "slow", "slow", enforced_from=START))
    events = [opened] + [
        Event(f"e{index}", START + minute * MINUTE, START + minute * MINUTE, BO, body)
        for index, (body, minute) in enumerate(facts)
    ]
    ordered = sorted(events, key=lambda event: event.order)
    now: Instant = START + until * MINUTE
    life = replay(TERMS, "C1", ordered, now)
    for clock in clock_stories(TERMS, life.clocks, ordered):
        assert sum(segment.elapsed for segment in clock.segments) == clock.spent
        for before, after in zip(clock.segments, clock.segments[1:], strict=False):
            assert before.ends == after.begins
