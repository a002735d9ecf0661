"""``upheld monitors window``: planned maintenance, announced to those whom it concerns."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from upheld.cli.app import App, for_machines, in_the_name, pass_app
from upheld.cli.output import length, local, print_json, stamp, table
from upheld.cli.root import InOrder
from upheld.cli.texts import coming, past

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import date

    from upheld.calendar.instant import Instant
    from upheld.calendar.occurrences import Occurrence
    from upheld.case.window import Window
    from upheld.daemon.site import Site
    from upheld.desk.windows import Announced
    from upheld.ledger import Transaction
    from upheld.ledger.windows import ListedWindow

_COLUMNS: Final = (
    "window",
    "status",
    "begins",
    "ends",
    "again",
    "customer",
    "monitors",
    "announced",
)
_SHORT: Final = {
    "daily": "FREQ=DAILY",
    "weekly": "FREQ=WEEKLY",
    "monthly": "FREQ=MONTHLY",
    "yearly": "FREQ=YEARLY",
}


@click.group(cls=InOrder)
def window() -> None:
    """Plan maintenance, call it off, see what is planned."""


@window.command()
@click.argument("names", nargs=-1)
@click.option("--customer", metavar="ID", help="All that is watched of this customer.")
@click.option("--from", "begins", required=True, help="When: `2026-12-06 02:00`, `2 hours`, `now`.")
@click.option("--until", help="Until when, on the same clocks.")
@click.option("--for", "lasting", help="For how long, instead: `4 hours`.")
@click.option(
    "--again", default="", help="daily, weekly, monthly, yearly, or an RRULE: FREQ=WEEKLY;COUNT=8."
)
@click.option("--zone", help="Whose clocks these are; the customer's, where it is one customer's.")
@click.option("--why", default="", help="What for; customers read it.")
@in_the_name
@for_machines
@pass_app
def add(
    app: App,
    *,
    names: tuple[str, ...],
    customer: str | None,
    begins: str,
    until: str | None,
    lasting: str | None,
    again: str,
    zone: str | None,
    why: str,
) -> None:
    """Plan maintenance of NAMES (`acme/*` too). Each customer is told of their own servers alone."""
    from upheld.desk.windows import Windows

    if (until is None) == (lasting is None):
        raise click.UsageError("Give --until or --for.")
    with app.acting() as (site, actor):
        monitors = _monitors(site, names, customer)
        clocks = zone or _zone(site, monitors)
        times = _times(site, begins, until, lasting, clocks)
        recurs = _SHORT.get(again.strip().lower(), again.strip().removeprefix("RRULE:"))
        windows = Windows(site.records)
        made = windows.plan(monitors, actor, times, zone=clocks, recurs=recurs, reason=why)
        _tell(app, site, made)


def _monitors(site: Site, names: tuple[str, ...], customer: str | None) -> Mapping[str, str | None]:
    """Each monitor that is meant, with whose it is."""
    from upheld.cli.monitor_lines import matching

    found = set(matching(site.watched, names))
    if customer is not None:
        site.directory.customer(customer)
        owned = (n for n, each in site.watched.items() if each.entry.customer == customer)
        found = found & set(owned) if names else set(owned)
    return {name: site.watched[name].entry.customer for name in sorted(found)}


def _zone(site: Site, monitors: Mapping[str, str | None]) -> str:
    """On whose clocks times are read: the customer's where there is one, else the site's."""
    customers = {name for name in monitors.values() if name is not None}
    zones = {site.directory.customer(name).zone for name in customers}
    ours = None in monitors.values()
    return zones.pop() if len(zones) == 1 and not ours else site.config.zone


def _times(
    site: Site, begins: str, until: str | None, lasting: str | None, zone: str
) -> Occurrence:
    from upheld.calendar.occurrences import Occurrence
    from upheld.calendar.wall import zone_named

    zone_named(zone)
    now = site.clock.now()
    since = now if begins.strip().lower() == "now" else _instant(begins, now, zone)
    ends = coming(lasting, now=since, zone=zone) if lasting else _instant(until or "", now, zone)
    return Occurrence(since, ends)


def _instant(text: str, now: int, zone: str) -> int:
    """A wall time, over or not, or so long from now."""
    from upheld.errors import Refusal

    try:
        return coming(text, now=now, zone=zone)
    except Refusal:
        return past(text, now=now, zone=zone)


@window.command()
@click.argument("window")
@click.option(
    "--on", help="Only this time of one that comes again: `2026-12-13`, on its own clocks."
)
@click.option("--why", default="", help="Why; customers read it.")
@in_the_name
@for_machines
@pass_app
def cancel(app: App, *, window: str, on: str | None, why: str) -> None:
    """Call WINDOW (W3) off, or one time of it; whoever was told of it is told so."""
    from upheld.desk.windows import Windows

    with app.acting() as (site, actor):
        Windows(site.records).cancel(window, actor, why, on=_day(on) if on else None)
        _tell(app, site, (window.strip().upper(),))


def _day(text: str) -> date:
    from datetime import date

    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise click.BadParameter(
            f"{text!r} is no day: write 2026-12-13", param_hint="--on"
        ) from None


@window.command("list")
@click.option("--all", "everything", is_flag=True, help="Those too that are over or cancelled.")
@click.option("--customer", metavar="ID", help="Only those of this customer.")
@for_machines
@pass_app
def list_(app: App, *, everything: bool, customer: str | None) -> None:
    """Maintenance that stands or is to come, the next first, and whether it was announced in time."""
    with app.site() as site, site.ledger.reading() as tx:
        found = tx.windows(ahead=not everything)
        _show(app, site, tx, [w for w in found if customer in {None, w.customer}])


@window.command()
@click.option("--customer", metavar="ID", help="Only those of this customer.")
@click.option(
    "--weeks", type=click.IntRange(1, 52), default=8, show_default=True, help="How far ahead."
)
@click.option("--file", type=click.Path(path_type=Path, dir_okay=False), help="Write it there.")
@pass_app
def export(app: App, *, customer: str | None, weeks: int, file: Path | None) -> None:
    """Print maintenance to come as an iCalendar, a time by itself; what is off is cancelled in it."""
    from upheld.calendar.instant import DAY
    from upheld.desk.window_feed import write_feed

    with app.site() as site, site.ledger.reading() as tx:
        now = site.clock.now()
        found = [w for w in tx.windows(ahead=False) if customer in {None, w.customer}]
        feed = write_feed(site.config.site, found, now, now + weeks * 7 * DAY)
    if file is None:
        click.echo(feed, nl=False)
    else:
        file.write_text(feed, "utf-8", newline="")


def _tell(app: App, site: Site, windows: Iterable[str]) -> None:
    from upheld.desk.windows import named

    with site.ledger.reading() as tx:
        _show(app, site, tx, [named(tx, each) for each in windows])


def _show(app: App, site: Site, tx: Transaction, found: Iterable[ListedWindow]) -> None:
    if app.json:
        print_json([as_object(site, tx, each) for each in found])
        return
    rows = (row(site, tx, each) for each in found)
    table(_COLUMNS, rows, empty="no maintenance is planned")


def row(site: Site, tx: Transaction, listed: ListedWindow) -> tuple[object, ...]:
    """A line of the list: the time that it is, or the next one; of what is over, the first."""
    from upheld.case.window import Window

    window, now = Window.read(listed.state), site.clock.now()
    time, zone = window.next(now) or window.times.first, window.times.zone
    return (
        listed.id,
        window.status(now).value,
        local(time.begins, zone),
        local(time.ends, zone),
        _again(window, now),
        listed.customer,
        ", ".join(window.monitors),
        "; ".join(_announced(site, tx, listed)),
    )


def _again(window: Window, now: Instant) -> str:
    """How it comes again, and which of its times to come do not."""
    from upheld.dispatch.window_words import every

    rule, zone = window.times.rule, window.times.zone
    off = (
        local(begins, zone)[: len("2026-12-13")]
        for begins in sorted(window.dropped)
        if begins > now
    )
    return ", not on ".join([every(rule) or rule, *off])


def _announced(site: Site, tx: Transaction, listed: ListedWindow) -> Iterator[str]:
    """For each clause that promises it: when it comes, or how it came."""
    from upheld.case.window import Window
    from upheld.desk.windows import announcements, promised

    window = Window.read(listed.state)
    coming, last = (
        window.next(site.clock.now()),
        {e.clause: e for e in announcements(tx, listed.id)},
    )
    if listed.customer is None:
        yield "to nobody: it is ours"
        return
    for rule, (clause, ahead) in promised(site.book.of(tx.case(listed.id).policy).policy).items():
        if coming is not None and window.told.get(rule, 0) < coming.begins:
            yield f"on {local(coming.begins - ahead, window.times.zone)} ({clause})"
        else:
            yield f"{_came(last.get(clause))} ({clause})"


def _came(found: Announced | None) -> str:
    from upheld.case.events import StepResult
    from upheld.engine.terms import LATE

    if found is None:
        return "no"
    late = f", late by {length(found.late)}" if found.late >= LATE else ""
    told = {
        StepResult.TAKEN: f"yes{late}",
        StepResult.BEFORE_ENFORCEMENT: "before enforcement, to nobody",
    }
    return told.get(found.result, "missed")


def as_object(site: Site, tx: Transaction, listed: ListedWindow) -> dict[str, object]:
    """A window for machines; instants in UTC."""
    from upheld.case.window import Window
    from upheld.desk.windows import announcements

    window, now = Window.read(listed.state), site.clock.now()
    time = window.next(now) or window.times.first
    return {
        "id": listed.id,
        "status": window.status(now).value,
        "customer": listed.customer,
        "monitors": list(window.monitors),
        "begins": stamp(time.begins),
        "ends": stamp(time.ends),
        "zone": window.times.zone,
        "again": window.times.rule,
        "off": [stamp(begins) for begins in sorted(window.dropped)],
        "reason": window.reason,
        "announced": [
            {
                "clause": each.clause,
                "due": stamp(each.due),
                "result": each.result.value,
                "late": each.late / 1_000_000,
            }
            for each in announcements(tx, listed.id)
        ],
    }
