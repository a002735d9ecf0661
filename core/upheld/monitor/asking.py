"""Asks: probes run side by side on one event loop, in a thread that does nothing else."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final, TypeVar

from upheld.calendar.instant import SECOND, Instant, Span
from upheld.case.monitor import MonitorState, Seen
from upheld.monitor.feeds import told
from upheld.monitor.targets import Target
from upheld.plugin import Logger

T = TypeVar("T")

#: Seconds of machine time by which a probe may be late with its own timeout before it is cut off.
_LATE: Final = 1.0
#: Seconds that the loop may take to end.
_ENDS: Final = 5.0


class Asking:
    """Runs probes. ``timeout`` is for one request; what takes longer has failed."""

    def __init__(self, timeout: Span, log: Logger) -> None:
        self.timeout = timeout
        self._log = log
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._wrong: dict[str, str] = {}

    def start(self, work: Coroutine[Any, Any, T], done: Callable[[Future[T]], object]) -> None:
        """Let it run; ``done`` is called from there when it has ended, and must not wait."""
        if self._loop is None:  # not before there is something to ask
            self._loop = asyncio.new_event_loop()
            self._thread = threading.Thread(
                target=self._loop.run_forever, name="asking", daemon=True
            )
            self._thread.start()
        asyncio.run_coroutine_threadsafe(work, self._loop).add_done_callback(done)

    async def read(self, name: str, target: Target, at: Instant) -> Seen:
        """One request, begun at ``at`` (policy time); never raises. A probe that does is our own trouble
        and no reading of theirs, and is told to the log once."""
        deadline = timedelta(seconds=self.timeout / SECOND)
        try:
            async with asyncio.timeout(deadline.total_seconds() + _LATE):
                reading = await target.probe.read(target.config, deadline)
            seen = replace(told(reading, at), at=at)  # whatever clock a probe looks at
        except TimeoutError:
            detail = f"no answer within {self.timeout / SECOND:g} s"
            return Seen(at, MonitorState.DOWN, detail=detail)
        except Exception as error:  # noqa: BLE001  the contained seam of probes
            return self._failed(name, at, error)
        self._wrong.pop(name, None)
        return seen

    def _failed(self, name: str, at: Instant, error: Exception) -> Seen:
        kind = type(error).__name__
        if self._wrong.get(name) != kind:
            self._wrong[name] = kind
            self._log.error("probe_failed", monitor=name, kind=kind)
        return Seen(at, MonitorState.INCONCLUSIVE, detail=f"the probe failed with {kind}")

    def close(self) -> None:
        """End what still runs; a probe that does not give way is left behind."""
        loop, self._loop = self._loop, None
        if loop is None or self._thread is None:
            return
        asyncio.run_coroutine_threadsafe(_cancel_all(), loop)
        self._thread.join(_ENDS)
        if not self._thread.is_alive():
            loop.close()


async def _cancel_all() -> None:
    ours = asyncio.current_task()
    others = [task for task in asyncio.all_tasks() if task is not ours]
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    asyncio.get_running_loop().stop()


async def answers(place: str, seconds: float) -> bool:
    """Whether something takes connections at ``host:port``."""
    host, _, port = place.rpartition(":")
    try:
        async with asyncio.timeout(seconds):
            _, writer = await asyncio.open_connection(host.strip("[]"), int(port))
    except OSError:  # a timeout is one
        return False
    writer.close()
    return True
