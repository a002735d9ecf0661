"""``upheld run``: the daemon in the foreground, as systemd and containers want it."""

from __future__ import annotations

import signal
import sys
from types import FrameType
from typing import TYPE_CHECKING

import click

from upheld.cli.app import App, pass_app
from upheld.cli.door import door
from upheld.cli.output import clean

if TYPE_CHECKING:
    from collections.abc import Iterable

    from upheld.daemon.loops import Daemon
    from upheld.daemon.site import Site
    from upheld.plugin import Finding


@click.command()
@click.option("--once", is_flag=True, help="Do all that is due now, then end.")
@click.option("--json-logs", is_flag=True, help="Log JSON lines, for machines.")
@pass_app
def run(app: App, *, once: bool, json_logs: bool) -> None:
    """Run the daemon: pull, run the clocks, send, audit. SIGTERM finishes the work in hand.

    Without an upheld.yaml it runs on an embedded default: SQLite in your data folder, the built-in
    tracker, messages to this terminal. With --once it exits with 1 where the audit finds anything.
    """
    from upheld.daemon.site import Site
    from upheld.logs import configure

    configure(json=json_logs, debug=app.debug)
    with Site.open(app.config) as site:
        daemon = site.daemon()
        if not json_logs:
            _greet(app, site, once=once)
        if once:
            sys.exit(_once(daemon))
        with door(site.config, daemon):
            _until_told(daemon)


def _once(daemon: Daemon) -> int:
    try:
        found = daemon.once()
    finally:
        daemon.close()
    for line in _lines(found):
        click.echo(line, err=True)
    return 1 if found else 0


def _lines(found: Iterable[Finding]) -> Iterable[str]:
    return (clean(f"{each.level}: {each.subject}: {each.what}") for each in found)


def _until_told(daemon: Daemon) -> None:
    """Until SIGTERM or Ctrl-C; the second one ends it at once, whatever is in hand."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        daemon.stop()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_DFL)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    daemon.run()


def _greet(app: App, site: Site, *, once: bool) -> None:
    """What runs here, in which mode, and what to do next; on stderr, beside the logs."""
    from upheld.daemon.site import find_config

    file, mode = find_config(app.config), site.config.go_live.mode
    kept = " and ".join(repr(policy.name) for policy in site.policies)
    lines = [f"Upheld keeps {kept} at {site.config.site}, in {mode} mode."]
    lines.append(f"Config: {file or 'none, the embedded default'}. Data: {site.ledger.url}")
    if site.ledger.foreign:
        lines.append(
            f"It is a copy, and belongs to site {site.ledger.site.name!r}: nothing is read or sent."
        )
    if mode == "shadow":
        lines.append(
            "Nothing leaves this machine: what would go out is in `upheld outbox list --shadow`."
        )
        lines.append("To go live: `go_live: {mode: live, live_for: [all]}` in upheld.yaml.")
    if file is None:
        lines.append(
            "A first case:  upheld cases open 'Nobody can connect' --from pat@customer.example"
        )
        lines.append("Your own site: upheld init")
    if not once:
        lines.append("Ctrl-C ends it, after the work in hand.")
    click.echo("\n".join(lines) + "\n", err=True)
