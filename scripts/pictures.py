"""Draws the pictures of docs/ that show the program: ``python scripts/pictures.py``."""

from __future__ import annotations

import io
import re
import tempfile
from pathlib import Path
from typing import Final

from rich.console import Console

from upheld import demo
from upheld.cli.demo import Timeline, evidence
from upheld.logs import silence

PICTURES = Path(__file__).resolve().parent.parent / "docs" / "pictures"

#: A picture loads nothing from elsewhere: readers' own fonts will do.
FONTS: Final = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)


def main() -> None:
    """The demo, as it looks in a terminal."""
    silence()
    console = Console(
        record=True, width=84, file=io.StringIO(), force_terminal=True, highlight=False
    )
    with tempfile.TemporaryDirectory() as folder:
        result = demo.play(Path(folder), Timeline(console, pace=0.0))
    evidence(console, result)
    drawn = FONTS.sub("", console.export_svg(title="upheld demo", unique_id="demo"))
    (PICTURES / "demo.svg").write_text(drawn, encoding="utf-8")


if __name__ == "__main__":
    main()
