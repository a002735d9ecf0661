"""News of an item against what was agreed: who wins, what is kept, and that nothing is lost silently."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.core.desk.conftest import emptied
from tests.core.desk.scene import ANN, Desk
from tests.core.desk.test_tracked import BEFORE, DESK, OURS, STAFF, item
from upheld.calendar.instant import MINUTE, moment
from upheld.case.events import Noted, SeveritySet, Side
from upheld.ledger import FieldConflict, Ledger, Link
from upheld.plugin import Actor as RemoteActor
from upheld.plugin import Change, Comment, Visibility
from upheld.sync.merge import ConflictRule
from upheld.sync.terms import Tracking

RULES = st.sampled_from(ConflictRule)


def ruled(desk: Desk, rule: ConflictRule) -> None:
    desk.trackings["desk"] = Tracking(default=rule)


@dataclass
class Item:
    """An item on a tracker that people and Upheld edit, as it would be read."""

    desk: Desk
    fields: dict[str, Any] = field(default_factory=lambda: {"severity": 3, "customer": "acme"})
    history: list[Change] = field(default_factory=list)
    comments: list[Comment] = field(default_factory=list)
    told: bool = True  # whether the tracker shows its history
    changed_by: RemoteActor | None = None  # whom it names as the last, where it shows none

    def edit(self, name: str, new: Any, by: RemoteActor = STAFF, minutes: float = 0) -> None:
        """Somebody changes a field there; by their clock, which may be off."""
        at = moment(self.desk.clock.now() + round(minutes * MINUTE))
        old = self.fields.get(name)
        change = Change(f"h{len(self.history)}", name, old, new, at, by)
        self.history.append(change)
        self.fields[name] = new

    def read(self) -> None:
        """It is read as it is now."""
        version = str(len(self.history) + len(self.comments))
        changed = moment(self.desk.clock.now())
        found = item(
            fields=self.fields, history=tuple(self.history), version=version, updated=changed
        )
        if not self.told:
            found = replace(found, history=None, changed_by=self.changed_by)
        self.desk.take(replace(found, comments=tuple(self.comments)), source=DESK)

    def push(self) -> None:
        """What sync's other half does: what is ours alone is written, and agreed as it is stored."""
        ours, (_, theirs) = self.ours, self.link.agreed["severity"]
        if self.open or ours == self.link.agreed["severity"][0]:
            return
        if theirs == self.fields["severity"]:
            self.edit("severity", ours, OURS)
            self.agree({"severity": (ours, ours)})

    def agree(self, agreed: dict[str, Any]) -> None:
        self.desk.ledger.retrying(lambda tx: tx.agree("C1", "desk", agreed, None))

    @property
    def ours(self) -> int | None:
        return self.desk.state().acting_severity

    @property
    def link(self) -> Link:
        with self.desk.ledger.reading() as tx:
            found = tx.link_of("C1", "desk")
        assert found is not None
        return found

    @property
    def journal(self) -> list[FieldConflict]:
        with self.desk.ledger.reading() as tx:
            return tx.conflicts()

    @property
    def open(self) -> list[FieldConflict]:
        return [each for each in self.journal if each.winner is None]

    def notes(self, word: str) -> list[str]:
        bodies = [event.body for event in self.desk.events()]
        return [body.text for body in bodies if isinstance(body, Noted) and word in body.text]


def severities(desk: Desk) -> list[int]:
    return [e.body.severity for e in desk.events() if isinstance(e.body, SeveritySet)]


def conflicting(desk: Desk, rule: ConflictRule, minutes: float = 0) -> Item:
    """Ann sets 1 here; Bo sets 2 there ``minutes`` later by the tracker's clock."""
    ruled(desk, rule)
    there = Item(desk)
    there.read()
    desk.verbs.severity("C1", ANN, 1)
    there.edit("severity", 2, minutes=minutes)
    there.read()
    return there


