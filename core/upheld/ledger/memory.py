"""Facts that were read or written lately, so that a daemon needn't read a case's history again.

The key is the head of the subject's chain: a hash over the whole history with its salts. So a
remembered history can't be out of date, and one that was rolled back is never asked for again.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Final, NamedTuple

from upheld.case.events import Event

LIMIT: Final = 32 * 1024 * 1024  # bytes of stored payloads, a measure of what they take in memory


class Remembered(NamedTuple):
    """Facts in order of arrival, the ids of at least all facts there ever were, their bytes."""

    facts: tuple[Event, ...]
    ids: frozenset[str]
    size: int


class Memory:
    """The facts of the subjects used last, up to ``limit`` bytes; safe to share among threads."""

    def __init__(self, limit: int = LIMIT) -> None:
        self._limit = limit
        self._held = 0
        self._by_head: OrderedDict[bytes, Remembered] = OrderedDict()
        self._lock = threading.Lock()

    def recall(self, head: bytes) -> Remembered | None:
        """The facts of the history that ends in ``head``, if it is remembered."""
        with self._lock:
            found = self._by_head.get(head)
            if found is not None:
                self._by_head.move_to_end(head)
            return found

    def keep(self, head: bytes, held: Remembered, *, before: bytes) -> None:
        """Remember a history; it replaces the one that ended in ``before``."""
        with self._lock:
            self._forget(before)
            self._forget(head)
            self._by_head[head] = held
            self._held += held.size
            while self._held > self._limit and self._by_head:
                self._held -= self._by_head.popitem(last=False)[1].size

    def clear(self) -> None:
        """Forget everything: something was erased."""
        with self._lock:
            self._by_head.clear()
            self._held = 0

    def _forget(self, head: bytes) -> None:
        if head in self._by_head:
            self._held -= self._by_head.pop(head).size
