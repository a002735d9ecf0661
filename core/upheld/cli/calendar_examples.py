"""``upheld calendar check``: examples of a contract against what is so here."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from upheld.cli.app import App, for_machines, pass_app
from upheld.cli.output import print_json, say, table

if TYPE_CHECKING:
    from upheld.calendar import CalendarSpec
    from upheld.calendar.example_kinds import Example
    from upheld.calendar.examples import WrittenHours


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--policy", metavar="NAME", help="Know the calendars of this policy too.")
@for_machines
@pass_app
def check(app: App, *, file: Path, policy: str | None) -> None:
    """Say of each example in FILE whether it is so here.

    FILE is JSON or YAML: calendars by name, and examples of what is due when. Exits with 1 where one
    differs, with 3 where FILE can't be read.
    """
    from upheld.calendar.examples import answers

    found = list(answers(*_read(file), _calendars(app, policy)))
    wrong = [each for each in found if not each.ok]
    if app.json:
        print_json(
            [
                {"id": each.id, "expected": each.expected, "got": each.got, "ok": each.ok}
                | ({"why": each.why} if each.why else {})
                for each in found
            ]
        )
    else:
        if wrong:
            rows = [(each.id, each.expected, each.why or each.got) for each in wrong]
            table(("example", "expected", "got"), rows)
        say(f"{len(found) - len(wrong)} of {len(found)} examples are so here")
    sys.exit(1 if wrong else 0)


def _read(file: Path) -> tuple[list[Example], Mapping[str, WrittenHours]]:
    from pydantic import ValidationError

    from upheld.calendar.example_kinds import KINDS, Unknown
    from upheld.calendar.examples import Examples
    from upheld.errors import ConfigError
    from upheld.source import problems, read

    document = read(file)
    found: list[Example] = []
    wrong: list[ConfigError] = []
    try:
        whole = Examples.model_validate(document.data)
    except ValidationError as error:
        raise problems(error, document) from None
    for number, written in enumerate(whole.vectors):
        kind = KINDS.get(str(written.get("kind")), Unknown)
        try:
            found.append(kind.model_validate(written))
        except ValidationError as error:
            wrong += problems(error, document, "vectors", number).problems
    if wrong:
        raise ConfigError.several(tuple(wrong))
    return found, whole.calendars


def _calendars(app: App, policy: str | None) -> Mapping[str, CalendarSpec]:
    if policy is None:
        return {}
    from upheld.cli.policy_pages import read_policy
    from upheld.desk.calendars import listed
    from upheld.desk.feeds import fetching

    return listed(read_policy(app, policy).calendars, fetching(Path())).specs
