"""What a project suggests of its own map: a proposal that a person reads and changes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from upheld.plugin import PluginError, Setup
from upheld_jira.client import JiraClient
from upheld_jira.config import JiraConfig
from upheld_jira.fields import Field
from upheld_jira.screens import Screens
from upheld_jira.site import Knowledge

_STAFF: Final = re.compile(r"agent|support|engineer|service.?desk", re.IGNORECASE)
_WAITS: Final = re.compile(r"wait|pending|hold", re.IGNORECASE)
_VENDOR: Final = re.compile(r"vendor|supplier|third.?party", re.IGNORECASE)
_ORGANISATIONS: Final = "Organizations"


class Discovery:
    """Asks a project what it has."""

    def __init__(
        self, client: JiraClient, config: JiraConfig, knowledge: Knowledge, screens: Screens
    ) -> None:
        self._client, self._config = client, config
        self._known, self._screens = knowledge, screens

    def setup(self) -> Setup:
        """Options and map for this project, and what a person has to look at."""
        groups = [name for name in self._groups() if _STAFF.search(name)][:1]
        offered = self._screens.creation()
        fields = [Field.of(each) for each in offered.values()]
        mapped = {
            "title": "summary",
            "severity": {"field": "priority", "values": severities(_words(offered, "priority"))},
            "status": statuses(self._screens.stages()),
            "assignee": "assignee",
            **_due(fields),
        }
        named = {each.name for each in fields}
        customer_by = [*(each for each in [_ORGANISATIONS] if each in named), "reporter_domain"]
        staff = {"staff": {"group": groups[0]}} if groups else {}
        options = {"groups": groups} if groups else {}
        keys = {"map": mapped, "customer_by": customer_by, **staff}
        return Setup(options, keys, tuple(self._notes(groups)))

    def _notes(self, groups: Sequence[str]) -> Iterator[str]:
        known = self._known()
        yield f"{self._config.project} has the types {', '.join(known.types)}"
        if not groups:
            yield "no group looks like your staff: say `groups` and `staff: {group: …}`"
        if known.site.portal:
            yield "say `mails_customers`: see Project settings, Customer notifications"

    def _groups(self) -> list[str]:
        """Those that the account may see; none where it may see none."""
        try:
            found = self._client.get("groups/picker", maxResults=200)
        except PluginError:
            return []
        return [str(each["name"]) for each in found["groups"]]


def severities(priorities: Sequence[str]) -> dict[str, int]:
    """Jira lists priorities with the most urgent first."""
    return {name: n for n, name in enumerate(priorities, 1)}


def statuses(stages: Sequence[tuple[str, str]]) -> dict[str, list[str]]:
    """Ours → theirs, by category and name: (status, category) in the workflow's order."""
    found: dict[str, list[str]] = {}
    for name, category in stages:
        found.setdefault(_meaning(name, category), []).append(name)
    if "closed" in found and "resolved" not in found:
        found["resolved"] = [found["closed"].pop(0)]
    return {ours: theirs for ours, theirs in found.items() if theirs}


def _meaning(name: str, category: str) -> str:
    if category == "new":
        return "open"
    if category == "done":
        return "resolved" if re.search(r"resol", name, re.IGNORECASE) else "closed"
    if not _WAITS.search(name):
        return "worked"
    return "waiting_vendor" if _VENDOR.search(name) else "waiting_customer"


def _words(offered: Mapping[str, Mapping[str, Any]], id_: str) -> list[str]:
    return [str(each["name"]) for each in offered.get(id_, {}).get("allowedValues") or ()]


def _due(fields: Sequence[Field]) -> dict[str, str]:
    """A field of instants that somebody made for it; Jira's own due date knows no time."""
    found = (each.name for each in fields if each.type == "datetime" and "due" in each.name.lower())
    name = next(found, None)
    return {"due": name} if name else {}
