"""One connection at work without a daemon: for commands that ask something of a single far end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from upheld.context import ConnectionContext, Vault
from upheld.daemon.assembly import Configured
from upheld.daemon.site import Site
from upheld.logs import logger
from upheld.seam import Live


@contextmanager
def alone(site: Site, each: Configured, folder: Path) -> Iterator[Live]:
    """The connection as the daemon would have it, with ``folder`` for its own; closed in the end."""
    name = each.source.name
    context = ConnectionContext(
        name=name,
        site=site.config.site,
        public_url=site.config.public_url,
        folder=folder,
        log=logger(connection=name),
        vault=Vault(site.ledger, name),
        clock=site.clock,
    )
    live = Live(name, each.plugin(each.config, context))
    try:
        yield live
    finally:
        live.close()
