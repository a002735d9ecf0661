"""Draws the pictures of docs/ that show the program: ``python scripts/pictures.py``."""

from __future__ import annotations

import io
import re
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.markup import escape
from rich.padding import Padding

from upheld import demo
from upheld.calendar.instant import HOUR, MINUTE, parse
from upheld.cli.demo import Timeline, evidence
from upheld.logs import silence
from upheld.report.availability import Target
from upheld.report.plot import plot
from upheld.report.uptime import Health, Stretch
from upheld.testing.on_jira import OnJira
from upheld.testing.stage import START

#: A month of three servers: from which hour on each was what.
MONTH: Final[Mapping[str, Sequence[tuple[float, Health]]]] = {
    "globex/router": [(0, Health.UP), (9 * 24 + 2, Health.PLANNED), (9 * 24 + 4, Health.UP)],
    "globex/spare": [(0, Health.UP), (20 * 24, Health.DEGRADED), (21.5 * 24, Health.UP)],
    "globex/www": [
        (0, Health.UP),
        (3 * 24 + 9.5, Health.DOWN),
        (3 * 24 + 14.2, Health.UP),
        (9 * 24 + 2, Health.PLANNED),
        (9 * 24 + 4, Health.UP),
        (17 * 24 + 22, Health.DOWN),
        (18 * 24 + 7, Health.UP),
        (25 * 24 + 1, Health.INCONCLUSIVE),
        (25 * 24 + 5, Health.UP),
    ],
}

PICTURES = Path(__file__).resolve().parent.parent / "docs" / "pictures"

#: A picture loads nothing from elsewhere: readers' own fonts will do.
FONTS: Final = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)


#: Minutes into the demo's story at which the issue is looked at: a status was due, and work begun.
LOOKED_AT: Final = 185


def main() -> None:
    """The demo, as it looks in a terminal, and the issue that it leaves in Jira."""
    silence()
    for name, title, drawing in (
        ("demo", "upheld demo", played),
        ("jira", "SUP-1 in Jira", issue),
    ):
        console = Console(
            record=True, width=84, file=io.StringIO(), force_terminal=True, highlight=False
        )
        with tempfile.TemporaryDirectory() as folder:
            drawing(Path(folder), console)
        drawn = FONTS.sub("", console.export_svg(title=title, unique_id=name))
        (PICTURES / f"{name}.svg").write_text(drawn, encoding="utf-8")
    (PICTURES / "availability.svg").write_text(watched(), encoding="utf-8")


def played(folder: Path, console: Console) -> None:
    """The whole story, with its evidence."""
    evidence(console, demo.play(folder, Timeline(console, pace=0.0)))


def issue(folder: Path, console: Console) -> None:
    """What an engineer sees of it in Jira."""
    with OnJira(folder) as stage:
        for beat in demo.BEATS:
            if beat.minute < LOOKED_AT:
                stage.forward_to(parse(START) + beat.minute * MINUTE)
                beat.act(stage)
                stage.settle()
        stage.forward_to(parse(START) + LOOKED_AT * MINUTE)
        found, due = stage.jira.issue("SUP-1"), stage.due("SUP-1")
    assert due is not None
    console.print(f"[bold]SUP-1  {found.values['summary']}[/]   [reverse] {found.status} [/]\n")
    console.print(f"  Priority    {found.values['priority']}")
    console.print(f"  Upheld due  {due:%d %b %Y %H:%M} UTC")
    console.print(f"  Labels      {', '.join(found.values['labels'])}")
    console.print(f"\n  {str(found.values['description']).strip()}\n")
    for said in found.comments:
        who = {"upheld": "Upheld", "bo": "Bo Lindt"}[said.by]
        whom = "[cyan]customer reads it[/]" if said.public else "[yellow]internal[/]"
        console.print(f"  [dim]{said.at:%H:%M}[/]  [bold]{who}[/]  {whom}")
        console.print(Padding(escape(shortened(said.text)), (0, 0, 1, 9)))


def watched() -> str:
    """What `upheld report --availability --svg` draws of a month."""
    begins = parse("2026-10-01T00:00:00+00:00")
    targets = []
    for name, hours in MONTH.items():
        edges = [*(hour for hour, _ in hours), 31 * 24]
        stretches = (
            Stretch(begins + round(since * HOUR), begins + round(until * HOUR), health)
            for (since, health), until in zip(hours, edges[1:], strict=True)
        )
        targets.append(Target(name, name, "UTC", tuple(stretches), customer="globex"))
    return plot(targets, "Availability, October 2026")


def shortened(text: str) -> str:
    """The first lines that say something."""
    lines = [line for line in text.splitlines() if line.strip()]
    return "\n".join(lines[:4] + (["…"] if len(lines) > 4 else []))


if __name__ == "__main__":
    main()
