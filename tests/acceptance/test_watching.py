"""Proactive monitoring: real servers are stopped, slowed and made to lie, and the daemon is restarted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.acceptance.servers import Server
from upheld.calendar.instant import MINUTE, Instant
from upheld.case.events import Turned
from upheld.ledger import CaseFilter, ListedCase, MonitorRow
from upheld.testing.stage import Stage

#: A policy that counts across checks: three failed checks in a row, a minute apart.
ACROSS = Path(__file__).parent / "policies" / "across.yaml"


@contextmanager
def watching(folder: Path, monitors: Mapping[str, Any], **more: Any) -> Iterator[Stage]:
    watch = {"timeout": "1 second"} | more.pop("watching", {})
    with Stage(folder, config={"monitors": monitors, "watching": watch, **more}) as stage:
        yield stage


def web(server: Server, **more: Any) -> dict[str, Any]:
    return {"probe": "http", "url": server.url, "customer": "acme", **more}


def forward(stage: Stage, minutes: float) -> None:
    stage.forward_to(stage.clock.now() + int(minutes * MINUTE))


def cases(stage: Stage) -> list[ListedCase]:
    with stage.site.ledger.reading() as tx:
        return tx.cases(CaseFilter())


def row(stage: Stage, name: str) -> MonitorRow:
    with stage.site.ledger.reading() as tx:
        (found,) = tx.monitors([name])
    return found


def turns(stage: Stage, name: str) -> list[tuple[Instant, str, str]]:
    with stage.site.ledger.reading() as tx:
        facts = tx.subject(row(stage, name).subject).facts
    return [(f.at, f.body.state, f.body.excuse) for f in facts if isinstance(f.body, Turned)]


def states(stage: Stage, name: str) -> list[str]:
    return [state for _, state, _ in turns(stage, name)]


def test_ten_failed_requests_in_sequence_open_one_severity_1(tmp_path: Path) -> None:
    with Server() as server, watching(tmp_path, {"web": web(server)}) as stage:
        forward(stage, 16)
        assert states(stage, "web") == ["up"]
        server.stop()
        down = stage.clock.now()
        forward(stage, 25)
        (case,) = cases(stage)
        assert (case.severity, case.customer) == (1, "acme")
        assert case.opened - down <= 24 * MINUTE, "the worst case of the published reading"
        forward(stage, 60)
        assert len(cases(stage)) == 1, "no second one while it is open"
        server.start()
        forward(stage, 2)
        assert states(stage, "web") == ["up", "down", "up"]


def test_nine_failures_and_a_success_open_none(tmp_path: Path) -> None:
    with Server() as server, watching(tmp_path, {"web": web(server)}) as stage:
        forward(stage, 16)
        server.status = 503
        stage.forward_to(row(stage, "web").due or 0)
        forward(stage, 8.5)
        assert row(stage, "web").tally.streak == 9
        server.status = 200
        forward(stage, 30)
        assert cases(stage) == []
        assert states(stage, "web") == ["up"]


def test_a_restart_in_the_middle_of_a_check_opens_the_case_on_time(tmp_path: Path) -> None:
    with Server() as server, watching(tmp_path, {"web": web(server)}) as stage:
        forward(stage, 16)
        server.stop()
        stage.forward_to(row(stage, "web").due or 0)
        first = stage.clock.now()
        for _ in range(9):
            stage.restart()
            forward(stage, 1)
        (case,) = cases(stage)
        assert case.opened == first + 9 * MINUTE


def test_a_server_that_takes_a_request_and_never_answers_has_failed(tmp_path: Path) -> None:
    with Server() as server, watching(tmp_path, {"web": web(server)}) as stage:
        forward(stage, 16)
        server.answers.clear()
        stage.forward_to(row(stage, "web").due or 0)
        assert row(stage, "web").tally.streak == 1
        assert "no answer in 1 s" in row(stage, "web").tally.recent[-1].detail
        server.answers.set()


def test_a_server_that_lies_is_down(tmp_path: Path) -> None:
    with Server() as server, watching(tmp_path, {"web": web(server, text="well")}) as stage:
        forward(stage, 16)
        server.body = b"It works!"
        stage.forward_to(row(stage, "web").due or 0)
        assert row(stage, "web").tally.streak == 1
