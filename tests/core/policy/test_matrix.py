"""Severity by two measures: as data, and as written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.policy.written import rule, wrong
from upheld.policy.matrix import Axis, Cells, Empty, Matrix
from upheld.policy.model import ALWAYS, Classify, Condition, Test


def matrix(cells: Cells, empty: Empty = Empty.MORE_SEVERE) -> Matrix:
    down = tuple(f"r{n}" for n in range(len(cells)))
    across = tuple(f"c{n}" for n in range(len(cells[0])))
    return Matrix(Axis("reach", down, {}), Axis("impact", across, {}), cells, empty)


def test_a_cell_is_what_stands_there() -> None:
    found = matrix(((1, 2), (2, 3)))
    assert [found.severity(row, column) for row in ("r0", "r1") for column in ("c0", "c1")] == [
        1, 2, 2, 3,
    ]  # fmt: skip


def test_an_empty_cell_proposes_nothing_unless_the_policy_says_how_it_is_filled() -> None:
    cells: Cells = ((1, None), (None, 3))
    assert matrix(cells, Empty.OPEN).whole() == cells
    assert matrix(cells).whole() == ((1, 1), (1, 3))


def test_only_what_stands_beside_counts_and_the_rest_is_filled_from_there() -> None:
    assert matrix(((3, None, None, 1),)).whole() == ((3, 3, 1, 1),)
    assert matrix(((2, None), (None, 1))).whole() == ((2, 1), (1, 1))
    assert matrix(((2, 3, 3), (3, None, 3), (3, 3, 1))).whole()[1][1] == 3  # not across corners


def test_where_nothing_is_said_nothing_can_be_filled() -> None:
    assert matrix(((None, None),)).whole() == ((None, None),)


_cells = st.integers(1, 4).flatmap(
    lambda width: st.lists(
        st.tuples(*[st.none() | st.integers(1, 4)] * width), min_size=1, max_size=4
    )
)


@given(_cells.map(tuple))
def test_filling_changes_no_written_cell_and_leaves_none_open(cells: Cells) -> None:
    whole = matrix(cells).whole()
    levels = {cell for row in cells for cell in row} - {None}
    for before, after in zip(cells, whole, strict=True):
        for old, new in zip(before, after, strict=True):
            assert new == old if old is not None else (new in levels if levels else new is None)


# --- as written -----------------------------------------------------------------------------------

_WRITTEN = """\
classify:
- {severity: 1, when: {words: breach}}
- when: {source: email}
  matrix:
    reach: {large: [all users, everybody], small: [one user]}
    impact: [stopped, slowed]
    severity:
      large: {stopped: 1, slowed: }
      small:
    empty: more_severe
- {severity: 2, otherwise: true}
"""


def test_a_matrix_is_one_of_the_rows() -> None:
    _, row, _ = rule(_WRITTEN, Classify).rows
    assert row.when == Condition((Test("source", ("email",)),))
    assert row.matrix == Matrix(
        Axis("reach", ("large", "small"), {"large": ("all users", "everybody"), "small": ("one user",)}),
        Axis("impact", ("stopped", "slowed"), {"stopped": (), "slowed": ()}),
        ((1, None), (None, None)),
        Empty.MORE_SEVERE,
    )  # fmt: skip


def test_a_mapping_instead_of_rows_is_a_matrix() -> None:
    (row,) = rule("classify: {a: [x], b: [y], severity: {x: {y: 2}}}", Classify).rows
    assert (row.when, row.severity) == (ALWAYS, None)
    assert row.matrix is not None
    assert (row.matrix.severity("x", "y"), row.matrix.empty) == (2, Empty.OPEN)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{a: [x], severity: {x: 1}}",
         "classify: is no matrix → name two measures and `severity`: `reach: {large: [all users]}`"),
        ("{a: [x], b: [y]}",
         "classify: is no matrix → name two measures and `severity`: `reach: {large: [all users]}`"),
        ("{a: [x], b: [y], severity: {x: {z: 1}}}",
         "classify.severity.x.z: there is no such key → one of: y"),
        ("{a: [x, w], b: [y], severity: {x: {y: 1}}}",
         "classify.severity: lacks: w → leave its value empty where nothing is said"),
        ("{a: [x], b: [y], severity: {x: {y: low}}}", "classify.severity.x.y: is not a whole number"),
        ("{a: [x], b: [y], severity: {x: {y: 7}}}", "C-1: y: there is no severity 7 → one of: 1, 2"),
        ("{a: [x], b: [y], severity: {x: {y: 1}}, empty: guess}",
         "classify.empty: 'guess' is not known → one of: more_severe, open"),
        ("{a: [], b: [y], severity: {x: {y: 1}}}", "classify.a: has no values"),
        ("[{severity: 1, matrix: {a: [x], b: [y], severity: {x: {y: 1}}}}]",
         "classify.0: has more than a matrix → beside `matrix` only `when` may stand"),
        ("[{matrix: 3}]", "classify.0.matrix: is not a mapping → write `key: value` lines"),
    ],
)  # fmt: skip
def test_a_matrix_has_two_measures_and_a_cell_for_each_pair(text: str, problem: str) -> None:
    assert any(problem in each for each in wrong(f"classify: {text}"))


def test_two_clauses_that_propose_the_severity_are_told_also_where_one_is_a_matrix() -> None:
    both = "rules:\n- {name: a, classify: [{severity: 1, otherwise: true}]}\n"
    both += "- {name: b, classify: {a: [x], b: [y], severity: {x: {y: 2}}}}"
    (found,) = wrong(both)
    assert "the proposed severity is set by C-1 as well" in found
