"""One courier a connection: a far end that is slow, or hangs, holds up nothing but what is for itself."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import Final

from upheld.dispatch.taken import Taken

#: A courier with nothing to carry shows so often that it lives (seconds).
_IDLE: Final = 25.0
#: Dispatch stands aside so long while a courier sets out (seconds), and takes no processor from a page.
_MOMENT: Final = 0.02


@dataclass(frozen=True, slots=True)
class _Errand:
    taken: Taken
    back: threading.Event = field(default_factory=threading.Event)


class Couriers:
    """Hands what dispatch took to whoever sends over that connection. Each carries one delivery at a
    time, so that what is more urgent waits for that one at most; none is taken for one that is out."""

    def __init__(self, names: Iterable[str]) -> None:
        self._hands = {name: SimpleQueue[_Errand | None]() for name in names}
        self._out: set[str] = set()
        self._ended: set[str] = set()

    @property
    def names(self) -> Collection[str]:
        """Every connection that has one."""
        return self._hands.keys()

    @property
    def free(self) -> Collection[str]:
        """Connections whose courier is back."""
        return [name for name in self._hands if name not in self._out]

    def hand(self, taken: Sequence[Taken]) -> int:
        """Each to its courier, who is free; answers how many there were. Whoever is back in a moment is
        waited for."""
        for errand in (_Errand(each) for each in taken if each.together):
            name = errand.taken.first.delivery.connection
            self._out.add(name)
            self._hands[name].put(errand)
            errand.back.wait(_MOMENT)
        return len(taken)

    def carry(self, name: str, deliver: Callable[[Sequence[Taken]], int]) -> int:
        """Wait for something to carry, and ``deliver`` it; answers how many. What it raises comes out,
        and the courier is back all the same."""
        try:
            errand = self._hands[name].get(timeout=_IDLE)
        except Empty:
            return 0
        if errand is None:
            self._ended.add(name)
            return 0
        try:
            return deliver([errand.taken])
        finally:
            self._out.discard(name)
            errand.back.set()

    def end(self) -> None:
        """Nothing is handed over any more: each ends once it is back."""
        for hand in self._hands.values():
            hand.put(None)

    def over(self, name: str) -> bool:
        """Whether this one has carried all that it was handed before the end."""
        return name in self._ended
