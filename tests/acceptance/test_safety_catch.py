"""What must not go out does not: shadow, redirect, live by customer and by connection, the brake, a stop."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.story import PAT, STAFF
from upheld.case.events import Opened, StepTaken
from upheld.config import config_from
from upheld.daemon.site import Site
from upheld.ledger import OutboxState
from upheld.source import Document
from upheld.testing.stage import SITE, Got, Stage

UTA = "uta@borealis.example"
BOREALIS = {
    "name": "Borealis AG",
    "kind": "solution-partner",
    "domains": ["borealis.example"],
    "contacts": [{"name": "Uta Kern", "mail": UTA, "is": ["contact", "technical"]}],
}
#: Everybody is paged at once, and again after some seconds.
WILD = """
policy: Wild
published_by: Magnolia
severities:
  1: {name: Urgent, means: Everything is down.}
roles: {chief: Chief}
document:
- heading: What we promise
  clauses:
  - {id: W-1, says: The chief is paged., when: {status: open}, do: [page: chief]}
  - {id: W-2, says: And again., when: {status: open}, after: 5 seconds, do: [page: chief]}
"""


@pytest.fixture
def staged(tmp_path: Path) -> Iterator[Callable[..., Stage]]:
    """A stage with this under `go_live`, and two customers."""
    with ExitStack() as opened:

        def begin(**go_live: Any) -> Stage:
            customers = {**SITE["customers"], "borealis": BOREALIS}
            config = {"go_live": go_live, "customers": customers}
            return opened.enter_context(Stage(tmp_path, config=config))

        yield begin


def told(stage: Stage) -> set[tuple[str, str]]:
    return {(got.channel, got.to) for got in stage.got()}


def both_write(stage: Stage) -> None:
    for sender in (PAT, UTA):
        stage.mail.write(sender, "Nobody can connect", "…")
    stage.settle()


def in_shadow(stage: Stage) -> int:
    with stage.site.ledger.reading() as tx:
        return len(tx.items(states=(OutboxState.SHADOW,)))


# --- modes ------------------------------------------------------------------------------------------


def test_in_shadow_nothing_leaves_this_machine_and_the_operator_hears_over_the_terminal(
    staged: Callable[..., Stage],
) -> None:
    stage = staged(mode="shadow")
    both_write(stage)
    stage.daemon.auditor.free = lambda: 0
    stage.daemon.audit()
    (call,) = stage.got()
    assert (call.channel, "disk is nearly full" in " ".join(call.text.split())) == ("voice", True)
    assert in_shadow(stage) == 4


def test_redirected_all_of_it_goes_to_one_person(staged: Callable[..., Stage]) -> None:
    stage = staged(mode="redirect", redirect="vera")
    both_write(stage)
    stage.daemon.auditor.free = lambda: 0
    stage.daemon.audit()
    assert told(stage) == {("page", "bo"), ("page", "vera"), ("mail", "vera@magnolia.example")}
    pages = [event.body["payload"]["custom_details"]["for"] for event in stage.pager.received]
    assert pages == ["Vera Olsen (for Bo Lindt)"] * 2 + ["Vera Olsen"]


def test_live_for_a_customer_nobody_else_is_told(staged: Callable[..., Stage]) -> None:
    stage = staged(mode="live", live_for=["acme"])
    both_write(stage)
    assert told(stage) == {("mail", PAT), ("page", "bo")}
    assert len(stage.got()) == in_shadow(stage) == 2


def test_live_for_a_connection_nothing_else_leaves(staged: Callable[..., Stage]) -> None:
    stage = staged(mode="live", live_for=["pager"])
    both_write(stage)
    assert told(stage) == {("page", "bo")}
    assert len(stage.got()) == in_shadow(stage) == 2


def test_the_operator_is_ours_and_hears_of_trouble_whoever_is_live(
    staged: Callable[..., Stage],
) -> None:
    stage = staged(mode="live", live_for=["borealis"])
    stage.daemon.auditor.free = lambda: 0
    stage.daemon.audit()
    assert told(stage) == {("page", "ann")}


# --- the brake --------------------------------------------------------------------------------------


def cases(site: Site, count: int) -> None:
    """So many cases are entered."""
    now = site.clock.now()
    for number in range(count):
        opened = Opened(
            "phone", f"Slow {number}", "…", reporter=PAT, customer="acme", enforced_from=now
        )
        site.verbs.open(opened, STAFF)


def mails(stage: Stage) -> list[Got]:
    return [got for got in stage.got() if (got.channel, got.to) == ("mail", PAT)]


def test_a_rule_gone_wild_lets_its_number_out_and_the_rest_waits_for_a_person(
    staged: Callable[..., Stage],
) -> None:
    brake = {"customer_messages": "5 in 10 minutes"}
    stage = staged(mode="live", live_for=["all"], brake=brake)
    cases(stage.site, 20)
    stage.settle()
    assert len(mails(stage)) == 5
    stage.daemon.audit()
    (page,) = [got for got in stage.got() if got.to == "ann"]
    assert "15 messages held, brake on customer messages: 5 in 10 minutes" in page.what
    stage.clock.forward(minutes=10)
    cases(stage.site, 1)
    stage.settle()
    assert len(mails(stage)) == 6, "what is new goes again, what is held stays held"
    assert stage.site.ledger.retrying(lambda tx: tx.release(actor="ann")) == 15
    stage.settle()
    assert len(mails(stage)) == 21
    stage.daemon.audit()
    assert "brake" not in str(stage.daemon.findings)


# --- a stop -----------------------------------------------------------------------------------------


def test_a_stop_is_silence_within_a_second_while_clocks_run(tmp_path: Path) -> None:
    """A running daemon on the host's clock, in the middle of a flood."""
    with _flooding(tmp_path) as site:
        daemon = site.daemon()
        sent = _watched(daemon.lives[0].plugin)
        cases(site, 40)
        thread = threading.Thread(target=daemon.run)
        thread.start()
        try:
            _until(lambda: len(sent) >= 3)
            site.ledger.stop("a storm", "ann", site.clock.now())
            stopped = time.monotonic()
            _until(lambda: _paged_again(site) == 40)
            assert max(sent) - stopped < 1
            assert len(sent) < 40, "most of it still waits"
        finally:
            daemon.stop()
            thread.join(20)


