"""What stands behind the socket: the site, and what can go wrong on the way to it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from upheld.simulator import Asked
from upheld.simulator import Cut as HttpCut
from upheld.simulator import Reply as HttpReply
from upheld_jira.simulator.doors import Doors
from upheld_jira.simulator.faults import Cut, Faults
from upheld_jira.simulator.router import answer
from upheld_jira.simulator.site import Site
from upheld_jira.simulator.wire import Reply


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request and what was answered, by Jira Cloud or by Data Center."""

    asked: Asked
    reply: Reply
    cloud: bool


@dataclass
class Desk:
    """Everything behind the socket, one request at a time."""

    site: Site
    doors: Doors
    faults: Faults = field(default_factory=Faults)
    watch: Callable[[Exchange], None] | None = None

    def take(self, asked: Asked) -> HttpReply | HttpCut:
        """The reply on the wire, or how the connection ends instead."""
        answered = self._answered(asked)
        if not isinstance(answered, Reply):
            return "drop" if answered == "drop_reply" else answered
        return HttpReply(answered.status, answered.content, answered.media, answered.headers)

    def _answered(self, asked: Asked) -> Reply | Cut:
        with self.site.lock:
            struck = self.faults.take(f"{asked.method} {asked.path}")
            if isinstance(struck, Reply) or struck in ("reset", "timeout"):
                return struck
            refused, told = self.faults.limited(self.site.clock(), cloud=self.site.cloud)
            reply = refused or answer(self.site, self.doors, asked)
            reply = replace(reply, headers={**told, **reply.headers})
        if self.watch is not None:
            self.watch(Exchange(asked, reply, self.site.cloud))
        return struck or reply
