"""Proactive monitoring: real servers are stopped, slowed and made to lie, and the daemon is restarted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from tests.acceptance.servers import Server
from upheld.calendar.instant import MINUTE, Instant
from upheld.case.events import Turned
from upheld.ledger import CaseFilter, ListedCase, MonitorRow
from upheld.testing.stage import Stage

#: Ten failed checks in a row, a quarter of an hour apart: a nightly restart would hide an outage for ever.
ACROSS: Final = """\
policy: across
severities: {1: {name: Outage}}
document:
- heading: Watching
  clauses:
  - id: C-1
    says: Servers are watched.
    monitor: {of: servers, every: 15 minutes, requests: 10, opens: {severity: 1}}
"""


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


def test_gatus_1791_a_restart_between_checks_opens_the_case_on_time(tmp_path: Path) -> None:
    (tmp_path / "across.yaml").write_text(ACROSS, encoding="utf-8")
    with (
        Server() as server,
        watching(tmp_path, {"web": web(server)}, policy="across.yaml") as stage,
    ):
        forward(stage, 16)
        server.stop()
        stage.forward_to(row(stage, "web").due or 0)
        first = stage.clock.now()
        for failed in range(1, 10):
            assert row(stage, "web").tally.streak == failed
            stage.restart()
            forward(stage, 15)
        (case,) = cases(stage)
        assert case.opened == first + 9 * 15 * MINUTE


# --- is it us? ------------------------------------------------------------------------------------


def pages(stage: Stage) -> list[str]:
    """What the operator was paged for, once the audit has looked."""
    before = len(stage.got())
    stage.daemon.audit()
    return [got.what for got in stage.got()[before:] if got.channel == "page"]


def many(server: Server, count: int, **more: Any) -> dict[str, Any]:
    return {f"web{n}": web(server, **more) for n in range(count)}


def strides(stage: Stage, minutes: int) -> None:
    """Forward, and what is due within a quarter of a minute together."""
    for _ in range(4 * minutes):
        stage.clock.forward(seconds=15)
        stage.settle()


def all_states(stage: Stage, names: Iterable[str]) -> set[tuple[str, str]]:
    return {turns(stage, name)[-1][1:] for name in names}


def test_uptime_kuma_774_when_all_fail_at_once_there_is_one_page_and_no_case(
    tmp_path: Path,
) -> None:
    with Server() as server, watching(tmp_path, many(server, 25)) as stage:
        strides(stage, 16)
        server.stop()
        strides(stage, 25)
        assert cases(stage) == []
        (page,) = pages(stage)
        assert "blind" in page
        assert pages(stage) == [], "once"
        server.start()
        strides(stage, 16)
        assert cases(stage) == []
        assert all_states(stage, many(server, 25)) == {("up", "")}
        assert stage.daemon.audit() == ()


def test_uptime_kuma_774_when_our_own_line_is_down_not_even_one_server_is(tmp_path: Path) -> None:
    with Server() as server, Server() as line:
        link = {"link": line.place}
        with watching(tmp_path, {"web": web(server)}, watching=link) as stage:
            forward(stage, 16)
            server.stop()
            line.stop()
            forward(stage, 30)
            assert cases(stage) == []
            assert any("blind" in page for page in pages(stage))
            line.start()
            forward(stage, 15)
            assert len(cases(stage)) == 1, "now it can be believed"


def test_icinga2_5208_a_dead_router_is_one_case_and_not_forty(tmp_path: Path) -> None:
    with Server() as router, Server() as server:
        behind = many(server, 40, after="router")
        with watching(tmp_path, {"router": web(router), **behind}) as stage:
            strides(stage, 16)
            router.stop()
            server.stop()
            strides(stage, 30)
            (case,) = cases(stage)
            assert "router" in case.title
            assert all_states(stage, behind) == {("down", "behind router")}
            assert pages(stage) == [], "nobody is blind"
            router.start()
            server.start()
            strides(stage, 16)
            assert all_states(stage, behind) == {("up", "")}
            assert len(cases(stage)) == 1
