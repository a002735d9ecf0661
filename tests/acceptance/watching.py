"""A story in which something is watched: its readings land as those of a probe do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from tests.acceptance.story import Story
from upheld.calendar.instant import MINUTE, Span, span
from upheld.case.decision import Subject
from upheld.case.events import StepResult, StepTaken
from upheld.case.monitor import MonitorState, Seen
from upheld.config import config_from
from upheld.ledger import MonitorRow, Transaction
from upheld.monitor.landing import Landing
from upheld.monitor.registration import register
from upheld.monitor.watchlist import watchlist
from upheld.source import Document
from upheld.testing.stage import SITE

MAIL: Final = "mail.acme.example"
REFUSED: Final = "connection refused"
_STATES: Final = {state.value: state for state in MonitorState}


def server(**more: Any) -> dict[str, Any]:
    """A server of acme's."""
    return {"customer": "acme", "probe": "tcp", "host": MAIL, "port": 25, **more}


class Watching:
    """``monitors`` are those of upheld.yaml; the story's own daemon reads none of them."""

    def __init__(
        self,
        story: Story,
        monitors: Mapping[str, Any] | None = None,
        providers: Mapping[str, Any] | None = None,
    ) -> None:
        self.story, self.providers = story, dict(providers or {})
        self.monitors = {MAIL: server()} if monitors is None else dict(monitors)
        register(story.stage.site.records, self.watched)
        story.stage.site.ledger.retrying(_not_due)

    @cached_property
    def watched(self) -> Any:
        written = {key: SITE[key] for key in ("site", "policy", "zone", "people", "customers")}
        written |= {"monitors": self.monitors, "providers": self.providers}
        config = config_from(Document(written, "upheld.yaml", "", {}), Path())
        return watchlist(config, self.story.stage.site.policy)

    @property
    def landing(self) -> Landing:
        return Landing(self.story.stage.site.records, self.watched)

    # --- what is read ---------------------------------------------------------------------------

    def reads(self, state: str, name: str = MAIL, detail: str = "", version: str = "") -> None:
        """One reading, now."""
        seen = Seen(self.story.now, _STATES[state], detail=detail, version=version)

        def land(tx: Transaction) -> None:
            (row,) = tx.monitors([name])
            self.landing.take(tx, row, seen)
            _not_due(tx)

        self.story.stage.site.ledger.retrying(land)
        self.story.settle()

    def fails(self, times: int, name: str = MAIL, *, every: Span = MINUTE) -> None:
        """So many requests fail, the first of them now."""
        for number in range(times):
            if number:
                self.story.stage.forward_to(self.story.now + every)
            self.reads("down", name, REFUSED)

    def fails_for(self, name: str = MAIL, *, every: Span = MINUTE, **by: float) -> None:
        """It goes on failing, for so long."""
        for _ in range(span(timedelta(**by)) // every):
            self.story.stage.forward_to(self.story.now + every)
            self.reads("down", name, REFUSED)

    # --- what is on record ----------------------------------------------------------------------

    def row(self, name: str = MAIL) -> MonitorRow:
        with self.story.stage.site.ledger.reading() as tx:
            (row,) = tx.monitors([name])
        return row

    def subject(self, name: str = MAIL) -> Subject:
        with self.story.stage.site.ledger.reading() as tx:
            return tx.subject(self.row(name).subject)

    def steps(self, clause: str, subject: str = "C1") -> list[StepResult]:
        """How the steps of a clause came out."""
        bodies = (stored.event.body for stored in self.story.events(subject) if stored.event)
        return [b.result for b in bodies if isinstance(b, StepTaken) and b.clause == clause]


def _not_due(tx: Transaction) -> None:
    """Readings come by hand here: the stage's own daemon asks none of these, and its clock would wait."""
    for row in tx.monitors():
        tx.land_monitor(replace(row, due=None))