def _flooding(folder: Path) -> Site:
    (folder / "wild.yaml").write_text(WILD, encoding="utf-8")
    unbraked = {"pages": "9999 in 1 minute", "customer_messages": "9999 in 1 minute"}
    written = {
        "site": "flood",
        "policy": "wild.yaml",
        "data": str(folder),
        "go_live": {"mode": "live", "live_for": ["all"], "brake": unbraked},
        "connections": {"paper": {"plugin": "terminal", "to": "paper.txt"}},
        "people": SITE["people"],
        "roles": {"chief": "ann", "operator": "ann"},
        "customers": SITE["customers"],
    }
    return Site.of(config_from(Document(written, "upheld.yaml", "", {}), folder))


def _watched(plugin: Any) -> list[float]:
    """When each message went out."""
    sent, send = list[float](), plugin.send

    def watched(*args: Any) -> Any:
        sent.append(time.monotonic())
        return send(*args)

    plugin.send = watched
    return sent


def _paged_again(site: Site) -> int:
    """For how many cases the clock has gone on."""
    with site.ledger.reading() as tx:
        stored = [each.event for case in tx.cases() for each in tx.events(case.id)]
    bodies = (each.body for each in stored if each)
    return sum(1 for body in bodies if isinstance(body, StepTaken) and body.clause == "W-2")


def _until(condition: Callable[[], bool], seconds: float = 30) -> None:
    tick = threading.Event()
    for _ in range(int(seconds / 0.05)):
        if condition():
            return
        tick.wait(0.05)
    raise AssertionError("it never came about")
