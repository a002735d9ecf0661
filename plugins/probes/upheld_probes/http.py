"""The probe `http`: a page answers as it should."""

from __future__ import annotations

from datetime import timedelta

from upheld.plugin import Probe, Reading
from upheld_probes.config import HttpConfig
from upheld_probes.http_answer import judged
from upheld_probes.http_client import fetch
from upheld_probes.reading import Attempt, now, read
from upheld_probes.verdict import Seen


class Http(Probe[HttpConfig]):
    """Asks for a page."""

    name = "http"
    Config = HttpConfig
    conformance = "upheld_probes.conformance"

    async def read(self, target: HttpConfig, deadline: timedelta) -> Reading:
        """One request, and one for each redirect that is followed."""
        return await read(self.name, deadline, target.slow_after, lambda look: _look(target, look))


async def _look(target: HttpConfig, attempt: Attempt) -> Seen:
    return judged(target, await fetch(target, attempt), now())
