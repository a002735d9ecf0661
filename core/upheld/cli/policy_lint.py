"""``upheld policy lint``: what reads well and works otherwise."""

from __future__ import annotations

import sys

import click

from upheld.cli.app import App, for_machines, pass_app
from upheld.cli.output import print_json, say
from upheld.cli.policy_pages import read_policy


@click.command("lint")
@click.argument("policy", required=False)
@for_machines
@pass_app
def lint_command(app: App, *, policy: str | None) -> None:
    """Look a policy over: promises without rules, rules that never hold, clocks in the wrong order.

    POLICY is a file or the name of one that ships with Upheld; the site's own by default. Exits
    with 1 where anything is found.
    """
    from upheld.calendar.instant import moment
    from upheld.clock import SystemClock
    from upheld.engine.terms import not_enforced
    from upheld.policy.lint import lint

    read = read_policy(app, policy)
    today = moment(SystemClock().now()).date()
    found = lint(read, today=today, lacking=not_enforced(read))
    if app.json:
        print_json(
            [
                {
                    "check": each.check,
                    "file": each.place.file,
                    "line": each.place.line,
                    "clause": each.clause or None,
                    "what": each.what,
                    "do_next": each.do_next,
                }
                for each in found
            ]
        )
    else:
        for each in found:
            clause = f"{each.clause}: " if each.clause else ""
            say(f"{each.place}: {clause}{each.what} [{each.check}]\n  → {each.do_next}")
        say(f"{len(found)} found." if found else "Nothing found.")
    sys.exit(1 if found else 0)
