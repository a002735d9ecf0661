"""The stage with Remedy behind the mailbox: what comes by mail is opened there, and worked there."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager
from typing import Any, Final

from tests.acceptance.story import Story
from upheld.testing.stage import Stage
from upheld_remedy.simulator import RemedySimulator
from upheld_remedy.simulator.forms import Row

ENGINEER: Final = "blindt"
MAP: Final = {
    "title": "title",
    "severity": {"field": "priority", "values": {"Critical": 1, "High": 2, "Medium": 3}},
    "status": {
        "open": ["New", "Assigned"],
        "worked": "In Progress",
        "waiting_customer": "Pending",
        "resolved": "Resolved",
        "closed": "Closed",
    },
}
_SECRET: Final = "STAGE_REMEDY_PASSWORD"


class RemedyStage(Stage):
    """``remedy`` is the far end, with Pat and the engineer Bo on it."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self.remedy = RemedySimulator(self.clock.as_datetime)
        people = self.remedy.stored
        people.add_person("plin", "pat@acme.example", "Pat Lin", staff=False)
        people.add_person(ENGINEER, "bo@magnolia.example", "Bo Lindt", staff=True)

    def _far_ends(self) -> Iterable[AbstractContextManager[object]]:
        return (*super()._far_ends(), self.remedy)

    def _secrets(self) -> dict[str, str]:
        return super()._secrets() | {_SECRET: self.remedy.password}

    def _config(self) -> dict[str, Any]:
        whole = super()._config()
        connections = whole["connections"]
        connections["mailbox"] |= {"cases_to": "remedy"}
        # Whom a page goes to next, where nobody answers it, is no part of these stories.
        whole["reach"] = {**whole["reach"], "delivered": "12 hours", "each": "12 hours"}
        connections["remedy"] = {
            "plugin": "remedy",
            "url": self.remedy.url,
            "user": self.remedy.user,
            "password": {"env": _SECRET},
            "with_status": {
                "In Progress": {"assignee": self.remedy.user},
                "Resolved": {"assignee": self.remedy.user, "resolution": "See the work notes."}
                | {"status_reason": "No Further Action Required"},
                "Closed": {"assignee": self.remedy.user, "resolution": "See the work notes."},
            },
            "rate": 10_000,
            "map": MAP,
            "customer_by": ["reporter_domain"],
            "staff": {"group": "Support Staff"},
        }
        return whole


class RemedyStory(Story):
    """What engineers do in Remedy, and what stands there."""

    stage: RemedyStage

    @property
    def incident(self) -> Row:
        """The one incident that there is."""
        (row,) = self.stage.remedy.incidents()
        return row

    @property
    def number(self) -> str:
        """Its number."""
        return str(self.incident["Incident Number"])

    def notes(self, view: str = "") -> list[str]:
        """Its work notes; those that are public or internal alone, if asked for."""
        notes = self.stage.remedy.notes(self.number)
        return [note["Detailed Description"] for note in notes if view in ("", note["View Access"])]

    def cycle(self, number: int = 2) -> None:
        """So often: ten seconds pass, and everything is read, decided and written."""
        for _ in range(number):
            self.forward(seconds=10)

    def say(self, text: str, *, public: bool = False) -> None:
        """Bo writes a work note."""
        note = {
            "Incident Number": self.number,
            "Work Log Type": "General Information",
            "Detailed Description": text,
            "View Access": "Public" if public else "Internal",
            "Secure Work Log": "No" if public else "Yes",
        }
        self.stage.remedy.as_people(lambda forms: forms.add_note(note, {}, ENGINEER))

    def edit(self, **values: Any) -> None:
        """Bo changes fields of the incident, by their names there with a _ for a blank."""
        named = {name.replace("_", " "): value for name, value in values.items()}
        entry = self.incident["Entry ID"]
        self.stage.remedy.as_people(lambda forms: forms.modify(entry, named, ENGINEER))
