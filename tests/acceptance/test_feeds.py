"""What others watch opens a case as what we watch does: M-18, by Alertmanager, a backup's call, any JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest
import requests

from upheld.case.events import Opened, Turned
from upheld.cli.door import door
from upheld.config import Config, config_from
from upheld.ledger import Fate, ListedCase
from upheld.source import Document
from upheld.testing.stage import Stage, environment
from upheld_alertmanager.simulator import AlertmanagerSimulator
from upheld_heartbeat.calls import path

SECRET: Final = "a-secret-of-feeds"
DOWN: Final = {"alertname": "InstanceDown", "monitor": "acme-mail", "severity": "critical"}
FULL: Final = {"alertname": "DiskFull", "monitor": "acme-mail", "severity": "warning"}


class FedStage(Stage):
    """Magnolia with three feeds, each before one of Acme's servers, and a door on a free port."""

    def _secrets(self) -> dict[str, str]:
        return super()._secrets() | {"STAGE_FEEDS": SECRET}

    def _config(self) -> dict[str, Any]:
        whole = super()._config()
        feeds = {
            name: {"plugin": plugin, "secrets": {"env": "STAGE_FEEDS"}}
            for name, plugin in FEEDS.items()
        }
        monitors = {
            f"acme-{what}": {"of": "servers", "customer": "acme", "fed_by": name}
            for what, name in {"mail": "prometheus", "backup": "jobs", "web": "checks"}.items()
        }
        monitors["acme-backup"]["grace"] = "2 hours"
        return {
            **whole,
            "connections": {**whole["connections"], **feeds},
            "monitors": monitors,
            "web": {"listen": "127.0.0.1:0"},
        }

    @property
    def config(self) -> Config:
        """As the daemon was started with it."""
        return config_from(Document(self._config(), "upheld.yaml", "", {}), self.folder)


FEEDS: Final = {"prometheus": "alertmanager", "jobs": "heartbeat", "checks": "readings"}


@dataclass
class Fed:
    """The site, whoever feeds it, and what came of it."""

    stage: FedStage
    port: int
    far: AlertmanagerSimulator

    def post(self, where: str, body: bytes = b"") -> int:
        """To the door, with the secret; then everything happens that is to happen."""
        headers = {"Authorization": f"Bearer {SECRET}"}
        with requests.Session() as session:
            session.trust_env = False
            url = f"http://127.0.0.1:{self.port}{where}"
            status = session.post(url, data=body, headers=headers, timeout=10).status_code
        self.stage.settle()
        return status

    def alert(self) -> None:
        """Alertmanager delivers what its group has."""
        assert self.post("/hooks/prometheus", self.far.deliver()) == 200

    def job(self, word: str, log: str = "") -> None:
        """The backup calls its URL."""
        assert self.post(f"{path('jobs', 'acme-backup', SECRET)}{word}", log.encode()) == 200

    def check(self, state: str, at: datetime) -> None:
        """Something else posts JSON."""
        item = {"monitor": "acme-web", "state": state, "at": at.isoformat(), "detail": "503"}
        assert self.post("/hooks/checks", json.dumps(item).encode()) == 200

    def cases(self) -> list[ListedCase]:
        with self.stage.site.ledger.reading() as tx:
            return list(tx.cases(limit=100))

    def opened(self) -> Opened:
        """How the only case began."""
        (case,) = self.cases()
        with self.stage.site.ledger.reading() as tx:
            (opened,) = (e.body for e in tx.subject(case.id).facts if isinstance(e.body, Opened))
        return opened

    def turns(self, name: str) -> list[str]:
        with self.stage.site.ledger.reading() as tx:
            (row,) = tx.monitors([name])
            facts = tx.subject(row.subject).facts
        return [each.body.state for each in facts if isinstance(each.body, Turned)]

    def forward(self, minutes: int) -> None:
        self.stage.forward_to(self.stage.clock.now() + minutes * 60_000_000)


@pytest.fixture
def fed(tmp_path: Path) -> Iterator[Fed]:
    with ExitStack() as opened:
        opened.enter_context(environment({"STAGE_FEEDS": SECRET}))
        stage = opened.enter_context(FedStage(tmp_path))
        port = opened.enter_context(door(stage.config, stage.daemon))
        assert port is not None
        far = AlertmanagerSimulator(stage.clock.as_datetime, group=("monitor",))
        yield Fed(stage, port, far)


def test_an_alert_opens_one_case_and_its_end_is_known(fed: Fed) -> None:
    """M-18: Severity 1 for the customer, once, however often the alert is sent again."""
    fed.far.fire(DOWN, {"summary": "mail.acme.example is gone"})
    fed.alert()
    (case,) = fed.cases()
    assert (fed.opened().source, case.severity, case.customer) == ("monitor", 1, "acme")
    for _ in range(3):
        fed.forward(40)
        fed.far.fire(DOWN)
        fed.alert()
    fed.far.end(DOWN)
    fed.alert()
    assert len(fed.cases()) == 1
    assert fed.turns("acme-mail") == ["down", "up"]


def test_a_warning_opens_none_and_what_begins_with_it_does(fed: Fed) -> None:
    """A critical alert of the same evaluation as its warning, told apart from it and later."""
    fed.far.fire(FULL)
    fed.alert()
    assert fed.cases() == []
    fed.far.fire(DOWN)
    fed.alert()
    assert len(fed.cases()) == 1
    fed.forward(10)
    fed.far.end(DOWN)
    fed.alert()
    assert fed.turns("acme-mail") == ["degraded", "down", "degraded"]


def test_a_backup_that_fails_says_so_itself(fed: Fed) -> None:
    fed.job("/0")
    assert fed.cases() == []
    fed.forward(60)
    fed.job("/3", "copying\ndisk full\n")
    assert fed.opened().customer == "acme"
    fed.forward(60)
    fed.job("/0")
    assert fed.turns("acme-backup") == ["up", "down", "up"]


def test_a_backup_that_is_not_heard_of_is_down_until_it_calls(fed: Fed) -> None:
    """What is late is told by the clause and `grace`, not by whoever should have called."""
    fed.job("/0")
    fed.forward(2 * 60 + 14)
    assert fed.turns("acme-backup") == ["up"]
    fed.forward(2)
    assert fed.turns("acme-backup") == ["up", "down"]
    assert fed.opened().customer == "acme"
    fed.job("/0")
    assert fed.turns("acme-backup") == ["up", "down", "up"]
    assert len(fed.cases()) == 1


def test_any_json_does_and_what_comes_late_changes_nothing(fed: Fed) -> None:
    now = fed.stage.clock.as_datetime()
    fed.check("down", now)
    fed.check("up", now - timedelta(minutes=5))
    fed.check("down", now)
    assert len(fed.cases()) == 1
    assert fed.turns("acme-web") == ["down"]


def test_what_nobody_watches_is_kept_for_a_person_to_see(fed: Fed) -> None:
    fed.far.fire(DOWN | {"monitor": "borealis-mail"})
    fed.alert()
    with fed.stage.site.ledger.reading() as tx:
        kept = [each.reason for each in tx.kept(Fate.REFUSED)]
    assert kept == ["no monitor is called 'borealis-mail': write it under `monitors`"]
    assert fed.cases() == []


def test_a_stranger_opens_nothing(fed: Fed) -> None:
    url = path("jobs", "acme-backup", "another-secret-here")
    assert fed.post(f"{url}/fail") == 401
    assert fed.cases() == []
