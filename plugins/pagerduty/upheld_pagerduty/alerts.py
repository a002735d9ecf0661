"""Which pages an incident is of. One that an event opened has no key of its own: its alerts have.

Several alerts may be grouped into one incident: who answers it answers each of them. Source: parameter
``incident_key`` of "List incidents", and "List alerts for an incident", PagerDuty REST API v2.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from upheld.plugin import Gone
from upheld_pagerduty.rest import RestClient

_PAGE: Final = 100
#: More alerts than this are not looked through.
_MOST: Final = 1000
#: The alerts of so many incidents are remembered.
_REMEMBERED: Final = 5000


class Alerts:
    """Reads the alerts of incidents, each once for as long as none is added."""

    def __init__(self, client: RestClient) -> None:
        self._client = client
        self._known: dict[tuple[str, int], tuple[str, ...]] = {}

    def keys(self, incident: Mapping[str, Any]) -> tuple[str, ...]:
        """The threads of an incident's pages; nothing where it is nobody's of ours."""
        if incident.get("incident_key"):
            return (str(incident["incident_key"]),)
        name = str(incident.get("id") or ""), (incident.get("alert_counts") or {}).get("all", 0)
        if name not in self._known:
            self._known[name] = tuple(self._read(name[0])) if name[0] else ()
        if len(self._known) > _REMEMBERED:
            self._known.pop(next(iter(self._known)))
        return self._known[name]

    def _read(self, incident: str) -> Iterator[str]:
        for offset in range(0, _MOST, _PAGE):
            asked = {"limit": str(_PAGE), "offset": str(offset)}
            try:
                page = self._client.read(f"/incidents/{incident}/alerts", **asked)
            except Gone:
                return
            found = (each.get("alert_key") for each in page.get("alerts") or ())
            yield from (str(each) for each in found if each)
            if not page.get("more"):
                return
