"""``upheld monitors show``: one monitor, all that is known of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from upheld.cli.app import App, for_machines, pass_app
from upheld.cli.output import facts, length, local, print_json, say, stamp, table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from upheld.calendar.instant import Instant
    from upheld.case.decision import Subject
    from upheld.case.events import Event
    from upheld.cli.monitor_lines import Standing
    from upheld.daemon.site import Site
    from upheld.ledger import Transaction

#: Of its history, the last so many turns.
_TURNS = 20
_READINGS = ("when", "since", "state", "", "took", "what was seen", "version")


@click.command()
@click.argument("name")
@for_machines
@pass_app
def show(app: App, *, name: str) -> None:
    """How NAME stands and why, what it lies behind, its rules, its history and its last readings."""
    from upheld.cli.monitor_lines import matching, standings

    with app.site() as site, site.ledger.reading() as tx:
        (each,) = standings(site, tx, matching(site.watched, [name])[:1])
        subject = tx.subject(each.row.subject) if each.row else None
        _json(site, tx, each, subject) if app.json else _print(site, tx, each, subject)


def _print(site: Site, tx: Transaction, each: Standing, subject: Subject | None) -> None:
    from upheld.cli.monitor_lines import readings

    zone = site.config.zone
    facts(_known(site, tx, each, subject))
    turns = list(_turns(subject))
    if turns:
        say("\nHistory")
        table(("when", "state", "before", "what was seen"), (_turn(t, zone) for t in turns))
    if each.last and each.row:
        say("\nLast readings")
        shown = readings(each.row.tally.recent, zone)
        table(_READINGS, shown, right=("took",))


def _known(
    site: Site, tx: Transaction, each: Standing, subject: Subject | None
) -> Mapping[str, object]:
    from upheld.cli.monitor_lines import provided, state

    entry, zone, now = each.watched.entry, site.config.zone, site.clock.now()
    since = f" since {local(each.since, zone)}" if each.since is not None else ""
    return {
        "monitor": each.name,
        "customer": entry.customer,
        "kind": entry.of,
        "asked": each.watched.asked,
        "provider": provided(site, entry.provider),
        "system": entry.system,
        "state": f"{state(each)}{since}",
        "paused": _paused(subject, zone),
        "failures": _failures(each),
        "next reading": local(each.next, zone, seconds=True),
        "open case": _case(tx, subject),
        "windows": "; ".join(_windows(tx, each.name, now)),
        "lies behind": ", ".join(entry.after),
        "before it": ", ".join(_others(site, "after", each.name)),
        "stands in for": entry.backup_of,
        "backups": ", ".join(_others(site, "backup_of", each.name)),
        "clauses": _rules(each),
    }


def _paused(subject: Subject | None, zone: str) -> str:
    from upheld.desk.paused import held

    found = held(subject) if subject else None
    if found is None:
        return ""
    fact, body = found
    until = f" until {local(body.until, zone)}" if body.until else ", without an end"
    why = f": {body.reason}" if body.reason else ""
    return f"by {fact.actor.id} since {local(fact.at, zone)}{until}{why}"


def _failures(each: Standing) -> str:
    streak = each.row.tally.streak if each.row else 0
    return f"{streak} in a row, of {each.watched.cadence.requests} for an outage" if streak else ""


def _case(tx: Transaction, subject: Subject | None) -> str | None:
    from upheld.desk.turns import open_case

    return open_case(tx, subject)[0] if subject else None


def _windows(tx: Transaction, name: str, now: Instant) -> Iterator[str]:
    """Those that stand or come, each on its own clocks."""
    from upheld.case.window import Window

    for listed in tx.windows():
        window = Window.read(listed.state)
        time = window.next(now) if name in window.monitors else None
        if time is not None:
            zone = window.times.zone
            yield f"{listed.id} {local(time.begins, zone)} to {local(time.ends, zone)}"


def _others(site: Site, key: str, name: str) -> Iterator[str]:
    """Monitors that name this one."""
    for other, each in site.watched.items():
        named: Any = getattr(each.entry, key)
        if name == named or (isinstance(named, tuple) and name in named):
            yield other


def _rules(each: Standing) -> str:
    """The clauses that it is watched for, and how often the strictest of them has it read."""
    cadence, asked = each.watched.cadence, each.watched.entry.probe is not None
    many = f"{cadence.requests} failures in a row are an outage"
    many = many if cadence.requests > 1 else "one failure is an outage"
    often = [f"each {length(cadence.every)}"] if asked else []
    spaced = [f"{length(cadence.spaced)} apart"] if asked and cadence.spaced else []
    said = ", ".join([*often, many, *spaced])
    ids = ", ".join(dict.fromkeys(clause.id for clause, _ in each.watched.rules))
    return f"{ids} ({said})" if ids else said


def _turns(subject: Subject | None) -> Sequence[Event]:
    """Its last turns, the newest first."""
    from upheld.case.events import Turned

    found = [fact for fact in (subject.facts if subject else ()) if isinstance(fact.body, Turned)]
    return sorted(found, key=lambda fact: fact.order)[: -_TURNS - 1 : -1]


def _turn(fact: Event, zone: str) -> tuple[object, ...]:
    body: Any = fact.body
    excuse = f"{body.state} ({body.excuse})" if body.excuse else body.state
    state = excuse.replace("_", " ")
    return local(fact.at, zone, seconds=True), state, body.before.replace("_", " "), body.detail


def _json(site: Site, tx: Transaction, each: Standing, subject: Subject | None) -> None:
    from upheld.cli.monitor_lines import as_object, reading
    from upheld.desk.paused import held

    entry, pause = each.watched.entry, held(subject) if subject else None
    print_json(
        as_object(each)
        | {
            "provider": entry.provider,
            "system": entry.system,
            "after": list(entry.after),
            "before": list(_others(site, "after", each.name)),
            "backup_of": entry.backup_of,
            "backups": list(_others(site, "backup_of", each.name)),
            "clauses": [clause.id for clause, _ in each.watched.rules],
            "every": each.watched.cadence.every / 1_000_000,
            "requests": each.watched.cadence.requests,
            "paused": _pause(*pause) if pause else None,
            "open_case": _case(tx, subject),
            "windows": [w.id for w in tx.windows() if each.name in w.state.get("monitors", ())],
            "history": [_turned(fact) for fact in _turns(subject)],
            "readings": [reading(seen) for seen in each.row.tally.recent] if each.row else [],
        }
    )


def _pause(fact: Event, body: Any) -> dict[str, object]:
    return {
        "by": fact.actor.id,
        "since": stamp(fact.at),
        "until": stamp(body.until),
        "why": body.reason,
    }


def _turned(fact: Event) -> dict[str, object]:
    body: Any = fact.body
    return {
        "at": stamp(fact.at),
        "state": body.state,
        "before": body.before,
        "since": stamp(body.since),
        "excuse": body.excuse,
        "detail": body.detail,
    }
