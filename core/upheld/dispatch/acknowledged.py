"""Who has said that they have a case, which of its pages that stops, and which of them reminds. Pure.

An acknowledgement is of the case (``cases ack``, ``#ack``), or of pages by name: a key that was pressed,
an answer, a pager. It stops each of its pages, whoever that went to. Once it has expired, one page goes on
for all of them, by reminding whoever gave it: who was paged beside them would else be woken by what
somebody else forgot. They come next.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from upheld.calendar.instant import Instant
from upheld.case.events import Event, PageAcknowledged, Side
from upheld.dispatch.failover import Attempt, Held
from upheld.ledger import DeliveryState


@dataclass(frozen=True, slots=True)
class Paging:
    """A page of a case that is still wanted, planned ``since`` then, and its sendings, oldest first."""

    key: str
    since: Instant
    attempts: Sequence[Attempt]


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """``by`` has it since ``at``: the pages with these keys, or the case, where none is named."""

    by: str
    at: Instant
    keys: frozenset[str] = frozenset()

    def stops(self, page: Paging) -> bool:
        """Of a case: each page that was out by then. Those that come later ring."""
        return page.key in self.keys if self.keys else page.since <= self.at


def acknowledgements(facts: Iterable[Event]) -> list[Acknowledgement]:
    """What people of ours acknowledged, oldest first. Several pages that somebody answers at once are one;
    a customer's contact has nothing in hand."""
    found: dict[tuple[Instant, str], set[str]] = defaultdict(set)
    for fact in facts:
        if isinstance(fact.body, PageAcknowledged) and fact.actor.side is Side.STAFF:
            found[fact.at, fact.actor.id].add(fact.body.key)
    return [
        Acknowledgement(by, at, frozenset() if "" in keys else frozenset(keys))
        for (at, by), keys in sorted(found.items(), key=lambda each: each[0])
    ]


def for_ours(sent: Sequence[Attempt], contact: Callable[[str], bool]) -> tuple[Attempt, ...]:
    """The sendings of a page. Where ours were paged beside a ``contact`` of the customer's, the contact's
    answer is their own: they are rung no more, and it stops nobody else."""
    if all(contact(each.person) for each in sent):
        return tuple(sent)
    held = {DeliveryState.ACKNOWLEDGED: DeliveryState.PASSED}
    return tuple(
        replace(each, state=held.get(each.state, each.state)) if contact(each.person) else each
        for each in sent
    )


def _nobody(_who: str) -> bool:
    """Nobody is a customer's contact."""
    return False


def holding(
    key: str,
    pages: Sequence[Paging],
    said: Sequence[Acknowledgement],
    assignee: str | None = None,
    contact: Callable[[str], bool] = _nobody,
) -> Held | None:
    """What holds a page, one of all the ``pages`` of its case, oldest first; None where nothing does. Who
    has passed it on since has it no more."""
    page = next((each for each in pages if each.key == key), None)
    if page is None:  # a person dropped it before anything went out
        return None
    gone = {a.person: a.since for _, a in _all(pages) if a.state is DeliveryState.PASSED}
    standing = [each for each in said if each.at > gone.get(each.by, -1)]
    last = next((each for each in reversed(standing) if each.stops(page)), None)
    if last is None:
        return None
    stopped = [each for each in pages if each.attempts and last.stops(each)]
    ours = [each for each in _all(stopped) if not contact(each[1].person)] or list(_all(stopped))
    kept = [each for each in ours if each[1].since > gone.get(each[1].person, -1)] or ours
    reminding, reminded = next(_reminders(last, stopped, kept, assignee), (None, None))
    if reminded is None or reminding is not page:
        return Held(last.at)
    return Held(last.at, reminded, tuple(dict.fromkeys(a.person for _, a in _all(stopped))))


def _reminders(
    last: Acknowledgement,
    stopped: Sequence[Paging],
    kept: Sequence[tuple[Paging, Attempt]],
    assignee: str | None,
) -> Iterator[tuple[Paging, Attempt]]:
    """Which page reminds, after which sending: the last that reached whoever acknowledged; that which was
    answered, where nobody knows by whom; else that of whoever has the case, or was paged first. ``kept``
    are the sendings to those of ours who haven't passed it on: it is theirs still."""
    sent = list(_all(stopped))
    yield from (each for each in reversed(sent) if each[1].person == last.by)
    yield from (each for each in kept if each[1].state is DeliveryState.ACKNOWLEDGED)
    yield from (each for each in reversed(kept) if each[1].person == assignee)
    yield from kept


def _all(pages: Iterable[Paging]) -> Iterator[tuple[Paging, Attempt]]:
    """Every sending with its page, in the order in which they went out; not what a person took back."""
    sent = [(page, each) for page in pages for each in page.attempts]
    wanted = (each for each in sent if each[1].state is not DeliveryState.DROPPED)
    return iter(sorted(wanted, key=lambda each: each[1].since))
