"""Since when what is promised to whom really leaves: kept in the ledger as go_live changes.

Scopes are `all`, a customer, a connection, and `redirect`. Each has a period in the ledger from the
first daemon that ran with it on. What fell due before is before enforcement: leaving shadow sends nothing
late that was owed in it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, Self

from upheld.calendar.instant import Instant
from upheld.ledger import Period, Transaction

EVERYBODY: Final = "all"
REDIRECT: Final = "redirect"
_CUSTOMER, _CONNECTION = "customer/", "connection/"


def scopes(mode: str, live_for: Iterable[str], connections: Collection[str]) -> frozenset[str]:
    """The scopes that `go_live` names; nothing in shadow."""
    if mode != "live":
        return frozenset({REDIRECT} if mode == "redirect" else ())
    return frozenset(_scope(name, connections) for name in live_for)


def in_shadow(periods: Iterable[Period], customer: str | None, at: Instant) -> bool:
    """Whether what fell due at ``at`` fell due in shadow, and was left behind by going live later.

    While nothing has gone live yet, nothing is left behind: a trial counts as if it were earnest.
    """
    live = [each for each in periods if each.name != REDIRECT and _covers(each.name, customer)]
    return any(each.since > at for each in live) and not any(each.holds(at) for each in live)


@dataclass(frozen=True, slots=True)
class Scopes:
    """Since when each scope stands. ``ended`` are those that go_live names no more."""

    since: Mapping[str, Instant] = field(default_factory=lambda: MappingProxyType({}))
    ended: tuple[str, ...] = ()

    @classmethod
    def under(cls, named: frozenset[str], before: Mapping[str, Instant], now: Instant) -> Self:
        """What stands when ``named`` is what go_live says and ``before`` what stood so far.

        Whoever was live already stays so since then, by name or by `all`: a restart between two
        edits must not lose a page.
        """
        ours = {name: at for name, at in before.items() if _is_scope(name)}
        stays = {name for name in ours if EVERYBODY in named and name != REDIRECT}
        kept = {name: at for name, at in ours.items() if name in named | stays}
        begun = {name: _begins(name, ours, now) for name in sorted(named - set(kept))}
        return cls(MappingProxyType(kept | begun), tuple(sorted(set(ours) - set(kept))))

    def of(self, customer: str | None) -> Instant | None:
        """From when on what this customer's cases owe may leave; None where it never did."""
        return min((at for name, at in self.since.items() if _covers(name, customer)), default=None)

    def keep(self, tx: Transaction, now: Instant) -> None:
        """Write it down; again changes nothing."""
        for name in self.ended:
            tx.end_scope(name, now)
        for name, at in self.since.items():
            tx.begin_scope(name, at)


def _scope(name: str, connections: Collection[str]) -> str:
    if name == EVERYBODY:
        return name
    return f"{_CONNECTION}{name}" if name in connections else f"{_CUSTOMER}{name}"


def _is_scope(name: str) -> bool:
    return name in {EVERYBODY, REDIRECT} or name.startswith((_CUSTOMER, _CONNECTION))


def _begins(name: str, before: Mapping[str, Instant], now: Instant) -> Instant:
    return now if name == REDIRECT else before.get(EVERYBODY, now)


def _covers(scope: str, customer: str | None) -> bool:
    """Whether a scope is for this customer's cases; messages of any case may go over a connection."""
    if scope in {EVERYBODY, REDIRECT} or scope.startswith(_CONNECTION):
        return True
    return customer is not None and scope == f"{_CUSTOMER}{customer}"
