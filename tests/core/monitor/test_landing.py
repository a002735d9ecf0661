"""A reading lands once, with all that follows from it, or not at all."""

from __future__ import annotations

from dataclasses import replace

from tests.core.monitor.scene import NOW, Watch
from upheld.calendar.instant import HOUR, MINUTE
from upheld.case.events import Turned
from upheld.case.monitor import MonitorState, Seen

ROUTER = "router: {of: lines, probe: tcp}\n"
LEAF = "leaf: {of: lines, probe: tcp, after: router}\n"
WEB = "web: {probe: tcp}\n"


def at_once(watch: Watch, name: str) -> bool:
    due = watch.row(name).due
    return due is not None and due <= watch.clock.now()


def test_ten_failures_in_a_row_are_an_outage_and_one_fact(watch_on_both: Watch) -> None:
    watch_on_both.register(WEB)
    watch_on_both.see("web", "u" + 9 * "d" + "u" + 10 * "d")
    assert watch_on_both.turns("web") == [("up", ""), ("down", "")]
    down = watch_on_both.bodies(watch_on_both.row("web").subject, Turned)[-1]
    assert (down.failed, len(down.recent), down.since) == (
        10,
        20,
        watch_on_both.row("web").tally.since,
    )


def test_a_restart_in_the_middle_of_a_row_changes_nothing(watch: Watch) -> None:
    watch.register(WEB)
    watch.see("web", "u" + 6 * "d")
    watch.register(WEB)  # a daemon that starts
    watch.see("web", 3 * "d")
    assert watch.turns("web") == [("up", "")]
    watch.register(WEB)
    watch.see("web", "d")
    assert watch.turns("web")[-1] == ("down", "")


def test_what_somebody_else_has_by_now_does_not_count(watch_on_both: Watch) -> None:
    watch_on_both.register(WEB)
    row = watch_on_both.see("web", "u")
    seen = Seen(NOW + HOUR, MonitorState.DOWN)
    with watch_on_both.ledger.transaction() as tx:
        assert watch_on_both.landing.take(tx, row, seen)
        assert not watch_on_both.landing.take(tx, row, seen)
    assert watch_on_both.row("web").tally.streak == 1


def test_what_is_watched_no_longer_does_not_count(watch: Watch) -> None:
    watch.register(WEB)
    row = watch.row("web")
    watch.register("")
    with watch.ledger.transaction() as tx:
        assert not watch.landing.take(tx, row, Seen(NOW + HOUR, MonitorState.UP))


def test_in_blindness_nothing_counts(watch: Watch) -> None:
    watch.register(WEB)
    watch.see("web", "u" + 9 * "d")
    row = watch.see("web", "dddd", blind="our line is down")
    assert row.tally.streak == 9
    assert watch.turns("web") == [("up", ""), ("inconclusive", "")]


# --- what lies behind others ----------------------------------------------------------------------


def test_what_stands_before_it_is_read_at_once_when_it_begins_to_fail(watch: Watch) -> None:
    watch.register(ROUTER + LEAF)
    watch.see("router", "u")
    watch.see("leaf", "u")
    watch.see("leaf", "d")
    assert at_once(watch, "router")


def test_a_router_that_is_down_excuses_what_lies_behind(watch: Watch) -> None:
    watch.register(ROUTER + LEAF)
    watch.see("router", "u")
    watch.see("leaf", "ud")
    for _ in range(4):
        watch.see("router", "d")
        watch.see("leaf", "d")
    assert watch.turns("leaf") == [("up", ""), ("down", "behind router")]
    assert watch.turns("router") == [("up", ""), ("down", "")]


def test_a_router_that_is_paused_excuses_nobody(watch: Watch) -> None:
    watch.register(ROUTER + LEAF)
    watch.see("router", "uddd")
    with watch.ledger.transaction() as tx:
        assert tx.land_monitor(replace(watch.row("router"), paused=True))
    watch.see("leaf", "uddd")
    assert watch.turns("leaf") == [("up", ""), ("down", "")]


def test_no_outage_before_the_router_was_read(watch: Watch) -> None:
    watch.register(ROUTER + LEAF)
    watch.see("router", "u")
    watch.see("leaf", "uddd")
    assert watch.turns("leaf") == [("up", "")], "nobody knows yet what is broken"
    assert at_once(watch, "router")
    watch.see("router", "u")
    watch.see("leaf", "d")
    assert watch.turns("leaf")[-1] == ("down", "")


def test_when_the_router_is_back_what_lies_behind_is_read_at_once_and_only_then_may_turn(
    watch: Watch,
) -> None:
    watch.register(ROUTER + LEAF)
    watch.see("router", "u")
    watch.see("leaf", "ud")
    watch.see("router", "ddd")
    watch.see("leaf", "dd")
    watch.see("router", "u")
    assert at_once(watch, "leaf")
    watch.clock.forward(seconds=2)
    watch.see("leaf", "u")
    assert watch.turns("leaf") == [("up", ""), ("down", "behind router"), ("up", "")]


def test_who_fails_on_when_the_router_is_back_has_an_outage_of_its_own(watch: Watch) -> None:
    watch.register(ROUTER + LEAF)
    watch.see("router", "u")
    watch.see("leaf", "ud")
    watch.see("router", "ddd")
    watch.see("leaf", "dd")
    watch.see("router", "u")
    watch.clock.forward(seconds=2)
    watch.see("leaf", "d")
    assert watch.turns("leaf")[-1] == ("down", "")


def test_in_one_batch_what_stands_before_others_lands_first(watch: Watch) -> None:
    watch.register(LEAF + ROUTER)
    watch.see("router", "udd")
    watch.see("leaf", "udd")
    now = watch.clock.forward(minutes=3)
    failed = Seen(now, MonitorState.DOWN)
    read = [(watch.row(name), failed) for name in ("leaf", "router")]
    done = watch.ledger.retrying(lambda tx: watch.landing.take_all(tx, read))
    assert done == ["router", "leaf"]
    assert watch.turns("leaf")[-1] == ("down", "behind router")


# --- maintenance ----------------------------------------------------------------------------------


def test_a_window_excuses_and_a_failure_that_outlives_it_is_an_outage(watch: Watch) -> None:
    watch.register(WEB)
    watch.see("web", "u")
    watch.windows["web"] = "W1"
    watch.see("web", 12 * "d")
    assert watch.turns("web") == [("up", ""), ("down", "window W1")]
    del watch.windows["web"]
    watch.see("web", "d")
    assert watch.turns("web")[-1] == ("down", "")


def test_when_it_is_read_next_is_stored_with_it(watch: Watch) -> None:
    watch.register(WEB)
    row = watch.see("web", "ud")
    assert row.due == watch.clock.now() + MINUTE
    assert row.read_at == watch.clock.now()
    assert replace(row, due=None, tally=row.tally).name == "web"
