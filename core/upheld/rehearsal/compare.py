"""What was expected of a scenario beside what came of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from upheld.case.clock import ClockRun, ClockState
from upheld.rehearsal.messages import Said
from upheld.rehearsal.scenario import ExpectedClock, ExpectedMessage, Scenario
from upheld.rehearsal.stage import Played

#: The verdict of a clock that is not there.
NONE: Final = "none"


@dataclass(frozen=True, slots=True)
class Compared:
    """``late``: what came, but later than expected. ``clocks``: those that stand otherwise (None: no
    such clock). What is soft is never wrong."""

    missing: tuple[ExpectedMessage, ...] = ()
    unexpected: tuple[Said, ...] = ()
    late: tuple[tuple[ExpectedMessage, Said], ...] = ()
    clocks: tuple[tuple[ExpectedClock, ClockRun | None], ...] = ()

    @property
    def ok(self) -> bool:
        """Whether all came as expected, and nothing else did."""
        return not (self.missing or self.unexpected or self.late or self.clocks)


def compared(scenario: Scenario, played: Played) -> Compared:
    """Each message is matched once: at its instant first, then later ones, then what may differ."""
    clocks = tuple(_clocks(scenario.clocks, played))
    if scenario.messages is None:
        return Compared(clocks=clocks)
    left = list(played.messages)
    firm_first = sorted(scenario.messages, key=lambda each: each.soft)
    wanted = [each for each in firm_first if not _taken(each, left, _same)]
    late = []
    for each in [each for each in wanted if not each.soft]:
        came = _taken(each, left, _later)
        if came is not None:
            wanted.remove(each)
            late.append((each, came))
    soft = [each for each in wanted if each.soft]
    for each in soft:
        _taken(each, left, _like)
    missing = tuple(each for each in wanted if not each.soft)
    return Compared(missing, tuple(left), tuple(late), clocks)


_Fits = Callable[[ExpectedMessage, Said], bool]


def _taken(wanted: ExpectedMessage, left: list[Said], fits: _Fits) -> Said | None:
    found = next((said for said in left if fits(wanted, said)), None)
    if found is not None:
        left.remove(found)
    return found


def _like(wanted: ExpectedMessage, said: Said) -> bool:
    same = (wanted.case, wanted.purpose) == (said.case, said.purpose)
    return same and wanted.to in said.names


def _same(wanted: ExpectedMessage, said: Said) -> bool:
    return wanted.at == said.at and _like(wanted, said) and _speaks(wanted, said)


def _later(wanted: ExpectedMessage, said: Said) -> bool:
    return wanted.at < said.at and _like(wanted, said) and _speaks(wanted, said)


def _speaks(wanted: ExpectedMessage, said: Said) -> bool:
    return wanted.clauses is None or wanted.clauses == frozenset(said.clauses)


def _clocks(
    wanted: Sequence[ExpectedClock], played: Played
) -> Iterable[tuple[ExpectedClock, ClockRun | None]]:
    for each in wanted:
        runs = [run for case, run in played.clocks if case == each.case and _is(each, run)]
        # A clause may have a rule a severity; the one that the case left behind is not meant.
        runs.sort(key=lambda run: run.state is ClockState.STOPPED)
        none = each.verdict == NONE and not runs
        if not each.soft and not none and not any(_stands(each, run) for run in runs):
            yield each, next(iter(runs), None)


def _is(wanted: ExpectedClock, run: ClockRun) -> bool:
    target = wanted.target in {None, run.target}
    return target and (wanted.clause, wanted.cycle) == (run.clause, run.cycle)


def _stands(wanted: ExpectedClock, run: ClockRun) -> bool:
    pairs = (
        (wanted.due, run.due),
        (wanted.verdict, run.state.value),
        (wanted.met_at, run.met_at),
    )
    return all(expected in {None, found} for expected, found in pairs)
