"""The trackers of a site as sync sees them: their words, and what their items look like."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from upheld.ledger import Link
from upheld.plugin import Ability, Ref, Schema, Tracker, Visibility
from upheld.seam import Live
from upheld.sync.mirrors import shown
from upheld.sync.push import Words
from upheld.sync.words import OwnWords

#: Seconds of machine time after which a tracker is asked again what its items look like.
_FRESH: Final = 3600.0


@dataclass(slots=True)
class Trackers:
    """``maps`` has the words of connections that have a map; the others speak ours. Customers hear by
    the connection ``hears_by``."""

    lives: Mapping[str, Live]
    maps: Mapping[str, Words] = field(default_factory=dict)
    hears_by: str | None = None
    monotonic: Callable[[], float] = time.monotonic
    _schemas: dict[str, tuple[float, Schema]] = field(default_factory=dict)

    @property
    def any(self) -> bool:
        """Whether the site has a tracker at all: without one no case is to be looked at."""
        return any(map(self.tracks, self.lives))

    def tracks(self, name: str) -> bool:
        """Whether a connection is a tracker of this site."""
        return name in self.lives and isinstance(self.lives[name].plugin, Tracker)

    def shown(self, name: str, *, public: bool) -> Visibility | None:
        """Who may read a message on this tracker; None where it is not written there."""
        if not self.tracks(name):
            return None
        return shown(public, name, self.lives[name].abilities, self.hears_by)

    def unheard(self, name: str) -> bool:
        """Whether the customer hears nothing of what is answered there, unless it is mailed."""
        silent = self.tracks(name) and not self.lives[name].can(Ability.NOTIFIES_CUSTOMER)
        return silent and self.hears_by not in {None, name}

    def words(self, name: str) -> Words:
        """How the tracker calls our fields."""
        own = self.maps.get(name)
        if own is not None:
            return own
        known = self.known(name)
        return OwnWords(known.statuses if known else ())

    def known(self, name: str) -> Schema | None:
        """What its items look like, as far as it was asked before."""
        found = self._schemas.get(name)
        return found[1] if found else None

    def schema(self, live: Live) -> Schema:
        """The same, asked now where that is long ago; ``PluginError``."""
        asked, known = self._schemas.get(live.name, (0.0, None))
        if known is None or self.monotonic() - asked > _FRESH:
            plugin = live.plugin
            assert isinstance(plugin, Tracker)
            known = live.call(plugin.schema)
            self._schemas[live.name] = (self.monotonic(), known)
        return known


def ref_of(link: Link) -> Ref:
    """The item of a link, as plugins name it."""
    return Ref(link.scope, link.remote_id, link.key, link.url)
