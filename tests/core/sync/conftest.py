"""The desk's ledgers, for what sync does to cases."""

from __future__ import annotations

from tests.core.desk.conftest import desk, desk_on_both, ledger, on_postgresql, on_sqlite

__all__ = ["desk", "desk_on_both", "ledger", "on_postgresql", "on_sqlite"]