# --- what is agreed -------------------------------------------------------------------------------


def test_what_a_new_case_has_is_agreed_from_the_start(desk_on_both: Desk) -> None:
    there = Item(desk_on_both)
    there.read()
    assert there.link.agreed["severity"] == (3, 3)
    assert there.link.agreed["status"] == ("open", "open")
    assert there.link.version == "0"


def test_without_a_history_a_change_is_told_by_the_tracker(desk: Desk) -> None:
    there = Item(desk, told=False)
    there.read()
    there.edit("severity", 1)
    there.read()
    assert (there.ours, there.link.agreed["severity"]) == (1, (1, 1))


def test_without_a_history_a_value_that_means_nothing_is_noted_once(desk: Desk) -> None:
    there = Item(desk, told=False)
    there.read()
    there.edit("severity", "purple")
    there.read()
    there.comments.append(Comment("c1", "and?", Visibility.PUBLIC, STAFF, moment(desk.clock.now())))
    there.read()
    assert there.notes("purple") == ["[severity] 'purple' is none we know"]
    assert (there.ours, there.link.agreed["severity"]) == (3, (3, "purple"))


def test_what_people_change_there_is_ours_and_agreed(desk_on_both: Desk) -> None:
    there = Item(desk_on_both)
    there.read()
    there.edit("severity", 1)
    there.edit("queue", "east")
    there.read()
    assert (there.ours, desk_on_both.state().queue) == (1, "east")
    assert (there.link.agreed["severity"], there.link.agreed["queue"]) == ((1, 1), ("east", "east"))
    assert there.journal == []


def test_what_is_changed_here_alone_waits_to_be_written(desk: Desk) -> None:
    there = Item(desk)
    there.read()
    desk.verbs.severity("C1", ANN, 1)
    there.edit("queue", "east")
    there.read()
    assert (there.ours, there.link.agreed["severity"]) == (1, (3, 3))
    assert there.journal == []


def test_what_we_wrote_is_nobodys_wish_though_it_was_not_agreed_in_time(desk: Desk) -> None:
    there = Item(desk)
    there.read()
    desk.verbs.severity("C1", ANN, 1)
    there.edit("severity", 1, OURS)  # written, and then we died
    desk.clock.forward(minutes=1)
    desk.verbs.severity("C1", ANN, 2)
    there.read()
    assert (there.ours, there.link.agreed["severity"]) == (2, (3, 1))
    assert there.journal == []


def test_a_reply_there_and_a_move_after_it_is_no_conflict(desk: Desk) -> None:
    """The reply works the case here while the item is still open: nobody wanted that against them."""
    there = Item(desk)
    there.read()
    there.comments.append(
        Comment("c1", "It is the router.", Visibility.PUBLIC, STAFF, moment(BEFORE + MINUTE))
    )
    there.read()
    assert (desk.state().status, there.link.agreed["status"]) == ("worked", ("open", "open"))
    there.edit("status", "waiting_customer")
    there.read()
    assert there.link.agreed["status"] == ("waiting_customer", "waiting_customer")
    assert there.journal == []


def test_a_tracker_that_tells_no_history_is_read_by_its_values(desk: Desk) -> None:
    there = Item(desk)
    there.read()
    there.fields |= {"severity": 1, "status": "waiting_vendor", "title": "Slower", "region": "west"}
    there.read()
    state = desk.state()
    assert (state.acting_severity, state.status, state.opened.subject) == (
        1,
        "waiting_vendor",
        "Slower",
    )
    assert state.fields["region"] == "west"
    before = desk.events()
    there.read()
    assert desk.events() == before


def test_a_clock_that_is_ten_minutes_off_loses_nothing(desk: Desk) -> None:
    there = Item(desk)
    there.read()
    desk.verbs.severity("C1", ANN, 1)
    there.push()
    there.edit("severity", 2, minutes=-10)  # after that, though its clock says before
    there.read()
    assert (there.ours, there.link.agreed["severity"]) == (2, (2, 2))


