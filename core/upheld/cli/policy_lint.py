"""``upheld policy lint``: what reads well and works otherwise."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from upheld.cli.app import App, for_machines, pass_app
from upheld.cli.output import print_json, say
from upheld.cli.policy_pages import read_policy

if TYPE_CHECKING:
    from upheld.policy.lint import Lint


@click.command("lint")
@click.argument("policy", required=False)
@for_machines
@pass_app
def lint_command(app: App, *, policy: str | None) -> None:
    """Look a policy over: promises without rules, rules that never hold, clocks in the wrong order.

    POLICY is a file or the name of one that ships with Upheld; the site's own by default. Exits
    with 1 where anything is found that the file does not accept, with a reason.
    """
    from upheld.calendar.instant import moment
    from upheld.clock import SystemClock
    from upheld.engine.terms import not_enforced
    from upheld.policy.lint import lint

    read = read_policy(app, policy)
    today = moment(SystemClock().now()).date()
    found = [(each, _why(each)) for each in lint(read, today=today, lacking=not_enforced(read))]
    if app.json:
        print_json([_plain(*each) for each in found])
    else:
        _show(found)
    sys.exit(0 if all(why for _, why in found) else 1)


def _why(found: Lint) -> str | None:
    """Why the file accepts it; a finding may be of a policy that the file extends."""
    from upheld.policy.lint import accepted

    file = Path(found.place.file)
    return accepted(found, file.read_text("utf-8").splitlines()) if file.is_file() else None


def _plain(found: Lint, why: str | None) -> dict[str, object]:
    return {
        "check": found.check,
        "file": found.place.file,
        "line": found.place.line,
        "clause": found.clause or None,
        "what": found.what,
        "do_next": found.do_next,
        "accepted": why,
    }


def _show(found: Sequence[tuple[Lint, str | None]]) -> None:
    left = [each for each, why in found if not why]
    for each in left:
        clause = f"{each.clause}: " if each.clause else ""
        say(f"{each.place}: {clause}{each.what} [{each.check}]\n  → {each.do_next}")
    kept = f"; {len(found) - len(left)} accepted" if len(left) < len(found) else ""
    say(f"{len(left) or 'Nothing'} found{kept}.")
