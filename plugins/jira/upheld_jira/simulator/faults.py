"""What goes wrong on demand: answers that never come, limits in each of their forms."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import Final, Literal, TypeAlias

from upheld_jira.simulator.wire import Reply

#: ``drop_reply``: it is done, and the connection cut before the answer; the others: nothing is done.
Cut: TypeAlias = Literal["drop_reply", "reset", "timeout"]
#: Why the cloud limits.
Reason: TypeAlias = Literal["jira-burst-based", "jira-per-issue-on-write", "jira-cost-based"]

_NEAR: Final = 5  # where less than a fifth of the burst is left


@dataclass(frozen=True, slots=True)
class Fault:
    """Strikes the next requests of which "METHOD path" matches ``on``."""

    what: Reply | Cut
    on: re.Pattern[str]


@dataclass
class Faults:
    """Faults that wait for their request, and the rate limit."""

    waiting: list[Fault] = field(default_factory=list)
    #: Requests in a second of policy time; None: as many as come.
    rate: int | None = None
    _recent: list[datetime] = field(default_factory=list)

    def strike(self, what: int | Cut | Reply, times: int, on: str) -> None:
        """Let the next requests meet this; a number is a status."""
        said = {"errorMessages": ["scripted fault"], "errors": {}}
        fault = Fault(Reply(what, said) if isinstance(what, int) else what, re.compile(on))
        self.waiting.extend([fault] * times)

    def take(self, request: str) -> Reply | Cut | None:
        """What strikes this request."""
        for fault in self.waiting:
            if fault.on.search(request):
                self.waiting.remove(fault)
                return fault.what
        return None

    def limited(self, now: datetime, *, cloud: bool) -> tuple[Reply | None, Mapping[str, str]]:
        """A refusal where there were too many, and the headers that every answer bears."""
        if self.rate is None:
            return None, {}
        self._recent = [at for at in self._recent if now - at < timedelta(seconds=1)]
        left = self.rate - len(self._recent)
        if left <= 0:
            return limit(now, cloud=cloud), {}
        self._recent.append(now)
        return None, _told(self.rate, left - 1, now, cloud=cloud)


def limit(
    now: datetime,
    *,
    cloud: bool,
    after: str | None = "7",
    reason: Reason = "jira-burst-based",
) -> Reply:
    """429; ``after`` is Retry-After as it stands in the header: seconds, a date, or None."""
    headers = {} if after is None else {"Retry-After": after}
    headers |= _told(100, 0, now, cloud=cloud)
    if cloud:
        headers["RateLimit-Reason"] = reason
    return Reply(429, {"errorMessages": ["Rate limit exceeded."], "errors": {}}, headers)


def at_date(at: datetime) -> str:
    """Retry-After as a date."""
    return format_datetime(at, usegmt=True)


def _told(most: int, left: int, now: datetime, *, cloud: bool) -> dict[str, str]:
    told = {"X-RateLimit-Limit": str(most), "X-RateLimit-Remaining": str(left)}
    if not cloud:
        return told | {"X-RateLimit-Interval-Seconds": "1", "X-RateLimit-FillRate": str(most)}
    told["X-RateLimit-Reset"] = (now + timedelta(minutes=1)).strftime("%Y-%m-%dT%H:%MZ")
    return told | ({"X-RateLimit-NearLimit": "true"} if left * _NEAR < most else {})
