"""What upheld.yaml says of reaching people, as dispatch takes it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from upheld.config import Config
from upheld.config.model import SiteReach
from upheld.directory import Directory
from upheld.directory.written import WayEntry
from upheld.dispatch.failover import Patience
from upheld.dispatch.reaching import NEXT_ON_DUTY
from upheld.dispatch.routes import Way, Ways
from upheld.errors import ConfigError
from upheld.plugin import Channel
from upheld.source import suggest


@dataclass(frozen=True, slots=True)
class Reach:
    """How people are reached; ``channels`` are those of each connection that reaches anybody."""

    config: Config
    channels: Mapping[str, frozenset[Channel]]

    def ways(self) -> Ways:
        """As written in ``reach``, else over what can reach them."""
        reach, heard = self.config.reach, self._heard_by()
        mail = (Way(Channel.MAIL, heard),) if heard else ()
        return Ways(
            page=self._written(reach.page) or self._any(Channel.PAGE),
            call=self._written(reach.call) or self._any(Channel.VOICE),
            notify=self._written(reach.notify) or mail,
            customer=mail,
        )

    def own_ways(self) -> Mapping[str, Ways]:
        """By person, for those who have ways of their own; what these don't say is the site's."""
        usual, people = self.ways(), self.config.people.items()
        return {
            name: replace(
                usual,
                page=self._written(person.reach.page) or usual.page,
                call=self._written(person.reach.call) or usual.call,
                notify=self._written(person.reach.notify) or usual.notify,
            )
            for name, person in people
            if person.reach is not None
        }

    def _heard_by(self) -> str | None:
        named = self.config.customers_hear_by
        return named or next((way.connection for way in self._any(Channel.MAIL)), None)

    def _written(self, ways: Iterable[WayEntry] | None) -> tuple[Way, ...]:
        return tuple(self._way(way) for way in ways or ())

    def _way(self, way: WayEntry) -> Way:
        if way.channel is not None:
            return Way(Channel(way.channel), way.connection)
        channels = self.channels.get(way.connection, frozenset())
        first = next(
            (each for each in Channel if each in channels and each is not Channel.MAIL), None
        )
        return Way(
            Channel.PAGE if Channel.PAGE in channels else first or Channel.MAIL, way.connection
        )

    def _any(self, channel: Channel) -> tuple[Way, ...]:
        return tuple(
            Way(channel, name) for name, channels in self.channels.items() if channel in channels
        )


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
