"""What is watched, as upheld.yaml says it: monitors, internet providers, and when we believe ourselves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final, TypeAlias

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from upheld.calendar.instant import SECOND
from upheld.config.lapse import Lapse
from upheld.directory.written import Entry, Mail, Names, listed

#: Keys of a monitor that are the core's; the rest belongs to its probe.
MONITOR_KEYS: Final = (
    "of",
    "customer",
    "provider",
    "system",
    "runs",
    "probe",
    "fed_by",
    "grace",
    "requests",
    "after",
    "backup_of",
)


class MonitorEntry(Entry):
    """One thing that is watched. ``options`` are the keys that its probe's ``Config`` takes."""

    name: str
    of: str = Field("servers", description="its kind, as clauses say whom they are for")
    customer: str | None = Field(None, description="whose it is; left out: our own")
    provider: str | None = Field(None, description="the internet provider who runs it")
    system: str | None = Field(None, description="the customer's system that it belongs to")
    runs: str | None = Field(
        None, description="the product whose version it tells: advisories of it concern it"
    )
    probe: str | None = Field(None, description="how it is asked: http, tcp, tls, dns, ping …")
    fed_by: str | None = Field(
        None, description="the connection that tells of it, where nobody asks it"
    )
    grace: Lapse | None = Field(
        None, description="with `fed_by`: it has to be heard of each `every`, and so much later"
    )
    requests: int | None = Field(
        None,
        gt=0,
        description="so many failures in a row are an outage; left out: as the clause says, and with "
        "`fed_by` one, for whoever tells of it has counted",
    )
    after: Names = Field(
        (), description="monitors that it lies behind: it can't answer without them"
    )
    backup_of: str | None = Field(None, description="the monitor for which it stands in")
    options: Mapping[str, Any] = Field(default_factory=dict, repr=False)

    @classmethod
    def split(cls, written: Any) -> Any:
        """The core's keys and, under ``options``, the probe's."""
        if not isinstance(written, Mapping) or "options" in written:
            return written
        own = {key: written[key] for key in MONITOR_KEYS if key in written}
        return own | {"options": {key: each for key, each in written.items() if key not in own}}

    @model_validator(mode="after")
    def _asked_or_fed(self) -> MonitorEntry:
        if (self.probe is None) == (self.fed_by is None):
            raise ValueError("needs `probe`, or `fed_by`, and not both")
        if self.grace is not None and self.fed_by is None:
            raise ValueError("`grace` is for what is heard of: it needs `fed_by`")
        return self


class ProviderEntry(Entry):
    """An internet provider, with whom outages of their lines are taken up (P-05)."""

    name: str = Field(description="as others call them")
    mail: Mail | None = Field(None, description="where they take notice of an outage")


def _place(text: str) -> str:
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit() or not 0 < int(port) < 65536:
        raise ValueError(f"{text!r} is no place: write 192.0.2.1:443")
    return text


Places: TypeAlias = Annotated[
    tuple[Annotated[str, AfterValidator(_place)], ...], BeforeValidator(listed)
]


class WatchingEntry(Entry):
    """When we believe what we read."""

    link: Places = Field(
        (), description="`host:port` of what answers while our own line does; none of them: blind"
    )
    blind_above: int = Field(
        50, gt=0, le=100, description="percent of all that is asked; if more fails at once: blind"
    )
    at_once: int = Field(
        50, gt=0, description="how many requests may be under way at the same time"
    )
    timeout: Lapse = Field(
        10 * SECOND, description="how long one request may take; what takes longer has failed"
    )
