"""The forms of ITSM that matter here, in memory: incidents, their staging form and join, notes, people.

Three counters run apart: of entries, of incident numbers, and of the staging form. Two ids that look
alike are never one by chance.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from upheld_remedy.simulator import rules
from upheld_remedy.simulator.rules import ArError

INCIDENTS, MODIFY = "HPD:Help Desk", "HPD:IncidentInterface"
CREATE, NOTES, PEOPLE = "HPD:IncidentInterface_Create", "HPD:WorkLog", "CTM:People"
SLOTS: Final = ("z2AF Work Log01", "z2AF Work Log02", "z2AF Work Log03")
SYSTEM: Final = "Remedy Application Service"
_CLOSES_AFTER: Final = timedelta(seconds=1_296_000)
#: Names of the staging form that are written otherwise on the incident.
_STAGED: Final = {"Detailed_Decription": "Detailed Decription", "Service_Type": "Service Type"}
_INCIDENT: Final = (
    "Entry ID", "Incident Number", "InstanceId", "Description", "Detailed Decription", "Status",
    "Status_Reason", "Resolution", "Impact", "Urgency", "Priority", "Priority Weight", "Company",
    "Assignee", "Assignee Login ID", "Assigned Group", "Service Type", "Reported Source",
    "Vendor Ticket Number", "Customer Login ID", "First Name", "Last Name", "Submitter",
    "Submit Date", "Last Modified Date", "Last Modified By", "Status History",
    "Estimated Resolution Date", "Last Resolved Date", "Closed Date", "Categorization Tier 1",
)  # fmt: skip
_NOTE: Final = (
    "Work Log ID", "Incident Number", "InstanceId", "Work Log Type", "Description",
    "Detailed Description", "View Access", "Secure Work Log", "Communication Source",
    "Work Log Submitter", "Work Log Submit Date", "Last Modified Date", *SLOTS,
)  # fmt: skip
_CREATE: Final = (
    "Request ID", "Incident Number", "Incident_Entry_ID", "z1D_Action", "First_Name", "Last_Name",
    "Login_ID", "Company", "Description", "Detailed_Decription", "Impact", "Urgency", "Status",
    "Status_Reason", "Reported Source", "Service_Type", "Assigned Group", "Assignee Login ID",
    "Vendor Ticket Number", "InstanceId", "Categorization Tier 1", "Estimated Resolution Date",
)  # fmt: skip
_PEOPLE: Final = (
    "Person ID",
    "Remedy Login ID",
    "Internet E-mail",
    "Full Name",
    "Company",
    "Support Staff",
)
_MODIFY: Final = (*_INCIDENT, "z1D Action", "z1D_Action", "z1D_WorklogDetails", "z1D_View_Access")
#: The fields of each form; those that the form gives a meaning, as far as we need them.
FIELDS: Final[Mapping[str, tuple[str, ...]]] = {
    INCIDENTS: _INCIDENT, MODIFY: _MODIFY, CREATE: _CREATE, NOTES: _NOTE, PEOPLE: _PEOPLE,
}  # fmt: skip
IDS: Final[Mapping[str, str]] = {
    INCIDENTS: "Entry ID", MODIFY: "Entry ID", CREATE: "Request ID", NOTES: "Work Log ID",
    PEOPLE: "Person ID",
}  # fmt: skip
NUMBERS: Final = {"Incident Number": 1000000161, "Status": 7, "InstanceId": 179, "Description": 8}
_DATES: Final = frozenset({"Estimated Resolution Date"})
Row = dict[str, Any]


@dataclass
class Forms:
    """Everything that is stored. ``clock`` is policy time; the server keeps whole seconds."""

    clock: Callable[[], datetime]
    incidents: dict[str, Row] = field(default_factory=dict)
    notes: dict[str, Row] = field(default_factory=dict)
    people: dict[str, Row] = field(default_factory=dict)
    staged: dict[str, Row] = field(default_factory=dict)
    files: dict[tuple[str, str], bytes] = field(default_factory=dict)
    skew: timedelta = timedelta(0)
    created: int = 0

    def now(self) -> datetime:
        """The server's time, to the second."""
        return (self.clock() + self.skew).replace(microsecond=0)

    # --- reading ---

    def rows(self, form: str) -> Iterable[Row]:
        """Every row of a form."""
        held = {INCIDENTS: self.incidents, MODIFY: self.incidents, NOTES: self.notes}
        held |= {PEOPLE: self.people, CREATE: self.staged}
        return list(held[form].values())

    def row(self, form: str, id_: str) -> Row:
        """One row; the join's id is twice that of the incident."""
        limit = 31 if form == MODIFY else 15
        if len(id_) > limit:
            raise ArError(500, (101, "Entry ID parameter length is longer than the maximum", id_))
        one = self._joined(id_) if form == MODIFY else id_
        found = next((each for each in self.rows(form) if each[IDS[form]] == one), None)
        if found is None:
            raise ArError(404, (302, "Entry does not exist in database", id_))
        return found

    def _joined(self, id_: str) -> str:
        first, bar, second = id_.partition("|")
        if not bar or first != second:
            raise ArError(404, (302, "Entry does not exist in database", id_))
        return first

    def incident(self, number: str) -> Row:
        """An incident by its number."""
        found = (row for row in self.incidents.values() if row["Incident Number"] == number)
        row = next(found, None)
        if row is None:
            raise ArError(500, (1291053, "The incident number does not exist", number))
        return row

    # --- people ---

    def add_person(
        self, login: str, mail: str, name: str, *, staff: bool, company: str = "Acme"
    ) -> None:
        """Somebody who is known."""
        id_ = f"PPL{len(self.people) + 1:012d}"
        values = (id_, login, mail, name, company, "Yes" if staff else "No")
        self.people[id_] = dict(zip(_PEOPLE, values, strict=True))

    def _person(self, values: Mapping[str, Any]) -> Row:
        login = values.get("Login_ID")
        found = [row for row in self.people.values() if row["Remedy Login ID"] == login]
        if len(found) != 1:
            text = f"{len(found)} records have been found for the Incident contact information"
            raise ArError(500, (1291205, "Contact not found", f"{text} you have provided"))
        return found[0]

    # --- incidents ---

    def create(self, values: Mapping[str, Any], by: str) -> Row:
        """A row of the staging form, and the incident that workflow makes of it."""
        if values.get("z1D_Action") != "CREATE":
            raise ArError(500, (1291300, "z1D_Action must be CREATE", None))
        missing = [
            name for name in ("Description", "Impact", "Urgency", "Status") if not values.get(name)
        ]
        if missing:
            raise ArError(500, *((307, "Required field cannot be blank", name) for name in missing))
        person, taken = self._person(values), values.get("InstanceId")
        if taken and any(row["InstanceId"] == taken for row in self.incidents.values()):
            raise ArError(
                500, (382, "The value(s) for this entry violate a unique index", str(taken))
            )
        own = {_STAGED.get(name, name): self._read(name, value) for name, value in values.items()}
        known = {name: value for name, value in own.items() if name in _INCIDENT}
        row = self._incident(known, person, by)
        staged: Row = dict.fromkeys(_CREATE) | dict(values)
        staged |= {
            "Request ID": f"{600 + len(self.staged):015d}",
            "Incident_Entry_ID": row["Entry ID"],
        }
        staged["Incident Number"] = row["Incident Number"]
        self.staged[staged["Request ID"]] = staged
        return staged

    def _incident(self, values: Mapping[str, Any], person: Row, by: str) -> Row:
        now = self.now()
        self.created += 1
        row: Row = dict.fromkeys(_INCIDENT) | dict(values)
        row |= {"Entry ID": f"INC{26 + self.created:012d}", "Submitter": by, "Submit Date": now}
        row |= {"Incident Number": f"INC{430 + self.created:012d}", "Company": person["Company"]}
        row |= {"InstanceId": row["InstanceId"] or f"AGG{uuid.uuid4().hex.upper()}"}
        row |= {"Customer Login ID": person["Remedy Login ID"], "Status History": {}}
        rules.check_values(row)
        rules.check_move({}, {**row, "Priority": None}, master=False)
        self._stamp({}, row, by)
        self.incidents[row["Entry ID"]] = row
        return row

    def modify(self, id_: str, values: Mapping[str, Any], by: str, *, master: bool = False) -> None:
        """A change of an incident; only what is sent changes."""
        before = self.row(INCIDENTS, id_)
        own = {name: self._read(name, value) for name, value in values.items() if name in _INCIDENT}
        after = {**before, **own, "Status History": dict(before["Status History"])}
        rules.check_values(own)
        rules.check_move(before, after, master=master)
        self._stamp(before, after, by)
        self.incidents[id_] = after
        self._noted(before, after)

    def close_resolved(self) -> None:
        """What is resolved long enough is closed by the server itself."""
        for id_, row in list(self.incidents.items()):
            since = row["Last Resolved Date"]
            if row["Status"] == "Resolved" and since and self.now() >= since + _CLOSES_AFTER:
                self.modify(id_, {"Status": "Closed"}, "AR_ESCALATOR", master=True)

    def _stamp(self, before: Mapping[str, Any], after: Row, by: str) -> None:
        now, status = self.now(), after["Status"]
        after["Priority"] = rules.priority(after["Impact"], after["Urgency"])
        after["Priority Weight"] = rules.weight(after["Impact"], after["Urgency"])
        after |= {"Last Modified Date": now, "Last Modified By": by}
        if status != before.get("Status"):
            after["Status History"][status] = {"user": by, "timestamp": now}
            after |= {"Last Resolved Date": now} if status == "Resolved" else {}
            after |= {"Closed Date": now} if status == "Closed" else {}

    def _noted(self, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
        """Workflow notes a change of the assignment, for its own."""
        if before["Assignee Login ID"] != after["Assignee Login ID"]:
            values = {
                "Incident Number": after["Incident Number"],
                "Work Log Type": "Assignment Change",
                "Detailed Description": f"Assigned to {after['Assignee Login ID']}",
                "View Access": "Internal",
                "Secure Work Log": "Yes",
                "Communication Source": "System Assignment",
            }
            self.add_note(values, {}, SYSTEM)

    # --- notes ---

    def add_note(self, values: Mapping[str, Any], files: Mapping[str, bytes], by: str) -> Row:
        """A work note with its files. It does not touch its incident."""
        self.incident(str(values.get("Incident Number")))
        rules.check_values({name: values.get(name) for name in rules.ENUMS})
        if len(str(values.get("Description") or "")) > 100:
            raise ArError(
                500, (306, "Value does not fall within the limits of the field", "Description")
            )
        id_, now = f"WLG{len(self.notes) + 901:012d}", self.now()
        row = dict.fromkeys(_NOTE) | {name: values[name] for name in values if name in _NOTE}
        row |= {"Work Log ID": id_, "Work Log Submitter": by, "Work Log Submit Date": now}
        row |= {"Last Modified Date": now, "InstanceId": f"AGN{uuid.uuid4().hex.upper()}"}
        for slot in SLOTS:
            row[slot] = self._kept(id_, slot, row[slot], files)
        self.notes[id_] = row
        return row

    def _kept(self, note: str, slot: str, name: Any, files: Mapping[str, bytes]) -> Row | None:
        if slot not in files:
            return None
        self.files[note, slot] = files[slot]
        return {"name": str(name), "sizeBytes": len(files[slot]), "href": None}

    def _read(self, name: str, value: Any) -> Any:
        if name not in _DATES or not isinstance(value, str):
            return value
        return datetime.strptime(value, "%Y-%m-%dT%H:%M:%S.%f%z").astimezone(UTC)
