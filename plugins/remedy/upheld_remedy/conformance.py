"""The tracker contract, over the simulator behind a proxy that can fail."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from datetime import timedelta
from typing import Any, ClassVar, Final, Self

import pytest

from upheld.plugin import Actor, Ref, Value, Visibility
from upheld.testing import SteppedClock
from upheld.testing.kit import (
    COLLEAGUE,
    MACHINE,
    SOMEBODY,
    Call,
    Fault,
    FaultProxy,
    Held,
    Stored,
    TrackerContract,
    TrackerFarEnd,
)
from upheld_remedy.adapter import Remedy
from upheld_remedy.incidents import PAGE
from upheld_remedy.mapping import key_in
from upheld_remedy.simulator import PASSWORD, USER, RemedySimulator
from upheld_remedy.simulator.forms import INCIDENTS, SLOTS, Forms

_NAMES: Final = {
    "title": "Description",
    "status": "Status",
    "status_reason": "Status_Reason",
    "resolution": "Resolution",
    "impact": "Impact",
    "urgency": "Urgency",
    "priority": "Priority",
    "assignee": "Assignee Login ID",
    "group": "Assigned Group",
    "due": "Estimated Resolution Date",
    "service_type": "Service Type",
    "source": "Reported Source",
    "organization": "Company",
    "number": "Incident Number",
}
#: What the words of ITSM mean.
MAP: Final[Mapping[str, object]] = {
    "title": "title",
    "severity": {"field": "priority", "values": {"Critical": 1, "High": 2, "Medium": 3}},
    "status": {
        "open": ["New", "Assigned"],
        "worked": "In Progress",
        "waiting_customer": "Pending",
        "resolved": "Resolved",
        "closed": "Closed",
    },
    "assignee": "assignee",
    "due": "due",
}
#: A fault of one request that waits for a request that writes: signing in and looking up are none.
_OF_A_WRITE: Final = frozenset({Fault.LOST_REPLY})


class Front(FaultProxy):
    """What stands before the server; a lost reply matters to who writes."""

    def fault(self, what: str, method: str) -> Fault | None:
        """As any proxy, but that a lost reply waits for a write."""
        waits = not _writes(method, what.partition(" ")[2])
        if waits and self._faults and self._faults[0] in _OF_A_WRITE:
            self.took(what)
            return None
        return super().fault(what, method)


def _writes(method: str, path: str) -> bool:
    """Signing in and out changes nothing there."""
    return method != "GET" and not path.startswith("/api/jwt/")


class People(TrackerFarEnd):
    """The simulator, and people who work on it past the plugin."""

    scope: ClassVar[str] = INCIDENTS
    instant_field: ClassVar[str | None] = "due"
    page: ClassVar[int] = PAGE
    keys: ClassVar[Mapping[str, object]] = {
        "map": MAP,
        "customer_by": ["reporter_domain"],
        "staff": {"group": "Support Staff", "not": [MACHINE.id]},
    }
    severity_field: ClassVar[str] = "priority"
    severities: ClassVar[tuple[Value, Value]] = ("Critical", "High")
    unmapped: ClassVar[tuple[str, Value] | None] = ("priority", "Low")
    longest: ClassVar[Mapping[str, int]] = {"title": 100}
    budget: ClassVar[Mapping[str, int]] = {"create": 6, "change": 3, "idle": 2}
    lacks: ClassVar[Mapping[str, str]] = {
        Fault.LAG.name: "AR System searches its database itself: there is no index that lags",
        "history": "an audit form has it, that not every site fills and nobody documents",
        "rename": "an incident keeps its number",
        "webhook": "the plugin takes none: a form of newer servers, unverified so far",
    }

    def __init__(self, clock: SteppedClock) -> None:
        super().__init__(clock)
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        self.server = self._stack.enter_context(RemedySimulator(self.clock.as_datetime))
        self._front = self._stack.enter_context(Front(self.server.url, writes=_writes))
        self.server.as_people(_settle)
        return self

    def __exit__(self, *exc: object) -> None:
        self._stack.close()

    @property
    def options(self) -> Mapping[str, object]:
        """The server as its administrator knows it."""
        return {
            "url": self._front.url,
            "user": USER,
            "password": PASSWORD,
            "fields": {"due": _DUE},
            "with_status": {
                "In Progress": {"assignee": USER},
                "Pending": {"assignee": USER, "status_reason": "Client Action Required"},
                "Resolved": {"assignee": USER, "status_reason": "No Further Action Required"},
                "Closed": {"assignee": USER},
            },
            "rate": 10_000,
            "timeout": 3,
        }

    def broken(self) -> Mapping[str, Mapping[str, object]]:
        """Each is told by another error."""
        return {
            "another password": {"password": "wrong"},
            "another form": {"forms": {"notes": "HPD:Nothing"}},
            "another field": {"fields": {"title": "Descripton", "due": _DUE}},
            "another path": {"url": f"{self._front.url}/elsewhere"},
            "another scope": {"only": "'Nothing' = 1"},
        }

    def calls(self) -> tuple[Call, ...]:
        """What came to the front."""
        return self._front.calls()

    def inject(self, fault: Fault) -> None:
        """At the front; what the server itself does, in the server."""
        if fault is Fault.REVOKED:
            self.server.sessions.accounts.clear()
            self.server.sessions.end_all()
        elif fault is Fault.GUEST:
            self.server.sessions.guests = True
            self.inject(Fault.REVOKED)
        elif fault is Fault.EXPIRED:
            self.server.sessions.end_all()
        elif fault is Fault.WRONG_CLOCK:
            self.server.stored.skew = timedelta(minutes=10)
        else:
            self._front.inject(fault)

    def heal(self) -> None:
        """All is well."""
        self._front.heal()
        self.server.sessions.guests = False
        self.server.sessions.accounts[USER] = PASSWORD
        self.server.stored.skew = timedelta(0)

    def ids(self) -> tuple[str, ...]:
        """By InstanceId, in the order of their numbers."""
        return tuple(row["InstanceId"] for row in self.server.incidents())

    def stored(self, ref: Ref) -> Stored:
        """As it lies in the forms."""
        row = next(each for each in self.server.incidents() if each["InstanceId"] == ref.id)
        fields = {ours: row[theirs] for ours, theirs in _NAMES.items()}
        notes = self.server.notes(row["Incident Number"])
        said = [note for note in notes if not _further(note)]
        comments = (
            Held(
                note["Detailed Description"] or "",
                note["View Access"] == "Public" and note["Secure Work Log"] == "No",
                note["Work Log Submitter"],
                note["Work Log ID"],
            )
            for note in said
        )
        files = {f"{note}/{slot}": content for (note, slot), content in self._files(notes)}
        return Stored(fields, tuple(comments), files)

    def create(self, text: str, by: Actor, fields: Mapping[str, Value]) -> Ref:
        """Through the form that creates, as a person does."""
        values = {
            "z1D_Action": "CREATE",
            "Login_ID": by.id,
            "Description": text.splitlines()[0][:100],
            "Detailed_Decription": text,
            "Impact": "3-Moderate/Limited",
            "Urgency": "3-Medium",
            "Status": "New",
            "Service_Type": "User Service Restoration",
            "Reported Source": "Phone",
            **{_NAMES[name]: value for name, value in fields.items()},
        }
        staged = self.server.as_people(lambda forms: forms.create(values, by.id))
        row = self.server.stored.incidents[staged["Incident_Entry_ID"]]
        return Ref(INCIDENTS, row["InstanceId"], row["Incident Number"])

    def edit(self, ref: Ref, by: Actor, fields: Mapping[str, Value]) -> None:
        """In their name; a priority by the impact and urgency that make it."""
        values: dict[str, Value] = {}
        for name, value in fields.items():
            pair = _PAIRS[str(value)] if name == "priority" else {_NAMES[name]: value}
            values.update(pair)
        id_ = self._row(ref)["Entry ID"]
        self.server.as_people(
            lambda forms: forms.modify(id_, {**_usual(values), **values}, by.id, master=True)
        )

    def comment(self, ref: Ref, by: Actor, text: str, visibility: Visibility) -> str:
        """A work note in their name."""
        public = visibility is Visibility.PUBLIC
        shown = {"View Access": "Public" if public else "Internal"}
        return self._noted(ref, by, text, {**shown, "Secure Work Log": "No" if public else "Yes"})

    def comment_of_unknown_visibility(self, ref: Ref, text: str) -> str:
        """The view access is empty."""
        return self._noted(ref, COLLEAGUE, text, {})

    def edit_comment(self, ref: Ref, comment: str, text: str) -> None:
        """A work note is rewritten."""
        note = {"Detailed Description": text, "Last Modified Date": self.server.stored.now()}
        self.server.as_people(lambda forms: forms.notes[comment].update(note))

    def delete_comment(self, ref: Ref, comment: str) -> None:
        """A work note is removed."""
        self.server.as_people(lambda forms: forms.notes.pop(comment))

    def public_files(self, ref: Ref) -> tuple[str, ...]:
        """Files of public notes."""
        notes = self.server.notes(self._row(ref)["Incident Number"])
        shown = [note for note in notes if note["View Access"] == "Public"]
        return tuple(note for (note, _), _ in self._files(shown))

    def delete(self, ref: Ref) -> None:
        """By an administrator."""
        id_ = self._row(ref)["Entry ID"]
        self.server.as_people(lambda forms: forms.incidents.pop(id_))

    def set_zone(self, hours: int) -> None:
        """Times are shown so."""
        self.server.api.zone = hours

    # --- parts ---

    def _row(self, ref: Ref) -> Any:
        return next(each for each in self.server.incidents() if each["InstanceId"] == ref.id)

    def _noted(self, ref: Ref, by: Actor, text: str, values: Mapping[str, str]) -> str:
        note = {
            "Incident Number": self._row(ref)["Incident Number"],
            "Work Log Type": "General Information",
            "Detailed Description": text,
            **values,
        }
        return str(
            self.server.as_people(lambda forms: forms.add_note(note, {}, by.id))["Work Log ID"]
        )

    def _files(self, notes: list[Any]) -> list[tuple[tuple[str, str], bytes]]:
        ids = {note["Work Log ID"] for note in notes}
        files = self.server.stored.files.items()
        return [
            (where, content) for where, content in files if where[0] in ids and where[1] in SLOTS
        ]


_DUE: Final = {
    "read": "Estimated Resolution Date",
    "modify": "Estimated Resolution Date",
    "date": True,
}
_PAIRS: Final[Mapping[str, Mapping[str, Value]]] = {
    "Critical": {"Impact": "1-Extensive/Widespread", "Urgency": "1-Critical"},
    "High": {"Impact": "2-Significant/Large", "Urgency": "2-High"},
    "Medium": {"Impact": "3-Moderate/Limited", "Urgency": "3-Medium"},
    "Low": {"Impact": "4-Minor/Localized", "Urgency": "4-Low"},
}


def _usual(values: Mapping[str, Value]) -> dict[str, Value]:
    """What a person fills in with a status, since the form asks for it."""
    if values.get("Status") in (None, "New", "Assigned"):
        return {}
    usual = {"Assignee Login ID": COLLEAGUE.id, "Resolution": "Done."}
    return {**usual, "Status_Reason": "No Further Action Required"}


def _further(note: Mapping[str, Any]) -> bool:
    """A note of ours that holds a file, or more files of another one."""
    summary = str(note["Description"] or "")
    return summary.endswith(")") or (key_in(summary) or "").startswith("file/")


def _settle(forms: Forms) -> None:
    """The kit's people."""
    for each in (SOMEBODY, COLLEAGUE, MACHINE):
        mail = each.addresses[0] if each.addresses else f"{each.id}@example.test"
        forms.add_person(each.id, mail, each.name, staff=each is COLLEAGUE)


class TestRemedy(TrackerContract):
    """The plugin on the simulator."""

    plugin = Remedy
    closing: dict[str, object] = {"status": "Closed"}  # noqa: RUF012

    @pytest.fixture
    def remote(self, clock: SteppedClock) -> Iterator[People]:
        """The server, empty but for its people."""
        with People(clock) as people:
            yield people
