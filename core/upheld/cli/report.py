"""``upheld report``: what was promised, and what came of it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

import click

from upheld.cli.app import App, for_machines, pass_app
from upheld.cli.output import local, print_json, say, table
from upheld.cli.texts import past

if TYPE_CHECKING:
    from collections.abc import Sequence

    from upheld.report.model import ClauseEvidence

_COLUMNS: Final = ("clause", "state", "kept", "missed", "sentence")
_LINES: Final = ("when", "case", "stands", "what")
_FIGURES: Final = ("kept", "missed")


@click.command()
@click.argument("clause", required=False)
@click.option("--customer", metavar="ID", help="Only this customer's cases.")
@click.option(
    "--since",
    metavar="WHEN",
    help="Only what was promised from then on: `2026-12-01 00:00`, or `30 days` ago.",
)
@click.option("--until", metavar="WHEN", help="Only what was promised before that.")
@for_machines
@pass_app
def report(
    app: App, *, clause: str | None, customer: str | None, since: str | None, until: str | None
) -> None:
    """Every clause of the policy: kept, missed, in force or not exercised.

    With CLAUSE, every line of evidence for it. Exits with 1 where a clause was missed.
    """
    from upheld.report.evidence import gather

    with app.site() as site:
        zone, now = site.config.zone, site.clock.now()
        begins, ends = (past(w, now=now, zone=zone) if w else None for w in (since, until))
        if customer:
            site.directory.customer(customer)
        with site.ledger.reading() as tx:
            found = gather(tx, site.policy, customer=customer, since=begins, until=ends)
    found = _chosen(found, clause)
    if app.json:
        print_json([each.as_dict() for each in found])
    else:
        _show(found, zone, lines=clause is not None)
    sys.exit(1 if any(each.missed for each in found) else 0)


def _chosen(found: tuple[ClauseEvidence, ...], clause: str | None) -> tuple[ClauseEvidence, ...]:
    from upheld.errors import NotFound
    from upheld.source import suggest

    if clause is None:
        return found
    chosen = tuple(each for each in found if each.id.lower() == clause.lower())
    if not chosen:
        ids = (each.id for each in found)
        raise NotFound(f"the policy has no clause {clause!r}", do_next=suggest(clause, ids))
    return chosen


def _show(found: Sequence[ClauseEvidence], zone: str, *, lines: bool) -> None:
    rows = [(c.id, c.state.value, c.kept or "", c.missed or "", c.says) for c in found]
    table(_COLUMNS, rows, right=_FIGURES)
    left_out = max((each.left_out for each in found), default=0)
    if left_out:
        say(f"\n{left_out} cases are left out: they are pinned to a policy of other clauses.")
    if lines:
        say()
        for clause in found:
            evidence = (
                (local(e.at, zone, seconds=True), e.case, e.standing.value, e.what)
                for e in clause.evidence
            )
            table(_LINES, evidence, empty="there is no evidence yet")
