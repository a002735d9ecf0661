"""Which pages an incident is of. One that an event opened has no key of its own: its alerts have.

Several alerts may be grouped into one incident: who answers it answers each that is there by then, and
nobody has seen what joins it later. Source: parameter ``incident_key`` of "List incidents", and "List
alerts for an incident", PagerDuty REST API v2.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from upheld.plugin import Gone
from upheld_pagerduty.rest import RestClient

_PAGE: Final = 100
#: More alerts than this are not looked through.
_MOST: Final = 1000
#: The alerts of so many incidents are remembered.
_REMEMBERED: Final = 5000


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert: since when it is there (None: it does not say), and its page's thread, if it has any."""

    since: datetime | None
    key: str

    def was_there(self, at: datetime | None) -> bool:
        """Whether it stood there at that instant; None is now. One without a time counts as later: a page
        that nobody answered must not rest."""
        return at is None or (self.since is not None and self.since <= at)


class Alerts:
    """Reads the alerts of incidents, each once for as long as none is added. ``asked``: how often."""

    def __init__(self, client: RestClient) -> None:
        self._client = client
        self._known: dict[tuple[str, int], tuple[Alert, ...]] = {}
        self.asked = 0

    def keys(self, incident: Mapping[str, Any], at: datetime | None = None) -> tuple[str, ...]:
        """The threads of an incident's pages, as they were at that instant; nothing where it is nobody's
        of ours."""
        if incident.get("incident_key"):
            return (str(incident["incident_key"]),)
        found = self._of(incident) if incident.get("id") else ()
        return tuple(each.key for each in found if each.key and each.was_there(at))

    def _of(self, incident: Mapping[str, Any]) -> tuple[Alert, ...]:
        count = int((incident.get("alert_counts") or {}).get("all") or 0)
        name = str(incident["id"]), count
        if name in self._known:
            return self._known[name]
        self.asked += 1
        found = tuple(self._read(name[0]))
        # The list may come later than the count: what it lacks yet would be missed for good.
        if len(found) >= min(count, _MOST):
            self._known[name] = found
        if len(self._known) > _REMEMBERED:
            self._known.pop(next(iter(self._known)))
        return found

    def _read(self, incident: str) -> Iterator[Alert]:
        for offset in range(0, _MOST, _PAGE):
            asked = {"limit": str(_PAGE), "offset": str(offset)}
            try:
                page = self._client.read(f"/incidents/{incident}/alerts", **asked)
            except Gone:
                return
            yield from map(_alert, page.get("alerts") or ())
            if not page.get("more"):
                return


def _alert(found: Mapping[str, Any]) -> Alert:
    since = found.get("created_at")
    key = str(found.get("alert_key") or "")
    return Alert(datetime.fromisoformat(str(since)) if since else None, key)
