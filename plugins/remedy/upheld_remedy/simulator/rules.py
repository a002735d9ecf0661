"""What ITSM's workflow demands of an incident, and how it says no."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

STATUSES: Final = ("New", "Assigned", "In Progress", "Pending", "Resolved", "Closed", "Cancelled")
IMPACTS: Final = (
    "1-Extensive/Widespread",
    "2-Significant/Large",
    "3-Moderate/Limited",
    "4-Minor/Localized",
)
URGENCIES: Final = ("1-Critical", "2-High", "3-Medium", "4-Low")
ENUMS: Final[Mapping[str, tuple[str, ...]]] = {
    "Status": STATUSES,
    "Impact": IMPACTS,
    "Urgency": URGENCIES,
    "View Access": ("Internal", "Public"),
    "Secure Work Log": ("No", "Yes"),
}
_LONGEST: Final = {"Description": 100}
_FINAL: Final = frozenset({"Closed", "Cancelled"})
_ASSIGNED: Final = frozenset({"In Progress", "Pending", "Resolved", "Closed"})
_RESTORATION: Final = frozenset({"User Service Restoration", "Infrastructure Restoration"})


class ArError(Exception):
    """An answer that tells of a failure: a status, and messages (number, text, appended text)."""

    def __init__(self, status: int, *told: tuple[int, str, str | None]) -> None:
        super().__init__(told)
        self.status, self.told = status, told

    def body(self) -> list[dict[str, Any]]:
        """As AR System writes it."""
        return [
            {
                "messageType": "ERROR",
                "messageText": text,
                "messageAppendedText": appended,
                "messageNumber": number,
            }
            for number, text, appended in self.told
        ]


def weight(impact: str, urgency: str) -> int:
    """What the priority of an incident is computed from."""
    return (9, 5, 3, 0)[IMPACTS.index(impact)] + (20, 15, 10, 0)[URGENCIES.index(urgency)]


def priority(impact: str, urgency: str) -> str:
    """The priority that follows."""
    weighs = weight(impact, urgency)
    steps = ((24, "Critical"), (18, "High"), (10, "Medium"))
    return next((name for least, name in steps if weighs >= least), "Low")


def check_values(values: Mapping[str, Any]) -> None:
    """Values that are none of a list, or too long."""
    for name, value in values.items():
        if value is None:
            continue
        if name in ENUMS and value not in ENUMS[name]:
            raise ArError(500, (306, "Value does not fall within the limits of the field", name))
        if len(str(value)) > _LONGEST.get(name, 100_000):
            raise ArError(500, (306, "Value does not fall within the limits of the field", name))


def check_move(before: Mapping[str, Any], after: Mapping[str, Any], *, master: bool) -> None:
    """A change of an incident against the lifecycle; a ``master`` may open again what is closed."""
    if "Priority" in after and after["Priority"] != before.get("Priority"):
        raise ArError(500, (331, "You do not have write access to field", "Priority"))
    status, was = after["Status"], before.get("Status")
    if was in _FINAL and status != was and not master:
        raise ArError(500, (48282, "A closed incident can not be modified", str(was)))
    lacking = [name for name in _needed(status, after) if not after.get(name)]
    if status != was and lacking:
        told = (
            (1291052, "Required field is not specified for this status", name) for name in lacking
        )
        raise ArError(500, *told)


def _needed(status: str, incident: Mapping[str, Any]) -> list[str]:
    needed = ["Assignee Login ID"] if status in _ASSIGNED else []
    if status == "Pending":
        needed.append("Status_Reason")
    if status == "Resolved":
        needed.append("Status_Reason")
        needed += ["Resolution"] if incident.get("Service Type") in _RESTORATION else []
    return needed
