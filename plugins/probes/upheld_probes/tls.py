"""The probe `tls`: a certificate that can be trusted, and when it ends."""

from __future__ import annotations

from datetime import timedelta

from upheld.plugin import Probe, Reading
from upheld_probes.config import TlsConfig
from upheld_probes.line import Place, line, trusting
from upheld_probes.reading import Attempt, now, read
from upheld_probes.verdict import Seen, end_of, ending, up


class Certificate(Probe[TlsConfig]):
    """Shakes hands."""

    name = "tls"
    Config = TlsConfig
    conformance = "upheld_probes.conformance"

    async def read(self, target: TlsConfig, deadline: timedelta) -> Reading:
        """One handshake."""
        return await read(self.name, deadline, target.slow_after, lambda look: _look(target, look))


async def _look(target: TlsConfig, attempt: Attempt) -> Seen:
    place = Place(target.host, target.port, target.private, target.name)
    async with line(place, attempt, trusting(target.ca)) as opened:
        ends = end_of(opened[1].get_extra_info("peercert"))
    name = target.name or target.host
    soon = ending(name, ends, now(), target.certificate_days)
    return up(f"certificate of {name} ends on {ends:%Y-%m-%d}" if ends else "").but(soon)