def test_an_older_copy_of_an_item_undoes_nothing(desk: Desk) -> None:
    there = Item(desk)
    there.read()
    before = item(fields=dict(there.fields))
    there.edit("severity", 1)
    there.read()
    desk.take(before, source=DESK)
    assert (there.ours, there.link.agreed["severity"]) == (1, (1, 1))


def test_what_means_nothing_is_noted_once_and_never_written_back(desk: Desk) -> None:
    there = Item(desk)
    there.read()
    there.edit("severity", "Urgent")
    there.read()
    there.read()
    assert there.notes("Urgent") == ["[severity] 'Urgent' is none of the policy's"]
    assert (there.ours, there.link.agreed["severity"]) == (3, (3, "Urgent"))


def test_what_differs_when_two_become_one_is_told_and_each_keeps_its_own(desk: Desk) -> None:
    case = desk.entered()
    desk.verbs.severity(case, ANN, 1)
    desk.ledger.retrying(lambda tx: tx.link(case, "desk", remote_id="id-1", key="T-1"))
    there = Item(desk)
    there.read()
    there.read()
    assert there.notes("each stays until") == [
        "[severity] here it is '1', there '3': each stays until somebody changes either"
    ]
    assert (there.ours, there.link.agreed["severity"]) == (1, (1, 3))
    desk.clock.forward(minutes=1)
    there.edit("severity", 2)
    there.read()
    assert there.ours == 2


# --- both changed it ------------------------------------------------------------------------------


def test_remote_what_people_typed_there_stands(desk_on_both: Desk) -> None:
    there = conflicting(desk_on_both, ConflictRule.REMOTE, minutes=-5)
    assert (there.ours, there.link.agreed["severity"]) == (2, (2, 2))
    (conflict,) = there.journal
    assert (conflict.base, conflict.ours, conflict.theirs) == ("3", "1", "2")
    assert (conflict.rule, conflict.winner) == ("remote", "theirs")
    assert there.notes("was '3'; here it is '1', there '2': theirs stands (remote)")


def test_local_ours_stands_and_theirs_pages_nobody(desk_on_both: Desk) -> None:
    there = conflicting(desk_on_both, ConflictRule.LOCAL, minutes=5)
    assert (there.ours, there.link.agreed["severity"]) == (1, (2, 2))
    assert there.journal[0].winner == "ours"
    assert there.notes("[severity] '3' -> '2' there; '1' stands")
    assert severities(desk_on_both) == [1]
    there.read()
    assert len(there.journal) == 1


def test_local_what_was_done_there_before_is_a_fact_before_ours(desk: Desk) -> None:
    there = conflicting(desk, ConflictRule.LOCAL, minutes=-5)
    assert there.ours == 1
    assert 2 in severities(desk)


@pytest.mark.parametrize(("minutes", "wins"), [(5, 2), (-5, 1)])
def test_newest_whoever_was_later(desk: Desk, minutes: float, wins: int) -> None:
    desk.clock.forward(hours=1)
    there = conflicting(desk, ConflictRule.NEWEST, minutes)
    assert (there.ours, len(there.journal)) == (wins, 1)


def test_hold_neither_is_touched_until_somebody_decides(desk_on_both: Desk) -> None:
    there = conflicting(desk_on_both, ConflictRule.HOLD)
    there.read()
    there.edit("queue", "east")
    there.read()
    assert (there.ours, there.link.agreed["severity"]) == (1, (3, 3))
    assert desk_on_both.state().queue == "east", "other fields go on"
    (conflict,) = there.open
    assert (conflict.ours, conflict.theirs) == ("1", "2")
    assert len(there.notes("neither is touched")) == 1
    there.edit("severity", 1)  # they come to the same by themselves
    there.read()
    assert (there.open, there.ours, there.link.agreed["severity"]) == ([], 1, (1, 1))


