"""Whatever comes, however often: read at each change or once at the end, it is the same case."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.core.desk.conftest import emptied
from tests.core.desk.scene import Desk
from tests.core.desk.test_tracked import (
    BEFORE,
    BOT,
    CUSTOMER,
    OURS,
    STAFF,
    STRANGER,
    item,
    take,
)
from upheld.calendar.instant import moment
from upheld.ledger import Ledger
from upheld.plugin import Change, Comment, RemoteCase, Visibility

# --- whatever comes, however often ----------------------------------------------------------------

STATUSES = st.sampled_from(["open", "worked", "waiting", "resolved", "closed", "elsewhere"])
PEOPLE = st.sampled_from([STAFF, CUSTOMER, BOT, OURS, STRANGER])


@st.composite
def lives(draw: st.DrawFn) -> list[RemoteCase]:
    """An item as it is read again and again while it is changed and spoken on."""
    found, now = item(), "open"
    versions = [found]
    for step in range(draw(st.integers(1, 6))):
        at, by = moment(BEFORE) + timedelta(minutes=step + 1), draw(PEOPLE)
        if draw(st.booleans()):
            new = draw(STATUSES)
            change = Change(f"h{step}", "status", now, new, at, by)
            found = replace(found, history=(*(found.history or ()), change))
            found, now = replace(found, fields={**found.fields, "status": new}), new
        else:
            seen = draw(st.sampled_from(list(Visibility)))
            comment = Comment(f"c{step}", "hello", seen, by, at)
            found = replace(found, comments=(*(found.comments or ()), comment))
        found = replace(found, updated=at)
        versions.append(found)
    return versions


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(versions=lives())
def test_read_at_each_change_or_once_at_the_end_it_is_the_same_case(
    on_sqlite: Ledger, versions: list[RemoteCase]
) -> None:
    often = Desk(emptied(on_sqlite))
    take(often, *versions, *versions)
    facts = {(e.id, e.at, e.actor, e.body) for e in often.events() if e.origin == "fact"}
    state = often.state()
    once = Desk(emptied(on_sqlite))
    take(once, versions[-1])
    assert {(e.id, e.at, e.actor, e.body) for e in once.events() if e.origin == "fact"} == facts
    assert once.state() == state
