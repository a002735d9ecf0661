"""``upheld cases``: the list, one case whole, and entering one; what is done to cases is in `verbs`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from upheld.case.state import Status
from upheld.cli.app import App, for_machines, in_the_name, pass_app
from upheld.cli.demands import DEMANDS
from upheld.cli.output import facts, local, print_json, say, table
from upheld.cli.root import InOrder
from upheld.cli.texts import pairs, text_of
from upheld.cli.verbs import VERBS, tell

if TYPE_CHECKING:
    from upheld.daemon.site import Site


@click.command("list")
@click.option("--all", "everything", is_flag=True, help="Resolved and closed ones too.")
@click.option(
    "--status",
    type=click.Choice([status.value for status in Status]),
    help="Only those with this status.",
)
@click.option("--severity", type=int, help="Only those of this severity.")
@click.option("--queue", help="Only those in this queue.")
@click.option("--assignee", help="Only those of this person or role.")
@click.option("--customer", help="Only those of this customer.")
@click.option(
    "--warned", is_flag=True, help="Only those where an aim is up and nobody was in time."
)
@click.option("--limit", type=click.IntRange(1), default=100, show_default=True)
@for_machines
@pass_app
def list_(
    app: App,
    *,
    everything: bool,
    status: str | None,
    severity: int | None,
    queue: str | None,
    assignee: str | None,
    customer: str | None,
    warned: bool,
    limit: int,
) -> None:
    """Open cases: the most severe first, then those due first."""
    from upheld.cli.case_lines import COLUMNS, as_object, row
    from upheld.ledger import CaseFilter

    only_open = None if everything or status else True
    past_aim = True if warned else None
    wanted = CaseFilter(only_open, status, severity, queue, assignee, customer, warned=past_aim)
    with app.site() as site, site.ledger.reading() as tx:
        found = tx.cases(wanted, limit=limit)
        zone = site.config.zone
    if app.json:
        print_json([as_object(case) for case in found])
    else:
        rows = (row(case, zone) for case in found)
        table(COLUMNS, rows, right=("sev",), empty="no such case is there")


@click.command()
@click.argument("case")
@for_machines
@pass_app
def show(app: App, *, case: str) -> None:
    """One case: how it stands, and all that happened to it."""
    from upheld.cli.case_lines import as_object, event_object, happened

    with app.site() as site, site.ledger.reading() as tx:
        found = tx.case(tx.find(case))
        events, links = tx.events(found.id), tx.links(found.id)
        zone = site.config.zone
    if app.json:
        whole = as_object(found) | {"events": [event_object(each) for each in events]}
        print_json(whole)
        return
    facts(
        {
            "case": found.id,
            "number": found.number,
            "title": found.title,
            "customer": found.customer,
            "severity": found.severity,
            "status": found.status.replace("_", " "),
            "queue": found.queue,
            "assignee": found.assignee,
            "opened": local(found.opened, zone),
            "due": local(found.due, zone),
            "at": ", ".join(f"{link.connection} {link.key}" for link in links),
        }
    )
    say()
    table(("when", "who", "what", "words"), happened(events, zone))


@click.command("open")
@click.argument("subject")
@click.option("--from", "reporter", default="", metavar="ADDRESS", help="Who told us.")
@click.option("--text", default="", help="What they said; `-` reads it from standard input.")
@click.option("--customer", metavar="ID", help="Whose it is, where the address doesn't tell.")
@click.option("--source", default="phone", show_default=True, help="How it came to us.")
@click.option("--product", help="What it is about.")
@click.option("--version", help="Which version of that.")
@click.option("--system", help="Which system of theirs it is about.")
@click.option(
    "--field", "fields", multiple=True, metavar="NAME=VALUE", help="What else is known of it."
)
@click.option("--on", metavar="CONNECTION", help="The tracker on which an item is opened for it.")
@in_the_name
@for_machines
@pass_app
def open_(
    app: App,
    *,
    subject: str,
    reporter: str,
    text: str,
    customer: str | None,
    source: str,
    product: str | None,
    version: str | None,
    system: str | None,
    fields: tuple[str, ...],
    on: str | None,
) -> None:
    """Enter a case: somebody called, or stood at the counter. SUBJECT is what it is about."""
    from upheld.desk.entry import entered
    from upheld.desk.systems import SYSTEM

    with app.acting() as (site, actor):
        opened = entered(
            site.directory,
            subject=subject,
            text=text_of(text),
            reporter=reporter,
            at=site.clock.now(),
            source=source,
            customer=customer,
            product=product,
            version=version,
            create_on=_tracker(site, on),
        )
        known = pairs(fields) | ({SYSTEM: system} if system else {})
        tell(app, site, site.verbs.open(opened, actor, fields=known))


@click.command()
@click.argument("defect")
@click.argument("text", default="")
@in_the_name
@for_machines
@pass_app
def fixed(app: App, *, defect: str, text: str) -> None:
    """A DEFECT is fixed: every case that waits for it is told once; TEXT says how."""
    from upheld.desk.defects import fixed as now_fixed

    with app.acting() as (site, actor):
        told = now_fixed(site.records, defect, actor, text_of(text))
    if app.json:
        print_json(list(told))
    else:
        say(f"{len(told)} told: {', '.join(told)}" if told else "all of them knew")


def _tracker(site: Site, named: str | None) -> str | None:
    """As named; else where cases open that no connection brings."""
    from upheld.daemon.assembly import cases_to
    from upheld.errors import NotFound
    from upheld.source import suggest

    entries = site.config.connections
    if named is not None:
        if named not in entries:
            raise NotFound(f"no connection {named!r}", do_next=suggest(named, entries))
        return named
    return cases_to(site.connections)


cases = InOrder(
    "cases",
    help="List cases and work on them. CASE is a handle (C7) or the number that was told.",
    commands=[list_, show, open_, fixed, *VERBS, *DEMANDS],
)
