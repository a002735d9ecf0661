"""``upheld monitors``: what is watched, paused, and under maintenance."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.core.cli.conftest import Change, Terminal
from upheld.calendar.instant import HOUR, MINUTE, SECOND, Instant
from upheld.case.events import UPHELD, Body, Event, Raised, Turned
from upheld.case.monitor import MonitorState, Seen, Tally
from upheld.daemon.site import Site
from upheld.errors import NotFound, Refusal
from upheld.ledger import MonitorRow, Transaction
from upheld.monitor.registration import register

MONITORS = """
monitors:
  acme/www: {customer: acme, fed_by: desk, after: [router]}
  acme/mail: {customer: acme, fed_by: desk, grace: 5 minutes, backup_of: acme/www}
  acme/old: {customer: acme, fed_by: desk}
  router: {fed_by: desk}
"""


@pytest.fixture
def desk(upheld: Terminal, edit: Change) -> Terminal:
    """A site that watches four things; its daemon has begun with three of them."""
    edit("\ncustomers:", f"{MONITORS}customers:")
    with Site.open(upheld.config) as site:
        known = {name: each for name, each in site.watched.items() if name != "acme/old"}
        register(site.records, known)
    return upheld


def landed(desk: Terminal, name: str, change: Callable[[MonitorRow, Instant], MonitorRow]) -> None:
    """A row as readings leave it."""
    with Site.open(desk.config) as site:
        now = site.clock.now()

        def land(tx: Transaction) -> None:
            (row,) = tx.monitors([name])
            assert tx.land_monitor(change(row, now))

        site.ledger.retrying(land)


def seen(at: Instant, state: str = "up", detail: str = "", took: int | None = 34_000) -> Seen:
    return Seen(at, MonitorState(state), took, detail)


def up(row: MonitorRow, now: Instant) -> MonitorRow:
    recent = tuple(seen(now - n * MINUTE) for n in (2, 1))
    return replace(row, tally=Tally(MonitorState.UP, recent=recent), read_at=now - MINUTE)


def down(row: MonitorRow, now: Instant) -> MonitorRow:
    failed = tuple(seen(now - n * MINUTE, "down", "refused") for n in (11, 1))
    tally = Tally(MonitorState.DOWN, 10, now - 3 * HOUR, now, "behind router", failed, True)
    return replace(row, tally=tally, read_at=now - MINUTE)


def told(desk: Terminal, name: str, *bodies: Body) -> None:
    """Facts of a monitor."""
    with Site.open(desk.config) as site:
        records, now = site.records, site.clock.now()

        def add(tx: Transaction) -> None:
            (row,) = tx.monitors([name])
            for n, body in enumerate(bodies):
                records.add(tx, row.subject, Event(f"t{n}", now, now, UPHELD, body))

        site.ledger.retrying(add)


def names(found: list[dict[str, Any]]) -> list[str]:
    return [str(each["name"]) for each in found]


# --- list -----------------------------------------------------------------------------------------


def test_what_needs_somebody_stands_first_and_each_says_since_when(desk: Terminal) -> None:
    landed(desk, "acme/mail", up)
    landed(desk, "acme/www", down)
    shown = desk("monitors", "list").stdout.splitlines()
    assert shown[0].split() == [
        *("monitor", "customer", "state", "for", "last", "reading", "next", "what", "is", "seen")
    ]
    assert [line.split()[0] for line in shown[1:5]] == [
        "acme/www",
        "acme/old",
        "router",
        "acme/mail",
    ]
    assert "down (behind router, flapping)  3 h" in shown[1]
    assert "1 min" in shown[1]
    assert "ago: 34 ms" in shown[1]
    assert shown[1].endswith("refused")
    assert "once the daemon runs" in shown[2]
    assert shown[-1] == "4 watched: 1 down, 2 unread, 1 up"


def test_one_that_fails_not_yet_often_enough_is_softly_down(desk: Terminal) -> None:
    landed(desk, "acme/mail", up)
    landed(
        desk,
        "acme/www",
        lambda row, now: replace(row, tally=Tally(MonitorState.UP, 4, now - 3 * MINUTE, now)),
    )
    assert names(desk.json("monitors", "list", "--state", "soft_down")) == ["acme/www"]
    first = desk("monitors", "list").stdout.splitlines()[1]
    assert first.split()[:5] == ["acme/www", "acme", "soft", "down", "3"]


def test_it_can_be_narrowed(desk: Terminal) -> None:
    landed(desk, "acme/mail", up)
    landed(desk, "acme/www", down)
    listed = {
        ("--failing",): ["acme/www", "acme/old", "router"],
        ("--state", "up"): ["acme/mail"],
        ("--customer", "acme", "--state", "down"): ["acme/www"],
        ("acme/*", "--state", "unread"): ["acme/old"],
        ("--of", "backups"): [],
    }
    for words, expected in listed.items():
        assert names(desk.json("monitors", "list", *words)) == expected
    assert desk("monitors", "list", "--of", "lines").stdout == "nothing like that is watched\n"


def test_machines_get_instants_and_seconds(desk: Terminal) -> None:
    landed(desk, "acme/www", down)
    (found,) = desk.json("monitors", "list", "acme/www")
    assert (found["state"], found["excuse"], found["failures"]) == ("down", "behind router", 10)
    assert found["last"]["latency"] == 0.034
    assert found["since"].endswith("Z")
    assert (found["subject"], found["next"], found["flapping"]) == ("M1", None, True)


def test_a_name_that_is_not_watched_is_told_with_the_nearest(desk: Terminal) -> None:
    done = desk("monitors", "list", "acme/ww", exits=NotFound.exit_code)
    assert 'did you mean "acme/www"?' in done.stderr


def test_a_site_that_watches_nothing_says_so(upheld: Terminal) -> None:
    assert upheld("monitors", "list").stdout == "nothing like that is watched\n"


# --- show -----------------------------------------------------------------------------------------


def test_show_tells_all_that_is_known_of_one(desk: Terminal) -> None:
    landed(desk, "acme/www", down)
    now = 1_780_000_000 * SECOND
    told(desk, "acme/www", Turned("down", "up", now, 10, "refused", excuse="behind router"))
    desk("monitors", "window", "add", "acme/www", "--from", "2030-01-01", "--for", "1 hour",
         "--as", "bo")  # fmt: skip
    shown = desk("monitors", "show", "acme/www").stdout
    for name, value in (
        ("monitor", "acme/www"),
        ("asked", "heard of by desk"),
        ("state", "down (behind router, flapping) since "),
        ("failures", "10 in a row, of 1 for an outage"),
        ("windows", "W1 2030-01-01 00:00 UTC to 2030-01-01 01:00 UTC"),
        ("lies behind", "router"),
        ("backups", "acme/mail"),
        ("clauses", "M-18 (one failure is an outage)"),
    ):
        assert f"\n{name:<15}{value}" in f"\n{shown}"
    assert "down (behind router)  up" in shown
    assert shown.count("34 ms") == 2


def test_what_failed_in_the_same_words_is_one_line(desk: Terminal) -> None:
    def failed(row: MonitorRow, now: Instant) -> MonitorRow:
        times = [seen(now - n * SECOND, "down", "refused", None) for n in range(9, 0, -1)]
        first = seen(now - 20 * SECOND, took=300)
        return replace(row, tally=Tally(MonitorState.DOWN, 9, recent=(first, *times)))

    landed(desk, "router", failed)
    _, _, _, heading, one, other = desk("monitors", "show", "router").stdout.splitlines()[-6:]
    assert heading.split() == ["when", "since", "state", "took", "what", "was", "seen", "version"]
    assert "down   9 times" in one
    assert "<1 ms" in other


def test_show_tells_the_case_that_is_open(desk: Terminal) -> None:
    case = desk.case()
    told(desk, "acme/www", Raised(case))
    assert desk.json("monitors", "show", "acme/www")["open_case"] == case
    assert desk.json("monitors", "show", "router")["before"] == ["acme/www"]


def test_of_one_that_the_daemon_has_not_begun_with_it_tells_what_is_written(desk: Terminal) -> None:
    found = desk.json("monitors", "show", "acme/old")
    assert (found["state"], found["clauses"], found["readings"]) == ("unread", ["M-18"], [])
    assert "M-18" in desk("monitors", "show", "acme/old").stdout


# --- pause, resume --------------------------------------------------------------------------------


def test_a_pause_names_who_and_why_and_ends_when_it_was_said(desk: Terminal) -> None:
    said = desk(
        "monitors", "pause", "acme/mail", "--for", "2 hours", "--why", "moved", "--as", "bo"
    )
    assert said.stdout.startswith("acme/mail is paused until ")
    found = desk.json("monitors", "show", "acme/mail")
    assert (found["state"], found["paused"]["by"], found["paused"]["why"]) == (
        "paused", "bo", "moved",
    )  # fmt: skip
    assert "by bo since" in desk("monitors", "show", "acme/mail").stdout
    assert "in 1 h 59 min" in desk("monitors", "list", "acme/mail").stdout


def test_one_without_an_end_says_how_it_ends(desk: Terminal) -> None:
    said = desk("monitors", "pause", "acme/www", "router", "--as", "bo").stdout
    assert said.count("without an end: `upheld monitors resume` ends it") == 2
    assert "when resumed" in desk("monitors", "list", "router").stdout


def test_of_many_those_that_are_paused_are_resumed(desk: Terminal) -> None:
    desk("monitors", "pause", "acme/mail", "--as", "bo")
    resumed = desk.json("monitors", "resume", "*", "--as", "bo")
    assert names(resumed) == ["acme/mail"]
    assert desk.json("monitors", "show", "acme/mail")["paused"] is None
    done = desk("monitors", "resume", "acme/*", "--as", "bo", exits=Refusal.exit_code)
    assert "none of these is paused" in done.stderr
    done = desk("monitors", "resume", "router", "--as", "bo", exits=Refusal.exit_code)
    assert "router is not paused" in done.stderr


def test_what_the_daemon_has_not_begun_with_can_not_be_paused(desk: Terminal) -> None:
    done = desk("monitors", "pause", "acme/*", "--as", "bo", exits=NotFound.exit_code)
    assert "acme/old: the daemon has not begun with it yet" in done.stderr
    assert desk.json("monitors", "list", "--state", "paused") == []  # none of them, then


def test_two_ends_are_one_too_many(desk: Terminal) -> None:
    desk("monitors", "pause", "router", "--for", "1 hour", "--until", "2030-01-01", exits=2)


# --- window ---------------------------------------------------------------------------------------

FAR = ("--from", "2030-01-06 02:00", "--for", "4 hours", "--as", "bo")


def test_a_window_is_planned_on_the_customers_clocks(desk: Terminal, edit: Change) -> None:
    edit("name: Acme Internet", "name: Acme Internet\n    zone: Europe/Berlin")
    (found,) = desk.json("monitors", "window", "add", "acme/*", "--why", "disks", *FAR)
    assert found == {
        "id": "W1",
        "status": "planned",
        "customer": "acme",
        "monitors": ["acme/mail", "acme/old", "acme/www"],
        "begins": "2030-01-06T01:00:00Z",
        "ends": "2030-01-06T05:00:00Z",
        "zone": "Europe/Berlin",
        "again": "",
        "off": [],
        "reason": "disks",
        "announced": [],
    }
    shown = desk("monitors", "window", "list").stdout
    assert "2030-01-06 02:00 CET  2030-01-06 06:00 CET" in shown
    assert shown.rstrip().endswith("on 2030-01-03 02:00 CET (M-24)")


def test_with_our_own_machines_it_is_on_the_sites_and_nobody_hears_of_ours(desk: Terminal) -> None:
    found = desk.json("monitors", "window", "add", "acme/www", "router", *FAR)
    assert [(each["customer"], each["zone"]) for each in found] == [(None, "UTC"), ("acme", "UTC")]
    assert "to nobody: it is ours" in desk("monitors", "window", "list").stdout


def test_one_that_comes_again_says_how_often(desk: Terminal) -> None:
    desk("monitors", "window", "add", "acme/www", "--again", "weekly", *FAR)
    desk("monitors", "window", "add", "acme/www", "--again", "RRULE:FREQ=MONTHLY;COUNT=2", *FAR)
    shown = desk("monitors", "window", "list").stdout
    assert "every week" in shown
    assert "every month" in shown


def test_what_was_announced_late_says_so(desk: Terminal) -> None:
    words = ("--from", "now", "--for", "2 hours", "--as", "bo", "--customer", "acme")
    shown = desk("monitors", "window", "add", *words).stdout
    assert "standing" in shown
    assert "yes, late by 3 d (M-24)" in shown
    (found,) = desk.json("monitors", "window", "list", "--customer", "acme")
    assert found["announced"][0]["late"] > 250_000


def test_a_window_is_called_off_and_listed_when_asked_for(desk: Terminal) -> None:
    desk("monitors", "window", "add", "acme/www", *FAR)
    shown = desk("monitors", "window", "cancel", "w1", "--why", "no disks", "--as", "bo").stdout
    assert "cancelled" in shown
    assert shown.rstrip().endswith("no (M-24)")
    assert desk("monitors", "window", "list").stdout == "no maintenance is planned\n"
    assert [each["status"] for each in desk.json("monitors", "window", "list", "--all")] == [
        "cancelled"
    ]
    desk("monitors", "window", "cancel", "W1", "--as", "bo", exits=Refusal.exit_code)
    desk("monitors", "window", "cancel", "W7", "--as", "bo", exits=NotFound.exit_code)


def test_one_time_of_it_is_called_off_on_its_own_clocks_and_the_next_is_shown(
    desk: Terminal, edit: Change
) -> None:
    edit("name: Acme Internet", "name: Acme Internet\n    zone: Pacific/Auckland")
    desk("monitors", "window", "add", "acme/www", "--again", "weekly", *FAR)
    cancel = ("monitors", "window", "cancel", "w1", "--as", "bo", "--on")
    (found,) = desk.json(*cancel, "2030-01-13")
    assert (found["begins"], found["off"]) == ("2030-01-05T13:00:00Z", ["2030-01-12T13:00:00Z"])
    shown = desk(*cancel, " 2030-01-06").stdout
    assert "every week, not on 2030-01-06, not on 2030-01-13" in shown
    assert "2030-01-20 02:00 NZDT" in shown
    assert "W1 2030-01-20 02:00 NZDT to" in desk("monitors", "show", "acme/www").stdout


@pytest.mark.parametrize(
    ("on", "exits", "told"),
    [
        ("2030-01-07", Refusal.exit_code, "W1 does not begin on 2030-01-07"),
        ("2030-01-06 03:00", 2, "is no day"),
        ("06.01.2030", 2, "is no day: write 2026-12-13"),
        ("2030-02-30", 2, "is no day"),
        ("", Refusal.exit_code, "there is nothing to cancel"),
    ],
)
def test_a_day_that_is_none_of_it_is_told(desk: Terminal, on: str, exits: int, told: str) -> None:
    desk("monitors", "window", "add", "acme/www", "--again", "weekly", *FAR)
    if not on:
        desk("monitors", "window", "cancel", "W1", "--as", "bo")
        on = "2030-01-06"
    words = ("monitors", "window", "cancel", "W1", "--on", on, "--as", "bo")
    assert told in desk(*words, exits=exits).stderr


@pytest.mark.parametrize(
    ("words", "exits", "told"),
    [
        (("acme/www", "--from", "2030-01-06", "--as", "bo"), 2, "--until or --for"),
        (("--from", "2030-01-06", "--for", "1 hour", "--as", "bo"), 4, "no monitor is named"),
        (("nothing", *FAR), 5, "no monitor is called 'nothing'"),
        (("acme/www", "--again", "often", *FAR), 4, "no recurrence"),
        (("acme/www", "--zone", "Mars/Base", *FAR), 3, "no time zone 'Mars/Base'"),
        (("--customer", "nobody", *FAR), 5, "no customer 'nobody'"),
    ],
)
def test_what_makes_no_sense_is_told(
    desk: Terminal, words: tuple[str, ...], exits: int, told: str
) -> None:
    assert told in desk("monitors", "window", "add", *words, exits=exits).stderr
