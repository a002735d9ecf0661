"""The three-way merge of one field: nothing is overwritten silently, and nothing plays ping-pong."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upheld.sync.merge import ConflictRule, Merged, Move, Side, Winner, merge

VALUES = st.integers(0, 3)
TIMES = st.none() | st.integers(0, 5)
RULES = st.sampled_from(ConflictRule)
AGREED = (2, "Medium")
#: What our severities are on the tracker; "Medium" is read as 2, and never written.
WORDS = {1: "Highest", 2: "High", 3: "Low"}
MEANS = {"Highest": 1, "High": 2, "Medium": 2, "Low": 3}


def merged(
    ours: int,
    theirs: str,
    agreed: tuple[int, str] | None = AGREED,
    rule: ConflictRule = ConflictRule.REMOTE,
    at: tuple[int | None, int | None] = (None, None),
) -> Merged:
    same = MEANS.get(theirs) == ours
    return merge(agreed, Side(ours, at[0]), Side(theirs, at[1]), same=same, rule=rule)


def test_what_nobody_changed_stays() -> None:
    assert merged(2, "Medium") == Merged(Move.NOTHING)


def test_what_a_map_loses_is_not_written_back() -> None:
    assert merged(2, "Medium", (2, "Medium")).move is Move.NOTHING
    assert merged(2, "High", (2, "Medium")).move is Move.NOTHING


def test_what_they_changed_is_taken() -> None:
    assert merged(2, "Highest") == Merged(Move.TAKE)


def test_what_we_changed_is_written() -> None:
    assert merged(1, "Medium") == Merged(Move.WRITE)


def test_both_changed_to_the_same_is_no_conflict() -> None:
    assert merged(1, "Highest") == Merged(Move.NOTHING)


def test_a_word_that_means_nothing_here_is_taken_as_news_and_not_written_over() -> None:
    assert merged(2, "Urgent").move is Move.TAKE
    assert merged(2, "Urgent", (2, "Urgent")).move is Move.NOTHING


@pytest.mark.parametrize(
    ("rule", "at", "move", "winner"),
    [
        (ConflictRule.REMOTE, (9, 1), Move.TAKE, Winner.THEIRS),
        (ConflictRule.LOCAL, (1, 9), Move.WRITE, Winner.OURS),
        (ConflictRule.NEWEST, (9, 1), Move.WRITE, Winner.OURS),
        (ConflictRule.NEWEST, (1, 9), Move.TAKE, Winner.THEIRS),
        (ConflictRule.NEWEST, (5, 5), Move.TAKE, Winner.THEIRS),
        (ConflictRule.NEWEST, (9, None), Move.TAKE, Winner.THEIRS),
        (ConflictRule.NEWEST, (None, 9), Move.TAKE, Winner.THEIRS),
        (ConflictRule.HOLD, (9, 1), Move.HOLD, None),
    ],
)
def test_each_rule_has_its_winner(
    rule: ConflictRule, at: tuple[int | None, int | None], move: Move, winner: Winner | None
) -> None:
    found = merged(1, "Low", rule=rule, at=at)
    assert (found.move, found.winner, found.conflict) == (move, winner, True)


@pytest.mark.parametrize(("theirs", "move"), [("", Move.WRITE), ("High", Move.TAKE)])
def test_where_nothing_was_agreed_the_tracker_has_it_unless_it_is_empty(
    theirs: str, move: Move
) -> None:
    assert merged(1, theirs, None) == Merged(move)


@given(VALUES, VALUES, st.none() | st.tuples(VALUES, VALUES), RULES, TIMES, TIMES)
def test_a_side_is_overwritten_only_where_the_other_changed(
    ours: int,
    theirs: int,
    agreed: tuple[int, int] | None,
    rule: ConflictRule,
    our_time: int | None,
    their_time: int | None,
) -> None:
    sides = Side(ours, our_time), Side(theirs, their_time)
    found = merge(agreed, *sides, same=ours == theirs, rule=rule)
    if agreed is not None and found.move is Move.TAKE:
        assert theirs != agreed[1]
    if agreed is not None and found.move is Move.WRITE:
        assert ours != agreed[0]
    assert found.conflict == (
        agreed is not None and ours != agreed[0] and theirs != agreed[1] and ours != theirs
    )


@given(VALUES, VALUES, st.tuples(VALUES, VALUES), RULES)
def test_after_a_merge_there_is_nothing_left_to_do(
    ours: int, theirs: int, agreed: tuple[int, int], rule: ConflictRule
) -> None:
    found = merge(agreed, Side(ours), Side(theirs), same=ours == theirs, rule=rule)
    if found.move is Move.HOLD:
        return
    if found.move is Move.TAKE:
        ours = theirs
    if found.move is Move.WRITE:
        theirs = ours
    again = merge((ours, theirs), Side(ours), Side(theirs), same=ours == theirs, rule=rule)
    assert again == Merged(Move.NOTHING)


@pytest.mark.parametrize(("ours", "theirs"), list(product(WORDS, MEANS)))
def test_every_word_of_the_map_settles_in_one_cycle(ours: int, theirs: str) -> None:
    for before in product(WORDS, MEANS):
        move = merged(ours, theirs, before).move
        now = MEANS[theirs] if move is Move.TAKE else ours
        there = WORDS[ours] if move is Move.WRITE else theirs
        assert merged(now, there, (now, there)).move is Move.NOTHING
