"""``upheld demo``: a Severity 1 on the real daemon, with stand-ins at the far ends."""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

if TYPE_CHECKING:
    from rich.console import Console

    from upheld.calendar.instant import Instant
    from upheld.demo import Expected, Result, Show
    from upheld.testing.stage import Got

#: Seconds that a line stays before the next one comes, when somebody watches.
_PACE: Final = 0.75
_SIGNS: Final = {"mail": "✉", "page": "☎", "voice": "☏", "issue": "✎", "internal comment": "✎"}


@click.command()
@click.option("--fast", is_flag=True, help="Don't wait between the lines.")
@click.option("--headless", is_flag=True, help="Show no timeline, only the result.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON object.")
@click.option("--database", metavar="URL", help="Play on this database instead of SQLite.")
def demo(*, fast: bool, headless: bool, as_json: bool, database: str | None) -> None:
    """See a Severity 1 from the first mail to the evidence, in half a minute.

    The daemon is the real one; mail, pages and Jira are stand-ins on this machine behind real
    sockets, and the clock jumps from one instant to the next. Nothing of yours is read or written.

    Exits with 0 only if everything that the policy promises arrived once, and nothing else did.
    """
    from upheld import demo as story
    from upheld.logs import silence

    silence()
    quiet = headless or as_json
    with tempfile.TemporaryDirectory(prefix="upheld-demo-") as folder:
        pace = 0.0 if fast or not sys.stdout.isatty() else _PACE
        show: Show = _unseen if quiet else Timeline(_console(), pace)
        result = story.play(Path(folder), show, database=database)
    if as_json:
        click.echo(_json(result))
    elif headless:
        click.echo(_summary(result))
    else:
        evidence(_console(), result)
    sys.exit(0 if result.kept else 1)


def _unseen(_at: Instant, _says: str, _what: Expected | Got | None) -> None:
    """A line of the timeline that nobody watches."""


class Timeline:
    """A line for each thing that happens; ``pace`` is how many seconds people have to read it."""

    def __init__(self, console: Console, pace: float) -> None:
        self.console, self.pace = console, pace
        self.console.print("\n[bold]A Severity 1 at Magnolia, told by its policy[/]\n")

    def __call__(self, at: Instant, says: str, what: Expected | Got | None) -> None:
        """Print it, and give people time to read it; what goes with the line before it says nothing."""
        if not says:
            return
        self.console.print(self._line(at, says, what), highlight=False)
        time.sleep(self.pace)

    def _line(self, at: Instant, says: str, what: Expected | Got | None) -> str:
        from rich.markup import escape

        clock = f"[dim]{_local(at)}[/]"
        if what is None:
            return f"{clock}  [bold]{escape(says)}[/]"
        clauses = ", ".join(getattr(what, "clauses", ()))
        sign = _SIGNS.get(what.channel, "→")
        colour = "red" if what.channel in {"page", "voice"} else "cyan"
        return f"{clock}     [{colour}]{sign}[/] {escape(says):<58} [green]{clauses}[/]"


def _local(at: Instant) -> str:
    from zoneinfo import ZoneInfo

    from upheld.calendar.instant import moment

    return f"{moment(at).astimezone(ZoneInfo('America/New_York')):%H:%M}"


def _console() -> Console:
    from rich.console import Console

    return Console(highlight=False)


def evidence(console: Console, result: Result) -> None:
    """The clauses that the story exercised, with their counts."""
    from rich.table import Table

    table = Table(title="\nWhat was promised, and what came of it", title_justify="left", box=None)
    for name in ("clause", "kept", "missed", "sentence"):
        table.add_column(name, justify="right" if name in {"kept", "missed"} else "left")
    for clause in result.clauses:
        if clause.kept or clause.missed:
            missed = f"[red]{clause.missed}[/]" if clause.missed else "-"
            table.add_row(clause.id, f"[green]{clause.kept}[/]", missed, clause.says)
    console.print(table)
    console.print(f"\n{_summary(result)}\n")
    console.print("Next: [bold]upheld run[/] starts here, in shadow mode; nothing leaves.\n")


def _summary(result: Result) -> str:
    if result.kept:
        return f"{len(result.received)} messages arrived, each expected, each once."
    lines = [f"{len(result.missing)} missing, {len(result.unexpected)} unexpected"]
    lines += [f"missing: {_local(each.at)} {each.channel} to {each.to}" for each in result.missing]
    lines += [f"unexpected: {got}" for got in result.unexpected]
    return "\n".join(lines)


def _json(result: Result) -> str:
    import json

    return json.dumps(
        {
            "clauses": [_clause(clause) for clause in result.clauses],
            "sent": [_sent(sent) for sent in result.sent],
            "received": [_got(got) for got in result.received],
            "unexpected": [_got(got) for got in result.unexpected],
            "missing": [_expected(each) for each in result.missing],
        },
        indent=2,
        ensure_ascii=False,
    )


def _clause(clause: Any) -> dict[str, Any]:
    from upheld.calendar.instant import iso

    return {
        "id": clause.id,
        "kept": clause.kept,
        "missed": clause.missed,
        "evidence": [
            {"case": line.case, "at": iso(line.at), "what": line.what, "key": line.key}
            for line in clause.evidence
        ],
    }


def _sent(sent: Any) -> dict[str, Any]:
    from upheld.calendar.instant import iso

    return {
        "at": iso(sent.at),
        "channel": sent.delivery.channel,
        "to": sent.delivery.recipient,
        "clauses": list(sent.item.clauses),
        "key": sent.delivery.key,
    }


def _got(got: Got) -> dict[str, Any]:
    return {**_told(got), "key": got.key}


def _expected(expected: Expected) -> dict[str, Any]:
    return {**_told(expected), "clauses": list(expected.clauses)}


def _told(each: Got | Expected) -> dict[str, Any]:
    from upheld.calendar.instant import iso

    return {"at": iso(each.at), "channel": each.channel, "to": each.to, "what": each.what}
