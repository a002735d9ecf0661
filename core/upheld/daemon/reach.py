"""What upheld.yaml says of reaching people, as dispatch takes it."""

from __future__ import annotations

from upheld.config import Config
from upheld.config.model import SiteReach
from upheld.directory import Directory
from upheld.dispatch.failover import Patience
from upheld.dispatch.reaching import NEXT_ON_DUTY
from upheld.errors import ConfigError
from upheld.plugin import Channel
from upheld.source import suggest


def patience(reach: SiteReach) -> Patience:
    """How long one way may take."""
    by_channel = {Channel(name): span for name, span in reach.each_on.items()}
    return Patience(
        delivered=reach.delivered,
        acknowledged=reach.each,
        holds=reach.acknowledged_for,
        by_channel=by_channel,
        by_severity=reach.each_at,
    )


def comes_then(config: Config, directory: Directory) -> str | None:
    """Who comes after the last way; ``ConfigError`` for a name that means nobody, before it is needed."""
    then = config.reach.then
    known = {NEXT_ON_DUTY, *directory.roles, *directory.people, *directory.rotations}
    if then is not None and then not in known:
        raise ConfigError(
            f"reach.then: there is nobody called {then!r}",
            where=config.document.place("reach", "then"),
            do_next=suggest(then, known),
        )
    return then
