"""What a case remembers of what it did."""

from __future__ import annotations

import json
from dataclasses import replace

from tests.core.engine.scene import at
from upheld.case.events import StepResult
from upheld.engine.memory import Memory
from upheld.engine.step import Step


def step(occurrence: int, track: str = "A-1/A-1/1") -> Step:
    return Step(track, occurrence, "A-1", "A-1", at(occurrence))


def empty() -> Memory:
    return Memory.read(None)


def test_nothing_at_first() -> None:
    assert empty().write() == {"seen": 0, "steps": {}, "verdicts": {}}
    assert not empty().knows(step(1))


def test_the_last_occurrence_stands_for_all_before_it() -> None:
    memory = empty()
    memory.keep(step(3), StepResult.TAKEN)
    assert [memory.knows(step(number)) for number in (1, 3, 4)] == [True, True, False]
    assert not memory.knows(step(1, "A-1/A-1/2"))


def test_it_is_kept_as_json_and_read_back_as_its_own() -> None:
    memory = empty()
    memory.keep(step(2), StepResult.FILLED)
    memory.verdicts["k"] = ["met", at(1)]
    kept = json.loads(json.dumps(memory.write()))
    other = Memory.read(kept)
    assert other == memory
    other.keep(step(3), StepResult.TAKEN)
    other.verdicts["k"][0] = "missed"
    assert kept == memory.write()


def test_only_what_was_really_done_can_be_taken_back() -> None:
    memory = empty()
    for number, result in enumerate(StepResult):
        memory.keep(step(1, f"A-1/A-1/{number}"), result)
    assert memory.taken() == [("A-1/A-1/0", 1)]


def test_what_was_taken_back_is_not_known_and_has_another_key_when_it_is_done_again() -> None:
    memory = empty()
    memory.keep(step(1), StepResult.TAKEN)
    assert memory.key("C1", "A-1/A-1/1") == "C1/A-1/A-1/1/1"
    memory.withdraw("A-1/A-1/1")
    assert (memory.knows(step(1)), memory.taken()) == (False, [])
    memory.keep(step(1), StepResult.TAKEN)
    assert memory.knows(step(1))
    assert memory.key("C1", "A-1/A-1/1") == "C1/A-1/A-1/1/1~2"
    memory.keep(step(2), StepResult.TAKEN)
    assert memory.key("C1", "A-1/A-1/1") == "C1/A-1/A-1/1/2~2"


def test_of_a_grid_whose_last_was_taken_back_the_earlier_ones_stay_known() -> None:
    memory = empty()
    memory.keep(step(3), StepResult.TAKEN)
    memory.withdraw("A-1/A-1/1")
    assert [memory.knows(step(number)) for number in (2, 3, 4)] == [True, False, False]


def test_of_a_grid_that_moved_later_none_is_known_and_of_one_that_moved_earlier_all_are() -> None:
    memory = empty()
    grid = replace(step(2), next_due=at(3))
    memory.keep(grid, StepResult.TAKEN)
    moved = replace(grid, occurrence=1, due=at(2.5))
    assert not memory.knows(moved)
    assert memory.knows(replace(moved, due=at(1.5)))
    assert memory.knows(replace(moved, next_due=None))  # a page is not sent twice
    memory.keep(moved, StepResult.TAKEN)
    assert memory.key("C1", "A-1/A-1/1") == "C1/A-1/A-1/1/1~2"
    memory.keep(replace(grid, due=at(3.5)), StepResult.TAKEN)
    assert memory.key("C1", "A-1/A-1/1") == "C1/A-1/A-1/1/2~2"


def test_what_an_earlier_version_kept_is_read() -> None:
    memory = Memory.read({"seen": 5, "steps": {"A-1/A-1/1": [2, "taken", 1]}, "verdicts": {}})
    assert memory.knows(replace(step(1), due=at(9), next_due=at(10)))
    assert not memory.knows(step(3))


def test_warnings_are_kept() -> None:
    memory = empty()
    memory.warnings["A-1/A-1/clock/1"] = at(1)
    assert Memory.read(json.loads(json.dumps(memory.write()))) == memory
