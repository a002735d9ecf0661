"""Counting readings: what each makes of a monitor, and where that is another state.

- ``requests`` failures in a row are an outage. One that comes sooner after the last than half of the time
  between two (something hastened it) is remembered, and not counted again.
- An inconclusive reading, or one in blindness, neither counts nor ends a row; nor does our own downtime.
- An excused failure is down with its excuse; when that ends, a *fresh* failure makes an outage of it. An
  outage of its own stays one, whatever else fails then, until a window covers it.
- Who flaps does not get better until it is calm: one turn, and no page for each. It is never kept from
  getting worse, since an outage is promised to be told at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import takewhile

from upheld.calendar.instant import SECOND, Instant, iso
from upheld.case.events import Turned
from upheld.case.monitor import Cadence, MonitorState, Seen, Sight, Tally
from upheld.engine.checks import awaited, due
from upheld.engine.flapping import REMEMBERED, flaps

UP, DEGRADED, DOWN = MonitorState.UP, MonitorState.DEGRADED, MonitorState.DOWN
INCONCLUSIVE, UNREAD = MonitorState.INCONCLUSIVE, MonitorState.UNREAD


@dataclass(frozen=True, slots=True)
class Counted:
    """The ``tally`` to store, when to look again (None: when something is told), and what to record."""

    tally: Tally
    due: Instant | None
    turned: Turned | None = None


def count(cadence: Cadence, tally: Tally, seen: Seen, sight: Sight) -> Counted:
    """What a reading makes of it: nothing where it is not younger than the last."""
    last = _last(tally)
    if last is not None and seen.at <= last:
        return Counted(tally, due(cadence, tally, last))
    # What others told us has come through, however badly we see.
    if sight.blind and (cadence.asked or seen.silent):
        seen = replace(seen, state=INCONCLUSIVE, detail=sight.blind)
    read = _read(cadence, tally, seen)
    state, excuse = _stands(cadence, read, seen, sight)
    after = replace(read, state=state, excuse=excuse)
    if (tally.state, state) == (DOWN, DOWN) and excuse != tally.excuse:
        after = replace(after, since=seen.at)
    return Counted(after, due(cadence, after, seen.at), _turn(cadence, tally, after, seen))


def silent(cadence: Cadence, tally: Tally, since: Instant, now: Instant) -> Seen | None:
    """What is to be counted when a heartbeat is missed by ``now``; None where it is not.

    ``since``: from when on we could hear it (it was set up, its pause ended, we came up again), so that our
    own downtime is nobody's silence.
    """
    missed = awaited(cadence, tally, since)
    if missed is None or now < missed:
        return None
    heard = f"not heard of since {iso(tally.recent[-1].at)}" if tally.recent else "never heard of"
    return Seen(now, DOWN, detail=heard, silent=True)


def _last(tally: Tally) -> Instant | None:
    known = (tally.recent[-1].at if tally.recent else None, tally.counted)
    return max((each for each in known if each is not None), default=None)


def _read(cadence: Cadence, tally: Tally, seen: Seen) -> Tally:
    """With the reading added; the state is as it was."""
    recent = tally.recent if seen.silent else (*tally.recent, seen)[-REMEMBERED:]
    # What is told once can't be waited for to calm down.
    flapping = cadence.asked and flaps(recent, tally.flapping)
    read = replace(tally, recent=recent, flapping=flapping)
    if seen.state is DOWN:
        return _failed(cadence, read, seen.at)
    if seen.state is INCONCLUSIVE:
        return read
    return replace(read, streak=0, since=None, counted=None)


def _failed(cadence: Cadence, tally: Tally, at: Instant) -> Tally:
    between = cadence.spaced or cadence.every
    if cadence.asked and tally.counted is not None and at - tally.counted < between // 2:
        return tally
    # A heartbeat that is missed, or says that it failed, is a verdict and no sample.
    least = 1 if cadence.silence is None else cadence.requests
    return replace(
        tally,
        streak=max(tally.streak + 1, least),
        since=at if tally.since is None else tally.since,
        counted=at,
    )


def _stands(cadence: Cadence, read: Tally, seen: Seen, sight: Sight) -> tuple[MonitorState, str]:
    """The state, and what excuses it."""
    if seen.state is INCONCLUSIVE:
        return INCONCLUSIVE, ""
    if seen.state is DOWN:
        return _failing(cadence, read, sight)
    if read.flapping and read.state is DOWN:
        return DOWN, read.excuse
    state = DEGRADED if read.flapping else seen.state
    return state, sight.excuse if state is DEGRADED else ""


def _failing(cadence: Cadence, read: Tally, sight: Sight) -> tuple[MonitorState, str]:
    enough = read.streak >= cadence.requests and not sight.awaits
    if read.state is DOWN:
        return DOWN, _excuse(read, sight, enough=enough)
    if enough:
        return DOWN, sight.excuse
    if read.flapping and read.state is UP:
        return DEGRADED, sight.excuse
    return read.state, read.excuse


def _excuse(read: Tally, sight: Sight, *, enough: bool) -> str:
    """Of what is down already."""
    if sight.window:
        return sight.excuse
    return sight.excuse if read.excuse and enough else read.excuse


def _turn(cadence: Cadence, tally: Tally, after: Tally, seen: Seen) -> Turned | None:
    unseen = _unseen(cadence, tally, seen.at)
    same = (tally.state, tally.excuse) == (after.state, after.excuse)
    if same and not (after.state in (UP, DEGRADED) and (unseen or _updated(tally, seen))):
        return None
    return Turned(
        after.state.value,
        tally.state.value,
        _began(tally, after, seen),
        failed=after.streak,
        detail=seen.detail,
        recent=tuple(_lines(after)),
        excuse=after.excuse,
        version=seen.version,
        unseen=unseen,
    )


def _began(tally: Tally, after: Tally, seen: Seen) -> Instant:
    """Since when it is in the state that it turned to."""
    if after.state is DOWN and after.since is not None:
        return after.since
    if after.state is not tally.state and tally.flapping and not after.flapping:
        calm = takewhile(lambda each: each.state is seen.state, reversed(after.recent))
        return min((each.at for each in calm), default=seen.at)
    return seen.at


def _unseen(cadence: Cadence, tally: Tally, at: Instant) -> Instant | None:
    """From when on a reading is missing before this one: our own downtime, mostly."""
    if not cadence.asked or not tally.recent or tally.state is UNREAD:
        return None
    last = tally.recent[-1].at
    return last + cadence.every if at - last > 2 * cadence.every else None


def _updated(tally: Tally, seen: Seen) -> bool:
    """It tells another version than before."""
    known = (each.version for each in reversed(tally.recent) if each.version)
    return bool(seen.version) and seen.version != next(known, "")


def _lines(tally: Tally) -> Iterator[str]:
    for each in tally.recent:
        took = "" if each.latency is None else f" after {each.latency / SECOND:.3f} s"
        said = f": {each.detail}" if each.detail else ""
        yield f"{iso(each.at)} {each.state.value}{took}{said}"
