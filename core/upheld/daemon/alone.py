"""One connection at work without a daemon: for commands that ask something of a single far end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from upheld.daemon.assembly import Configured, connected
from upheld.daemon.site import Site
from upheld.seam import Live


@contextmanager
def alone(site: Site, each: Configured, folder: Path) -> Iterator[Live]:
    """The connection as the daemon would have it, with ``folder`` for its own; closed in the end."""
    config = site.config
    live = connected(each, folder, site.ledger, site.clock, config.site, config.public_url)
    try:
        yield live
    finally:
        live.close()
