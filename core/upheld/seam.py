"""The one place where a plugin's code is called: contained, timed, and told apart.

Whatever a plugin raises comes out as a ``PluginError``; a call that outlives its hard stop is written
off (its thread can't be killed) and counts as *unknown*; three that hang at a time stop the connection,
which is tried again after a while.
The text of a foreign exception may hold a secret (a URL, a header, an answer): it is told to nobody.
A plugin's own words are told without the secrets of its settings.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from traceback import extract_tb
from typing import Any, Final, Generic, TypeVar, cast

from pydantic import BaseModel, SecretBytes, SecretStr

from upheld.calendar.instant import HOUR, MINUTE, SECOND, Span
from upheld.logs import logger
from upheld.plugin import Ability, Auth, Connection, Permanent, PluginError, Retry, Unknown

T = TypeVar("T")
_WRITTEN_OFF: Final = 3
#: So long nobody calls a connection that hangs; twice as long each time, and at most an hour.
PAUSE: Final[Span] = MINUTE
LONGEST_PAUSE: Final[Span] = HOUR


class _Call(threading.Thread, Generic[T]):
    """One call on its way: what came back, or what was raised."""

    def __init__(self, plugin: str, what: Callable[[], T]) -> None:
        super().__init__(name=f"plugin-{plugin}", daemon=True)
        self.done = threading.Event()
        self._plugin, self._call = plugin, what
        self._result: T | None = None
        self._error: BaseException | None = None
        self.start()

    def run(self) -> None:
        try:
            self._result = self._call()
        except BaseException as error:  # noqa: BLE001  the contained seam: handed over to the caller
            self._error = error
        finally:
            self.done.set()

    def ended(self, hard_stop: Span) -> T:
        """What came back; ``Hung`` after ``hard_stop``, ``PluginError``."""
        if not self.done.wait(hard_stop / SECOND):
            raise Hung(
                f"{self._plugin} did not answer within {hard_stop // SECOND} s",
                "it is looked up before it is done again",
                self.done,
            )
        self.join()
        if self._error is not None:
            raise _plugin_error(self._plugin, self._error) from None
        return cast("T", self._result)


class Live:
    """A configured plugin at work. Reading runs beside the rest; each is called one at a time.

    ``tripped`` tells why it was stopped by calls that hang, until one has come back. ``monotonic``
    counts seconds of machine time.
    """

    def __init__(
        self,
        name: str,
        plugin: Connection[Any],
        *,
        hard_stop: Span = 60 * SECOND,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name, self.plugin, self.hard_stop = name, plugin, hard_stop
        self.tripped: str | None = None
        self._refused: str | None = None
        self._monotonic, self._again, self._pause = monotonic, 0.0, PAUSE
        self._locks = {reading: threading.Lock() for reading in (True, False)}
        self._hung: list[threading.Event] = []
        # The longest first: one may begin another.
        self._secrets = sorted(set(secrets(plugin.config)), key=len, reverse=True)

    @property
    def stopped(self) -> str | None:
        """Why it is not called just now."""
        if self._refused is not None:
            return self._refused
        return self.tripped if self._monotonic() < self._again else None

    @property
    def waits_for_a_person(self) -> bool:
        """Whether it was stopped for good: nobody here will try it again."""
        return self._refused is not None

    def can(self, ability: Ability) -> bool:
        """Whether the plugin declares this ability."""
        return ability in self.abilities

    @property
    def abilities(self) -> frozenset[Ability]:
        """What the plugin can do as it is configured here."""
        return self.plugin.abilities_with(self.plugin.config)

    def call(
        self, what: Callable[[], T], *, hard_stop: Span | None = None, reading: bool = False
    ) -> T:
        """Call into the plugin; ``PluginError`` for all that goes wrong there. A call that is on its way is
        waited for no longer than this one may take."""
        patience = self.hard_stop if hard_stop is None else hard_stop
        lock = self._locks[reading]
        if not lock.acquire(timeout=patience / SECOND):
            raise Retry(
                f"{self.name} is busy with another call", "nothing to do: it is tried again"
            )
        try:
            if self.stopped:
                raise self._not_now()
            return self._timed(what, patience)
        finally:
            lock.release()

    def begin(self, what: Callable[[], T]) -> Callable[[Span], T] | None:
        """Begin a call and come back at once; None where another is on its way, or it is stopped.

        What is answered waits for it like `call`, given a hard stop, and has to be called: till then nobody
        else calls.
        """
        lock = self._locks[False]
        if self.stopped or not lock.acquire(blocking=False):
            return None
        try:
            begun = _Call(self.name, what)
        except BaseException:  # no thread to be had: nobody would give back the lock
            lock.release()
            raise

        def ended(hard_stop: Span) -> T:
            try:
                return self._judged(lambda: begun.ended(hard_stop))
            finally:
                lock.release()

        return ended

    def apart(self, what: Callable[[], T], *, hard_stop: Span) -> T:
        """The same beside every other call: for what does no I/O and keeps no state. Credentials that are
        refused out there stop nothing of that."""
        if self.stopped and not self.waits_for_a_person:
            raise self._not_now()
        return self._timed(what, hard_stop)

    def stop(self, why: str) -> None:
        """Call it no more until somebody has looked at it."""
        self._refused = self._refused or why

    def close(self) -> None:
        """Log out; what goes wrong is not worth a word any more."""
        try:
            timed(self.name, self.plugin.close, 5 * SECOND)
        except PluginError:
            return

    def _not_now(self) -> PluginError:
        what = f"{self.name} is stopped: {self.stopped}"
        if self.waits_for_a_person:
            return Auth(what, "mend it and restart the daemon")
        return Retry(what, "nothing to do: it is tried again after a while")

    def _timed(self, what: Callable[[], T], hard_stop: Span) -> T:
        return self._judged(lambda: timed(self.name, what, hard_stop))

    def _judged(self, call: Callable[[], T]) -> T:
        try:
            answer = call()
        except Hung as error:
            self._hangs(error)
            raise
        except PluginError as error:
            self._came_back()
            raise self._without_secrets(error) from None
        self._came_back()
        return answer

    def _without_secrets(self, error: PluginError) -> PluginError:
        """A plugin's own words may repeat what it was given to sign in with."""
        error.what, error.do_next = self.told(error.what), self.told(error.do_next)
        error.args = (error.what,)
        return error

    def told(self, text: str) -> str:
        """A text of the plugin's, without the secrets of its connection."""
        for secret in self._secrets:
            text = text.replace(secret, "…")
        return text

    def _hangs(self, error: Hung) -> None:
        self._hung.append(error.done)
        if self._hang() >= _WRITTEN_OFF:
            self.tripped = f"{len(self._hung)} calls hang"
            self._again = self._monotonic() + self._pause / SECOND
            self._pause = min(2 * self._pause, LONGEST_PAUSE)

    def _came_back(self) -> None:
        self.tripped = None
        if self._hang() < _WRITTEN_OFF:
            self._pause = PAUSE

    def _hang(self) -> int:
        # One that came back after all, however late, holds no thread any more.
        self._hung = [done for done in self._hung if not done.is_set()]
        return len(self._hung)


def secrets(config: object) -> Iterator[str]:
    """Every secret in a connection's own settings, however deep."""
    if isinstance(config, SecretStr):
        yield from filter(None, [config.get_secret_value()])
    elif isinstance(config, SecretBytes):
        yield from filter(None, [config.get_secret_value().decode(errors="replace")])
    elif isinstance(config, BaseModel):
        yield from secrets([getattr(config, name) for name in type(config).model_fields])
    elif isinstance(config, Mapping):
        yield from secrets(list(config.values()))
    elif isinstance(config, list | tuple | set | frozenset):
        for each in config:
            yield from secrets(each)


class Hung(Unknown):
    """A call outlived its hard stop; its thread is written off. ``done`` is set if it comes back."""

    def __init__(self, what: str, do_next: str, done: threading.Event) -> None:
        super().__init__(what, do_next)
        self.done = done


def timed(name: str, what: Callable[[], T], hard_stop: Span) -> T:
    """Call ``what`` of plugin ``name`` in a thread of its own; ``Hung`` after ``hard_stop``."""
    return _Call(name, what).ended(hard_stop)


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
