"""``upheld status``: what is going on, and what is wrong."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import click

from upheld.cli.app import App, for_machines, pass_app
from upheld.cli.output import facts, local, print_json, say, stamp, table

if TYPE_CHECKING:
    from upheld.daemon.auditor import Standing
    from upheld.daemon.site import Site
    from upheld.ledger import Node, PullStatus, StopState

#: A daemon that was not heard for so long (microseconds) is gone.
_GONE: Final = 180_000_000


@dataclass(frozen=True, slots=True)
class _Status:
    """All that is told."""

    stop: StopState | None
    nodes: list[Node]
    pulls: list[PullStatus]
    waiting: int
    shadow: int
    dead: int
    watched: dict[str, int]
    open: int
    warned: int
    wrong: tuple[Standing, ...]


@click.command()
@for_machines
@pass_app
def status(app: App) -> None:
    """Which mode it is in, who runs, how reading and sending go, and what the audit finds.

    Exits with 1 where the audit finds anything.
    """
    with app.site() as site:
        found = _look(site)
        if app.json:
            print_json(_object(site, found))
        else:
            _show(site, found)
    sys.exit(1 if found.wrong else 0)


def _look(site: Site) -> _Status:
    from upheld.cli.outbox import waiting
    from upheld.daemon.auditor import standing
    from upheld.ledger import CaseFilter, OutboxState

    wrong = standing(site.ledger, site.config.connections, site.clock.now())
    with site.ledger.reading() as tx:
        now = tx.machine_time()
        return _Status(
            stop=tx.stopped(),
            nodes=[node for node in tx.nodes() if now - node.beat < _GONE],
            pulls=tx.pulls(),
            waiting=len(waiting(tx)),
            shadow=sum(i.unwanted is None for i in tx.items(states=(OutboxState.SHADOW,))),
            dead=len(tx.dead_letters()),
            watched=tx.monitors_by_state(),
            open=tx.count_cases(CaseFilter(open=True)),
            warned=tx.count_cases(CaseFilter(open=True, warned=True)),
            wrong=wrong,
        )


def _show(site: Site, found: _Status) -> None:
    zone, stop = site.config.zone, found.stop
    held = f"since {local(stop.at, zone)} by {stop.actor}: {stop.reason}" if stop else ""
    facts(
        {
            "site": site.config.site,
            "policy": ", ".join(f"{each.name} ({each.version})" for each in site.policies),
            "mode": site.config.go_live.mode,
            "held": held,
            "daemons": ", ".join(node.id for node in found.nodes) or "none runs",
            "open cases": found.open,
            "past their aim": found.warned or "",
            "waiting": found.waiting,
            "in shadow": found.shadow or "",
            "dead letters": found.dead or "",
            "monitors": _watched(found.watched),
        }
    )
    say()
    rows = [
        (each.connection, local(each.succeeded, zone), each.failures or "", each.error)
        for each in found.pulls
    ]
    table(("connection", "last read", "failures", "error"), rows, empty="nothing was read yet")
    say()
    table(
        ("about", "what", "since", "told"),
        [_line(each, zone) for each in found.wrong],
        empty="The audit finds nothing wrong.",
    )


def _watched(states: dict[str, int]) -> str:
    """``12: 11 up, 1 down``; "" where nothing is watched."""
    each = ", ".join(f"{many} {state}" for state, many in sorted(states.items()))
    return f"{sum(states.values())}: {each}" if states else ""


def _line(each: Standing, zone: str) -> tuple[str, ...]:
    finding, trouble = each.finding, each.trouble
    since = local(trouble.since, zone) if trouble else ""
    told = f"{trouble.told_to}, {local(trouble.told, zone)}" if trouble and trouble.told else ""
    return finding.subject, finding.what, since, told


def _object(site: Site, found: _Status) -> dict[str, Any]:
    stop = found.stop
    return {
        "site": site.config.site,
        "policy": {"name": site.policy.name, "version": site.policy.version},
        "policies": [{"name": each.name, "version": each.version} for each in site.policies],
        "mode": site.config.go_live.mode,
        "stopped": stop and {"at": stamp(stop.at), "by": stop.actor, "reason": stop.reason},
        "daemons": [{"id": node.id, "version": node.version} for node in found.nodes],
        "open": found.open,
        "warned": found.warned,
        "waiting": found.waiting,
        "shadow": found.shadow,
        "dead_letters": found.dead,
        "monitors": found.watched,
        "connections": [
            {
                "name": each.connection,
                "read": stamp(each.succeeded),
                "failures": each.failures,
                "error": each.error,
            }
            for each in found.pulls
        ],
        "findings": [_finding(each) for each in found.wrong],
    }


def _finding(each: Standing) -> dict[str, Any]:
    finding, trouble = each.finding, each.trouble
    return {
        "level": finding.level.value,
        "about": finding.subject,
        "what": finding.what,
        "since": stamp(trouble.since) if trouble else None,
        "told": stamp(trouble.told) if trouble else None,
        "told_to": trouble.told_to if trouble else None,
    }
