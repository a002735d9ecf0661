"""What a site of BMC's making calls its forms and fields. Each name can be set otherwise. Pure.

What sites customise most is here in one place: BMC documents no API, and these are the names that
working integrations use. `upheld check` holds them against the server.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

STATUSES: Final = (
    "New",
    "Assigned",
    "In Progress",
    "Pending",
    "Closed",
    "Cancelled",
    "Resolved",
)


@dataclass(frozen=True, slots=True)
class Name:
    """What one of our fields is called: where incidents are read, modified, created; None: it is not
    there. ``date``: it holds an instant. ``longest`` is how many characters it takes."""

    read: str
    modify: str | None = None
    create: str | None = None
    date: bool = False
    longest: int | None = None


def everywhere(name: str, *, longest: int | None = None) -> Name:
    """One name on all forms."""
    return Name(name, name, name, longest=longest)


@dataclass(frozen=True, slots=True)
class Forms:
    """The forms: incidents are read from one, modified through another, created through a third."""

    incidents: str = "HPD:Help Desk"
    modify: str = "HPD:IncidentInterface"
    create: str = "HPD:IncidentInterface_Create"
    notes: str = "HPD:WorkLog"
    people: str = "CTM:People"


@dataclass(frozen=True, slots=True)
class Preset:
    """The names of one generation of ITSM. ``answers``: a create tells what it stored when asked to,
    else the row of the staging form that it points to is read."""

    forms: Forms
    fields: Mapping[str, Name]
    modify_action: str
    create_action: str = "z1D_Action"
    answers: bool = True


_FIELDS: Final[Mapping[str, Name]] = {
    "resolution": Name("Resolution", "Resolution"),
    "title": everywhere("Description", longest=100),
    "text": Name("Detailed Decription", "Detailed Decription", "Detailed_Decription"),
    "status": everywhere("Status"),
    "status_reason": everywhere("Status_Reason"),
    "impact": everywhere("Impact"),
    "urgency": everywhere("Urgency"),
    "assignee": everywhere("Assignee Login ID"),
    "group": everywhere("Assigned Group"),
    "service_type": Name("Service Type", "Service Type", "Service_Type"),
    "source": Name("Reported Source", "Reported Source", "Reported Source"),
    "priority": Name("Priority"),
    "number": Name("Incident Number"),
    "organization": Name("Company"),
}
_ITSM_20: Final = Preset(Forms(), _FIELDS, modify_action="z1D Action")
PRESETS: Final[Mapping[str, Preset]] = {
    "itsm-9": replace(_ITSM_20, modify_action="z1D_Action", answers=False),
    "itsm-20": _ITSM_20,
    "helix": _ITSM_20,
}
