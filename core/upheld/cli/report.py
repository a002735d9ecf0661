"""``upheld report``: what was promised, and what came of it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

import click

from upheld.cli.app import App, for_machines, pass_app
from upheld.cli.output import length, local, print_json, say, table
from upheld.cli.report_availability import Asked, availability_options
from upheld.cli.report_availability import show as show_availability
from upheld.cli.texts import past

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
    from pathlib import Path
    from typing import TypeAlias

    from upheld.calendar.instant import Instant
    from upheld.daemon.site import Site
    from upheld.policy import Policy
    from upheld.report.model import ClauseEvidence
    from upheld.report.outcomes import TakenOff

    Found: TypeAlias = Mapping[str, tuple[ClauseEvidence, ...]]

_COLUMNS: Final = ("clause", "state", "kept", "missed", "sentence")
_LINES: Final = ("when", "case", "stands", "what")
_OFF: Final = ("when", "case", "taken for", "by", "why", "clock", "until")
_DESKS: Final = ("desk", "cases", "now", "turns", "held for", "in its hours", "met", "missed")
_COUNTED: Final = ("cases", "now", "turns", "met", "missed")
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
@click.option(
    "--outcomes", is_flag=True, help="Instead: what was taken off a clock, by whom, how close."
)
@click.option("--desks", is_flag=True, help="Instead: what each desk had, and for how long.")
@availability_options
@for_machines
@pass_app
def report(
    app: App,
    *,
    clause: str | None,
    customer: str | None,
    since: str | None,
    until: str | None,
    outcomes: bool,
    desks: bool,
    availability: bool,
    by: str | None,
    csv: Path | None,
    svg: Path | None,
) -> None:
    """Every clause of the policy: kept, missed, in force or not exercised.

    With CLAUSE, every line of evidence for it. Exits with 1 where a clause was missed.
    """
    _fit((clause is not None, outcomes, desks, availability), (by, csv, svg))
    with app.site() as site:
        zone, now = site.config.zone, site.clock.now()
        begins, ends = (past(w, now=now, zone=zone) if w else None for w in (since, until))
        if customer:
            site.directory.customer(customer)
        if outcomes:
            _outcomes(app, site, customer, begins, ends)
            return
        if desks:
            _desks(app, site, customer, begins, ends)
            return
        if availability:
            shown = by or "monitor"
            show_availability(site, Asked(shown, csv, svg, app.json, customer, begins, ends))
            return
        found = _gathered(site, customer, begins, ends)
    found = _chosen(found, clause)
    if app.json:
        print_json([each.as_dict() | {"policy": name} for name in found for each in found[name]])
    else:
        _show(found, zone, lines=clause is not None)
    sys.exit(1 if any(each.missed for name in found for each in found[name]) else 0)


def _fit(chosen: Sequence[bool], details: Sequence[object]) -> None:
    """One report at a time; ``details`` are those of the last."""
    if sum(chosen) > 1:
        raise click.UsageError("Give a CLAUSE, or --outcomes, or --desks, or --availability.")
    if not chosen[-1] and any(details):
        raise click.UsageError("--by, --csv and --svg go with --availability.")


def _gathered(
    site: Site, customer: str | None, since: Instant | None, until: Instant | None
) -> Found:
    """The clauses of each policy and each agreement, by its name."""
    from upheld.report.evidence import gather

    policies = _policies(site)
    with site.ledger.reading() as tx:
        return {
            name: gather(
                tx,
                policy,
                customer=customer,
                since=since,
                until=until,
                own=_own(site, policy, policies.values()),
            )
            for name, policy in policies.items()
        }


def _policies(site: Site) -> Mapping[str, Policy]:
    """By name; an agreement that kept the name of what it extends is told apart by its file."""
    found = {policy.name: policy for policy in site.policies}
    versions = {policy.version for policy in site.policies}
    for path, policy in site.agreements.items():
        if policy.version not in versions:
            found[f"{policy.name} ({path})" if policy.name in found else policy.name] = policy
    return found


def _own(site: Site, policy: Policy, all_: Collection[Policy]) -> Callable[[str], bool]:
    """Whether a version is of no other policy; what is no longer configured goes by its name."""
    from upheld.errors import NotFound

    versions = {each.version for each in all_}
    # Of two policies of one name, the first has its old versions.
    first = next(each for each in all_ if each.name == policy.name) is policy
    others = {each.name for each in all_} - {policy.name if first else ""}

    def own(version: str) -> bool:
        if version in versions:
            return version == policy.version
        try:
            return site.book.written(version).name not in others
        except NotFound:
            return True

    return own if len(all_) > 1 else lambda _version: True


def _outcomes(
    app: App, site: Site, customer: str | None, since: Instant | None, until: Instant | None
) -> None:
    from upheld.report.outcomes import taken_off

    with site.ledger.reading() as tx:
        found = taken_off(site.records, tx, customer=customer, since=since, until=until)
    if app.json:
        print_json([each.as_dict() for each in found])
        return
    rows = (row for each in found for row in _stopped(each, site.config.zone))
    table(_OFF, rows, empty="nothing was taken off a clock")


def _desks(
    app: App, site: Site, customer: str | None, since: Instant | None, until: Instant | None
) -> None:
    from upheld.report.turns import desk_stories

    with site.ledger.reading() as tx:
        found = desk_stories(site.records, tx, customer=customer, since=since, until=until)
    if app.json:
        print_json([each.as_dict() for each in found])
        return
    rows = (
        (
            f"{each.name} ({each.tier})",
            each.cases,
            each.now,
            each.turns,
            length(each.held),
            length(each.worked),
            each.met or "",
            each.missed or "",
        )
        for each in found
    )
    table(_DESKS, rows, right=_COUNTED, empty="no desk had a case")


def _stopped(off: TakenOff, zone: str) -> Iterator[tuple[object, ...]]:
    """A line a clock; one where none ran."""
    what = f"{off.outcome.replace('_', ' ')}{f' ({off.about})' if off.about else ''}"
    until = f"{local(off.until, zone)} by {off.until_by}" if off.until is not None else ""
    head = (local(off.at, zone), off.case, what, off.by, off.reason)
    for clock in off.clocks:
        left = "missed" if clock.missed else f"{length(clock.within - clock.spent)} left"
        said = f"{clock.clause} {clock.target.replace('_', ' ')}: {left} of {length(clock.within)}"
        yield (*head, said, until)
    if not off.clocks:
        yield (*head, "none ran", until)


def _chosen(found: Found, clause: str | None) -> Found:
    from upheld.errors import NotFound
    from upheld.source import suggest

    if clause is None:
        return found
    chosen = {
        name: tuple(each for each in clauses if each.id.lower() == clause.lower())
        for name, clauses in found.items()
    }
    if not any(chosen.values()):
        ids = (each.id for clauses in found.values() for each in clauses)
        raise NotFound(f"the policy has no clause {clause!r}", do_next=suggest(clause, ids))
    return {name: clauses for name, clauses in chosen.items() if clauses}


def _show(found: Found, zone: str, *, lines: bool) -> None:
    for number, (name, clauses) in enumerate(found.items()):
        if len(found) > 1:
            say(f"\n{name}\n" if number else f"{name}\n")
        _table(clauses, zone, lines=lines)


def _table(found: Sequence[ClauseEvidence], zone: str, *, lines: bool) -> None:
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
