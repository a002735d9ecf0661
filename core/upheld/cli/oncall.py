"""``upheld oncall``: who is on duty, who stands in, and whether anybody is missing."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from upheld.cli.app import App, for_machines, in_the_name, pass_app
from upheld.cli.oncall_handover import handover
from upheld.cli.oncall_moves import exported, imported
from upheld.cli.output import console, local, print_json, say, stamp, table
from upheld.cli.root import InOrder
from upheld.cli.texts import coming, past

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from upheld.calendar.instant import Instant
    from upheld.daemon.site import Site
    from upheld.directory import Override, Recipient, Shift

_WEEKS = click.IntRange(1, 52)


@click.group(cls=InOrder)
def oncall() -> None:
    """See who is on duty, put somebody else there, find the gaps."""


@oncall.command()
@click.option("--at", help="Then instead of now: `2026-12-24 18:00`, or `3 days` from now.")
@for_machines
@pass_app
def now(app: App, *, at: str | None) -> None:
    """Who is on duty for each rotation, until when, and who comes then."""
    with app.site() as site:
        zone, when = site.config.zone, site.clock.now()
        if at is not None:
            when = coming(at, now=when, zone=zone)
        rows = list(_on_duty(site, when))
    if app.json:
        print_json(
            [
                {"rotation": name, "person": who, "until": stamp(until), "then": then}
                for name, who, until, then in rows
            ]
        )
        return
    shown = ((name, who or "NOBODY", local(until, zone), then) for name, who, until, then in rows)
    table(("rotation", "on duty", "until", "then"), shown, empty="there are no rotations")


def _on_duty(
    site: Site, at: Instant
) -> Iterator[tuple[str, str | None, Instant | None, str | None]]:
    directory = site.directory.settled()
    for name in directory.rotations:
        found = directory.resolve(name, at=at)
        if directory.rotations[name].held_by:
            yield name, found[0].name, None, None
            continue
        until = directory.until(name, at)
        then = directory.resolve(name, at=until) if until is not None else ()
        yield name, _first(found), until, _first(then)


def _first(found: Iterable[Recipient]) -> str | None:
    return next((each.id for each in found), None)


@oncall.command()
@click.argument("rotations", nargs=-1)
@click.option("--weeks", type=_WEEKS, default=4, show_default=True, help="How far ahead.")
@for_machines
@pass_app
def show(app: App, *, rotations: tuple[str, ...], weeks: int) -> None:
    """The coming weeks: a row a week, a letter for whoever is on duty, `!` for nobody."""
    from upheld.calendar.instant import DAY

    with app.site() as site:
        directory, zone, at = site.directory.settled(), site.config.zone, site.clock.now()
        names = rotations or tuple(_kept_here(site))
        found = {name: directory.shifts(name, at, at + weeks * 7 * DAY) for name in names}
        with site.ledger.reading() as tx:
            overrides = [each for each in tx.overrides(at) if each.rotation in names]
        people = {each.id: each.name for each in directory.people.values()}
    if app.json:
        shifts = {name: list(map(_shift, each)) for name, each in found.items()}
        print_json({"rotations": shifts, "overrides": list(map(_override, overrides))})
        return
    for name, each in found.items():
        _draw(name, each, zone, people)
    columns = ("no", "rotation", "who", "from", "until", "said by", "why")
    if overrides:
        table(columns, (_row(each, zone) for each in overrides))


def _kept_here(site: Site) -> Iterator[str]:
    rotations = site.directory.rotations.values()
    return (each.name for each in rotations if not each.held_by)


def _draw(name: str, shifts: tuple[Shift, ...], zone: str, people: dict[str, str]) -> None:
    from zoneinfo import ZoneInfo

    from upheld.cli.oncall_picture import Picture, drawn

    say(f"{name}, on the clocks of {zone}")
    out = console()
    for each in drawn(Picture(shifts, ZoneInfo(zone)), people):
        out.print(each)
    say()


@oncall.command()
@click.argument("rotation")
@click.argument("person")
@click.option("--from", "since", default=None, help="From when; now by default.")
@click.option("--until", "until", required=True, help="Until when: a wall time, or `3 days`.")
@click.option("--why", default="", help="In a few words.")
@in_the_name
@for_machines
@pass_app
def override(
    app: App, *, rotation: str, person: str, since: str | None, until: str, why: str
) -> None:
    """Put PERSON on duty for ROTATION for a while; the last override that was said counts."""
    from upheld.directory.standing import stand_in

    with app.acting() as (site, actor):
        at, zone = site.clock.now(), site.config.zone
        begin = past_or_coming(since, at, zone) if since else at
        end = coming(until, now=at, zone=zone)
        new = stand_in(site.directory, rotation, person, begin, end, by=actor.id, why=why, at=at)
        _keep(app, site, (new,))


@oncall.command()
@click.argument("rotation")
@click.argument("one")
@click.argument("other")
@click.option("--why", default="", help="In a few words.")
@in_the_name
@for_machines
@pass_app
def swap(app: App, *, rotation: str, one: str, other: str, why: str) -> None:
    """Let the two people change turns that have ROTATION at ONE and at OTHER.

    Both are instants: `2026-12-24 12:00`, or `3 days` from now. Each gets the whole turn of the other.
    """
    from upheld.case.override import Override
    from upheld.directory.standing import known
    from upheld.directory.swap import swapped

    with app.acting() as (site, actor):
        at, zone = site.clock.now(), site.config.zone
        found = known(site.directory, rotation)
        first, second = (past_or_coming(each, at, zone) for each in (one, other))
        like = Override(0, rotation, "", 0, 0, actor.id, why, at)
        with site.ledger.reading() as tx:
            standing = tx.overrides(at)
        _keep(app, site, swapped(found, first, second, like, standing))


@oncall.command()
@click.argument("number", type=int)
@in_the_name
@for_machines
@pass_app
def undo(app: App, *, number: int) -> None:
    """Take back the override of this NUMBER, as `show` tells it; what was is kept."""
    from upheld.errors import NotFound

    with app.acting() as (site, actor):
        at = site.clock.now()
        gone = site.ledger.retrying(lambda tx: tx.withdraw_override(number, actor.id, at))
    if not gone:
        raise NotFound(f"no override {number} stands", do_next="see `upheld oncall show`")
    if app.json:
        print_json({"withdrawn": number})
    else:
        say(f"Override {number} is taken back.")


@oncall.command()
@click.option("--weeks", type=_WEEKS, default=8, show_default=True, help="How far ahead.")
@for_machines
@pass_app
def coverage(app: App, *, weeks: int) -> None:
    """Every gap of every role and rotation, and who could not be paged. Exits with 1 if there is any."""
    from upheld.calendar.instant import DAY
    from upheld.daemon.coverage import staffed
    from upheld.dispatch.routes import reaches

    with app.site() as site:
        directory, at, zone = site.directory.settled(), site.clock.now(), site.config.zone
        ways, own_ways = site.ways(), site.own_ways()
        plugins = {c.source.name: c.source.plugin for c in site.connections}
        until = at + weeks * 7 * DAY
        found = {
            name: staffed(directory, name, at, until)
            for name in (*directory.rotations, *directory.roles)
        }
    gaps = [(name, *gap) for name, (_, missing) in found.items() for gap in missing]
    people = {each.id: each for crew, _ in found.values() for each in crew}
    mute = [
        each.id
        for each in people.values()
        if not reaches(each, own_ways.get(each.id, ways).page, plugins)
    ]
    if app.json:
        told = [{"who": n, "since": stamp(a), "until": stamp(b)} for n, a, b in gaps]
        print_json({"gaps": told, "unreachable": mute})
    else:
        rows = ((n, local(a, zone), local(b, zone)) for n, a, b in gaps)
        table(("nobody is", "from", "until"), rows, empty=f"{weeks} weeks without a gap")
        for each in mute:
            say(f"{each} has no address for a page")
    sys.exit(1 if gaps or mute else 0)


oncall.add_command(handover)
oncall.add_command(imported)
oncall.add_command(exported)


def past_or_coming(text: str, now: Instant, zone: str) -> Instant:
    """A wall time, be it over or not, or a duration from now."""
    from upheld.errors import Refusal

    try:
        return coming(text, now=now, zone=zone)
    except Refusal:
        return past(text, now=now, zone=zone)


def _keep(app: App, site: Site, new: tuple[Override, ...]) -> None:
    numbers = site.ledger.retrying(lambda tx: [tx.add_override(each) for each in new])
    zone = site.config.zone
    if app.json:
        told = zip(numbers, new, strict=True)
        print_json([_override(each) | {"number": number} for number, each in told])
        return
    for number, each in zip(numbers, new, strict=True):
        since, until = local(each.since, zone), local(each.until, zone)
        say(f"{number}: {each.person} is on duty for {each.rotation} from {since} until {until}.")


def _override(each: Override) -> dict[str, object]:
    return {
        "number": each.number,
        "rotation": each.rotation,
        "person": each.person,
        "since": stamp(each.since),
        "until": stamp(each.until),
        "by": each.by,
        "why": each.reason,
    }


def _row(each: Override, zone: str) -> tuple[object, ...]:
    since, until = local(each.since, zone), local(each.until, zone)
    return (each.number, each.rotation, each.person, since, until, each.by, each.reason)


def _shift(each: Shift) -> dict[str, object]:
    return {
        "since": stamp(each.since),
        "until": stamp(each.until),
        "person": each.person,
        "override": each.override,
    }
