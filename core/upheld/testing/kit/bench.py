"""A whole site around the tracker under test: the real daemon on a stepped clock, and a screen.

People are told on the screen (the terminal notifier, in a file). Cases are opened here or there, and
what the daemon does is seen in its ledger and at the far end.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self
from unittest.mock import patch

from pydantic import BaseModel, SecretStr

from upheld.case.events import Actor, Side
from upheld.plugin import Connection, Ref
from upheld.testing.machine import pass_machine_time
from upheld.testing.stage import SITE, environment

if TYPE_CHECKING:
    from upheld.daemon.loops import Daemon
    from upheld.daemon.site import Site
    from upheld.ledger import ListedCase, StoredEvent
    from upheld.testing.clock import SteppedClock

#: The tracker's connection, and the one on which people are told.
DESK: Final = "under-test"
SCREEN: Final = "screen"
ANN: Final = Actor("ann", Side.STAFF)
_VARIABLE: Final = "UPHELD_KIT_SECRET_{}"
#: Passes of one settling: what needs more feeds itself.
_PASSES: Final = 60
#: Turns after which work has come to its end.
_TURNS: Final = 12


class Bench:
    """Use it in a ``with``. ``keys`` are what the core reads of the connection (`map`, `staff` …),
    ``site`` replaces parts of upheld.yaml."""

    def __init__(
        self,
        folder: Path,
        clock: SteppedClock,
        plugin: type[Connection[Any]],
        options: Mapping[str, object],
        *,
        keys: Mapping[str, object] | None = None,
        site: Mapping[str, object] | None = None,
    ) -> None:
        self.folder, self.clock, self.plugin = folder, clock, plugin
        self.options, self.keys, self.changes = dict(options), dict(keys or {}), dict(site or {})
        self.site: Site
        self.daemon: Daemon
        self._open = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as opened:
            config = self._config(opened)
            opened.enter_context(patch("upheld.daemon.loops._PASSES", _PASSES))
            self.daemon, self.site = _started(config, self.folder, self.clock)
            self._running = config
            opened.callback(self._end)
            self._open = opened.pop_all()
        return self

    def __exit__(self, *exc: object) -> None:
        self._open.close()

    # --- time ---

    def settle(self) -> None:
        """Everything that is to happen at this instant happens."""
        self.daemon.settle()

    def cycle(self, number: int = 1) -> None:
        """So often: ten seconds pass, everything is read, decided, written."""
        for _ in range(number):
            self.clock.forward(seconds=10)
            self.settle()

    def recover(self) -> None:
        """Leases run out and back-offs end, again and again, until nothing waits any more."""
        from upheld.ledger import UNFINISHED

        for _ in range(_TURNS):
            pass_machine_time(self.site.ledger)
            self.settle()
            if not self.deliveries(*UNFINISHED):
                break

    def restart(self) -> None:
        """The daemon ends as by a kill, and another begins on the same ledger."""
        self._end()
        self.daemon, self.site = _started(self._running, self.folder, self.clock)

    @contextmanager
    def second_daemon(self) -> Iterator[Daemon]:
        """Another daemon beside the first, on the same ledger."""
        daemon, site = _started(self._running, self.folder, self.clock)
        try:
            yield daemon
        finally:
            daemon.close()
            site.close()

    # --- cases ---

    def open(self, subject: str = "Mail is down", text: str = "Nothing goes out.") -> str:
        """A customer calls, and an item is to be opened on the tracker; answers the case's id."""
        from upheld.desk.entry import entered

        opened = entered(
            self.site.directory,
            subject=subject,
            text=text,
            reporter="pat@acme.example",
            at=self.clock.now(),
            create_on=DESK,
        )
        return self.find(self.site.verbs.open(opened, ANN))

    def find(self, handle: str) -> str:
        """The id of a case by what people call it."""
        with self.site.ledger.reading() as tx:
            return tx.find(handle)

    def cases(self) -> list[ListedCase]:
        """Every case."""
        with self.site.ledger.reading() as tx:
            return list(tx.cases(limit=1000))

    def events(self, case: str) -> list[StoredEvent]:
        """The history of a case."""
        with self.site.ledger.reading() as tx:
            return list(tx.events(case))

    def told(self, case: str) -> str:
        """The history of a case as text, to look for words in."""
        return "\n".join(repr(event) for event in self.events(case))

    def item(self, case: str) -> Ref | None:
        """The item that is linked to a case."""
        with self.site.ledger.reading() as tx:
            link = tx.link_of(case, DESK)
        return Ref("", link.remote_id, link.key, link.url) if link is not None else None

    def case_of(self, ref: Ref) -> str | None:
        """The case that is linked to an item."""
        with self.site.ledger.reading() as tx:
            link = tx.linked(DESK, ref.id)
        return link.subject if link is not None else None

    def connect(self, case: str, ref: Ref) -> None:
        """Link a case and an item that both are there, as `upheld links connect` does."""
        from upheld.sync.connecting import connect

        puller = next(each for each in self.daemon.pullers if each.source.name == DESK)
        plugin: Any = puller.live.plugin
        item = puller.live.call(lambda: plugin.fetch(ref))
        self.site.ledger.retrying(
            lambda tx: connect(tx, puller.intake, puller.source, case, item, ANN)
        )

    def planned(self, case: str) -> list[str]:
        """What `upheld sync plan` says would be written of a case: field, comment or create."""
        from upheld.sync.plan import Plan

        with self.site.ledger.reading() as tx:
            writes = Plan(self.daemon.pusher, tx).writes()
            return [each.what for each in writes if each.case == case]

    def deliveries(self, *states: str) -> list[Any]:
        """What is or was to go out, in these states; all without any."""
        from upheld.ledger import DeliveryState

        wanted = tuple(DeliveryState(each) for each in states) or tuple(DeliveryState)
        with self.site.ledger.reading() as tx:
            return list(tx.deliveries(states=wanted))

    def failed(self) -> list[str]:
        """Why what was to go out did not."""
        return [each.detail for each in self.deliveries("dead", "failed", "pending") if each.detail]

    def screen(self) -> str:
        """What people were told."""
        file = self.folder / "connections" / SCREEN / "screen.txt"
        return file.read_text(encoding="utf-8") if file.exists() else ""

    def _end(self) -> None:
        self.daemon.close()
        self.site.close()

    def _config(self, opened: ExitStack) -> dict[str, Any]:
        secrets = self.plugin.Config.model_validate(self.options)
        options = dict(self.options)
        for number, name in enumerate(_secret_names(secrets, options)):
            variable = _VARIABLE.format(number)
            opened.enter_context(environment({variable: str(options[name])}))
            options[name] = {"env": variable}
        whole = {
            **SITE,
            "data": str(self.folder),
            "customers_hear_by": SCREEN,
            "reach": {way: [{channel: SCREEN}] for way, channel in _REACH.items()},
            "connections": {
                DESK: {"plugin": self.plugin.name, **options, **self.keys},
                SCREEN: {"plugin": "terminal", "to": "screen.txt"},
            },
        }
        return whole | self.changes


_REACH: Final = {"page": "page", "call": "voice", "notify": "mail"}


def _started(config: Mapping[str, Any], folder: Path, clock: SteppedClock) -> tuple[Daemon, Site]:
    from upheld.config import config_from
    from upheld.daemon.site import Site
    from upheld.source import Document

    site = Site.of(config_from(Document(dict(config), "upheld.yaml", "", {}), folder), clock=clock)
    return site.daemon(), site


def _secret_names(config: BaseModel, options: Mapping[str, object]) -> Iterator[str]:
    """The options that upheld.yaml must not hold in the clear."""
    for name in type(config).model_fields:
        if name in options and isinstance(getattr(config, name), SecretStr):
            yield name
