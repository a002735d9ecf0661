"""What a sender has in hand: leased, perhaps written down as being sent, perhaps on its way."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

from upheld.calendar.instant import SECOND, Span
from upheld.dispatch.outcome import Outcome
from upheld.ledger import LeasedDelivery
from upheld.seam import Live

#: A send that hangs longer is written off as unknown; the lease outlives it.
HARD_STOP: Final[Span] = 20 * SECOND

Call: TypeAlias = Callable[[], Outcome]
#: What became of each that was sent.
Results: TypeAlias = Sequence[tuple[LeasedDelivery, Outcome]]


@dataclass(frozen=True, slots=True)
class Taken:
    """Deliveries that are ours and go in one message, which the first of them carries. ``call`` is there
    where it is written down already as being sent; none are left where that showed that it must not be.
    ``ended`` is there where the call is on its way already: it waits for what comes of it, for so long."""

    together: tuple[LeasedDelivery, ...]
    call: Call | None = None
    ended: Callable[[Span], Outcome] | None = None

    @property
    def first(self) -> LeasedDelivery:
        """The one that carries the others."""
        return self.together[0]

    def apart(self) -> list[Taken]:
        """Each by itself. The message in which it may have been was looked up: it has its own key again."""
        own = (
            replace(each, delivery=replace(each.delivery, carrier=None)) for each in self.together
        )
        return [Taken((each,)) for each in own]

    def set_out(self, live: Live) -> Taken:
        """The call begun at once, where that can be: whoever delivers it waits for what comes of it."""
        if self.call is None:
            return self
        return replace(self, ended=live.begin(self.call))

    def called(self, call: Call, live: Live) -> Outcome:
        """What comes of it; ``PluginError``."""
        return self.ended(HARD_STOP) if self.ended else live.call(call, hard_stop=HARD_STOP)


def alike(results: Results) -> Results:
    """What went in one message is tried again at one time, the soonest of each: one that is looked up by
    itself would be repeated under a key of its own, and the others found under a key that tells of it alone.
    A page must not wait for the patience that one has earned which was tried often.
    """
    soonest = min((each.retry_in for _, each in results if each.retry_in is not None), default=None)
    return [
        (each, became if became.retry_in is None else replace(became, retry_in=soonest))
        for each, became in results
    ]
