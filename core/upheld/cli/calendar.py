"""``upheld calendar``: which days are closed, new days for open cases, examples of a contract."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from upheld.cli.app import App, for_machines, in_the_name, pass_app
from upheld.cli.calendar_examples import check
from upheld.cli.moves import dues, moved_object, tell_moves
from upheld.cli.output import print_json, say, table
from upheld.cli.root import InOrder

if TYPE_CHECKING:
    from datetime import date

    from upheld.calendar import CalendarSpec
    from upheld.daemon.site import Site
    from upheld.desk.calendars import Shift, Turn

_WHAT = 3


@click.group(cls=InOrder)
def calendar() -> None:
    """See days, apply new ones, check examples."""


@calendar.command()
@click.argument("name")
@click.option("--year", type=click.IntRange(1, 9999), help="The year; this one by default.")
@for_machines
@pass_app
def show(app: App, *, name: str, year: int | None) -> None:
    """The days of a calendar of the site's policy: holidays, worked days, days closed in part.

    They are those that a case gets which opens now. What the library or a feed has said since is
    told by `upheld calendar apply --dry-run`.
    """
    from upheld.calendar.version import ends_soon

    with app.site() as site:
        version, spec = _in_force(site, name)
        today = _today(site, spec)
    days = list(_days(spec, year or today.year))
    ends = ends_soon(spec, today)
    if app.json:
        rows = [{"day": day, "what": what, "name": called} for day, _, what, called in days]
        print_json(
            {"calendar": name, "version": version, "zone": spec.zone, "days": rows, "ends": ends}
        )
        return
    say(f"{name}, {version}, on the clocks of {spec.zone}")
    columns = ("day", "weekday", "what", "name")
    table(columns, days, empty=f"no day of {year or today.year} is out of the ordinary")
    if ends:
        say(f"! {ends}")


@calendar.command()
@click.option("--dry-run", is_flag=True, help="Only say what would change.")
@for_machines
@in_the_name
@pass_app
def apply(app: App, *, dry_run: bool) -> None:
    """Take in new days: for new cases, and for the open ones, from tomorrow on.

    Days are read anew: those listed in the policy as it is now, those that the library has of the
    country, and feeds. Hours, zones and all the rest of a case's own policy stay. Each open case
    whose calendars change is shown with its due time before and after, and has it on record.
    """
    from upheld.desk.calendars import Application

    with app.acting() as (site, actor):
        application = Application(site.records, site.fetch)
        with site.ledger.reading() as tx:
            turns = application.turns(tx)
            shifts = application.shifts(tx)
        if not dry_run:
            shifts = application.apply(actor)
        zone = site.config.zone
    if app.json:
        found = {"policies": list(map(_turn, turns)), "cases": list(map(_shift, shifts))}
        print_json({"dry_run": dry_run, **found})
    else:
        _tell(turns, shifts, zone, dry_run=dry_run)


calendar.add_command(check)


def _in_force(site: Site, name: str) -> tuple[str, CalendarSpec]:
    from upheld.desk.calendars import kept_days
    from upheld.errors import NotFound
    from upheld.source import suggest

    policy = site.book.policy
    with site.ledger.reading() as tx:
        days = kept_days(tx, policy.version, None)
    if days is None or name not in days.specs:
        known = suggest(name, policy.calendars) if policy.calendars else "it has none at all"
        raise NotFound(f"no calendar {name!r} in policy {policy.name!r}", do_next=known)
    return days.version, days.specs[name]


def _today(site: Site, spec: CalendarSpec) -> date:
    from upheld.calendar.wall import local_day, zone_named

    return local_day(site.clock.now(), zone_named(spec.zone))


def _days(spec: CalendarSpec, year: int) -> Iterator[tuple[str, str, str, str]]:
    from datetime import date as day_of

    from upheld.calendar.version import unusual

    for day, said in sorted(unusual(spec).items()):
        if day.startswith(f"{year:04}-"):
            weekday = f"{day_of.fromisoformat(day):%a}"
            yield day, weekday, said, spec.names.get(day, "")


def _turn(turn: Turn) -> dict[str, object]:
    policy = turn.policy
    return {
        "policy": policy.name,
        "version": policy.version,
        "calendar": turn.after.version,
        "what": list(turn.what),
    }


def _shift(shift: Shift) -> dict[str, object]:
    return moved_object(shift) | {
        "policy": shift.policy,
        "calendar": shift.after.version,
        "what": list(shift.what),
    }


def _tell(turns: list[Turn], shifts: list[Shift], zone: str, *, dry_run: bool) -> None:
    if not turns and not shifts:
        say("no day has changed")
        return
    for turn in turns:
        say(f"{turn.policy.name}: {_short(turn.what)}")
    rows = [(each.case, each.number, *dues(each, zone), each.title) for each in shifts]
    tell_moves(("case", "number", "due", "due then", "title"), rows, shifts, dry_run=dry_run)


def _short(what: tuple[str, ...]) -> str:
    more = f"; and {len(what) - _WHAT} more days" if len(what) > _WHAT else ""
    return f"{'; '.join(what[:_WHAT])}{more}"
