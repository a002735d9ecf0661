"""Opening the ledger of a site, or making it."""

from __future__ import annotations

from upheld.config import Config
from upheld.errors import SchemaMismatch
from upheld.ledger import Ledger


def opened(config: Config, *, create: bool) -> tuple[Ledger, bool]:
    """The ledger, and whether it was made just now. Nearly always there is one: that is tried first."""
    url = config.database_url()
    try:
        return Ledger.open(url, site=config.site), False
    except SchemaMismatch:
        if not create or not create_if_new(url):
            raise
    return Ledger.open(url, site=config.site), True


def create_if_new(url: str) -> bool:
    """Make a ledger where there is none at all (True); what exists is left as it is."""
    if Ledger.exists(url):
        return False
    Ledger.create(url)
    return True
