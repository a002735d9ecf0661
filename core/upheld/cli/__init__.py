"""The command line: one file a command group, each imported when its command is called."""

from __future__ import annotations

from upheld.cli.root import upheld as main

__all__ = ["main"]
