"""A first reading of Jira that is killed (kill -9) goes on where it was: each issue is one case.

Two daemons are started as people start them, so it takes some seconds.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from upheld.ledger import Ledger
from upheld.testing import SteppedClock
from upheld.testing.machine import pass_machine_time
from upheld.testing.on_jira import DESK
from upheld.testing.stage import SITE
from upheld_jira.simulator import Exchange, JiraSimulator

ISSUES, PAGE = 120, 25


@dataclass
class Searches:
    """Counts the pages that are asked for; kills the daemon when it asks for the last of ``left``."""

    left: int = 0
    seen: int = 0
    daemon: subprocess.Popen[bytes] | None = field(default=None)

    def __call__(self, exchange: Exchange) -> None:
        if exchange.asked.path.endswith("/search/jql"):
            self.seen += 1
            if self.seen == self.left and self.daemon is not None:
                self.daemon.kill()


def started(folder: Path, jira: JiraSimulator, searches: Searches) -> int:
    """`upheld run --once`, to its end; with what it exits."""
    command = [sys.executable, "-m", "upheld", "-c", str(folder / "upheld.yaml"), "run", "--once"]
    with (folder / "log").open("ab") as log:
        environment = os.environ | {"JIRA_TOKEN": jira.token}
        searches.daemon = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        return searches.daemon.wait(timeout=50)


def configured(folder: Path, jira: JiraSimulator) -> str:
    """A site in shadow mode; its database."""
    database = f"sqlite:///{folder / 'upheld.db'}"
    names = ("policy", "zone", "people", "roles", "links", "customers")
    account = {"url": jira.url, "email": jira.email, "token": {"env": "JIRA_TOKEN"}}
    whole = {
        **{name: SITE[name] for name in names},
        "site": "crash",
        "data": str(folder),
        "database": database,
        "connections": {"desk": {**DESK, **account}},
    }
    (folder / "upheld.yaml").write_text(json.dumps(whole), encoding="utf-8")
    return database


def titles(database: str) -> list[str]:
    ledger = Ledger.open(database, site="crash")
    with ledger.reading() as tx:
        found = [case.title for case in tx.cases(limit=1000)]
    pass_machine_time(ledger)  # the lease of the killed one runs out
    ledger.close()
    return found


def test_a_first_reading_that_is_killed_goes_on_where_it_was(tmp_path: Path) -> None:
    searches = Searches(left=3)
    clock = SteppedClock(datetime.now(UTC) - timedelta(days=2))
    with JiraSimulator(clock.as_datetime, watch=searches) as jira:
        jira.site.page = PAGE
        jira.add_field("Upheld due", "instant")
        for number in range(ISSUES):
            clock.forward(minutes=10)
            jira.create(f"Issue {number}", by="pat", organisation="Acme")
        clock.forward_to(datetime.now(UTC))
        database = configured(tmp_path, jira)
        assert started(tmp_path, jira, searches) == -9
        there = titles(database)
        assert PAGE <= len(there) <= 2 * PAGE
        before = searches.seen
        started(tmp_path, jira, searches)
    assert sorted(titles(database)) == sorted(f"Issue {n}" for n in range(ISSUES))
    left = -(-(ISSUES - len(there)) // PAGE)
    assert searches.seen - before <= left + 3, "it began anew"
