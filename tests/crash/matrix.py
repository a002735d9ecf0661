"""The crash matrix: the demo's story, killed at each moment, and what became of it.

The story is played once undisturbed and cut into windows, one for each settling. For each moment of
a window the world is put back to before it, the daemon is killed there, another goes on; at the end
of the next window all must be as it was undisturbed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

from tests.crash.standing import Standing, differences, standing
from tests.crash.world import Snapshot, World
from tests.night import BEATS
from upheld.calendar.instant import MINUTE, Instant, parse
from upheld.testing.faults import Passed
from upheld.testing.stage import START, Got

_END = parse(START) + 400 * MINUTE
Deed = Callable[[World], object]


@dataclass(frozen=True, slots=True)
class Window:
    """One settling: what a person does just before it (``eve``: how it stood before that), from
    where, through which moments, to what."""

    deed: Deed | None
    eve: Snapshot | None
    before: Snapshot
    passed: Sequence[Passed]
    got: Sequence[Got]
    incidents: int
    after: Standing


@dataclass(frozen=True, slots=True)
class Point:
    """A moment of the story: of a window, counted from 1."""

    window: int
    number: int
    passed: Passed


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a story that was disturbed, for the matrix by a death at ``passed``.

    ``again`` counts by channel what came twice under one key; ``other`` is all else that is wrong.
    """

    passed: Passed | None
    missing: Sequence[Got] = ()
    again: Counter[str] = field(default_factory=Counter)
    other: Sequence[str] = ()

    @property
    def kept(self) -> bool:
        """Nothing is missing, and nothing came that may not."""
        return not self.missing and not self.other


def undisturbed(world: World, most: int | None = None) -> list[Window]:
    """Play the story once, by one daemon; or its first ``most`` windows."""
    return [_window(world, deed) for deed in islice(_deeds(world), most)]


def points(windows: Sequence[Window]) -> list[Point]:
    """Every moment of the story."""
    return [
        Point(index, number, passed)
        for index, window in enumerate(windows)
        for number, passed in enumerate(window.passed, start=1)
    ]


def killed_at(world: World, windows: Sequence[Window], point: Point, *, more: int = 1) -> Verdict:
    """Kill the daemon there, let another go on, and play ``more`` windows after it."""
    world.restore(windows[point.window].before)
    if world.settled(point.number) is not None:
        return Verdict(point.passed, other=[f"it went by without a crash: {point}"])
    world.recover()
    return go_on(world, windows[point.window : point.window + more + 1], point.passed)


def go_on(
    world: World,
    windows: Sequence[Window],
    passed: Passed | None = None,
    settle: Callable[[], object] | None = None,
) -> Verdict:
    """From the end of the first of these windows to the end of the last; ``settle`` is done at
    each in place of the world's own."""
    for window in windows[1:]:
        _go_to(world, window.before.at)
        if window.deed is not None:
            window.deed(world)
        (settle or world.settle)()
    return judged(world, windows[-1], passed)


def _deeds(world: World) -> Iterator[Deed | None]:
    """What a person does, or nothing but time passing, each time that all is to be settled."""
    for beat in BEATS:
        yield from _wakes(world, parse(START) + beat.minute * MINUTE)
        yield beat.act
    yield from _wakes(world, _END)
    yield None


def _wakes(world: World, until: Instant) -> Iterator[None]:
    while (wake := world.next()) is not None and wake <= until:
        _go_to(world, wake)
        yield None
    _go_to(world, until)


def _go_to(world: World, at: Instant) -> None:
    world.clock.forward_to(max(at, world.clock.now()))


def _window(world: World, deed: Deed | None) -> Window:
    eve = None
    if deed is not None:
        eve = world.snapshot()
        deed(world)
    before = world.snapshot()
    passed = world.settled()
    assert passed is not None, "the undisturbed daemon died"
    return ended(world, deed, eve, before, passed)


def ended(
    world: World,
    deed: Deed | None,
    eve: Snapshot | None,
    before: Snapshot,
    passed: Sequence[Passed],
) -> Window:
    """A window that ends as everything stands now."""
    after = standing(world.snapshot().rows)
    return Window(deed, eve, before, passed, world.got(), len(world.pager.incidents), after)


def judged(world: World, wanted: Window, passed: Passed | None) -> Verdict:
    due, found = Counter(map(_told, wanted.got)), Counter(map(_told, world.got()))
    missing = [Got(*told) for told in (due - found).elements()]
    extra = list((found - due).elements())
    again = Counter(told[1] for told in extra if told in due)
    other = [f"nobody was to get {told}" for told in extra if told not in due]
    if len(world.pager.incidents) != wanted.incidents:
        other.append(f"{len(world.pager.incidents)} incidents, not {wanted.incidents}")
    other += differences(wanted.after, standing(world.snapshot().rows))
    with world.site.ledger.reading() as tx:
        other += [str(fault) for fault in tx.verify_all()]
    return Verdict(passed, missing, again, other)


def _told(got: Got) -> tuple[Instant, str, str, str, str]:
    return got.at, got.channel, got.to, got.what, got.key