def test_each_field_has_its_own_rule(desk: Desk) -> None:
    desk.trackings["desk"] = Tracking(
        rules={"severity": ConflictRule.LOCAL}, default=ConflictRule.REMOTE
    )
    there = Item(desk)
    there.read()
    desk.verbs.severity("C1", ANN, 1)
    desk.verbs.queue("C1", ANN, "technical-support")
    there.edit("severity", 2)
    there.edit("queue", "east", minutes=-5)
    there.read()
    assert (there.ours, desk.state().queue) == (1, "east")
    assert {each.field: each.winner for each in there.journal} == {
        "severity": "ours",
        "queue": "theirs",
    }


# --- whatever both do, in whatever order ----------------------------------------------------------

MOVES = st.lists(
    st.tuples(st.sampled_from(["here", "there", "read", "push"]), st.integers(1, 3)), max_size=12
)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(moves=MOVES, rule=RULES, skew=st.integers(-10, 10))
def test_no_value_is_lost_silently(
    on_sqlite: Ledger, moves: list[tuple[str, int]], rule: ConflictRule, skew: int
) -> None:
    """Every value that anybody set was taken over, was set aside by a later one of the same side, or
    stands in the journal; and in the end both sides are one, or a conflict waits."""
    desk = Desk(emptied(on_sqlite))
    desk.clock.forward(hours=1)
    ruled(desk, rule)
    there = Item(desk)
    there.read()
    for what, level in moves:
        desk.clock.forward(minutes=1)
        if what == "here":
            desk.verbs.severity("C1", ANN, level)
        elif what == "there":
            there.edit("severity", level, minutes=skew)
        elif what == "read":
            kept(there)
        else:
            there.push()
    for _ in range(3):
        kept(there)
        there.push()
    assert there.open or there.ours == there.fields["severity"]
    quiet = desk.events()
    kept(there)
    there.push()
    assert desk.events() == quiet


def test_ours_is_written_even_where_it_goes_back_to_what_was_agreed_before(desk: Desk) -> None:
    ruled(desk, ConflictRule.LOCAL)
    there = Item(desk)
    there.read()
    before = there.ours
    assert isinstance(before, int)
    desk.verbs.severity("C1", ANN, 1)
    there.edit("severity", 2)
    there.read()  # ours stands, and before it was written somebody takes it back
    desk.clock.forward(minutes=1)
    desk.verbs.severity("C1", ANN, before)
    there.read()
    there.push()
    assert (there.ours, there.fields["severity"]) == (before, before)


def kept(there: Item) -> None:
    """Read it; where both had changed it, both values are in the journal afterwards."""
    (agreed_ours, agreed_theirs), ours = there.link.agreed["severity"], there.ours
    theirs = there.fields["severity"]
    last = [change.by for change in there.history if change.field == "severity"][-1:]
    there.read()
    both = ours != agreed_ours and theirs not in {agreed_theirs, ours}
    if both and last == [STAFF]:
        journalled = {(json.loads(each.ours), json.loads(each.theirs)) for each in there.journal}
        assert (ours, theirs) in journalled


@pytest.mark.parametrize(
    ("last", "side", "who"),
    [(STAFF, Side.STAFF, "bo"), (OURS, Side.PROVIDER, "desk"), (None, Side.PROVIDER, "desk")],
    ids=["one of ours", "we ourselves", "nobody is named"],
)
def test_without_a_history_whoever_changed_it_last_did_it(
    desk: Desk, last: RemoteActor | None, side: Side, who: str
) -> None:
    """What Upheld wrote after somebody else hides them: then it is the tracker that says so."""
    there = Item(desk, told=False)
    there.read()
    there.changed_by = last
    there.edit("severity", 1)
    there.read()
    (event,) = [each for each in desk.events() if isinstance(each.body, SeveritySet)][-1:]
    assert (event.actor.side, event.actor.id) == (side, who)
