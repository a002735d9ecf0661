"""Draws the pictures of docs/ that show the program: ``python scripts/pictures.py``."""

from __future__ import annotations

import io
import tempfile
from pathlib import Path

from rich.console import Console

from upheld import demo
from upheld.cli.demo import Timeline, evidence
from upheld.logs import silence

PICTURES = Path(__file__).resolve().parent.parent / "docs" / "pictures"


def main() -> None:
    """The demo, as it looks in a terminal."""
    silence()
    console = Console(
        record=True, width=84, file=io.StringIO(), force_terminal=True, highlight=False
    )
    with tempfile.TemporaryDirectory() as folder:
        result = demo.play(Path(folder), Timeline(console, pace=0.0))
    evidence(console, result)
    console.save_svg(str(PICTURES / "demo.svg"), title="upheld demo")


if __name__ == "__main__":
    main()
