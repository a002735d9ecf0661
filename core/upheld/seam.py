"""The one place where a plugin's code is called: contained, timed, and told apart.

Whatever a plugin raises comes out as a ``PluginError``; a call that outlives its hard stop is written
off (its thread can't be killed) and counts as *unknown*; three that hang at a time stop the connection.
The text of a foreign exception may hold a secret (a URL, a header, an answer): it is told to nobody.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from traceback import extract_tb
from typing import Any, Final, TypeVar

from upheld.calendar.instant import SECOND, Span
from upheld.logs import logger
from upheld.plugin import Ability, Auth, Connection, Permanent, PluginError, Unknown

T = TypeVar("T")
_WRITTEN_OFF: Final = 3


@dataclass(slots=True)
class _Call:
    """One call on its way: what came back, or what was raised."""

    result: object = None
    error: BaseException | None = None
    done: threading.Event = field(default_factory=threading.Event)


class Live:
    """A configured plugin at work. Reading runs beside the rest; each is called one at a time."""

    def __init__(
        self, name: str, plugin: Connection[Any], *, hard_stop: Span = 60 * SECOND
    ) -> None:
        self.name, self.plugin, self.hard_stop = name, plugin, hard_stop
        self.stopped: str | None = None
        self._locks = {reading: threading.Lock() for reading in (True, False)}
        self._hung: list[threading.Event] = []

    def can(self, ability: Ability) -> bool:
        """Whether the plugin declares this ability."""
        return ability in self.plugin.abilities

    def call(
        self, what: Callable[[], T], *, hard_stop: Span | None = None, reading: bool = False
    ) -> T:
        """Call into the plugin; ``PluginError`` for all that goes wrong there."""
        with self._locks[reading]:
            if self.stopped:
                what_is = f"{self.name} is stopped: {self.stopped}"
                raise Auth(what_is, "mend it and restart the daemon")
            return self._timed(what, self.hard_stop if hard_stop is None else hard_stop)

    def stop(self, why: str) -> None:
        """Call it no more until somebody has looked at it."""
        self.stopped = why

    def close(self) -> None:
        """Log out; what goes wrong is not worth a word any more."""
        try:
            timed(self.name, self.plugin.close, 5 * SECOND)
        except PluginError:
            return

    def _timed(self, what: Callable[[], T], hard_stop: Span) -> T:
        try:
            return timed(self.name, what, hard_stop)
        except Hung as error:
            # One that came back after all, however late, holds no thread any more.
            self._hung = [done for done in (*self._hung, error.done) if not done.is_set()]
            if len(self._hung) >= _WRITTEN_OFF:
                self.stop(f"{len(self._hung)} calls hang")
            raise


class Hung(Unknown):
    """A call outlived its hard stop; its thread is written off. ``done`` is set if it comes back."""

    def __init__(self, what: str, do_next: str, done: threading.Event) -> None:
        super().__init__(what, do_next)
        self.done = done


def timed(name: str, what: Callable[[], T], hard_stop: Span) -> T:
    """Call ``what`` of plugin ``name`` in a thread of its own; ``Hung`` after ``hard_stop``."""
    call = _Call()
    thread = threading.Thread(target=_run, args=(what, call), name=f"plugin-{name}", daemon=True)
    thread.start()
    if not call.done.wait(hard_stop / SECOND):
        raise Hung(
            f"{name} did not answer within {hard_stop // SECOND} s",
            "it is looked up before it is done again",
            call.done,
        )
    thread.join()
    if call.error is not None:
        raise _plugin_error(name, call.error) from None
    return call.result  # type: ignore[return-value]  # what `what` returned


def _run(what: Callable[[], object], call: _Call) -> None:
    try:
        call.result = what()
    except BaseException as error:  # noqa: BLE001  the contained seam: handed over to the caller
        call.error = error
    finally:
        call.done.set()


def _plugin_error(name: str, error: BaseException) -> PluginError:
    if isinstance(error, PluginError):
        return error
    kind = type(error).__name__
    where = [f"{frame.filename}:{frame.lineno}" for frame in extract_tb(error.__traceback__)]
    logger(connection=name).debug("plugin_failed", kind=kind, where=where)
    return Permanent(
        f"{name} failed with {kind}",
        "a fault of the plugin: report it to its author; the debug log has the lines",
    )
