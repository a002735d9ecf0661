"""``upheld oncall import`` and ``export``: schedules of other systems, people's calendars."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from upheld.cli.app import App, for_machines, in_the_name, pass_app
from upheld.cli.output import print_json, say

if TYPE_CHECKING:
    from collections.abc import Mapping

    from upheld.case.events import Actor
    from upheld.daemon.site import Site
    from upheld.directory import Override
    from upheld.directory.brought import Brought

#: The reason that stands on an override that was imported.
_IMPORTED: Final = "imported"


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option(
    "--rotation", default="", help="The name of the rotation; of an iCalendar it is needed."
)
@click.option("--overrides", is_flag=True, help="Record the overrides that a JSON export holds.")
@in_the_name
@for_machines
@pass_app
def imported(app: App, *, file: Path, rotation: str, overrides: bool) -> None:
    """Take over a schedule: FILE is an iCalendar, or JSON as PagerDuty or Opsgenie export it.

    JSON is printed as what goes into upheld.yaml; nothing is written there. Each event of an iCalendar
    is recorded as an override of a rotation. What is recorded already is left alone.
    """
    with app.acting() as (site, actor):
        text = file.read_text("utf-8")
        if text.lstrip().startswith("BEGIN:VCALENDAR"):
            _record(app, site, _from_feed(site, actor, text, rotation), rotation)
            return
        found = _from_json(site, actor, text, rotation)
        if overrides:
            _record(app, site, found.overrides, "")
            return
    written = _written(found)
    if app.json:
        print_json(written)
    else:
        say(_yaml(written))


@click.command("export")
@click.argument("rotations", nargs=-1)
@click.option(
    "--weeks", type=click.IntRange(1, 52), default=8, show_default=True, help="How far ahead."
)
@click.option("--file", type=click.Path(path_type=Path, dir_okay=False), help="Write it there.")
@pass_app
def exported(app: App, *, rotations: tuple[str, ...], weeks: int, file: Path | None) -> None:
    """Print the turns of ROTATIONS (all, by default) as an iCalendar, overrides included."""
    from upheld.calendar.instant import DAY
    from upheld.directory.shift_feed import write_feed

    with app.site() as site:
        directory, at = site.directory.settled(), site.clock.now()
        kept = [each.name for each in directory.rotations.values() if not each.held_by]
        shifts = {
            name: directory.shifts(name, at, at + weeks * 7 * DAY) for name in rotations or kept
        }
        feed = write_feed(site.config.site, shifts, directory.people, at)
    if file is None:
        click.echo(feed, nl=False)
    else:
        file.write_text(feed, "utf-8", newline="")


def _like(site: Site, actor: Actor, rotation: str) -> Override:
    from upheld.directory import Override

    return Override(0, rotation, "", 0, 0, actor.id, _IMPORTED, site.clock.now())


def _from_feed(site: Site, actor: Actor, text: str, rotation: str) -> tuple[Override, ...]:
    from upheld.directory.shift_feed import read_feed
    from upheld.directory.standing import known
    from upheld.errors import Refusal

    if not rotation:
        raise Refusal("whose turns are these?", do_next="say --rotation NAME")
    known(site.directory, rotation)
    return read_feed(text, site.directory.people, site.config.zone, _like(site, actor, rotation))


def _from_json(site: Site, actor: Actor, text: str, rotation: str) -> Brought:
    import json

    from upheld.directory.brought import read_export
    from upheld.errors import ConfigError

    try:
        found = json.loads(text)
    except ValueError as error:
        raise ConfigError(
            f"is neither JSON nor an iCalendar: {error}", do_next="export it again"
        ) from None
    return read_export(found, site.directory.people.values(), _like(site, actor, rotation))


def _record(app: App, site: Site, found: tuple[Override, ...], rotation: str) -> None:
    """Record what is new. What was imported for ``rotation`` before and is in the feed no more stands till
    a person takes it back: a turn that was moved there would have two people else, one of them unasked."""
    from upheld.directory.standing import known

    for name in {each.rotation for each in found}:
        known(site.directory, name)
    with site.ledger.reading() as tx:
        standing = tx.overrides()
    there, given = {_what(each) for each in standing}, {_what(each) for each in found}
    new = [each for each in found if _what(each) not in there]
    site.ledger.retrying(lambda tx: [tx.add_override(each) for each in new])
    gone = [
        each.number
        for each in standing
        if (each.rotation, each.reason) == (rotation, _IMPORTED)
        and each.until > site.clock.now()
        and _what(each) not in given
    ]
    if app.json:
        print_json({"recorded": len(new), "known": len(found) - len(new), "gone": gone})
        return
    say(f"{len(new)} overrides recorded; {len(found) - len(new)} were there already.")
    for number in gone:
        say(
            f"{number} was imported before, and is not there any more: `upheld oncall undo {number}`"
        )


def _what(each: Override) -> tuple[object, ...]:
    return (each.rotation, each.person, each.since, each.until)


def _written(found: Brought) -> dict[str, Any]:
    parts: dict[str, Mapping[str, Any]] = {
        "people": found.people,
        "rotations": found.rotations,
        "roles": {name: list(each) for name, each in found.roles.items()},
    }
    return {name: dict(part) for name, part in parts.items() if part}


def _yaml(written: dict[str, Any]) -> str:
    from io import StringIO

    from ruamel.yaml import YAML

    out = StringIO()
    YAML(typ="safe").dump(written, out)
    return out.getvalue().rstrip()
