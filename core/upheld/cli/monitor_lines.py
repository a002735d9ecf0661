"""Monitors as lines, as objects, and all that is known of one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from itertools import groupby
from typing import TYPE_CHECKING, Final

from upheld.calendar.instant import SECOND
from upheld.case.monitor import MonitorState, Seen
from upheld.cli.output import length, local, stamp

if TYPE_CHECKING:
    from upheld.calendar.instant import Instant, Span
    from upheld.daemon.site import Site
    from upheld.ledger import MonitorRow, Transaction
    from upheld.monitor.watchlist import Watched

COLUMNS: Final = ("monitor", "customer", "state", "for", "last reading", "next", "what is seen")
#: Of what was seen a list shows so much.
_SHOWN: Final = 60
#: What needs somebody stands first.
_ORDER: Final = (
    MonitorState.DOWN,
    MonitorState.SOFT_DOWN,
    MonitorState.DEGRADED,
    MonitorState.INCONCLUSIVE,
    MonitorState.UNREAD,
    MonitorState.PAUSED,
    MonitorState.UP,
)


@dataclass(frozen=True, slots=True)
class Standing:
    """A monitor as upheld.yaml has it, and how it stands; ``row`` is None where no daemon has begun with
    it. ``since`` is when its state began."""

    watched: Watched
    row: MonitorRow | None
    since: Instant | None

    @property
    def name(self) -> str:
        """What it is called."""
        return self.watched.name

    @property
    def state(self) -> MonitorState:
        """Where it stands."""
        return MonitorState.UNREAD if self.row is None else self.row.stands

    @property
    def last(self) -> Seen | None:
        """The last reading."""
        recent = self.row.tally.recent if self.row else ()
        return recent[-1] if recent else None

    @property
    def next(self) -> Instant | None:
        """When it is read next; what is heard of is not."""
        asked = self.row is not None and self.watched.entry.probe is not None
        return self.row.due if asked and self.row else None


def standings(site: Site, tx: Transaction, names: Iterable[str] | None = None) -> list[Standing]:
    """Of these, or of all that is watched; what needs somebody first."""
    wanted = list(site.watched if names is None else names)
    rows = {row.name: row for row in tx.monitors(wanted)}
    turned = tx.turned_at([row.subject for row in rows.values()])
    found = (_standing(site.watched[name], rows.get(name), turned) for name in wanted)
    return sorted(found, key=lambda each: (_ORDER.index(each.state), each.name))


def _standing(watched: Watched, row: MonitorRow | None, turned: Mapping[str, Instant]) -> Standing:
    if row is None:
        return Standing(watched, None, None)
    failing = row.tally.since if row.tally.streak else None
    return Standing(watched, row, failing or turned.get(row.subject))


def matching(watched: Mapping[str, Watched], patterns: Sequence[str]) -> tuple[str, ...]:
    """The names that fit any of these, ``acme/*`` too; ``NotFound`` where one fits none."""
    from upheld.errors import NotFound
    from upheld.source import suggest

    found: dict[str, None] = {}
    for pattern in patterns:
        names = [name for name in watched if fnmatchcase(name, pattern)]
        if not names:
            raise NotFound(f"no monitor is called {pattern!r}", do_next=suggest(pattern, watched))
        found |= dict.fromkeys(names)
    return tuple(found)


def state(each: Standing) -> str:
    """How it stands in words: ``down (window W1)``."""
    said = each.state.value.replace("_", " ")
    tally = each.row.tally if each.row else None
    more = [tally.excuse] if tally and tally.excuse else []
    more += ["flapping"] if tally and tally.flapping else []
    return f"{said} ({', '.join(more)})" if more else said


def row(each: Standing, now: Instant) -> tuple[object, ...]:
    """A line of the list; times as seen from ``now``."""
    return (
        each.name,
        each.watched.entry.customer,
        state(each),
        length(now - each.since) if each.since is not None else "",
        _ago(each.last, now),
        _coming(each, now),
        _trouble(each),
    )


def _trouble(each: Standing) -> str:
    """What was seen last, of one that is not well."""
    if each.last is None or each.state in {MonitorState.UP, MonitorState.PAUSED}:
        return ""
    detail = each.last.detail
    return detail if len(detail) <= _SHOWN else f"{detail[: _SHOWN - 1]}…"


def _ago(seen: Seen | None, now: Instant) -> str:
    if seen is None:
        return ""
    took = f": {latency(seen.latency)}" if seen.latency is not None else ""
    return f"{_span(now - seen.at, 'just now', '{} ago')}{took}"


def _span(span: Span, at_once: str, otherwise: str) -> str:
    """So long; what is no second is at once."""
    return at_once if span < SECOND else otherwise.format(length(span))


def _coming(each: Standing, now: Instant) -> str:
    if each.row is None:
        return "once the daemon runs"
    if each.row.paused:
        return f"in {length(each.row.due - now)}" if each.row.due is not None else "when resumed"
    if each.watched.entry.probe is None:
        return f"by {each.watched.entry.fed_by}"
    due = each.next
    return "now" if due is None else _span(due - now, "now", "in {}")


def latency(took: Span | None) -> str:
    """``34 ms``, ``1.2 s``."""
    if took is None:
        return ""
    millis = took / 1000
    if millis < 1:
        return "<1 ms"
    return f"{millis:.0f} ms" if millis < 1000 else f"{millis / 1000:.1f} s"


def summary(found: Sequence[Standing]) -> str:
    """``12 watched: 1 down, 11 up``."""
    counts = {state: sum(each.state is state for each in found) for state in _ORDER}
    parts = (f"{n} {state.value.replace('_', ' ')}" for state, n in counts.items() if n)
    return f"{len(found)} watched: {', '.join(parts)}"


def as_object(each: Standing) -> dict[str, object]:
    """A monitor for machines; instants in UTC, latency in seconds."""
    entry, tally = each.watched.entry, each.row.tally if each.row else None
    return {
        "name": each.name,
        "subject": each.row.subject if each.row else None,
        "customer": entry.customer,
        "of": entry.of,
        "asked": each.watched.asked,
        "state": each.state.value,
        "since": stamp(each.since),
        "excuse": tally.excuse if tally else "",
        "flapping": tally.flapping if tally else False,
        "failures": tally.streak if tally else 0,
        "last": reading(each.last) if each.last else None,
        "next": stamp(each.next),
    }


def reading(seen: Seen) -> dict[str, object]:
    """A reading for machines."""
    return {
        "at": stamp(seen.at),
        "state": seen.state.value,
        "latency": None if seen.latency is None else seen.latency / 1_000_000,
        "detail": seen.detail,
        "version": seen.version,
    }


def readings(seen: Sequence[Seen], zone: str) -> Iterator[tuple[object, ...]]:
    """The last readings, newest first; what failed in the same words again and again is one line."""
    for _, same in groupby(reversed(seen), key=_words):
        first, *more = same
        until = local(first.at, zone, seconds=True)
        since = local(more[-1].at, zone, seconds=True) if more else ""
        times = f"{len(more) + 1} times" if more else ""
        state = first.state.value
        yield until, since, state, times, latency(first.latency), first.detail, first.version


def _words(seen: Seen) -> object:
    """What tells a reading from the next; each that took its time stands for itself."""
    return seen.at if seen.latency is not None else (seen.state, seen.detail, seen.version)


def provided(site: Site, provider: str | None) -> str | None:
    """A provider by the name that people know, with its id."""
    found = site.directory.providers.get(provider or "")
    return f"{found.name} ({found.id})" if found and found.name != found.id else provider
