"""Draws the pictures of docs/ that show the program: ``python scripts/pictures.py``."""

from __future__ import annotations

import io
import re
import tempfile
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.markup import escape
from rich.padding import Padding

from upheld import demo
from upheld.calendar.instant import MINUTE, parse
from upheld.cli.demo import Timeline, evidence
from upheld.logs import silence
from upheld.testing.on_jira import OnJira
from upheld.testing.stage import START

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


def shortened(text: str) -> str:
    """The first lines that say something."""
    lines = [line for line in text.splitlines() if line.strip()]
    return "\n".join(lines[:4] + (["…"] if len(lines) > 4 else []))


if __name__ == "__main__":
    main()
