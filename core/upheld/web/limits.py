"""How much may come in: a bucket of requests for each connection, filled as time passes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from math import ceil
from typing import Final

_MINUTE: Final = 60.0


class Rate:
    """``a_minute`` requests of a name in a minute, all at once or one by one.

    ``monotonic`` counts seconds of machine time.
    """

    def __init__(self, a_minute: int, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._most, self._monotonic = a_minute, monotonic
        self._left: dict[str, tuple[float, float]] = {}
        self._lock = threading.Lock()

    def wait(self, name: str) -> int:
        """0 where one more may come in now; else the seconds to wait for it."""
        with self._lock:
            now = self._monotonic()
            left, since = self._left.get(name, (float(self._most), now))
            left = min(self._most, left + (now - since) * self._most / _MINUTE)
            if left < 1:
                self._left[name] = (left, now)
                return ceil((1 - left) * _MINUTE / self._most)
            self._left[name] = (left - 1, now)
            return 0
