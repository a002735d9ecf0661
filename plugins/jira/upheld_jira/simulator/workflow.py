"""Statuses and the moves between them, with the fields that a move asks for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from upheld_jira.simulator.wire import Call, Json

_CATEGORIES: Final = {"new": (2, "To Do"), "indeterminate": (4, "In Progress"), "done": (3, "Done")}


@dataclass(frozen=True, slots=True)
class Status:
    """``category`` is new, indeterminate or done."""

    id: str
    name: str
    category: str

    def shown(self, call: Call) -> Json:
        """As the API shows it."""
        number, words = _CATEGORIES[self.category]
        return {
            "self": call.link(f"status/{self.id}"),
            "description": "",
            "iconUrl": f"{call.site.url}/images/icons/statuses/generic.png",
            "name": self.name,
            "id": self.id,
            "statusCategory": {
                "self": call.link(f"statuscategory/{number}"),
                "id": number,
                "key": self.category,
                "colorName": "blue-gray",
                "name": words,
            },
        }


@dataclass(frozen=True, slots=True)
class Move:
    """A transition; ``source`` empty is any status. ``clears`` empties the resolution."""

    id: str
    name: str
    source: str
    target: str
    requires: tuple[str, ...] = ()
    clears: bool = False


@dataclass(slots=True)
class Workflow:
    """Statuses by name, first the one that an issue starts with."""

    statuses: dict[str, Status] = field(default_factory=dict)
    moves: list[Move] = field(default_factory=list)

    def status(self, name: str, category: str) -> Status:
        """Add a status."""
        made = Status(str(len(self.statuses) + 10001), name, category)
        self.statuses[name] = made
        return made

    def move(
        self, name: str, source: str, target: str, *requires: str, clears: bool = False
    ) -> Move:
        """Add a move; ``source`` empty: from anywhere."""
        made = Move(str(10 * len(self.moves) + 11), name, source, target, requires, clears)
        self.moves.append(made)
        return made

    def moves_from(self, status: str) -> list[Move]:
        """What can be done from here."""
        return [each for each in self.moves if each.source in ("", status)]

    @property
    def first(self) -> str:
        """Where an issue starts."""
        return next(iter(self.statuses))


def service_desk() -> Workflow:
    """A workflow as Jira Service Management proposes it for incidents: a resolution is asked for, and
    nobody gets to Closed in one move. Archived can't be reached at all."""
    flow = Workflow()
    flow.status("Open", "new")
    flow.status("Work in progress", "indeterminate")
    flow.status("Waiting for customer", "indeterminate")
    flow.status("Resolved", "done")
    flow.status("Closed", "done")
    flow.status("Archived", "done")
    flow.move("Start work", "Open", "Work in progress")
    flow.move("Respond to customer", "Work in progress", "Waiting for customer")
    flow.move("Respond to support", "Waiting for customer", "Work in progress")
    flow.move("Resolve", "Work in progress", "Resolved", "resolution")
    flow.move("Close", "Resolved", "Closed")
    flow.move("Reopen", "Resolved", "Open", clears=True)
    flow.move("Reopen issue", "Closed", "Open", clears=True)
    return flow
