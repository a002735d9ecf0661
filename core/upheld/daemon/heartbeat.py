"""The outgoing heartbeat: a dead man's switch elsewhere is called while all is well, and pages when it isn't.

It is what is left when this machine, its network or its last channel to the operator is gone.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from pydantic import SecretStr

from upheld.calendar.instant import SECOND, Span
from upheld.context import http_session
from upheld.plugin import Logger, PluginError
from upheld.seam import timed

HARD_STOP: Final[Span] = 15 * SECOND
_NAME: Final = "watch_me"


@dataclass(slots=True)
class Heartbeat:
    """Calls ``url`` (whoever knows it could keep the switch quiet, so it is never shown)."""

    url: SecretStr | None
    log: Logger
    broken: bool = field(default=False)

    def beat(self, *, clean: bool) -> bool:
        """Call it after an audit whose answer was clean; whether it was called and answered well."""
        if self.url is None or not clean:
            return False
        try:
            status = timed(_NAME, self._get, HARD_STOP)
        except PluginError as error:
            return self._settled(error.what)
        return self._settled(None if 200 <= status < 300 else f"it answered {status}")

    def _get(self) -> int:
        assert self.url is not None
        with http_session() as session:
            return session.get(self.url.get_secret_value()).status_code

    def _settled(self, wrong: str | None) -> bool:
        if wrong is not None and not self.broken:
            self.log.error("heartbeat_failed", error=wrong)
        elif wrong is None and self.broken:
            self.log.info("heartbeat_back")
        self.broken = wrong is not None
        return wrong is None
